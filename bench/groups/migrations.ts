/** Migrating an empty database, against the same SQL without a migrator. */

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import pg from 'pg'
import { pgEngine } from '../../src/engine/postgres/pg.ts'
import { configure } from '../../src/engine/sqlite/connection.ts'
import { sqliteEngine } from '../../src/engine/sqlite/engine.ts'
import { migrations as generated } from '../../src/migrations/generated.ts'
import { printSql } from '../../src/migrations/print.ts'
import { migrate } from '../../src/migrations/runner.ts'
import type { MigrationTarget } from '../../src/migrations/target.ts'
import { startPostgres } from '../../test/support/postgres-server.ts'
import { tempFolder } from '../fixtures/folder.ts'
import { clocked, cost, raceOnce, type Samples } from '../measure.ts'
import { absolute, type Row } from '../row.ts'

const TARGET = { atMost: 1.2 }

/** A way to open an engine that migrates, close it again and tell how long that took. */
type Open = (migrate: (target: MigrationTarget) => Promise<unknown>) => Promise<{ close(): Promise<void> }>

export async function migrations(): Promise<Row[]> {
  return [...(await onSqlite()), ...(await onPostgres())]
}

async function onSqlite(): Promise<Row[]> {
  await using folder = await tempFolder()
  let made = 0
  const prepare = async () => folder.file(`${made++}.db`)
  const opening =
    (path: string): Open =>
    (migrate) =>
      sqliteEngine({ path, migrate })
  const script = folder.file('sqlite.sql')
  writeFileSync(script, `pragma journal_mode = wal;\npragma synchronous = normal;\n${printSql('sqlite')}`)
  const batch = `begin immediate;${generated.sqlite.flatMap(({ statements }) => statements).join(';')};commit`

  const [ours, byHand] = await raceOnce([
    { name: 'terrace', prepare, run: (path) => migrating(opening(path)) },
    {
      name: 'raw',
      prepare,
      async run(path) {
        const database = new Database(path)
        configure(database, {})
        const elapsed = await clocked(() => database.exec(batch))
        database.close()
        return elapsed
      },
    },
  ])
  const shell = has('sqlite3') && {
    name: 'sqlite3',
    prepare,
    run: (path: string) => program('sqlite3', [path], readFileSync(script)),
  }
  const [whole, inShell] =
    shell === false
      ? []
      : await raceOnce([{ name: 'terrace', prepare, run: (path) => starting(opening(path)) }, shell])
  return rowsOf('SQLite', [ours!, byHand!], whole && inShell && ['`sqlite3 <`', whole, inShell])
}

async function onPostgres(): Promise<Row[]> {
  await using folder = await tempFolder()
  await using server = await startPostgres({ durable: true })
  let made = 0
  const prepare = () => server.createDatabase(`empty_${made++}`)
  const opening =
    (url: string): Open =>
    (migrate) =>
      pgEngine({ url, sslMode: 'disable', migrate })
  const script = folder.file('postgres.sql')
  writeFileSync(script, printSql('postgres'))
  const batch = `begin;${generated.postgres.flatMap(({ statements }) => statements).join(';')};commit`

  const [ours, byHand] = await raceOnce([
    { name: 'terrace', prepare, run: (url) => migrating(opening(url)) },
    {
      name: 'raw',
      prepare,
      async run(url) {
        const client = new pg.Client({ connectionString: url })
        await client.connect()
        const elapsed = await clocked(() => client.query(batch))
        await client.end()
        return elapsed
      },
    },
  ])
  const shell = has('psql') && {
    name: 'psql',
    prepare,
    run: (url: string) =>
      program('psql', ['--no-psqlrc', '--quiet', '--output', `${script}.out`, '--file', script, url]),
  }
  const [whole, inShell] =
    shell === false
      ? []
      : await raceOnce([{ name: 'terrace', prepare, run: (url) => starting(opening(url)) }, shell])
  return rowsOf('Postgres', [ours!, byHand!], whole && inShell && ['`psql -f`', whole, inShell])
}

/** The target speaks of the shell. Where there is none, one batch of the driver's is the nearest, and stricter. */
function rowsOf(
  where: string,
  [ours, byHand]: readonly [Samples, Samples],
  shell: readonly [name: string, ours: Samples, theirs: Samples] | undefined,
): Row[] {
  const work = `migrations on an empty database, ${where}`
  const batch: Row = {
    work,
    unit: '× the same SQL as one batch of the driver',
    target: shell === undefined ? TARGET : null,
    measured: cost(ours, byHand),
    absolute: absolute(ours, byHand),
    note: 'on a connection that is open; no round trip between statements, no ledger, no checks',
  }
  if (shell === undefined) return [batch]
  const [name, whole, inShell] = shell
  return [
    {
      work,
      unit: `× ${name}`,
      target: TARGET,
      measured: cost(whole, inShell),
      absolute: absolute(whole, inShell),
      note: "both from connecting to the end, the shell's own start included",
    },
    batch,
  ]
}

/** Milliseconds that migrating takes, without opening and closing. */
async function migrating(open: Open): Promise<number> {
  let elapsed = 0
  const engine = await open(async (target) => {
    elapsed = await clocked(() => plainly(target))
  })
  await engine.close()
  return elapsed
}

/** Milliseconds from opening to closing. */
function starting(open: Open): Promise<number> {
  return clocked(async () => (await open(plainly)).close())
}

const plainly = (target: MigrationTarget) => migrate(target, { mode: 'auto', now: new Date() })

function has(name: string): boolean {
  return spawnSync(name, ['--version']).status === 0
}

async function program(name: string, args: readonly string[], input?: Buffer): Promise<number> {
  return clocked(() => {
    const { status, stderr } = spawnSync(name, args, input === undefined ? {} : { input })
    if (status !== 0) throw new Error(stderr.toString())
  })
}
