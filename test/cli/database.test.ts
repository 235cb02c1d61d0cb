/** health, status and migrate: what they say of databases in every condition, and how they end. */

import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrations } from '../../src/migrations/generated.ts'
import { createSystem } from '../../src/system.ts'
import { createTestDatabase } from '../support/databases.ts'
import { freePort } from '../support/free-port.ts'
import { type TempDir, tempDir } from '../support/temp.ts'
import { selectedDialects } from '../support/tiers.ts'
import { terrace, terraceJson } from './support.ts'

const tags = migrations.sqlite.map(({ tag }) => tag)
const newest = tags.at(-1)!
const dialects = selectedDialects()
const onPostgres = it.runIf(dialects.includes('postgres'))

let folder: TempDir
let cwd: string
beforeAll(async () => {
  folder = await tempDir()
  cwd = folder.path
})
afterAll(() => folder[Symbol.asyncDispose]())

describe('without a database', () => {
  it('health and status answer for memory, and migrate says what to set', async () => {
    expect(await terraceJson(['health'], { cwd })).toMatchObject({
      code: 0,
      data: { status: 'ok', tier: 'memory', target: 'memory', schema: null },
    })
    expect(await terraceJson(['status'], { cwd })).toMatchObject({ code: 0, data: { state: 'ok' } })
    const migrated = await terrace(['migrate'], { cwd })
    expect(migrated.code).toBe(2)
    expect(migrated.stderr).toContain('Set DATABASE_URL, or TERRACE_DB_DRIVER=sqlite.')
    const inMemory = await terrace(['migrate', '--driver', 'sqlite', '--path', ':memory:'], { cwd })
    expect(inMemory.code).toBe(2)
  })

  it('nothing that only looks makes one', async () => {
    const before = readdirSync(cwd)
    for (const where of [
      ['--path', 'made/by/looking.db'],
      ['--url', 'pglite:./embedded'],
    ]) {
      expect((await terraceJson(['health', ...where], { cwd })).code).toBe(1)
      const { code, data } = await terraceJson(['status', ...where], { cwd })
      expect(code).toBe(3)
      expect(data).toMatchObject({ exists: false, state: 'missing', pending: tags })
      expect((await terrace(['migrate', '--verify', ...where], { cwd })).code).toBe(3)
      expect((await terrace(['doctor', ...where], { cwd })).code).toBe(0)
    }
    expect(readdirSync(cwd)).toEqual(before)
  })
})

describe('a SQLite file', () => {
  it('is made and migrated once, and then healthy', async () => {
    const env = { TERRACE_DB_DRIVER: 'sqlite', SQLITE_DB_PATH: 'data/a.db' }
    const first = await terraceJson(['migrate'], { cwd, env })
    expect(first.data).toMatchObject({ created: true, applied: tags, version: newest })
    expect(await terrace(['migrate'], { cwd, env })).toMatchObject({
      code: 0,
      stdout: `Nothing to do; the database is at ${newest}.\n`,
    })
    const status = await terraceJson(['status'], { cwd, env })
    expect(status).toMatchObject({ code: 0, data: { state: 'ok', applied: tags, pending: [], drift: [] } })
    expect((await terrace(['status'], { cwd, env })).stdout).toContain(`Up to date at ${newest}`)
    expect(await terraceJson(['health'], { cwd, env })).toMatchObject({
      code: 0,
      data: { status: 'ok', schema: newest, reason: expect.stringContaining('SQLITE_DB_PATH says where') },
    })
  })

  it('is the one that .env names, or the file given instead', async () => {
    await using place = await tempDir()
    writeFileSync(join(place.path, '.env'), 'TERRACE_DB_DRIVER=sqlite\n')
    writeFileSync(join(place.path, 'other.env'), 'TERRACE_DB_DRIVER=sqlite\nSQLITE_DB_PATH=./other.db\n')
    const target = async (...args: string[]) =>
      (await terraceJson(['status', ...args], { cwd: place.path })).data.target
    expect(await target()).toBe(join(place.path, 'terrace.db'))
    expect(await target('--env-file', 'other.env')).toBe(join(place.path, 'other.db'))
    expect(await target('--path', 'mine.db')).toBe(join(place.path, 'mine.db'))
    expect(await terrace(['status', '--env-file', 'none.env'], { cwd: place.path })).toMatchObject({
      code: 2,
      stderr: 'error: there is no file none.env\n',
    })
  })

  it('whose tables differ, or are newer, or were never recorded, is told apart', async () => {
    const path = join(cwd, 'b.db')
    const at = ['--path', path]
    await terrace(['migrate', ...at], { cwd })
    const database = new Database(path)

    database.exec('drop index terrace_tasks_assignee_id_idx')
    const drifted = await terraceJson(['status', ...at], { cwd })
    expect(drifted).toMatchObject({ code: 4, data: { state: 'drift' } })
    expect(String(drifted.data.drift)).toContain('index terrace_tasks_assignee_id_idx is missing')
    database.exec('create index terrace_tasks_assignee_id_idx on terrace_tasks (assignee_id)')

    database.exec('create table terrace_bookmarks (id text primary key)')
    const more = await terraceJson(['status', ...at], { cwd })
    expect(more).toMatchObject({
      code: 0,
      data: { notes: ['terrace_bookmarks: the schema has no such table'] },
    })

    const ledger = database.prepare('select * from terrace_migrations').all()
    database.exec('drop table terrace_migrations')
    expect(await terraceJson(['status', ...at], { cwd })).toMatchObject({
      code: 3,
      data: { state: 'unrecorded', unrecorded: true },
    })
    const refused = await terrace(['migrate', ...at], { cwd })
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain('`terrace migrate --adopt` records them')
    expect(database.prepare("select 1 from sqlite_master where name = 'terrace_migrations'").all()).toEqual(
      [],
    )
    const adopted = await terraceJson(['migrate', '--adopt', ...at], { cwd })
    expect(adopted).toMatchObject({ code: 0, data: { adopted: true, applied: [], created: false } })
    expect(database.prepare('select * from terrace_migrations').all()).toHaveLength(ledger.length)

    database.exec(`insert into terrace_migrations values ('9999_later', 'x', 0, 0)`)
    const newer = await terraceJson(['status', ...at], { cwd })
    expect(newer).toMatchObject({ code: 3, data: { state: 'conflict' } })
    expect(newer.data.conflict).toContain('does not know 9999_later')
    expect((await terrace(['migrate', ...at], { cwd })).code).toBe(3)
    database.close()
  })

  it('that misses the last migration is pending, and nothing but migrate changes that', async () => {
    const path = join(cwd, 'c.db')
    const at = ['--path', path]
    const database = new Database(path)
    const [first] = migrations.sqlite
    for (const statement of first!.statements) database.exec(statement)
    database.exec(
      'create table terrace_migrations (tag text primary key not null, checksum text not null, compatible integer not null, applied_at integer not null)',
    )
    database
      .prepare('insert into terrace_migrations values (?, ?, ?, 0)')
      .run(first!.tag, first!.checksum, Number(first!.compatible))
    for (const args of [['status'], ['migrate', '--verify']]) {
      const { code, data } = await terraceJson([...args, ...at], { cwd })
      expect(code).toBe(3)
      expect(data).toMatchObject({ applied: [first!.tag], pending: tags.slice(1), drift: [] })
    }
    const health = await terraceJson(['health', ...at], { cwd })
    expect(health).toMatchObject({ code: 1, data: { status: 'error' } })
    expect(health.data.error).toContain(`lacks ${tags[1]}`)
    const migrated = await terraceJson(['migrate', ...at], { cwd })
    expect(migrated.data.applied).toEqual(tags.slice(1))
    expect((await terrace(['status', ...at], { cwd })).code).toBe(0)
    database.close()
  })

  it('printed as SQL and run elsewhere is up to date', async () => {
    const { stdout } = await terrace(['migrate', '--print', '--driver', 'sqlite'], { cwd })
    const database = new Database(join(cwd, 'printed.db'))
    database.exec(stdout.replace('.bail on', ''))
    database.close()
    expect((await terrace(['status', '--path', 'printed.db'], { cwd })).code).toBe(0)
    const printed = await terraceJson(['migrate', '--print'], { cwd })
    expect(printed.data).toMatchObject({ dialect: 'postgres', migrations: tags })
  })

  it('of a desktop app is found by its identifier', async () => {
    const env = { XDG_DATA_HOME: join(cwd, 'share'), APPDATA: join(cwd, 'share') }
    const { data } = await terraceJson(['migrate', '--identifier', 'com.example.agents'], { cwd, env })
    if (process.platform !== 'darwin') {
      expect(data.target).toBe(join(cwd, 'share', 'com.example.agents', 'terrace.db'))
    }
    expect(data.created).toBe(true)
  })
})

describe('a Postgres server', () => {
  onPostgres('is migrated and found healthy, and its drift is told', async () => {
    const { url, query, drop } = await createTestDatabase()
    const env = { DATABASE_URL: url }
    expect(await terraceJson(['status'], { cwd, env })).toMatchObject({ code: 3, data: { pending: tags } })
    expect((await terraceJson(['migrate'], { cwd, env })).data.applied).toEqual(tags)
    expect((await terrace(['status'], { cwd, env })).code).toBe(0)
    expect(await terraceJson(['health'], { cwd, env })).toMatchObject({ code: 0, data: { schema: newest } })
    await query('drop index terrace_tasks_assignee_id_idx')
    expect((await terrace(['status'], { cwd, env })).code).toBe(4)
    await drop()
  })

  it('that is not there is told by the code, and by a line while it is waited for', async () => {
    const env = { DATABASE_URL: `postgres://ada:geheim@127.0.0.1:${await freePort()}/agents` }
    const [health, status] = await Promise.all([
      terrace(['health'], { cwd, env }),
      terraceJson(['status'], { cwd, env, isTTY: true }),
    ])
    expect(health.code).toBe(1)
    expect(health.stdout).toContain('cannot be reached')
    expect(health.stderr).toMatch(/^asking 127\.0\.0\.1:\d+\/agents \(1 s\)\n/)
    expect(status).toMatchObject({ code: 5, data: { error: { code: 'UNAVAILABLE' } } })
    // A terminal's line is written over, and gone in the end.
    expect(status.stderr).toContain('\r\x1b[2K| asking')
    expect(status.stderr.endsWith('\r\x1b[2K')).toBe(true)
  })
})

it('what the CLI migrated is what an app opens', async () => {
  const path = join(cwd, 'app.db')
  await terrace(['migrate', '--path', path], { cwd })
  await using system = await createSystem({ path, migrate: 'verify', env: {} })
  expect((await system.health()).schema).toBe(newest)
})
