import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { pgEngine } from '../src/engine/postgres/pg.ts'
import { sqliteEngine } from '../src/engine/sqlite/engine.ts'
import { MigrationError, UnavailableError } from '../src/errors.ts'
import { drift } from '../src/migrations/drift.ts'
import { migrations } from '../src/migrations/generated.ts'
import { printSql } from '../src/migrations/print.ts'
import { migrate } from '../src/migrations/runner.ts'
import type { Migration, MigrationTarget } from '../src/migrations/target.ts'
import { createMigrationDatabase } from './support/migration-targets.ts'
import { selectedDialects } from './support/tiers.ts'

const now = new Date('2026-01-02T03:04:05.678Z')
const auto = { mode: 'auto', now } as const
const dialects = selectedDialects()

describe.each(dialects)('migrations on %s', (dialect) => {
  const core = migrations[dialect]
  const last = core.at(-1)!.tag

  it('give an empty database every table, and ask a migrated one a single question', async () => {
    await using database = await createMigrationDatabase(dialect)
    const target = database.connect()
    expect(await migrate(target, auto)).toEqual({
      applied: core.map(({ tag }) => tag),
      adopted: false,
      version: last,
      warnings: [],
    })
    expect(await drift(target)).toEqual([])

    const again = database.connect()
    for (const mode of ['auto', 'verify'] as const) {
      expect(await migrate(again, { mode, now })).toEqual({
        applied: [],
        adopted: false,
        version: last,
        warnings: [],
      })
    }
    expect(again.log).toHaveLength(2)
  })

  it('are recorded with their checksums and the time of the given clock', async () => {
    await using database = await createMigrationDatabase(dialect)
    const target = database.connect()
    await migrate(target, auto)
    const [row] = await target.query('select * from terrace_migrations')
    const { tag, checksum } = core[0]!
    expect(row).toMatchObject({ tag, checksum, applied_at: dialect === 'sqlite' ? now.getTime() : now })
  })

  it('are applied once by five that start together', async () => {
    await using database = await createMigrationDatabase(dialect)
    const results = await Promise.all(Array.from({ length: 5 }, () => migrate(database.connect(), auto)))
    expect(results.flatMap(({ applied }) => applied)).toEqual(core.map(({ tag }) => tag))
    expect(results.map(({ version }) => version)).toEqual(Array(5).fill(last))
  })

  it('that are pending are refused, and not applied, in the mode verify', async () => {
    await using database = await createMigrationDatabase(dialect)
    const target = database.connect()
    await expect(migrate(target, { mode: 'verify', now })).rejects.toThrow(
      new MigrationError(
        `the database lacks ${core.map(({ tag }) => tag).join(', ')}; open it once with \`createSystem({ migrate: 'auto' })\`, as in the build step`,
      ),
    )
    expect(await tablesOf(target)).toEqual([])
  })

  it('are none of the database’s business in the mode off', async () => {
    await using database = await createMigrationDatabase(dialect)
    const target = database.connect()
    expect(await migrate(target, { mode: 'off', now })).toMatchObject({ applied: [], version: 'unchecked' })
    expect(target.log).toEqual([])
  })

  it('are applied on top of what is there', async () => {
    await using database = await createMigrationDatabase(dialect)
    const target = database.connect()
    await migrate(target, auto)
    const result = await migrate(target, { ...auto, migrations: [...core, next] })
    expect(result).toEqual({ applied: [next.tag], adopted: false, version: next.tag, warnings: [] })
    expect(await tablesOf(target)).toContain('terrace_next')
  })

  it('that were edited after they were applied are refused', async () => {
    await using database = await createMigrationDatabase(dialect)
    const target = database.connect()
    await migrate(target, auto)
    const edited = core.map((migration) => ({ ...migration, checksum: 'another' }))
    await expect(migrate(target, { ...auto, migrations: edited })).rejects.toThrow(
      /^migration 0000_core was edited after it was applied/,
    )
  })

  it('of newer code are fine for older code if they say so, and else refused', async () => {
    await using database = await createMigrationDatabase(dialect)
    const target = database.connect()
    const compatible = { ...next, compatible: true }
    await migrate(target, { ...auto, migrations: [...core, compatible] })
    expect(await migrate(target, auto)).toEqual({
      applied: [],
      adopted: false,
      version: next.tag,
      warnings: [],
    })

    const breaking = { ...next, tag: '9999_breaking', statements: [] }
    await migrate(target, { ...auto, migrations: [...core, compatible, breaking] })
    for (const mode of ['auto', 'verify'] as const) {
      await expect(migrate(target, { mode, now })).rejects.toThrow(
        new MigrationError(
          'the database is newer than this code, which does not know 9999_breaking; upgrade the code',
        ),
      )
    }
  })

  it('of another line of the code are refused', async () => {
    await using database = await createMigrationDatabase(dialect)
    const target = database.connect()
    await migrate(target, { ...auto, migrations: [...core, { ...next, compatible: true }] })
    const other = { ...next, tag: '0001_other' }
    await expect(migrate(target, { ...auto, migrations: [...core, other] })).rejects.toThrow(
      /^migration 0001_other was never applied to this database, but 9000_next/,
    )
  })

  it('that fail leave nothing behind', async () => {
    await using database = await createMigrationDatabase(dialect)
    const target = database.connect()
    const failing = {
      ...next,
      tag: '9001_failing',
      statements: ['create table terrace_half (a text)', 'nonsense'],
    }
    const all = { ...auto, migrations: [...core, next, failing] }
    await expect(migrate(target, all)).rejects.toThrow(
      /^migration 9001_failing failed, and nothing was changed: .*syntax error/,
    )
    expect(await tablesOf(target)).toEqual([])

    await migrate(target, auto)
    await expect(migrate(target, all)).rejects.toThrow(MigrationError)
    expect(await migrate(target, auto)).toMatchObject({ version: last })
    expect(await tablesOf(target)).not.toContain('terrace_next')
  })

  it('that lose the database part way say that it is unavailable', async () => {
    await using database = await createMigrationDatabase(dialect)
    const lost = new UnavailableError('gone')
    const target = overQuery(database.connect(), (sql) => {
      if (sql.startsWith('CREATE')) throw lost
    })
    await expect(migrate(target, auto)).rejects.toBe(lost)
    expect(await tablesOf(target)).toEqual([])
  })

  it('take over tables that were made without them, if they are as they should be', async () => {
    await using database = await createMigrationDatabase(dialect)
    const target = database.connect()
    for (const statement of core.flatMap(({ statements }) => statements)) await target.query(statement)
    // Of the app's own, under whatever name.
    await target.query('create table terrace_orders (id text)')
    await target.query('create table users (id text)')
    expect(await migrate(target, auto)).toEqual({ applied: [], adopted: true, version: last, warnings: [] })
    expect(await migrate(target, auto)).toEqual({ applied: [], adopted: false, version: last, warnings: [] })
  })

  it('refuse tables that were made without them and differ, and say how', async () => {
    await using database = await createMigrationDatabase(dialect)
    const target = database.connect()
    for (const statement of core.flatMap(({ statements }) => statements)) await target.query(statement)
    await target.query('drop index terrace_workspaces_slug_key')
    await target.query('alter table terrace_roles drop column icon')
    const failure = await migrate(target, auto).catch((error: Error) => error)
    expect(failure).toBeInstanceOf(MigrationError)
    expect((failure as Error).message.split('\n')).toEqual([
      'the database has tables of Terrace but no record of migrations, and they are not as this version wants them:',
      '  - terrace_workspaces: index terrace_workspaces_slug_key is missing: unique (slug)',
      `  - terrace_roles: column icon (${dialect === 'sqlite' ? 'text' : 'text collate "C"'}) is missing`,
      'Correct them (in development `npm run db:push` does), or start with an empty database.',
    ])
    expect(await tablesOf(target)).not.toContain('terrace_migrations')
  })

  it('do not take a record of drizzle-kit’s for their own', async () => {
    await using database = await createMigrationDatabase(dialect)
    const target = database.connect()
    await target.query('create table terrace_migrations (id integer, hash text, created_at bigint)')
    await expect(migrate(target, auto)).rejects.toThrow(
      /^the table terrace_migrations was not made by Terrace/,
    )
  })

  it('are printed as a script that leaves them nothing to do', async () => {
    await using database = await createMigrationDatabase(dialect)
    const target = database.connect()
    const commands = /^(?:\\|\.).*$/gm
    const script = printSql(dialect).replaceAll(commands, '')
    for (const statement of script.split(/;\n(?!\t|BEGIN|END)/).filter((text) => text.trim() !== ''))
      await target.query(statement)
    expect(await migrate(target, { mode: 'verify', now })).toMatchObject({ version: last })
    expect(await drift(target)).toEqual([])
  })
})

it.runIf(dialects.includes('postgres'))(
  'migrations on postgres are applied once by engines that open a database together',
  async () => {
    await using database = await createMigrationDatabase('postgres')
    const applied: string[] = []
    const engines = await Promise.all(
      Array.from({ length: 4 }, () =>
        pgEngine({
          url: database.place,
          sslMode: 'disable',
          migrate: async (target) => applied.push(...(await migrate(target, auto)).applied),
        }),
      ),
    )
    await Promise.all(engines.map((engine) => engine.close()))
    expect(applied).toEqual(migrations.postgres.map(({ tag }) => tag))
  },
)

describe.runIf(dialects.includes('sqlite'))('migrations on sqlite', () => {
  const core = migrations.sqlite

  it('that rebuild a table keep the rows that refer to it', async () => {
    await using database = await createMigrationDatabase('sqlite')
    const target = database.connect()
    await migrate(target, auto)
    await fill(target)
    const engine = await sqliteEngine({
      path: database.place,
      migrate: (own) => migrate(own, { ...auto, migrations: [...core, { ...next, statements: rebuilds }] }),
    })
    await engine.close()
    expect(await countsOf(target)).toEqual([1, 2, 1])
    expect(await drift(target)).toEqual([])
    await target.query('delete from terrace_workspaces')
    expect(await countsOf(target)).toEqual([0, 0, 0])
  })

  it('would lose those rows if foreign keys stayed on', async () => {
    await using database = await createMigrationDatabase('sqlite')
    const target = database.connect()
    await migrate(target, auto)
    await fill(target)
    for (const statement of ['begin', ...rebuilds, 'commit']) await target.query(statement)
    expect(await countsOf(target)).toEqual([1, 0, 0])
  })

  it('that would leave rows without their parents are undone', async () => {
    await using database = await createMigrationDatabase('sqlite')
    const target = database.connect()
    await migrate(target, auto)
    await fill(target)
    const careless = { ...next, statements: ['delete from terrace_workspaces'] }
    await expect(migrate(target, { ...auto, migrations: [...core, careless] })).rejects.toThrow(
      /nothing was changed: .*terrace_teams refers to rows that terrace_workspaces does not have/,
    )
    expect(await countsOf(target)).toEqual([1, 2, 1])
  })

  it('leave the app’s own tables in the same file to the app', async () => {
    await using database = await createMigrationDatabase('sqlite')
    const target = database.connect()
    await target.query('pragma foreign_keys = off')
    await target.query('create table parents (id text primary key)')
    await target.query('create table children (parent text references parents (id))')
    await target.query(`insert into children values ('nobody')`)
    expect(await migrate(target, auto)).toMatchObject({ version: core.at(-1)!.tag })
  })

  it('are applied once by engines of one process that open a file together', async () => {
    await using database = await createMigrationDatabase('sqlite')
    const applied: string[] = []
    const engines = await Promise.all(
      Array.from({ length: 4 }, () =>
        sqliteEngine({
          path: database.place,
          migrate: async (target) => applied.push(...(await migrate(target, auto)).applied),
        }),
      ),
    )
    await Promise.all(engines.map((engine) => engine.close()))
    expect(applied).toEqual(core.map(({ tag }) => tag))
  })

  it('are applied once by processes that open a file together', async () => {
    await using database = await createMigrationDatabase('sqlite')
    const outputs = await Promise.all(Array.from({ length: 3 }, () => openInProcess(database.place)))
    expect(outputs.filter((output) => output !== '')).toEqual([core.map(({ tag }) => tag).join(' ')])
  })
})

it('a Postgres that is too old is told so in a sentence', async () => {
  const target: MigrationTarget = {
    dialect: 'postgres',
    async query(sql) {
      if (sql.includes('terrace_migrations')) throw Object.assign(new Error('no'), { code: '42P01' })
      return [{ number: '140011', name: 'PostgreSQL 14.11' }]
    },
    exclusive: () => Promise.reject(new Error('not reached')),
  }
  await expect(migrate(target, auto)).rejects.toThrow(
    new MigrationError('Terrace needs Postgres 15 or newer; this server is PostgreSQL 14.11'),
  )
})

const next: Migration = {
  tag: '9000_next',
  checksum: 'next',
  compatible: false,
  statements: ['create table terrace_next (a text)'],
}

/** As drizzle-kit changes a check: SQLite can alter neither, so both tables are made anew. */
const rebuilds = ['terrace_workspaces', 'terrace_agents'].flatMap((table) => {
  const own = migrations.sqlite[0]!.statements.filter((statement) => statement.includes(`\`${table}\` (`))
  const [create, ...indexes] = own
  return [
    create!.replace(`\`${table}\``, `\`__new_${table}\``),
    `insert into __new_${table} select * from ${table}`,
    `drop table ${table}`,
    `alter table __new_${table} rename to ${table}`,
    ...indexes,
  ]
})

/** A workspace, a team and two agents, one under the other. */
async function fill({ query }: MigrationTarget): Promise<void> {
  await query(`insert into terrace_workspaces (id, title, slug, kind, description, status, metadata, version, created_at, updated_at)
    values ('w', 'W', 'w', 'project', '', 'active', '{}', 1, 0, 0)`)
  await query(`insert into terrace_teams (id, workspace_id, name, description, metadata, version, created_at, updated_at)
    values ('t', 'w', 'T', '', '{}', 1, 0, 0)`)
  for (const [id, parent] of [
    ['a', 'null'],
    ['b', `'a'`],
  ]) {
    await query(`insert into terrace_agents (id, workspace_id, name, role, status, parent_id, team_id, metadata, version, created_at, updated_at)
      values ('${id}', 'w', 'A', 'developer', 'idle', ${parent}, 't', '{}', 1, 0, 0)`)
  }
}

async function countsOf({ query }: MigrationTarget): Promise<readonly unknown[]> {
  const [row] = await query(`select (select count(*) from terrace_workspaces) as workspaces,
    (select count(*) from terrace_agents) as agents, (select count(*) from terrace_agents where parent_id = 'a') as children`)
  return Object.values(row!)
}

async function tablesOf({ dialect, query }: MigrationTarget): Promise<readonly unknown[]> {
  const rows = await query(
    dialect === 'sqlite'
      ? `select name from sqlite_schema where type = 'table' order by name`
      : `select tablename as name from pg_tables where schemaname = 'public' order by tablename`,
  )
  return rows.map(({ name }) => name)
}

function overQuery(target: MigrationTarget, before: (sql: string) => void): MigrationTarget {
  return {
    ...target,
    async query(sql, params) {
      before(sql)
      return target.query(sql, params)
    },
  }
}

async function openInProcess(path: string): Promise<string> {
  const script = fileURLToPath(new URL('./support/migrate-process.ts', import.meta.url))
  const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect(code).toBe(0)
  return output.trim()
}
