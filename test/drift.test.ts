import { afterAll, beforeAll, expect, it, describe as suite } from 'vitest'
import { pgliteEngine } from '../src/engine/postgres/pglite.ts'
import { compare, type DifferenceKind } from '../src/migrations/compare.ts'
import { describe } from '../src/migrations/describe.ts'
import type { SchemaDescription, TableDescription } from '../src/migrations/description.ts'
import { drift, introspect } from '../src/migrations/drift.ts'
import { migrations } from '../src/migrations/generated.ts'
import { migrate } from '../src/migrations/runner.ts'
import { checksIn, normalise } from '../src/migrations/sql-text.ts'
import { shortName } from '../src/schema/dsl/table.ts'
import { tables } from '../src/schema/tables.ts'
import { createMigrationDatabase, type MigrationDatabase } from './support/migration-targets.ts'
import { selectedDialects, selectedTiers } from './support/tiers.ts'

const auto = { mode: 'auto', now: new Date() } as const
const dialects = selectedDialects()

it.runIf(dialects.length === 2)(
  'migrated databases of both dialects are the same, and what the schema says',
  async () => {
    await using postgresDatabase = await createMigrationDatabase('postgres')
    await using sqliteDatabase = await createMigrationDatabase('sqlite')
    const postgres = postgresDatabase.connect()
    const sqlite = sqliteDatabase.connect()
    await migrate(postgres, auto)
    await migrate(sqlite, auto)
    expect(compare(describe(tables, 'postgres'), await introspect(postgres))).toEqual([])
    expect(compare(describe(tables, 'sqlite'), await introspect(sqlite))).toEqual([])
    const inBoth = compare(inSqliteTerms(await introspect(postgres)), await introspect(sqlite))
    expect(inBoth.filter(({ kind }) => kind !== 'search')).toEqual([])
  },
)

it.runIf(selectedTiers().includes('pglite'))('a migrated PGlite is what the schema says', async () => {
  let differences: unknown
  const engine = await pgliteEngine({
    migrate: async (target) => {
      await migrate(target, auto)
      differences = await drift(target)
    },
  })
  await engine.close()
  expect(differences).toEqual([])
})

/** Each is a change to the statements that make the tables, and what is then said of it. */
const breakages: readonly {
  kind: DifferenceKind
  change: (statement: string) => string
  message: string
  only?: 'postgres' | 'sqlite'
}[] = [
  {
    kind: 'missing table',
    change: without('terrace_messages'),
    message: 'terrace_messages: the table is missing',
  },
  {
    kind: 'extra table',
    change: (s) =>
      s.startsWith('CREATE TABLE "terrace_settings"')
        ? s.replace('settings"', 'settings_old"')
        : without('terrace_settings')(s),
    message: 'terrace_settings_old: the schema has no such table',
  },
  {
    kind: 'column',
    change: (s) => s.replace(/"icon" text[^,]*,/, ''),
    message: 'terrace_roles: column icon (TEXT) is missing',
  },
  {
    kind: 'column',
    change: (s) => s.replace('"icon" text', '"icon_2" text, "icon" text'),
    message: 'terrace_roles: the schema has no column icon_2',
  },
  {
    kind: 'type',
    change: within('terrace_conversations', (s) => s.replace(/("last_seq") \w+/, '$1 smallint')),
    message: 'terrace_conversations: column last_seq is smallint, not INTEGER',
  },
  {
    kind: 'type',
    change: (s) => s.replace('"icon" text COLLATE "C"', '"icon" text'),
    message: 'terrace_roles: column icon is text, not text collate "C"',
    only: 'postgres',
  },
  {
    kind: 'type',
    change: (s) => s.replace('"deleted_at" timestamp (3)', '"deleted_at" timestamp'),
    message:
      'terrace_conversations: column deleted_at is timestamp with time zone, not timestamp(3) with time zone',
    only: 'postgres',
  },
  {
    kind: 'nullability',
    change: (s) => s.replace(/("icon" [^,]*) NOT NULL/, '$1'),
    message: 'terrace_roles: column icon may be null',
  },
  {
    kind: 'nullability',
    change: (s) => s.replace(/("cwd" [^,]*),/, '$1 NOT NULL,'),
    message: 'terrace_workspaces: column cwd may not be null',
  },
  {
    kind: 'primary key',
    change: (s) => s.replace(/PRIMARY KEY\("scope", ?"key"\)/, 'PRIMARY KEY("key", "scope")'),
    message: 'terrace_settings: the primary key is (key, scope), not (scope, key)',
  },
  {
    kind: 'primary key',
    change: (s) => s.replace(/(CREATE TABLE "terrace_messages" \(\s*"id" [^,]*)PRIMARY KEY/, '$1'),
    message: 'terrace_messages: there is no primary key, not (id)',
  },
  {
    kind: 'foreign key',
    change: (s) =>
      s
        .replace(/\s*FOREIGN KEY \("team_id"\)[^\n]*,\n/, '\n')
        .replace(/^ALTER TABLE "terrace_agents" ADD CONSTRAINT "terrace_agents_team_id_fkey".*/, ''),
    message:
      'terrace_agents: foreign key team_id references terrace_teams (id) is missing: on delete set null',
  },
  {
    kind: 'foreign key',
    change: (s) =>
      /"terrace_agents"[\s\S]*FOREIGN KEY \("parent_id"\)/.test(s)
        ? s.replace(/(FOREIGN KEY \("parent_id"\)[^\n]*)set null/, '$1restrict')
        : s,
    message:
      'terrace_agents: foreign key parent_id references terrace_agents (id) is on delete restrict, not on delete set null',
  },
  {
    kind: 'index',
    change: (s) => (s.includes('terrace_roles_created_at_id_idx') ? '' : s),
    message: 'terrace_roles: index terrace_roles_created_at_id_idx is missing: (created_at, id)',
  },
  {
    kind: 'index',
    change: (s) =>
      s.replace(
        /^(CREATE INDEX )"terrace_roles_created_at_id_idx"(.*)$/,
        '$1"terrace_roles_created_at_id_idx"$2;$1"mine"$2',
      ),
    message: 'terrace_roles: the schema has no index mine: (created_at, id)',
  },
  {
    kind: 'index',
    change: (s) =>
      s.replace('UNIQUE INDEX "terrace_workspaces_slug_key"', 'INDEX "terrace_workspaces_slug_key"'),
    message: 'terrace_workspaces: index terrace_workspaces_slug_key is (slug), not unique (slug)',
  },
  {
    kind: 'index',
    change: (s) => s.replace(/"last_activity_at" desc( nulls first)?,/i, '"last_activity_at",'),
    message:
      'terrace_conversations: index terrace_conversations_workspace_id_last_activity_at_id_idx is (workspace_id, last_activity_at, id desc), not (workspace_id, last_activity_at desc, id desc)',
  },
  {
    kind: 'index',
    change: (s) => s.replace(`WHERE "kind" = 'group'`, `WHERE "kind" = 'direct'`),
    message:
      "terrace_conversations: index terrace_conversations_workspace_id_lead_id_name_kind_key is unique (workspace_id, lead_id, name) where kind = 'direct', not unique (workspace_id, lead_id, name) where kind = 'group'",
  },
  {
    kind: 'index',
    change: (s) => s.replace('("slug")', '("slug") NULLS NOT DISTINCT'),
    message:
      'terrace_workspaces: index terrace_workspaces_slug_key is unique (slug) nulls not distinct, not unique (slug)',
    only: 'postgres',
  },
  {
    kind: 'index',
    change: (s) => s.replace('("slug")', '("slug" collate nocase)'),
    message:
      'terrace_workspaces: index terrace_workspaces_slug_key is unique (slug collate nocase), not unique (slug)',
    only: 'sqlite',
  },
  {
    kind: 'check',
    change: (s) => s.replace(/CONSTRAINT "terrace_codebases_source_check"[^\n]*\n/, ''),
    message:
      "terrace_codebases: check terrace_codebases_source_check is missing: source in 'local', 'github'",
  },
  {
    kind: 'check',
    change: (s) => s.replace("in ('local', 'github')", "in ('local')"),
    message:
      "terrace_codebases: check terrace_codebases_source_check is source = 'local', not source in 'local', 'github'",
  },
  {
    kind: 'check',
    change: (s) => s.replace(/"turn" between -\d+/, '"turn" between 0'),
    message:
      'terrace_messages: check terrace_messages_turn_check is turn between 0 and 9007199254740991, not turn between -9007199254740991 and 9007199254740991',
  },
  {
    kind: 'check',
    change: (s) =>
      s.replace(
        'CONSTRAINT "terrace_codebases_source_check"',
        'CONSTRAINT "mine" CHECK ("path" <> \'\'), CONSTRAINT "terrace_codebases_source_check"',
      ),
    message: "terrace_codebases: the schema has no check mine: path <> ''",
  },
]

suite.each(dialects)('drift on %s', (dialect) => {
  let database: MigrationDatabase
  beforeAll(async () => {
    database = await createMigrationDatabase(dialect)
  })
  afterAll(() => database[Symbol.asyncDispose]())

  const own = breakages.filter(({ only }) => only === undefined || only === dialect)
  it.each(own)('finds: $message', async ({ kind, change, message }) => {
    const target = database.connect()
    const statements = statementsOf(dialect).flatMap((statement) => {
      const changed = change(statement)
      return changed === statement ? [statement] : changed.split(/;(?!\n\t|\nEND)/)
    })
    await target.query('begin')
    for (const statement of statements) if (statement.trim() !== '') await target.query(statement)
    const table = message.split(':')[0]
    const inDialect = message
      .replace('TEXT', dialect === 'sqlite' ? 'text' : 'text collate "C"')
      .replace('INTEGER', dialect === 'sqlite' ? 'integer' : 'bigint')
    const found = await drift(target)
    expect(found).toContainEqual({ kind, table, message: inDialect })
    // A table under another name is missing under its own.
    expect(found).toHaveLength(kind === 'extra table' ? 2 : 1)
    await target.query('rollback')
  })
})

it('an expression reads the same however a database words it', () => {
  const pairs = [
    [`("status" in ('a', 'b,(c)'))`, `(status = ANY (ARRAY['a'::text, 'b,(c)'::text]))`],
    [`"status" in ('it''s')`, `(status = 'it''s'::text)`],
    ['"n" between -9 and 9', `((n >= '-9'::bigint) AND (n <= '9'::bigint))`],
    ['`n` BETWEEN -9 AND 9', '((n >= (-9)) AND (n <= 9))'],
    [`"kind" = 'x' and "is_default" = true`, `((kind = 'x'::text) AND (is_default = true))`],
    [
      `"a" in ('x', 'y')`,
      `((a)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying(3)])::text[]))`,
    ],
  ] as const
  for (const [written, answered] of pairs) expect(normalise(answered)).toBe(normalise(written))
})

it('checks are found in a CREATE TABLE, and what only looks like one is not', () => {
  expect(
    checksIn(`create table t (
      "check" text default 'check (1)', -- check (2)
      a integer check (a in (1, 2) or (a > 3)), /* check (4) */
      constraint "b ok" check (b <> ')'), b text
    )`),
  ).toEqual({ 'a in 1, 2 or a > 3': 'a in 1, 2 or a > 3', 'b ok': "b <> ')'" })
})

function without(table: string): (statement: string) => string {
  return (statement) => (statement.includes(`"${table}"`) ? '' : statement)
}

function within(table: string, change: (statement: string) => string): (statement: string) => string {
  return (statement) => (statement.startsWith(`CREATE TABLE "${table}"`) ? change(statement) : statement)
}

/** Alike on both dialects as far as quotes go. */
function statementsOf(dialect: 'postgres' | 'sqlite'): readonly string[] {
  return migrations[dialect].flatMap(({ statements }) => statements).map((text) => text.replaceAll('`', '"'))
}

/** A description of Postgres as it would be if SQLite had been told the same. */
function inSqliteTerms({ tables: described }: SchemaDescription): SchemaDescription {
  const types: Readonly<Record<string, string>> = {
    'text collate "C"': 'text',
    jsonb: 'text',
    bigint: 'integer',
    boolean: 'integer',
    'timestamp(3) with time zone': 'integer',
    bytea: 'blob',
  }
  const translate = (name: string, table: TableDescription): TableDescription => {
    const columns = Object.entries(table.columns)
    const booleans = columns.filter(([, { type }]) => type === 'boolean').map(([column]) => column)
    return {
      ...table,
      // Each dialect has something else for it.
      searches: {},
      columns: Object.fromEntries(
        columns.map(([column, { type, nullable }]) => [column, { type: types[type] ?? type, nullable }]),
      ),
      indexes: Object.fromEntries(
        Object.entries(table.indexes).map(([index, text]) => [
          index,
          text.replace(/ = true$/, ' = 1').replace(/ = false$/, ' = 0'),
        ]),
      ),
      checks: {
        ...table.checks,
        ...Object.fromEntries(
          booleans.map((column) => [shortName(`${name}_${column}_check`), `${column} in 0, 1`]),
        ),
      },
    }
  }
  return {
    dialect: 'sqlite',
    tables: Object.fromEntries(
      Object.entries(described).map(([name, table]) => [name, translate(name, table)]),
    ),
  }
}
