/**
 * A note as a stream of server-sent events. The reader is only ever a cursor: nothing is buffered for it, and a
 * slow one reads on from where it is.
 *
 * - `resync`: the whole document; whatever the reader has may be of another one. The first event without a cursor.
 * - `update`: a Yjs update. Its id is where the reader is after it.
 * - `awareness`: who is at the note, as an awareness update.
 * - `deleted`, `refused`: the last one.
 *
 * Data is base64.
 */

import type { SyncNotes } from './notes.ts'
import { createPlaces } from './places.ts'
import { refusalOf } from './refusals.ts'

export interface EventsOptions {
  readonly notes: SyncNotes
  readonly noteId: string
  readonly after: string | null
  readonly heartbeatMs: number
  readonly signal: AbortSignal
  /** Rejects when the reader may not be here any more. */
  readonly recheck: () => Promise<unknown>
  readonly onError: (error: unknown) => void
  readonly onEnd: () => void
}

export function createEvents(options: EventsOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { signal, onEnd, onError } = options
  const events = eventsOf(options)
  const encoder = new TextEncoder()
  let isCancelled = false
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await events.next()
          if (!done) return controller.enqueue(encoder.encode(value))
        } catch (error) {
          if (!signal.aborted) onError(error)
        }
        onEnd()
        // The other end may have closed it.
        if (!isCancelled) controller.close()
      },
      async cancel() {
        isCancelled = true
        onEnd()
        await events.return(undefined)
      },
    },
    // Nothing is read before somebody wants it.
    { highWaterMark: 0 },
  )
}

async function* eventsOf(options: EventsOptions): AsyncGenerator<string, undefined> {
  const { notes, noteId, heartbeatMs, signal, recheck, onEnd } = options
  let cursor = options.after
  let told: ReadonlyMap<string, Uint8Array> | undefined
  let isBeat = false
  const bell = createBell()
  const places = createPlaces({ place: () => false, client: () => false })

  signal.addEventListener('abort', bell.ring, { once: true })
  const timer = setInterval(() => {
    isBeat = true
    bell.ring()
  }, heartbeatMs)
  timer.unref()
  let isWatching = true
  const watching = watch()
  const following = notes.presence?.follow(noteId, (all) => {
    told = all
    bell.ring()
  })
  // Without it there are updates, at least.
  following?.catch(() => {})

  async function watch(): Promise<void> {
    try {
      // Awaited, because a store that is not open yet (`getSystem`) answers later.
      for await (const _event of await notes.watch({ noteId }, { signal })) bell.ring()
    } finally {
      isWatching = false
      bell.ring()
    }
  }

  try {
    yield 'retry: 1000\n\n'
    while (!signal.aborted) {
      // Before the look, so that what comes meanwhile is looked for after it.
      const heard = bell.heard()
      const changes = await notes.since(noteId, cursor)
      for (const { cursor: id, update } of changes.updates) {
        yield event(changes.isWhole ? 'resync' : 'update', update, id)
      }
      cursor = changes.cursor
      const awareness = told === undefined ? undefined : places.take(told)
      told = undefined
      if (awareness !== undefined) yield event('awareness', awareness)
      if (isBeat) {
        isBeat = false
        await recheck()
        yield ': still here\n\n'
      }
      if (!isWatching) return
      await heard
    }
  } catch (error) {
    const { kind } = refusalOf(error)
    if (kind === 'unknown') yield event('deleted')
    else if (kind === 'forbidden') yield event('refused')
    else if (kind !== 'closing' && kind !== 'unavailable') throw error
  } finally {
    clearInterval(timer)
    signal.removeEventListener('abort', bell.ring)
    // Which ends the watching, too.
    onEnd()
    following?.then((stop) => stop()).catch(() => {})
    await watching.catch(() => {})
  }
}

function event(name: string, data: Uint8Array = new Uint8Array(), id?: string): string {
  const lines = [`event: ${name}`, `data: ${Buffer.from(data).toString('base64')}`]
  if (id !== undefined) lines.unshift(`id: ${id}`)
  return `${lines.join('\n')}\n\n`
}

interface Bell {
  ring(): void
  /** Resolves with the next ring from now on. */
  heard(): Promise<void>
}

function createBell(): Bell {
  let next = Promise.withResolvers<void>()
  return {
    ring() {
      next.resolve()
      next = Promise.withResolvers()
    },
    heard: () => next.promise,
  }
}
