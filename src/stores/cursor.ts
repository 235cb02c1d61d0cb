/**
 * Cursors: where a list goes on. A cursor carries the ordering values of the last row seen and a fingerprint
 * of its list (table, order and filter), so that it is refused by any other list.
 */

import { ValidationError } from '../errors.ts'
import type { ColumnDef, Direction, Table } from '../schema/dsl/table.ts'

type Ordering = readonly (readonly [string, Direction])[]

/** The cursor that continues after `row`, which has the columns of the order and the primary key. */
export function encodeCursor(table: Table, order: Ordering, filter: object, row: object): string {
  const source = row as Readonly<Record<string, unknown>>
  const parts: unknown[] = [fingerprint(table, order, filter)]
  for (const column of keyColumns(table, order)) {
    const value = source[column.key]
    parts.push(value instanceof Date ? value.getTime() : value)
  }
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** The values to go on after, as `Engine.find` takes them. Throws when the cursor is not of this list. */
export function decodeCursor(table: Table, order: Ordering, filter: object, cursor: unknown): unknown[] {
  const [print, ...values] = parse(cursor)
  if (print !== fingerprint(table, order, filter)) throw new ValidationError(foreign(table), table.name)
  const columns = keyColumns(table, order)
  if (values.length !== columns.length) throw new ValidationError(foreign(table), table.name)
  return columns.map((column, i) => {
    const value = values[i]
    return column.kind === 'timestamp' && typeof value === 'number' ? new Date(value) : value
  })
}

const foreign = (table: Table) => `${table.name}: this cursor belongs to another list`

function parse(cursor: unknown): unknown[] {
  if (typeof cursor !== 'string') return []
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(parts) ? parts : []
  } catch {
    return []
  }
}

/** The order's columns, then those of the primary key that are not among them. */
function keyColumns(table: Table, order: Ordering): ColumnDef[] {
  const columns = order.map(([key]) => table.columns[key]!)
  for (const column of table.primaryKey) if (!columns.includes(column)) columns.push(column)
  return columns
}

function fingerprint(table: Table, order: Ordering, filter: object): string {
  const tests = Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, Array.isArray(value) ? value.map(tagged).sort() : tagged(value)])
    .sort(([a], [b]) => (a! < b! ? -1 : 1))
  return hash(JSON.stringify([table.name, order, tests]))
}

/** A value as text that tells kinds apart. What is no scalar is left to the engine to refuse. */
function tagged(value: unknown): string {
  if (value instanceof Date) return `date ${value.getTime()}`
  return typeof value === 'object' && value !== null ? 'object' : `${typeof value} ${String(value)}`
}

/** 53 bits of a text, well mixed (cyrb53): enough to tell lists apart, and no secret. */
function hash(value: string): string {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i)
    high = Math.imul(high ^ unit, 2654435761)
    low = Math.imul(low ^ unit, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36)
}
