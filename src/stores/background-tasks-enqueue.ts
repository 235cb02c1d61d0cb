/**
 * How jobs come in. Without dependencies it is one statement; with them a transaction, which first changes the
 * counter in the row waited for: who completes that one at the same time is either seen, or sees the edge.
 */

import type { CallOptions, Engine, OnConflict } from '../engine/engine.ts'
import { choose, gt, increment, lte, ne, oneOfThese, type SetFor } from '../engine/query.ts'
import { AlreadyExistsError, InvalidReferenceError, ValidationError } from '../errors.ts'
import { type BackgroundTask, backgroundDependencies, backgroundTasks } from '../schema/background-tasks.ts'
import type { Enqueued, JobRow } from './background-tasks-definition.ts'
import { findCycle } from './cycle.ts'
import { BUMP, detached } from './store.ts'

/** The jobs as stored, in this order; where a unique key is taken, the job that has it. */
export async function insertJobs(
  engine: Engine,
  jobs: readonly Enqueued[],
  options?: CallOptions,
): Promise<BackgroundTask[]> {
  const waits = jobs.some(({ dependsOn }) => dependsOn.length > 0)
  if (!waits) {
    const rows = jobs.map(({ row }) => row)
    return sameKind(rows, await insertRows(engine, rows, options))
  }
  refuseCycle(jobs)
  const own = jobs.map(({ row, dependsOn }) => ({ row: detached(backgroundTasks, row), dependsOn }))
  const stored = await engine.transaction((tx) => insertWaiting(tx, own), options)
  return sameKind(
    own.map(({ row }) => row),
    stored,
  )
}

/** What happens to a job when so many of its dependencies are done. */
export function released(by: number, now: Date): SetFor<typeof backgroundTasks> {
  const last = { status: 'waiting', openDependencies: lte(by) } as const
  return {
    openDependencies: increment(-by),
    status: choose<typeof backgroundTasks>([
      { when: { ...last, runAt: gt(now) }, to: 'scheduled' },
      { when: { ...last, concurrencyKey: ne('') }, to: 'scheduled' },
      { when: last, to: 'ready' },
    ]),
    version: choose<typeof backgroundTasks>([{ when: last, to: BUMP }]),
    updatedAt: now,
  }
}

/** Changes nothing, so that the row in the way is answered by the same statement. */
const GIVE_WAY: OnConflict<typeof backgroundTasks> = {
  columns: ['workspaceId', 'uniqueKey'],
  set: { live: choose<typeof backgroundTasks>([]) },
}

async function insertRows(
  engine: Engine,
  rows: readonly JobRow[],
  options: CallOptions | undefined,
): Promise<BackgroundTask[]> {
  const isUnique = rows.some(({ holdsUniqueKey }) => holdsUniqueKey)
  return engine.insert(backgroundTasks, rows, isUnique ? { ...options, onConflict: GIVE_WAY } : options)
}

async function insertWaiting(tx: Engine, jobs: readonly Enqueued[]): Promise<BackgroundTask[]> {
  const rows = jobs.map(({ row }) => row)
  const stored = await insertRows(tx, rows, undefined)
  const fresh = jobs.filter(({ row }, i) => stored[i]!.id === row.id)
  const done = await countDependents(tx, fresh)
  const edges = fresh.flatMap(({ row: { id, workspaceId, createdAt }, dependsOn }) =>
    dependsOn.map((dependsOnId) => ({ jobId: id, dependsOnId, workspaceId, createdAt })),
  )
  if (edges.length > 0) await tx.insert(backgroundDependencies, edges)
  const settled = fresh.map(({ row, dependsOn }) => ({
    id: row.id,
    by: dependsOn.filter((id) => done.has(id)).length,
  }))
  for (const [by, group] of Map.groupBy(settled, (each) => each.by)) {
    if (by === 0) continue
    const where = { id: oneOfThese(group.map(({ id }) => id)) }
    await tx.update(backgroundTasks, { where, set: released(by, tx.now()) })
  }
  const now = await tx.find(backgroundTasks, { where: { id: oneOfThese(stored.map(({ id }) => id)) } })
  const byId = new Map(now.map((row) => [row.id, row]))
  return stored.map(({ id }) => byId.get(id)!)
}

/** Counts new dependents into the rows waited for; the ids of those that are done. */
async function countDependents(tx: Engine, jobs: readonly Enqueued[]): Promise<ReadonlySet<string>> {
  const counts = new Map<string, { readonly workspaceId: string; readonly id: string; by: number }>()
  for (const { row, dependsOn } of jobs) {
    for (const id of dependsOn) {
      const key = JSON.stringify([row.workspaceId, id])
      const count = counts.get(key) ?? { workspaceId: row.workspaceId, id, by: 0 }
      count.by++
      counts.set(key, count)
    }
  }
  const done = new Set<string>()
  const groups = Map.groupBy(counts.values(), ({ workspaceId, by }) => JSON.stringify([workspaceId, by]))
  for (const group of groups.values()) {
    const { workspaceId, by } = group[0]!
    const rows = await tx.update(backgroundTasks, {
      where: { id: oneOfThese(group.map(({ id }) => id)), workspaceId },
      set: { dependents: increment(by) },
    })
    const found = new Map(rows.map((row) => [row.id, row]))
    for (const { id } of group) {
      const status = found.get(id)?.status ?? unknown(id)
      if (status === 'done') done.add(id)
    }
  }
  return done
}

/** A unique key stands for one job; for one of another kind, whoever asked did not ask. */
function sameKind(rows: readonly JobRow[], stored: BackgroundTask[]): BackgroundTask[] {
  for (const [i, { kind }] of rows.entries()) {
    if (stored[i]!.kind !== kind)
      throw new AlreadyExistsError(backgroundTasks.name, ['workspaceId', 'uniqueKey'])
  }
  return stored
}

function refuseCycle(jobs: readonly Enqueued[]): void {
  const byId = new Map(jobs.map((job) => [job.row.id, job]))
  const path = findCycle([...byId.keys()], (id) => byId.get(id)?.dependsOn ?? [])
  if (path === undefined) return
  const text = `these would wait for one another: ${path.join(' → ')}`
  throw new ValidationError(`backgroundTasks: ${text}`, backgroundTasks.name)
}

function unknown(id: string): never {
  throw new InvalidReferenceError(
    backgroundTasks.name,
    `backgroundTasks: there is no job ${JSON.stringify(id)} in this workspace to wait for`,
  )
}
