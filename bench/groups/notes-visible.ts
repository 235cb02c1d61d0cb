/** How long after it was durable an edit is seen in another process. */

import { CONTENT } from '../../src/notes/codec.ts'
import { createSystem, type SystemOptions } from '../../src/system.ts'
import { runChild } from '../../test/support/child.ts'
import { startPostgres } from '../../test/support/postgres-server.ts'
import type { WriterOptions } from '../children/note-writer.ts'
import type { Folder } from '../fixtures/folder.ts'
import { quick } from '../measure.ts'
import type { Row } from '../row.ts'

const EDITS = quick ? 50 : 300
/** How often SQLite's count of commits is looked at while something happens: `engine/sqlite/commits.ts`. */
const POLL_MS = 5

export async function visibility(folder: Folder): Promise<Row[]> {
  await using server = await startPostgres({ durable: true })
  const sqlite = await latencies({ driver: 'sqlite', path: folder.file('visible.db'), env: {} })
  const postgres = await latencies({ url: server.url(), env: { PGSSLMODE: 'disable' } })
  return [
    row('Postgres, half of the edits', 'ms', { atMost: 1 }, postgres, 0.5, 1),
    row(
      'SQLite, 99 of 100 edits',
      `× the ${POLL_MS} ms between looks`,
      { atMost: 1.5 },
      sqlite,
      0.99,
      POLL_MS,
    ),
  ]
}

function row(
  where: string,
  unit: string,
  target: Row['target'],
  sorted: readonly number[],
  quantile: number,
  per: number,
): Row {
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]! / per
  return {
    work: `an edit is seen in another process on ${where}`,
    unit,
    target,
    measured: { median: at(quantile), min: at(0), max: at(1) },
    ifMissed:
      'the notification is sent after the commit, as a statement and a commit of its own, so that writers do not wait for each other; what comes within 10 ms of another is told together.',
    note: `of ${sorted.length}; the least and the most beside it`,
  }
}

/** Milliseconds from the acknowledgement over there to the document here, sorted. */
async function latencies(options: SystemOptions): Promise<number[]> {
  await using system = await createSystem(options)
  const { id: workspaceId } = await system.workspaces.create({ title: 'Visible' })
  const { id: noteId } = await system.notes.create({ workspaceId, title: 'Shared' })
  const doc = await system.notes.open(noteId)
  const text = doc.getText(CONTENT)
  const seenAt: number[] = []
  const { promise: allSeen, resolve } = Promise.withResolvers<void>()
  doc.on('update', () => {
    const now = performance.timeOrigin + performance.now()
    const lines = text.toString().split('\n')
    // Each ends its line; the first two are none of them.
    const seen = Math.max(0, lines.length - 3)
    while (seenAt.length < seen) seenAt.push(now)
    if (seenAt.length >= EDITS) resolve()
  })
  const orders: WriterOptions = { options, noteId, edits: EDITS }
  const program = new URL('../children/note-writer.ts', import.meta.url)
  const { code, lines, stderr } = await runChild(program, { args: [JSON.stringify(orders)] })
  if (code !== 0) throw new Error(`the process that writes failed: ${stderr}`)
  await allSeen
  await system.notes.close(noteId)
  return lines
    .map((line) => JSON.parse(line) as [edit: number, durableAt: number])
    .map(([edit, durableAt]) => Math.max(0, seenAt[edit]! - durableAt))
    .sort((a, b) => a - b)
}
