/**
 * One note, live in this process: a Yjs document that everything here shares, whatever is written to it on its
 * way into the log, and whatever others have logged on its way into it.
 *
 * What the document emits is what is logged: an update that it knows already emits nothing and costs nothing.
 * Who writes is told when the log has it, never before. What could not be logged stays and is tried again: the
 * document would otherwise go on from what nobody else will ever see.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import * as Y from 'yjs'
import { ClosedError, NotFoundError, ValidationError } from '../errors.ts'
import { type NoteHead, notes } from '../schema/notes.ts'
import { applyParts, isWaiting, textOf } from './codec.ts'
import { checkUpdate } from './foreign.ts'
import { type NoteLimits, tooMuch } from './limits.ts'
import type { Entry, NoteLog, Parts } from './log.ts'
import { revocable } from './revocable.ts'

export interface LiveDocument {
  readonly noteId: string
  readonly epoch: string
  readonly doc: Y.Doc
  /** Everything up to this update of the log is in the document. */
  readonly seq: number
  /** Nothing is in it that is not logged. */
  readonly isClean: boolean
  /** The note was deleted, or this was let go. */
  readonly isGone: boolean
  /**
   * Takes in what others have logged, which is quicker when it is known that they have. Throws `NotFoundError` when
   * the note is gone.
   */
  catchUp(isBehind?: boolean): Promise<void>
  /**
   * Changes the document; resolves when that is durable, with the number of the update, or with the number as it
   * was if nothing changed. What could not be logged is undone. An error of `change` itself comes out and nothing is
   * logged.
   */
  edit(change: (doc: Y.Doc) => void, actor: string | null): Promise<number>
  /** The same for an update from elsewhere. Throws `ValidationError` for what is none, or too large. */
  apply(update: Uint8Array, actor: string | null): Promise<number>
  /** Resolves when all that was written so far is durable; rejects while it cannot be. */
  saved(): Promise<void>
  /** Lets go of the document. Everything must have been saved. */
  destroy(): void
}

export interface DocumentEvents {
  /** Whether the text is wanted with the next updates that are logged. */
  wantsText(document: LiveDocument): boolean
  /** This process has logged updates. The text, if it was wanted, is as of the head's number. */
  logged(document: LiveDocument, head: NoteHead, text: string | undefined): void
  /** What was written could not be logged, and is tried again. */
  failed(error: unknown): void
  /** The note was deleted. */
  gone(document: LiveDocument): void
}

/** Of what is tried again, after whoever waited for it was told. */
const retried = () => {}

/** As if nobody had called. */
const inTheBackground = AsyncLocalStorage.snapshot()

/** Marks transactions that bring in what is logged already. */
const LOGGED = Symbol('terrace.logged')

/** Who changes a document by hand says so: `doc.transact(…, { actor })`. */
function actorOf(origin: unknown, fallback: string | null): string | null {
  const { actor } = Object(origin) as { readonly actor?: unknown }
  return typeof actor === 'string' ? actor : fallback
}

interface Waiting extends Entry {
  /** Rejected once; after that it is merely tried again. */
  readonly waiters: { resolve(seq: number): void; reject(error: unknown): void }[]
}

/** Updates merged at a time: merging takes more than linear time. */
const MERGED = 64
/** Milliseconds after a failure until the next try, at first and at most. */
const RETRY = [50, 5000] as const

export function createLiveDocument(
  noteId: string,
  parts: Parts,
  gc: boolean,
  {
    log,
    limits,
    clientId,
    events,
  }: {
    readonly log: NoteLog
    readonly limits: NoteLimits
    readonly clientId: number
    readonly events: DocumentEvents
  },
): LiveDocument {
  const { epoch } = parts.head
  const doc = new Y.Doc({ gc, guid: noteId })
  applyParts(doc, bytesOf(parts), LOGGED)
  // Only now: Yjs takes another number when it is given what its own has written.
  doc.clientID = clientId

  let { seq } = parts
  /** Bytes of the document as the log has it: an estimate that only has to be of the right size. */
  let bytes = parts.head.stateBytes + parts.updates.reduce((sum, { data }) => sum + data.length, 0)
  let waiting: Waiting[] = []
  let saving: Promise<void> | undefined
  let scheduled = false
  /** The database is closed: nothing is tried again by itself. */
  let halted = false
  let failures = 0
  let retry: NodeJS.Timeout | undefined
  let gone: Error | undefined
  let catching: Promise<void> | undefined
  let following: Promise<void> | undefined
  /** Set while a change of ours runs: its updates are gathered here. */
  let gathered: Uint8Array[] | undefined

  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin === LOGGED || gone !== undefined) return
    if (gathered !== undefined) gathered.push(update)
    else enqueue(update, actorOf(origin, null)).catch(retried)
  })

  function enqueue(data: Uint8Array, actor: string | null): Promise<number> {
    return new Promise((resolve, reject) => {
      waiting.push({ data, actor, waiters: [{ resolve, reject }] })
      schedule()
    })
  }

  function schedule(): void {
    if (scheduled || saving !== undefined || retry !== undefined) return
    scheduled = true
    halted = false
    // Whoever writes to the document may be within a transaction, of which this is no part.
    inTheBackground(() =>
      queueMicrotask(() => {
        scheduled = false
        saving ??= save().finally(() => {
          saving = undefined
          if (waiting.length > 0 && !halted) schedule()
        })
      }),
    )
  }

  /** If it is wanted. An application may have put together what no text can be made of, which is to be logged all the same. */
  function textNow(): string | undefined {
    try {
      return events.wantsText(live) ? textOf(doc) : undefined
    } catch (error) {
      events.failed(error)
      return undefined
    }
  }

  /** Logs what waits; what comes meanwhile makes up the next round. */
  async function save(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      const { entries, placeOf } = merged(batch)
      // Now the document is the log, as far as it was read, and this batch.
      const readTo = seq
      const text = textNow()
      let head: NoteHead
      try {
        head = await log.append(noteId, epoch, entries)
      } catch (error) {
        if (error instanceof NotFoundError) {
          for (const { waiters } of batch) for (const { reject } of waiters) reject(error)
          return drop(error)
        }
        failed(batch, error)
        return
      }
      failures = 0
      bytes += entries.reduce((sum, { data }) => sum + data.length, 0)
      const first = head.seq - entries.length + 1
      // Others have logged something in between, which is still to be read.
      const isNext = first === seq + 1
      if (isNext) seq = head.seq
      for (const [i, { waiters }] of batch.entries()) {
        for (const { resolve } of waiters) resolve(first + placeOf[i]!)
      }
      // What arrived meanwhile is in the document, and not in the text.
      events.logged(live, head, first === readTo + 1 ? text : undefined)
    }
  }

  function failed(batch: readonly Waiting[], error: unknown): void {
    // Those who wait are told; what they wrote is in the document, and so goes on waiting without them.
    for (const { waiters } of batch) for (const { reject } of waiters) reject(error)
    waiting = [...batch.map((entry) => ({ ...entry, waiters: [] })), ...waiting]
    // A closed System will not come back.
    if (error instanceof ClosedError) {
      halted = true
      return
    }
    events.failed(error)
    // The process stays for it: what is not logged would be lost.
    const delay = Math.min(RETRY[0] * 2 ** failures++, RETRY[1])
    retry = setTimeout(() => {
      retry = undefined
      schedule()
    }, delay)
  }

  /** Neighbours of one writer make up one row. */
  function merged(batch: readonly Waiting[]): { entries: Entry[]; placeOf: number[] } {
    const entries: Entry[] = []
    const placeOf: number[] = []
    let run: Uint8Array[] = []
    let size = 0
    const end = () => {
      if (run.length === 0) return
      const data = run.length === 1 ? run[0]! : Y.mergeUpdates(run)
      entries.push({ data, actor: batch[placeOf.length - 1]!.actor })
      run = []
      size = 0
    }
    for (const [i, { data, actor }] of batch.entries()) {
      const isFull = run.length >= MERGED || size + data.length > limits.updateBytes
      if (run.length > 0 && (isFull || actor !== batch[i - 1]!.actor)) end()
      placeOf.push(entries.length)
      run.push(data)
      size += data.length
    }
    end()
    return { entries, placeOf }
  }

  function check(): void {
    if (gone !== undefined) throw gone
  }

  /**
   * Runs a change and answers what came of it, as one update; undefined if nothing did. Of a change that fails
   * halfway the document keeps a half, which therefore has to be logged.
   */
  function gather(change: () => void, actor: string | null): Uint8Array | undefined {
    const outer = gathered
    const own: Uint8Array[] = []
    gathered = own
    const together = () => (own.length < 2 ? own[0] : Y.mergeUpdates(own))
    try {
      change()
      return together()
    } catch (error) {
      const half = together()
      if (half !== undefined) enqueue(half, actor).catch(retried)
      throw error
    } finally {
      gathered = outer
    }
  }

  async function catchUp(isBehind: boolean): Promise<void> {
    check()
    try {
      if (!isBehind && (await currentHead()).seq <= seq) return
      const updates = await log.since(noteId, epoch, seq)
      check()
      if (updates === undefined) {
        const parts = await log.load(noteId)
        // Let go of meanwhile, it must not be given what the one that was loaded after it has written.
        check()
        if (parts.head.epoch !== epoch) throw new NotFoundError(notes.name, noteId)
        takeIn(parts.seq, bytesOf(parts))
      } else if (updates.length > 0) {
        takeIn(updates.at(-1)!.seq, { snapshot: undefined, updates: updates.map(({ data }) => data) })
      }
    } catch (error) {
      if (error instanceof NotFoundError) drop(error)
      throw error
    }
  }

  /** Throws when another note has the id by now. */
  async function currentHead(): Promise<NoteHead> {
    const head = await log.head(noteId)
    if (head?.epoch !== epoch) throw new NotFoundError(notes.name, noteId)
    return head
  }

  function takeIn(upTo: number, given: Parameters<typeof applyParts>[1]): void {
    applyParts(doc, given, LOGGED)
    bytes += given.updates.reduce((sum, update) => sum + update.length, 0)
    if (upTo > seq) seq = upTo
  }

  function drop(error: NotFoundError): void {
    if (gone !== undefined) return
    gone = error
    clearTimeout(retry)
    for (const { waiters } of waiting) for (const { reject } of waiters) reject(error)
    waiting = []
    events.gone(live)
  }

  const live: LiveDocument = {
    noteId,
    epoch,
    doc,
    get seq() {
      return seq
    },
    get isClean() {
      return waiting.length === 0 && saving === undefined && !scheduled
    },
    get isGone() {
      return gone !== undefined
    },

    catchUp(isBehind = false) {
      if (catching === undefined) {
        catching = catchUp(isBehind).finally(() => {
          catching = undefined
        })
        return catching
      }
      // Whoever comes while one is under way needs one that begins after that, and shares it.
      following ??= catching
        // Its own caller hears of it.
        .catch(() => {})
        .then(() => {
          following = undefined
          return live.catchUp()
        })
      return following
    },

    async edit(change, actor) {
      check()
      if (bytes > limits.documentBytes) throw tooMuch('the document has bytes:', bytes, limits.documentBytes)
      const origin = { actor }
      const made = revocable(doc, origin, () => gather(() => doc.transact(() => change(doc), origin), actor))
      if (made.result === undefined) return seq
      try {
        return await enqueue(made.result, actor)
      } catch (error) {
        // Whoever hears that it was not written may write it again, and should not have it twice.
        const undone = gone === undefined ? gather(made.undo, actor) : undefined
        if (undone !== undefined) enqueue(undone, actor).catch(retried)
        throw error
      } finally {
        made.keep()
      }
    },

    async apply(update, actor) {
      check()
      if (!(update instanceof Uint8Array)) {
        throw new ValidationError('notes: an update is a Uint8Array', notes.name)
      }
      if (update.length > limits.updateBytes)
        throw tooMuch('an update has bytes:', update.length, limits.updateBytes)
      if (bytes + update.length > limits.documentBytes) {
        throw tooMuch('the document would have bytes:', bytes + update.length, limits.documentBytes)
      }
      checkUpdate(doc, update, limits)
      // Yjs adds to what is pending in place, so it is told by its bytes.
      const { pendingDs } = doc.store
      const pending = doc.store.pendingStructs?.update
      let emitted: Uint8Array | undefined
      try {
        emitted = gather(() => Y.applyUpdate(doc, update, { actor }), actor)
      } catch (error) {
        throw new ValidationError('notes: the update cannot be applied', notes.name, undefined, {
          cause: error,
        })
      }
      const isKept = doc.store.pendingStructs?.update !== pending || doc.store.pendingDs !== pendingDs
      // What waits for another update is not emitted, and would be lost.
      if (isKept && isWaiting(doc)) return enqueue(update, actor)
      if (emitted !== undefined) return enqueue(emitted, actor)
      // Known already, but perhaps from a moment ago: it is not durable before that is.
      await live.saved()
      return seq
    },

    async saved() {
      check()
      if (retry !== undefined) {
        clearTimeout(retry)
        retry = undefined
        schedule()
      }
      while (waiting.length > 0 || saving !== undefined || scheduled) {
        const { promise, resolve, reject } = Promise.withResolvers<number>()
        const last = waiting.at(-1)
        if (last === undefined) await saving
        else {
          last.waiters.push({ resolve, reject })
          schedule()
          await promise
        }
        check()
      }
    },

    destroy() {
      gone ??= new ClosedError('this document is closed; open it again')
      clearTimeout(retry)
      doc.destroy()
    },
  }
  return live
}

export function bytesOf({ snapshot, updates }: Parts) {
  return { snapshot: snapshot?.data, updates: updates.map(({ data }) => data) }
}
