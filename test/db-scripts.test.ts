import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { kitConfig } from '../scripts/kit-config.ts'
import { lostColumns, rebuild } from '../scripts/push-sqlite.ts'
import { resolve } from '../src/config.ts'
import { drift } from '../src/migrations/drift.ts'
import { migrations } from '../src/migrations/generated.ts'
import { containsIndexes } from '../src/schema/search-index.ts'
import { tables } from '../src/schema/tables.ts'
import { compileCache } from './support/child.ts'
import { createTestDatabase } from './support/databases.ts'
import { createMigrationDatabase } from './support/migration-targets.ts'
import { tempDir } from './support/temp.ts'
import { selectedDialects } from './support/tiers.ts'

// Both dialects have the same ones.
const tags = migrations.sqlite.map(({ tag }) => tag)
const newest = tags.at(-1)!
const searched = tables.flatMap(containsIndexes)
const dialects = selectedDialects()
const onSqlite = it.runIf(dialects.includes('sqlite'))
const onPostgres = it.runIf(dialects.includes('postgres'))

/** Runs `npm run <name>` without npm, in an environment that names nothing but what is given. */
function run(name: string, env: Record<string, string>, ...args: readonly string[]) {
  const scripts: Record<string, string> = JSON.parse(readFileSync('package.json', 'utf8')).scripts
  const [command, ...words] = scripts[name]!.split(' ')
  const program = command === 'node' ? words : ['node_modules/drizzle-kit/bin.cjs', ...words]
  const { PATH, HOME } = process.env
  const result = spawnSync(process.execPath, [...program, ...args], {
    env: { PATH, HOME, NODE_ENV: 'test', NODE_COMPILE_CACHE: compileCache, ...env },
    encoding: 'utf8',
  })
  return { code: result.status, output: result.stdout + result.stderr }
}

it('without a database the scripts say what to set', () => {
  for (const name of ['db:migrate', 'db:drift', 'db:push', 'db:reset', 'db:studio']) {
    const { code, output } = run(name, {})
    expect(code).toBe(1)
    expect(output).toContain('Set DATABASE_URL, or TERRACE_DB_DRIVER=sqlite.')
  }
})

it('help and unknown flags are answered with a line', () => {
  const usages = {
    'db:generate': '[--name <name>] [--custom] [--sqlite]',
    'db:migrate': '[--sqlite] [--print]',
    'db:push': '[--sqlite] [--force]',
    'db:reset': '[--sqlite] [--yes]',
    'db:drift': '[--sqlite]',
  }
  for (const [name, flags] of Object.entries(usages)) {
    const usage = `Usage: npm run ${name} -- ${flags}\n`
    expect(run(name, {}, '--help')).toEqual({ code: 0, output: usage })
    expect(run(name, {}, '--nonsense')).toEqual({
      code: 1,
      output: `Unknown option '--nonsense'. ${usage}`,
    })
  }
})

it('drift makes no database where there is none', async () => {
  await using folder = await tempDir()
  const sqlite = { TERRACE_DB_DRIVER: 'sqlite', SQLITE_DB_PATH: `${folder.path}/made/by/drift.db` }
  const pglite = { DATABASE_URL: `pglite:${folder.path}/embedded` }
  for (const env of [sqlite, pglite]) {
    const { code, output } = run('db:drift', env)
    expect(code).toBe(1)
    expect(output).toMatch(/^There is no such database: .*(drift\.db|embedded)\. /m)
  }
  expect(readdirSync(folder.path)).toEqual([])
})

onSqlite('migrate, drift and reset work on the SQLite file that resolve() names', async () => {
  await using folder = await tempDir()
  const file = `${folder.path}/made/by/script.db`
  const env = { TERRACE_DB_DRIVER: 'sqlite', SQLITE_DB_PATH: file }
  expect(run('db:migrate', env).output).toContain(`Applied ${tags.join(', ')}.`)
  expect(run('db:migrate', env).output).toContain('Nothing to do')
  const database = new Database(file)
  database.exec('create table users (id text); drop index terrace_tasks_assignee_id_idx')
  const drifted = run('db:drift', env)
  expect(drifted).toMatchObject({ code: 1 })
  expect(drifted.output).toContain('index terrace_tasks_assignee_id_idx is missing')

  expect(run('db:reset', env)).toMatchObject({ code: 1, output: expect.stringContaining('pass --yes') })
  const inProduction = run('db:reset', { ...env, NODE_ENV: 'production' }, '--yes')
  expect(inProduction).toMatchObject({ code: 1, output: expect.stringContaining('NODE_ENV is production') })
  const signs = ['VERCEL', 'AWS_LAMBDA_FUNCTION_NAME', 'NETLIFY', 'K_SERVICE', 'FUNCTIONS_WORKER_RUNTIME']
  for (const sign of signs) {
    const deployed = run('db:reset', { ...env, [sign]: '1' }, '--yes')
    expect(deployed).toMatchObject({ code: 1, output: expect.stringContaining(`${sign} is set`) })
  }
  expect(run('db:drift', env).code).toBe(1)

  expect(run('db:reset', env, '--yes').output).toContain(
    // The record of migrations is one of them, and a search index is two.
    `Dropped ${tables.length + 1 + 2 * searched.length} tables and applied ${tags.join(', ')}.`,
  )
  expect(run('db:drift', env).code).toBe(0)
  expect(database.prepare('select count(*) from users').pluck().get()).toBe(0)
  database.close()
})

onSqlite('the db:sqlite scripts mean SQLite whatever else is set', async () => {
  await using folder = await tempDir()
  const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', SQLITE_DB_PATH: `${folder.path}/a.db` }
  expect(run('db:sqlite:push', env).output).toContain('The database is as the schema wants it.')
  expect(run('db:sqlite:push', env).output).toContain('Nothing to do.')
  expect(run('db:sqlite:migrate', env).output).toContain(`are now recorded as ${newest}.`)
})

onPostgres('push makes a Postgres what the schema says, and migrations then take it over', async () => {
  const { url, drop, query } = await createTestDatabase()
  await query('create table users (id text)')
  await query('create table terrace_roles (id text collate "C" primary key)')
  const env = { DATABASE_URL: url }
  const { code, output } = run('db:push:ci', env)
  expect(output).toContain('The database is as the schema wants it.')
  expect(code).toBe(0)
  expect(run('db:push', env).output).toContain('Nothing to do.')
  expect(run('db:migrate', env).output).toContain(`are now recorded as ${newest}.`)
  // The app's own table is still there, and the record of migrations survives another push.
  await query('drop index terrace_roles_created_at_id_idx')
  expect(run('db:push:ci', env).code).toBe(0)
  expect(run('db:migrate', env).output).toContain('Nothing to do')
  await query('select * from users')
  await drop()
})

onSqlite('push rebuilds what differs in a SQLite file and keeps the rows', async () => {
  await using database = await createMigrationDatabase('sqlite')
  const target = database.connect()
  const { query } = target
  for (const statement of migrations.sqlite.flatMap(({ statements }) => statements)) {
    if (statement.includes('`terrace_settings`')) continue
    const isWorkspaces = statement.startsWith('CREATE TABLE `terrace_workspaces`')
    await query(isWorkspaces ? asItWas(statement) : statement.replace("'local', 'github'", "'local'"))
  }
  await query(`insert into terrace_workspaces (id, title, slug, old, description, status, metadata, version, created_at, updated_at)
    values ('w', 'W', 'w', 'x', '', 'active', '{}', 1, 0, 0)`)
  await query(`insert into terrace_teams (id, workspace_id, name, description, metadata, version, created_at, updated_at)
    values ('t', 'w', 'T', '', '{}', 1, 0, 0)`)
  expect(await lostColumns(target)).toEqual(['terrace_workspaces.old'])
  await rebuild(target)
  expect(await drift(target)).toEqual([])
  expect(await query('select id, slug, kind from terrace_workspaces')).toEqual([
    { id: 'w', slug: 'w', kind: 'project' },
  ])
  expect(await query('select id from terrace_teams')).toEqual([{ id: 't' }])
})

/** Workspaces without `kind`, with another column instead, and with `slug` not required. */
function asItWas(createWorkspaces: string): string {
  return createWorkspaces
    .replace('`slug` text NOT NULL', '`slug` text')
    .replace('`kind` text NOT NULL', '`old` text')
    .replace(/\tCONSTRAINT "terrace_workspaces_kind_check".*\n/, '')
}

it('drizzle-kit is pointed at the database of resolve(), and only at Terrace’s tables in it', () => {
  const env = {
    DATABASE_URL: 'postgres://u:p@db.example.com/app',
    DATABASE_URL_UNPOOLED: 'postgres://u:p@direct.example.com/app',
  }
  const config = kitConfig(resolve({}, env), [])
  expect(config).toMatchObject({
    dialect: 'postgresql',
    out: './drizzle',
    tablesFilter: ['terrace_!(migrations)'],
    migrations: { table: 'terrace_migrations' },
    dbCredentials: { url: env.DATABASE_URL_UNPOOLED },
  })
  expect(kitConfig(resolve({ url: 'sqlite:/data/a.db' }, {}), [])).toMatchObject({
    dialect: 'sqlite',
    out: './drizzle-sqlite',
    dbCredentials: { url: '/data/a.db' },
  })
  expect(kitConfig(resolve({ url: 'pglite:/data/folder' }, {}), [])).toMatchObject({
    dialect: 'postgresql',
    driver: 'pglite',
    dbCredentials: { url: '/data/folder' },
  })
  expect(kitConfig(resolve({}, {}), ['node', 'drizzle-kit', 'generate'])).toMatchObject({ out: './drizzle' })
  expect(() => kitConfig(resolve({}, {}), ['node', 'drizzle-kit', 'push'])).toThrow(/there is no database/)
})
