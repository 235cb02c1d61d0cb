/**
 * Rows as this engine keeps them: arrays of cells in the order of the table's columns, hidden ones included.
 * Only their table changes them (`moves.ts`, `fork.ts`); whoever finds one looks at it at once or copies it. Times
 * are numbers: a tenth of a `Date`'s size, and compared like any other number. Where a cell or a bound value is cast,
 * here and in what compiles, its column's kind says what it is.
 */

import type { Kind } from '../../schema/dsl/columns.ts'
import type { JsonValue } from '../../schema/dsl/json.ts'
import { compareText } from '../../schema/dsl/order.ts'
import type { Value } from '../../schema/dsl/values.ts'
import type { Bound, Shape } from '../shape.ts'

export type Cell = string | number | boolean | Uint8Array | JsonValue
export type Stored = readonly Cell[]

/** A checked value as a cell. The codec has copied it already. */
export function toCell(value: Value): Cell {
  return value instanceof Date ? value.getTime() : value
}

/** The values of a call as cells; a list for each `in`. */
export function boundCells({ values, bindings }: Shape): readonly Bound[] {
  for (let i = 0; i < bindings.length; i++) {
    const { column, list } = bindings[i]!
    if (column.kind !== 'timestamp') continue
    const value = values[i]!
    values[i] = list ? (value as readonly Value[]).map(toCell) : toCell(value as Value)
  }
  return values
}

/** Equal for equal cells, as keys of sets and maps have to be; bytes are compared by what is in them. */
export function comparable(cell: Cell): Cell {
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : cell
}

/** Ascending, nulls last, text by code point: what `compareScalars` says, one function per kind of column. */
export function cellOrder(kind: Kind): (a: Cell, b: Cell) => number {
  switch (kind) {
    case 'text':
    case 'oneOf':
      return compareTexts
    case 'bytes':
      return compareBytes
    default:
      return compareNumbers
  }
}

function compareTexts(a: Cell, b: Cell): number {
  // Most comparisons are between equal ids, which this decides without looking at each letter.
  if (a === b) return 0
  if (a === null || b === null) return a === null ? 1 : -1
  return compareText(a as string, b as string)
}

function compareNumbers(a: Cell, b: Cell): number {
  if (a === b) return 0
  if (a === null || b === null) return a === null ? 1 : -1
  // Booleans become 0 and 1.
  return (a as number) - (b as number)
}

function compareBytes(a: Cell, b: Cell): number {
  if (a === b) return 0
  if (a === null || b === null) return a === null ? 1 : -1
  return Buffer.compare(a as Uint8Array, b as Uint8Array)
}
