/** Compiles a table of the neutral schema into a real drizzle table for SQLite. */

import { type SQL, sql } from 'drizzle-orm'
import {
  check,
  customType,
  foreignKey,
  index,
  integer,
  primaryKey,
  type SQLiteColumn,
  type SQLiteTableExtraConfigValue,
  type SQLiteTableWithColumns,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core'
import { checksOf, foreignKeyName, predicateOf, primaryKeyName } from '../constraints.ts'
import type { ColumnDef, ColumnTypes, IndexDef, Table } from '../dsl/table.ts'
import { type AnySqliteBuilder, type ConfigOf, defaultOf, type NeverGenerated } from './types.ts'

export type SqliteTable<T extends Table> = SQLiteTableWithColumns<{
  name: string
  schema: undefined
  columns: { [K in keyof ColumnTypes<T>]: SQLiteColumn<ConfigOf<T, K>, object, NeverGenerated> }
  dialect: 'sqlite'
}>

type AnyTable = SqliteTable<Table>

const compiled = new WeakMap<Table, AnyTable>()

/** The drizzle table of `table`; the same object each time. */
export function toSqlite<T extends Table>(table: T): SqliteTable<T> {
  let made = compiled.get(table)
  if (made === undefined) {
    made = compile(table)
    compiled.set(table, made)
  }
  // The columns were made from `table`, whose type says what they are; drizzle's builders cannot follow that.
  return made as unknown as SqliteTable<T>
}

function compile(table: Table): AnyTable {
  const columns = Object.fromEntries(table.columnList.map((column) => [column.key, builderOf(column)]))
  // Constraints are made when first asked for, so tables may refer to themselves and to each other.
  const made = sqliteTable(table.sqlName, columns, (self) => [
    ...primaryKeyOf(table, self),
    ...table.columnList.flatMap((column) => referenceOf(table, column, self)),
    ...checksOf(table, 'sqlite').map(({ name, sql: text }) => check(name, sql.raw(text))),
    // What is searched by parts is beyond drizzle: `search-index.ts` says how.
    ...table.indexes.filter(({ contains }) => !contains).map((spec) => indexOf(spec, self)),
  ])
  // drizzle infers columns from literal builders; these were made in a loop.
  return made as unknown as AnyTable
}

function builderOf(column: ColumnDef): AnySqliteBuilder {
  let builder = typedBuilder(column)
  if (column.primary) builder = builder.primaryKey()
  if (!column.optional) builder = builder.notNull()
  const make = defaultOf(column)
  return make === undefined ? builder : builder.$defaultFn(make)
}

function typedBuilder({ kind, sqlName }: ColumnDef): AnySqliteBuilder {
  switch (kind) {
    case 'text':
    case 'oneOf':
      return text(sqlName)
    case 'integer':
      return integer(sqlName)
    case 'boolean':
      return integer(sqlName, { mode: 'boolean' })
    case 'timestamp':
      return integer(sqlName, { mode: 'timestamp_ms' })
    case 'json':
      return text(sqlName, { mode: 'json' })
    case 'bytes':
      return bytesType(sqlName)
  }
}

/** A plain `Uint8Array`, never Node's `Buffer`. */
const bytesType = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => 'blob',
  fromDriver: (value) => Uint8Array.from(value),
})

/** A key of one column is part of the column, as drizzle-kit finds it in a database. */
function primaryKeyOf(table: Table, self: Record<string, SQLiteColumn>): SQLiteTableExtraConfigValue[] {
  if (table.primaryKey.some((column) => column.primary)) return []
  const [first, ...rest] = table.primaryKey.map((column) => self[column.key]!)
  return [primaryKey({ name: primaryKeyName(table), columns: [first!, ...rest] })]
}

function referenceOf(
  table: Table,
  column: ColumnDef,
  self: Record<string, SQLiteColumn>,
): SQLiteTableExtraConfigValue[] {
  if (column.references === undefined) return []
  const target = column.references.table()
  const foreignColumn = toSqlite(target)[target.primaryKey[0]!.key]!
  const builder = foreignKey({
    name: foreignKeyName(table, column),
    columns: [self[column.key]!],
    foreignColumns: [foreignColumn],
  })
  const { onDelete } = column.references
  // SQLite restricts row by row, and refuses to delete a tree of rows at once; `no action` looks at what is left.
  return [builder.onDelete(onDelete === 'restrict' ? 'no action' : onDelete)]
}

function indexOf(spec: IndexDef, self: Record<string, SQLiteColumn>): SQLiteTableExtraConfigValue {
  const [first, ...rest] = spec.columns.map(({ column, direction }): SQLiteColumn | SQL => {
    const part = self[column.key]!
    return direction === 'asc' ? part : sql`${part} desc`
  })
  const made = (spec.unique ? uniqueIndex(spec.name) : index(spec.name)).on(first!, ...rest)
  const predicate = predicateOf(spec, 'sqlite')
  return predicate === undefined ? made : made.where(sql.raw(predicate))
}
