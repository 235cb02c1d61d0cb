/** How a column of the neutral schema is typed as a drizzle column, alike on both dialects. */

import type { ColumnBuilderBaseConfig, ColumnDataType } from 'drizzle-orm'
import type { PgColumnBuilder } from 'drizzle-orm/pg-core'
import type { SQLiteColumnBuilder } from 'drizzle-orm/sqlite-core'
import type { ColumnDef, ColumnTypes, Table } from '../dsl/table.ts'

// A builder's methods take and return its own value type, so that with `unknown` no builder would fit.
// biome-ignore lint/suspicious/noExplicitAny: the one place where drizzle's types leave no other way.
type AnyConfig = ColumnBuilderBaseConfig<ColumnDataType, string> & { data: any }
/** A builder of a column of any kind. */
export type AnyPgBuilder = PgColumnBuilder<AnyConfig>
export type AnySqliteBuilder = SQLiteColumnBuilder<AnyConfig>

/** What drizzle wants to know of a column; `t`, `o` and `d` are its type, optional and default flags. */
export interface ColumnConfig<C extends { t: unknown; o: boolean; d: boolean }> {
  name: string
  tableName: string
  dataType: 'custom'
  columnType: string
  data: C['t']
  driverParam: unknown
  notNull: C['o'] extends true ? false : true
  hasDefault: C['d']
  hasRuntimeDefault: C['d']
  isPrimaryKey: boolean
  isAutoincrement: false
  enumValues: undefined
  baseColumn: never
}

export interface NeverGenerated {
  generated: undefined
  identity: undefined
}

export type ConfigOf<T extends Table, K extends keyof ColumnTypes<T>> = ColumnConfig<ColumnTypes<T>[K]>

/** The library's default as a function, because every row needs an object of its own. */
export function defaultOf(column: ColumnDef): (() => unknown) | undefined {
  const { defaultValue } = column
  return defaultValue === undefined ? undefined : () => structuredClone(defaultValue)
}
