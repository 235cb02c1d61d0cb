/** How long one update of a stranger, as large as it may be, keeps everybody else waiting. */

import { setTimeout as sleep } from 'node:timers/promises'
import * as Y from 'yjs'
import { ValidationError } from '../../src/errors.ts'
import { CONTENT } from '../../src/notes/codec.ts'
import { DEFAULT_LIMITS } from '../../src/notes/limits.ts'
import { createSystem, type System } from '../../src/system.ts'
import type { Folder } from '../fixtures/folder.ts'
import { quick } from '../measure.ts'
import type { Row } from '../row.ts'

const ROUNDS = quick ? 2 : 5
/** As many as an update may have, and as many as fit its bytes. */
const MOST = DEFAULT_LIMITS.updateParts
const TOO_MANY = Math.floor(DEFAULT_LIMITS.updateBytes / 6.9)

interface Attack {
  readonly name: string
  /** What the note says before. */
  readonly before?: () => Uint8Array
  readonly update: () => Uint8Array
  /** Otherwise it is let in. */
  readonly isRefused?: boolean
}

const attacks: readonly Attack[] = [
  { name: 'every character by itself', update: () => scattered(MOST) },
  { name: 'the same, as many as fit', update: () => scattered(TOO_MANY), isRefused: true },
  { name: 'thousands of writers', update: () => byMany(DEFAULT_LIMITS.clients - 10) },
  { name: 'lists in lists', update: () => nested(DEFAULT_LIMITS.nesting - 10) },
  {
    name: 'a deletion of every second character',
    before: () => scattered(MOST),
    update: () => deletions(MOST),
  },
  { name: 'what builds on something that is not there', update: () => withoutItsBeginning(MOST) },
  {
    name: 'bytes without a meaning',
    update: () => new Uint8Array(DEFAULT_LIMITS.updateBytes).fill(255),
    isRefused: true,
  },
]

export async function hostile(folder: Folder): Promise<Row[]> {
  await using system = await createSystem({ driver: 'sqlite', path: folder.file('hostile.db'), env: {} })
  const rows: Row[] = []
  for (const attack of attacks) {
    const stalls: number[] = []
    for (let round = 0; round < ROUNDS; round++) stalls.push(await stallOf(system, attack))
    const sorted = stalls.toSorted((a, b) => a - b)
    rows.push({
      work: `the longest that a hostile update blocks the event loop: ${attack.name}`,
      unit: 'ms',
      target: { atMost: 50 },
      measured: { median: sorted[sorted.length >> 1]!, min: sorted[0]!, max: sorted.at(-1)! },
      ifMissed:
        'Yjs takes an update in whole, a few microseconds for each of its parts; `limits.updateParts` bounds their number, and a lower one would refuse documents that people have.',
      note: `${attack.update().length.toLocaleString('en')} bytes, of ${DEFAULT_LIMITS.updateBytes.toLocaleString('en')} that an update may have`,
    })
  }
  return rows
}

/** In milliseconds. */
async function stallOf(system: System, { before, update, isRefused = false }: Attack): Promise<number> {
  const { id: workspaceId } = await system.workspaces.create({ title: 'Bench' })
  const { id } = await system.notes.create({ workspaceId, title: 'Attacked' })
  if (before !== undefined) await system.notes.applyUpdate(id, before())
  const bytes = update()
  await sleep(300)
  let last = performance.now()
  let longest = 0
  const look = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  const timer = setInterval(look, 1)
  await sleep(20)
  longest = 0
  const wasRefused = await system.notes.applyUpdate(id, bytes).then(
    () => false,
    (error: unknown) => error instanceof ValidationError,
  )
  if (wasRefused !== isRefused) throw new Error(`an attack was ${isRefused ? 'let in' : 'refused'}`)
  // With what follows it: the text, and a compaction.
  await sleep(300)
  clearInterval(timer)
  return longest
}

const CLIENT = 7

/** Written from the end to the beginning, so that nothing can be joined. */
function scattered(structs: number): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = CLIENT
  const text = doc.getText(CONTENT)
  doc.transact(() => {
    for (let i = 0; i < structs; i++) text.insert(0, 'x')
  })
  return Y.encodeStateAsUpdate(doc)
}

function byMany(clients: number): Uint8Array {
  const updates = Array.from({ length: clients }, (_, i) => {
    const doc = new Y.Doc()
    doc.clientID = 1000 + i
    doc.getText(CONTENT).insert(0, 'x')
    return Y.encodeStateAsUpdate(doc)
  })
  const whole = new Y.Doc()
  whole.transact(() => {
    for (const update of updates) Y.applyUpdate(whole, update)
  })
  return Y.encodeStateAsUpdate(whole)
}

function nested(depth: number): Uint8Array {
  const doc = new Y.Doc()
  doc.transact(() => {
    let list = doc.getArray('lists')
    for (let i = 0; i < depth; i++) {
      const inner = new Y.Array<unknown>()
      list.insert(0, [inner])
      list = inner
    }
  })
  return Y.encodeStateAsUpdate(doc)
}

function deletions(structs: number): Uint8Array {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, scattered(structs))
  const before = Y.encodeStateVector(doc)
  const text = doc.getText(CONTENT)
  doc.transact(() => {
    for (let i = structs - 1; i >= 0; i -= 2) text.delete(i, 1)
  })
  return Y.encodeStateAsUpdate(doc, before)
}

function withoutItsBeginning(structs: number): Uint8Array {
  const whole = scattered(structs)
  const first = new Y.Doc()
  first.clientID = CLIENT
  first.getText(CONTENT).insert(0, 'x')
  return Y.diffUpdate(whole, Y.encodeStateVector(first))
}
