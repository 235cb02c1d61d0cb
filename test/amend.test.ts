import {
  generateDrizzleJson,
  generateMigration,
  generateSQLiteDrizzleJson,
  generateSQLiteMigration,
} from 'drizzle-kit/api'
import { describe, expect, it } from 'vitest'
import { amend } from '../scripts/amend.ts'
import { drift } from '../src/migrations/drift.ts'
import { migrate } from '../src/migrations/runner.ts'
import type { Migration } from '../src/migrations/target.ts'
import { toPostgres } from '../src/schema/drizzle/postgres.ts'
import { toSqlite } from '../src/schema/drizzle/sqlite.ts'
import { boolean, bytes, id, integer, json, oneOf, text, timestamp } from '../src/schema/dsl/columns.ts'
import type { JsonObject } from '../src/schema/dsl/json.ts'
import { type Table, table } from '../src/schema/dsl/table.ts'
import { createMigrationDatabase } from './support/migration-targets.ts'

/** A table as it was, and as it is to become: columns come, and one that could be null no longer may. */
const before = table(
  'things',
  { id: id().primaryKey(), rank: integer(), note: text().optional() },
  { indexes: [{ on: [['rank', 'desc']] }] },
)
const after = table(
  'things',
  {
    id: id().primaryKey(),
    rank: integer(),
    note: text().default('none'),
    tone: text().default("it's calm"),
    size: integer().default(3),
    open: boolean().default(true),
    state: oneOf('new', 'old').default('old'),
    since: timestamp().default(new Date(1000)),
    tags: json<JsonObject>().default({ a: "it's" }),
    key: bytes().default(new Uint8Array([1, 255])),
    extra: text().optional(),
  },
  { indexes: [{ on: [['rank', 'desc']] }] },
)
/** No checks come with these, so that SQLite adds them without making the table anew. */
const plain = table('plains', { id: id().primaryKey() })
const plainAfter = table('plains', {
  id: id().primaryKey(),
  tone: text().default("it's calm"),
  extra: text().optional(),
})

describe.each(['postgres', 'sqlite'] as const)('an amended migration on %s', (dialect) => {
  it('fills new required columns of the rows that are there', async () => {
    await using database = await createMigrationDatabase(dialect)
    const target = database.connect()
    const first = await migrationOf(dialect, '0000_first', [], [before, plain])
    const second = await migrationOf(dialect, '0001_second', [before, plain], [after, plainAfter])
    const options = { mode: 'auto', now: new Date(0), tables: [after, plainAfter] } as const
    await migrate(target, { ...options, migrations: [first] })
    await target.query(`insert into terrace_things (id, rank, note) values ('a', 1, null), ('b', 2, 'kept')`)
    await target.query(`insert into terrace_plains (id) values ('a')`)
    await migrate(target, { ...options, migrations: [first, second] })

    expect(await drift(target, [after, plainAfter])).toEqual([])
    const isSqlite = dialect === 'sqlite'
    const filled = {
      tone: "it's calm",
      open: isSqlite ? 1 : true,
      state: 'old',
      since: isSqlite ? 1000 : new Date(1000),
      tags: isSqlite ? `{"a":"it's"}` : { a: "it's" },
      key: Buffer.from([1, 255]),
      extra: null,
    }
    const rows = await target.query('select * from terrace_things order by id')
    expect(rows.map(({ rank: _rank, size: _size, ...row }) => row)).toEqual([
      { ...filled, id: 'a', note: 'none' },
      { ...filled, id: 'b', note: 'kept' },
    ])
    expect(rows.map(({ rank, size }) => [Number(rank), Number(size)])).toEqual([
      [1, 3],
      [2, 3],
    ])
    expect(await target.query('select * from terrace_plains')).toEqual([
      { id: 'a', tone: "it's calm", extra: null },
    ])
  })

  it('is left to a person where nobody knows what existing rows get', async () => {
    const unknown = table('plains', { id: id().primaryKey(), owner: text(), size: integer() })
    const { problems } = await amended(dialect, [plain], [unknown])
    expect(problems).toEqual([
      'terrace_plains.owner is required and has no default: write what existing rows get',
      'terrace_plains.size is required and has no default: write what existing rows get',
    ])
  })
})

async function migrationOf(
  dialect: 'postgres' | 'sqlite',
  tag: string,
  from: readonly Table[],
  to: readonly Table[],
): Promise<Migration> {
  const { sql, problems } = await amended(dialect, from, to)
  expect(problems).toEqual([])
  const statements = sql
    .split('--> statement-breakpoint')
    .map((statement) => statement.trim())
    .filter((statement) => !/^PRAGMA/.test(statement))
  return { tag, checksum: tag, compatible: false, statements }
}

async function amended(dialect: 'postgres' | 'sqlite', from: readonly Table[], to: readonly Table[]) {
  if (dialect === 'postgres') {
    const [old, next] = [from, to].map((each) => generateDrizzleJson(exportsOf(each, toPostgres)))
    return amend('postgres', joined(await generateMigration(old!, next!)), undefined, to)
  }
  const old = await generateSQLiteDrizzleJson(exportsOf(from, toSqlite))
  const next = await generateSQLiteDrizzleJson(exportsOf(to, toSqlite))
  return amend('sqlite', joined(await generateSQLiteMigration(old, next)), old, to)
}

function exportsOf<D>(list: readonly Table[], compile: (each: Table) => D): Record<string, D> {
  return Object.fromEntries(list.map((each) => [each.name, compile(each)]))
}

function joined(statements: readonly string[]): string {
  return statements.join('--> statement-breakpoint\n')
}
