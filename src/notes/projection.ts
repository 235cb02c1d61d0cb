/**
 * The plain text of a live document, on its way into the database: a moment after the edits that it shows, so that
 * somebody who types does not write it whole with every key.
 */

import { textOf } from './codec.ts'
import type { LiveDocument } from './document.ts'
import type { NoteLog } from './log.ts'

export interface Projection {
  /** Whether the text should be stored with the next updates that are logged. */
  isDue(): boolean
  /** Everything up to this update is logged; the text, if it is known, is as of it. */
  logged(seq: number, text: string | undefined): void
  /** Stores the text now, with all that was logged here. */
  settle(): Promise<void>
  /** The same, for the last time. */
  end(): Promise<void>
}

/** Milliseconds after which a text that could not be stored is stored. */
const RETRY = 1000

export function createProjection(
  document: LiveDocument,
  log: NoteLog,
  failed: (error: unknown) => void,
): Projection {
  const { noteId, epoch } = document
  let dueAt = 0
  let timer: NodeJS.Timeout | undefined
  let writing = Promise.resolve()
  /** The numbers of which the text is, or is being, and should be stored. */
  let stored = 0
  let wanted = 0
  let ended = false

  /** The text as of the document's number, if it has nothing that is not logged. */
  async function project(): Promise<void> {
    // Others have logged something in between.
    if (document.seq < wanted) await document.catchUp()
    if (document.isClean && !document.isGone && document.seq > stored) {
      write(document.seq, textOf(document.doc))
    }
    await writing
  }

  function write(seq: number, text: string): void {
    const before = stored
    stored = seq
    // The longer the text, the less often it is written whole.
    dueAt = performance.now() + 20 + text.length / 200
    writing = writing
      .then(() => log.project(noteId, epoch, seq, text))
      .catch((error: unknown) => {
        failed(error)
        if (stored === seq) stored = before
        dueAt = performance.now() + RETRY
        later()
      })
  }

  function later(): void {
    if (ended) return
    timer ??= setTimeout(
      async () => {
        timer = undefined
        await project().catch((error: unknown) => {
          failed(error)
          dueAt = performance.now() + RETRY
        })
        if (stored < wanted && !document.isGone) later()
      },
      Math.max(20, dueAt - performance.now()),
    )
    timer.unref()
  }

  const projection: Projection = {
    isDue: () => performance.now() >= dueAt,
    logged(seq, text) {
      wanted = Math.max(wanted, seq)
      if (text === undefined) later()
      else write(seq, text)
    },
    settle: () => project().catch(failed),
    async end() {
      ended = true
      clearTimeout(timer)
      await projection.settle()
    },
  }
  return projection
}
