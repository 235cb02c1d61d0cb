/** Tasks that tie, and orders to list them in. */

import type { tasks } from '../schema/tasks.ts'
import type { ListOptions } from '../stores/store.ts'
import type { System } from '../system.ts'
import { many, newWorkspace } from './expect.ts'

export type TaskList = ListOptions<typeof tasks>

export type Order = NonNullable<TaskList['order']>

/** Tasks that tie in every way there is: two of each combination, some columns null, in one millisecond. */
export async function newTies(system: System): Promise<void> {
  const workspaceId = await newWorkspace(system)
  const models = [null, 'b', 'a']
  await Promise.all(
    many(36, (i) =>
      system.tasks.create({
        workspaceId,
        title: `task ${i % 2}`,
        priority: i % 3,
        model: models[Math.floor(i / 3) % 3]!,
        archived: i % 4 === 0,
      }),
    ),
  )
}

export const ORDERS: readonly Order[] = [
  {},
  { createdAt: 'desc' },
  { priority: 'desc', title: 'asc' },
  { priority: 'asc', model: 'desc' },
  { model: 'asc' },
  { model: 'desc' },
  { model: 'asc', priority: 'desc', createdAt: 'asc' },
  { model: 'desc', title: 'desc' },
  { archived: 'desc', model: 'asc' },
  { startedAt: 'desc', id: 'desc' },
  { status: 'asc', id: 'asc' },
]
