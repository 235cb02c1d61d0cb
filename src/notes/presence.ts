/**
 * Who is at a note, over all processes: each place where people come in (a server, or a client that speaks for
 * itself) tells a row, which holds until it expires. Notifications make it quick, and a look at the rows behind
 * them makes it sure.
 */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { gt, lte, oneOfThese } from '../engine/query.ts'
import { InvalidReferenceError, TransactionScopeError, ValidationError } from '../errors.ts'
import { checkValue } from '../schema/dsl/values.ts'
import { noteHeads, notePresence, notes } from '../schema/notes.ts'
import { idOf, notFound } from '../stores/store.ts'
import { type Home, homeOf, isRoot, POLL } from './home.ts'
import { createLookout } from './lookout.ts'

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
      const telling = beneath.notify(CHANNEL, id)
      if (isRoot(beneath)) telling.catch(homeOf(beneath).failed)
      else await telling
    },

    async follow(noteId, handler, options) {
      const id = idOf(notes, noteId)
      if (typeof handler !== 'function') throw refuse('whoever follows presence is a function', 'handler')
      if ((await engine.get(noteHeads, id, options)) === null) notFound(notes, id)
      if (!isRoot(beneath)) {
        throw new TransactionScopeError(
          'following is not part of a transaction; use the outer System, outside',
        )
      }
      return followersOf(beneath).follow(id, handler)
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
interface Followers {
  follow(noteId: string, handler: (told: Told) => void): Promise<() => void>
}

const known = new WeakMap<Engine, Followers>()

function followersOf(engine: Engine): Followers {
  let followers = known.get(engine)
  if (followers === undefined) {
    followers = createFollowers(engine, homeOf(engine))
    known.set(engine, followers)
  }
  return followers
}

function createFollowers(engine: Engine, { options, failed }: Home): Followers {
  const followers = new Map<string, Set<(told: Told) => void>>()
  const lookout = createLookout(engine, {
    channel: CHANNEL,
    heard(noteId) {
      if (followers.has(noteId)) lookout.look()
    },
    look: tellAll,
    pollMs: options.pollMs ?? POLL,
    failed,
  })

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
      const listening = lookout.begin()
      lookout.look()
      // Whoever comes sweeps: places that ended without a word leave rows.
      engine.remove(notePresence, { where: { noteId, expiresAt: lte(engine.now()) } }).catch(failed)
      await listening
      return () => {
        others.delete(mine)
        if (others.size === 0 && followers.get(noteId) === others) followers.delete(noteId)
        if (followers.size === 0) lookout.rest()
      }
    },
  }
}
