/**
 * Which task waits for which. Whatever adds or removes such an edge is a transaction that first changes the
 * counter of dependents in the row waited for: who completes that task at the same time either comes first
 * and is seen, or finds the row changed since it began, and tries again.
 */

import type { Engine } from '../engine/engine.ts'
import { increment, inTable, oneOfThese } from '../engine/query.ts'
import {
  AlreadyExistsError,
  InvalidReferenceError,
  InvalidTransitionError,
  ValidationError,
} from '../errors.ts'
import type { Insert } from '../schema/dsl/table.ts'
import { type Task, type TaskStatus, taskDependencies, tasks } from '../schema/tasks.ts'
import { findCycle } from './cycle.ts'
import { notFound } from './store.ts'
import { dependency, isOpen } from './tasks-transitions.ts'

export type TaskRow = Insert<typeof tasks>
/** By task id: the ids of the tasks it waits for, once each. */
export type Waits = ReadonlyMap<string, readonly string[]>

/** Stores new tasks of one workspace with what they wait for: existing tasks or one another. */
export async function insertWaiting(tx: Engine, rows: readonly TaskRow[], waits: Waits): Promise<Task[]> {
  const { workspaceId, createdAt } = rows[0]!
  const dependents = new Map<string, number>()
  for (const id of [...waits.values()].flat()) dependents.set(id, (dependents.get(id) ?? 0) + 1)
  const own = new Set(rows.map((row) => row.id))
  const awaited = await addDependents(
    tx,
    workspaceId,
    [...dependents].filter(([id]) => !own.has(id)),
  )
  const complete = rows.map((row) => {
    const statuses = (waits.get(row.id) ?? []).map((id) => awaited.get(id)?.status ?? 'pending')
    return { ...row, ...standing(statuses), dependents: dependents.get(row.id) ?? 0 }
  })
  const stored = await tx.insert(tasks, complete)
  const edges = [...waits].flatMap(([taskId, ids]) =>
    ids.map((dependsOnId) => ({ taskId, dependsOnId, workspaceId, createdAt })),
  )
  if (edges.length > 0) await tx.insert(taskDependencies, edges)
  return stored
}

/** A task to declare, and the names of those it waits for. */
export interface Declaration {
  readonly row: TaskRow
  readonly dependsOn: readonly string[]
}

/** Stores a batch whose tasks name each other by key or id, and others of the crew by key, or any by id. */
export async function insertBatch(tx: Engine, batch: readonly Declaration[]): Promise<Task[]> {
  const { workspaceId, crew = '' } = batch[0]!.row
  const idsByName = new Map<string, string>()
  for (const { row } of batch) idsByName.set(row.id, row.id)
  for (const { row } of batch) idsByName.set(row.key, row.id)
  const others = [...new Set(batch.flatMap((item) => item.dependsOn))].filter((name) => !idsByName.has(name))
  if (others.length > 0) {
    const names = oneOfThese(others)
    const found = await tx.find(tasks, {
      where: [
        { workspaceId, crew, key: names },
        { workspaceId, id: names },
      ],
    })
    for (const { id } of found) idsByName.set(id, id)
    for (const { id, crew: theirs, key } of found) if (theirs === crew) idsByName.set(key, id)
  }
  const waits = new Map<string, string[]>()
  for (const { row, dependsOn } of batch) {
    const ids = dependsOn.map((name) => idsByName.get(name) ?? unknown(name))
    if (ids.length > 0) waits.set(row.id, [...new Set(ids)])
  }
  return insertWaiting(
    tx,
    batch.map((item) => item.row),
    waits,
  )
}

/** Refuses, before anything is read, a batch that names a task twice or in which tasks wait in a circle. */
export function checkBatch(batch: readonly Declaration[]): void {
  const byKey = new Map<string, Declaration>()
  for (const item of batch) {
    if (byKey.has(item.row.key)) throw new AlreadyExistsError(tasks.name, ['workspaceId', 'crew', 'key'])
    byKey.set(item.row.key, item)
  }
  const byName = new Map([...batch.map((item) => [item.row.id, item] as const), ...byKey])
  const waitsFor = (key: string) =>
    byKey.get(key)!.dependsOn.flatMap((name) => byName.get(name)?.row.key ?? [])
  const path = findCycle(byKey.keys(), waitsFor)
  if (path !== undefined) throw cycle(path)
}

const unstarted: readonly TaskStatus[] = ['pending', 'ready', 'blocked', 'paused']

/** Makes a task that has not started wait for another. */
export async function addEdge(tx: Engine, taskId: string, dependsOnId: string): Promise<Task> {
  const task = (await tx.get(tasks, taskId)) ?? notFound(tasks, taskId)
  if (taskId === dependsOnId) throw cycle([taskId, taskId])
  const edge = { taskId, dependsOnId }
  if ((await tx.find(taskDependencies, { where: edge, limit: 1 })).length > 0) return task
  if (!unstarted.includes(task.status)) {
    throw new InvalidTransitionError(tasks.name, taskId, 'addDependency', task.status, unstarted)
  }
  const awaited = (await addDependents(tx, task.workspaceId, [[dependsOnId, 1]])).get(dependsOnId)!
  await refuseCycle(tx, taskId, dependsOnId)
  const now = tx.now()
  await tx.insert(taskDependencies, [{ ...edge, workspaceId: task.workspaceId, createdAt: now }])
  if (!isOpen(awaited.status)) return task
  const change = awaited.status === 'failed' ? dependency.openedFailed : dependency.opened
  const [waiting] = await tx.update(tasks, { where: { id: taskId }, set: { ...change, updatedAt: now } })
  return waiting ?? notFound(tasks, taskId)
}

/** A task no longer waits for another, if it did. */
export async function removeEdge(tx: Engine, taskId: string, dependsOnId: string): Promise<Task> {
  const task = (await tx.get(tasks, taskId)) ?? notFound(tasks, taskId)
  const removed = await tx.remove(taskDependencies, { where: { taskId, dependsOnId } })
  if (removed.length === 0) return task
  const [awaited] = await tx.update(tasks, { where: { id: dependsOnId }, set: { dependents: increment(-1) } })
  if (awaited === undefined || !isOpen(awaited.status)) return task
  const set = { ...released(awaited.status), updatedAt: tx.now() }
  const [waiting] = await tx.update(tasks, { where: { id: taskId }, set })
  return waiting ?? notFound(tasks, taskId)
}

/** Removes a task, as if cancelled for those that wait for it. */
export async function removeTask(tx: Engine, id: string): Promise<boolean> {
  const now = tx.now()
  await tx.update(tasks, {
    where: { id: inTable(taskDependencies, 'dependsOnId', { taskId: id }) },
    set: { dependents: increment(-1) },
  })
  const [task] = await tx.update(tasks, { where: { id }, set: { updatedAt: now } })
  if (task === undefined) return false
  if (task.dependents > 0 && isOpen(task.status)) {
    await tx.update(tasks, {
      where: { id: inTable(taskDependencies, 'taskId', { dependsOnId: id }) },
      set: { ...released(task.status), updatedAt: now },
    })
  }
  await tx.remove(tasks, { where: { id } })
  return true
}

/** What a task gets that no longer has to wait for one in this status. */
const released = (status: TaskStatus) => (status === 'failed' ? dependency.forgiven : dependency.satisfied)

/** Counts new dependents into the rows waited for, and answers those rows. */
async function addDependents(
  tx: Engine,
  workspaceId: string,
  counts: readonly (readonly [id: string, dependents: number])[],
): Promise<ReadonlyMap<string, Task>> {
  const awaited = new Map<string, Task>()
  for (const [by, group] of Map.groupBy(counts, ([, count]) => count)) {
    const rows = await tx.update(tasks, {
      where: { id: oneOfThese(group.map(([id]) => id)), workspaceId },
      set: { dependents: increment(by) },
    })
    for (const row of rows) awaited.set(row.id, row)
  }
  for (const [id] of counts) if (!awaited.has(id)) unknown(id)
  return awaited
}

/** Counters and status of a new task, by the statuses of what it waits for. */
function standing(statuses: readonly TaskStatus[]) {
  const openDependencies = statuses.filter(isOpen).length
  const failedDependencies = statuses.filter((status) => status === 'failed').length
  const status: TaskStatus = failedDependencies > 0 ? 'blocked' : openDependencies > 0 ? 'pending' : 'ready'
  return { openDependencies, failedDependencies, status }
}

/** Follows what the task to wait for waits for itself, and refuses to arrive at the one that is to wait. */
async function refuseCycle(tx: Engine, taskId: string, dependsOnId: string): Promise<void> {
  const waiting = new Map<string, string>()
  let frontier = [dependsOnId]
  while (frontier.length > 0) {
    const edges = await tx.find(taskDependencies, { where: { taskId: oneOfThese(frontier) } })
    const fresh = edges.filter((edge) => !waiting.has(edge.dependsOnId))
    for (const edge of fresh) waiting.set(edge.dependsOnId, edge.taskId)
    if (waiting.has(taskId)) {
      const path = [taskId]
      while (path[0] !== dependsOnId) path.unshift(waiting.get(path[0]!)!)
      throw cycle([taskId, ...path])
    }
    frontier = [...new Set(fresh.map((edge) => edge.dependsOnId))]
  }
}

function cycle(path: readonly string[]): ValidationError {
  return new ValidationError(`tasks: these would wait for one another: ${path.join(' → ')}`, tasks.name)
}

function unknown(name: string): never {
  throw new InvalidReferenceError(
    tasks.name,
    `tasks: there is no task ${JSON.stringify(name)} in this workspace to wait for`,
  )
}
