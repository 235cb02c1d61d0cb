/**
 * A worker: claims as many jobs as it has room for, runs their handlers, keeps their leases alive, and says how each
 * ended. With nothing to do it sleeps until it is told, until something comes due, or until it is time to look.
 */

import type { Engine } from '../engine/engine.ts'
import { gt, oneOfThese } from '../engine/query.ts'
import { ClosedError, StaleFenceError, UnavailableError, ValidationError } from '../errors.ts'
import { type BackgroundTask, backgroundTasks } from '../schema/background-tasks.ts'
import type { JsonValue } from '../schema/dsl/json.ts'
import { checkValue } from '../schema/dsl/values.ts'
import type { JobRef, JobReport } from '../stores/background-tasks.ts'
import { checkNumber, later } from '../stores/background-tasks-definition.ts'
import { createAlarm } from './alarm.ts'
import { errorText } from './error-text.ts'
import { register } from './residents.ts'
import { listenForJobs } from './wake.ts'

/** A job as its handler gets it. */
export type Job<P = JsonValue | null> = Omit<BackgroundTask, 'payload'> & { readonly payload: P }

export interface JobContext {
  /** Fires when the job is cancelled, its time is over, its lease is lost, or its worker has to stop. */
  readonly signal: AbortSignal
  /** Says how far it is. Throws `StaleFenceError` once the lease is lost. */
  progress(report: JobReport): Promise<void>
}

/** What it answers is the job's result; what it throws, the job's error. */
export type Handler<P = JsonValue | null> = (
  job: Job<P>,
  context: JobContext,
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler that answers nothing
) => Promise<JsonValue | undefined | void> | JsonValue | undefined | void

/** By kind of job. */
export type Handlers<P> = { readonly [K in keyof P]: Handler<P[K]> }

export interface WorkerOptions {
  /** The ones that are looked into, the first one first; `default` unless told. */
  readonly queues?: readonly string[] | undefined
  /** Jobs that run at the same time; 1 unless told. */
  readonly concurrency?: number | undefined
  /** Milliseconds that a job is claimed for, and again with each heartbeat; 30,000 unless told. */
  readonly leaseMs?: number | undefined
  /** Milliseconds between heartbeats; a third of the lease unless told. */
  readonly heartbeatMs?: number | undefined
  /** Milliseconds that an attempt may take at most. Unless told, what the job says, or an hour. */
  readonly timeoutMs?: number | undefined
  /** Stops by itself as soon as nothing is ready and nothing runs here. Not unless told. */
  readonly untilIdle?: boolean | undefined
  /**
   * Milliseconds between looks while there is nothing to do: the first number at first, twice as long each time, up to
   * the second. Notifications come in between, where there are any. 100 and 5,000 unless told.
   */
  readonly pollMs?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined
  /** What jobs say they are run by, followed by an id; `worker` unless told. */
  readonly name?: string | undefined
  /** Told of what goes wrong beside the jobs: a database that is away, a lease that was lost. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface Worker extends AsyncDisposable {
  /** As jobs have it in `worker`. */
  readonly id: string
  /** Jobs that are running here. */
  readonly running: number
  /** Jobs that have ended here, well or badly. */
  readonly ended: number
  /** Resolves once it has stopped, by itself or by `stop`. */
  readonly stopped: Promise<void>
  /**
   * Claims nothing more, and resolves when all that is running has ended. When the deadline passes before (in
   * milliseconds, 10,000 unless told), signals fire, and what is still running is given back to be run by others.
   */
  stop(options?: { readonly deadline?: number | undefined }): Promise<void>
}

/** What a worker needs of the store. */
export interface WorkerStore {
  claim(query: {
    readonly queues: readonly string[]
    readonly kinds: readonly string[]
    readonly limit: number
    readonly leaseMs: number
    readonly worker: string
  }): Promise<{ readonly jobs: BackgroundTask[]; readonly nextAt: Date | undefined }>
  complete(job: JobRef, result: JsonValue): Promise<BackgroundTask>
  fail(job: JobRef, error: unknown): Promise<BackgroundTask>
  release(job: JobRef): Promise<BackgroundTask>
  progress(job: JobRef, report: JobReport): Promise<BackgroundTask>
}

interface Run {
  readonly job: BackgroundTask
  readonly controller: AbortController
  leaseUntil: Date
  /** Somebody else may have it: what the handler says no longer counts. */
  isLost: boolean
  /** How it ended is being written. */
  isEnding: boolean
  givenBack: Promise<void> | undefined
  readonly ended: Promise<void>
}

/** Milliseconds for which commits of other processes are gathered. */
const COMMITS_MS = 20
/** Milliseconds before a write of a job's end is tried again, doubled each time, for as long as its lease lasts. */
const RETRY_MS = 50

export function startWorker<P>(
  engine: Engine,
  store: WorkerStore,
  handlers: Handlers<P>,
  options: WorkerOptions = {},
): Worker {
  const { queues, concurrency, leaseMs, heartbeatMs, timeoutMs, untilIdle, poll, name, onError } =
    checkOptions(options)
  const kinds = Object.keys(handlers)
  if (kinds.length === 0) throw new ValidationError('work() needs a handler by kind of job')
  for (const kind of kinds) {
    if (typeof handlers[kind as keyof P] !== 'function')
      throw new ValidationError(`work(): the handler of ${JSON.stringify(kind)} is no function`)
  }
  const id = `${name}:${engine.newId()}`
  const runs = new Map<string, Run>()
  const alarm = createAlarm()
  let stopping: Promise<void> | undefined
  let isStopping = false
  let ended = 0
  const { promise: stopped, resolve: hasStopped } = Promise.withResolvers<void>()
  let isDeadline = false
  let silence: (() => Promise<void>) | undefined
  let beating: NodeJS.Timeout | undefined
  let looking: NodeJS.Timeout | undefined

  async function work(): Promise<void> {
    if (!untilIdle) await listen()
    let pause = poll.min
    while (!isStopping) {
      const room = roomNow()
      if (room <= 0) {
        await alarm.wait()
        continue
      }
      alarm.reset()
      let nextAt: Date | undefined
      try {
        const claimed = await store.claim({ queues, kinds, limit: room, leaseMs, worker: id })
        nextAt = claimed.nextAt
        for (const job of claimed.jobs) start(job)
        if (claimed.jobs.length > 0) pause = poll.min
        if (claimed.jobs.length === room) continue
      } catch (error) {
        if (error instanceof ClosedError) break
        tell(error)
      }
      if (alarm.isRinging || isStopping) continue
      if (untilIdle && runs.size === 0) {
        void worker.stop()
        break
      }
      const untilNext = nextAt === undefined ? pause : nextAt.getTime() - engine.now().getTime()
      const rang = await alarm.wait(Math.max(1, Math.min(pause, untilNext)))
      pause = rang ? poll.min : Math.min(pause * 2, poll.max)
    }
    await silence?.()
    // Only now: what is heard until then would begin to wait anew.
    clearTimeout(looking)
  }

  async function listen(): Promise<void> {
    try {
      silence = await listenForJobs(engine, {
        enqueued(queue) {
          if (queues.includes(queue)) alarm.ring()
        },
        // Most of what is committed is no job, and each look costs a statement.
        committed() {
          looking ??= setTimeout(() => {
            looking = undefined
            alarm.ring()
          }, COMMITS_MS)
        },
        cancelled(jobId) {
          if (runs.has(jobId)) void beat()
        },
      })
    } catch (error) {
      // It polls.
      tell(error)
    }
  }

  function start(job: BackgroundTask): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    const run: Run = {
      job,
      controller: new AbortController(),
      leaseUntil: job.leaseUntil!,
      isLost: false,
      isEnding: false,
      givenBack: undefined,
      ended: promise,
    }
    runs.set(job.id, run)
    beating ??= setInterval(() => void beat(), heartbeatMs)
    // It came too late.
    const performing = isDeadline ? giveBack(run) : perform(run)
    void performing.then(() => {
      if (runs.get(job.id) === run) runs.delete(job.id)
      if (runs.size === 0) {
        clearInterval(beating)
        beating = undefined
      }
      resolve()
      alarm.ring()
    })
  }

  /** Runs the handler and says how that ended; never rejects. */
  async function perform(run: Run): Promise<void> {
    const { job, controller } = run
    const { promise: overtime, reject } = Promise.withResolvers<never>()
    overtime.catch(() => {})
    const most = Math.min(job.timeoutMs ?? timeoutMs ?? HOUR, timeoutMs ?? Infinity)
    const timer = setTimeout(
      () => {
        const error = new UnavailableError(`it was given up after ${most} ms`)
        controller.abort(error)
        reject(error)
      },
      Math.min(most, LONGEST),
    )
    // What is given back or lost is not waited for.
    controller.signal.addEventListener('abort', () => {
      if (run.isLost) reject(controller.signal.reason)
    })
    try {
      const context: JobContext = {
        signal: controller.signal,
        progress: async (report) => void (await store.progress(job, report)),
      }
      // The cast: jobs are claimed by the kinds of the handlers; what is in a payload is its kind's to say.
      const handler = handlers[job.kind as keyof P] as Handler
      const working = Promise.resolve().then(() => handler(job, context))
      const result = await Promise.race([working, overtime])
      if (!run.isLost) await saying(run, () => store.complete(job, result ?? null))
    } catch (error) {
      if (!run.isLost) await saying(run, () => store.fail(job, error)).catch(tell)
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * How many jobs may be begun. One whose end is being written runs no more, so that the next is claimed meanwhile; where
   * writing takes long, not without end.
   */
  function roomNow(): number {
    let ending = 0
    for (const { isEnding } of runs.values()) if (isEnding) ending++
    return Math.min(concurrency - (runs.size - ending), 2 * concurrency - runs.size)
  }

  /** Writes how a job ended; a database that is away for a moment is tried again. */
  async function saying(run: Run, write: () => Promise<unknown>): Promise<void> {
    run.isEnding = true
    alarm.ring()
    for (let wait = RETRY_MS, attempt = 1; ; wait *= 2, attempt++) {
      try {
        await write()
        ended++
        return
      } catch (error) {
        if (error instanceof ValidationError) throw error
        const isOver = run.isLost || run.leaseUntil <= engine.now()
        if (!(error instanceof UnavailableError) || isOver) {
          // It may have been written, and only the answer been lost; otherwise it is to be run again.
          if (!(error instanceof StaleFenceError && attempt > 1)) tell(error)
          return
        }
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }

  /** Prolongs all leases by one statement, and hears which are lost and which jobs are to be cancelled. */
  async function beat(): Promise<void> {
    const now = engine.now()
    const held = [...runs.values()].filter((run) => !run.isLost)
    if (held.length === 0) return
    try {
      const rows = await engine.update(backgroundTasks, {
        where: {
          id: oneOfThese(held.map(({ job }) => job.id)),
          worker: id,
          leaseUntil: gt(now),
        },
        set: { leaseUntil: later(now, leaseMs), updatedAt: now },
      })
      const byId = new Map(rows.map((row) => [row.id, row]))
      for (const run of held) {
        const row = byId.get(run.job.id)
        if (row === undefined || row.fence !== run.job.fence) lose(run)
        else {
          run.leaseUntil = row.leaseUntil!
          if (row.cancelRequested) abort(run, 'the job was cancelled')
        }
      }
    } catch (error) {
      if (!(error instanceof ClosedError)) tell(error)
      for (const run of held) if (run.leaseUntil <= engine.now()) lose(run)
    }
  }

  function lose(run: Run): void {
    // One that has just ended is nobody's any more, and was not lost.
    if (run.isEnding || run.isLost) return
    run.isLost = true
    tell(new StaleFenceError(run.job.id, run.job.fence))
    abort(run, 'the lease was lost')
  }

  function abort({ controller }: Run, reason: string): void {
    if (!controller.signal.aborted) controller.abort(new UnavailableError(reason))
  }

  function giveBack(run: Run): Promise<void> {
    if (run.isLost) return run.givenBack ?? Promise.resolve()
    run.isLost = true
    abort(run, 'the worker stops')
    run.givenBack = store.release(run.job).then(
      () => {},
      (error) => {
        // It ended while it was given back.
        if (!(error instanceof StaleFenceError)) tell(error)
      },
    )
    return run.givenBack
  }

  async function stop(deadline: number): Promise<void> {
    isStopping = true
    alarm.ring()
    const all = working.then(() => Promise.all([...runs.values()].map(({ ended }) => ended)))
    const { promise: over, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, Math.min(deadline, LONGEST))
    await Promise.race([all, over])
    clearTimeout(timer)
    isDeadline = true
    await Promise.all([...runs.values()].map(giveBack))
    // A claim that was under way may still bring jobs.
    await working
    await Promise.all([...runs.values()].map(giveBack))
    clearInterval(beating)
    beating = undefined
  }

  function tell(error: unknown): void {
    if (onError !== undefined) onError(error)
    else console.warn(`terrace: worker ${id}: ${errorText(error)}`)
  }

  const worker: Worker = {
    id,
    get running() {
      return runs.size
    },
    get ended() {
      return ended
    },
    stopped,
    async stop({ deadline = 10_000 } = {}) {
      checkNumber('deadline', deadline, 0)
      stopping ??= stop(deadline)
      await stopping
      unregister()
      hasStopped()
    },
    [Symbol.asyncDispose]: () => worker.stop(),
  }
  const unregister = register(engine, worker)
  const working = work()
  return worker
}

const HOUR = 3_600_000
/** More than a timer can count. */
const LONGEST = 2 ** 31 - 1

function checkOptions(options: WorkerOptions) {
  const leaseMs = checkNumber('leaseMs', options.leaseMs ?? 30_000, 1)
  const min = checkNumber('pollMs.min', options.pollMs?.min ?? 100, 1)
  return {
    queues: options.queues ?? ['default'],
    concurrency: checkNumber('concurrency', options.concurrency ?? 1, 1),
    leaseMs,
    heartbeatMs: checkNumber('heartbeatMs', options.heartbeatMs ?? Math.max(1, Math.floor(leaseMs / 3)), 1),
    timeoutMs: options.timeoutMs === undefined ? undefined : checkNumber('timeoutMs', options.timeoutMs, 1),
    untilIdle: options.untilIdle ?? false,
    poll: { min, max: Math.max(min, checkNumber('pollMs.max', options.pollMs?.max ?? 5000, 1)) },
    // With an id after it, it is to fit its column.
    name: checkValue(
      backgroundTasks,
      { ...backgroundTasks.columns.worker, optional: false, max: 64 },
      options.name ?? 'worker',
    ) as string,
    onError: options.onError,
  }
}
