/** A search among many notes, against the same question asked of every text in turn. */

import { noteHeads, noteSearches, notes, noteTexts } from '../../src/schema/notes.ts'
import { createSystem, type System, type SystemOptions } from '../../src/system.ts'
import { startPostgres } from '../../test/support/postgres-server.ts'
import type { Folder } from '../fixtures/folder.ts'
import { awaited, quick, race, speed } from '../measure.ts'
import { absolute, type Row } from '../row.ts'

const NOTES = quick ? 1000 : 10_000
const WORDS = 200
/** What few texts say, and what all do. */
const RARE = 'walrus'
const COMMON = 'word 1'

export async function searching(folder: Folder): Promise<Row[]> {
  await using server = await startPostgres({ durable: true })
  return [
    ...(await rows('SQLite', { driver: 'sqlite', path: folder.file('search.db'), env: {} })),
    ...(await rows('Postgres', { url: server.url(), env: { PGSSLMODE: 'disable' } })),
  ]
}

async function rows(where: string, options: SystemOptions): Promise<Row[]> {
  await using system = await createSystem(options)
  const workspaceId = await fill(system)
  const scan = await scanOf(system)
  const found: Row[] = []
  for (const [text, what, target] of [
    [RARE, 'one in a hundred says', { atLeast: 5 }],
    [COMMON, 'all say', null],
  ] as const) {
    const [ours, theirs] = (await race([
      awaited('terrace', () => system.notes.search(workspaceId, text)),
      awaited('a scan', () => scan(workspaceId, text)),
    ])) as [Parameters<typeof speed>[0], Parameters<typeof speed>[0]]
    found.push({
      work: `a search among ${NOTES} notes for what ${what}, on ${where}`,
      unit: '× looking at every text',
      target,
      measured: speed(ours, theirs),
      absolute: absolute(ours, theirs),
      ifMissed:
        'ours also looks at titles and for what was written since, joins the notes, and makes excerpts: four things that a scan of one table does not.',
      note: 'ours also looks at titles, for what was written since, and answers notes with an excerpt',
    })
  }
  return found
}

async function fill(system: System): Promise<string> {
  const { engine } = system
  const { id: workspaceId } = await system.workspaces.create({ title: 'Searched' })
  const at = engine.now()
  for (let from = 0; from < NOTES; from += 500) {
    const ids = Array.from({ length: 500 }, () => engine.newId())
    const texts = new Map(ids.map((id, i) => [id, textOf(from + i)]))
    const row = (noteId: string) => ({ noteId, workspaceId, seq: 0, text: texts.get(noteId)! })
    const made = { title: 'Note', createdAt: at, updatedAt: at }
    await system.transaction(async ({ engine: tx }) => {
      await tx.insert(
        notes,
        ids.map((id) => ({ id, workspaceId, ...made })),
      )
      await tx.insert(
        noteHeads,
        ids.map((noteId) => ({ noteId, workspaceId, epoch: noteId, snapshotAt: at })),
      )
      await tx.insert(noteTexts, ids.map(row))
      await tx.insert(noteSearches, ids.map(row))
    })
  }
  const driver = await driverOf(system)
  if ('exec' in driver) driver.exec('analyze')
  else await driver.query('vacuum analyze')
  return workspaceId
}

function textOf(i: number): string {
  const words = Array.from({ length: WORDS }, (_, j) => `word ${(i * 31 + j * 17) % 5000}`)
  return `word 1 ${words.join(' ')}${i % 100 === 7 ? ' walrus' : ''}`
}

/** The question without an index. */
async function scanOf(system: System): Promise<(workspaceId: string, text: string) => Promise<unknown>> {
  const driver = await driverOf(system)
  const sql = (find: string) =>
    `select note_id, text from terrace_note_searches where workspace_id = $1 and ${find}(text, $2) > 0 order by note_id limit 50`
  if (!('exec' in driver)) return (workspaceId, text) => driver.query(sql('strpos'), [workspaceId, text])
  const statement = driver.prepare(sql('instr').replaceAll(/\$\d/g, '?'))
  return async (workspaceId, text) => statement.all(workspaceId, text)
}

interface Sqlite {
  exec(sql: string): unknown
  prepare(sql: string): { all(...values: string[]): unknown[] }
}
interface Pool {
  query(sql: string, values?: string[]): Promise<unknown>
}

/** The cast: it is one of these two. */
async function driverOf({ engine }: System): Promise<Sqlite | Pool> {
  const { database, pool } = (await engine.unwrap()) as { database?: Sqlite; pool?: Pool }
  return (database ?? pool)!
}
