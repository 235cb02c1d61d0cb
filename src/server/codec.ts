/**
 * Between JSON and what stores take and give. What a value is to become is told by its column's kind: a time is an
 * ISO 8601 text, bytes are base64, and everything else is what it is. The stores check all the rest.
 */

import { ValidationError } from '../errors.ts'
import type { ColumnDef, Table } from '../schema/dsl/table.ts'
import { refuse } from '../schema/dsl/values.ts'
import { isTyped } from './refusals.ts'

/** Makes of what came as JSON what a verb takes. Throws `ValidationError`. */
export type Arg = (value: unknown) => unknown

/** As it came. */
export const plain: Arg = (value) => value

/** A row to create, or a patch. */
export const row =
  (table: Table): Arg =>
  (value) =>
    mapped(value, (key, item) => ofColumn(table, key, item))

export const rows =
  (table: Table): Arg =>
  (value) =>
    Array.isArray(value) ? value.map(row(table)) : value

/** By column: a value, or a list of them. */
export const filter =
  (table: Table): Arg =>
  (value) =>
    mapped(value, (key, item) =>
      Array.isArray(item) ? item.map((each) => ofColumn(table, key, each)) : ofColumn(table, key, item),
    )

/** A moment, that `what` is the name of. */
export const moment =
  (what: string): Arg =>
  (value) => {
    if (value === null || value === undefined) return value
    const time = typeof value === 'string' ? timeOf(value) : undefined
    if (time === undefined) throw new ValidationError(`${what} ${TIME}`)
    return time
  }

export const base64 =
  (what: string): Arg =>
  (value) => {
    if (value === null || value === undefined) return value
    const bytes = typeof value === 'string' ? bytesOf(value) : undefined
    if (bytes === undefined) throw new ValidationError(`${what} ${BYTES}`)
    return bytes
  }

/** An object, of whose fields these are decoded. */
export const fields =
  (args: Readonly<Record<string, Arg>>): Arg =>
  (value) =>
    mapped(value, (key, item) => (Object.hasOwn(args, key) ? args[key]!(item) : item))

/** A moment if it looks like one, and otherwise as it came: for what may be a span instead. */
export const momentOrSpan: Arg = (value) => (typeof value === 'string' ? (timeOf(value) ?? value) : value)

const TIME = 'must be a time in ISO 8601, as in "2026-01-31T12:00:00.000Z"'
const BYTES = 'must be bytes in base64'

function ofColumn(table: Table, key: string, value: unknown): unknown {
  const column = table.columns[key]
  return column === undefined || value === null ? value : ofKind(table, column, value)
}

function ofKind(table: Table, column: ColumnDef, value: unknown): unknown {
  switch (column.kind) {
    case 'timestamp': {
      const time = typeof value === 'string' ? timeOf(value) : undefined
      if (time === undefined) throw refuse(table, column, TIME)
      return time
    }
    case 'bytes': {
      const bytes = typeof value === 'string' ? bytesOf(value) : undefined
      if (bytes === undefined) throw refuse(table, column, BYTES)
      return bytes
    }
    default:
      return value
  }
}

/** What is no plain object is left for the store to refuse. */
function mapped(value: unknown, map: (key: string, item: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  // Not by assignment: a key may be `__proto__`.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, map(key, item)]))
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/

function timeOf(text: string): Date | undefined {
  const [, year, month, day] = ISO.exec(text) ?? []
  if (day === undefined) return undefined
  // JavaScript takes the 31st of February for a day in March.
  const lastDay = new Date(0)
  lastDay.setUTCFullYear(Number(year), Number(month), 0)
  if (Number(day) > lastDay.getUTCDate()) return undefined
  const time = new Date(text)
  return Number.isNaN(time.getTime()) ? undefined : time
}

function bytesOf(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  return new Uint8Array(Buffer.from(text, 'base64'))
}

/** What a verb answered, as JSON keeps it. */
export function encode(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  // The error of a firing, say. Only the typed ones are made to be shown.
  if (value instanceof Error)
    return isTyped(value) ? { code: value.code, ...value.toJSON() } : { code: 'INTERNAL' }
  if (Array.isArray(value)) return value.map(encode)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encode(item)]))
}
