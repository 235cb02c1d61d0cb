/** Writes down what is to be made, tries again what has failed, and clears away what is long done. */

import type { JsonObject } from 'terrace'
import type { Member } from './crew'
import { between, pause } from './pace'
import { write } from './pen'
import { GOALS } from './script'

/** With fewer open tasks than this, more is planned. */
const FEW = 4
/** Goals whose tasks are kept. */
const KEPT = 2
const JOBS_KEPT_MS = 10 * 60_000

export async function plan(member: Member): Promise<boolean> {
  return (await tryAgain(member)) || (await planMore(member))
}

async function tryAgain(member: Member): Promise<boolean> {
  const { system, workspaceId, signal } = member
  const { items } = await system.tasks.list({ workspaceId, status: 'failed' }, { limit: 1 })
  const [task] = items
  if (task === undefined) return false
  await member.says(`Looks into: ${task.title}`)
  // So that somebody can see it.
  await pause(between(5000, 8000), signal)
  if (signal.aborted) return true
  await system.tasks.retry(task.id)
  await write(
    member,
    `\n- **${task.title}** failed (${task.failureReason ?? 'nobody knows why'}). Once more.`,
  )
  return true
}

async function planMore(member: Member): Promise<boolean> {
  const { system, workspaceId, id, signal } = member
  const open = await system.tasks.count({
    workspaceId,
    status: ['pending', 'ready', 'running', 'review', 'blocked', 'failed'],
  })
  if (open >= FEW) return false
  const [agent] = await system.agents.getMany([id])
  const round = numberOf(agent?.metadata.round) + 1
  const goal = GOALS[(round - 1) % GOALS.length]!
  await member.says(`Plans: ${goal.title}`)
  await write(member, `\n\n## ${goal.title}\n${goal.why}\n`)
  if (signal.aborted) return true
  await system.tasks.declareBatch(
    workspaceId,
    goal.steps.map(({ key, title, role, after = [] }) => ({
      key,
      title,
      role,
      dependsOn: after,
      objective: `${goal.title}. ${goal.why}`,
    })),
    { crew: crewOf(round) },
  )
  // Last: who is stopped before that plans it again.
  await system.agents.update(id, { metadata: { round } satisfies JsonObject })
  await clearAway(member, round)
  return true
}

async function clearAway({ system, workspaceId }: Member, round: number): Promise<void> {
  const { items } = await system.tasks.list({
    workspaceId,
    crew: crewOf(round - KEPT),
    includeArchived: true,
  })
  const done = items.filter(({ completedAt }) => completedAt !== null)
  await Promise.all(done.map((task) => system.tasks.delete(task.id)))
  await system.backgroundTasks.purge({ before: new Date(Date.now() - JOBS_KEPT_MS) })
}

/** Keys of tasks are unique within it. */
const crewOf = (round: number) => `goal ${round}`

const numberOf = (value: unknown) => (typeof value === 'number' ? value : 0)
