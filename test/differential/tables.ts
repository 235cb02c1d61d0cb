/**
 * Tables beside Terrace's own: what no store has, such as bytes, references that restrict, unique columns that
 * may be null and keys of several columns, is compared here, through the engine.
 */

import type { RootEngine } from '../../src/engine/engine.ts'
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
import { statementsOf } from '../support/statements.ts'

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
  const statements = await statementsOf(engine.tier, extra)
  if (engine.tier === 'sqlite') {
    // The cast: that is what this tier unwraps to.
    const { database } = (await engine.unwrap()) as { database: { exec(sql: string): void } }
    for (const statement of statements) database.exec(statement)
    return
  }
  // The cast: a pool and PGlite have this in common.
  const { pool } = (await engine.unwrap()) as { pool: { query(sql: string): Promise<unknown> } }
  for (const statement of statements) await pool.query(statement)
}
