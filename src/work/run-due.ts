/** One bounded sweep, and the jobs that are ready: what a resident process does, for hosts without one. */

import type { Engine } from '../engine/engine.ts'
import { checkNumber } from '../stores/background-tasks-definition.ts'
import type { Stores } from '../stores/stores.ts'
import { checkSpan, type SweepOptions, type Swept, sweep } from './sweep.ts'
import type { Handlers, WorkerOptions } from './worker.ts'

export interface RunDueOptions<P>
  extends SweepOptions,
    Pick<WorkerOptions, 'queues' | 'concurrency' | 'leaseMs' | 'heartbeatMs' | 'timeoutMs' | 'name'> {
  /** By kind of job. Without any, no jobs are run. */
  readonly handlers?: Handlers<P> | undefined
  /**
   * Milliseconds that it may take; 25,000 unless told. A job may take half of that, so that one that does not fit fails
   * rather than begin again every time. What still runs at the end is given back, as if it had not been begun.
   */
  readonly budgetMs?: number | undefined
  /** Told of what goes wrong beside the jobs. Unless given, the first of these errors is thrown in the end. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface RanDue extends Swept {
  /** Jobs that have ended, well or badly. */
  readonly jobs: number
  /** Whether nothing was left to do when it ended. Otherwise the budget was spent. */
  readonly isIdle: boolean
}

export async function runDue<P>(
  stores: Stores & { readonly engine: Engine },
  options: RunDueOptions<P> = {},
): Promise<RanDue> {
  const { handlers, budgetMs = 25_000, keepJobs, onError, ...workerOptions } = options
  const endsAt = performance.now() + checkNumber('budgetMs', budgetMs, 1)
  if (keepJobs !== undefined) checkSpan(keepJobs)
  const errors: unknown[] = []
  const tell = onError ?? ((error: unknown) => void errors.push(error))
  const swept = await sweep(stores, { keepJobs }, tell, () => performance.now() < endsAt)
  let jobs = 0
  let isIdle = performance.now() < endsAt
  if (handlers !== undefined && isIdle) {
    const timeoutMs = Math.min(workerOptions.timeoutMs ?? Infinity, Math.ceil(budgetMs / 2))
    const worker = stores.backgroundTasks.work(handlers, {
      ...workerOptions,
      timeoutMs,
      untilIdle: true,
      onError: tell,
    })
    const { promise: spent, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => resolve(false), endsAt - performance.now())
    isIdle = await Promise.race([worker.stopped.then(() => true), spent])
    clearTimeout(timer)
    if (!isIdle) await worker.stop({ deadline: 0 })
    jobs = worker.ended
  }
  if (errors.length > 0) throw errors[0]
  return { ...swept, jobs, isIdle }
}
