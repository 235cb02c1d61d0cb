/** What scenarios start from, and what they measure by. */

import assert from 'node:assert/strict'
import type { Conversation } from '../schema/conversations.ts'
import { type Task, type TaskStatus, taskDependencies, tasks } from '../schema/tasks.ts'
import type { Workspace } from '../schema/workspaces.ts'
import type { NewMessage } from '../stores/messages.ts'
import type { Scope, System } from '../system.ts'
import { many, newWorkspace, range } from './expect.ts'

/** An id that nothing has. */
export const UNKNOWN = 'no-such-id'

export const aWorkspace = (scope: Scope, title = 'W'): Promise<Workspace> =>
  scope.workspaces.create({ title })

/** A workspace with this many agents, called by their number. */
export async function aCrew(
  scope: Scope,
  size: number,
): Promise<{ workspaceId: string; agentIds: string[] }> {
  const workspaceId = await newWorkspace(scope)
  const agents = await Promise.all(
    many(size, (i) => scope.agents.create({ workspaceId, name: `${i}`, role: 'developer' })),
  )
  return { workspaceId, agentIds: idsOf(agents) }
}

/** `count` calls made in one turn, on the Systems by turns. */
export function race<T>(
  count: number,
  systems: readonly System[],
  call: (system: System, index: number) => Promise<T>,
): Promise<T>[] {
  return many(count, (i) => call(systems[i % systems.length]!, i))
}

export const idsOf = (rows: readonly { readonly id: string }[]): string[] => rows.map((row) => row.id)

/** 1, 2, 3 … `n`. */
export const upTo = (n: number): number[] => range(n).map((i) => i + 1)

export const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b)

/** By which verbs a new task comes to a status. */
const routes = {
  pending: [],
  ready: [],
  running: ['start'],
  review: ['start', 'review'],
  done: ['start', 'complete'],
  failed: ['start', 'fail'],
  blocked: [],
  paused: ['pause'],
  skipped: ['skip'],
  cancelled: ['cancel'],
} as const satisfies Record<TaskStatus, readonly string[]>

/** A task in this status. One that is pending or blocked waits for one that is ready or failed. */
export async function aTask(scope: Scope, workspaceId: string, status: TaskStatus = 'ready'): Promise<Task> {
  const dependsOn: string[] = []
  if (status === 'pending') dependsOn.push((await aTask(scope, workspaceId, 'ready')).id)
  if (status === 'blocked') dependsOn.push((await aTask(scope, workspaceId, 'failed')).id)
  let task = await scope.tasks.create({ workspaceId, title: status, dependsOn })
  for (const verb of routes[status]) task = await scope.tasks[verb](task.id)
  assert.equal(task.status, status)
  return task
}

/** Every task of a workspace, by age. */
export const allTasks = (scope: Scope, workspaceId: string): Promise<Task[]> =>
  scope.engine.find(tasks, { where: { workspaceId }, orderBy: [['createdAt', 'asc']] })

/**
 * The counters of every task equal a recount of what it waits for and what waits for it, and a task that has
 * not started stands where they put it. (One that was readied by force need not: leave such ones out.)
 */
export async function assertRecount(scope: Scope, workspaceId: string): Promise<void> {
  const rows = await allTasks(scope, workspaceId)
  const edges = await scope.engine.find(taskDependencies, { where: { workspaceId } })
  const statusById = new Map(rows.map((row) => [row.id, row.status]))
  for (const { id, status, openDependencies, failedDependencies, dependents } of rows) {
    const awaited = edges
      .filter((edge) => edge.taskId === id)
      .map((edge) => statusById.get(edge.dependsOnId)!)
    const open = awaited.filter((other) => !['done', 'skipped', 'cancelled'].includes(other)).length
    const failed = awaited.filter((other) => other === 'failed').length
    const recount = {
      openDependencies: open,
      failedDependencies: failed,
      dependents: edges.filter((edge) => edge.dependsOnId === id).length,
    }
    assert.deepEqual({ openDependencies, failedDependencies, dependents }, recount, `the counters of ${id}`)
    if (!['pending', 'ready', 'blocked'].includes(status)) continue
    assert.equal(status, failed > 0 ? 'blocked' : open > 0 ? 'pending' : 'ready', `the status of ${id}`)
  }
}

export const hello: NewMessage = { role: 'user', content: 'Hello' }

/** A conversation in a workspace of its own. */
export async function aTalk(scope: Scope): Promise<Conversation> {
  return scope.conversations.create({ workspaceId: await newWorkspace(scope) })
}
