/** One execution of a compiled query: the values bound to it and the state it looks at. */

import { ValidationError } from '../../errors.ts'
import type { Table } from '../../schema/dsl/table.ts'
import type { Bound, Condition, Operand } from '../shape.ts'
import type { Cell, Stored } from './cells.ts'
import type { State } from './state.ts'

export interface Run {
  readonly state: State
  /** As `boundCells` gives them: times are numbers. */
  readonly values: readonly Bound[]
  /** In a `write`: the head's new row, which `ref` speaks of. */
  readonly head: Stored | undefined
  /** The rows of a subquery. */
  look(table: Table, where: Condition): readonly Stored[]
  /** What `make` makes, made once per run however many rows are tested. */
  once<T>(key: object, make: () => T): T
}

export type Getter = (run: Run) => Cell

export function getterOf(operand: Operand): Getter {
  switch (operand.is) {
    case 'param': {
      const { index } = operand
      // A list is only bound for `in`, which is no operand.
      return (run) => run.values[index] as Cell
    }
    case 'literal': {
      const { value } = operand
      return () => value
    }
    case 'ref': {
      const { column, offset } = operand
      return (run) => fromHead(run.head, column.position, offset)
    }
  }
}

/** A cell of the head's new row; only numbers have an offset. */
export function fromHead(head: Stored | undefined, position: number, offset: number): Cell {
  if (head === undefined)
    throw new ValidationError('ref() speaks of the head of a write, and there is none here')
  const cell = head[position]!
  return offset !== 0 && typeof cell === 'number' ? cell + offset : cell
}
