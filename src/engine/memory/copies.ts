/** Stored rows as callers get them: fresh objects without hidden columns, of which nothing is shared. */

import { copyJson, type JsonValue } from '../../schema/dsl/json.ts'
import type { ColumnDef, Table } from '../../schema/dsl/table.ts'
import type { Cell, Stored } from './cells.ts'

export type AnyRow = Record<string, unknown>

/**
 * The copying function of a table. It is generated where that is allowed: V8 optimises an object literal that
 * it meets in one place, but not one loop that makes the rows of thirty tables, which takes three times as
 * long. `generate: false` is what a content security policy without `eval` leaves.
 */
export function rowCopier(table: Table, { generate = true } = {}): (stored: Stored) => AnyRow {
  return (generate ? generatedCopier(table) : undefined) ?? loopingCopier(table)
}

/** A cell as a value that the caller may keep and change. */
export function copyCell(column: ColumnDef, cell: Cell): unknown {
  if (cell === null) return null
  switch (column.kind) {
    case 'timestamp':
      return new Date(cell as number)
    case 'json':
      return copyJson(cell as JsonValue)
    case 'bytes':
      return (cell as Uint8Array).slice()
    default:
      return cell
  }
}

function generatedCopier(table: Table): ((stored: Stored) => AnyRow) | undefined {
  const fields = table.visible.map((column) => `${JSON.stringify(column.key)}: ${copyCode(column)}`)
  try {
    // Made of column names and positions alone; no data of a caller ever gets into the text.
    return new Function('copyJson', `return (row) => ({ ${fields.join(', ')} })`)(copyJson)
  } catch {
    return undefined
  }
}

function copyCode(column: ColumnDef): string {
  const cell = `row[${column.position}]`
  switch (column.kind) {
    case 'timestamp':
      return `${cell} === null ? null : new Date(${cell})`
    case 'json':
      return `copyJson(${cell})`
    case 'bytes':
      return `${cell} === null ? null : ${cell}.slice()`
    default:
      return cell
  }
}

function loopingCopier({ visible }: Table): (stored: Stored) => AnyRow {
  // Parsed, because V8 then lays the object out in full; adding twenty keys one by one makes it a hash table.
  const blank: AnyRow = JSON.parse(`{${visible.map(({ key }) => `${JSON.stringify(key)}:null`).join(',')}}`)
  return (stored) => {
    const row = { ...blank }
    for (const column of visible) row[column.key] = copyCell(column, stored[column.position]!)
    return row
  }
}
