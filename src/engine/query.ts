/**
 * The language of conditions and changes: plain data that an engine compiles to SQL or to a predicate.
 *
 * A condition is an object whose columns must all match, or an array of such objects of which one must.
 */

import type { JsonObject } from '../schema/dsl/json.ts'
import type { ColumnKey, Row, Table } from '../schema/dsl/table.ts'

/** Marks operators and changes, so that no JSON value is ever taken for one. */
export const OPERATOR: unique symbol = Symbol('terrace.operator')

export type Comparison = 'ne' | 'lt' | 'lte' | 'gt' | 'gte'

export type Operator =
  | { readonly [OPERATOR]: 'compare'; readonly comparison: Comparison; readonly value: unknown }
  | { readonly [OPERATOR]: 'in'; readonly values: readonly unknown[] }
  | { readonly [OPERATOR]: 'contains'; readonly text: string }
  | { readonly [OPERATOR]: 'hasKey'; readonly key: string }
  | { readonly [OPERATOR]: 'ref'; readonly column: string; readonly offset: number }
  | {
      readonly [OPERATOR]: 'inTable'
      readonly table: Table
      readonly column: string
      readonly where: Where<Table>
    }
  | { readonly [OPERATOR]: 'asSeen' }

export type Change =
  | { readonly [OPERATOR]: 'increment'; readonly by: number }
  | { readonly [OPERATOR]: 'merge'; readonly patch: JsonObject }
  | { readonly [OPERATOR]: 'choose'; readonly branches: readonly Branch[]; readonly otherwise: unknown }

export interface Branch {
  readonly when: Where<Table>
  readonly to: unknown
}

type Loose<T> = string extends ColumnKey<Extract<T, Table>> ? true : false

/** Values or operators by column; an array of these means any of them. */
export type Where<T extends Table> = Match<T> | readonly Match<T>[]
export type Match<T extends Table> =
  Loose<T> extends true
    ? Readonly<Record<string, unknown>>
    : { readonly [K in ColumnKey<T>]?: Row<T>[K & keyof Row<T>] | Operator | undefined }

/** Values or changes by column; `undefined` leaves a column alone, `null` clears it. */
export type SetFor<T extends Table> =
  Loose<T> extends true
    ? Readonly<Record<string, unknown>>
    : { readonly [K in ColumnKey<T>]?: Row<T>[K & keyof Row<T>] | Change | Operator | undefined }

/** Not equal; null counts as different from any value. */
export const ne = (value: unknown): Operator => ({ [OPERATOR]: 'compare', comparison: 'ne', value })
export const lt = (value: unknown): Operator => ({ [OPERATOR]: 'compare', comparison: 'lt', value })
export const lte = (value: unknown): Operator => ({ [OPERATOR]: 'compare', comparison: 'lte', value })
export const gt = (value: unknown): Operator => ({ [OPERATOR]: 'compare', comparison: 'gt', value })
export const gte = (value: unknown): Operator => ({ [OPERATOR]: 'compare', comparison: 'gte', value })
/** One of these values; of none, if there are none. */
export const oneOfThese = (values: readonly unknown[]): Operator => ({ [OPERATOR]: 'in', values })
/** A folded text column that contains this text, folded too: literal, no wildcards. */
export const contains = (text: string): Operator => ({ [OPERATOR]: 'contains', text })
/** A JSON object that has this top-level key. */
export const hasKey = (key: string): Operator => ({ [OPERATOR]: 'hasKey', key })
/** In a step of a `write`: a column of the head's new row, plus `offset` when it is an integer. */
export const ref = (column: string, offset = 0): Operator => ({ [OPERATOR]: 'ref', column, offset })
/** A value found in a column of another table, in the rows that match there. */
export const inTable = <T extends Table>(table: T, column: ColumnKey<T>, where: Where<T>): Operator => ({
  [OPERATOR]: 'inTable',
  table,
  column,
  where,
})
/**
 * In the guard of a `write`, of any column: the row is as it was when the statement began. When others have
 * changed it since, the steps, which see what was there at the beginning, might miss what came with that change;
 * the guard fails instead, and the caller tries again. A count would not do: one row gone and another come
 * leave it as it was.
 */
export const asSeen = (): Operator => ({ [OPERATOR]: 'asSeen' })

/** Adds to an integer; leaving the safe integers is a `ValidationError`. */
export const increment = (by = 1): Change => ({ [OPERATOR]: 'increment', by })
/** Replaces top-level keys of a JSON object; `null` removes one. */
export const merge = (patch: JsonObject): Change => ({ [OPERATOR]: 'merge', patch })
/** The value of the first branch that the row, as it was before this update, matches. Without `otherwise`: unchanged. */
export const choose = <T extends Table>(
  branches: readonly { readonly when: Where<T>; readonly to: unknown }[],
  otherwise?: unknown,
): Change => ({ [OPERATOR]: 'choose', branches, otherwise })

export function isOperator(value: unknown): value is Operator | Change {
  return typeof value === 'object' && value !== null && OPERATOR in value
}
