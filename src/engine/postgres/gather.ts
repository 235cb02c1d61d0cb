/**
 * Gathers calls of one tick that differ only in their values into one statement: a hundred gets or inserts
 * cost one round trip. Each call still gets its own answer or its own error.
 */

export interface Gathering<Call, Answer> {
  submit(key: object, call: Call): Promise<Answer>
}

interface Waiting<Call, Answer> {
  readonly call: Call
  readonly resolve: (answer: Answer | Promise<Answer>) => void
  readonly reject: (error: unknown) => void
}

/** The most calls that one statement serves. */
const MOST = 500

/**
 * `together` answers several calls at once, in their order. When it fails nothing has happened, and each call
 * is made `alone`, so that only those that are to blame fail.
 */
export function createGathering<Call, Answer>(
  alone: (call: Call) => Promise<Answer>,
  together: (calls: readonly Call[]) => Promise<readonly (Answer | Promise<Answer>)[]>,
  mayRepeat: (error: unknown) => boolean,
): Gathering<Call, Answer> {
  const byKey = new Map<object, Waiting<Call, Answer>[]>()

  function flush(key: object): void {
    const waiting = byKey.get(key)!
    byKey.delete(key)
    for (let i = 0; i < waiting.length; i += MOST) void serve(waiting.slice(i, i + MOST))
  }

  async function serve(waiting: readonly Waiting<Call, Answer>[]): Promise<void> {
    if (waiting.length > 1) {
      try {
        const answers = await together(waiting.map(({ call }) => call))
        for (const [i, { resolve }] of waiting.entries()) resolve(answers[i]!)
        return
      } catch (error) {
        if (!mayRepeat(error)) {
          for (const { reject } of waiting) reject(error)
          return
        }
      }
    }
    for (const { call, resolve, reject } of waiting) alone(call).then(resolve, reject)
  }

  return {
    submit: (key, call) =>
      new Promise((resolve, reject) => {
        const waiting = byKey.get(key)
        if (waiting !== undefined) {
          waiting.push({ call, resolve, reject })
          return
        }
        byKey.set(key, [{ call, resolve, reject }])
        // After all that follows from what has happened by now, however many awaits away.
        queueMicrotask(() => process.nextTick(flush, key))
      }),
  }
}
