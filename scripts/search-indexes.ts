/**
 * The search indexes of SQLite, which drizzle-kit knows nothing of: what a database lacks, or has otherwise than
 * the schema wants it, as statements. A table that was rebuilt has lost its triggers, for one.
 */

import { sqliteEngine } from '../src/engine/sqlite/engine.ts'
import { drift, introspect } from '../src/migrations/drift.ts'
import type { Migration, MigrationTarget } from '../src/migrations/target.ts'
import type { Table } from '../src/schema/dsl/table.ts'
import { containsIndexes, fillSqliteSearch, sqliteSearchParts } from '../src/schema/search-index.ts'
import { tables } from '../src/schema/tables.ts'

/** What would have to follow these migrations. */
export async function searchesAfter(migrations: readonly Migration[]): Promise<readonly string[]> {
  const found: string[] = []
  const engine = await sqliteEngine({
    migrate: async (target) => {
      for (const { statements } of migrations) for (const each of statements) await target.query(each)
      found.push(...(await searchRepairs(target)))
    },
  })
  await engine.close()
  return found
}

/** Everything of a table whose searches are not as they should be: what is there goes, and all is made anew. */
export async function searchRepairs(target: MigrationTarget): Promise<readonly string[]> {
  const wrong = (await drift(target)).filter(({ kind }) => kind === 'search')
  const { tables: found } = await introspect(target)
  const names = [...new Set(wrong.map(({ table }) => table))]
  return names.flatMap((name) => [
    ...dropsOf(Object.entries(found[name]?.searches ?? {})),
    ...tables.filter(({ sqlName }) => sqlName === name).flatMap(searchesOf),
  ])
}

function searchesOf(table: Table): readonly string[] {
  return containsIndexes(table).flatMap((index) => [
    ...sqliteSearchParts(table, index).map(({ sql }) => sql),
    ...fillSqliteSearch(table, index),
  ])
}

function dropsOf(parts: readonly (readonly [name: string, sql: string])[]): readonly string[] {
  return parts.map(
    ([name, sql]) => `DROP ${sql.startsWith('create trigger') ? 'TRIGGER' : 'TABLE'} "${name}"`,
  )
}
