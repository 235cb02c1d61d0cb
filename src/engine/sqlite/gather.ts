/**
 * Gathers the writes of one tick into one transaction of SQLite's: a commit costs more than a write. Each call
 * still gets its own rows or its own error, as if it had come alone.
 */

import { TerraceError } from '../../errors.ts'
import type { Lock } from '../lock.ts'
import type { Connection } from './connection.ts'
import { isBusy, translate } from './errors.ts'

interface Job {
  readonly work: () => unknown
  /** Several statements, which hold or fall together. */
  readonly several: boolean
  readonly signal: AbortSignal | undefined
  /** A method, so that what takes only this job's answer is one; it is given no other. */
  resolve(value: unknown): void
  readonly reject: (error: unknown) => void
}

export interface Gathering {
  submit<T>(work: () => T, several: boolean, signal: AbortSignal | undefined): Promise<T>
  /** Resolves when all that was submitted has been done. */
  settled(): Promise<void>
}

type Outcome = { readonly job: Job; readonly value: unknown } | { readonly job: Job; readonly error: unknown }

export function createGathering(
  connection: Connection,
  turns: Lock,
  patiently: <T>(work: () => T) => Promise<T>,
  target: string,
): Gathering {
  let waiting: Job[] = []
  let scheduled = false

  async function flush(): Promise<void> {
    if (!turns.tryAcquire()) await turns.acquire()
    // Those that came while a transaction had its turn are here as well.
    scheduled = false
    const jobs = waiting
    waiting = []
    try {
      let outcomes: readonly Outcome[]
      try {
        outcomes = attempt(jobs)
      } catch (error) {
        if (!isBusy(causeOf(error))) throw error
        outcomes = await patiently(() => attempt(jobs))
      }
      for (const outcome of outcomes) {
        if ('error' in outcome) outcome.job.reject(outcome.error)
        else outcome.job.resolve(outcome.value)
      }
    } catch (error) {
      // Not one of them: the transaction around them all.
      for (const job of jobs) job.reject(translate(error, undefined, target))
    } finally {
      turns.release()
    }
  }

  /** All jobs; throws when the database is busy, and then nothing has happened. */
  function attempt(jobs: readonly Job[]): readonly Outcome[] {
    const alive = jobs.filter((job) => job.signal?.aborted !== true)
    const aborted = jobs.filter((job) => job.signal?.aborted === true)
    const outcomes: Outcome[] = aborted.map((job) => ({ job, error: job.signal!.reason }))
    const [only] = alive
    if (only === undefined) return outcomes
    if (alive.length === 1 && !only.several) {
      // One statement is a transaction by itself.
      outcomes.push(settle(only))
      return outcomes
    }
    connection.control('begin immediate')
    try {
      if (alive.length === 1) {
        const outcome = settle(only)
        connection.control('error' in outcome ? 'rollback' : 'commit')
        return [...outcomes, outcome]
      }
      for (const job of alive) outcomes.push(job.several ? settleTogether(job) : settle(job))
      connection.control('commit')
    } catch (error) {
      if (connection.database.inTransaction) connection.control('rollback')
      throw error
    }
    return outcomes
  }

  function settle(job: Job): Outcome {
    try {
      return { job, value: job.work() }
    } catch (error) {
      if (isBusy(causeOf(error))) throw error
      lostTransaction(error)
      return { job, error }
    }
  }

  function settleTogether(job: Job): Outcome {
    connection.control('savepoint job')
    const outcome = settle(job)
    if ('error' in outcome) connection.control('rollback to job')
    connection.control('release job')
    return outcome
  }

  /** A full disk or a failing one rolls back the whole transaction, and with it what others had written. */
  function lostTransaction(error: unknown): void {
    const code = (causeOf(error) as { code?: string } | undefined)?.code ?? ''
    if (/^SQLITE_(FULL|IOERR|NOMEM|CORRUPT|INTERRUPT)/.test(code)) throw error
  }

  function submit<T>(work: () => T, several: boolean, signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      waiting.push({
        work,
        several,
        signal,
        ...(signal ? leaving(signal, resolve, reject) : { resolve, reject }),
      })
      if (scheduled) return
      scheduled = true
      queueMicrotask(flush)
    })
  }

  // What comes after all others is done after them.
  return { submit, settled: () => submit(() => {}, false, undefined) }
}

/** Lets the caller go when the signal aborts, whoever has the turn; what was not yet begun is passed over then. */
function leaving<T>(
  signal: AbortSignal,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): { resolve: (value: T) => void; reject: (error: unknown) => void } {
  const leave = () => reject(signal.reason)
  const stay = () => signal.removeEventListener('abort', leave)
  signal.addEventListener('abort', leave, { once: true })
  return {
    resolve(value) {
      stay()
      resolve(value)
    },
    reject(error) {
      stay()
      reject(error)
    },
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof TerraceError ? error.cause : error
}
