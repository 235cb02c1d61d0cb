/**
 * Tables beside Terrace's own: what no store has, such as bytes, references that restrict, unique columns that
 * may be null and keys of several columns, is compared here, through the engine.
 */

import {
  generateDrizzleJson,
  generateMigration,
  generateSQLiteDrizzleJson,
  generateSQLiteMigration,
} from 'drizzle-kit/api'
import type { RootEngine } from '../../src/engine/engine.ts'
import { toPostgres } from '../../src/schema/drizzle/postgres.ts'
import { toSqlite } from '../../src/schema/drizzle/sqlite.ts'
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
} from '../../src/schema/dsl/columns.ts'
import type { JsonValue } from '../../src/schema/dsl/json.ts'
import { type Table, table } from '../../src/schema/dsl/table.ts'
import { workspaces } from '../../src/schema/workspaces.ts'

/** Every kind of column, with and without null. */
export const samples = table(
  'samples',
  {
    id: id().primaryKey(),
    workspaceId: id().references(() => workspaces, { onDelete: 'cascade' }),
    parentId: id()
      .optional()
      .references((): Table => samples, { onDelete: 'restrict' }),
    friendId: id()
      .optional()
      .references((): Table => samples, { onDelete: 'set null' }),
    title: text(),
    titleFolded: folded('title'),
    note: text({ min: 1, max: 20 }).optional(),
    state: oneOf('new', 'it’s', "'old'").default('new'),
    mood: oneOf('good', 'bad').optional(),
    count: integer().default(0),
    score: integer().optional(),
    done: boolean().default(false),
    seen: boolean().optional(),
    at: timestamp(),
    until: timestamp().optional(),
    data: json<JsonValue>().default({}),
    extra: json<JsonValue>().optional(),
    blob: bytes().default(new Uint8Array([0])),
    hash: bytes({ max: 4 }).optional(),
  },
  {
    indexes: [
      { on: ['workspaceId', 'title'], unique: true },
      { on: ['note'], unique: true },
      { on: ['workspaceId'], unique: true, where: { done: true, state: "'old'" } },
      { on: [['until', 'desc'], 'id'] },
      { on: ['score'] },
      { on: ['parentId'] },
    ],
  },
)

/** A key of several columns, one of which is a reference. */
export const pairs = table(
  'pairs',
  {
    sampleId: id().references(() => samples, { onDelete: 'cascade' }),
    place: integer(),
    workspaceId: id(),
    label: text().default(''),
    at: timestamp().optional(),
  },
  { primaryKey: ['sampleId', 'place'], indexes: [{ on: ['workspaceId', 'label'] }] },
)

export const extraTables: readonly Table[] = [samples, pairs]

/** Makes the tables where tables have to be made. */
export async function createExtraTables(
  engine: RootEngine,
  extra: readonly Table[] = extraTables,
): Promise<void> {
  if (engine.tier === 'memory') return
  if (engine.tier === 'sqlite') {
    const drizzleTables = Object.fromEntries(extra.map((each) => [each.sqlName, toSqlite(each)]))
    const statements = await generateSQLiteMigration(
      await generateSQLiteDrizzleJson({}),
      await generateSQLiteDrizzleJson(drizzleTables),
    )
    // The cast: that is what this tier unwraps to.
    const { database } = (await engine.unwrap()) as { database: { exec(sql: string): void } }
    for (const statement of statements) database.exec(statement)
    return
  }
  const drizzleTables = Object.fromEntries(extra.map((each) => [each.sqlName, toPostgres(each)]))
  const statements = await generateMigration(generateDrizzleJson({}), generateDrizzleJson(drizzleTables))
  // The cast: a pool and PGlite have this in common.
  const { pool } = (await engine.unwrap()) as { pool: { query(sql: string): Promise<unknown> } }
  for (const statement of statements) await pool.query(statement)
}
