/** The rows that scenarios of the engine start from, written by its own verbs. */

import type { Engine, Write } from '../engine/engine.ts'
import { increment, ref } from '../engine/query.ts'
import { conversations } from '../schema/conversations.ts'
import { messages } from '../schema/messages.ts'
import { roles } from '../schema/roles.ts'
import { tasks } from '../schema/tasks.ts'
import type { System } from '../system.ts'
import { newWorkspace } from './expect.ts'

export const times = (engine: Engine) => ({ createdAt: engine.now(), updatedAt: engine.now() })

export const namesOf = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name)

/** A role: the one table that needs no other row. */
export const role = (engine: Engine, id: string, name = id) => ({ id, name, ...times(engine) })

export async function newRoles({ engine }: System, ids: readonly string[]) {
  return engine.insert(
    roles,
    ids.map((id) => role(engine, id)),
  )
}

/** Tasks of one new workspace, with these priorities. */
export async function newTasks(system: System, priorities: readonly number[]): Promise<string> {
  const { engine } = system
  const workspaceId = await newWorkspace(system)
  const row = (priority: number, i: number) => {
    const id = `${workspaceId} ${i}`
    return { id, key: id, workspaceId, title: `${i}`, priority, ...times(engine) }
  }
  await engine.insert(tasks, priorities.map(row))
  return workspaceId
}

/** A write that numbers a message in its conversation, as `messages.append` does. */
export function numbered(
  engine: Engine,
  conversationId: string,
  id: string,
): Pick<Write, 'steps'> & { head: object } {
  return {
    head: { update: conversations, where: { id: conversationId }, set: { lastSeq: increment() } },
    steps: [
      {
        insert: messages,
        rows: [
          {
            id,
            conversationId: ref('id'),
            workspaceId: ref('workspaceId'),
            seq: ref('lastSeq'),
            role: 'user',
            content: id,
            createdAt: engine.now(),
          },
        ],
      },
    ],
  }
}
