/**
 * Who is at a note, over all processes: each place where people come in (a server, or a client that speaks for
 * itself) tells a row, which holds until it expires. Notifications make it quick, and a look at the rows behind
 * them makes it sure.
 */

import type { Engine } from '../engine/engine.ts'
import { gt, lte, oneOfThese } from '../engine/query.ts'
import { NotFoundError } from '../errors.ts'
import { noteHeads, notePresence, notes } from '../schema/notes.ts'

/** Awareness updates (y-protocols), by the place that told them. */
export type Told = ReadonlyMap<string, Uint8Array>

export interface NotePresence {
  /**
   * Tells who is at a note, by an awareness update (y-protocols) that holds for so many milliseconds; with
   * null, that nobody is. Throws `NotFoundError`.
   */
  tell(noteId: string, place: string, data: Uint8Array | null, forMs: number): Promise<void>
  /** What every place has told, at first and whenever that may have changed, until the answer is called. */
  follow(noteId: string, handler: (told: Told) => void): Promise<() => void>
}

const CHANNEL = 'terrace.presence'
/** Milliseconds between looks for what notifications have missed. */
const POLL = 1000

/** `engine` is the one to write with, and may be confined; who follows is gathered over the one beneath it. */
export function createPresence(engine: Engine, beneath: Engine): NotePresence {
  return {
    async tell(noteId, place, data, forMs) {
      const expiresAt = new Date(engine.now().getTime() + forMs)
      if (data === null) await engine.remove(notePresence, { where: { noteId, place } })
      else {
        const head = await engine.get(noteHeads, noteId)
        if (head === null) throw new NotFoundError(notes.name, noteId)
        const { workspaceId } = head
        await engine.insert(notePresence, [{ noteId, place, workspaceId, data, expiresAt }], {
          onConflict: { columns: ['noteId', 'place'], set: { data, expiresAt } },
        })
      }
      // A hint: whoever misses it looks for himself. By the engine beneath, so that all hear of it.
      beneath.notify(CHANNEL, noteId).catch(() => {})
    },

    async follow(noteId, handler) {
      if ((await engine.get(noteHeads, noteId)) === null) throw new NotFoundError(notes.name, noteId)
      return lookoutOf(beneath).follow(noteId, handler)
    },
  }
}

/** One per database and process, however many follow. */
interface Lookout {
  follow(noteId: string, handler: (told: Told) => void): Promise<() => void>
}

const lookouts = new WeakMap<Engine, Lookout>()

function lookoutOf(engine: Engine): Lookout {
  let lookout = lookouts.get(engine)
  if (lookout === undefined) {
    lookout = createLookout(engine)
    lookouts.set(engine, lookout)
  }
  return lookout
}

function createLookout(engine: Engine): Lookout {
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
    timer ??= setInterval(look, POLL).unref()
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
      .catch(() => {})
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
    for (const [noteId, all] of told) for (const handler of followers.get(noteId) ?? []) handler(all)
  }

  return {
    async follow(noteId, handler) {
      const others = followers.get(noteId) ?? new Set()
      followers.set(noteId, others.add(handler))
      begin()
      look()
      // Whoever comes sweeps: places that ended without a word leave rows.
      engine.remove(notePresence, { where: { noteId, expiresAt: lte(engine.now()) } }).catch(() => {})
      await listening
      return () => {
        others.delete(handler)
        if (others.size === 0 && followers.get(noteId) === others) followers.delete(noteId)
        if (followers.size === 0) rest()
      }
    },
  }
}
