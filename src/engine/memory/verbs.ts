/**
 * The verbs over a state, committed or a transaction's: take the query apart, find or compile its plan, bind,
 * run, copy. All of them are synchronous, and so each is atomic.
 */

import { ValidationError } from '../../errors.ts'
import type { Table } from '../../schema/dsl/table.ts'
import type { Aggregate, AggregateQuery, FindQuery, OnConflict, UpdateQuery, Write } from '../engine.ts'
import { refuseCompositeKey, Shape } from '../shape.ts'
import { runAggregate } from './aggregate.ts'
import { boundCells } from './cells.ts'
import { removalIn, updateIn, updateRows } from './change.ts'
import type { AnyRow } from './copies.ts'
import { conflictIn, insertRows, storedRows } from './insert.ts'
import type { Plans } from './plans.ts'
import { removeRows } from './removal.ts'
import { getterOf } from './run.ts'
import { createRun, createSelect } from './select.ts'
import type { State } from './state.ts'
import { runStatement, type Statement } from './statement.ts'
import { prepareWrite } from './write.ts'

/** A write whose input has been checked and copied; it runs when its turn has come. */
export type Prepared<R> = () => R

export interface MemoryVerbs {
  find(table: Table, query?: FindQuery<Table>): AnyRow[]
  get(table: Table, id: string): AnyRow | null
  insert(table: Table, rows: readonly object[], onConflict?: OnConflict<Table>): Prepared<AnyRow[]>
  update(table: Table, query: UpdateQuery<Table>): Prepared<AnyRow[]>
  remove(table: Table, query: { readonly where: unknown }): Prepared<AnyRow[]>
  write(write: Write): Prepared<AnyRow | null>
  aggregate(table: Table, query?: AggregateQuery<Table>): Aggregate[]
}

export function createMemoryVerbs(state: State, plans: Plans): MemoryVerbs {
  return {
    find(table, query = {}) {
      const shape = new Shape(`find ${table.sqlName} `)
      const where = shape.where(table, query.where)
      const order = shape.order(table, query.orderBy)
      const after = query.after === undefined ? undefined : shape.after(table, order, query.after)
      const limit = checkLimit(table, query.limit)
      if (limit === 0) return []
      const { layout } = state.read(table)
      const plan = plans.get(shape.key, () => ({
        select: createSelect(layout, where, order),
        border: after?.map(getterOf),
      }))
      const run = createRun(state, boundCells(shape))
      const border = plan.border?.map((value) => value(run))
      return plan.select.rows(run, limit, border).map(layout.copy)
    },

    get(table, id) {
      const { layout, get } = state.read(table)
      refuseCompositeKey(table)
      const row = typeof id === 'string' ? get(id) : undefined
      return row === undefined ? null : layout.copy(row)
    },

    insert(table, rows, onConflict) {
      if (rows.length === 0) return () => []
      const { layout } = state.read(table)
      const shape = new Shape(`insert ${table.sqlName} `)
      const stored = storedRows(layout, shape.rows(table, rows, onConflict?.set))
      const compile = onConflict === undefined ? undefined : conflictIn(shape, layout, onConflict)
      const conflict = compile === undefined ? undefined : plans.get(shape.key, compile)
      const run = createRun(state, boundCells(shape))
      const work = (statement: Statement) => insertRows(statement, layout, stored, conflict, run)
      return () => runStatement(state, work).map(layout.copy)
    },

    update(table, query) {
      const { layout } = state.read(table)
      const shape = new Shape(`update ${table.sqlName} `)
      const compile = updateIn(shape, layout, query)
      const limit = checkLimit(table, query.limit)
      if (limit === 0) return () => []
      const { select, change } = plans.get(shape.key, compile)
      const run = createRun(state, boundCells(shape))
      const work = (statement: Statement) =>
        updateRows(statement, layout, select.rows(run, limit), change, run)
      // What was set may have moved rows within the order.
      return () => runStatement(state, work).sort(select.compare).map(layout.copy)
    },

    remove(table, { where }) {
      const { layout } = state.read(table)
      const shape = new Shape(`remove ${table.sqlName} `)
      const compile = removalIn(shape, layout, where)
      const select = plans.get(shape.key, compile)
      const run = createRun(state, boundCells(shape))
      const work = (statement: Statement) => {
        const rows = select.rows(run)
        removeRows(statement, table, rows)
        return rows
      }
      return () => runStatement(state, work).map(layout.copy)
    },

    write: (write) => prepareWrite(state, plans, write),

    aggregate(table, query = {}) {
      const { layout } = state.read(table)
      const shape = new Shape(`aggregate ${table.sqlName} `)
      const where = shape.where(table, query.where)
      const aggregated = shape.aggregated(table, query)
      const plan = plans.get(shape.key, () => ({
        select: createSelect(layout, where, []),
        ...aggregated,
      }))
      return runAggregate(layout, plan, createRun(state, boundCells(shape)))
    },
  }
}

function checkLimit(table: Table, limit: number | undefined): number | undefined {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 0)) return limit
  throw new ValidationError(`${table.name}: a limit is a whole number from 0, not ${limit}`, table.name)
}
