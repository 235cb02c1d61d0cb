/** Notes, against Hocuspocus's SQLite extension, against a log by hand, and against Yjs alone. */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import * as Y from 'yjs'
import { CONTENT, compact } from '../../src/notes/codec.ts'
import { noteHeads, noteUpdates } from '../../src/schema/notes.ts'
import type { System } from '../../src/system.ts'
import { runChild } from '../../test/support/child.ts'
import { type Folder, tempFolder } from '../fixtures/folder.ts'
import {
  continueTyping,
  documentOf,
  hocuspocusSqlite,
  newNote,
  openFull,
  rawLog,
  rawNumberedLog,
  readTyping,
  type Typing,
} from '../fixtures/notes.ts'
import {
  awaited,
  clocked,
  cost,
  quick,
  race,
  raceOnce,
  type Samples,
  type Side,
  speed,
  spread,
  synchronous,
} from '../measure.ts'
import { absolute, exactly, type Group, type Row } from '../row.ts'
import { clients } from './notes-clients.ts'
import { hostile } from './notes-hostile.ts'
import { searching } from './notes-search.ts'
import { visibility } from './notes-visible.ts'
import { bytesWritten } from './notes-written.ts'

const TOGETHER = 64

export async function notes(): Promise<Group> {
  const typing = readTyping()
  await using folder = await tempFolder()
  const rows = [
    ...(await appending(folder, typing)),
    ...(await bytesWritten(folder, typing)),
    ...(await keeping(folder, typing)),
    ...(await compacting(typing)),
    ...(await visibility(folder)),
    ...(await searching(folder)),
    await heap(folder),
    await clients(folder),
    ...(await hostile(folder)),
  ]
  return {
    title: 'Notes',
    method: `One author's typing, ${typing.edits} edits that end in ${[...typing.text].length} characters (\`TERRACE_TRACES\`, or a made-up trace). Appending continues at its middle, with the document live on both sides. All sides are on \`better-sqlite3\` with synchronous FULL: each edit, or each batch, is on the disk before it counts. Hocuspocus is its SQLite extension's own store of the whole document, called for each change; by itself it waits for 2 to 10 seconds, and loses what it acknowledged meanwhile when it is killed. As shipped it uses a rollback journal, tuned WAL.`,
    rows,
  }
}

// ------------------------------------------------------------------ appending

async function appending(folder: Folder, typing: Typing): Promise<Row[]> {
  const single = await race([
    await oursSide(folder.file('ours-1.db'), typing, 1),
    await hocuspocusSide(folder.file('shipped.db'), typing, false),
    await hocuspocusSide(folder.file('tuned.db'), typing, true),
    rawSide(folder.file('raw-1.db'), typing, 1),
    numberedSide(folder.file('numbered.db'), typing),
  ])
  const grouped = await race([
    await oursSide(folder.file('ours-64.db'), typing, TOGETHER),
    await hocuspocusSide(folder.file('shipped-64.db'), typing, false),
    await hocuspocusSide(folder.file('tuned-64.db'), typing, true),
    rawSide(folder.file('raw-64.db'), typing, TOGETHER),
  ])
  const [ours, shipped, tuned, raw] = grouped.map((samples, i) =>
    i === 1 || i === 2 ? samples : perEdit(samples),
  ) as [Samples, Samples, Samples, Samples]
  return [
    ...against('an edit, durable by itself', single, [12, null, 0.5, null], 'a raw insert'),
    ...against(
      `${TOGETHER} edits in one tick, with compaction; for each`,
      [ours, shipped, tuned, raw],
      [200, 100, 0.35],
      `raw batches of ${TOGETHER}`,
    ),
  ]
}

/** Of a side that does so many in one go. */
function perEdit({ name, rounds }: Samples): Samples {
  return { name, rounds: rounds.map((round) => round / TOGETHER) }
}

/** From one quiet run of 2,000 edits by each side in turn. */
const WHERE_IT_GOES =
  'the commit is most of it. In 542 µs for an edit, 289 are a raw insert, 25 more the number without gaps by hand, 107 the engine with all columns and keys, 40 Yjs typing, and 80 the way from the document to the log. Whole documents cost Hocuspocus some 4 ms on this disk, so that its targets ask for less than a raw insert takes.'

function against(
  work: string,
  samples: readonly Samples[],
  targets: readonly (number | null)[],
  raw: string,
): Row[] {
  // The cast: there is one for each target, and ours.
  const [ours, ...others] = samples as [Samples, ...Samples[]]
  const units = [
    ...['× Hocuspocus, as shipped', '× Hocuspocus, tuned', `× ${raw}`],
    '× two raw statements, of which one raises the number',
  ]
  return others.map((other, i) => {
    const target = targets[i] ?? null
    return {
      work,
      unit: units[i]!,
      target: target === null ? null : { atLeast: target },
      measured: speed(ours, other),
      absolute: absolute(ours, other),
      ifMissed: WHERE_IT_GOES,
    }
  })
}

/** Types so many edits into the live document, and waits until they are durable. */
async function oursSide(path: string, typing: Typing, together: number): Promise<Side> {
  const system = await openFull(path)
  const id = await newNote(system, typing.half)
  const type = continueTyping(await system.notes.open(id), typing)
  return awaited('terrace', async () => {
    for (let i = 0; i < together; i++) type()
    await system.notes.saved(id)
  })
}

async function hocuspocusSide(path: string, typing: Typing, tuned: boolean): Promise<Side> {
  const { store } = await hocuspocusSqlite(path, { tuned })
  const doc = documentOf(typing.half)
  const type = continueTyping(doc, typing)
  return awaited(tuned ? 'hocuspocus, tuned' : 'hocuspocus', async () => {
    type()
    await store(doc)
  })
}

/** Updates that are made already: no document, no number, no author. */
function rawSide(path: string, { updates }: Typing, together: number): Side {
  const log = rawLog(path)
  let next = 0
  const take = () => updates[next++ % updates.length]!
  if (together === 1) return synchronous('raw', () => log.insert(take()))
  return synchronous('raw', () => log.insertAll(Array.from({ length: together }, take)))
}

function numberedSide(path: string, { updates }: Typing): Side {
  const insert = rawNumberedLog(path)
  let next = 0
  return synchronous('numbered', () => insert(updates[next++ % updates.length]!))
}

// ------------------------------------------------------------------ what is kept, and reading it

/** Edits after the snapshot, which a reader has to take in as well. */
const TAIL = 500

async function keeping(folder: Folder, typing: Typing): Promise<Row[]> {
  const path = folder.file('kept.db')
  const tail = typing.updates.slice(-TAIL)
  const snapshot = Y.mergeUpdates([typing.half])
  const beforeTail = new Y.Doc()
  beforeTail.transact(() => {
    Y.applyUpdate(beforeTail, snapshot)
    for (const update of typing.updates.slice(typing.edits >> 1, -TAIL)) Y.applyUpdate(beforeTail, update)
  })
  let id: string
  let size: number
  let reconnect: number
  {
    await using system = await openFull(path)
    id = await newNote(system, Y.encodeStateAsUpdate(beforeTail))
    await system.notes.compact(id)
    size = (await system.engine.get(noteHeads, id))!.stateBytes
    const { seq } = await system.notes.read(id)
    for (const update of tail) await system.notes.applyUpdate(id, update)
    const doc = await system.notes.open(id)
    const vector = Y.encodeStateVector(doc)
    const cursor = (await system.engine.get(noteHeads, id))!.seq
    doc.getText(CONTENT).insert(0, '.')
    await system.notes.saved(id)
    const log = await system.engine.find(noteUpdates, { where: { noteId: id } })
    const missing = log
      .filter((update) => update.seq > cursor)
      .reduce((sum, { data }) => sum + data.length, 0)
    reconnect = missing / Y.encodeStateAsUpdate(doc, vector).length
    if (seq >= cursor) throw new Error('the tail was not written')
    await system.notes.close(id)
  }
  const log = rawLog(folder.file('replayed.db'))
  log.insertAll(typing.updates)
  const bare = rawLog(folder.file('bare.db'))
  bare.insert(typing.whole)

  const cold = (name: string, load: () => void) => ({
    name,
    prepare: async () => undefined,
    run: async () => clocked(load),
  })
  const [ours, snapshotOnly, replayed] = await raceOnce<System | undefined>([
    {
      name: 'terrace',
      async prepare() {
        const system = await openFull(path)
        // The code is loaded and the file is read; the document is not.
        await system.notes.read(id)
        return system
      },
      async run(system) {
        const elapsed = await clocked(() => system!.notes.open(id))
        await system!.close()
        return elapsed
      },
    },
    cold('bare snapshot', () => void documentOf(bare.all()[0]!)),
    cold('replay', () => {
      const doc = new Y.Doc()
      doc.transact(() => {
        for (const update of log.all()) Y.applyUpdate(doc, update)
      })
    }),
  ])

  await using reader = await openFull(path)
  const [read, loaded] = await race([
    awaited('terrace', () => reader.notes.read(id)),
    synchronous('yjs', () => documentOf(bare.all()[0]!).getText(CONTENT).toString()),
  ])
  log.close()
  bare.close()
  return [
    {
      work: 'stored size of a snapshot',
      unit: '× the bare Yjs state',
      target: { atMost: 0.6 },
      measured: exactly(size / Y.encodeStateAsUpdate(beforeTail).length),
      note: `${size} bytes`,
    },
    {
      work: `cold load, snapshot and ${TAIL} updates`,
      unit: '× loading the bare snapshot',
      target: { atMost: 1.5 },
      measured: cost(ours!, snapshotOnly!),
      absolute: absolute(ours!, snapshotOnly!),
    },
    {
      work: `cold load, snapshot and ${TAIL} updates`,
      unit: '× as fast as replaying the log',
      target: { atLeast: 50 },
      measured: speed(ours!, replayed!),
      absolute: absolute(ours!, replayed!),
    },
    {
      work: 'reconnect after one edit',
      unit: '× the bytes of a state-vector diff',
      target: { atMost: 0.01 },
      measured: exactly(reconnect),
    },
    {
      work: "plain read of a note's text",
      unit: '× as fast as loading its document',
      target: { atLeast: 100 },
      measured: speed(read!, loaded!),
      absolute: absolute(read!, loaded!),
    },
  ]
}

// ------------------------------------------------------------------ compaction

async function compacting({ updates, whole }: Typing): Promise<Row[]> {
  const tail = updates.slice(0, quick ? 10_000 : 40_000)
  const parts = { gc: true, snapshot: undefined, updates: tail }
  // Flat merging takes more than linear time: once has to do.
  const flat = await clocked(() => Y.mergeUpdates([...tail]))
  const times: number[] = []
  for (let i = 0; i < 5; i++) times.push(await clocked(() => compact(parts)))

  await using folder = await tempFolder()
  await using system = await openFull(folder.file('blocked.db'))
  const id = await newNote(system, whole)
  await system.notes.compact(id)
  const blocked: number[] = []
  for (let i = 0; i < 7; i++) {
    for (let k = 0; k < 20; k++) await system.notes.append(id, 'x')
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    await system.notes.compact(id)
    delay.disable()
    blocked.push(delay.max / 1e6)
  }
  return [
    {
      work: `compaction of ${tail.length} updates`,
      unit: '× as fast as flat mergeUpdates',
      target: { atLeast: 50 },
      measured: spread(times.map((time) => flat / time)),
      absolute: [
        { name: 'terrace', microseconds: spread(times).median * 1000 },
        { name: 'mergeUpdates', microseconds: flat * 1000 },
      ],
      note: 'mergeUpdates once only',
    },
    {
      work: 'the longest that a compaction of the whole text blocks the event loop',
      unit: 'ms',
      target: { atMost: 15 },
      measured: spread(blocked),
    },
  ]
}

// ------------------------------------------------------------------ the heap

async function heap(folder: Folder): Promise<Row> {
  const program = new URL('../../test/notes/leak-worker.ts', import.meta.url)
  const { lines, stderr } = await runChild(program, {
    args: [folder.file('heap.db')],
    execArgv: ['--expose-gc'],
  })
  if (lines[0] === undefined) throw new Error(`the process that measures the heap failed: ${stderr}`)
  const { heaps } = JSON.parse(lines[0]) as { readonly heaps: readonly [number, number] }
  return {
    work: 'the heap after 10,000 opens, edits and closes',
    unit: '× of after 5,000',
    target: { atMost: 1.1 },
    measured: exactly(heaps[1] / heaps[0]),
    note: `${(heaps[1] / 2 ** 20).toFixed(1)} MB`,
  }
}
