/**
 * What two SQL dialects say differently. Everything else about a statement is written once, in `compile.ts`.
 */

import type { ColumnDef, IndexDef, Table } from '../../schema/dsl/table.ts'

/**
 * Converts the values of one column. Declared as a method, so that a function of dates, say, is one as well: its
 * column tells that it is given nothing else, which types cannot.
 */
export type Convert = { convert(value: unknown): unknown }['convert']

export interface Dialect {
  /** A place for a bound value; `position` counts them from 1 and `list` binds many for `= any`. */
  placeholder(position: number, column: ColumnDef, list: boolean): string
  /** Whether a value that is used twice is bound once (`$1`) or each time (`?`). */
  readonly numbered: boolean
  /** From a checked value to what the driver takes. */
  encoder(column: ColumnDef, list: boolean): Convert
  /** From what the driver gives, which is never null here, to a value; undefined when it gives just that. */
  decoder(column: ColumnDef): Convert | undefined
  /** A column as it is to be read, from which `decoder` makes a value. */
  selected(text: string, column: ColumnDef): string
  /** The driver hands over a row as a list of cells, which it does faster than by name. */
  readonly byPosition: boolean
  /** A bound value that a column is compared with, or a limit. */
  given(param: string): string
  booleanLiteral(value: boolean): string
  /** `text`, which is this column, is one of a bound list. */
  isAmong(text: string, list: string, column: ColumnDef): string
  /** `text` contains `part`, literally. */
  contains(text: string, part: string): string
  /** The same, so that the index, which is for this, can be used. `part` is called for each place where it stands. */
  containsBy(index: IndexDef, table: Table, text: string, part: () => string): string
  /** The JSON object `column` has the top-level key. */
  hasKey(column: string, key: string): string
  /** `column` with the top-level keys of `patch` replaced, or removed where null. */
  mergeJson(column: string, patch: string): string
  /** The exact sum of an integer column, or one that is no safe integer either; null of no rows. */
  sum(column: string): string
  /** Of several unique constraints violated at once it names any; Postgres names the first. */
  readonly namesAnyViolation: boolean
  /** Rows are removed one by one, and references to them are cleared before the next one is answered. */
  readonly removesRowByRow: boolean
  /** The row is as it was when the statement began. */
  asSeen(table: Table): string
  /** Ends the sub-select of a claim. */
  lock(skipLocked: boolean): string
  /** Selects the rows to be claimed by `select`, whose order and limit the database might otherwise ignore. */
  claimed(keys: readonly string[], select: string): string
}

/** `set null` between rows of one table. */
export function clearsItself(table: Table): boolean {
  return table.columnList.some(
    ({ references }) => references?.onDelete === 'set null' && references.table() === table,
  )
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
