/**
 * Makes a migration that drizzle-kit wrote right for tables that hold rows. The schema has no SQL defaults, so
 * that a new required column would be refused; and where SQLite rebuilds a table, the column would be copied
 * from where it never was, or, as some builds take `"tone"` for a text if there is no such column, be filled
 * with its own name. Existing rows get the library's default.
 */

import type { SqlDialect } from '../src/schema/constraints.ts'
import type { ColumnDef, Table } from '../src/schema/dsl/table.ts'
import { postgresSearchIndex } from '../src/schema/search-index.ts'

/** As much as matters of the snapshot that drizzle-kit keeps of the schema before the migration. */
export interface Snapshot {
  readonly tables: Readonly<
    Record<string, { readonly columns: Readonly<Record<string, { notNull: boolean }>> }>
  >
}

export interface Amended {
  readonly sql: string
  /** What a person has to write into the migration. */
  readonly problems: readonly string[]
}

export function amend(
  dialect: SqlDialect,
  sql: string,
  before: Snapshot | undefined,
  tables: readonly Table[],
): Amended {
  const problems: string[] = []

  /** What existing rows get in a column that becomes required; undefined, and reported, if nobody knows. */
  function fill(tableName: string, columnName: string): string | undefined {
    const column = columnOf(tables, tableName, columnName)
    if (column?.defaultValue === undefined) {
      problems.push(`${tableName}.${columnName} is required and has no default: write what existing rows get`)
      return undefined
    }
    return literal(dialect, column)
  }

  if (dialect === 'postgres') {
    const amended = sql
      // It needs an extension, which not everybody can have.
      .replaceAll(
        /CREATE INDEX "(\w+)" ON "(\w+)" USING gin \("\w+" gin_trgm_ops\);/g,
        (whole, name, tableName) => {
          const table = tables.find(({ sqlName }) => sqlName === tableName)
          const index = table?.indexes.find((each) => each.name === name)
          return table === undefined || index === undefined ? whole : `${postgresSearchIndex(table, index)};`
        },
      )
      // The search path says where Terrace's tables are.
      .replaceAll('"public".', '')
      .replaceAll(/ALTER TABLE "(\w+)" ADD COLUMN "(\w+)" (.+) NOT NULL;/g, (whole, table, column, type) => {
        const value = fill(table, column)
        if (value === undefined) return whole
        return `ALTER TABLE "${table}" ADD COLUMN "${column}" ${type} DEFAULT ${value} NOT NULL;${BREAK}ALTER TABLE "${table}" ALTER COLUMN "${column}" DROP DEFAULT;`
      })
      .replaceAll(/ALTER TABLE "(\w+)" ALTER COLUMN "(\w+)" SET NOT NULL;/g, (whole, table, column) => {
        const value = fill(table, column)
        if (value === undefined) return whole
        return `UPDATE "${table}" SET "${column}" = ${value} WHERE "${column}" IS NULL;${BREAK}${whole}`
      })
    return { sql: amended, problems }
  }

  const amended = sql
    // When it rebuilds a table, drizzle-kit quotes an index's `"priority" desc` as if it were a name.
    .replaceAll(/`"(\w+)" desc`/g, '`$1` desc')
    .replaceAll(/ALTER TABLE `(\w+)` ADD `(\w+)` (\w+) NOT NULL/g, (whole, table, column) => {
      const value = fill(table, column)
      return value === undefined ? whole : `${whole} DEFAULT ${value}`
    })
    .replaceAll(
      /INSERT INTO `__new_(\w+)`\(([^)]*)\) SELECT .* FROM `\1`;/g,
      (_whole, table: string, names: string) => {
        const old = before?.tables[table]?.columns ?? {}
        const values = names.split(', ').map((name) => {
          const column = name.replaceAll('"', '')
          const optional = columnOf(tables, table, column)?.optional ?? true
          if (old[column] === undefined) return optional ? 'NULL' : (fill(table, column) ?? 'NULL')
          if (optional || old[column].notNull) return name
          return `coalesce(${name}, ${fill(table, column) ?? 'NULL'})`
        })
        return `INSERT INTO \`__new_${table}\`(${names}) SELECT ${values.join(', ')} FROM \`${table}\`;`
      },
    )
  return { sql: amended, problems }
}

export const BREAK = '--> statement-breakpoint\n'

function columnOf(tables: readonly Table[], table: string, column: string): ColumnDef | undefined {
  return tables.find(({ sqlName }) => sqlName === table)?.columnList.find(({ sqlName }) => sqlName === column)
}

export function literal(dialect: SqlDialect, { kind, defaultValue }: ColumnDef): string {
  const quoted = (value: string) => `'${value.replaceAll("'", "''")}'`
  if (kind === 'json') return quoted(JSON.stringify(defaultValue))
  if (typeof defaultValue === 'boolean')
    return dialect === 'postgres' ? `${defaultValue}` : `${Number(defaultValue)}`
  if (defaultValue instanceof Date) {
    return dialect === 'postgres' ? quoted(defaultValue.toISOString()) : `${defaultValue.getTime()}`
  }
  if (defaultValue instanceof Uint8Array) {
    const hex = Buffer.from(defaultValue).toString('hex')
    return dialect === 'postgres' ? `'\\x${hex}'` : `x'${hex}'`
  }
  return typeof defaultValue === 'number' ? `${defaultValue}` : quoted(String(defaultValue))
}
