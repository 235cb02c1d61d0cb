/** Compiles a table of the neutral schema into a real drizzle table for Postgres. */

import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  customType,
  type ExtraConfigColumn,
  foreignKey,
  index,
  type PgColumn,
  type PgTableExtraConfigValue,
  type PgTableWithColumns,
  pgTable,
  primaryKey,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { checksOf, foreignKeyName, predicateOf, primaryKeyName } from '../constraints.ts'
import type { ColumnDef, ColumnTypes, IndexDef, Table } from '../dsl/table.ts'
import { type AnyPgBuilder, type ConfigOf, defaultOf, type NeverGenerated } from './types.ts'

export type PostgresTable<T extends Table> = PgTableWithColumns<{
  name: string
  schema: undefined
  columns: { [K in keyof ColumnTypes<T>]: PgColumn<ConfigOf<T, K>, object, NeverGenerated> }
  dialect: 'pg'
}>

type AnyTable = PostgresTable<Table>

/** Of the extension pg_trgm. */
const TRIGRAMS = 'gin_trgm_ops'

const compiled = new WeakMap<Table, AnyTable>()

/** The drizzle table of `table`; the same object each time. */
export function toPostgres<T extends Table>(table: T): PostgresTable<T> {
  let made = compiled.get(table)
  if (made === undefined) {
    made = compile(table)
    compiled.set(table, made)
  }
  // The columns were made from `table`, whose type says what they are; drizzle's builders cannot follow that.
  return made as unknown as PostgresTable<T>
}

function compile(table: Table): AnyTable {
  const columns = Object.fromEntries(table.columnList.map((column) => [column.key, builderOf(column)]))
  // Constraints are made when first asked for, so tables may refer to themselves and to each other.
  const made = pgTable(table.sqlName, columns, (self) => [
    ...primaryKeyOf(table, self),
    ...table.columnList.flatMap((column) => referenceOf(table, column, self)),
    ...checksOf(table, 'postgres').map(({ name, sql: text }) => check(name, sql.raw(text))),
    ...table.indexes.map((spec) => indexOf(spec, self)),
  ])
  // drizzle infers columns from literal builders; these were made in a loop.
  return made as unknown as AnyTable
}

function builderOf(column: ColumnDef): AnyPgBuilder {
  let builder = typedBuilder(column)
  if (column.primary) builder = builder.primaryKey()
  if (!column.optional) builder = builder.notNull()
  const make = defaultOf(column)
  return make === undefined ? builder : builder.$defaultFn(make)
}

function typedBuilder({ kind, sqlName }: ColumnDef): AnyPgBuilder {
  switch (kind) {
    case 'text':
    case 'oneOf':
      return textType(sqlName)
    case 'integer':
      return bigint(sqlName, { mode: 'number' })
    case 'boolean':
      return boolean(sqlName)
    case 'timestamp':
      return timestamp(sqlName, { precision: 3, withTimezone: true, mode: 'date' })
    case 'json':
      return jsonType(sqlName)
    case 'bytes':
      return bytesType(sqlName)
  }
}

/** Compared by code point, whatever the database's own collation is. */
const textType = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' })

/** Drivers parse `jsonb`; drizzle's own type would parse once more, and turn the text "123" into a number. */
const jsonType = customType<{ data: unknown; driverData: unknown }>({
  dataType: () => 'jsonb',
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (value) => value,
})

/** A plain `Uint8Array`, never Node's `Buffer`. */
const bytesType = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => 'bytea',
  fromDriver: (value) => Uint8Array.from(value),
})

/** A key of one column is part of the column, as drizzle-kit finds it in a database. */
function primaryKeyOf(table: Table, self: Record<string, ExtraConfigColumn>): PgTableExtraConfigValue[] {
  if (table.primaryKey.some((column) => column.primary)) return []
  const [first, ...rest] = table.primaryKey.map((column) => self[column.key]!)
  return [primaryKey({ name: primaryKeyName(table), columns: [first!, ...rest] })]
}

function referenceOf(
  table: Table,
  column: ColumnDef,
  self: Record<string, ExtraConfigColumn>,
): PgTableExtraConfigValue[] {
  if (column.references === undefined) return []
  const target = column.references.table()
  const foreignColumn = toPostgres(target)[target.primaryKey[0]!.key]!
  const builder = foreignKey({
    name: foreignKeyName(table, column),
    columns: [self[column.key]!],
    foreignColumns: [foreignColumn],
  })
  return [builder.onDelete(column.references.onDelete)]
}

function indexOf(spec: IndexDef, self: Record<string, ExtraConfigColumn>): PgTableExtraConfigValue {
  if (spec.contains) {
    return index(spec.name).using('gin', self[spec.columns[0]!.column.key]!.op(TRIGRAMS))
  }
  const [first, ...rest] = spec.columns.map(({ column, direction }) => {
    const part = self[column.key]!
    // As `ORDER BY x` and `ORDER BY x DESC` place nulls when nothing is said of them.
    return direction === 'asc' ? part.asc().nullsLast() : part.desc().nullsFirst()
  })
  const made = (spec.unique ? uniqueIndex(spec.name) : index(spec.name)).on(first!, ...rest)
  const predicate = predicateOf(spec, 'postgres')
  return predicate === undefined ? made : made.where(sql.raw(predicate))
}
