/**
 * The column kinds of the neutral schema. A column says what a value may be; how a database keeps it is the
 * engines' business. Builders are immutable: every modifier returns a new column.
 */

import type { JsonValue } from './json.ts'
import type { Table } from './table.ts'

export type Kind = 'text' | 'oneOf' | 'integer' | 'boolean' | 'timestamp' | 'json' | 'bytes'
export type OnDelete = 'cascade' | 'set null' | 'restrict'

export interface Reference {
  readonly table: () => Table
  readonly onDelete: OnDelete
}

/** What a column is, without its types. */
export interface ColumnSpec {
  readonly kind: Kind
  readonly optional: boolean
  /** Applied by the library, never by SQL: `now()` and defaults differ between databases. */
  readonly defaultValue: unknown
  readonly primary: boolean
  /** Text: least and most code points. JSON: most characters when serialised. Bytes: most bytes. */
  readonly min: number
  readonly max: number
  readonly values: readonly string[] | undefined
  readonly references: Reference | undefined
  /** JSON: whether any value will do. */
  readonly shape: 'list' | 'object' | undefined
  /** Kept by the library: the folded copy of this text column, for searching. Never part of a row. */
  readonly foldOf: string | undefined
  /** Text: kept only as it is folded, for searching. */
  readonly folds: boolean
}

/**
 * A column as written in a schema file.
 *
 * `T` is the value's type, `Optional` whether it may be null, `Default` whether an insert may leave it out,
 * `Hidden` whether it is kept out of rows.
 */
export interface Column<
  T = unknown,
  Optional extends boolean = boolean,
  Default extends boolean = boolean,
  Hidden extends boolean = boolean,
> {
  readonly spec: ColumnSpec
  /** Types only; absent at run time. */
  readonly '~types'?: { value: T; optional: Optional; default: Default; hidden: Hidden }
  /** May be null, and is null when left out of an insert. */
  optional(): Column<T, true, Default, Hidden>
  /** What an insert gets that leaves the column out. */
  default(value: T): Column<T, Optional, true, Hidden>
  primaryKey(): Column<T, Optional, Default, Hidden>
  /**
   * Refers to the single-column primary key of another table. When both tables have a `workspaceId`, the
   * engines also see to it that both rows are of the same workspace.
   */
  references(table: () => Table, options: { onDelete: OnDelete }): Column<T, Optional, Default, Hidden>
}

/** Longest id or name of anything indexed, in code points: five such columns fit one index row of Postgres. */
const ID_LIMIT = 128
export const KEY_LIMIT = 512
export const TITLE_LIMIT = 1024
const TEXT_LIMIT = 1_000_000
const JSON_LIMIT = 4_000_000
const BYTES_LIMIT = 16_000_000

const blank: ColumnSpec = {
  kind: 'text',
  optional: false,
  defaultValue: undefined,
  primary: false,
  min: 0,
  max: TEXT_LIMIT,
  values: undefined,
  references: undefined,
  shape: undefined,
  foldOf: undefined,
  folds: false,
}

function column<T, O extends boolean, D extends boolean, H extends boolean>(
  spec: ColumnSpec,
): Column<T, O, D, H> {
  return {
    spec,
    optional: () => column({ ...spec, optional: true }),
    default: (value) => column({ ...spec, defaultValue: value }),
    primaryKey: () => column({ ...spec, primary: true }),
    references: (table, { onDelete }) => column({ ...spec, references: { table, onDelete } }),
  }
}

type Fresh<T> = Column<T, false, false, false>

/** Well-formed Unicode without NUL; `min` and `max` count code points. */
export const text = (limits: { min?: number; max?: number } = {}): Fresh<string> =>
  column({ ...blank, ...limits })

/** An id, a key or a name: never empty, and short enough to be indexed. */
export const id = (max = ID_LIMIT): Fresh<string> => text({ min: 1, max })

/** One of a closed set of words, checked by the library and by the database. */
export const oneOf = <const V extends readonly [string, ...string[]]>(...values: V): Fresh<V[number]> =>
  column({ ...blank, kind: 'oneOf', values })

/** A safe integer: ±(2^53 − 1). */
export const integer = (): Fresh<number> => column({ ...blank, kind: 'integer' })

export const boolean = (): Fresh<boolean> => column({ ...blank, kind: 'boolean' })

/** A moment in whole milliseconds, years 1 to 9999. */
export const timestamp = (): Fresh<Date> => column({ ...blank, kind: 'timestamp' })

/** A JSON value that survives a round trip; objects are patched by top-level key. `shape` refuses all others. */
export const json = <T extends JsonValue>({ shape }: { shape?: 'list' | 'object' } = {}): Fresh<T> =>
  column({ ...blank, kind: 'json', max: JSON_LIMIT, shape })

export const bytes = (limits: { max?: number } = {}): Fresh<Uint8Array> =>
  column({ ...blank, kind: 'bytes', max: BYTES_LIMIT, ...limits })

/** Text that is kept only to be searched: folded on its way in, and so it comes out. */
export const searched = (limits: { min?: number; max?: number } = {}): Fresh<string> =>
  column({ ...blank, ...limits, folds: true })

/** The folded copy of a text column, kept by the library so that every tier searches the same text. */
export const folded = (of: string): Column<string, true, true, true> =>
  column({ ...blank, optional: true, foldOf: of })
