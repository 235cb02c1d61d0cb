/**
 * What the sync server needs of a store of notes. Terrace's `system.notes` is one, whole or confined to a
 * workspace (`system.in(id).notes`), and so is whatever has these verbs.
 */

import type * as Y from 'yjs'

export interface SyncNotes {
  /**
   * Lends the live document, to be given back with `close`: one per process, in which what others write
   * appears by itself. It is destroyed when the note is. Rejects with the code `NOT_FOUND` for an unknown note.
   */
  open(id: string): Promise<Y.Doc>
  close(id: string): Promise<void>
  /** Resolves when the update is durable. It is in the live document before that. */
  applyUpdate(id: string, update: Uint8Array, options: { readonly actor?: string | null }): Promise<unknown>
  /** Where the log stands: an opaque text without line breaks. */
  cursor(id: string): Promise<string>
  /** What came after a cursor; with null, and where the cursor leads nowhere, the whole document. */
  since(id: string, cursor: string | null): Promise<SyncChanges>
  /** Says that something happened to a note. It may say so too often, never too seldom. */
  watch(
    interest: { readonly noteId: string },
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<{ readonly kind: string }> | Promise<AsyncIterable<{ readonly kind: string }>>
  /** Where servers tell each other who is at a note. Without it, each knows of its own only. */
  readonly presence?: SyncPresence | undefined
}

export interface SyncChanges {
  readonly cursor: string
  readonly isWhole: boolean
  readonly updates: readonly { readonly cursor: string; readonly update: Uint8Array }[]
}

export interface SyncPresence {
  /** Tells an awareness update, which holds for so many milliseconds; with null, that nobody is here. */
  tell(noteId: string, place: string, data: Uint8Array | null, forMs: number): Promise<void>
  /** Calls back with what every place has told, by place, until the answer is called. */
  follow(noteId: string, handler: (told: ReadonlyMap<string, Uint8Array>) => void): Promise<() => void>
}
