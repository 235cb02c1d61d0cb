/** Queries taken apart for SQL: what decides a statement's text, and the values bound to it. */

import { ValidationError } from '../../errors.ts'
import { type ColumnDef, parameterColumn, type Table } from '../../schema/dsl/table.ts'
import type { OnConflict, UpdateQuery, Write } from '../engine.ts'
import {
  type Assignment,
  type Condition,
  type Operand,
  type Order,
  type RowsShape,
  refuseNoConstraint,
  Shape,
} from '../shape.ts'

export interface FindShape {
  readonly where: Condition
  readonly order: readonly Order[]
  readonly after: readonly Operand[] | undefined
  /** Index of the bound limit. */
  readonly limit: number | undefined
}

export interface UpdateShape {
  readonly where: Condition
  readonly set: readonly Assignment[]
  readonly order: readonly Order[] | undefined
  /** Index of the bound limit; `one` belongs to the shape, because a single row is found by a cheaper plan. */
  readonly limit: number | 'one' | undefined
  readonly skipLocked: boolean
}

/** An update, and what is bound in it. */
export interface UpdateCall {
  readonly table: Table
  readonly shape: Shape
  readonly update: UpdateShape
}

export interface ConflictShape {
  readonly columns: readonly ColumnDef[]
  readonly set: readonly Assignment[] | undefined
  readonly where: Condition | undefined
}

export interface AggregateShape {
  readonly where: Condition
  readonly groupBy: readonly ColumnDef[]
  readonly sum: readonly ColumnDef[]
  readonly max: readonly ColumnDef[]
}

/** Rows to insert, taken apart. The first row's values are the first that the shape has bound. */
export interface InsertRows {
  readonly table: Table
  readonly rows: RowsShape
  readonly conflict: ConflictShape | undefined
  readonly shape: Shape
}

/** Step shapes refer to the head's row; all share one list of bound values. */
export interface WriteShape {
  readonly shape: Shape
  readonly head:
    | { readonly kind: 'update'; readonly table: Table; readonly update: UpdateShape }
    | { readonly kind: 'insert'; readonly insert: InsertRows }
  readonly steps: readonly (
    | { readonly kind: 'insert'; readonly table: Table; readonly rows: RowsShape }
    | { readonly kind: 'update'; readonly table: Table; readonly update: UpdateShape }
    | { readonly kind: 'remove'; readonly table: Table; readonly where: Condition }
  )[]
}

export function takeApartInsert(
  table: Table,
  rows: readonly object[],
  onConflict: OnConflict<Table> | undefined,
  shape = new Shape(`insert ${table.sqlName} `),
): InsertRows {
  const parts = shape.rows(table, rows, onConflict?.set)
  // The first row is bound as it is; what the conflict clause binds comes after it.
  for (const { column } of parts.columns) shape.bind(column, parts.rows[0]![column.position]!)
  if (onConflict === undefined) return { table, rows: parts, conflict: undefined, shape }
  const columns = shape.columns(table, onConflict.columns)
  const set = onConflict.set === undefined ? undefined : shape.set(table, onConflict.set)
  const where = onConflict.where === undefined ? undefined : shape.where(table, onConflict.where)
  refuseNoConstraint(table, columns)
  if (set !== undefined) refuseTwins(table, parts, columns)
  return { table, rows: parts, conflict: { columns, set, where }, shape }
}

export function takeApartUpdate(shape: Shape, table: Table, query: UpdateQuery<Table>): UpdateShape {
  const set = shape.set(table, query.set)
  const where = shape.where(table, query.where)
  const order =
    query.orderBy === undefined && query.limit === undefined ? undefined : shape.order(table, query.orderBy)
  const limit = query.limit === 1 ? 'one' : bindLimit(shape, table, query.limit)
  if (limit === 'one') shape.key += '1'
  const skipLocked = query.skipLocked ?? false
  if (skipLocked) shape.key += 's'
  return { where, set, order, limit, skipLocked }
}

/** Where the key is bound of the one row that an update is of; undefined when it may be of others. */
export function boundKey(table: Table, { where, limit }: UpdateShape): number | undefined {
  const [key, ...others] = table.primaryKey
  if (limit !== undefined || where.length !== 1 || others.length > 0) return undefined
  for (const test of where[0]!) {
    if (test.op === 'eq' && test.column === key && test.operand.is === 'param') return test.operand.index
  }
  return undefined
}

export function takeApartWrite(write: Write): WriteShape {
  const { head, steps } = write
  const target = 'update' in head ? head.update : head.insert
  const shape = new Shape(`write ${target.sqlName} `, target)
  shape.checkWrite(write)
  const taken =
    'update' in head
      ? {
          kind: 'update' as const,
          table: target,
          update: takeApartUpdate(shape, target, { where: head.where, set: head.set }),
        }
      : { kind: 'insert' as const, insert: takeApartInsert(target, [head.row], head.onConflict, shape) }
  return {
    shape,
    head: taken,
    steps: steps.map((step) => {
      if ('insert' in step) {
        shape.key += `;insert ${step.insert.sqlName} ${step.rows.length === 1 ? 1 : 'n'}`
        return { kind: 'insert', table: step.insert, rows: shape.rows(step.insert, step.rows) }
      }
      if ('update' in step) {
        shape.key += `;update ${step.update.sqlName} `
        return { kind: 'update', table: step.update, update: takeApartUpdate(shape, step.update, step) }
      }
      shape.key += `;remove ${step.remove.sqlName} `
      return { kind: 'remove', table: step.remove, where: shape.where(step.remove, step.where) }
    }),
  }
}

export function bindLimit(shape: Shape, table: Table, limit: number | undefined): number | undefined {
  if (limit === undefined) return undefined
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new ValidationError(`${table.name}: a limit is a whole number from 0, not ${limit}`, table.name)
  }
  shape.key += '#'
  return shape.bind(LIMIT, limit)
}

const LIMIT = parameterColumn('integer')

/**
 * Neither database may update one row twice in a statement; SQLite would, so it is refused up front. Nulls, and
 * rows that a partial index leaves out, are in nobody's way.
 */
function refuseTwins(table: Table, rows: RowsShape, columns: readonly ColumnDef[]): void {
  const arbiter = table.indexes.find(
    (index) =>
      index.unique &&
      index.columns.length === columns.length &&
      index.columns.every(({ column }) => columns.includes(column)),
  )
  const seen = new Set<string>()
  for (const row of rows.rows) {
    const cells = columns.map((column) => row[column.position])
    const isCovered = arbiter?.where.every(({ column, value }) => row[column.position] === value) ?? true
    if (!isCovered || cells.includes(null)) continue
    const key = JSON.stringify(cells)
    if (seen.has(key))
      throw new ValidationError(`${table.name}: two rows of one insert conflict with each other`, table.name)
    seen.add(key)
  }
}
