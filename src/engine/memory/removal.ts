/** Removes rows, and does what references ask for when that to which they lead is removed. */

import { InvalidReferenceError } from '../../errors.ts'
import type { Table } from '../../schema/dsl/table.ts'
import { refuse } from '../../schema/dsl/values.ts'
import type { Stored } from './cells.ts'
import type { ReferenceLayout } from './layout.ts'
import { keyCell, referring } from './references.ts'
import type { Statement } from './statement.ts'

/** Removes rows and whatever hangs on them, in the order of the schema, level by level. */
export function removeRows(statement: Statement, table: Table, rows: readonly Stored[]): void {
  const { state } = statement
  const levels: { table: Table; rows: readonly Stored[] }[] = [{ table, rows }]
  for (const level of levels) {
    const { layout, get } = state.write(level.table)
    const gone: Stored[] = []
    for (const row of level.rows) {
      // It may be gone already or have lost a reference, if several lead here.
      const current = get(layout.keyOf(row))
      if (current === undefined) continue
      statement.change(level.table, current, undefined)
      gone.push(current)
    }
    for (const { table: other, reference } of state.referrers(level.table)) {
      for (const row of gone) {
        const left = referring(state, other, reference, keyCell(level.table, row))
        if (left.length === 0) continue
        if (reference.onDelete === 'restrict') throw new InvalidReferenceError(table.name)
        if (reference.onDelete === 'cascade') levels.push({ table: other, rows: left })
        else for (const referrer of left) clearReference(statement, other, reference, referrer)
      }
    }
  }
}

function clearReference(
  statement: Statement,
  table: Table,
  { position, optional }: ReferenceLayout,
  row: Stored,
): void {
  if (!optional) throw refuse(table, table.columnList[position]!, 'is required')
  statement.change(table, row, row.with(position, null))
}
