/** References between rows: that they lead somewhere, and which rows have them. */

import { InvalidReferenceError } from '../../errors.ts'
import type { Table } from '../../schema/dsl/table.ts'
import type { Cell, Stored } from './cells.ts'
import type { ReferenceLayout } from './layout.ts'
import { createRun, createSelect, type Select } from './select.ts'
import type { State } from './state.ts'

/** Throws unless the row that is referred to exists, and in the same workspace where there are workspaces. */
export function checkReference(state: State, table: Table, row: Stored, reference: ReferenceLayout): void {
  if (!leadsToRow(state, row, reference)) throw new InvalidReferenceError(table.name)
}

/**
 * What would lead to another workspace leads nowhere, and so is in nobody's way: in unique columns it is empty
 * text from the start, as the databases have it.
 */
export function withinWorkspace(state: State, row: Stored, references: readonly ReferenceLayout[]): Stored {
  let within = row
  for (const reference of references) {
    const { position, workspace, isUnique } = reference
    if (!isUnique || workspace === undefined || row[position] === null) continue
    if (!leadsToRow(state, row, reference)) within = within.with(position, '')
  }
  return within
}

function leadsToRow(state: State, row: Stored, { target, position, workspace }: ReferenceLayout): boolean {
  const { layout, get } = state.read(target)
  const referred = get(layout.key([row[position]!]))
  if (referred === undefined) return false
  if (workspace === undefined) return true
  return row[workspace.mine] !== null && row[workspace.mine] === referred[workspace.theirs]
}

/** Throws when rows still refer to the key that a row had before it was given another. */
export function checkAbandoned(state: State, table: Table, before: Stored): void {
  const { layout, get } = state.read(table)
  if (get(layout.keyOf(before)) !== undefined) return
  for (const { table: other, reference } of state.referrers(table)) {
    if (referring(state, other, reference, keyCell(table, before)).length > 0) {
      throw new InvalidReferenceError(table.name)
    }
  }
}

const selects = new WeakMap<ReferenceLayout, Select>()

/** The rows with this reference to a key, by an index on it if there is one. */
export function referring(state: State, table: Table, reference: ReferenceLayout, key: Cell): Stored[] {
  let select = selects.get(reference)
  if (select === undefined) {
    const column = table.columnList[reference.position]!
    select = createSelect(
      state.read(table).layout,
      [[{ op: 'eq', column, operand: { is: 'param', index: 0 } }]],
      [],
    )
    selects.set(reference, select)
  }
  return select.rows(createRun(state, [key]))
}

/** References are to keys of one column. */
export function keyCell({ primaryKey }: Table, row: Stored): Cell {
  return row[primaryKey[0]!.position]!
}
