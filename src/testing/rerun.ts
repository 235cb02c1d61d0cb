/** Runs each transaction's callback twice, as Postgres may: what the first run did is rolled back. */

import type { Engine, RootEngine } from '../engine/engine.ts'

class Rollback extends Error {}

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
