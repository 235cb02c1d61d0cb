/** What scenarios of notes share: further processes, as it were, and documents of strangers. */

import assert from 'node:assert/strict'
import * as Y from 'yjs'
import type { RootEngine, Write } from '../engine/engine.ts'
import type { NotesOptions } from '../notes/documents.ts'
import { noteSnapshots, noteUpdates } from '../schema/notes.ts'
import type { Note, NoteEvent } from '../stores/notes.ts'
import { createSystem, type Scope, type System } from '../system.ts'
import { newWorkspace } from './expect.ts'

/** Under this name documents have their text. */
export const CONTENT = 'content'

/** A System over the engine of another, with documents of its own, as another process has them. */
export function another(
  { engine }: Pick<System, 'engine'>,
  notes: NotesOptions = {},
  change: (engine: RootEngine) => Partial<RootEngine> = () => ({}),
): Promise<System> {
  return createSystem({ engine: { ...engine, close: async () => {}, ...change(engine) }, notes })
}

/** Engines that hear of nothing. */
export const deaf = (): Partial<RootEngine> => ({
  listen: async () => async () => {},
  onCommit: async () => async () => {},
  notify: async () => {},
})

/** What a write does to this table, if anything. */
export const touches = ({ steps }: Write, table: object): boolean =>
  steps.some(
    (step) => ('insert' in step ? step.insert : 'remove' in step ? step.remove : step.update) === table,
  )

/** An engine whose writes to a table are first announced to `before`, which may wait, or throw. */
export const beforeWritesTo =
  (table: object, before: () => Promise<void> | void) =>
  (engine: RootEngine): Partial<RootEngine> => ({
    async write(write, options) {
      // The cast: any write will do.
      if (touches(write as Write, table)) await before()
      return engine.write(write, options)
    },
  })

/** The same for the first of them alone. */
export function beforeFirstWriteTo(table: object, before: () => Promise<void>) {
  let isFirst = true
  return beforeWritesTo(table, async () => {
    if (!isFirst) return
    isFirst = false
    await before()
  })
}

export async function aNote(
  scope: Scope,
  text?: string,
  more: { readonly gc?: boolean } = {},
): Promise<Note> {
  return scope.notes.create({ workspaceId: await newWorkspace(scope), title: 'N', text, ...more })
}

/** What a note says, to whoever asks. */
export async function textIn(system: Scope, noteId: string): Promise<string> {
  return (await system.notes.read(noteId)).text
}

/** The numbers of the updates that are in the log. */
export async function seqsOf({ engine }: Scope, noteId: string): Promise<number[]> {
  const rows = await engine.find(noteUpdates, { where: { noteId }, orderBy: [['seq', 'asc']] })
  return rows.map(({ seq }) => seq)
}

export async function snapshotsOf({ engine }: Scope, noteId: string): Promise<number[]> {
  const rows = await engine.find(noteSnapshots, { where: { noteId }, orderBy: [['seq', 'asc']] })
  return rows.map(({ seq }) => seq)
}

/** A whole document, to be compared. */
export function stateOf(doc: Y.Doc): string {
  return Buffer.from(Y.encodeStateAsUpdate(doc)).toString('base64')
}

/** The document as whoever opens the note has it. */
export async function stateIn(system: Scope, noteId: string): Promise<string> {
  const doc = await system.notes.open(noteId)
  try {
    return stateOf(doc)
  } finally {
    await system.notes.close(noteId)
  }
}

/** A document of a client elsewhere, and the updates that it has made, one by one. */
export function aClient(clientID: number): {
  readonly doc: Y.Doc
  readonly updates: Uint8Array[]
  readonly text: Y.Text
} {
  const doc = new Y.Doc()
  doc.clientID = clientID
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  return { doc, updates, text: doc.getText(CONTENT) }
}

/** A note whose log begins with a text, and the client that wrote it. */
export async function withClient(system: Scope, clientID: number, text = 'start') {
  const note = await aNote(system)
  const client = aClient(clientID)
  client.text.insert(0, text)
  await system.notes.applyUpdate(note.id, client.updates.pop()!)
  return { id: note.id, workspaceId: note.workspaceId, ...client }
}

/** Milliseconds for which something is waited for: more than the busiest machine takes. */
export const PATIENCE = 20_000

/** Resolves when the document says so; fails when that takes too long. */
export async function arrives(doc: Y.Doc, isThere: (text: string) => boolean): Promise<void> {
  const text = doc.getText(CONTENT)
  if (isThere(text.toString())) return
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new assert.AssertionError({ message: `still ${text}` })), PATIENCE)
    doc.on('update', function look() {
      if (!isThere(text.toString())) return
      doc.off('update', look)
      clearTimeout(timer)
      resolve()
    })
  })
}

/** The next events, which must come before long. */
export async function next(events: AsyncIterator<NoteEvent>, count: number): Promise<NoteEvent[]> {
  const found: NoteEvent[] = []
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`only ${JSON.stringify(found)}`)), PATIENCE)
  late.promise.catch(() => {})
  try {
    while (found.length < count) {
      const { value, done } = await Promise.race([events.next(), late.promise])
      assert.ok(!done)
      found.push(value)
    }
    return found
  } finally {
    clearTimeout(timer)
  }
}

/** It is told something, and so it has taken down how things are: from now on it misses nothing. */
export async function begins(
  watcher: Scope,
  noteId: string,
  events: AsyncIterator<NoteEvent>,
): Promise<void> {
  const { seq } = await watcher.notes.append(noteId, '.')
  for (;;) {
    const [event] = await next(events, 1)
    if (event?.noteId === noteId && event.seq === seq) return
  }
}

/** Resolves when it is so, whatever has to happen before; fails when that takes too long. */
export async function becomes<T>(what: () => Promise<T>, expected: T): Promise<void> {
  const end = performance.now() + PATIENCE
  for (let pause = 2; ; pause = Math.min(pause * 2, 50)) {
    const found = await what()
    try {
      return assert.deepEqual(found, expected)
    } catch (error) {
      if (performance.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
}

/** Numbers below a bound that look random, and are the same in every run. */
export function dice(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
