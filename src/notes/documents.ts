/**
 * All notes that are live in this process, over one database: each is there once, however many use it. Unused
 * ones are kept for a while, the least recently used go first.
 */

import { createHash, randomUUID } from 'node:crypto'
import type * as Y from 'yjs'
import type { Engine } from '../engine/engine.ts'
import { ClosedError, NotFoundError, UnavailableError } from '../errors.ts'
import { type NoteHead, notes, noteTexts } from '../schema/notes.ts'
import { type Compacted, encodeSnapshot, textOf } from './codec.ts'
import { type Compactor, createCompactor } from './compactor.ts'
import { bytesOf, createLiveDocument, type DocumentEvents, type LiveDocument } from './document.ts'
import type { Feed } from './feed.ts'
import { DEFAULT_LIMITS, type NoteLimits } from './limits.ts'
import { createNoteLog, type NoteLog, type Parts } from './log.ts'
import { createProjection, type Projection } from './projection.ts'

export interface NotesOptions {
  readonly limits?: Partial<NoteLimits> | undefined
  /** Milliseconds for which compacted updates are kept, so that readers a little behind find their place. */
  readonly retainMs?: number | undefined
  /** Milliseconds between looks for what notifications have missed. */
  readonly pollMs?: number | undefined
  /** Unused documents that are kept in memory. */
  readonly idleDocuments?: number | undefined
  /**
   * Hears what failed where nobody waits for it, and is tried again: a compaction, an update of an open document that
   * could not be logged, a look for what others did. Without it, each kind is printed as a warning once.
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** The text of a note as of an update of its log. */
export interface NoteContent {
  readonly noteId: string
  readonly text: string
  readonly seq: number
}

/** What can be done to documents, in a transaction as well. */
export interface DocumentVerbs {
  readonly log: NoteLog
  /** The text as everybody would see it who asks now. Throws `NotFoundError`. */
  read(noteId: string): Promise<NoteContent>
  /**
   * Changes a document that has everything logged so far, at once for all who have it open here; resolves when
   * the change is durable, with its number.
   */
  edit(noteId: string, change: (doc: Y.Doc) => void, actor: string | null): Promise<number>
  apply(noteId: string, update: Uint8Array, actor: string | null): Promise<number>
  /**
   * The text as the log has it, without what is still on its way there; null when no document can be made of the
   * log. Throws `NotFoundError`.
   */
  logged(noteId: string): Promise<NoteContent | null>
  /** The whole document as a snapshot. */
  state(noteId: string): Promise<{ readonly epoch: string; readonly seq: number; readonly data: Uint8Array }>
  /** Resolves when the texts of what was edited here are stored. */
  textsStored(): Promise<void>
}

export interface Documents extends DocumentVerbs {
  readonly limits: NoteLimits
  /** The notes that somebody has open. */
  open(): readonly string[]
  /** Somebody else has changed a note, or deleted it (`null`). */
  changed(noteId: string, seq: number | null, epoch?: string): Promise<void>
  /** Lends a document by its note, to be given back with `giveBack`. Everything logged so far is in it. */
  lend(noteId: string): Promise<LiveDocument>
  /** Resolves when all that was written to a live note is durable; answers whether it is live. */
  saved(noteId: string): Promise<boolean>
  /** Gives back a note that was lent, once all of it is durable; answers whether it was. */
  giveBack(noteId: string): Promise<boolean>
  /** Replaces the log by a snapshot now. Answers whether it did: not while updates wait for others. */
  compact(noteId: string): Promise<boolean>
  /** Saves and lets go of everything. */
  close(): Promise<void>
}

interface Live {
  readonly document: Promise<LiveDocument>
  /** Once it is there. */
  loaded: LiveDocument | undefined
  /** Who must not lose it; and of these, who has it open. */
  users: number
  held: number
}

/** A tail of so many bytes, or as many as the snapshot has, or of so many updates, is compacted. */
const TAIL_BYTES = 64_000
const TAIL_COUNT = 2000
/** What is left behind by a document that is let go. */
const TAIL_LEFT = 200

export function createDocuments(
  engine: Engine,
  feed: Feed,
  options: NotesOptions,
  failed: (error: unknown) => void,
): Documents {
  const limits: NoteLimits = { ...DEFAULT_LIMITS, ...options.limits }
  const retainMs = options.retainMs ?? 60_000
  const idleDocuments = options.idleDocuments ?? 64
  const log = createNoteLog(engine)
  const compactor: Compactor = createCompactor()
  /** In the order of use. */
  const live = new Map<string, Live>()
  const projections = new Map<string, Projection>()
  const compacting = new Map<string, Promise<boolean>>()
  const searching = new Set<Promise<void>>()
  /** Where the log stood when it could not be compacted, because updates waited for others. */
  const refused = new Map<string, number>()
  const heads = new Map<string, NoteHead>()
  const process = randomUUID()
  let closed = false

  const events: DocumentEvents = {
    wantsText: (document) => projectionOf(document).isDue(),
    logged(document, head, text) {
      heads.set(document.noteId, head)
      feed.publish({ kind: 'edited', noteId: head.noteId, workspaceId: head.workspaceId, seq: head.seq })
      projectionOf(document).logged(head.seq, text)
      const isRefused = head.seq - (refused.get(head.noteId) ?? -Infinity) < TAIL_LEFT
      if (isLong(head) && !isRefused) compact(document.noteId).catch(failed)
    },
    failed,
    gone: (document) => forget(document),
  }

  // ---------------------------------------------------------------- documents

  async function load(noteId: string): Promise<LiveDocument> {
    const [note, parts] = await Promise.all([engine.get(notes, noteId), log.load(noteId)])
    if (note === null) throw new NotFoundError(notes.name, noteId)
    const clientId = clientIdOf(`${process} ${parts.head.epoch}`)
    let document: LiveDocument
    try {
      document = createLiveDocument(noteId, parts, note.gc, { log, limits, clientId, events })
    } catch (error) {
      const message = `notes: the document of ${JSON.stringify(noteId)} cannot be read`
      throw new UnavailableError(message, { cause: error })
    }
    heads.set(noteId, parts.head)
    return document
  }

  /** Keeps a document from being let go until it is released; counted before it is there. */
  async function pin(noteId: string): Promise<LiveDocument> {
    if (closed) throw new ClosedError()
    let entry = live.get(noteId)
    if (entry === undefined) {
      entry = { document: load(noteId), loaded: undefined, users: 0, held: 0 }
    } else {
      live.delete(noteId)
    }
    live.set(noteId, entry)
    entry.users++
    try {
      entry.loaded = await entry.document
      return entry.loaded
    } catch (error) {
      if (live.get(noteId) === entry) live.delete(noteId)
      throw error
    }
  }

  function unpin(document: LiveDocument): void {
    const entry = live.get(document.noteId)
    // It may be another by now, if the note was deleted and made again.
    if (entry === undefined || entry.users === 0) return
    entry.users--
    evict()
  }

  /** The notes that somebody has open, and not merely edited. */
  function held(): string[] {
    return [...live].flatMap(([noteId, entry]) => (entry.held > 0 ? [noteId] : []))
  }

  /** Lets go of the documents that were not used for longest. */
  function evict(): void {
    for (const { users, loaded } of live.values()) {
      if (live.size <= idleDocuments) return
      if (users === 0 && loaded?.isClean) forget(loaded)
    }
  }

  function forget(document: LiveDocument): void {
    const { noteId } = document
    live.delete(noteId)
    const projected = projections.get(noteId)?.end()
    projections.delete(noteId)
    if (projected !== undefined && !closed && !document.isGone) rest(document, projected)
    const head = heads.get(noteId)
    heads.delete(noteId)
    refused.delete(noteId)
    document.destroy()
    if (head !== undefined && !closed && head.seq - head.snapshotSeq > TAIL_LEFT) {
      compact(noteId).catch(failed)
    }
  }

  /** Whoever searches makes searchable what is not, so that this may fail. */
  function rest({ noteId, epoch }: LiveDocument, projected: Promise<void>): void {
    const bring = async () => {
      await projected
      const stored = await engine.get(noteTexts, noteId)
      if (stored !== null) await log.makeSearchable(noteId, epoch, stored.seq, stored.text)
    }
    const done = bring()
      .catch(failed)
      .finally(() => searching.delete(done))
    searching.add(done)
  }

  async function using<R>(noteId: string, work: (document: LiveDocument) => Promise<R>): Promise<R> {
    const wasLive = live.has(noteId)
    const document = await pin(noteId)
    try {
      return await work(document)
    } catch (error) {
      if (!(wasLive && document.isGone && error instanceof NotFoundError)) throw error
    } finally {
      unpin(document)
    }
    // It was another note's: one that is gone. Whether there is one with its id now will be seen.
    return using(noteId, work)
  }

  function projectionOf(document: LiveDocument): Projection {
    let projection = projections.get(document.noteId)
    if (projection === undefined) {
      projection = createProjection(document, log, failed)
      projections.set(document.noteId, projection)
    }
    return projection
  }

  // ---------------------------------------------------------------- compaction

  async function compact(noteId: string): Promise<boolean> {
    const running = compacting.get(noteId)
    if (running !== undefined) return running
    const compaction = compactNow(noteId).finally(() => compacting.delete(noteId))
    compacting.set(noteId, compaction)
    return compaction
  }

  async function compactNow(noteId: string): Promise<boolean> {
    const [note, parts] = await Promise.all([engine.get(notes, noteId), log.load(noteId)])
    if (note === null || parts.updates.length === 0) return false
    const { data, text }: Compacted = await compactor.compact({
      gc: note.gc,
      snapshot: parts.snapshot?.data,
      updates: parts.updates.map((update) => update.data),
    })
    if (data === undefined) {
      refused.set(noteId, parts.seq)
      return false
    }
    refused.delete(noteId)
    const installed = await log.install(noteId, { parts, data, edits: editsOf(parts) }, retainMs)
    if (installed) await log.makeSearchable(noteId, parts.head.epoch, parts.seq, text)
    const head = heads.get(noteId)
    if (installed && head !== undefined) heads.set(noteId, { ...head, snapshotSeq: parts.seq })
    return installed
  }

  return {
    log,
    limits,
    open: held,

    async changed(noteId, seq, epoch) {
      const document = await live.get(noteId)?.document.catch(() => undefined)
      if (document === undefined) return
      const isSame = seq !== null && (epoch ?? document.epoch) === document.epoch
      if (isSame && seq <= document.seq) return
      // It looks for itself: what was heard may be of another note that had the id before.
      await document.catchUp(seq !== null).catch((error: unknown) => {
        if (!(error instanceof NotFoundError)) throw error
      })
    },

    state: (noteId) =>
      using(noteId, async (document) => {
        // Until nothing has come in between: then the document is the log up to its number.
        for (let attempt = 0; attempt < 20; attempt++) {
          await document.saved()
          await document.catchUp()
          if (document.isClean) break
        }
        return { epoch: document.epoch, seq: document.seq, data: encodeSnapshot(document.doc) }
      }),

    async textsStored() {
      await Promise.all([...projections.values()].map((projection) => projection.settle()))
    },

    async read(noteId) {
      const [head, stored] = await Promise.all([log.head(noteId), engine.get(noteTexts, noteId)])
      if (head === null || stored === null) throw new NotFoundError(notes.name, noteId)
      if (stored.seq === head.seq) return { noteId, text: stored.text, seq: stored.seq }
      return using(noteId, async (document) => {
        if (document.seq < head.seq || document.epoch !== head.epoch) await document.catchUp()
        void projectionOf(document).settle()
        return { noteId, text: textOf(document.doc), seq: document.seq }
      })
    },

    async logged(noteId) {
      const [head, stored] = await Promise.all([log.head(noteId), engine.get(noteTexts, noteId)])
      if (head !== null && stored?.seq === head.seq) return { noteId, text: stored.text, seq: stored.seq }
      const [parts, note] = await Promise.all([log.load(noteId), engine.get(notes, noteId)])
      try {
        const { text } = await compactor.compact({ gc: note?.gc ?? true, ...bytesOf(parts) })
        return { noteId, text, seq: parts.seq }
      } catch {
        return null
      }
    },

    edit: (noteId, change, actor) =>
      using(noteId, async (document) => {
        await document.catchUp()
        return document.edit(change, actor)
      }),

    apply: (noteId, update, actor) => using(noteId, (document) => document.apply(update, actor)),

    async saved(noteId) {
      const document = await live.get(noteId)?.document
      await document?.saved()
      return document !== undefined
    },

    lend: (noteId) =>
      using(noteId, async (document) => {
        await document.catchUp()
        const entry = live.get(noteId)!
        entry.users++
        entry.held++
        feed.follow()
        return document
      }),

    async giveBack(noteId) {
      const entry = live.get(noteId)
      if (entry === undefined || entry.held === 0) return false
      entry.held--
      const document = await entry.document
      try {
        await document.saved()
        return true
      } finally {
        entry.users--
        if (held().length === 0) feed.rest()
        // Whoever gave back the last of them has seen it go.
        evict()
      }
    },

    async compact(noteId) {
      // One that is under way began with less than there is now.
      const before = await compacting.get(noteId)?.catch(() => false)
      return (await compact(noteId)) || before === true
    },

    async close() {
      closed = true
      const documents = await Promise.all(
        [...live.values()].map(({ document }) => document.catch(() => undefined)),
      )
      const failures: unknown[] = []
      for (const document of documents) {
        if (document === undefined) continue
        await document.saved().catch((error: unknown) => failures.push(error))
        await projections.get(document.noteId)?.end()
        document.destroy()
      }
      live.clear()
      projections.clear()
      await Promise.all(searching)
      await Promise.allSettled(compacting.values())
      await compactor.close()
      if (failures.length > 0) throw failures[0]
    },
  }
}

function isLong({ seq, snapshotSeq, tailBytes, stateBytes }: NoteHead): boolean {
  return tailBytes >= Math.max(TAIL_BYTES, stateBytes) || seq - snapshotSeq >= TAIL_COUNT
}

/** The stretches of one writer. */
function editsOf({ updates }: Pick<Parts, 'updates'>) {
  const edits: { fromSeq: number; toSeq: number; actor: string | null; firstAt: Date; lastAt: Date }[] = []
  for (const { seq, actor, at } of updates) {
    const last = edits.at(-1)
    if (last?.actor === actor) Object.assign(last, { toSeq: seq, lastAt: at })
    else edits.push({ fromSeq: seq, toSeq: seq, actor, firstAt: at, lastAt: at })
  }
  return edits
}

/**
 * One per process and note, the same whenever the note is loaded again: every one that ever wrote makes the
 * document longer. It goes on where it stopped, because the document is loaded whole.
 */
function clientIdOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE()
}
