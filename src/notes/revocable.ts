/** Changes of a document that can be taken back. */

import * as Y from 'yjs'

export interface Revocable<R> {
  readonly result: R
  /** Takes the change back: what others have done meanwhile stays. */
  undo(): void
  /** Forgets what the change has deleted, which is remembered until then. */
  keep(): void
}

/** Runs a change, which is to make its transactions with this origin. */
export function revocable<R>(doc: Y.Doc, origin: object, change: () => R): Revocable<R> {
  const manager = new Y.UndoManager(doc, { trackedOrigins: new Set([origin]) })
  try {
    return {
      result: change(),
      undo: () => void manager.undo(),
      keep() {
        const deleted = manager.undoStack
          .map((item) => item.deletions)
          .filter(({ clients }) => clients.size > 0)
        if (deleted.length === 0) return
        manager.clear()
        if (doc.gc) for (const deletions of deleted) Y.tryGc(deletions, doc.store, doc.gcFilter)
      },
    }
  } finally {
    // It has seen what it is for; otherwise it would look at all that happens to the document.
    manager.destroy()
  }
}
