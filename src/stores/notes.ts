/**
 * Documents that people and agents write at the same time. A note's content is a Yjs document, kept as a log of
 * updates; its plain text is kept beside it. What is written is durable when its promise resolves, and nothing
 * that was acknowledged is ever lost: not to another writer, and not to a crash.
 */

import type * as Y from 'yjs'
import { wholeOf } from '../confine.ts'
import type { CallOptions, Engine } from '../engine/engine.ts'
import { contains, increment, oneOfThese, ref } from '../engine/query.ts'
import { NotFoundError, TransactionScopeError, ValidationError } from '../errors.ts'
import type { Documents, DocumentVerbs, NoteContent } from '../notes/documents.ts'
import { announce, type Interest, type NoteEvent, type NoteNews } from '../notes/feed.ts'
import { homeOf, isRoot, transientDocuments } from '../notes/home.ts'
import { createPresence, type NotePresence } from '../notes/presence.ts'
import { fold } from '../schema/dsl/fold.ts'
import { compareText } from '../schema/dsl/order.ts'
import { checkValue } from '../schema/dsl/values.ts'
import {
  type NoteEdit,
  type NoteHead,
  type NoteRow,
  type NoteUpdate,
  type NoteVersionRow,
  noteEdits,
  noteHeads,
  noteSearches,
  notes,
  noteTexts,
  noteUpdates,
  noteVersions,
} from '../schema/notes.ts'
import { workspaces } from '../schema/workspaces.ts'
import {
  ATTEMPTS,
  checkLimit,
  checkObject,
  contended,
  defineStore,
  detached,
  type Filter,
  idOf,
  type NewOf,
  newRow,
  notFound,
  type PatchOf,
  type StoreVerbs,
  storeVerbs,
} from './store.ts'

export type Note = NoteRow
export type { NoteContent, NoteEvent }

/** Late texts that are made searchable at a time. */
const AT_ONCE = 8

const definition = defineStore(notes, { fixed: ['type', 'gc'] })

export type NewNote = NewOf<typeof definition> & {
  /** What it says to begin with. */
  readonly text?: string | undefined
}
export type NotePatch = PatchOf<typeof definition>

export interface WriteOptions extends CallOptions {
  /** Who writes; kept with the update. */
  readonly actor?: string | null | undefined
}

/** What was written is durable, and is the update of this number. */
export interface Written {
  readonly noteId: string
  readonly seq: number
}

/** What a note's log has got since a cursor. */
export interface NoteChanges {
  /** Where a reader is who has taken these in. */
  readonly cursor: string
  /**
   * The cursor given leads nowhere (none, too old, or of another log): the one update is the whole document, and
   * what the reader has of it may be of another.
   */
  readonly isWhole: boolean
  /** Yjs updates (V1) in the order of the log, each with where it leads. */
  readonly updates: readonly { readonly cursor: string; readonly update: Uint8Array }[]
}

/** A state that has a name. */
export type NoteVersion = Pick<NoteVersionRow, 'label' | 'seq' | 'actor' | 'createdAt'>

export interface NoteHistory {
  /** By age. */
  readonly versions: NoteVersion[]
  /** Who wrote what, in order: stretches of one writer each. */
  readonly edits: Pick<NoteEdit, 'actor' | 'fromSeq' | 'toSeq' | 'firstAt' | 'lastAt'>[]
}

export interface NoteMatch {
  readonly note: Note
  /** What is around the first place of the text that matches; null when only the title does. */
  readonly excerpt: string | null
}

export interface NoteStore extends StoreVerbs<typeof notes, NewNote, NotePatch, Filter<typeof notes>> {
  /** The workspace's spec, which is made if there is none: once, however many ask. What is given counts only then. */
  ensureSpec(
    workspaceId: string,
    options?: CallOptions & { readonly title?: string | undefined; readonly text?: string | undefined },
  ): Promise<Note>
  /** The text as everybody would see it who asks now. Throws `NotFoundError`. */
  read(id: string, options?: CallOptions): Promise<NoteContent>
  /** Adds to the end. Throws `NotFoundError`. */
  append(id: string, text: string, options?: WriteOptions): Promise<Written>
  /** Inserts at a place, counted as in a string. Throws `ValidationError` where there is none. */
  insert(id: string, index: number, text: string, options?: WriteOptions): Promise<Written>
  /**
   * Replaces a part of the text by another. Throws `ValidationError` when the text does not contain `old`, or
   * more than once.
   */
  replace(
    id: string,
    change: { readonly old: string; readonly new: string },
    options?: WriteOptions,
  ): Promise<Written>
  /**
   * Makes of the text what was made of `base`: what others have written since stays. `base` is what `read`
   * answered, or its text.
   */
  edit(
    id: string,
    base: string | { readonly text: string },
    text: string,
    options?: WriteOptions,
  ): Promise<Written>
  /**
   * Adds a Yjs update (V1), of whatever origin; one that is known already changes nothing. Throws
   * `ValidationError` for what is none, and for what is over a limit.
   */
  applyUpdate(id: string, update: Uint8Array, options?: WriteOptions): Promise<Written>
  /** Where the log stands now: a cursor for `since`. Throws `NotFoundError`. */
  cursor(id: string, options?: CallOptions): Promise<string>
  /** What was logged after a cursor; with null, the whole document. Throws `NotFoundError`. */
  since(id: string, cursor: string | null, options?: CallOptions): Promise<NoteChanges>
  /** Who is at which note, over all processes. */
  readonly presence: NotePresence
  /**
   * The live document: one per process, and what others write appears in it. Its text is
   * `doc.getText('content')`; `doc.transact(…, { actor })` says who writes. Give it back with `close`.
   */
  open(id: string, options?: CallOptions): Promise<Y.Doc>
  /**
   * Resolves when all that was written to an open document is durable; rejects when it could not be. Throws
   * `NotFoundError`.
   */
  saved(id: string, options?: CallOptions): Promise<void>
  /** Gives back a document that was opened, saved. Throws `NotFoundError`. */
  close(id: string, options?: CallOptions): Promise<void>
  /**
   * What happens to notes from now on, in whichever process, until the loop is left or the signal aborts. What
   * happens in quick succession may be told as one, and what happened just before may be told as well.
   */
  watch(
    interest: { readonly workspaceId: string } | { readonly noteId: string },
    options?: CallOptions,
  ): AsyncIterableIterator<NoteEvent>
  /** Throws `NotFoundError`. */
  history(id: string, options?: CallOptions): Promise<NoteHistory>
  /** Names the state as it is now. Throws `AlreadyExistsError` for a name that is taken. */
  label(id: string, label: string, options?: WriteOptions): Promise<NoteVersion>
  /** Makes the note what it was, by an edit. Throws `NotFoundError` for an unknown name. */
  restore(id: string, label: string, options?: WriteOptions): Promise<Written>
  /**
   * Notes whose title or text contains this, whatever its case, in the order of their ids, which is by age unless
   * they were given. 50 unless told, 1,000 at most.
   */
  search(
    workspaceId: string,
    text: string,
    options?: CallOptions & { readonly limit?: number | undefined },
  ): Promise<NoteMatch[]>
  /** Replaces the log by a snapshot now, which otherwise happens by itself. Answers whether it did. */
  compact(id: string, options?: CallOptions): Promise<boolean>
}

export function createNoteStore(engine: Engine): NoteStore {
  const verbs = storeVerbs(engine, definition)
  const beneath = wholeOf(engine) ?? engine
  const home = isRoot(beneath) ? homeOf(beneath) : undefined
  const isConfined = beneath !== engine

  async function documents(): Promise<DocumentVerbs> {
    return home === undefined ? transientDocuments(engine) : home.documents()
  }

  async function liveDocuments(): Promise<Documents> {
    if (home !== undefined) return home.documents()
    throw notInTransactions('live documents are')
  }

  /** What lives in the process knows no workspaces, so a confined store looks first. */
  async function check(id: unknown, options?: CallOptions): Promise<string> {
    const noteId = idOf(notes, id)
    await checkPlace(options)
    if (isConfined) await checkPresent(noteId, options)
    return noteId
  }

  /**
   * What lives in the process knows nothing of transactions and of closing either. A search for nothing costs
   * nothing, and is refused where every call is.
   */
  async function checkPlace(options: CallOptions | undefined): Promise<void> {
    await engine.find(noteHeads, { limit: 0 }, options)
  }

  async function checkPresent(noteId: string, options: CallOptions | undefined): Promise<void> {
    if ((await engine.get(noteHeads, noteId, options)) === null) notFound(notes, noteId)
  }

  async function tell(
    kind: NoteEvent['kind'],
    { id, workspaceId, version }: Pick<Note, 'id' | 'workspaceId'> & { readonly version?: number },
    seq: number,
  ) {
    const event: NoteNews = { kind, noteId: id, workspaceId, seq, version }
    if (home !== undefined) home.feed.publish(event)
    else await announce(engine, [event])
  }

  /** Who changes their mind is not kept waiting; what is on its way by then stays on it. */
  async function written(
    noteId: string,
    write: () => Promise<number>,
    signal: AbortSignal | undefined,
  ): Promise<Written> {
    signal?.throwIfAborted()
    return { noteId, seq: await unlessAborted(write(), signal) }
  }

  async function change(
    id: string,
    load: () => Promise<(doc: Y.Doc) => void>,
    { actor, signal }: WriteOptions,
  ): Promise<Written> {
    const by = actorOf(actor)
    const noteId = await check(id, { signal })
    const [change, docs] = await Promise.all([load(), documents()])
    const done = await written(noteId, () => docs.edit(noteId, change, by), signal)
    if (home === undefined) await tellEdited(noteId, done.seq)
    return done
  }

  /** In a transaction, where nobody else does. */
  async function tellEdited(noteId: string, seq: number): Promise<void> {
    const head = await engine.get(noteHeads, noteId)
    if (head !== null) await tell('edited', { id: noteId, workspaceId: head.workspaceId }, seq)
  }

  /** What was written since a text was last made searchable is made so here, whoever wrote it. */
  async function searchLate(workspaceId: string, options: CallOptions): Promise<void> {
    await home?.textsStored()
    const late = await engine.find(noteHeads, { where: { workspaceId, unsearched: true } }, options)
    if (late.length === 0) return
    const docs = await documents()
    const bring = async ({ noteId, epoch }: NoteHead) => {
      try {
        const logged = await docs.logged(noteId)
        // What cannot be read is found by what it said before, and keeps nobody from the others.
        if (logged !== null) await docs.log.makeSearchable(noteId, epoch, logged.seq, logged.text, options)
      } catch (error) {
        // Deleted in the meantime.
        if (!(error instanceof NotFoundError)) throw error
      }
    }
    for (let i = 0; i < late.length; i += AT_ONCE) await Promise.all(late.slice(i, i + AT_ONCE).map(bring))
  }

  async function make(
    input: NewNote,
    orFind: boolean,
    options: CallOptions | undefined,
  ): Promise<Note | null> {
    const { text, ...columns } = detached(notes, Object(input) as NewNote)
    const row = newRow(engine, definition, columns)
    const content = text === undefined ? '' : checkText(text)
    const data = content === '' ? undefined : (await import('../notes/seed.ts')).seed(content)
    const at = row.createdAt
    const noteId = ref('id')
    const workspaceId = ref('workspaceId')
    const seq = data === undefined ? 0 : 1
    const made = await engine.write(
      {
        head: {
          insert: notes,
          row,
          ...(orFind && { onConflict: { columns: ['workspaceId'] } }),
        },
        steps: [
          {
            insert: noteHeads,
            rows: [
              {
                noteId,
                workspaceId,
                epoch: engine.newId(),
                seq,
                snapshotAt: at,
                tailBytes: data?.length ?? 0,
              },
            ],
          },
          { insert: noteTexts, rows: [{ noteId, workspaceId, seq, text: content }] },
          { insert: noteSearches, rows: [{ noteId, workspaceId, seq, text: content }] },
          ...(data === undefined
            ? []
            : [{ insert: noteUpdates, rows: [{ noteId, seq, workspaceId, actor: null, at, data }] }]),
        ],
      },
      options,
    )
    if (made !== null) await tell('created', made, seq)
    return made
  }

  return {
    ...verbs,

    async create(input, options) {
      // The cast: without a conflict to give way to, it is made or refused.
      return (await make(input, false, options)) as Note
    },

    async ensureSpec(workspaceId, { title = 'Spec', text, signal } = {}) {
      const where = { workspaceId: idOf(notes, workspaceId), type: 'spec' } as const
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const [found] = await engine.find(notes, { where, limit: 1 }, { signal })
        if (found !== undefined) return found
        const made = await make({ workspaceId, type: 'spec', title, text }, true, { signal })
        if (made !== null) return made
        // Somebody else's is there now.
      }
      throw contended(notes, workspaceId)
    },

    async update(id, patch, options) {
      const note = await verbs.update(id, patch, options)
      const head = await engine.get(noteHeads, note.id, options)
      await tell('updated', note, head?.seq ?? 0)
      return note
    },

    async delete(id, options) {
      const [note] = await engine.remove(notes, { where: { id: idOf(notes, id) } }, options)
      if (note === undefined) return false
      await home?.gone(note.id)
      await tell('deleted', note, 0)
      return true
    },

    async read(id, options) {
      const noteId = await check(id, options)
      return (await documents()).read(noteId)
    },

    append: async (id, text, options = {}) =>
      change(id, async () => (await editing()).appended(checkText(text)), options),
    insert: async (id, index, text, options = {}) =>
      change(id, async () => (await editing()).inserted(index, checkText(text)), options),
    async replace(id, parts, options = {}) {
      checkObject(notes, parts)
      const { old, new: by } = parts
      return change(id, async () => (await editing()).replaced(checkPart(old), checkText(by)), options)
    },
    edit: async (id, base, text, options = {}) =>
      change(id, async () => (await editing()).merged(checkBase(base), checkText(text)), options),

    async applyUpdate(id, update, { actor, signal } = {}) {
      const by = actorOf(actor)
      const noteId = await check(id, { signal })
      const docs = await documents()
      const done = await written(noteId, () => docs.apply(noteId, update, by), signal)
      if (home === undefined) await tellEdited(noteId, done.seq)
      return done
    },

    async cursor(id, options) {
      const noteId = idOf(notes, id)
      return cursorOf((await engine.get(noteHeads, noteId, options)) ?? notFound(notes, noteId))
    },

    async since(id, cursor, options) {
      const noteId = await check(id, options)
      const docs = await documents()
      const place = placeOf(cursor)
      const head = (await engine.get(noteHeads, noteId, options)) ?? notFound(notes, noteId)
      const isKnown = place?.epoch === head.epoch && place.seq <= head.seq
      const rows = isKnown ? await docs.log.since(noteId, place.epoch, place.seq, options) : undefined
      if (rows !== undefined && place !== undefined) {
        const updates = rows.map(({ seq, data }) => ({
          cursor: cursorOf({ ...place, seq }),
          update: data,
        }))
        return { cursor: updates.at(-1)?.cursor ?? cursorOf(place), isWhole: false, updates }
      }
      const [{ epoch, seq, data }, { snapshotAsUpdate }] = await Promise.all([
        docs.state(noteId),
        import('../notes/codec.ts'),
      ])
      const at = cursorOf({ epoch, seq })
      return { cursor: at, isWhole: true, updates: [{ cursor: at, update: snapshotAsUpdate(data) }] }
    },

    presence: createPresence(engine, beneath),

    async open(id, options) {
      const noteId = await check(id, options)
      return (await (await liveDocuments()).lend(noteId)).doc
    },

    async saved(id, options) {
      const noteId = await check(id, options)
      const isOpen = await (await liveDocuments()).saved(noteId)
      if (!isOpen) await checkPresent(noteId, options)
    },

    async close(id, options) {
      const noteId = await check(id, options)
      const wasOpen = await (await liveDocuments()).giveBack(noteId)
      if (!wasOpen) await checkPresent(noteId, options)
    },

    watch(interest, options = {}) {
      const place = checkInterest(interest)
      if (home === undefined) return notWatching(options)
      return home.feed.watch(place, options.signal, async () => {
        await checkPlace(options)
        return !isConfined || isVisible(place)
      })
    },

    async history(id, options) {
      const noteId = idOf(notes, id)
      const [head, versions, tail] = await Promise.all([
        engine.get(noteHeads, noteId, options),
        engine.find(noteVersions, { where: { noteId }, orderBy: [['createdAt', 'asc']] }, options),
        engine.find(noteUpdates, { where: { noteId }, orderBy: [['seq', 'asc']] }, options),
      ])
      // After the updates: what is compacted meanwhile is here then.
      const edits = await engine.find(
        noteEdits,
        { where: { noteId }, orderBy: [['fromSeq', 'asc']] },
        options,
      )
      if (head === null) return notFound(notes, noteId)
      return {
        versions: versions.map(({ label, seq, actor, createdAt }) => ({ label, seq, actor, createdAt })),
        edits: joinEdits(edits, tail),
      }
    },

    async label(id, label, { actor, signal } = {}) {
      const by = actorOf(actor)
      const noteId = await check(id, { signal })
      checkValue(notes, noteVersions.columns.label, label)
      const { epoch, seq, data } = await (await documents()).state(noteId)
      const createdAt = engine.now()
      const workspaceId = ref('workspaceId')
      const row = { id: engine.newId(), noteId, workspaceId, label, seq, actor: by, data, createdAt }
      // The head insists that it is the note still whose state this is, and stays as it is.
      const named = await engine.write(
        {
          head: { update: noteHeads, where: { noteId, epoch }, set: { seq: increment(0) } },
          steps: [{ insert: noteVersions, rows: [row] }],
        },
        { signal },
      )
      if (named === null) return notFound(notes, noteId)
      return { label, seq, actor: by, createdAt }
    },

    async restore(id, label, options = {}) {
      const noteId = idOf(notes, id)
      if (typeof label !== 'string') throw new ValidationError('notes: a label is text', notes.name, 'label')
      const [version] = await engine.find(noteVersions, { where: { noteId, label }, limit: 1 }, options)
      if (version === undefined) {
        await checkPresent(noteId, options)
        throw new NotFoundError(noteVersions.name, label)
      }
      return change(noteId, async () => (await import('../notes/restore.ts')).restored(version.data), options)
    },

    async search(workspaceId, text, { limit, signal } = {}) {
      const place = idOf(notes, workspaceId)
      const most = checkLimit(notes, limit)
      const sought = checkPart(text)
      await checkPlace({ signal })
      await searchLate(place, { signal })
      const [titled, matching] = await Promise.all([
        engine.find(
          notes,
          { where: { workspaceId: place, title: contains(sought) }, limit: most },
          { signal },
        ),
        engine.find(
          noteSearches,
          { where: { workspaceId: place, text: contains(sought) }, limit: most },
          { signal },
        ),
      ])
      const found = new Map(matching.map((each) => [each.noteId, each.text]))
      const rows = new Map(titled.map((note) => [note.id, note]))
      const missing = [...found.keys()].filter((noteId) => !rows.has(noteId))
      const [others, texts] = await Promise.all([
        engine.find(notes, { where: { id: oneOfThese(missing) } }, { signal }),
        engine.find(noteTexts, { where: { noteId: oneOfThese([...found.keys()]) } }, { signal }),
      ])
      for (const note of others) rows.set(note.id, note)
      const written = new Map(texts.map((each) => [each.noteId, each.text]))
      return [...rows.values()]
        .sort((a, b) => compareText(a.id, b.id))
        .slice(0, most)
        .map((note) => {
          const content = found.get(note.id)
          if (content === undefined) return { note, excerpt: null }
          // Somebody may have written something else since; then it is shown as it was searched.
          return {
            note,
            excerpt: excerptOf(written.get(note.id) ?? '', sought) ?? excerptOf(content, sought),
          }
        })
    },

    async compact(id, options) {
      const noteId = await check(id, options)
      return (await liveDocuments()).compact(noteId)
    },
  }

  // biome-ignore lint/correctness/useYield: it ends before there is anything to tell
  async function* notWatching(options: CallOptions): AsyncGenerator<never, undefined> {
    await checkPlace(options)
    throw notInTransactions('watching is')
  }

  /** Whether a confined store may hear of this. */
  async function isVisible({ workspaceId, noteId }: Interest): Promise<boolean> {
    if (workspaceId !== undefined && (await engine.get(workspaces, workspaceId)) === null) return false
    return noteId === undefined || (await engine.get(noteHeads, noteId)) !== null
  }
}

function notInTransactions(what: string): TransactionScopeError {
  return new TransactionScopeError(`${what} not part of a transaction; use the outer System, outside`)
}

const editing = () => import('../notes/editing.ts')

function unlessAborted<R>(work: Promise<R>, signal: AbortSignal | undefined): Promise<R> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function checkText(text: unknown): string {
  return checkValue(notes, { ...noteTexts.columns.text!, key: 'text' }, text) as string
}

function checkPart(text: unknown): string {
  if (text === '') throw new ValidationError('notes: what is looked for may not be empty', notes.name)
  return checkText(text)
}

function checkBase(base: unknown): string {
  return checkText(
    typeof base === 'object' && base !== null ? (base as { readonly text?: unknown }).text : base,
  )
}

function actorOf(actor: unknown): string | null {
  if (actor === undefined || actor === null) return null
  return checkValue(noteUpdates, noteUpdates.columns.actor, actor) as string
}

function checkInterest(interest: unknown): Interest {
  const { workspaceId, noteId } = Object(interest) as Record<string, unknown>
  if (typeof workspaceId === 'string') return { workspaceId }
  if (typeof noteId === 'string') return { noteId }
  throw new ValidationError('notes: watch a workspace or a note: { workspaceId } or { noteId }', notes.name)
}

interface Place {
  readonly epoch: string
  readonly seq: number
}

function cursorOf({ epoch, seq }: Place): string {
  return `${epoch}.${seq}`
}

/** Undefined for what is no cursor. */
function placeOf(cursor: unknown): Place | undefined {
  const [, epoch, seq] = /^(.+)\.(\d{1,15})$/.exec(typeof cursor === 'string' ? cursor : '') ?? []
  return epoch === undefined ? undefined : { epoch, seq: Number(seq) }
}

/** What was compacted, and after that what is in the log: stretches of one writer each. */
function joinEdits(edits: readonly NoteEdit[], tail: readonly NoteUpdate[]): NoteHistory['edits'] {
  const compacted = edits.at(-1)?.toSeq ?? 0
  const rest = tail.filter(({ seq }) => seq > compacted)
  const single = rest.map(({ seq, actor, at }) => ({
    fromSeq: seq,
    toSeq: seq,
    actor,
    firstAt: at,
    lastAt: at,
  }))
  const joined: { actor: string | null; fromSeq: number; toSeq: number; firstAt: Date; lastAt: Date }[] = []
  for (const { actor, fromSeq, toSeq, firstAt, lastAt } of [...edits, ...single]) {
    const last = joined.at(-1)
    if (last?.actor === actor) Object.assign(last, { toSeq, lastAt })
    else joined.push({ actor, fromSeq, toSeq, firstAt, lastAt })
  }
  return joined
}

/** The first line that matches, or else the place; null if there is none. */
function excerptOf(text: string, sought: string): string | null {
  const folded = fold(sought)
  // The text as a whole is for what goes over several lines.
  for (const source of [...text.split('\n'), text]) {
    const place = fold(source).indexOf(folded)
    if (place >= 0) {
      const at = Math.max(0, place - 60)
      return source.slice(at, at + 200).toWellFormed()
    }
  }
  return null
}
