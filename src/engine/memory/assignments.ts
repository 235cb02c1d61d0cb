/** Compiles what an update sets to functions from the old row to the new one. */

import { type JsonObject, type JsonValue, mergeJson } from '../../schema/dsl/json.ts'
import type { ColumnDef, Table } from '../../schema/dsl/table.ts'
import { refuse } from '../../schema/dsl/values.ts'
import type { Assignment, Expression } from '../shape.ts'
import type { Cell, Stored } from './cells.ts'
import { predicateOf } from './conditions.ts'
import type { Layout } from './layout.ts'
import { withinWorkspace } from './references.ts'
import { getterOf, type Run } from './run.ts'
import type { Statement } from './statement.ts'

export interface Change {
  /** All expressions see the row as it was. */
  apply(row: Stored, run: Run): Stored
  /** References that are set, by position; to be checked. */
  readonly references: readonly number[]
}

export function changeOf(table: Table, assignments: readonly Assignment[]): Change {
  const steps = assignments.map(({ column, to }) => ({
    column,
    value: expressionOf(table, column, to),
  }))
  return {
    apply(row, run) {
      const next = row.slice()
      for (const { column, value } of steps) {
        const cell = value(row, run)
        checkCell(table, column, cell)
        next[column.position] = cell
      }
      return next
    },
    references: assignments
      .filter(({ column }) => column.references !== undefined)
      .map(({ column }) => column.position),
  }
}

/** Puts what this change made of a row in its place. */
export function replaceRow(
  statement: Statement,
  { table, references }: Layout,
  row: Stored,
  given: Stored,
  change: Change,
): void {
  const set =
    change.references.length === 0
      ? []
      : references().filter(({ position }) => change.references.includes(position))
  const next = withinWorkspace(statement.state, given, set)
  statement.change(table, row, next)
  for (const reference of set) statement.checkLater(table, next, reference)
}

/** What only shows when the row is there: a sum too large, a null of the head's. */
export function checkCell(table: Table, column: ColumnDef, cell: Cell): void {
  if (cell === null) {
    if (!column.optional) throw refuse(table, column, 'is required')
  } else if (column.kind === 'integer' && !Number.isSafeInteger(cell)) {
    throw refuse(table, column, 'leaves the safe integers')
  } else if (column.kind === 'oneOf' && !column.values!.includes(cell as string)) {
    throw refuse(table, column, `must be one of ${column.values!.join(', ')}`)
  }
}

type Evaluate = (row: Stored, run: Run) => Cell

function expressionOf(table: Table, column: ColumnDef, expression: Expression): Evaluate {
  const { position } = column
  switch (expression.is) {
    case 'param':
    case 'literal':
    case 'ref': {
      const value = getterOf(expression)
      return (_row, run) => value(run)
    }
    case 'increment': {
      const { index } = expression
      return (row, run) => {
        const cell = row[position]!
        return cell === null ? null : (cell as number) + (run.values[index] as number)
      }
    }
    case 'merge': {
      const { index } = expression
      return (row, run) => mergeJson(row[position] as JsonValue, run.values[index] as JsonObject)
    }
    case 'choose': {
      const branches = expression.branches.map(({ when, to }) => ({
        matches: predicateOf(when),
        value: expressionOf(table, column, to),
      }))
      const otherwise =
        expression.otherwise === undefined ? undefined : expressionOf(table, column, expression.otherwise)
      return (row, run) => {
        for (const { matches, value } of branches) if (matches(row, run)) return value(row, run)
        return otherwise === undefined ? row[position]! : otherwise(row, run)
      }
    }
  }
}
