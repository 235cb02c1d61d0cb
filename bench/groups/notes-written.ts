/** How much is written to the disk for an edit, as Linux counts it for a process. */

import { existsSync, readFileSync } from 'node:fs'
import type { Folder } from '../fixtures/folder.ts'
import {
  continueTyping,
  documentOf,
  hocuspocusSqlite,
  newNote,
  openFull,
  type Typing,
} from '../fixtures/notes.ts'
import { exactly, type Row } from '../row.ts'

const COUNTERS = '/proc/self/io'
const TOGETHER = 64
const OURS = TOGETHER * 400
/** Each writes the whole document. */
const THEIRS = 200

export async function bytesWritten(folder: Folder, typing: Typing): Promise<Row[]> {
  if (!existsSync(COUNTERS)) return []
  const system = await openFull(folder.file('ours-written.db'))
  const id = await newNote(system, typing.half)
  const type = continueTyping(await system.notes.open(id), typing)
  const ours = await written(async () => {
    for (let i = 0; i < OURS; i += TOGETHER) {
      for (let k = 0; k < TOGETHER; k++) type()
      await system.notes.saved(id)
    }
    // Including what is moved from the write-ahead log into the file in the end.
    await system.close()
  })

  const { store, close } = await hocuspocusSqlite(folder.file('theirs-written.db'), { tuned: false })
  const doc = documentOf(typing.half)
  const typeTheirs = continueTyping(doc, typing)
  const theirs = await written(async () => {
    for (let i = 0; i < THEIRS; i++) {
      typeTheirs()
      await store(doc)
    }
    close()
  })
  const [own, whole] = [ours / OURS, theirs / THEIRS]
  return [
    {
      work: `bytes written for an edit, ${TOGETHER} in a tick, with compaction`,
      unit: '× whole-document storage',
      target: { atMost: 1 / 200 },
      measured: exactly(own / whole),
      note: `${Math.round(own)} bytes, Hocuspocus ${Math.round(whole)}`,
    },
  ]
}

async function written(work: () => Promise<void>): Promise<number> {
  const before = counter()
  await work()
  return counter() - before
}

/** What was given to the system to write, whether or not it has come to the disk yet. */
function counter(): number {
  const [, bytes] = /^wchar: (\d+)$/m.exec(readFileSync(COUNTERS, 'utf8')) ?? []
  return Number(bytes)
}
