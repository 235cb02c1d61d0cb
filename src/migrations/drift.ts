/** How a live database differs from the schema of this code. */

import type { Table } from '../schema/dsl/table.ts'
import { containsIndexes, sqliteSearchParts } from '../schema/search-index.ts'
import { tables as ownTables } from '../schema/tables.ts'
import { compare, type Difference } from './compare.ts'
import { describe } from './describe.ts'
import type { SchemaDescription } from './description.ts'
import { introspectPostgres } from './introspect-postgres.ts'
import { introspectSqlite } from './introspect-sqlite.ts'
import { LEDGER } from './ledger.ts'
import type { MigrationTarget } from './target.ts'

type Readable = Pick<MigrationTarget, 'dialect' | 'query'>

/** Reads only. None when they are the same. */
export async function drift(
  target: Readable,
  tables: readonly Table[] = ownTables,
): Promise<readonly Difference[]> {
  return compare(describe(tables, target.dialect), await introspect(target, tables))
}

/** These tables, and whatever else is called `terrace_…`, as the database has them. */
export async function introspect(
  { dialect, query }: Readable,
  tables: readonly Table[] = ownTables,
): Promise<SchemaDescription> {
  const parts = tables.flatMap((table) =>
    containsIndexes(table).flatMap((index) => sqliteSearchParts(table, index).map(({ name }) => name)),
  )
  const names = [...tables.map(({ sqlName }) => sqlName), ...parts]
    .map((name) => `'${name.replaceAll("'", "''")}'`)
    .join(', ')
  const isWanted = (name: string) =>
    `(substr(${name}, 1, 8) = 'terrace_' or ${name} in (${names})) and ${name} <> '${LEDGER}'`
  return dialect === 'postgres' ? introspectPostgres(query, isWanted) : introspectSqlite(query, isWanted)
}
