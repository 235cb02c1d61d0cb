/**
 * Lets everybody else have a turn. Calls that are answered within the process wait for nothing, so a loop that
 * awaits them one after the other would keep timers, signals and sockets out for as long as it runs.
 */

/** Milliseconds that calls may follow one another before the event loop goes round. */
const LONGEST = 10

let turn: Promise<void> | undefined
let startedAt = 0

type Verb = (...given: never[]) => Promise<unknown>

/**
 * The same verbs. A call is made at once, whatever is going on, for what it was given may change and the engine
 * may be closed; but when it is time, its answer comes after everybody had a turn.
 */
export function breathing<V extends Readonly<Record<string, Verb>>>(verbs: V): V {
  const breathed = Object.entries(verbs).map(([name, verb]) => {
    // The cast: called with what the same verb was given. None takes more.
    const own = verb as (a: unknown, b: unknown, c: unknown) => Promise<unknown>
    const call = (a: unknown, b: unknown, c: unknown) => {
      const pause = breathe()
      const answer = own(a, b, c)
      return pause === undefined ? answer : afterwards(answer, pause)
    }
    return [name, call] as const
  })
  // The cast: each is called as it was, and answers what it did.
  return Object.fromEntries(breathed) as unknown as V
}

async function afterwards<R>(answer: Promise<R>, pause: Promise<void>): Promise<R> {
  try {
    return await answer
  } finally {
    await pause
  }
}

/** What to wait for before answering, if it is time. */
function breathe(): Promise<void> | undefined {
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
