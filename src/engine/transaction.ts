/**
 * What transactions share on every tier, whatever BEGIN and COMMIT are there:
 *
 * - a call on the outer engine from within the callback is refused, until the transaction has ended;
 * - the first error of any call inside dooms it: later calls rethrow it, and so does the commit;
 * - it ends in time, even if its callback never does;
 * - its callback may run again.
 */

import { AsyncLocalStorage } from 'node:async_hooks'

import { TransactionScopeError, UnavailableError, ValidationError } from '../errors.ts'
import type { CallOptions, Engine, TransactionOptions } from './engine.ts'
import { checkNotice } from './signals.ts'

const TRANSACTION_TIMEOUT = 30_000

/** A tier's part. `S` is what one attempt holds: an overlay, a connection. */
export interface TransactionHost<S> {
  readonly scope: TransactionScope
  /** A test option: each callback runs twice, and what it did the first time is rolled back. */
  readonly rerun: boolean
  /** Waits for its turn and begins. Rejects with the signal's reason when that aborts, and then holds nothing. */
  begin(signal: AbortSignal): Promise<S>
  /** The engine for one attempt, unguarded. */
  engine(session: S): TransactionCalls
  commit(session: S): Promise<void>
  /** After any failure, of the commit too. Calls may still be under way. Does not throw. */
  rollback(session: S): Promise<void>
  /** After an error: milliseconds until the next attempt, or undefined to give up. */
  retryAfter?(error: unknown, attempts: number): number | undefined
}

/** What an engine can do inside a transaction. */
export type TransactionCalls = Omit<Engine, 'transaction' | 'listen' | 'onCommit'>

export async function runTransaction<S, R>(
  host: TransactionHost<S>,
  work: (tx: Engine) => Promise<R>,
  options: TransactionOptions = {},
): Promise<R> {
  const deadline = createDeadline(options)
  try {
    for (let attempts = 1; ; attempts++) {
      const session = await host.begin(deadline.signal)
      deadline.start()
      const attempt = createAttempt(deadline.check)
      try {
        const tx = guardCalls(host.engine(session), attempt)
        const result = await deadline.race(host.scope.run(attempt, () => work(tx)))
        await deadline.race(attempt.end())
        if (attempt.failure !== undefined) throw attempt.failure.error
        deadline.signal.throwIfAborted()
        if (!host.rerun || attempts > 1) {
          await host.commit(session)
          return result
        }
        await host.rollback(session)
      } catch (thrown) {
        // Not waited for: the call that is under way may be the one that hangs.
        void attempt.end()
        await host.rollback(session)
        // A callback may have wrapped the error; whether another attempt helps, the first one says.
        const wait = deadline.signal.aborted
          ? undefined
          : host.retryAfter?.(attempt.failure === undefined ? thrown : attempt.failure.error, attempts)
        if (wait === undefined) throw thrown
        await deadline.race(new Promise((resolve) => setTimeout(resolve, wait)))
      }
    }
  } finally {
    deadline.stop()
  }
}

// ---------------------------------------------------------------- calls on the outer engine

/** One per engine: knows whether the caller is inside one of that engine's transactions. */
export interface TransactionScope {
  /** Throws `TransactionScopeError` inside an open transaction. Ask when called, not when a batch is flushed. */
  check(): void
  /** Runs the callback of an attempt, which stays in scope until the attempt ends. */
  run<R>(attempt: Attempt, work: () => Promise<R>): Promise<R>
}

/** Transactions around the running code; those of different engines may be nested. */
interface Frame {
  readonly scope: TransactionScope
  readonly attempt: Attempt
  readonly outer: Frame | undefined
}

const frames = new AsyncLocalStorage<Frame>()

export function createTransactionScope(): TransactionScope {
  let running = 0
  const scope: TransactionScope = {
    check() {
      if (running === 0) return
      for (let frame = frames.getStore(); frame !== undefined; frame = frame.outer) {
        if (frame.scope === scope && frame.attempt.open) {
          throw new TransactionScopeError(
            'a call on the engine from within its own transaction; use the engine given to the callback',
          )
        }
      }
    },
    run(attempt, work) {
      running++
      attempt.whenEnded(() => running--)
      // Ended ones are left out, so that transactions started from one another's remains form no chain.
      let outer = frames.getStore()
      while (outer !== undefined && !outer.attempt.open) outer = outer.outer
      // Async, so that a callback that throws at once rejects like any other.
      return frames.run({ scope, attempt, outer }, async () => work())
    },
  }
  return scope
}

// ---------------------------------------------------------------- calls inside

/** One run of a transaction's callback. */
export interface Attempt {
  readonly open: boolean
  /** Of the first call that failed. */
  readonly failure: { readonly error: unknown } | undefined
  /**
   * One call of the transaction's engine: refused after the end, after a failure and with an aborted signal;
   * its own failure dooms.
   */
  call<R>(options: CallOptions | undefined, verb: () => R | Promise<R>): Promise<R>
  /** No more calls; resolves when those under way have settled. */
  end(): Promise<void>
  whenEnded(callback: () => void): void
}

/** `check` throws when time is up, which timers cannot tell while calls follow one another without a pause. */
function createAttempt(check: () => void = () => {}): Attempt {
  let open = true
  let failure: { readonly error: unknown } | undefined
  const underWay = new Set<Promise<unknown>>()
  const onEnd: (() => void)[] = []

  async function guarded<R>(options: CallOptions | undefined, verb: () => R | Promise<R>): Promise<R> {
    if (!open) throw new TransactionScopeError('this transaction has ended; its engine can no longer be used')
    if (failure !== undefined) throw failure.error
    try {
      options?.signal?.throwIfAborted()
      check()
      return await verb()
    } catch (error) {
      failure ??= { error }
      // Databases answer calls after the first error with one of their own, which would explain nothing.
      throw failure.error
    }
  }

  return {
    get open() {
      return open
    },
    get failure() {
      return failure
    },
    call(options, verb) {
      const call = guarded(options, verb)
      const settled = call.then(
        () => void underWay.delete(settled),
        // Also keeps a call that nobody awaits from ending the process: the commit reports its error.
        () => void underWay.delete(settled),
      )
      underWay.add(settled)
      return call
    },
    async end() {
      if (open) {
        open = false
        for (const callback of onEnd) callback()
      }
      await Promise.all(underWay)
    },
    whenEnded(callback) {
      onEnd.push(callback)
    },
  }
}

/**
 * An attempt's engine: every call goes through `attempt.call`. A transaction inside joins the one around it,
 * so that a store's verb that needs one works in both places; when it fails, all of it fails.
 */
function guardCalls(calls: TransactionCalls, attempt: Attempt): Engine {
  const tx: Engine = {
    now: () => calls.now(),
    newId: () => calls.newId(),
    find: (table, query, options) => attempt.call(options, () => calls.find(table, query, options)),
    get: (table, id, options) => attempt.call(options, () => calls.get(table, id, options)),
    insert: (table, rows, options) => attempt.call(options, () => calls.insert(table, rows, options)),
    update: (table, query, options) => attempt.call(options, () => calls.update(table, query, options)),
    remove: (table, query, options) => attempt.call(options, () => calls.remove(table, query, options)),
    write: (write, options) => attempt.call(options, () => calls.write(write, options)),
    aggregate: (table, query, options) => attempt.call(options, () => calls.aggregate(table, query, options)),
    notify: (channel, payload, options) =>
      attempt.call(options, () => {
        checkNotice(channel, payload)
        return calls.notify(channel, payload, options)
      }),
    transaction: (work, options) => attempt.call(options, () => work(tx)),
    listen: () => attempt.call(undefined, refuseListening),
    onCommit: () => attempt.call(undefined, refuseListening),
  }
  return Object.assign(tx, { [ATTEMPT]: attempt })
}

function refuseListening(): never {
  throw new TransactionScopeError('listening is not part of a transaction; use the outer engine, outside')
}

/** Where a transaction's engine has its attempt: a property, so that an engine that wraps it has it as well. */
const ATTEMPT = Symbol('terrace.attempt')

/**
 * A call of an engine that wraps another: within a transaction, what the wrapper refuses dooms it as what the
 * database refuses does.
 */
export function wrappedCall<R>(
  engine: Engine,
  options: CallOptions | undefined,
  verb: () => Promise<R>,
): Promise<R> {
  const attempt = (engine as { readonly [ATTEMPT]?: Attempt })[ATTEMPT]
  return attempt === undefined ? verb() : attempt.call(options, verb)
}

// ---------------------------------------------------------------- the end of patience

/** The caller's signal and the timeout as one signal. */
export interface Deadline {
  /** Aborts with the caller's reason, or with an `UnavailableError` when time is up. */
  readonly signal: AbortSignal
  /** Time runs from the first call of this. */
  start(): void
  /** Throws when time is up. */
  check(): void
  /** What `promise` gives, unless the signal aborts first. */
  race<T>(promise: Promise<T>): Promise<T>
  /** Nothing aborts any more. */
  stop(): void
}

/** More than a timer can count: no timeout. */
const FOREVER = 2 ** 31 - 1

function createDeadline({ signal, timeout = TRANSACTION_TIMEOUT }: TransactionOptions): Deadline {
  if (!(typeof timeout === 'number' && timeout > 0))
    throw new ValidationError(`a transaction's timeout is more than 0 ms, not ${timeout}`)
  signal?.throwIfAborted()
  const controller = new AbortController()
  const abort = () => controller.abort(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  const over = new Promise<never>((_resolve, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true })
  })
  // Nobody may be racing when it aborts.
  over.catch(() => {})
  let timer: NodeJS.Timeout | undefined
  let end = Number.POSITIVE_INFINITY
  const timeOut = () => {
    controller.abort(new UnavailableError(`the transaction was rolled back after ${timeout} ms`))
  }
  return {
    signal: controller.signal,
    start() {
      if (timer !== undefined || timeout > FOREVER) return
      end = performance.now() + timeout
      timer = setTimeout(timeOut, timeout)
    },
    check() {
      if (performance.now() > end) timeOut()
      controller.signal.throwIfAborted()
    },
    race: (promise) => Promise.race([promise, over]),
    stop() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    },
  }
}
