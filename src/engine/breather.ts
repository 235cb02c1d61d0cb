/**
 * Lets everybody else have a turn. Calls that are answered within the process wait for nothing, so a loop that
 * awaits them one after the other would keep timers, signals and sockets out for as long as it runs.
 */

/** Milliseconds that calls may follow one another before the event loop goes round. */
const LONGEST = 10

let turn: Promise<void> | undefined
let startedAt = 0

/** Ask at the beginning of a call, and await the answer if there is one. */
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
