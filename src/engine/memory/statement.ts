/**
 * One statement: rows change one after the other, unique constraints are checked with each, references at the
 * end, and a failure anywhere takes everything back.
 *
 * So an update that hands a unique value from one row to another fails, as it does in SQL, unless the row that
 * gives it up comes first.
 */

import type { Table } from '../../schema/dsl/table.ts'
import type { Stored } from './cells.ts'
import type { ReferenceLayout } from './layout.ts'
import { checkAbandoned, checkReference } from './references.ts'
import type { State } from './state.ts'
import type { TableData } from './table.ts'

export interface Statement {
  readonly state: State
  /** Inserts (`from` undefined), removes (`to` undefined) or replaces a row. */
  change(table: Table, from: Stored | undefined, to: Stored | undefined): void
  /**
   * Has a reference of a row checked when the statement ends. A `trusted` one came from the head of a write,
   * and is not asked for its workspace.
   */
  checkLater(table: Table, row: Stored, reference: ReferenceLayout, trusted: boolean): void
}

export function runStatement<R>(state: State, work: (statement: Statement) => R): R {
  const journal: { data: TableData; from: Stored | undefined; to: Stored | undefined }[] = []
  const checks: (() => void)[] = []
  const statement: Statement = {
    state,
    change(table, from, to) {
      const data = state.write(table)
      data.change(from, to)
      journal.push({ data, from, to })
      const { keyOf } = data.layout
      if (from !== undefined && to !== undefined && keyOf(from) !== keyOf(to)) {
        checks.push(() => checkAbandoned(state, table, from))
      }
    },
    checkLater(table, row, reference, trusted) {
      if (row[reference.position] === null) return
      checks.push(() => checkReference(state, table, row, reference, trusted))
    },
  }
  try {
    const result = work(statement)
    for (const check of checks) check()
    return result
  } catch (error) {
    for (const { data, from, to } of journal.reverse()) data.change(to, from)
    throw error
  }
}
