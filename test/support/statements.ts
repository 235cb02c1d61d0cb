/** The SQL that makes tables, as drizzle-kit writes it of nothing else. */

import {
  generateDrizzleJson,
  generateMigration,
  generateSQLiteDrizzleJson,
  generateSQLiteMigration,
} from 'drizzle-kit/api'
import type { SqlDialect } from '../../src/schema/constraints.ts'
import { toPostgres } from '../../src/schema/drizzle/postgres.ts'
import { toSqlite } from '../../src/schema/drizzle/sqlite.ts'
import type { Table } from '../../src/schema/dsl/table.ts'

export async function statementsOf(dialect: SqlDialect, tables: readonly Table[]): Promise<string[]> {
  if (dialect === 'postgres') {
    return generateMigration(generateDrizzleJson({}), generateDrizzleJson({ ...tables.map(toPostgres) }))
  }
  return generateSQLiteMigration(
    await generateSQLiteDrizzleJson({}),
    await generateSQLiteDrizzleJson({ ...tables.map(toSqlite) }),
  )
}
