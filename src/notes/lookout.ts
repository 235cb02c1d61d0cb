/**
 * Notices what happens elsewhere: by notifications, by the sign that SQLite gives of a commit, and by looking every so
 * often, because both are hints. It looks at one thing at a time, and again if something happened meanwhile.
 */

import type { Engine } from '../engine/engine.ts'
import { ClosedError } from '../errors.ts'

export interface Lookout {
  /** From now on. Resolves once it listens, or cannot; it then tries again with every look. */
  begin(): Promise<void>
  /** Looks now, or once more after the look that is under way. */
  look(): void
  /** No more, until it begins again. */
  rest(): void
  /** The same for good; resolves when the last look is over. */
  close(): Promise<void>
}

export interface LookoutOptions {
  readonly channel: string
  /** A notification. */
  readonly heard: (payload: string) => void
  readonly look: () => Promise<void>
  /** Milliseconds between looks for what was not heard of. */
  readonly pollMs: number
  /** A look that failed is taken again, and so is listening. */
  readonly failed: (error: unknown) => void
}

export function createLookout(
  engine: Engine,
  { channel, heard, look, pollMs, failed }: LookoutOptions,
): Lookout {
  let timer: NodeJS.Timeout | undefined
  let listening: Promise<readonly (() => Promise<void>)[]> | undefined
  let looking: Promise<void> | undefined
  let again = false
  let closed = false

  async function listen(): Promise<void> {
    const starting = Promise.allSettled([engine.listen(channel, heard), engine.onCommit(lookNow)])
    const own = starting.then((all) =>
      all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])),
    )
    listening = own
    const refused = (await starting).find((each) => each.status === 'rejected')
    if (refused === undefined) return
    failed(refused.reason)
    await stop(own)
    if (listening === own) listening = undefined
  }

  async function stop(stops: typeof listening): Promise<void> {
    const ends = (await stops)?.map((end) => end()) ?? []
    for (const end of await Promise.allSettled(ends)) if (end.status === 'rejected') failed(end.reason)
  }

  function lookNow(): void {
    if (looking !== undefined) {
      again = true
      return
    }
    looking = look()
      .catch((error: unknown) => {
        failed(error)
        // There is nothing to be seen any more.
        if (error instanceof ClosedError) void rest()
      })
      .finally(() => {
        looking = undefined
        if (!again) return
        again = false
        if (timer !== undefined) lookNow()
      })
  }

  function rest(): Promise<void> {
    clearInterval(timer)
    timer = undefined
    const stops = listening
    listening = undefined
    return stop(stops)
  }

  return {
    async begin() {
      if (closed) return
      timer ??= setInterval(() => {
        if (listening === undefined) void listen()
        lookNow()
      }, pollMs).unref()
      if (listening === undefined) await listen()
      else await listening
    },
    look: lookNow,
    rest: () => void rest(),
    async close() {
      closed = true
      await rest()
      await looking
    },
  }
}
