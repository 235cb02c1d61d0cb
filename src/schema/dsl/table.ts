/**
 * A table of the neutral schema: columns, constraints and indexes, and the row types that follow from them.
 * Everything else is derived from it: drizzle tables for both dialects, memory tables, codecs, migrations.
 */

import type { Column, ColumnSpec, Kind } from './columns.ts'

export type Columns = Readonly<Record<string, Column>>
export type Direction = 'asc' | 'desc'

/** A column with its names: `key` in rows, `sqlName` in the database. */
export interface ColumnDef extends ColumnSpec {
  readonly key: string
  readonly sqlName: string
  /** Place in `Table.columnList`. */
  readonly position: number
}

export interface IndexDef {
  readonly name: string
  readonly columns: readonly { readonly column: ColumnDef; readonly direction: Direction }[]
  readonly unique: boolean
  /** Rows the index covers: literal values, all of which must be equal. */
  readonly where: readonly { readonly column: ColumnDef; readonly value: string | boolean }[]
  /** It is of no order, and finds the rows whose folded text, its one column, contains another. */
  readonly contains: boolean
}

export interface Table<C extends Columns = Columns> {
  /** As errors and stores call it: `tasks`. */
  readonly name: string
  /** As the database calls it: `terrace_tasks`. */
  readonly sqlName: string
  readonly columns: Readonly<Record<keyof C & string, ColumnDef>>
  readonly columnList: readonly ColumnDef[]
  /** The columns that rows show: all but the hidden ones. */
  readonly visible: readonly ColumnDef[]
  readonly primaryKey: readonly ColumnDef[]
  readonly indexes: readonly IndexDef[]
  /** Types only; absent at run time. */
  readonly '~columns'?: C
}

type TypesOf<K> = K extends Column<infer T, infer O, infer D, infer H> ? { t: T; o: O; d: D; h: H } : never
type Simplify<T> = { [K in keyof T]: T[K] }
type ColumnsOf<T extends Table> = NonNullable<T['~columns']>
type Nullable<C> = TypesOf<C>['o'] extends true ? TypesOf<C>['t'] | null : TypesOf<C>['t']
type Omissible<C> = true extends TypesOf<C>['o'] | TypesOf<C>['d'] ? true : false
type VisibleKeys<C extends Columns> = {
  [K in keyof C]: TypesOf<C[K]>['h'] extends true ? never : K
}[keyof C]

/** A row as stores return it. */
export type Row<T extends Table> = Simplify<{
  -readonly [K in VisibleKeys<ColumnsOf<T>>]: Nullable<ColumnsOf<T>[K]>
}>

/** What an insert takes: what has a default or may be null can be left out. */
export type Insert<T extends Table> = Simplify<
  {
    -readonly [K in VisibleKeys<ColumnsOf<T>> as Omissible<ColumnsOf<T>[K]> extends true
      ? never
      : K]: Nullable<ColumnsOf<T>[K]>
  } & {
    -readonly [K in VisibleKeys<ColumnsOf<T>> as Omissible<ColumnsOf<T>[K]> extends true ? K : never]?:
      | Nullable<ColumnsOf<T>[K]>
      | undefined
  }
>

export type ColumnKey<T extends Table> = VisibleKeys<ColumnsOf<T>> & string

/** What the database keeps, hidden columns included: equal to drizzle's `$inferSelect`. */
export type StoredRow<T extends Table> = Simplify<{
  -readonly [K in keyof ColumnsOf<T>]: Nullable<ColumnsOf<T>[K]>
}>
export type ColumnTypes<T extends Table> = {
  [K in keyof ColumnsOf<T> & string]: TypesOf<ColumnsOf<T>[K]>
}

export interface IndexSpec<K extends string> {
  readonly on: readonly (K | readonly [K, Direction])[]
  readonly unique?: boolean
  /** A partial index: only rows in which these columns have these values. */
  readonly where?: Readonly<Partial<Record<K, string | boolean>>>
  /**
   * Speeds up `contains` of one searched text column, where the database has something for it. What is found is
   * the same without it.
   */
  readonly contains?: boolean
}

export interface TableOptions<K extends string> {
  /** For a key of several columns; otherwise mark the column `.primaryKey()`. */
  readonly primaryKey?: readonly K[]
  readonly indexes?: readonly IndexSpec<K>[]
  /** What the database calls the table; `terrace_<name>` unless told. */
  readonly sqlName?: string
}

/**
 * Defines a table.
 *
 * @example
 * const orders = table('orders', {
 *   id: id().primaryKey(),
 *   workspaceId: id().references(() => workspaces, { onDelete: 'cascade' }),
 *   state: oneOf('open', 'paid').default('open'),
 *   total: integer(),
 * }, { indexes: [{ on: ['workspaceId', 'state'] }] })
 */
export function table<const C extends Columns>(
  name: string,
  columns: C,
  options: TableOptions<keyof C & string> = {},
): Table<C> {
  const sqlName = options.sqlName ?? `terrace_${snakeCase(name)}`
  const columnList = Object.entries(columns).map(
    ([key, column], position): ColumnDef => ({ ...column.spec, key, sqlName: snakeCase(key), position }),
  )
  // Without a prototype: a caller's `constructor` is no column.
  const defs: Record<keyof C & string, ColumnDef> = Object.assign(
    Object.create(null),
    Object.fromEntries(columnList.map((column) => [column.key, column])),
  )
  const primaryKey = options.primaryKey
    ? options.primaryKey.map((key) => defs[key])
    : columnList.filter((column) => column.primary)
  if (primaryKey.length === 0) throw new Error(`table ${name} needs a primary key`)
  const indexes = (options.indexes ?? []).map((spec): IndexDef => {
    if (spec.contains === true) return containsIndex(name, sqlName, columnList, spec)
    const keys = spec.on.map((part) => (typeof part === 'string' ? ([part, 'asc'] as const) : part))
    // The casts: keys are columns, and none is given without a value.
    const where = Object.entries(spec.where ?? {}).map(([key, value]) => ({
      column: defs[key as keyof C & string],
      value: value as string | boolean,
    }))
    return {
      name: indexName(sqlName, [...keys.map(([key]) => key), ...where.map((w) => w.column.key)], spec.unique),
      columns: keys.map(([key, direction]) => ({ column: defs[key], direction })),
      unique: spec.unique ?? false,
      where,
      contains: false,
    }
  })
  return {
    name,
    sqlName,
    columns: defs,
    columnList,
    visible: columnList.filter((column) => column.foldOf === undefined),
    primaryKey,
    indexes,
  }
}

/** What `contains` of a column looks into: its folded copy, or itself; undefined if it is not kept for searching. */
export function searchedColumn(columns: readonly ColumnDef[], key: string): ColumnDef | undefined {
  return columns.find((column) => (column.folds ? column.key : column.foldOf) === key)
}

function containsIndex(
  name: string,
  sqlName: string,
  columns: readonly ColumnDef[],
  { on, unique, where }: IndexSpec<string>,
): IndexDef {
  const [key] = on
  const column = typeof key === 'string' ? searchedColumn(columns, key) : undefined
  if (column === undefined || on.length > 1 || unique === true || where !== undefined) {
    throw new Error(
      `table ${name}: an index for \`contains\` is of one searched text column, and nothing else`,
    )
  }
  return {
    name: shortName(`${sqlName}_${snakeCase(String(key))}_search`),
    columns: [{ column, direction: 'asc' }],
    unique: false,
    where: [],
    contains: true,
  }
}

/** Stands for a bound value that belongs to no column: a limit, a key of a JSON object. */
export function parameterColumn(kind: Kind): ColumnDef {
  return {
    kind,
    optional: true,
    defaultValue: undefined,
    primary: false,
    min: 0,
    max: Number.POSITIVE_INFINITY,
    values: undefined,
    references: undefined,
    shape: undefined,
    foldOf: undefined,
    folds: false,
    key: '',
    sqlName: '',
    position: -1,
  }
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function indexName(sqlName: string, keys: readonly string[], unique = false): string {
  return shortName(`${sqlName}_${keys.map(snakeCase).join('_')}_${unique ? 'key' : 'idx'}`)
}

/** Postgres cuts names at 63 bytes, silently; longer ones end in a hash instead. */
export function shortName(full: string): string {
  if (full.length <= 63) return full
  let hash = 5381
  for (const letter of full) hash = (Math.imul(hash, 33) ^ letter.charCodeAt(0)) >>> 0
  return `${full.slice(0, 54)}_${hash.toString(16).padStart(8, '0')}`
}
