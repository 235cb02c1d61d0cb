/** Inserts, and what they do about rows that are in the way. */

import { ValidationError } from '../../errors.ts'
import type { Table } from '../../schema/dsl/table.ts'
import type { OnConflict } from '../engine.ts'
import { type RowsShape, refuseNoConstraint, type Shape } from '../shape.ts'
import { type Change, changeOf, checkCell, replaceRow } from './assignments.ts'
import { type Cell, comparable, type Stored, toCell } from './cells.ts'
import { type Predicate, predicateOf } from './conditions.ts'
import { covers, type Layout, type TreeLayout } from './layout.ts'
import { withinWorkspace } from './references.ts'
import { fromHead, type Run } from './run.ts'
import type { Statement } from './statement.ts'

export interface Conflict {
  /** Place of the arbitrating tree in the layout. */
  readonly tree: number
  /** Without it, the new row is dropped. */
  readonly change: Change | undefined
  readonly matches: Predicate
}

/** Takes the clause apart into the shape; the answer compiles it. */
export function conflictIn(shape: Shape, layout: Layout, clause: OnConflict<Table>): () => Conflict {
  const { table, trees } = layout
  const arbiter = shape.columns(table, clause.columns)
  const columns = arbiter.map(({ key }) => key)
  const set = clause.set === undefined ? undefined : shape.set(table, clause.set)
  const where = shape.where(table, clause.where)
  refuseNoConstraint(table, arbiter)
  const tree = trees.findIndex(
    (candidate) =>
      candidate.unique &&
      candidate.columns.length === columns.length &&
      candidate.columns.every((key) => columns.includes(key)),
  )
  return () => ({ tree, change: set && changeOf(table, set), matches: predicateOf(where) })
}

/** The rows as they will be stored. Columns that come from the head of a write are filled in. */
export function storedRows({ table, times }: Layout, { columns, rows }: RowsShape, head?: Stored): Stored[] {
  const refs = columns.filter(({ ref }) => ref !== undefined)
  return rows.map((values) => {
    // Times become numbers below; everything else is a cell already.
    const row = values.slice() as Cell[]
    for (const position of times) row[position] = toCell(values[position]!)
    for (const { column, ref } of refs) {
      const cell = fromHead(
        head,
        ref!.position,
        column.kind === 'integer' ? (values[column.position] as number) : 0,
      )
      checkCell(table, column, cell)
      row[column.position] = cell
    }
    return row
  })
}

/** Inserts the rows one by one; answers those that were inserted or updated, as they are now. */
export function insertRows(
  statement: Statement,
  layout: Layout,
  rows: readonly Stored[],
  conflict: Conflict | undefined,
  run: Run,
): Stored[] {
  const { table } = layout
  if (conflict?.change !== undefined && rows.length > 1) refuseTwins(layout, conflict, rows)
  const stored: Stored[] = []
  for (const given of rows) {
    const row = withinWorkspace(statement.state, given, layout.references())
    const existing = conflict === undefined ? undefined : inTheWay(statement, layout, conflict, row)
    if (existing === undefined) {
      statement.change(table, undefined, row)
      for (const reference of layout.references()) {
        statement.checkLater(table, row, reference)
      }
      stored.push(row)
    } else if (conflict?.change !== undefined && conflict.matches(existing, run)) {
      const next = conflict.change.apply(existing, run)
      replaceRow(statement, layout, existing, next, conflict.change)
      stored.push(next)
    }
  }
  return stored
}

/** The row that the arbiter would have in the place of this one. */
function inTheWay({ state }: Statement, layout: Layout, { tree }: Conflict, row: Stored): Stored | undefined {
  if (uniqueCells(layout.trees[tree]!, row) === undefined) return undefined
  const { trees, current } = state.read(layout.table)
  const found = trees[tree]!.find(row)
  return found && current ? current(found) : found
}

/** Databases do not update a row twice in one statement. */
function refuseTwins({ table, trees }: Layout, { tree }: Conflict, rows: readonly Stored[]): void {
  const seen = new Set<string>()
  for (const row of rows) {
    const cells = uniqueCells(trees[tree]!, row)
    if (cells === undefined) continue
    const key = cells.map((cell) => String(comparable(cell))).join('\0')
    if (seen.has(key)) {
      throw new ValidationError(`${table.name}: two rows of one insert conflict with each other`, table.name)
    }
    seen.add(key)
  }
}

/** What no other row may have too; undefined for a row that is in nobody's way. */
function uniqueCells(tree: TreeLayout, row: Stored): Cell[] | undefined {
  if (!covers(tree, row)) return undefined
  const cells = tree.parts.slice(0, tree.width).map(({ position }): Cell => row[position]!)
  return cells.includes(null) ? undefined : cells
}
