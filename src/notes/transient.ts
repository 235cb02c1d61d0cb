/**
 * Notes within a transaction: a document is read, changed and logged by it alone, and forgotten. What lives in
 * the process is left out of it, because what the transaction writes may never come to be.
 */

import type * as Y from 'yjs'
import type { Engine } from '../engine/engine.ts'
import { NotFoundError } from '../errors.ts'
import { notes, noteTexts } from '../schema/notes.ts'
import { buildDocument, encodeSnapshot, textOf } from './codec.ts'
import { bytesOf, createLiveDocument, type LiveDocument } from './document.ts'
import type { DocumentVerbs } from './documents.ts'
import type { NoteLimits } from './limits.ts'
import { createNoteLog } from './log.ts'

export function createTransientDocuments(engine: Engine, limits: NoteLimits): DocumentVerbs {
  const log = createNoteLog(engine)

  let last: Promise<unknown> = Promise.resolve()
  /** Calls made at once take turns: each goes on from what the one before has logged. */
  function inTurn<R>(work: () => Promise<R>): Promise<R> {
    const next = last.then(work)
    last = next.catch(() => {})
    return next
  }

  async function load(noteId: string): Promise<LiveDocument> {
    const [note, parts] = [await engine.get(notes, noteId), await log.load(noteId)]
    if (note === null) throw new NotFoundError(notes.name, noteId)
    return createLiveDocument(noteId, parts, note.gc, {
      log,
      limits,
      // Its own: with the process's, two documents could give one number to different edits.
      clientId: Math.floor(Math.random() * 2 ** 32),
      events: {
        wantsText: () => true,
        gone: () => {},
        // The call that wrote hears of it, and the transaction is over.
        failed: () => {},
        logged(_document, head, text) {
          logged = [head.seq, text]
        },
      },
    })
  }
  let logged: [seq: number, text: string | undefined] | undefined

  async function write(noteId: string, work: (document: LiveDocument) => Promise<number>): Promise<number> {
    const document = await load(noteId)
    logged = undefined
    try {
      const seq = await work(document)
      const [at, text] = logged ?? []
      if (at !== undefined && text !== undefined) await log.project(noteId, document.epoch, at, text)
      return seq
    } finally {
      document.destroy()
    }
  }

  async function look<R>(noteId: string, work: (document: LiveDocument) => R): Promise<R> {
    const document = await load(noteId)
    try {
      return work(document)
    } finally {
      document.destroy()
    }
  }

  return {
    log,
    read: (noteId) =>
      inTurn(async () => {
        const [head, stored] = [await log.head(noteId), await engine.get(noteTexts, noteId)]
        if (head === null || stored === null) throw new NotFoundError(notes.name, noteId)
        if (stored.seq === head.seq) return { noteId, text: stored.text, seq: stored.seq }
        return look(noteId, ({ doc, seq }) => ({ noteId, text: textOf(doc), seq }))
      }),
    logged: (noteId) =>
      inTurn(async () => {
        const parts = await log.load(noteId)
        let doc: Y.Doc
        try {
          doc = buildDocument({ gc: true, ...bytesOf(parts) })
        } catch {
          return null
        }
        const text = textOf(doc)
        doc.destroy()
        return { noteId, text, seq: parts.seq }
      }),
    edit: (noteId, change: (doc: Y.Doc) => void, actor) =>
      inTurn(() => write(noteId, (document) => document.edit(change, actor))),
    apply: (noteId, update, actor) =>
      inTurn(() => write(noteId, (document) => document.apply(update, actor))),
    state: (noteId) =>
      inTurn(() => look(noteId, ({ doc, epoch, seq }) => ({ epoch, seq, data: encodeSnapshot(doc) }))),
    textsStored: () => inTurn(async () => {}),
  }
}
