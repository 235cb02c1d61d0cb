/**
 * What the databases check beside types, and what they call it: the same names and the same SQL text on both
 * dialects. The compiled drizzle tables are made with it, and live databases are compared with it.
 */

import { type ColumnDef, type IndexDef, shortName, type Table } from './dsl/table.ts'

export type SqlDialect = 'postgres' | 'sqlite'

export interface CheckDef {
  readonly name: string
  /** Between the parentheses of `CHECK (…)`. */
  readonly sql: string
}

export const primaryKeyName = (table: Table): string => shortName(`${table.sqlName}_pkey`)

export const foreignKeyName = (table: Table, column: ColumnDef): string =>
  shortName(`${table.sqlName}_${column.sqlName}_fkey`)

/** On SQLite: the table of the numbers by which a `contains` index knows rows. */
export const searchRowsName = (index: IndexDef): string => `${index.name}_rows`

export function checksOf(table: Table, dialect: SqlDialect): readonly CheckDef[] {
  return table.columnList.flatMap((column) => {
    const condition = conditionOf(column, dialect)
    if (condition === undefined) return []
    return {
      name: shortName(`${table.sqlName}_${column.sqlName}_check`),
      sql: `"${column.sqlName}" ${condition}`,
    }
  })
}

/** The rows a partial index covers, as SQL; undefined when it covers all. */
export function predicateOf(index: IndexDef, dialect: SqlDialect): string | undefined {
  if (index.where.length === 0) return undefined
  return index.where
    .map(({ column, value }) => `"${column.sqlName}" = ${literal(value, dialect)}`)
    .join(' and ')
}

function conditionOf(column: ColumnDef, dialect: SqlDialect): string | undefined {
  switch (column.kind) {
    case 'oneOf':
      return `in (${column.values!.map((value) => literal(value, dialect)).join(', ')})`
    case 'integer':
      // An increment must not leave what JavaScript can hold. On SQLite this also refuses text, which sorts
      // above every number, and the REAL that an overflow turns into.
      return `between ${Number.MIN_SAFE_INTEGER} and ${Number.MAX_SAFE_INTEGER}`
    case 'boolean':
      return dialect === 'sqlite' ? 'in (0, 1)' : undefined
    default:
      return undefined
  }
}

function literal(value: string | boolean, dialect: SqlDialect): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  return dialect === 'sqlite' ? String(Number(value)) : String(value)
}
