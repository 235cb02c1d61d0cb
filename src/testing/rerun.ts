/** Transactions that run twice, to find callbacks that count on running once. */

import type { Engine, RootEngine } from '../engine/engine.ts'

class Rollback extends Error {}

/**
 * The same engine, by which every transaction's callback runs twice: what it did the first time is rolled back, as
 * on Postgres when a transaction lost a race. The harness of an engine gives it to the conformance suite; in an
 * application's tests it shows what in a callback should have been outside.
 *
 * @example
 * const system = await createSystem({ engine: rerunTransactions(await memoryEngine()) })
 */
export function rerunTransactions<E extends Engine | RootEngine>(engine: E): E {
  const transaction: Engine['transaction'] = async (work, options) => {
    const rollback = new Rollback()
    try {
      await engine.transaction(async (tx) => {
        await work(tx)
        throw rollback
      }, options)
    } catch (error) {
      if (error !== rollback) throw error
    }
    return engine.transaction(work, options)
  }
  return { ...engine, transaction }
}
