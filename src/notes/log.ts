/**
 * A note's log: updates numbered in the order of their commits, snapshots of all up to a number, and the plain
 * text beside them. It knows rows and bytes, and nothing of what is in them.
 *
 * Everything hangs on the head's `seq`, which is raised in the statement that adds the updates: the order of
 * commits is the order of numbers, there are no gaps, and so a reader that has everything up to a number can
 * ask for what comes after it.
 */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { gt, increment, inTable, lt, lte, ref } from '../engine/query.ts'
import { NotFoundError, UnavailableError } from '../errors.ts'
import {
  type NoteEdit,
  type NoteHead,
  type NoteUpdate,
  noteEdits,
  noteHeads,
  noteSearches,
  noteSnapshots,
  notes,
  noteTexts,
  noteUpdates,
} from '../schema/notes.ts'

/** What is to be added: a Yjs update, and who wrote it. */
export interface Entry {
  readonly data: Uint8Array
  readonly actor: string | null
}

/** A document in parts: the newest snapshot, if there is one, and all updates after it. */
export interface Parts {
  readonly head: NoteHead
  readonly snapshot: { readonly seq: number; readonly data: Uint8Array } | undefined
  readonly updates: readonly NoteUpdate[]
  /** The last update's number, or the snapshot's. */
  readonly seq: number
}

/** A whole document that is to take the place of `parts`. */
export interface Snapshot {
  readonly parts: Parts
  readonly data: Uint8Array
  readonly edits: readonly Omit<NoteEdit, 'noteId' | 'workspaceId'>[]
}

export interface NoteLog {
  /** The head, or null if there is no such note. */
  head(noteId: string, options?: CallOptions): Promise<NoteHead | null>
  /**
   * Adds updates in a row; resolves when they are durable, with the head as it is then: the last of them has
   * its `seq`. Throws `NotFoundError` when the note is gone, or is another one by now.
   */
  append(noteId: string, epoch: string, entries: readonly Entry[], options?: CallOptions): Promise<NoteHead>
  /**
   * The updates after this number, or undefined when some of them are only in the snapshot by now. Throws
   * `NotFoundError` when the note is gone, or is another one by now.
   */
  since(
    noteId: string,
    epoch: string,
    seq: number,
    options?: CallOptions,
  ): Promise<readonly NoteUpdate[] | undefined>
  /** Throws `NotFoundError`. */
  load(noteId: string, options?: CallOptions): Promise<Parts>
  /**
   * Puts a snapshot in the place of its parts. Of several at once one does, and the others change nothing.
   * Updates that readers may still ask for are kept for `retainMs`. Answers whether it did.
   */
  install(noteId: string, snapshot: Snapshot, retainMs: number): Promise<boolean>
  /** Stores the text as of this number, unless a later one is there. */
  project(noteId: string, epoch: string, seq: number, text: string, options?: CallOptions): Promise<void>
  /** Stores it, and makes it what is searched. */
  makeSearchable(
    noteId: string,
    epoch: string,
    seq: number,
    text: string,
    options?: CallOptions,
  ): Promise<void>
}

/** How often a reader tries again when snapshots overtake it. */
const ATTEMPTS = 20

export function createNoteLog(engine: Engine): NoteLog {
  async function load(noteId: string, options?: CallOptions): Promise<Parts> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const [head, [snapshot]] = await Promise.all([
        engine.get(noteHeads, noteId, options),
        engine.find(noteSnapshots, { where: { noteId }, orderBy: [['seq', 'desc']], limit: 1 }, options),
      ])
      if (head === null) throw new NotFoundError(notes.name, noteId)
      const from = snapshot?.seq ?? 0
      // The reads are not one view of the log, so they are held against one another.
      if (from !== head.snapshotSeq) continue
      const updates = await rowsAfter(noteId, head.epoch, from, options)
      const seq = from + updates.length
      if (isGapless(updates, from) && seq >= head.seq) return { head, snapshot, updates, seq }
    }
    throw new UnavailableError(`notes: ${JSON.stringify(noteId)} kept being compacted; try again`)
  }

  async function project(
    noteId: string,
    epoch: string,
    seq: number,
    text: string,
    options?: CallOptions,
  ): Promise<void> {
    const where = { noteId: within(noteId, epoch), seq: lt(seq) }
    await engine.update(noteTexts, { where, set: { seq, text } }, options)
  }

  /** Of this log: another note may have the id by now. */
  const within = (noteId: string, epoch: string) => inTable(noteHeads, 'noteId', { noteId, epoch })

  function rowsAfter(
    noteId: string,
    epoch: string,
    seq: number,
    options?: CallOptions,
  ): Promise<NoteUpdate[]> {
    const where = { noteId: within(noteId, epoch), seq: gt(seq) }
    return engine.find(noteUpdates, { where, orderBy: [['seq', 'asc']] }, options)
  }

  return {
    head: (noteId, options) => engine.get(noteHeads, noteId, options),

    async append(noteId, epoch, entries, options) {
      const count = entries.length
      const at = engine.now()
      const bytes = entries.reduce((sum, { data }) => sum + data.length, 0)
      const rows = entries.map(({ data, actor }, i) => ({
        noteId,
        seq: ref('seq', i + 1 - count),
        workspaceId: ref('workspaceId'),
        actor,
        at,
        data,
      }))
      const head = await engine.write(
        {
          head: {
            update: noteHeads,
            where: { noteId, epoch },
            set: { seq: increment(count), tailBytes: increment(bytes), unsearched: true },
          },
          steps: [{ insert: noteUpdates, rows }],
        },
        options,
      )
      if (head === null) throw new NotFoundError(notes.name, noteId)
      return head
    },

    async since(noteId, epoch, seq, options) {
      const updates = await rowsAfter(noteId, epoch, seq, options)
      if (updates.length > 0) return isGapless(updates, seq) ? updates : undefined
      // None there are, or none there are any more.
      const head = await engine.get(noteHeads, noteId, options)
      if (head?.epoch !== epoch) throw new NotFoundError(notes.name, noteId)
      return head.floorSeq > seq ? undefined : []
    },

    load,

    async install(noteId, { parts, data, edits }, retainMs) {
      const { head, seq, updates } = parts
      const now = engine.now()
      const { workspaceId } = head
      // Readers a little behind still find their place in the log.
      const isOld = now.getTime() - head.snapshotAt.getTime() >= retainMs
      const floorSeq = retainMs === 0 ? seq : isOld ? head.snapshotSeq : head.floorSeq
      const bytes = updates.reduce((sum, update) => sum + update.data.length, 0)
      const installed = await engine.write({
        head: {
          update: noteHeads,
          where: { noteId, epoch: head.epoch, snapshotSeq: head.snapshotSeq },
          set: {
            snapshotSeq: seq,
            snapshotAt: now,
            floorSeq,
            tailBytes: increment(-bytes),
            stateBytes: data.length,
          },
        },
        steps: [
          { insert: noteSnapshots, rows: [{ noteId, seq, workspaceId, data, at: now }] },
          { insert: noteEdits, rows: edits.map((edit) => ({ ...edit, noteId, workspaceId })) },
          { remove: noteUpdates, where: { noteId, seq: lte(floorSeq) } },
        ],
      })
      if (installed === null) return false
      // Only now: a reader that saw the one before may still be about to read it.
      await engine.remove(noteSnapshots, { where: { noteId, seq: lt(head.snapshotSeq) } })
      return true
    },

    project,

    async makeSearchable(noteId, epoch, seq, text, options) {
      // The text first: what is searched is never newer than what is read.
      await project(noteId, epoch, seq, text, options)
      const where = { noteId: within(noteId, epoch), seq: lt(seq) }
      await engine.update(noteSearches, { where, set: { seq, text } }, options)
      // Only now, and unless something was logged since: what is not marked is searched as it is.
      await engine.update(
        noteHeads,
        { where: { noteId, epoch, seq, unsearched: true }, set: { unsearched: false } },
        options,
      )
    },
  }
}

function isGapless(updates: readonly NoteUpdate[], from: number): boolean {
  const last = updates.at(-1)
  return last === undefined || (updates[0]!.seq === from + 1 && last.seq === from + updates.length)
}
