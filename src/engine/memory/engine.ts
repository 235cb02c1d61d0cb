/** The memory tier: the same verbs, constraints and transactions as the databases have, over plain arrays. */

import { ClosedError } from '../../errors.ts'
import { type Clock, createClock } from '../clock.ts'
import type { CallOptions, RootEngine } from '../engine.ts'
import { createIds } from '../ids.ts'
import { createLock } from '../lock.ts'
import { checkChannel, createSignals } from '../signals.ts'
import { createTransactionScope, runTransaction } from '../transaction.ts'
import { createCalls } from './calls.ts'
import { createPlans } from './plans.ts'
import { createOverlay, createState } from './state.ts'

export interface MemoryEngineOptions {
  /** The system's clock unless given. */
  readonly clock?: Clock | undefined
  /** UUIDv7 of the clock unless given. */
  readonly newId?: (() => string) | undefined
  /** For tests: the callback of each transaction runs twice, and what it did the first time is rolled back. */
  readonly rerunTransactions?: boolean | undefined
}

export function createMemoryEngine(options: MemoryEngineOptions = {}): RootEngine {
  const now = createClock({ clock: options.clock })
  const newId = options.newId ?? createIds(now)
  const state = createState()
  const plans = createPlans()
  const signals = createSignals()
  /** Held by the one transaction that runs. Lone writes are synchronous and need only know that none does. */
  const lock = createLock()
  const scope = createTransactionScope()
  let closed = false

  function enter(call: CallOptions | undefined): void {
    call?.signal?.throwIfAborted()
    if (closed) throw new ClosedError()
    scope.check()
  }

  /** A lone write, which waits until the transactions before it have ended. */
  function write<R>(call: CallOptions | undefined, work: () => R): R | Promise<R> {
    return lock.held ? waiting(call, work) : work()
  }

  async function waiting<R>(call: CallOptions | undefined, work: () => R): Promise<R> {
    await lock.acquire(call?.signal)
    try {
      return work()
    } finally {
      lock.release()
    }
  }

  const calls = createCalls(state, plans, { now, newId, enter, write, notify: signals.notify })
  return {
    tier: 'memory',
    ...calls,
    async transaction(work, call) {
      enter(call)
      return runTransaction(
        {
          scope,
          rerun: options.rerunTransactions ?? false,
          async begin(signal) {
            await lock.acquire(signal)
            return { overlay: createOverlay(state), messages: [] as [channel: string, payload: string][] }
          },
          engine: ({ overlay, messages }) =>
            createCalls(overlay, plans, {
              now,
              newId,
              enter: (inner) => inner?.signal?.throwIfAborted(),
              write: (_call, inner) => inner(),
              notify: (channel, payload) => void messages.push([channel, payload]),
            }),
          async commit({ overlay, messages }) {
            overlay.commit()
            lock.release()
            for (const [channel, payload] of messages) signals.notify(channel, payload)
          },
          async rollback() {
            lock.release()
          },
        },
        work,
        call,
      )
    },
    async listen(channel, handler) {
      enter(undefined)
      checkChannel(channel)
      return signals.listen(channel, handler)
    },
    async onCommit() {
      enter(undefined)
      return async () => {}
    },
    async ping() {
      enter(undefined)
    },
    async unwrap() {
      return undefined
    },
    async close() {
      scope.check()
      closed = true
      // What was begun before may end.
      await lock.acquire()
      lock.release()
      signals.clear()
    },
  }
}
