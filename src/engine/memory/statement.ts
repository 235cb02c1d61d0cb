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
import type { TableData } from './table-data.ts'

export interface Statement {
  readonly state: State
  /** Inserts (`from` undefined), removes (`to` undefined) or replaces a row. */
  change(table: Table, from: Stored | undefined, to: Stored | undefined): void
  /** Has a reference of a row checked when the statement ends. */
  checkLater(table: Table, row: Stored, reference: ReferenceLayout): void
}

export function runStatement<R>(state: State, work: (statement: Statement) => R): R {
  const journal: { data: TableData; from: Stored | undefined; to: Stored | undefined }[] = []
  const checks: (() => void)[] = []
  const statement: Statement = {
    state,
    change(table, from, to) {
      const data = state.write(table)
      // A row that is updated changes in place.
      const before = to === undefined ? from : from?.slice()
      data.change(from, to)
      journal.push({ data, from: before, to })
      const { keyOf } = data.layout
      if (before !== undefined && to !== undefined && keyOf(before) !== keyOf(to)) {
        checks.push(() => checkAbandoned(state, table, before))
      }
    },
    checkLater(table, row, reference) {
      if (row[reference.position] === null) return
      checks.push(() => checkReference(state, table, row, reference))
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
