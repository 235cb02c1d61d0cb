/** What anybody may do to a job, whoever runs it: cancel it, bring it back, remove it. */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { choose, gt, increment, inTable, lt, ne, oneOfThese } from '../engine/query.ts'
import { InvalidTransitionError } from '../errors.ts'
import {
  type BackgroundTask,
  backgroundDependencies,
  backgroundLanes,
  backgroundTasks,
  type JobStatus,
} from '../schema/background-tasks.ts'
import { current, finished, type JobChange, leave } from './background-tasks-finish.ts'
import { ATTEMPTS, BUMP, contended } from './store.ts'

const cancellable: readonly JobStatus[] = ['waiting', 'scheduled', 'blocked', 'ready', 'running']

/** At once, or, of a running one, as a request to its worker. */
export async function cancel(
  engine: Engine,
  id: string,
  options: CallOptions | undefined,
): Promise<BackgroundTask> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const job = await current(engine, id, options)
    const { status, version } = job
    if (status === 'cancelled' || (status === 'running' && job.cancelRequested)) return job
    if (!cancellable.includes(status)) {
      throw new InvalidTransitionError(backgroundTasks.name, id, 'cancel', status, cancellable)
    }
    const set = status === 'running' ? { cancelRequested: true } : finished('cancelled', engine.now(), job)
    const cancelled = await leave(engine, job, { id, version }, set, options)
    if (cancelled !== null) return cancelled
  }
  throw contended(backgroundTasks, id)
}

const retriable: readonly JobStatus[] = ['dead', 'cancelled']

/** dead, cancelled → ready, or where its dependencies and its lane have it; with all its attempts again. */
export async function retry(
  engine: Engine,
  id: string,
  options: CallOptions | undefined,
): Promise<BackgroundTask> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { status, version, uniqueKey, maxAttempts } = await current(engine, id, options)
    if (!retriable.includes(status)) {
      throw new InvalidTransitionError(backgroundTasks.name, id, 'retry', status, retriable)
    }
    const now = engine.now()
    const set: JobChange = {
      status: choose<typeof backgroundTasks>(
        [
          { when: { openDependencies: gt(0) }, to: 'waiting' },
          { when: { concurrencyKey: ne('') }, to: 'scheduled' },
        ],
        'ready',
      ),
      live: true,
      holdsUniqueKey: uniqueKey !== '',
      runAt: now,
      attempts: 0,
      attemptsLeft: maxAttempts,
      finishedAt: null,
      version: BUMP,
      updatedAt: now,
    }
    const [retried] = await engine.update(backgroundTasks, { where: { id, version }, set }, options)
    if (retried !== undefined) return retried
  }
  throw contended(backgroundTasks, id)
}

/** Whether there was a job to remove. */
export function removeJob(engine: Engine, id: string, options: CallOptions | undefined): Promise<boolean> {
  return engine.transaction(async (tx) => {
    const job = await tx.get(backgroundTasks, id)
    return job !== null && (await removeJobs(tx, [job])) > 0
  }, options)
}

export type FinishedStatus = 'done' | 'dead' | 'cancelled'

/** Jobs that one transaction removes: enough to be quick, few enough to be in nobody's way. */
const PURGE_LIMIT = 500

/** How many jobs were removed that ended before this moment. */
export async function purge(
  engine: Engine,
  before: Date,
  statuses: readonly FinishedStatus[],
  options: CallOptions | undefined,
): Promise<number> {
  const where = { live: false, status: oneOfThese(statuses), finishedAt: lt(before) } as const
  const orderBy = [['finishedAt', 'asc']] as const
  // Their jobs make them anew.
  const idle = { state: 'empty', updatedAt: lt(before) } as const
  await engine.remove(backgroundLanes, { where: idle }, options)
  for (let removed = 0; ; ) {
    const count = await engine.transaction(
      async (tx) => removeJobs(tx, await tx.find(backgroundTasks, { where, orderBy, limit: PURGE_LIMIT })),
      options,
    )
    removed += count
    if (count < PURGE_LIMIT) return removed
  }
}

/** What waits for one that is not done would wait for good, and is cancelled. */
async function removeJobs(tx: Engine, jobs: readonly BackgroundTask[]): Promise<number> {
  if (jobs.length === 0) return 0
  const now = tx.now()
  for (const { id, status, dependents, workspaceId, concurrencyKey, holdsConcurrencyKey } of jobs) {
    if (status !== 'done' && dependents > 0) await abandon(tx, id, now)
    if (!holdsConcurrencyKey) continue
    const lane = { workspaceId, concurrencyKey }
    await tx.update(backgroundLanes, { where: lane, set: { state: 'free', updatedAt: now } })
  }
  const removed = await tx.remove(backgroundTasks, { where: { id: oneOfThese(jobs.map(({ id }) => id)) } })
  return removed.length
}

async function abandon(tx: Engine, dependsOnId: string, now: Date): Promise<void> {
  const whenWaiting = (to: unknown) => choose<typeof backgroundTasks>([{ when: { status: 'waiting' }, to }])
  await tx.update(backgroundTasks, {
    where: { id: inTable(backgroundDependencies, 'jobId', { dependsOnId }) },
    set: {
      openDependencies: increment(-1),
      status: whenWaiting('cancelled'),
      live: whenWaiting(false),
      holdsUniqueKey: whenWaiting(false),
      finishedAt: whenWaiting(now),
      error: whenWaiting('what it waited for was removed'),
      version: whenWaiting(BUMP),
      updatedAt: now,
    },
  })
}
