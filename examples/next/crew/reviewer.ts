/** Looks at what is in review, and lets it pass or sends it back. */

import type { Member } from './crew'
import { between, oneOf, pause } from './pace'
import { write } from './pen'
import { OBJECTIONS } from './script'

/** Of a hundred. */
const SENT_BACK = 14

export async function review(member: Member): Promise<boolean> {
  const { system, workspaceId, signal } = member
  const { items } = await system.tasks.list(
    { workspaceId, status: 'review' },
    { order: { updatedAt: 'asc' }, limit: 1 },
  )
  const [task] = items
  if (task === undefined) return false
  await member.says(`Reads: ${task.title}`)
  await pause(between(1500, 3500), signal)
  if (signal.aborted) return true
  if (Math.random() * 100 < SENT_BACK && task.assigneeId !== null) {
    const objection = oneOf(OBJECTIONS)
    await system.tasks.reject(task.id)
    await write(member, `\n- Sent back **${task.title}**: ${objection}.`)
  } else {
    await system.tasks.complete(task.id, { summary: 'Read, and good.' })
  }
  return true
}
