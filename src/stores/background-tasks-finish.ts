/**
 * How jobs end, or begin again. Whoever writes for a running job names the fence under which it was claimed, and
 * is refused once its lease has ended: what it did since may have been done by somebody else.
 */

import { wholeOf } from '../confine.ts'
import type { CallOptions, Engine, Step } from '../engine/engine.ts'
import { asSeen, gt, increment, inTable, ref, type SetFor, type Where } from '../engine/query.ts'
import { StaleFenceError, TerraceError } from '../errors.ts'
import {
  type BackgroundTask,
  backgroundDependencies,
  backgroundLanes,
  backgroundTasks,
} from '../schema/background-tasks.ts'
import type { JsonValue } from '../schema/dsl/json.ts'
import { show } from '../schema/dsl/values.ts'
import { invalid, later } from './background-tasks-definition.ts'
import { released } from './background-tasks-enqueue.ts'
import { admit } from './background-tasks-lanes.ts'
import { ATTEMPTS, BUMP, checkObject, contended, idOf, notFound } from './store.ts'

export type JobChange = SetFor<typeof backgroundTasks>

/** A claim: which job, and under which fence. A whole job, as `claim` answers it, saves a look at the row. */
export type JobRef = Pick<BackgroundTask, 'id' | 'fence'> & Partial<BackgroundTask>

/** What a job has that is finished. It lets go of what it holds, and of nothing else: every index costs. */
export const finished = (
  status: 'done' | 'dead' | 'cancelled',
  now: Date,
  { holdsUniqueKey, holdsConcurrencyKey }: Pick<BackgroundTask, 'holdsUniqueKey' | 'holdsConcurrencyKey'>,
) => ({
  status,
  live: false,
  holdsUniqueKey: holdsUniqueKey ? false : undefined,
  holdsConcurrencyKey: holdsConcurrencyKey ? false : undefined,
  finishedAt: now,
  ...unclaimed,
})
const unclaimed = { worker: null, leaseUntil: null, cancelRequested: false } as const

/** running → done. Readies those that waited for this last, in the same write. */
export async function complete(
  engine: Engine,
  job: JobRef,
  result: JsonValue,
  options: CallOptions | undefined,
): Promise<BackgroundTask> {
  return settle(engine, job, options, (row, now) => ({ ...finished('done', now, row), result }))
}

/** running → scheduled, or dead; or cancelled, if that was asked for. */
export async function fail(
  engine: Engine,
  job: JobRef,
  error: string,
  { retry = true, ...options }: CallOptions & { readonly retry?: boolean | undefined },
): Promise<BackgroundTask> {
  return settle(engine, job, options, (row, now) => {
    if (row.cancelRequested) return { ...finished('cancelled', now, row), error }
    if (row.attemptsLeft <= 0 || !retry) return { ...finished('dead', now, row), error }
    const runAt = later(now, backoff(row))
    const holdsConcurrencyKey = row.holdsConcurrencyKey ? false : undefined
    return { ...unclaimed, status: 'scheduled', holdsConcurrencyKey, runAt, error }
  })
}

/** running → ready, as if it had not been begun; or cancelled. */
export async function release(
  engine: Engine,
  job: JobRef,
  options: CallOptions | undefined,
): Promise<BackgroundTask> {
  return settle(engine, job, options, (row, now) => {
    if (row.cancelRequested) return finished('cancelled', now, row)
    return { ...unclaimed, status: 'ready', attempts: increment(-1), attemptsLeft: increment() }
  })
}

/** A job whose lease has ended, and that is not to be run again. */
export async function bury(
  engine: Engine,
  job: BackgroundTask,
  error: string,
  options: CallOptions | undefined,
): Promise<void> {
  const now = engine.now()
  const { id, fence, leaseUntil, cancelRequested } = job
  const set = { ...finished(cancelRequested ? 'cancelled' : 'dead', now, job), error }
  // As it was seen: its worker may have come back in time after all.
  await leave(engine, job, { id, fence, leaseUntil, cancelRequested }, set, options)
}

/**
 * Between half and the whole of what is due, so that those who failed together do not come back together. By the id
 * and the fence rather than by chance, so that every tier comes to the same moment.
 */
function backoff({ id, fence, attempts, backoffMs, maxBackoffMs }: BackgroundTask): number {
  const whole = Math.min(maxBackoffMs, backoffMs * 2 ** Math.max(0, attempts - 1))
  let hash = 2_166_136_261
  for (const letter of `${id} ${fence}`) hash = Math.imul(hash ^ letter.codePointAt(0)!, 16_777_619) >>> 0
  return Math.ceil(whole * (0.5 + hash / 2 ** 33))
}

/** What is written by the holder of a lease, which this throws `StaleFenceError` without. */
export async function held(
  engine: Engine,
  claim: JobRef,
  set: JobChange,
  options: CallOptions | undefined,
): Promise<BackgroundTask> {
  const now = engine.now()
  const { id, fence } = claim
  const [job] = await engine.update(
    backgroundTasks,
    { where: byHolder(claim, now), set: { ...set, version: BUMP, updatedAt: now } },
    options,
  )
  if (job !== undefined) return job
  if ((await engine.get(backgroundTasks, id, options)) === null) return notFound(backgroundTasks, id)
  throw new StaleFenceError(id, fence)
}

/**
 * The row of a lease that has not ended. Only what is running has a lease; the status is not asked for, so that the row
 * is looked up by its id, and by nothing else.
 */
const byHolder = ({ id, fence }: JobRef, now: Date) => ({ id, fence, leaseUntil: gt(now) })

/** A claim as a caller gave it. */
export function checkRef(job: unknown): JobRef {
  checkObject(backgroundTasks, job)
  const { id, fence } = job as JobRef
  idOf(backgroundTasks, id)
  if (!Number.isSafeInteger(fence)) throw invalid('fence', `is the claim's, not ${show(fence)}`)
  return job as JobRef
}

/** Ends a claim. What the write depends on is guarded, so that a job that was given may be an old copy. */
async function settle(
  engine: Engine,
  job: JobRef,
  options: CallOptions | undefined,
  change: (row: BackgroundTask, now: Date) => JobChange,
): Promise<BackgroundTask> {
  const { id, fence } = job
  let row = isWhole(job) ? job : await current(engine, id, options)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const now = engine.now()
    const where = byHolder(job, now)
    const set = change(row, now)
    // A request to cancel is heard, but by those who are done.
    const guard = set.status === 'done' ? where : { ...where, cancelRequested: row.cancelRequested }
    const settled = await leave(engine, row, guard, set, options)
    if (settled !== null) return settled
    row = await current(engine, id, options)
    const isHeld = row.status === 'running' && row.fence === fence && row.leaseUntil! > engine.now()
    if (!isHeld) throw new StaleFenceError(id, fence)
  }
  throw contended(backgroundTasks, id)
}

export async function current(
  engine: Engine,
  id: string,
  options: CallOptions | undefined,
): Promise<BackgroundTask> {
  return (await engine.get(backgroundTasks, id, options)) ?? notFound(backgroundTasks, id)
}

/** A job as `claim` answers it, rather than what is left of one. */
function isWhole(job: JobRef): job is BackgroundTask {
  return (
    job.status === 'running' &&
    typeof job.holdsUniqueKey === 'boolean' &&
    typeof job.holdsConcurrencyKey === 'boolean' &&
    typeof job.dependents === 'number' &&
    typeof job.attemptsLeft === 'number' &&
    typeof job.attempts === 'number' &&
    typeof job.backoffMs === 'number' &&
    typeof job.maxBackoffMs === 'number' &&
    typeof job.cancelRequested === 'boolean'
  )
}

/**
 * The job as it is then, or null if the guard does not hold. With it go, in one write, the lane that it leaves and
 * the jobs that waited for it.
 */
export async function leave(
  engine: Engine,
  job: Pick<BackgroundTask, 'id' | 'holdsConcurrencyKey' | 'dependents'>,
  guard: Where<typeof backgroundTasks> & object,
  set: JobChange,
  options: CallOptions | undefined,
): Promise<BackgroundTask | null> {
  const now = engine.now()
  const change = { ...set, version: BUMP, updatedAt: now }
  const steps: Step[] = []
  let where = guard
  const leavesLane = job.holdsConcurrencyKey && set.holdsConcurrencyKey === false
  if (leavesLane) {
    const lane = { workspaceId: ref('workspaceId'), concurrencyKey: ref('concurrencyKey') }
    steps.push({ update: backgroundLanes, where: lane, set: { state: 'free', updatedAt: now } })
  }
  if (set.status === 'done') {
    // Whoever comes to wait for it meanwhile is counted in the row, and would be missed.
    where = { ...where, dependents: job.dependents === 0 ? 0 : asSeen() } as typeof guard
    if (job.dependents !== 0) {
      const waiting = inTable(backgroundDependencies, 'jobId', { dependsOnId: ref('id') })
      steps.push({ update: backgroundTasks, where: { id: waiting }, set: { ...released(1, now) } })
    }
  }
  if (steps.length === 0) {
    const [left] = await engine.update(backgroundTasks, { where, set: change }, options)
    return left ?? null
  }
  const left = await engine.write({ head: { update: backgroundTasks, where, set: change }, steps }, options)
  if (left !== null && leavesLane) {
    await admit(engine, left, options).catch((error: unknown) => {
      // The job has ended all the same, and its lane is marked: whoever sweeps next lets the first one in.
      const isCommitted = 'tier' in (wholeOf(engine) ?? engine)
      if (!isCommitted || !(error instanceof TerraceError)) throw error
    })
  }
  return left
}
