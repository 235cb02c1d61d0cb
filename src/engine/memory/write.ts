/** `write`: a head that decides whether anything happens, and steps that may refer to its new row. */

import type { Table } from '../../schema/dsl/table.ts'
import type { Head, Step, Write } from '../engine.ts'
import { type RowsShape, Shape, targetOf } from '../shape.ts'
import { boundCells, type Stored } from './cells.ts'
import { removalIn, updateIn, updateRows } from './change.ts'
import type { AnyRow } from './copies.ts'
import { conflictIn, insertRows, storedRows } from './insert.ts'
import type { Layout } from './layout.ts'
import type { Plans } from './plans.ts'
import { removeRows } from './removal.ts'
import type { Run } from './run.ts'
import { createRun } from './select.ts'
import type { State } from './state.ts'
import { runStatement, type Statement } from './statement.ts'

/** Takes a write apart; the answer runs it. */
export function prepareWrite(state: State, plans: Plans, write: Write): () => AnyRow | null {
  const { head, steps } = write
  const { layout } = state.read('update' in head ? head.update : head.insert)
  const { table } = layout
  const shape = new Shape(`write ${table.sqlName} `, table)
  shape.checkWrite(write)
  const headPart = headIn(shape, layout, head)
  const parts = steps.map((step) => stepIn(shape, state.read(targetOf(step)).layout, table, step))
  const values = boundCells(shape)
  const plan = plans.get(shape.key, () => ({
    head: headPart.compile(),
    steps: parts.map((part) => part.compile()),
  }))
  const run = (statement: Statement) => {
    const row = plan.head(statement, createRun(state, values), headPart.rows)
    if (row === undefined) return null
    const run = createRun(state, values, row)
    // All steps choose their rows before any changes one: in SQL they share one snapshot.
    const applications = plan.steps.map((choose, i) => choose(statement, run, parts[i]!.rows))
    for (const apply of applications) apply()
    return row
  }
  return () => {
    const row = runStatement(state, run)
    return row === null ? null : layout.copy(row)
  }
}

/** A part of a write: what is compiled once per shape, and the rows of this call. */
interface Part<A> {
  readonly rows: RowsShape | undefined
  readonly compile: () => A
}

/** Answers the head's new row, or undefined when it is not to be. */
type HeadAction = (statement: Statement, run: Run, rows: RowsShape | undefined) => Stored | undefined
/** Chooses the rows, and answers how to change them. */
type StepAction = (statement: Statement, run: Run, rows: RowsShape | undefined) => () => void

function headIn(shape: Shape, layout: Layout, head: Head): Part<HeadAction> {
  if ('update' in head) {
    const compile = updateIn(shape, layout, head)
    return {
      rows: undefined,
      compile() {
        const { select, change } = compile()
        return (statement, run) => updateRows(statement, layout, select.rows(run), change, run)[0]
      },
    }
  }
  const rows = shape.rows(layout.table, [head.row], head.onConflict?.set)
  const compile = head.onConflict === undefined ? undefined : conflictIn(shape, layout, head.onConflict)
  return {
    rows,
    compile() {
      const conflict = compile?.()
      return (statement, run, rows) =>
        insertRows(statement, layout, storedRows(layout, rows!), conflict, run)[0]
    },
  }
}

/** What it compiles outlives this call, and so knows a layout, but no state: that may be a transaction's. */
function stepIn(shape: Shape, layout: Layout, head: Table, step: Step): Part<StepAction> {
  const { table } = layout
  if ('insert' in step) {
    shape.key += `;insert ${table.sqlName} `
    return {
      rows: shape.rows(table, step.rows),
      compile: () => (statement, run, rows) => () => {
        insertRows(statement, layout, storedRows(layout, rows!, run.head), undefined, run)
      },
    }
  }
  if ('update' in step) {
    shape.key += `;update ${table.sqlName} `
    const compile = updateIn(shape, layout, step)
    /** A step on the head's own table leaves the head's row alone. */
    const notTheHead = (rows: Stored[], run: Run) =>
      table === head ? rows.filter((row) => layout.keyOf(row) !== layout.keyOf(run.head!)) : rows
    return {
      rows: undefined,
      compile() {
        const { select, change } = compile()
        return (statement, run) => {
          const rows = notTheHead(select.rows(run), run)
          return () => updateRows(statement, layout, stillThere(run.state, layout, rows), change, run)
        }
      },
    }
  }
  shape.key += `;remove ${table.sqlName} `
  const compile = removalIn(shape, layout, step.where)
  return {
    rows: undefined,
    compile() {
      const select = compile()
      return (statement, run) => {
        const rows = select.rows(run)
        return () => removeRows(statement, table, rows)
      }
    },
  }
}

/** Rows as they are after earlier steps, whose cascades may have changed or removed them. */
function stillThere(state: State, { table, keyOf }: Layout, rows: readonly Stored[]): Stored[] {
  const { get } = state.read(table)
  return rows.map((row) => get(keyOf(row))).filter((row) => row !== undefined)
}
