/**
 * What happens to notes, from whichever process: notifications where they are heard, and a look at the heads
 * behind them, because a notification may be lost. It delays; it loses nothing.
 */

import type { Engine } from '../engine/engine.ts'
import { oneOfThese } from '../engine/query.ts'
import { noteHeads, notes } from '../schema/notes.ts'

export interface NoteEvent {
  readonly kind: 'created' | 'edited' | 'updated' | 'deleted'
  readonly noteId: string
  readonly workspaceId: string
  /** The newest update's number at that time. */
  readonly seq: number
}

export interface Feed {
  /** Tells everybody, here at once and elsewhere soon. */
  publish(event: NoteEvent): void
  /** Begins to listen, for documents that are open. */
  follow(): void
  /** No documents are open. */
  rest(): void
  /** `isVisible` is asked once, before anything is told. */
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
  push(event: NoteEvent): void
}

const CHANNEL = 'terrace.notes'
/** Milliseconds for which notifications are gathered: each costs more than a small write. */
const GATHER = 10
/** So many fit one notification, however long their ids. */
const TOGETHER = 6

/** Tells others, with the commit if it is a transaction's engine. */
export async function announce(engine: Engine, events: readonly NoteEvent[], sender = ''): Promise<void> {
  const part = events.map(({ kind, noteId, workspaceId, seq }) => [kind, noteId, workspaceId, seq])
  await engine.notify(CHANNEL, JSON.stringify([sender, part]))
}

export function createFeed(
  engine: Engine,
  {
    pollMs,
    openNotes,
    changed,
  }: {
    readonly pollMs: number
    readonly openNotes: () => readonly string[]
    /** `seq` is null for a note that is gone. */
    readonly changed: (noteId: string, seq: number | null) => Promise<void>
  },
): Feed {
  const watchers = new Set<Watcher>()
  /** To be told to others, by note and kind: the newest of each is enough. */
  const outgoing = new Map<string, NoteEvent>()
  /** What watchers of a workspace have been told, by note. */
  const told = new Map<
    string,
    { readonly workspaceId: string; readonly seq: number; readonly version: number }
  >()
  let gathering: NodeJS.Timeout | undefined
  let timer: NodeJS.Timeout | undefined
  let listening: Promise<readonly (() => Promise<void>)[]> | undefined
  let polling: Promise<void> | undefined
  let again = false
  let closed = false

  function publish(event: NoteEvent): void {
    emit(event)
    outgoing.set(`${event.kind} ${event.noteId}`, event)
    if (gathering !== undefined || closed) return
    gathering = setTimeout(send, 0)
    gathering.unref()
  }

  function send(): void {
    const events = [...outgoing.values()]
    outgoing.clear()
    gathering = undefined
    for (let i = 0; i < events.length; i += TOGETHER) {
      // A hint: whoever misses it looks for himself.
      announce(engine, events.slice(i, i + TOGETHER), sender).catch(() => {})
    }
    // What comes in the next moments goes together.
    gathering = setTimeout(() => {
      gathering = undefined
      if (outgoing.size > 0 && !closed) send()
    }, GATHER)
    gathering.unref()
  }

  function emit(event: NoteEvent): void {
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
    for (const [kind, noteId, workspaceId, seq] of events as [NoteEvent['kind'], string, string, number][]) {
      if (kind === 'edited' || kind === 'deleted') {
        changed(noteId, kind === 'deleted' ? null : seq).catch(() => {})
      }
      emit({ kind, noteId, workspaceId, seq })
    }
  }

  // ---------------------------------------------------------------- looking for oneself

  function follow(): void {
    if (closed || listening !== undefined) return
    listening = Promise.all([engine.listen(CHANNEL, heard), engine.onCommit(() => poll())]).catch(() => {
      listening = undefined
      return []
    })
    timer = setInterval(poll, pollMs)
    timer.unref()
  }

  function rest(): void {
    if (watchers.size > 0 || listening === undefined) return
    clearInterval(timer)
    const stops = listening
    listening = undefined
    stops.then((all) => Promise.all(all.map((stop) => stop()))).catch(() => {})
  }

  /** One at a time; whoever asks meanwhile gets another one after it. */
  function poll(): void {
    if (polling !== undefined) {
      again = true
      return
    }
    polling = look()
      .catch(() => {})
      .finally(() => {
        polling = undefined
        if (again && !closed) {
          again = false
          poll()
        }
      })
  }

  async function look(): Promise<void> {
    const open = openNotes()
    if (open.length > 0) {
      const heads = await engine.find(noteHeads, { where: { noteId: oneOfThese(open) } })
      const seqs = new Map(heads.map(({ noteId, seq }) => [noteId, seq]))
      await Promise.all(open.map((noteId) => changed(noteId, seqs.get(noteId) ?? null).catch(() => {})))
    }
    const workspaces = new Set([...watchers].flatMap(({ interest }) => interest.workspaceId ?? []))
    const single = new Set(
      [...watchers].flatMap(({ interest }) =>
        interest.workspaceId === undefined ? (interest.noteId ?? []) : [],
      ),
    )
    for (const workspaceId of workspaces)
      await compare({ workspaceId }, (entry) => entry.workspaceId === workspaceId)
    if (single.size > 0)
      await compare({ id: oneOfThese([...single]) }, (_entry, noteId) => single.has(noteId))
  }

  async function compare(
    where: object,
    isAsked: (entry: { readonly workspaceId: string }, noteId: string) => boolean,
  ): Promise<void> {
    const { id, workspaceId: place } = where as { id?: unknown; workspaceId?: string }
    const [rows, heads] = await Promise.all([
      engine.find(notes, { where: where as never }),
      engine.find(noteHeads, {
        where: (place === undefined ? { noteId: id } : { workspaceId: place }) as never,
      }),
    ])
    const seqs = new Map(heads.map(({ noteId, seq }) => [noteId, seq]))
    const present = new Set<string>()
    for (const { id: noteId, workspaceId, version } of rows) {
      present.add(noteId)
      const seq = seqs.get(noteId) ?? 0
      const before = told.get(noteId)
      told.set(noteId, { workspaceId, seq, version })
      const tell = (kind: NoteEvent['kind']) => emit({ kind, noteId, workspaceId, seq })
      if (before === undefined) tell('created')
      else {
        if (seq > before.seq) tell('edited')
        if (version > before.version) tell('updated')
      }
    }
    for (const [noteId, entry] of told) {
      if (present.has(noteId) || !isAsked(entry, noteId)) continue
      told.delete(noteId)
      emit({ kind: 'deleted', noteId, workspaceId: entry.workspaceId, seq: entry.seq })
    }
  }

  /** Takes down how things are, so that only what comes after is told. */
  async function begin({ workspaceId, noteId }: Interest): Promise<void> {
    const where = workspaceId === undefined ? { id: noteId! } : { workspaceId }
    const headsWhere = workspaceId === undefined ? { noteId: noteId! } : { workspaceId }
    const [rows, heads] = await Promise.all([
      engine.find(notes, { where }),
      engine.find(noteHeads, { where: headsWhere }),
    ])
    const seqs = new Map(heads.map((head) => [head.noteId, head.seq]))
    for (const row of rows) {
      if (told.has(row.id)) continue
      told.set(row.id, { workspaceId: row.workspaceId, seq: seqs.get(row.id) ?? 0, version: row.version })
    }
  }

  function watch(
    interest: Interest,
    signal?: AbortSignal,
    isVisible: () => Promise<boolean> = async () => true,
  ): AsyncIterableIterator<NoteEvent> {
    /** The newest of each kind of each note: a slow reader misses repetitions, and nothing else. */
    const queue = new Map<string, NoteEvent>()
    let wake: (() => void) | undefined
    let ended = closed
    const watcher: Watcher = {
      interest,
      push(event) {
        const key = `${event.kind} ${event.noteId}`
        const before = queue.get(key)
        if (event.kind === 'edited' && (before?.seq ?? last.get(event.noteId) ?? -1) >= event.seq) return
        queue.set(key, event)
        wake?.()
      },
    }
    /** The newest number that the reader was told of, by note: notifications and looks tell the same. */
    const last = new Map<string, number>()
    const end = () => {
      if (ended) return
      ended = true
      watchers.delete(watcher)
      enders.delete(end)
      signal?.removeEventListener('abort', end)
      wake?.()
      if (openNotes().length === 0) rest()
    }
    if (!ended) {
      enders.add(end)
      watchers.add(watcher)
      follow()
    }
    if (signal?.aborted) end()
    signal?.addEventListener('abort', end, { once: true })
    const ready = ended ? Promise.resolve() : start()
    async function start(): Promise<void> {
      if (await isVisible().catch(() => false)) return begin(interest).catch(() => {})
      queue.clear()
      end()
    }
    return {
      async next() {
        await ready
        for (;;) {
          const first = queue.entries().next()
          if (!first.done) {
            const [key, event] = first.value
            queue.delete(key)
            if (event.kind === 'edited') last.set(event.noteId, event.seq)
            if (event.kind === 'deleted') last.delete(event.noteId)
            return { value: event, done: false }
          }
          if (ended) return { value: undefined, done: true }
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          wake = undefined
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
      if (outgoing.size > 0) send()
      closed = true
      clearTimeout(gathering)
      clearInterval(timer)
      const stops = await (listening ?? [])
      await Promise.allSettled(stops.map((stop) => stop()))
      await polling
    },
  }
}
