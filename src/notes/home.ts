/**
 * Where the notes of a database live in this process. Made with the first use of notes; documents, and Yjs with
 * them, are loaded when the first one is needed.
 */

import { wholeOf } from '../confine.ts'
import { loadPeer } from '../engine/drivers.ts'
import type { Engine } from '../engine/engine.ts'
import { ClosedError, NotFoundError, reasonOf } from '../errors.ts'
import { warnOnce } from '../warnings.ts'
import type { Documents, DocumentVerbs, NotesOptions } from './documents.ts'
import { createFeed, type Feed } from './feed.ts'
import { DEFAULT_LIMITS } from './limits.ts'

/** Milliseconds between looks for what notifications have missed, unless told. */
export const POLL = 1000

export interface Home {
  readonly feed: Feed
  readonly options: NotesOptions
  /** For what fails where nobody waits for it. */
  failed(error: unknown): void
  documents(): Promise<Documents>
  /** The note was deleted. */
  gone(noteId: string): Promise<void>
  /** Resolves when the texts of what was edited here are stored. */
  textsStored(): Promise<void>
  close(): Promise<void>
}

const homes = new WeakMap<Engine, Home>()
const chosen = new WeakMap<Engine, NotesOptions>()

/** Before the first use. */
export function chooseNotesOptions(engine: Engine, options: NotesOptions | undefined): void {
  if (options !== undefined) chosen.set(engine, options)
}

/** What was chosen for an engine goes for a transaction of it. */
export function shareNotesOptions(engine: Engine, tx: Engine): void {
  chooseNotesOptions(wholeOf(tx) ?? tx, chosen.get(wholeOf(engine) ?? engine))
}

/** Only an engine that owns its database has documents that live on; others belong to a transaction. */
export function isRoot(engine: Engine): boolean {
  return 'tier' in engine
}

/** The notes of an engine that owns its database. */
export function homeOf(engine: Engine): Home {
  let home = homes.get(engine)
  if (home === undefined) {
    home = createHome(engine, chosen.get(engine) ?? {})
    homes.set(engine, home)
  }
  return home
}

/** Saves what there is; undefined if notes were not used. */
export function closeNotes(engine: Engine): Promise<void> | undefined {
  return homes.get(engine)?.close()
}

const transient = new WeakMap<Engine, Promise<DocumentVerbs>>()

/** For a transaction. */
export function transientDocuments(engine: Engine): Promise<DocumentVerbs> {
  let documents = transient.get(engine)
  if (documents === undefined) {
    documents = loadTransient(engine)
    transient.set(engine, documents)
  }
  return documents
}

async function loadTransient(engine: Engine): Promise<DocumentVerbs> {
  const { createTransientDocuments } = await loadPeer('yjs', 'notes', () => import('./transient.ts'))
  const limits = { ...DEFAULT_LIMITS, ...chosen.get(wholeOf(engine) ?? engine)?.limits }
  return createTransientDocuments(engine, limits)
}

/** A System that is closed has nothing to try again, and a note that is gone nothing to lose. */
function failureHandlerOf({ onError }: NotesOptions): (error: unknown) => void {
  const tell = onError ?? ((error) => warnOnce([`${reasonOf(error)} (tried again)`]))
  return (error) => {
    if (error instanceof ClosedError || error instanceof NotFoundError) return
    try {
      tell(error)
    } catch (another) {
      // Whoever is told has not to stop what goes on behind.
      console.error('terrace: onError of notes threw', another)
    }
  }
}

function createHome(engine: Engine, options: NotesOptions): Home {
  let loading: Promise<Documents> | undefined
  let documents: Documents | undefined
  const failed = failureHandlerOf(options)
  const feed = createFeed(engine, {
    pollMs: options.pollMs ?? POLL,
    openNotes: () => documents?.open() ?? [],
    changed: async (noteId, seq, epoch) => documents?.changed(noteId, seq, epoch),
    failed,
  })
  return {
    feed,
    options,
    failed,
    documents() {
      loading ??= loadPeer('yjs', 'notes', () => import('./documents.ts')).then(
        ({ createDocuments }) => {
          documents = createDocuments(engine, feed, options, failed)
          return documents
        },
        (error: unknown) => {
          loading = undefined
          throw error
        },
      )
      return loading
    },
    gone: async (noteId) => documents?.changed(noteId, null),
    textsStored: async () => documents?.textsStored(),
    async close() {
      const opened = await loading?.catch(() => undefined)
      try {
        await opened?.close()
      } finally {
        await feed.close()
      }
    },
  }
}
