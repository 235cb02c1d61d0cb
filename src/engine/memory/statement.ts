/**
 * One statement: rows change one after the other, unique constraints are checked with each, references at the
 * end, and a failure anywhere takes everything back.
 */

import { InvalidReferenceError } from '../../errors.ts'
import type { Table } from '../../schema/dsl/table.ts'
import type { Cell, Stored } from './cells.ts'
import type { ReferenceLayout } from './layout.ts'
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
      const key = data.layout.keyOf
      if (from !== undefined && to !== undefined && key(from) !== key(to)) {
        checks.push(() => checkLeft(state, data, key(from)))
      }
    },
    checkLater(table, row, reference, trusted) {
      if (row[reference.position] !== null) checks.push(() => checkReference(state, table, row, reference, trusted))
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

function checkReference(
  state: State,
  table: Table,
  row: Stored,
  { target, position, workspace }: ReferenceLayout,
  trusted: boolean,
): void {
  const referred = state.read(target).get(row[position]!)
  const isFine =
    referred !== undefined &&
    (workspace === undefined ||
      trusted ||
      (row[workspace.mine] !== null && row[workspace.mine] === referred[workspace.theirs]))
  if (!isFine) throw new InvalidReferenceError(table.name)
}

/** A key that was changed away must not be referred to any more. */
function checkLeft(state: State, { layout, get }: TableData, key: Cell): void {
  if (get(key) !== undefined) return
  for (const { table, reference } of state.referrers(layout.table)) {
    if (referring(state, table, reference, key).length > 0) throw new InvalidReferenceError(layout.table.name)
  }
}
