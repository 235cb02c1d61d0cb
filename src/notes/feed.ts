/**
 * What happens to notes, from whichever process: notifications where they are heard, and a look at the heads
 * behind them, because a notification may be lost. It delays; it loses nothing.
 */

import type { Engine } from '../engine/engine.ts'
import { oneOfThese } from '../engine/query.ts'
import { noteHeads, notes } from '../schema/notes.ts'
import { createLookout } from './lookout.ts'

export interface NoteEvent {
  readonly kind: 'created' | 'edited' | 'updated' | 'deleted'
  readonly noteId: string
  readonly workspaceId: string
  /** The newest update's number at that time. */
  readonly seq: number
}

/** An event as it is passed on. */
export interface NoteNews extends NoteEvent {
  /** The note's, with what changes it: tells an update that was told already. */
  readonly version?: number | undefined
}

export interface Feed {
  /** Tells everybody, here at once and elsewhere soon. */
  publish(event: NoteNews): void
  /** Begins to listen, for documents that are open. */
  follow(): void
  /** No documents are open. */
  rest(): void
  /** `isVisible` is asked once, before anything is told; what it throws, the reader gets. */
  watch(
    interest: Interest,
    signal?: AbortSignal,
    isVisible?: () => Promise<boolean>,
  ): AsyncIterableIterator<NoteEvent>
  close(): Promise<void>
}

export interface Interest {
  readonly workspaceId?: string | undefined
  readonly noteId?: string | undefined
}

interface Watcher {
  readonly interest: Interest
  /** What was there when it was last looked at, by note; absent before the first look. */
  known: ReadonlyMap<string, Known> | undefined
  /** The same may come several times: from a notification, and from a look. */
  push(event: NoteNews): void
  /** The notes of which something was told, and not that they are gone. */
  standing(): readonly (readonly [string, { readonly workspaceId: string }])[]
}

interface Known {
  readonly workspaceId: string
  readonly seq: number
  readonly version: number
}

/** What a watcher was told of a note. */
interface Told extends Known {
  readonly created: boolean
  readonly deleted: boolean
}

/** More milliseconds than anybody waits. */
const FOREVER = 2 ** 31 - 1
const CHANNEL = 'terrace.notes'
/** Milliseconds for which notifications are gathered: each costs more than a small write. */
const GATHER = 10
/** So many fit one notification, however long their ids. */
const TOGETHER = 6

/** Tells others, with the commit if it is a transaction's engine. */
export async function announce(engine: Engine, events: readonly NoteNews[], sender = ''): Promise<void> {
  const part = events.map(({ kind, noteId, workspaceId, seq, version }) => [
    kind,
    noteId,
    workspaceId,
    seq,
    version,
  ])
  await engine.notify(CHANNEL, JSON.stringify([sender, part]))
}

export function createFeed(
  engine: Engine,
  {
    pollMs,
    openNotes,
    changed,
    failed,
  }: {
    readonly pollMs: number
    readonly openNotes: () => readonly string[]
    /** `seq` is null for a note that is gone. */
    readonly changed: (noteId: string, seq: number | null, epoch?: string) => Promise<void>
    /** Of what is tried again, or not needed. */
    readonly failed: (error: unknown) => void
  },
): Feed {
  const watchers = new Set<Watcher>()
  /** To be told to others, by note and kind: the newest of each is enough. */
  const outgoing = new Map<string, NoteNews>()
  let sending: Promise<void> | undefined
  let hurry = () => {}
  let closed = false
  const lookout = createLookout(engine, { channel: CHANNEL, heard, look, pollMs, failed })

  function publish(event: NoteNews): void {
    emit(event)
    outgoing.set(`${event.kind} ${event.noteId}`, event)
    if (closed) return
    sending ??= send()
  }

  /** One after the other, for by two connections the later might overtake. */
  async function send(): Promise<void> {
    // What happens in this turn goes together.
    await new Promise((resolve) => setImmediate(resolve))
    while (outgoing.size > 0) {
      // And so does what comes in the next moments.
      const moment = new Promise<void>((resolve) => {
        hurry = resolve
        setTimeout(resolve, GATHER).unref()
      })
      const events = [...outgoing.values()]
      outgoing.clear()
      for (let i = 0; i < events.length; i += TOGETHER) {
        // A hint: whoever misses it looks for himself.
        await announce(engine, events.slice(i, i + TOGETHER), sender).catch(failed)
      }
      if (!closed) await moment
    }
    sending = undefined
  }

  function emit(event: NoteNews): void {
    for (const watcher of watchers) {
      const { workspaceId, noteId } = watcher.interest
      if (workspaceId !== undefined && workspaceId !== event.workspaceId) continue
      if (noteId !== undefined && noteId !== event.noteId) continue
      watcher.push(event)
    }
  }

  const sender = Math.random().toString(36).slice(2)

  function heard(payload: string): void {
    let events: unknown
    try {
      const [from, part] = JSON.parse(payload) as [string, unknown]
      if (from === sender) return
      events = part
    } catch {
      return
    }
    // The cast: nobody else uses the channel.
    const news = events as [NoteEvent['kind'], string, string, number, number?][]
    for (const [kind, noteId, workspaceId, seq, version] of news) {
      if (kind === 'edited' || kind === 'deleted') {
        changed(noteId, kind === 'deleted' ? null : seq).catch(failed)
      }
      emit({ kind, noteId, workspaceId, seq, version })
    }
  }

  // ---------------------------------------------------------------- looking for oneself

  function follow(): void {
    void lookout.begin()
  }

  function rest(): void {
    if (watchers.size === 0) lookout.rest()
  }

  async function look(): Promise<void> {
    const open = openNotes()
    if (open.length > 0) {
      const heads = await engine.find(noteHeads, { where: { noteId: oneOfThese(open) } })
      const found = new Map(heads.map((head) => [head.noteId, head]))
      await Promise.all(
        open.map((noteId) => {
          const head = found.get(noteId)
          return changed(noteId, head?.seq ?? null, head?.epoch).catch(failed)
        }),
      )
    }
    const byInterest = Map.groupBy(watchers, ({ interest }) => JSON.stringify(interest))
    for (const group of byInterest.values()) await compare(group)
  }

  /** Tells watchers of one interest what is not as it was when they last looked. */
  async function compare(group: readonly Watcher[]): Promise<void> {
    // The others are about to have their first look, which may be newer than this one.
    const begun = group.flatMap((watcher) =>
      watcher.known === undefined ? [] : [[watcher, watcher.known] as const],
    )
    if (begun.length === 0) return
    // Who deletes may be heard of before who made, and then nothing but a look tells that it is gone.
    const standing = new Map(begun.map(([watcher]) => [watcher, watcher.standing()]))
    const now = await present(group[0]!.interest)
    for (const [watcher, before] of begun) {
      watcher.known = now
      for (const [noteId, { workspaceId, seq, version }] of now) {
        const was = before.get(noteId)
        const tell = (kind: NoteEvent['kind']) => watcher.push({ kind, noteId, workspaceId, seq, version })
        if (was === undefined) tell('created')
        else {
          if (seq > was.seq) tell('edited')
          if (version > was.version) tell('updated')
        }
      }
      for (const [noteId, { workspaceId }] of [...before, ...standing.get(watcher)!]) {
        if (!now.has(noteId)) watcher.push({ kind: 'deleted', noteId, workspaceId, seq: 0 })
      }
    }
  }

  async function present({ workspaceId, noteId }: Interest): Promise<ReadonlyMap<string, Known>> {
    const [rows, heads] = await Promise.all([
      engine.find(notes, { where: workspaceId === undefined ? { id: noteId! } : { workspaceId } }),
      engine.find(noteHeads, { where: workspaceId === undefined ? { noteId: noteId! } : { workspaceId } }),
    ])
    const seqs = new Map(heads.map((head) => [head.noteId, head.seq]))
    return new Map(
      rows.map(({ id, workspaceId, version }) => [id, { workspaceId, seq: seqs.get(id) ?? 0, version }]),
    )
  }

  function watch(
    interest: Interest,
    signal?: AbortSignal,
    isVisible: () => Promise<boolean> = async () => true,
  ): AsyncIterableIterator<NoteEvent> {
    /** The newest of each kind of each note: a slow reader misses repetitions, and nothing else. */
    const queue = new Map<string, NoteEvent>()
    /** What was queued before, by note. */
    const told = new Map<string, Told>()
    let news = Promise.withResolvers<void>()
    const wake = () => {
      news.resolve()
      news = Promise.withResolvers()
    }
    let ended = closed
    const watcher: Watcher = {
      interest,
      known: undefined,
      push({ kind, noteId, workspaceId, seq, version = 0 }) {
        const before = told.get(noteId)
        const nothing = { workspaceId, created: false, deleted: false, seq: -1, version: 0 }
        // One that has the id of one that is gone.
        const so = before === undefined || (before.deleted && kind === 'created') ? nothing : before
        if (so.deleted || (kind === 'created' && so.created)) return
        if (kind === 'edited' && so.seq >= seq) return
        if (kind === 'updated' && version > 0 && so.version >= version) return
        told.set(noteId, {
          workspaceId,
          created: so.created || kind === 'created',
          deleted: kind === 'deleted',
          seq: Math.max(so.seq, kind === 'edited' || kind === 'created' ? seq : -1),
          version: Math.max(so.version, kind === 'updated' || kind === 'created' ? version : 0),
        })
        queue.set(`${kind} ${noteId}`, { kind, noteId, workspaceId, seq })
        wake()
      },
      standing: () => [...told].filter(([, { deleted }]) => !deleted),
    }
    const end = () => {
      if (ended) return
      ended = true
      watchers.delete(watcher)
      enders.delete(end)
      signal?.removeEventListener('abort', end)
      wake()
      if (openNotes().length === 0) rest()
    }
    if (!ended) {
      enders.add(end)
      watchers.add(watcher)
      follow()
    }
    if (signal?.aborted) end()
    signal?.addEventListener('abort', end, { once: true })
    const ready = start()
    // Nobody may be reading.
    ready.catch(() => {})
    async function start(): Promise<void> {
      try {
        const isTold = await isVisible()
        if (!isTold) queue.clear()
        if (!isTold || ended) return end()
        // Only what comes after is told.
        watcher.known = await present(interest)
      } catch (error) {
        end()
        throw error
      }
    }
    return {
      async next() {
        await ready
        for (;;) {
          const first = queue.entries().next()
          if (!first.done) {
            const [key, event] = first.value
            queue.delete(key)
            return { value: event, done: false }
          }
          if (ended) return { value: undefined, done: true }
          // Whoever waits for news keeps the process alive, as who waits for a connection does.
          const alive = setInterval(() => {}, FOREVER)
          await news.promise
          clearInterval(alive)
        }
      },
      async return() {
        end()
        return { value: undefined, done: true }
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  const enders = new Set<() => void>()

  return {
    publish,
    follow,
    rest,
    watch,
    async close() {
      for (const end of [...enders]) end()
      closed = true
      hurry()
      await Promise.all([sending, lookout.close()])
    },
  }
}
