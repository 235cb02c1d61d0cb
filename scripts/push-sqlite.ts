/**
 * Rebuilds the tables of a SQLite database that are not as the schema wants them, keeping their rows.
 * `drizzle-kit push` cannot be used for this: it mistakes the checks of one table for those of the next, so
 * that it rebuilds everything each time, fails half way, without a transaction, and reports success.
 */

import { generateSQLiteDrizzleJson, generateSQLiteMigration } from 'drizzle-kit/api'
import { MigrationError } from '../src/errors.ts'
import { drift, introspect } from '../src/migrations/drift.ts'
import type { MigrationTarget } from '../src/migrations/target.ts'
import { toSqlite } from '../src/schema/drizzle/sqlite.ts'
import type { Table } from '../src/schema/dsl/table.ts'
import { tables } from '../src/schema/tables.ts'
import { literal } from './amend.ts'
import { searchRepairs } from './search-indexes.ts'

/** Columns, as `table.column`, that the schema no longer has. */
export async function lostColumns(target: MigrationTarget): Promise<readonly string[]> {
  const { tables: found } = await introspect(target)
  return tables.flatMap((table) =>
    Object.keys(found[table.sqlName]?.columns ?? {})
      .filter((name) => !table.columnList.some(({ sqlName }) => sqlName === name))
      .map((name) => `${table.sqlName}.${name}`),
  )
}

export async function rebuild(target: MigrationTarget): Promise<void> {
  const statements = await definitions()
  await target.exclusive(async () => {
    const { tables: found } = await introspect(target)
    const wrong = new Set((await drift(target)).map(({ table }) => table))
    for (const table of tables.filter(({ sqlName }) => wrong.has(sqlName))) {
      const old = found[table.sqlName]?.columns
      const own = statements.filter((statement) => belongsTo(statement, table))
      if (old !== undefined) {
        own.splice(1, 0, ...movedInto(table, Object.keys(old)))
        own[0] = own[0]!.replace(`\`${table.sqlName}\``, `\`__new_${table.sqlName}\``)
      }
      for (const statement of own) await target.query(statement)
    }
    // A table that was rebuilt has lost its triggers.
    for (const statement of await searchRepairs(target)) await target.query(statement)
    const violations = await target.query('pragma foreign_key_check')
    if (violations.length > 0) {
      throw new MigrationError(`rows would refer to nothing: ${JSON.stringify(violations[0])}`)
    }
  })
}

/** `CREATE TABLE` and `CREATE INDEX` of everything, each table's own together. */
async function definitions(): Promise<readonly string[]> {
  const nothing = await generateSQLiteDrizzleJson({})
  return generateSQLiteMigration(nothing, await generateSQLiteDrizzleJson({ ...tables.map(toSqlite) }))
}

function belongsTo(statement: string, { sqlName }: Table): boolean {
  return statement.startsWith(`CREATE TABLE \`${sqlName}\``) || statement.includes(` ON \`${sqlName}\` (`)
}

/** What is there moves over, and a new column gets the library's default. */
function movedInto(table: Table, old: readonly string[]): readonly string[] {
  const names = table.columnList.map(({ sqlName }) => `"${sqlName}"`)
  const values = table.columnList.map((column) => {
    const value = column.defaultValue === undefined ? 'null' : literal('sqlite', column)
    if (!old.includes(column.sqlName)) return value
    return column.optional ? `"${column.sqlName}"` : `coalesce("${column.sqlName}", ${value})`
  })
  return [
    `insert into "__new_${table.sqlName}" (${names.join(', ')}) select ${values.join(', ')} from "${table.sqlName}"`,
    `drop table "${table.sqlName}"`,
    `alter table "__new_${table.sqlName}" rename to "${table.sqlName}"`,
  ]
}
