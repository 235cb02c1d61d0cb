/**
 * Search indexes that a Postgres does without: the extension they need is not everywhere, nor may every role make
 * it. What is found is the same, only later, so that a migration goes on; but it is said.
 */

import type { IndexDef, Table } from '../schema/dsl/table.ts'
import { containsIndexes, postgresSearchIndex } from '../schema/search-index.ts'
import { tables as ownTables } from '../schema/tables.ts'
import type { MigrationTarget } from './target.ts'

type Target = Pick<MigrationTarget, 'dialect' | 'query'>

/** A line for each that is missing. */
export async function warnOfSearches(
  target: Target,
  tables: readonly Table[] = ownTables,
): Promise<readonly string[]> {
  return (await missing(target, tables)).map(
    ({ table, index }) =>
      `${table.sqlName} has no index for searching, ${index.name}: what is found is the same, but searches are slower. ` +
      'It needs the extension pg_trgm: see "Search" in docs/tiers.md',
  )
}

/** Makes those that can be made by now, and answers which. */
export async function completeSearches(
  target: Target,
  tables: readonly Table[] = ownTables,
): Promise<readonly string[]> {
  const before = await missing(target, tables)
  for (const { table, index } of before) await target.query(postgresSearchIndex(table, index))
  const after = before.length === 0 ? [] : await missing(target, tables)
  return before
    .filter(({ index }) => !after.some((each) => each.index === index))
    .map(({ index }) => index.name)
}

async function missing(
  { dialect, query }: Target,
  tables: readonly Table[],
): Promise<readonly { readonly table: Table; readonly index: IndexDef }[]> {
  const wanted = tables.flatMap((table) => containsIndexes(table).map((index) => ({ table, index })))
  if (dialect !== 'postgres' || wanted.length === 0) return []
  const names = wanted.map(({ index }) => `'${index.name}'`).join(', ')
  const rows = await query(
    `select c.relname::text as name from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relname in (${names})`,
  )
  const found = new Set(rows.map(({ name }) => name))
  return wanted.filter(({ index }) => !found.has(index.name))
}
