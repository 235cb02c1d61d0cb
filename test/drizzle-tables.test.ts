import { readdirSync } from 'node:fs'
import Database from 'better-sqlite3'
import { drizzle as drizzleSqlite } from 'drizzle-orm/better-sqlite3'
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { drift } from '../src/migrations/drift.ts'
import { checksOf, foreignKeyName, primaryKeyName } from '../src/schema/constraints.ts'
import { toPostgres } from '../src/schema/drizzle/postgres.ts'
import { toSqlite } from '../src/schema/drizzle/sqlite.ts'
import {
  boolean,
  bytes,
  folded,
  id,
  integer,
  json,
  oneOf,
  text,
  timestamp,
} from '../src/schema/dsl/columns.ts'
import type { JsonValue } from '../src/schema/dsl/json.ts'
import { type Table, table } from '../src/schema/dsl/table.ts'
import { tables } from '../src/schema/tables.ts'
import { createMigrationDatabase } from './support/migration-targets.ts'
import { statementsOf } from './support/statements.ts'
import { selectedDialects } from './support/tiers.ts'

/** Every kind of column, constraint and index there is. */
const samples = table(
  'samples',
  {
    id: id().primaryKey(),
    parentId: id()
      .optional()
      .references((): Table => samples, { onDelete: 'restrict' }),
    title: text(),
    titleFolded: folded('title'),
    state: oneOf('it’s', "'quoted'").default('it’s'),
    count: integer().default(7),
    done: boolean().default(false),
    at: timestamp().optional(),
    data: json<JsonValue>().default({ list: [1] }),
    blob: bytes().default(new Uint8Array([1, 2])),
  },
  {
    indexes: [
      { on: [['at', 'desc'], 'id'] },
      { on: ['title'], unique: true, where: { state: "'quoted'", done: true } },
    ],
  },
)
const pairs = table(
  'pairs',
  { left: id().references((): Table => samples, { onDelete: 'cascade' }), right: id() },
  { primaryKey: ['left', 'right'] },
)
const postgres = { samples: toPostgres(samples), pairs: toPostgres(pairs) }
const sqlite = { samples: toSqlite(samples), pairs: toSqlite(pairs) }

it('every table that src/schema defines is listed', async () => {
  const files = readdirSync('src/schema').filter((name) => name.endsWith('.ts'))
  const modules: object[] = await Promise.all(
    files.map((name) => import(`../src/schema/${name.slice(0, -'.ts'.length)}.ts`)),
  )
  const defined = modules.flatMap((module) => Object.values(module).filter(isTable))
  expect(namesOf(tables)).toEqual(namesOf(defined))
})

const namesOf = (of: readonly Table[]) => of.map(({ name }) => name).toSorted()

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && 'columnList' in value

it('no two names of constraints or indexes are alike, and none is longer than Postgres keeps', () => {
  const long = table('aTableWithQuiteALongNameIndeedItIsAsLongAsThat', {
    aColumnWithALongName: integer().primaryKey(),
    aColumnWithALongNamo: integer().references((): Table => long, { onDelete: 'cascade' }),
  })
  const names = [...tables, samples, pairs, long].flatMap((each) => [
    primaryKeyName(each),
    ...checksOf(each, 'sqlite').map(({ name }) => name),
    ...each.columnList.filter(({ references }) => references).map((column) => foreignKeyName(each, column)),
    ...each.indexes.map(({ name }) => name),
  ])
  expect(new Set(names).size).toBe(names.length)
  expect(names.filter((name) => Buffer.byteLength(name) > 63)).toEqual([])
})

it('a table is compiled once', () => {
  expect(toPostgres(samples)).toBe(postgres.samples)
  expect(toSqlite(samples)).toBe(sqlite.samples)
})

describe.each(selectedDialects())('compiled tables on %s', (dialect) => {
  it('are in the database as the schema describes them', async () => {
    await using database = await createMigrationDatabase(dialect)
    const target = database.connect()
    for (const statement of await statementsOf(dialect, [samples, pairs])) await target.query(statement)
    expect(await drift(target, [samples, pairs])).toEqual([])
  })

  it('take rows through drizzle with the library’s defaults, and give back what they took', async () => {
    await using database = await createMigrationDatabase(dialect)
    const { query } = database.connect()
    for (const statement of await statementsOf(dialect, [samples, pairs])) await query(statement)
    const at = new Date('2026-01-02T03:04:05.678Z')
    const given = { id: 'b', title: 'B', at, data: '123', blob: new Uint8Array([0, 255]) }
    const rows = await throughDrizzle(dialect, database.place, [{ id: 'a', title: 'A' }, given])
    const defaults = { parentId: null, titleFolded: null, state: 'it’s', count: 7, done: false }
    expect(rows).toEqual([
      { ...defaults, id: 'a', title: 'A', at: null, data: { list: [1] }, blob: new Uint8Array([1, 2]) },
      { ...defaults, ...given },
    ])
    expect(rows.map(({ blob }) => blob.constructor)).toEqual([Uint8Array, Uint8Array])
  })

  it('refuse what the library would never write', async () => {
    await using database = await createMigrationDatabase(dialect)
    const { query } = database.connect()
    for (const statement of await statementsOf(dialect, [samples, pairs])) await query(statement)
    await throughDrizzle(dialect, database.place, [{ id: 'a', title: 'A', count: Number.MAX_SAFE_INTEGER }])
    const refused = [
      `update terrace_samples set count = count + 1`,
      `update terrace_samples set count = -count - 1`,
      `update terrace_samples set count = 9223372036854775807`,
      `update terrace_samples set state = 'other'`,
      `update terrace_samples set title = null`,
      `update terrace_samples set parent_id = 'nobody'`,
      `insert into terrace_pairs values ('nobody', 'x')`,
      ...(dialect === 'sqlite'
        ? [
            // What an overflow of integers turns into, and what Postgres would not take for its type.
            `update terrace_samples set count = 9223372036854775807 + count`,
            `update terrace_samples set count = 'many'`,
            `update terrace_samples set count = x'01'`,
            `update terrace_samples set done = 2`,
          ]
        : []),
    ]
    for (const sql of refused) await expect(query(sql), sql).rejects.toThrow(/constraint|out of range/i)
  })
})

async function throughDrizzle(
  dialect: 'postgres' | 'sqlite',
  place: string,
  rows: readonly (typeof sqlite.samples.$inferInsert)[],
): Promise<readonly (typeof postgres.samples.$inferSelect)[]> {
  if (dialect === 'sqlite') {
    const client = new Database(place)
    const db = drizzleSqlite(client)
    db.insert(sqlite.samples)
      .values([...rows])
      .run()
    const stored = db.select().from(sqlite.samples).orderBy(sqlite.samples.id).all()
    client.close()
    return stored
  }
  const client = new pg.Client({ connectionString: place })
  await client.connect()
  const db = drizzlePostgres(client)
  await db.insert(postgres.samples).values([...rows])
  const stored = await db.select().from(postgres.samples).orderBy(postgres.samples.id)
  await client.end()
  return stored
}
