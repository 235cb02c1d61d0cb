/**
 * The truth table of `resolve`, as data: `config.test.ts` holds the code to it, and `docs/configuration.md`
 * shows it. `node test/config-table.ts` writes it into the docs; a test compares the two.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import type { Driver, ResolveOptions, Tier } from '../src/config.ts'

export interface Row {
  readonly env?: Readonly<Record<string, string>>
  /** On Linux, with the home and working directory below, unless they say otherwise. */
  readonly options?: ResolveOptions
  readonly tier: Tier
  readonly driver: Driver
  readonly target: string
  readonly reason: string
  /** What each warning begins with: the variable, which is all of it that the docs show. */
  readonly warnings?: readonly string[]
}

/** What is refused with a ConfigError, and a part of its message. */
export interface Refusal {
  readonly env?: Readonly<Record<string, string>>
  readonly options?: ResolveOptions
  readonly message: string
}

export const HOME = '/home/ada'
export const CWD = '/srv/agents'
export const DOCS = new URL('../docs/configuration.md', import.meta.url)

const WINDOWS = { platform: 'win32', home: 'C:\\Users\\Ada', cwd: 'C:\\srv' }
const MAC = { platform: 'darwin', home: '/Users/ada' }
const DESKTOP = { identifier: 'com.example.agents', file: 'agents.db' }
const NOTHING = 'Neither DATABASE_URL nor TERRACE_DB_DRIVER is set, and the fallback is'
const PG = 'DATABASE_URL names a Postgres server'
const URL_PG = 'postgres://ada:pw@db.example.com/agents'
const URL_NEON = 'postgres://ada:pw@ep-blue-1.eu-central-1.aws.neon.tech/agents'
const DB = 'db.example.com:5432/agents'
const NEON = 'ep-blue-1.eu-central-1.aws.neon.tech:5432/agents'

const sqlite = { tier: 'sqlite', driver: 'sqlite' } as const
const memory = { tier: 'memory', driver: 'memory', target: 'memory' } as const
const pg = { tier: 'postgres', driver: 'pg' } as const
const neon = { tier: 'postgres', driver: 'neon' } as const
const pglite = { tier: 'postgres', driver: 'pglite' } as const

/** One table of the docs. */
export interface Section<Entry> {
  readonly title: string
  readonly entries: readonly Entry[]
}

export const TABLE: readonly Section<Row>[] = [
  {
    title: 'Nothing is configured',
    entries: [
      { ...memory, reason: `${NOTHING} memory.` },
      {
        ...memory,
        env: { DATABASE_URL: '', TERRACE_DB_DRIVER: '  ' },
        reason: `${NOTHING} memory.`,
      },
      {
        ...memory,
        env: { SQLITE_DB_PATH: './a.db' },
        reason: `${NOTHING} memory.`,
        warnings: ['SQLITE_DB_PATH'],
      },
      { ...memory, env: { NODE_ENV: 'production' }, reason: `${NOTHING} memory.`, warnings: ['NODE_ENV'] },
      { ...memory, env: { VERCEL: '1' }, reason: `${NOTHING} memory.`, warnings: ['VERCEL'] },
      {
        ...sqlite,
        env: { VERCEL: '1' },
        options: { fallback: 'sqlite' },
        target: '/home/ada/.terrace/terrace.db',
        reason: `${NOTHING} sqlite.`,
        warnings: ['VERCEL'],
      },
      {
        ...sqlite,
        options: { fallback: 'sqlite' },
        target: '/home/ada/.terrace/terrace.db',
        reason: `${NOTHING} sqlite.`,
      },
      {
        ...sqlite,
        options: { fallback: 'sqlite', app: 'company-agents' },
        target: '/home/ada/.company-agents/company-agents.db',
        reason: 'Neither DATABASE_URL nor COMPANY_AGENTS_DB_DRIVER is set, and the fallback is sqlite.',
      },
      {
        ...sqlite,
        env: { SQLITE_DB_PATH: './a.db' },
        options: { fallback: 'sqlite' },
        target: '/srv/agents/a.db',
        reason: `${NOTHING} sqlite; SQLITE_DB_PATH says where.`,
      },
      {
        ...pglite,
        options: { fallback: 'pglite' },
        target: '/home/ada/.terrace/instances/default/db',
        reason: `${NOTHING} pglite.`,
      },
      {
        ...pglite,
        env: { TERRACE_INSTANCE: 'blue' },
        options: { fallback: 'pglite' },
        target: '/home/ada/.terrace/instances/blue/db',
        reason: `${NOTHING} pglite; TERRACE_INSTANCE says where.`,
      },
      {
        ...pglite,
        env: { TERRACE_INSTANCE: 'blue' },
        options: { fallback: 'pglite', instance: 'green' },
        target: '/home/ada/.terrace/instances/green/db',
        reason: `${NOTHING} pglite; options.instance says where.`,
        warnings: ['TERRACE_INSTANCE'],
      },
    ],
  },
  {
    title: 'A desktop app',
    entries: [
      {
        ...sqlite,
        options: { ...MAC, desktop: DESKTOP },
        target: '/Users/ada/Library/Application Support/com.example.agents/agents.db',
        reason: `${NOTHING} sqlite; options.desktop says where.`,
      },
      {
        ...sqlite,
        options: { desktop: DESKTOP },
        target: '/home/ada/.local/share/com.example.agents/agents.db',
        reason: `${NOTHING} sqlite; options.desktop says where.`,
      },
      {
        ...sqlite,
        env: { XDG_DATA_HOME: '/data' },
        options: { desktop: DESKTOP },
        target: '/data/com.example.agents/agents.db',
        reason: `${NOTHING} sqlite; options.desktop says where.`,
      },
      {
        ...sqlite,
        env: { XDG_DATA_HOME: 'relative' },
        options: { desktop: DESKTOP },
        target: '/home/ada/.local/share/com.example.agents/agents.db',
        reason: `${NOTHING} sqlite; options.desktop says where.`,
      },
      {
        ...sqlite,
        env: { APPDATA: 'D:\\Roaming' },
        options: { ...WINDOWS, desktop: DESKTOP },
        target: 'D:\\Roaming\\com.example.agents\\agents.db',
        reason: `${NOTHING} sqlite; options.desktop says where.`,
      },
      {
        ...sqlite,
        options: { ...WINDOWS, desktop: DESKTOP },
        target: 'C:\\Users\\Ada\\AppData\\Roaming\\com.example.agents\\agents.db',
        reason: `${NOTHING} sqlite; options.desktop says where.`,
      },
      {
        ...sqlite,
        env: { TERRACE_DB_DRIVER: 'sqlite', SQLITE_DB_PATH: './a.db' },
        options: { desktop: DESKTOP },
        target: '/home/ada/.local/share/com.example.agents/agents.db',
        reason: 'TERRACE_DB_DRIVER is sqlite; options.desktop says where.',
        warnings: ['SQLITE_DB_PATH'],
      },
      {
        ...pglite,
        options: { desktop: DESKTOP, fallback: 'pglite' },
        target: '/home/ada/.terrace/instances/default/db',
        reason: `${NOTHING} pglite.`,
      },
      { ...pg, env: { DATABASE_URL: URL_PG }, options: { desktop: DESKTOP }, target: DB, reason: `${PG}.` },
    ],
  },
  {
    title: 'A driver variable',
    entries: [
      {
        ...sqlite,
        env: { TERRACE_DB_DRIVER: 'sqlite' },
        target: '/srv/agents/terrace.db',
        reason: 'TERRACE_DB_DRIVER is sqlite.',
      },
      {
        ...sqlite,
        env: { COMPANY_AGENTS_DB_DRIVER: 'SQLite' },
        options: { app: 'company-agents' },
        target: '/srv/agents/company-agents.db',
        reason: 'COMPANY_AGENTS_DB_DRIVER is sqlite.',
      },
      {
        ...sqlite,
        env: { TERRACE_DB_DRIVER: 'sqlite', SQLITE_DB_PATH: '/data/a.db' },
        target: '/data/a.db',
        reason: 'TERRACE_DB_DRIVER is sqlite; SQLITE_DB_PATH says where.',
      },
      {
        ...sqlite,
        env: { TERRACE_DB_DRIVER: 'sqlite', SQLITE_DB_PATH: '~/a.db' },
        target: '/home/ada/a.db',
        reason: 'TERRACE_DB_DRIVER is sqlite; SQLITE_DB_PATH says where.',
      },
      {
        ...sqlite,
        env: { TERRACE_DB_DRIVER: 'sqlite', SQLITE_DB_PATH: ':memory:', NODE_ENV: 'production' },
        target: 'memory',
        reason: 'TERRACE_DB_DRIVER is sqlite; SQLITE_DB_PATH says where.',
        warnings: ['NODE_ENV'],
      },
      {
        ...pglite,
        env: { TERRACE_DB_DRIVER: 'pglite' },
        target: '/home/ada/.terrace/instances/default/db',
        reason: 'TERRACE_DB_DRIVER is pglite.',
      },
      {
        ...pglite,
        env: { TERRACE_DB_DRIVER: 'pglite', SQLITE_DB_PATH: './a.db' },
        target: '/home/ada/.terrace/instances/default/db',
        reason: 'TERRACE_DB_DRIVER is pglite.',
        warnings: ['SQLITE_DB_PATH'],
      },
      { ...memory, env: { TERRACE_DB_DRIVER: 'memory' }, reason: 'TERRACE_DB_DRIVER is memory.' },
      {
        ...memory,
        env: { TERRACE_DB_DRIVER: 'memory' },
        options: { fallback: 'sqlite' },
        reason: 'TERRACE_DB_DRIVER is memory.',
      },
    ],
  },
  {
    title: 'A Postgres URL',
    entries: [
      { ...pg, env: { DATABASE_URL: URL_PG }, target: DB, reason: `${PG}.` },
      {
        ...pg,
        env: { DATABASE_URL: 'postgresql://localhost:5433/agents' },
        target: 'localhost:5433/agents',
        reason: `${PG}.`,
      },
      {
        ...pg,
        env: { DATABASE_URL: 'postgres://ada:p%40%3A%2Fw@[::1]/my%20agents' },
        target: '[::1]:5432/my agents',
        reason: `${PG}.`,
      },
      {
        ...pg,
        env: { DATABASE_URL: 'postgres://ada:p@w:x@localhost/agents' },
        target: 'localhost:5432/agents',
        reason: `${PG}.`,
      },
      {
        ...pg,
        env: { DATABASE_URL: 'postgres://ada:pw@/agents?host=/run/postgresql' },
        target: '/run/postgresql:5432/agents',
        reason: `${PG}.`,
      },
      {
        ...pg,
        env: { DATABASE_URL: 'postgres:///agents', PGHOST: 'db.example.com', PGPORT: '5433' },
        target: 'db.example.com:5433/agents',
        reason: `${PG}.`,
      },
      {
        ...neon,
        env: { DATABASE_URL: URL_NEON },
        target: NEON,
        reason: `${PG}, and its host is one of Neon's.`,
      },
      {
        ...neon,
        env: { DATABASE_URL: 'postgres://ada:pw@EP-1.EU.NEON.BUILD/agents' },
        target: 'EP-1.EU.NEON.BUILD:5432/agents',
        reason: `${PG}, and its host is one of Neon's.`,
      },
      {
        ...pg,
        env: { DATABASE_URL: 'postgres://ada:pw@not-neon.tech/agents' },
        target: 'not-neon.tech:5432/agents',
        reason: `${PG}.`,
      },
      {
        ...pg,
        env: { DATABASE_URL: URL_NEON, TERRACE_DB_DRIVER: 'pg' },
        target: NEON,
        reason: `${PG}, and TERRACE_DB_DRIVER picks the pg driver.`,
      },
      {
        ...neon,
        env: { DATABASE_URL: URL_PG, TERRACE_DB_DRIVER: 'neon' },
        target: DB,
        reason: `${PG}, and TERRACE_DB_DRIVER picks the neon driver.`,
      },
      {
        ...neon,
        env: { DATABASE_URL: URL_NEON, TERRACE_DB_DRIVER: 'postgres' },
        target: NEON,
        reason: `${PG}, and its host is one of Neon's.`,
      },
      ...(['sqlite', 'pglite', 'memory'] as const).map((driver) => ({
        ...pg,
        env: { DATABASE_URL: URL_PG, TERRACE_DB_DRIVER: driver },
        target: DB,
        reason: `${PG}.`,
        warnings: ['TERRACE_DB_DRIVER'],
      })),
      {
        ...pg,
        env: { DATABASE_URL: URL_PG, SQLITE_DB_PATH: './a.db' },
        options: { fallback: 'sqlite' },
        target: DB,
        reason: `${PG}.`,
        warnings: ['SQLITE_DB_PATH'],
      },
    ],
  },
  {
    title: 'A URL of an embedded database',
    entries: [
      ...[
        { DATABASE_URL: 'file:./a.db', target: '/srv/agents/a.db' },
        { DATABASE_URL: 'sqlite:a.db', target: '/srv/agents/a.db' },
        { DATABASE_URL: 'sqlite://data/a.db', target: '/srv/agents/data/a.db' },
        { DATABASE_URL: 'file:/data/a.db', target: '/data/a.db' },
        { DATABASE_URL: 'file:///data/my%20agents.db', target: '/data/my agents.db' },
        { DATABASE_URL: 'sqlite:~/a.db', target: '/home/ada/a.db' },
        { DATABASE_URL: 'sqlite::memory:', target: 'memory' },
        { DATABASE_URL: ':memory:', target: 'memory' },
      ].map(({ target, ...env }) => ({
        ...sqlite,
        env,
        target,
        reason: 'DATABASE_URL names a SQLite database.',
      })),
      {
        ...sqlite,
        env: { DATABASE_URL: 'file:///D:/data/a.db' },
        options: WINDOWS,
        target: 'D:\\data\\a.db',
        reason: 'DATABASE_URL names a SQLite database.',
      },
      {
        ...sqlite,
        env: { DATABASE_URL: 'file:./a.db', SQLITE_DB_PATH: './b.db', TERRACE_DB_DRIVER: 'pg' },
        target: '/srv/agents/a.db',
        reason: 'DATABASE_URL names a SQLite database.',
        warnings: ['TERRACE_DB_DRIVER', 'SQLITE_DB_PATH'],
      },
      ...[
        { DATABASE_URL: 'pglite:./data', target: '/srv/agents/data' },
        { DATABASE_URL: 'pglite:///data/agents', target: '/data/agents' },
        { DATABASE_URL: 'pglite:', target: '/home/ada/.terrace/instances/default/db' },
        { DATABASE_URL: 'pglite://memory', target: 'memory' },
        { DATABASE_URL: 'pglite:memory://', target: 'memory' },
        { DATABASE_URL: 'memory://', target: 'memory' },
      ].map(({ target, ...env }) => ({
        ...pglite,
        env,
        target,
        reason: 'DATABASE_URL names a PGlite database.',
      })),
      {
        ...pglite,
        env: { DATABASE_URL: 'pglite:./data', TERRACE_DB_DRIVER: 'postgres' },
        target: '/srv/agents/data',
        reason: 'DATABASE_URL names a PGlite database.',
      },
      {
        ...pglite,
        env: { DATABASE_URL: 'memory://', NODE_ENV: 'production' },
        target: 'memory',
        reason: 'DATABASE_URL names a PGlite database.',
        warnings: ['NODE_ENV'],
      },
    ],
  },
  {
    title: 'Options beat variables',
    entries: [
      {
        ...pg,
        env: { DATABASE_URL: URL_NEON },
        options: { url: URL_PG },
        target: DB,
        reason: 'options.url names a Postgres server.',
        warnings: ['DATABASE_URL'],
      },
      {
        ...pg,
        env: { DATABASE_URL: URL_PG },
        options: { url: URL_PG },
        target: DB,
        reason: 'options.url names a Postgres server.',
      },
      {
        ...pg,
        env: { DATABASE_URL: URL_NEON, DATABASE_URL_UNPOOLED: URL_NEON },
        options: { url: URL_PG },
        target: DB,
        reason: 'options.url names a Postgres server.',
        warnings: ['DATABASE_URL', 'DATABASE_URL_UNPOOLED'],
      },
      {
        ...neon,
        env: { DATABASE_URL: URL_PG, TERRACE_DB_DRIVER: 'pg' },
        options: { driver: 'neon' },
        target: DB,
        reason: `${PG}, and options.driver picks the neon driver.`,
        warnings: ['TERRACE_DB_DRIVER'],
      },
      {
        ...sqlite,
        env: { DATABASE_URL: URL_PG },
        options: { driver: 'sqlite' },
        target: '/srv/agents/terrace.db',
        reason: 'options.driver is sqlite.',
        warnings: ['DATABASE_URL'],
      },
      {
        ...sqlite,
        env: { DATABASE_URL: 'mysql://ada:pw@localhost/shop' },
        options: { driver: 'sqlite' },
        target: '/srv/agents/terrace.db',
        reason: 'options.driver is sqlite.',
        warnings: ['DATABASE_URL'],
      },
      {
        ...sqlite,
        env: { DATABASE_URL: 'file:./a.db' },
        options: { driver: 'sqlite' },
        target: '/srv/agents/a.db',
        reason: 'DATABASE_URL names a SQLite database.',
      },
      {
        ...memory,
        env: { DATABASE_URL: URL_PG, TERRACE_DB_DRIVER: 'sqlite', SQLITE_DB_PATH: './a.db' },
        options: { driver: 'memory' },
        reason: 'options.driver is memory.',
        warnings: ['DATABASE_URL', 'TERRACE_DB_DRIVER', 'SQLITE_DB_PATH'],
      },
      {
        ...sqlite,
        env: { SQLITE_DB_PATH: './b.db' },
        options: { driver: 'sqlite', path: './a.db' },
        target: '/srv/agents/a.db',
        reason: 'options.driver is sqlite; options.path says where.',
        warnings: ['SQLITE_DB_PATH'],
      },
      {
        ...sqlite,
        env: { DATABASE_URL: URL_PG, TERRACE_DB_DRIVER: 'pglite' },
        options: { path: './a.db' },
        target: '/srv/agents/a.db',
        reason: 'options.path names a SQLite database.',
        warnings: ['DATABASE_URL', 'TERRACE_DB_DRIVER'],
      },
      {
        ...sqlite,
        options: { path: './a.db', desktop: DESKTOP },
        target: '/srv/agents/a.db',
        reason: 'options.path names a SQLite database.',
      },
      {
        ...pglite,
        options: { path: './data', fallback: 'pglite' },
        target: '/srv/agents/data',
        reason: 'options.path names a PGlite database.',
      },
      {
        ...pglite,
        options: { driver: 'pglite', path: 'memory://' },
        target: 'memory',
        reason: 'options.driver is pglite; options.path says where.',
      },
    ],
  },
]

export const REFUSALS: Section<Refusal> = {
  title: 'What is refused',
  entries: [
    {
      env: { TERRACE_DB_DRIVER: 'postgres' },
      message: 'TERRACE_DB_DRIVER is postgres, but DATABASE_URL is not set',
    },
    { env: { TERRACE_DB_DRIVER: 'neon' }, message: 'TERRACE_DB_DRIVER is neon, but DATABASE_URL is not set' },
    {
      env: { TERRACE_DB_DRIVER: 'postgress' },
      message: 'TERRACE_DB_DRIVER is "postgress"; did you mean postgres?',
    },
    {
      env: { TERRACE_DB_DRIVER: 'oracle' },
      message: 'TERRACE_DB_DRIVER is "oracle". Known values: sqlite, pglite, memory, postgres, pg, neon.',
    },
    {
      env: { DATABASE_URL: 'mysql://ada:pw@localhost/shop' },
      message: 'DATABASE_URL begins with mysql:, which is not supported',
    },
    { env: { DATABASE_URL: './a.db' }, message: 'DATABASE_URL is not a URL' },
    {
      env: { DATABASE_URL: 'postgres://ada:p/w@localhost/agents' },
      message: 'DATABASE_URL is not a Postgres URL',
    },
    {
      env: { DATABASE_URL: 'postgres://ada:1/w@localhost/agents' },
      message: 'DATABASE_URL is not a Postgres URL',
    },
    {
      env: { DATABASE_URL: 'postgres://ada:1?w@localhost/agents' },
      message: 'DATABASE_URL is not a Postgres URL',
    },
    {
      env: { DATABASE_URL: 'postgres://ada:1#w@localhost/agents' },
      message: 'DATABASE_URL is not a Postgres URL',
    },
    {
      env: { DATABASE_URL: 'postgres://ada:p%w@localhost/agents' },
      message: 'DATABASE_URL is not percent-encoded correctly',
    },
    { env: { DATABASE_URL: `${URL_PG}?sslmode=maybe` }, message: 'sslmode in DATABASE_URL is "maybe"' },
    {
      env: { DATABASE_URL: URL_PG, PGSSLMODE: 'requird' },
      message: 'PGSSLMODE is "requird"; did you mean require?',
    },
    {
      env: { DATABASE_URL: URL_PG, DATABASE_URL_UNPOOLED: 'file:./a.db' },
      message: 'DATABASE_URL_UNPOOLED is not a Postgres URL',
    },
    {
      env: { DATABASE_URL: 'file:./a.db?mode=ro' },
      message: 'DATABASE_URL: file: URLs take no parameters here',
    },
    { env: { DATABASE_URL: 'file://server/a.db' }, message: 'DATABASE_URL names a host' },
    { env: { DATABASE_URL: 'sqlite://ada:pw@localhost/agents' }, message: 'DATABASE_URL names a host' },
    { env: { DATABASE_URL: 'sqlite:' }, message: 'DATABASE_URL names no file' },
    {
      env: { TERRACE_DB_DRIVER: 'sqlite', SQLITE_DB_PATH: URL_PG },
      message: 'SQLITE_DB_PATH has to be a path',
    },
    {
      env: { TERRACE_DB_DRIVER: 'sqlite', SQLITE_DB_PATH: `"${URL_PG}"` },
      message: 'SQLITE_DB_PATH has to be a path',
    },
    {
      env: { TERRACE_DB_DRIVER: 'pglite', TERRACE_INSTANCE: '../other' },
      message: 'TERRACE_INSTANCE has to be a plain name',
    },
    {
      env: { DATABASE_POOL_MAX: 'many' },
      message: 'DATABASE_POOL_MAX is "many"; it has to be a whole number',
    },
    { env: { DATABASE_POOL_MIN: '-1' }, message: 'DATABASE_POOL_MIN is "-1"; it has to be a whole number' },
    { env: { DATABASE_POOL_MAX: '0' }, message: 'DATABASE_POOL_MAX has to be at least 1' },
    {
      env: { DATABASE_POOL_MIN: '20' },
      message: 'DATABASE_POOL_MIN is 20, more than DATABASE_POOL_MAX, which is 10',
    },
    {
      env: { TERRACE_DB_MIGRATE: 'yes' },
      message: 'TERRACE_DB_MIGRATE is "yes". Known values: auto, verify, off.',
    },
    { options: { app: '' }, message: 'options.app has to be a plain name' },
    { options: { app: '../agents' }, message: 'options.app has to be a plain name' },
    { options: { app: '..' }, message: 'options.app has to be a plain name' },
    {
      options: { desktop: { identifier: 'a/b', file: 'a.db' } },
      message: 'options.desktop.identifier has to be a plain name',
    },
    { options: { driver: 'pg' }, message: 'options.driver is pg, but DATABASE_URL is not set' },
    {
      env: { DATABASE_URL: 'file:./a.db' },
      options: { driver: 'pg' },
      message: 'options.driver is pg, but DATABASE_URL is not the URL of a Postgres server',
    },
    {
      options: { driver: 'sqlite', url: URL_PG },
      message: 'options.driver is sqlite, but options.url names another kind of database',
    },
    {
      options: { driver: 'pg', url: 'pglite:./data' },
      message: 'options.driver is pg, but options.url names another kind of database',
    },
    {
      options: { url: 'file:./a.db', path: './b.db' },
      message: 'options.url and options.path both say where',
    },
    {
      options: { driver: 'memory', path: './a.db' },
      message: 'options.driver is memory, which keeps no files',
    },
  ],
}

/** Every table, as the docs show it. */
export function markdown(): string {
  const resolved = TABLE.map(({ title, entries }) =>
    table(
      title,
      ['Environment', 'Options', 'Tier (driver)', 'Target', 'Reason', 'Warns about'],
      entries,
      (row) => [
        variables(row.env),
        settings(row.options),
        row.tier === row.driver ? row.tier : `${row.tier} (${row.driver})`,
        code(row.target),
        row.reason,
        (row.warnings ?? []).map(code).join(' '),
      ],
    ),
  )
  const refused = table(
    REFUSALS.title,
    ['Environment', 'Options', 'ConfigError'],
    REFUSALS.entries,
    (row) => [variables(row.env), settings(row.options), row.message],
  )
  return [...resolved, refused].join('\n\n')
}

/** The text with its truth table brought up to date. */
export function withTable(text: string): string {
  const [begin, end] = ['<!-- truth table -->', '<!-- /truth table -->']
  const [before, after] = [text.indexOf(begin), text.indexOf(end)]
  if (before < 0 || after < before) throw new Error(`the text lacks ${begin} and ${end}`)
  return `${text.slice(0, before)}${begin}\n\n${markdown()}\n\n${text.slice(after)}`
}

function table<Entry>(
  title: string,
  head: readonly string[],
  entries: readonly Entry[],
  cells: (entry: Entry) => readonly string[],
): string {
  const line = (columns: readonly string[]) =>
    `| ${columns.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const rows = [head, head.map(() => '---'), ...entries.map(cells)]
  return `### ${title}\n\n${rows.map(line).join('\n')}`
}

function variables(env: Readonly<Record<string, string>> = {}): string {
  return Object.entries(env)
    .map(([name, value]) => code(`${name}=${value}`))
    .join(' ')
}

function settings(options: ResolveOptions = {}): string {
  return Object.entries(options)
    .map(([name, value]) => code(`${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`))
    .join(' ')
}

function code(text: string): string {
  return `\`${text}\``
}

if (import.meta.main) writeFileSync(DOCS, withTable(readFileSync(DOCS, 'utf8')))
