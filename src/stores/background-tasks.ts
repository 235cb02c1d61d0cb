/**
 * A durable queue of jobs. Each goes to one worker at a time, under a lease and a fence, until it is done, is dead
 * after so many attempts, or is cancelled. How jobs come in, go out and end is in the files beside this one; the
 * loop that runs handlers is in `src/work`.
 */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { increment } from '../engine/query.ts'
import { wrappedCall } from '../engine/transaction.ts'
import { type BackgroundTask, backgroundTasks } from '../schema/background-tasks.ts'
import type { JsonValue } from '../schema/dsl/json.ts'
import { checkValue, show } from '../schema/dsl/values.ts'
import { errorText } from '../work/error-text.ts'
import { tellCancelled, tellEnqueued } from '../work/wake.ts'
import { type Handlers, startWorker, type Worker, type WorkerOptions } from '../work/worker.ts'
import { cancel, type FinishedStatus, purge, removeJob, retry } from './background-tasks-cancel.ts'
import { type Claimed, type ClaimQuery, createClaims } from './background-tasks-claim.ts'
import {
  checkNumber,
  definition,
  type Enqueued,
  invalid,
  type JobPatch,
  later,
  type NewJob,
  newJob,
  refuseInTransaction,
} from './background-tasks-definition.ts'
import { insertJobs } from './background-tasks-enqueue.ts'
import { checkRef, complete, fail, held, type JobRef, release } from './background-tasks-finish.ts'
import {
  checkLimit,
  checkList,
  checkObject,
  type Filter,
  idOf,
  type ListOptions,
  type Page,
  type StoreVerbs,
  storeVerbs,
} from './store.ts'

export type { FinishedStatus } from './background-tasks-cancel.ts'
export type { JobPatch, NewJob, Priority } from './background-tasks-definition.ts'
export type { JobRef } from './background-tasks-finish.ts'

export type JobFilter = Filter<typeof backgroundTasks>

/** How far a job is. Tokens are added to what was reported before. */
export interface JobReport {
  /** 0 to 100. */
  readonly percent?: number | undefined
  readonly activity?: string | null | undefined
  readonly inputTokens?: number | undefined
  readonly outputTokens?: number | undefined
}

export interface ClaimOptions extends CallOptions {
  /** The ones that are looked into, the first one first; `default` unless told. */
  readonly queues?: readonly string[] | undefined
  /** Jobs of other kinds are left; all will do unless told. */
  readonly kinds?: readonly string[] | undefined
  /** 1 to 1,000; 1 unless told. */
  readonly limit?: number | undefined
  /** Milliseconds until others may have it, unless a heartbeat comes before; 30,000 unless told. */
  readonly leaseMs?: number | undefined
  /** Who claims, as the job then says. */
  readonly worker?: string | undefined
}

/**
 * The verbs that take a claim (`job`: a job as `claim` answered it, or its id and fence) throw `NotFoundError`, and
 * `StaleFenceError` when the lease has ended or the job is somebody else's by now; then nothing has changed.
 */
export interface BackgroundTaskStore
  extends Omit<StoreVerbs<typeof backgroundTasks, NewJob, JobPatch, JobFilter>, 'create'> {
  /**
   * Stores a job. One with a unique key of a job that is not finished is not stored: the answer is the other job.
   *
   * It is `waiting` until what it depends on is done, `scheduled` until its time has come, and with a concurrency
   * key until it has its place in the lane of that key, then `ready`. A dependency that is dead or cancelled keeps it
   * waiting, until that one is retried, or this one cancelled.
   *
   * Throws `ValidationError`, also when jobs would wait for one another; `InvalidReferenceError` for an agent or a
   * dependency that the workspace does not have; and `AlreadyExistsError` for a taken id, or a unique key of a job
   * of another kind.
   */
  enqueue(job: NewJob, options?: CallOptions): Promise<BackgroundTask>
  /** Stores up to 1,000 jobs, all or none, and answers them in this order. They may depend on one another, by id. */
  enqueueMany(jobs: readonly NewJob[], options?: CallOptions): Promise<BackgroundTask[]>

  /**
   * Takes the first jobs that are ready, of the highest priority first and then by `runAt`; each goes to one caller.
   * What comes due, and what has a concurrency key, joins within a second while there is enough to do, and at once
   * otherwise. Refused in transactions, with `TransactionScopeError`.
   */
  claim(options?: ClaimOptions): Promise<BackgroundTask[]>
  /** Prolongs the lease, to so many milliseconds from now (30,000 unless told). `cancelRequested` says to end. */
  heartbeat(
    job: JobRef,
    options?: CallOptions & { readonly leaseMs?: number | undefined },
  ): Promise<BackgroundTask>
  /** Says how far it is. Does not prolong the lease. */
  progress(job: JobRef, report: JobReport, options?: CallOptions): Promise<BackgroundTask>
  /** running → done. What waited for it last is readied by the same write. */
  complete(job: JobRef, result?: JsonValue, options?: CallOptions): Promise<BackgroundTask>
  /**
   * running → scheduled, to be tried again after a pause that doubles with each attempt; after the last attempt, or
   * with `retry: false`, → dead. One that was to be cancelled is cancelled. The error's message is kept.
   */
  fail(
    job: JobRef,
    error: unknown,
    options?: CallOptions & { readonly retry?: boolean | undefined },
  ): Promise<BackgroundTask>
  /** running → ready: given back in its old place, as if it had not been begun. */
  release(job: JobRef, options?: CallOptions): Promise<BackgroundTask>

  /**
   * Of a job that is not running → cancelled. A running one is only asked to end: it is done if its worker says so,
   * cancelled otherwise, and not run again. Throws `NotFoundError`, and `InvalidTransitionError` for one that is done
   * or dead.
   */
  cancel(id: string, options?: CallOptions): Promise<BackgroundTask>
  /**
   * dead, cancelled → ready, with all its attempts. Throws `NotFoundError`, `InvalidTransitionError`, and
   * `AlreadyExistsError` when another job has its unique key by now.
   */
  retry(id: string, options?: CallOptions): Promise<BackgroundTask>
  /** Those that failed for good, by age. */
  listDead(
    filter?: Omit<JobFilter, 'status'>,
    options?: ListOptions<typeof backgroundTasks>,
  ): Promise<Page<BackgroundTask>>
  /** Whether there was a job to delete. What waits for it is cancelled, unless it was done. */
  delete(id: string, options?: CallOptions): Promise<boolean>
  /** Deletes jobs that ended before a moment, as `delete` does: how many. Of all three statuses unless told. */
  purge(
    options: CallOptions & {
      readonly before: Date
      readonly statuses?: readonly FinishedStatus[] | undefined
    },
  ): Promise<number>

  /**
   * Runs jobs, until it is stopped or the System is closed: claims those that have a handler, keeps their leases
   * alive, retries. A handler that throws fails its job. Refused in transactions.
   *
   * @example
   * const worker = system.backgroundTasks.work({
   *   review: async (job: Job<{ file: string }>, { signal }) => review(job.payload.file, signal),
   * }, { concurrency: 4 })
   * await worker.stop()
   */
  work<P>(handlers: Handlers<P>, options?: WorkerOptions): Worker
}

export function createBackgroundTaskStore(engine: Engine): BackgroundTaskStore {
  const { create: _create, ...verbs } = storeVerbs(engine, definition)
  const claims = createClaims(engine)

  async function insert(jobs: readonly Enqueued[], options: CallOptions | undefined) {
    const stored = await insertJobs(engine, jobs, options)
    await wake(stored, options)
    return stored
  }

  /** These, or what comes after them, may be claimed by now, or are to be looked after. */
  async function wake(jobs: readonly BackgroundTask[], options: CallOptions | undefined): Promise<void> {
    const queues = new Set<string>()
    for (const { queue, status, concurrencyKey, dependents } of jobs) {
      const isFollowed = concurrencyKey !== '' || (status === 'done' && dependents > 0)
      if (status === 'scheduled' || isFollowed) claims.expect()
      if (status === 'scheduled' || isFollowed || status === 'ready') queues.add(queue)
    }
    for (const queue of queues) await tellEnqueued(engine, queue, options)
  }

  async function waking(
    change: Promise<BackgroundTask>,
    options: CallOptions | undefined,
  ): Promise<BackgroundTask> {
    const job = await change
    await wake([job], options)
    return job
  }

  /** Within a transaction a refusal dooms it, like any other. */
  const claim = (query: ClaimQuery, options: CallOptions | undefined): Promise<Claimed> =>
    wrappedCall(engine, options, async () => {
      refuseInTransaction(engine, 'claiming is')
      return claims.claim(query, options)
    })

  const store: BackgroundTaskStore = {
    ...verbs,

    async enqueue(job, options) {
      const [stored] = await insert([newJob(engine, job)], options)
      return stored!
    },

    async enqueueMany(jobs, options) {
      if (checkList(backgroundTasks, jobs).length === 0) return []
      checkLimit(backgroundTasks, jobs.length)
      return insert(
        jobs.map((job) => newJob(engine, job)),
        options,
      )
    },

    async claim(options = {}) {
      checkObject(backgroundTasks, options)
      const { queues, kinds, limit = 1, leaseMs = LEASE_MS, worker = 'worker', signal } = options
      const query = {
        queues: checkNames('queue', queues ?? ['default']),
        kinds: kinds === undefined ? undefined : checkNames('kind', kinds),
        limit: checkLimit(backgroundTasks, limit),
        leaseMs: checkNumber('leaseMs', leaseMs, 1),
        worker: checkValue(backgroundTasks, backgroundTasks.columns.worker, worker) as string,
      }
      return (await claim(query, { signal })).jobs
    },

    async heartbeat(job, { leaseMs = LEASE_MS, signal } = {}) {
      const leaseUntil = later(engine.now(), checkNumber('leaseMs', leaseMs, 1))
      return held(engine, checkRef(job), { leaseUntil }, { signal })
    },

    async progress(job, report, options) {
      checkObject(backgroundTasks, report)
      const { percent, activity, inputTokens = 0, outputTokens = 0 } = report
      if (percent !== undefined && checkNumber('progress', percent, 0) > 100) {
        throw invalid('progress', `is at most 100, not ${percent}`)
      }
      const set = {
        progress: percent,
        activity,
        inputTokens: increment(checkNumber('inputTokens', inputTokens, 0)),
        outputTokens: increment(checkNumber('outputTokens', outputTokens, 0)),
      }
      return held(engine, checkRef(job), set, options)
    },

    async complete(job, result = null, options) {
      return waking(complete(engine, checkRef(job), result, options), options)
    },

    async fail(job, error, options = {}) {
      return waking(fail(engine, checkRef(job), errorText(error), options), options)
    },

    async release(job, options) {
      return waking(release(engine, checkRef(job), options), options)
    },

    async cancel(id, options) {
      const job = await cancel(engine, idOf(backgroundTasks, id), options)
      if (job.status === 'running') await tellCancelled(engine, job.id, options)
      else await wake([job], options)
      return job
    },

    async retry(id, options) {
      return waking(retry(engine, idOf(backgroundTasks, id), options), options)
    },

    async listDead(filter = {}, options) {
      checkObject(backgroundTasks, filter)
      return verbs.list({ ...filter, status: 'dead' }, options)
    },

    delete: async (id, options) => removeJob(engine, idOf(backgroundTasks, id), options),

    async purge(options) {
      checkObject(backgroundTasks, options)
      const { before, statuses = ['done', 'dead', 'cancelled'], signal } = options
      for (const status of checkList(backgroundTasks, statuses)) {
        if (!FINISHED.has(status)) throw invalid('status', `${show(status)} is not that of an ended job`)
      }
      checkValue(backgroundTasks, { ...backgroundTasks.columns.finishedAt, optional: false }, before)
      return purge(engine, before, statuses, { signal })
    },

    work(handlers, options) {
      refuseInTransaction(engine, 'working is')
      checkObject(backgroundTasks, handlers)
      if (options?.queues !== undefined) checkNames('queue', options.queues)
      return startWorker(engine, { ...store, claim: (query) => claim(query, undefined) }, handlers, options)
    },
  }
  return store
}

const LEASE_MS = 30_000

const FINISHED: ReadonlySet<unknown> = new Set(['done', 'dead', 'cancelled'])

/** A list of queues or kinds, once each. */
function checkNames(column: 'queue' | 'kind', names: readonly string[]): readonly string[] {
  const distinct = new Set(checkList(backgroundTasks, names))
  for (const name of distinct) checkValue(backgroundTasks, backgroundTasks.columns[column], name)
  if (distinct.size === 0) throw invalid(column, 'needs at least one name')
  return [...distinct]
}
