/**
 * Who is at a note, over all processes: each place where people come in (a server, or a client that speaks for
 * itself) tells a row, which holds until it expires. Notifications make it quick, and a look at the rows behind
 * them makes it sure.
 */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { gt, lte, oneOfThese } from '../engine/query.ts'
import { ClosedError, InvalidReferenceError, TransactionScopeError, ValidationError } from '../errors.ts'
import { checkValue } from '../schema/dsl/values.ts'
import { noteHeads, notePresence, notes } from '../schema/notes.ts'
import { idOf, notFound } from '../stores/store.ts'
import { homeOf, POLL } from './home.ts'

/** Awareness updates (y-protocols), by the place that told them. */
export type Told = ReadonlyMap<string, Uint8Array>

export interface NotePresence {
  /**
   * Tells who is at a note, by an awareness update (y-protocols) that holds for so many milliseconds; with
   * null, that nobody is. Throws `NotFoundError`.
   */
  tell(
    noteId: string,
    place: string,
    data: Uint8Array | null,
    forMs: number,
    options?: CallOptions,
  ): Promise<void>
  /**
   * What every place has told, at first and whenever that may have changed, until the answer is called. Throws
   * `NotFoundError`.
   */
  follow(noteId: string, handler: (told: Told) => void, options?: CallOptions): Promise<() => void>
}

const CHANNEL = 'terrace.presence'

/** `engine` is the one to write with, and may be confined; who follows is gathered over the one beneath it. */
export function createPresence(engine: Engine, beneath: Engine): NotePresence {
  return {
    async tell(noteId, place, data, forMs, options) {
      const id = idOf(notes, noteId)
      checkValue(notePresence, notePresence.columns.place, place)
      const head = (await engine.get(noteHeads, id, options)) ?? notFound(notes, id)
      if (data === null) await engine.remove(notePresence, { where: { noteId: id, place } }, options)
      else {
        const { workspaceId } = head
        const expiresAt = new Date(engine.now().getTime() + millisecondsOf(forMs))
        const row = { noteId: id, place, workspaceId, data, expiresAt }
        const onConflict = { columns: ['noteId', 'place'], set: { data, expiresAt } } as const
        try {
          await engine.insert(notePresence, [row], { ...options, onConflict })
        } catch (error) {
          // Deleted since it was looked for.
          if (error instanceof InvalidReferenceError) notFound(notes, id)
          throw error
        }
      }
      // A hint: whoever misses it looks for himself. By the engine beneath, so that all hear of it.
      beneath.notify(CHANNEL, id).catch(() => {})
    },

    async follow(noteId, handler, options) {
      const id = idOf(notes, noteId)
      if (typeof handler !== 'function') throw refuse('whoever follows presence is a function', 'handler')
      if ((await engine.get(noteHeads, id, options)) === null) notFound(notes, id)
      if (!('tier' in beneath)) {
        throw new TransactionScopeError(
          'following is not part of a transaction; use the outer System, outside',
        )
      }
      return lookoutOf(beneath).follow(id, handler)
    },
  }
}

function millisecondsOf(forMs: unknown): number {
  if (typeof forMs === 'number' && Number.isFinite(forMs)) return forMs
  throw refuse('presence holds for a number of milliseconds', 'forMs')
}

function refuse(message: string, column: string): ValidationError {
  return new ValidationError(`notes: ${message}`, notePresence.name, column)
}

/** One per database and process, however many follow. */
interface Lookout {
  follow(noteId: string, handler: (told: Told) => void): Promise<() => void>
}

const lookouts = new WeakMap<Engine, Lookout>()

function lookoutOf(engine: Engine): Lookout {
  let lookout = lookouts.get(engine)
  if (lookout === undefined) {
    lookout = createLookout(engine, homeOf(engine).options.pollMs ?? POLL)
    lookouts.set(engine, lookout)
  }
  return lookout
}

function createLookout(engine: Engine, pollMs: number): Lookout {
  const followers = new Map<string, Set<(told: Told) => void>>()
  let timer: NodeJS.Timeout | undefined
  let listening: Promise<readonly (() => Promise<void>)[]> | undefined
  let looking: Promise<void> | undefined
  let again = false

  function begin(): void {
    listening ??= Promise.all([
      engine.listen(CHANNEL, (noteId) => {
        if (followers.has(noteId)) look()
      }),
      engine.onCommit(look),
    ]).catch(() => [])
    timer ??= setInterval(look, pollMs).unref()
  }

  function rest(): void {
    clearInterval(timer)
    timer = undefined
    const stops = listening
    listening = undefined
    stops?.then((all) => Promise.all(all.map((stop) => stop()))).catch(() => {})
  }

  /** One at a time; whoever asks meanwhile gets another one after it. */
  function look(): void {
    if (looking !== undefined) {
      again = true
      return
    }
    looking = tellAll()
      .catch((error: unknown) => {
        // Of a closed database nothing is told any more.
        if (error instanceof ClosedError) rest()
      })
      .finally(() => {
        looking = undefined
        if (!again) return
        again = false
        look()
      })
  }

  async function tellAll(): Promise<void> {
    const noteIds = [...followers.keys()]
    if (noteIds.length === 0) return
    const now = engine.now()
    const rows = await engine.find(notePresence, {
      where: { noteId: oneOfThese(noteIds), expiresAt: gt(now) },
    })
    const told = new Map(noteIds.map((noteId) => [noteId, new Map<string, Uint8Array>()]))
    for (const { noteId, place, data } of rows) told.get(noteId)?.set(place, data)
    for (const [noteId, all] of told) {
      // One that throws is no concern of the others.
      for (const handler of followers.get(noteId) ?? []) queueMicrotask(() => handler(all))
    }
  }

  return {
    async follow(noteId, handler) {
      const others = followers.get(noteId) ?? new Set()
      const mine = (told: Told) => {
        if (others.has(mine)) handler(told)
      }
      followers.set(noteId, others.add(mine))
      begin()
      look()
      // Whoever comes sweeps: places that ended without a word leave rows.
      engine.remove(notePresence, { where: { noteId, expiresAt: lte(engine.now()) } }).catch(() => {})
      await listening
      return () => {
        others.delete(mine)
        if (others.size === 0 && followers.get(noteId) === others) followers.delete(noteId)
        if (followers.size === 0) rest()
      }
    },
  }
}
