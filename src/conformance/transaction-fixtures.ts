/** What scenarios of transactions throw, and how they hold one open. */

import type { Scope, System } from '../system.ts'

export class Own extends Error {}

/** Runs a transaction up to `inside`, and holds it there until told to end it. */
export function held(system: System, inside: (tx: Scope) => Promise<unknown>) {
  const reached = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const done = system.transaction(async (tx) => {
    await inside(tx)
    reached.resolve()
    await end.promise
  })
  done.catch(reached.reject)
  return { reached: reached.promise, commit: end.resolve, rollback: () => end.reject(new Own()), done }
}
