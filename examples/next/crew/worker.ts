/** Designer, builder and tester: take what is ready for their role, have it done by a job, and hand it to review. */

import type { BackgroundTask, Task } from 'terrace'
import type { Member } from './crew'
import { pause } from './pace'
import { write } from './pen'
import { KINDS } from './script'

export async function work(member: Member): Promise<boolean> {
  const task = (await begun(member)) ?? (await next(member))
  if (task === undefined) return false
  await member.says(task.title)
  const job = await jobOf(member, task)
  await finish(member, task, await ended(member, job))
  return true
}

/** What it was at when it was stopped, or has been sent back from review. */
async function begun({ system, id, workspaceId }: Member): Promise<Task | undefined> {
  const { items } = await system.tasks.list({ workspaceId, assigneeId: id, status: 'running' }, { limit: 1 })
  return items[0]
}

async function next({ system, id, role, workspaceId }: Member): Promise<Task | undefined> {
  const ready = await system.tasks.ready(workspaceId)
  // What people have made has no role: whoever comes first.
  const mine = ready.find((task) => task.role === role) ?? ready.find((task) => task.role === null)
  return mine && system.tasks.start(mine.id, { agentId: id })
}

/** One for each time that the task is begun: by its unique key, it is found again after a restart. */
async function jobOf({ system, id, role, workspaceId }: Member, task: Task): Promise<BackgroundTask> {
  return system.backgroundTasks.enqueue({
    workspaceId,
    kind: KINDS[role]!,
    title: task.title,
    agentId: id,
    maxAttempts: 3,
    backoffMs: 3000,
    uniqueKey: `${task.id} ${task.version}`,
    metadata: { taskId: task.id },
  })
}

async function ended({ system, signal }: Member, { id }: BackgroundTask): Promise<BackgroundTask> {
  while (true) {
    const [job] = await system.backgroundTasks.getMany([id])
    if (job === undefined || !job.live || signal.aborted) return job!
    await pause(400, signal)
  }
}

async function finish(member: Member, task: Task, job: BackgroundTask | undefined): Promise<void> {
  const { system, role, signal } = member
  if (signal.aborted) return
  if (job?.status !== 'done') {
    await system.tasks.fail(task.id, { reason: job?.error ?? 'Its job was cancelled' })
    return
  }
  await system.tasks.review(task.id)
  // The cast: what the job answers is made in `labour.ts`.
  const { remark } = job.result as { readonly remark: string }
  if (role !== 'builder' || job.attempts > 1) await write(member, `\n- **${task.title}**: ${remark}`)
}
