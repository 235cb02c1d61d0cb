/** What a call costs in tables of a thousand rows and of a million: with an index that fits, the same. */

import Database from 'better-sqlite3'
import pg from 'pg'
import { configure } from '../../src/engine/sqlite/connection.ts'
import { createSystem, type System } from '../../src/system.ts'
import { startPostgres } from '../../test/support/postgres-server.ts'
import { tempFolder } from '../fixtures/folder.ts'
import { openPostgres } from '../fixtures/postgres.ts'
import { WORKSPACE } from '../fixtures/tasks.ts'
import { awaited, cost, quick, race } from '../measure.ts'
import { bulkTasks, bulkThreads, PER_THREAD, taskId, threadId } from '../raw/bulk.ts'
import { absolute, type Group, type Row } from '../row.ts'

const SMALL = 1000
const LARGE = quick ? 100_000 : 1_000_000

const count = (rows: number) => rows.toLocaleString('en')

export async function growth(): Promise<Group> {
  const rows = [...(await onSqlite()), ...(await onPostgres())]
  return {
    title: 'Growing tables',
    method: `Two databases, one with ${count(SMALL)} tasks and as many messages, one with ${count(LARGE)}; which row is read or written is random over all of them.`,
    rows,
  }
}

async function onSqlite(): Promise<Row[]> {
  await using folder = await tempFolder()
  const open = async (rows: number) => {
    const path = folder.file(`${rows}.db`)
    await (await createSystem({ driver: 'sqlite', path, env: {} })).close()
    const database = new Database(path)
    configure(database, {})
    for (const sql of [...bulkThreads('sqlite', rows), ...bulkTasks('sqlite', rows), 'analyze']) {
      database.exec(sql)
    }
    database.close()
    return createSystem({ driver: 'sqlite', path, env: {} })
  }
  await using small = await open(SMALL)
  await using large = await open(LARGE)
  return await compare('SQLite', small, large)
}

async function onPostgres(): Promise<Row[]> {
  await using server = await startPostgres({ durable: true })
  const open = async (rows: number) => {
    const url = await server.createDatabase(`growth_${rows}`)
    const system = await openPostgres(url)
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    for (const sql of [...bulkThreads('postgres', rows), ...bulkTasks('postgres', rows), 'vacuum analyze']) {
      await client.query(sql)
    }
    await client.end()
    return system
  }
  await using small = await open(SMALL)
  await using large = await open(LARGE)
  // What loading has left to write would be written during the first rounds.
  const admin = new pg.Client({ connectionString: server.adminUrl })
  await admin.connect()
  await admin.query('checkpoint')
  await admin.end()
  return await compare('Postgres', small, large)
}

/** Why some may be missed. */
const reasons: Readonly<Record<string, string>> = {
  'get, Postgres': `which row is read is random over all of them, and ${count(LARGE)} tasks and their index are several times the 128 MB of shared buffers that the server has by default: pages are read from the operating system.`,
  'get, SQLite': `which row is read is random over all of them, and a file of ${count(LARGE)} tasks is ten times the page cache of 64 MB: two of the pages are read from the operating system each time. Mapping the file into memory would make it 1.3 ×, and end the process if somebody else cut the file short.`,
  'append, SQLite':
    'which thread is written to is random over all of them: more different pages are read, written, and later copied back from the log, than in a small file.',
}

async function compare(where: string, small: System, large: System): Promise<Row[]> {
  const list = { workspaceId: WORKSPACE, status: 'done' as const }
  const works: readonly {
    readonly work: string
    readonly call: (system: System, at: number, rows: number) => Promise<unknown>
  }[] = [
    { work: 'get', call: (system, at) => system.tasks.get(taskId(at)) },
    { work: 'list 50 by index', call: (system) => system.tasks.list(list, { limit: 50 }) },
    { work: 'ready 50', call: (system) => system.tasks.ready(WORKSPACE, { limit: 50 }) },
    {
      work: 'append',
      call: (system, at) =>
        system.messages.append(threadId(Math.floor(at / PER_THREAD)), { role: 'user', content: 'Ship it' }),
    },
  ]
  const rows: Row[] = []
  for (const { work, call } of works) {
    const side = (system: System, size: number) =>
      awaited(count(size), (i) => call(system, scattered(i, size), size))
    const reason = reasons[`${work}, ${where}`]
    const [much, little] = await race([side(large, LARGE), side(small, SMALL)])
    rows.push({
      work: `${work}, ${where}`,
      unit: `× the time at ${count(SMALL)} rows`,
      target: { atMost: 1.5 },
      measured: cost(much!, little!),
      absolute: absolute(much!, little!),
      ...(reason && { ifMissed: reason }),
    })
  }
  return rows
}

/** The `i`th of a walk that visits `size` places, none close to the one before. */
function scattered(i: number, size: number): number {
  return (i * 7_368_787) % size
}
