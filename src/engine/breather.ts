/**
 * Lets everybody else have a turn. Calls that are answered within the process wait for nothing, so a loop that
 * awaits them one after the other would keep timers, signals and sockets out for as long as it runs.
 */

/** Milliseconds that calls may follow one another before the event loop goes round. */
const LONGEST = 10

let turn: Promise<void> | undefined
let startedAt = 0

/** An answer, after a pause if it is time for one: what was asked has been done by then. */
export function rested<R>(answer: R | Promise<R>): R | Promise<R> {
  // Who has waited already has not kept others out, and a rejection may not be left alone for a while.
  if (answer instanceof Promise) return answer
  const pause = breathe()
  return pause === undefined ? answer : pause.then(() => answer)
}

/** To be awaited, if there is one. Never before a call has looked at what it was given, which may change meanwhile. */
export function breathe(): Promise<void> | undefined {
  if (turn !== undefined) return performance.now() - startedAt > LONGEST ? turn : undefined
  startedAt = performance.now()
  turn = new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined
      resolve()
    })
  })
  return undefined
}
