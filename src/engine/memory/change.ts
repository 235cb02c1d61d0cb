/** Updates and removals: the rows are chosen first, all new values worked out next, and only then applied. */

import type { Table } from '../../schema/dsl/table.ts'
import type { UpdateQuery } from '../engine.ts'
import type { Shape } from '../shape.ts'
import { type Change, changeOf, replaceRow } from './assignments.ts'
import type { Stored } from './cells.ts'
import type { Layout } from './layout.ts'
import type { Run } from './run.ts'
import { createSelect, type Select } from './select.ts'
import type { Statement } from './statement.ts'

export interface UpdatePlan {
  readonly select: Select
  readonly change: Change
}

/** Takes an update apart into the shape; the answer compiles it. */
export function updateIn(
  shape: Shape,
  layout: Layout,
  query: Pick<UpdateQuery<Table>, 'where' | 'set' | 'orderBy'>,
): () => UpdatePlan {
  const { table } = layout
  const set = shape.set(table, query.set)
  const where = shape.where(table, query.where)
  const order = shape.order(table, query.orderBy)
  return () => ({ select: createSelect(layout, where, order), change: changeOf(table, set) })
}

/** Rows to remove, in the order of their keys. */
export function removalIn(shape: Shape, layout: Layout, where: unknown): () => Select {
  const { table } = layout
  const condition = shape.where(table, where)
  const order = shape.order(table)
  return () => createSelect(layout, condition, order)
}

/** Answers the rows as they are now. */
export function updateRows(
  statement: Statement,
  layout: Layout,
  rows: readonly Stored[],
  change: Change,
  run: Run,
): Stored[] {
  const changed = rows.map((row) => change.apply(row, run))
  for (let i = 0; i < rows.length; i++) replaceRow(statement, layout, rows[i]!, changed[i]!, change)
  return changed
}
