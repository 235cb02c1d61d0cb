/**
 * The codec's way in: one check per column kind, the same on every tier, before anything is written. What
 * passes is a value that every database keeps exactly and gives back equal.
 */

import { ValidationError } from '../../errors.ts'

import { fold } from './fold.ts'
import { canonicalJson, isJsonObject, type JsonObject, JsonRefusal, type JsonValue } from './json.ts'
import type { ColumnDef, Table } from './table.ts'

/** A checked value as the engines hold it. */
export type Value = string | number | boolean | Date | Uint8Array | JsonValue | null
/** A checked row by column key, hidden columns included. */
export type Values = Record<string, Value>

/** First and last millisecond of the years 1 to 9999, which every tier can keep. */
const FIRST_TIME = -62135596800000
const LAST_TIME = 253402300799999

/** Checks a value for a column, answering a copy that the caller cannot reach. Throws `ValidationError`. */
export function checkValue(table: Table, column: ColumnDef, value: unknown): Value {
  if (value === null || value === undefined) {
    if (column.optional) return null
    throw refuse(table, column, 'is required')
  }
  switch (column.kind) {
    case 'text': {
      const text = checkText(table, column, value)
      return column.folds ? fold(text) : text
    }
    case 'oneOf':
      if (column.values!.includes(value as string)) return value as string
      throw refuse(table, column, `must be one of ${column.values!.join(', ')}, not ${show(value)}`)
    case 'integer':
      if (typeof value === 'number' && Number.isSafeInteger(value)) return value === 0 ? 0 : value
      throw refuse(table, column, `must be a safe integer, not ${show(value)}`)
    case 'boolean':
      if (typeof value === 'boolean') return value
      throw refuse(table, column, `must be true or false, not ${show(value)}`)
    case 'timestamp':
      return checkTime(table, column, value)
    case 'json':
      return checkJson(table, column, value)
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw refuse(table, column, 'must be a Uint8Array')
      if (value.length > column.max) throw refuse(table, column, `is longer than ${column.max} bytes`)
      return Uint8Array.from(value)
  }
}

/** A whole row for an insert: defaults applied, every column present, folded copies made. */
export function checkRow(table: Table, input: object): Values {
  refuseUnknown(table, input)
  const source = input as Record<string, unknown>
  const row: Values = {}
  for (const column of table.columnList) {
    if (column.foldOf !== undefined) {
      const original = row[column.foldOf]
      row[column.key] = typeof original === 'string' ? fold(original) : null
      continue
    }
    const given = source[column.key]
    row[column.key] = checkValue(table, column, given === undefined ? column.defaultValue : given)
  }
  return row
}

/** Throws when an input has a key that is no column of the table. */
export function refuseUnknown(table: Table, input: object): void {
  if (typeof input !== 'object' || input === null) {
    throw new ValidationError(`${table.name}: expected an object, not ${show(input)}`, table.name)
  }
  for (const key of Object.keys(input)) {
    const column = table.columns[key]
    if (column === undefined || column.foldOf !== undefined) {
      throw new ValidationError(`${table.name}: there is no column ${JSON.stringify(key)}`, table.name, key)
    }
  }
}

/** Whether a text can be in a database at all; a look-up of one that cannot finds nothing. */
export function isStorableText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && value.isWellFormed()
}

/** A checked patch for an object column: `null` removes a key, `undefined` leaves it. */
export function checkJsonPatch(table: Table, column: ColumnDef, patch: unknown): JsonObject {
  const checked = checkJson(table, column, patch)
  if (typeof checked !== 'object' || checked === null || Array.isArray(checked)) {
    throw refuse(table, column, 'is patched with an object of top-level keys')
  }
  return checked as JsonObject
}

export function refuse(table: Table, column: ColumnDef, reason: string): ValidationError {
  return new ValidationError(`${table.name}.${column.key} ${reason}`, table.name, column.key)
}

function checkText(table: Table, column: ColumnDef, value: unknown): string {
  if (typeof value !== 'string') throw refuse(table, column, `must be text, not ${show(value)}`)
  if (value.includes('\0')) throw refuse(table, column, 'may not contain NUL')
  if (!value.isWellFormed()) throw refuse(table, column, 'may not contain a lone surrogate')
  if (value.length < column.min) throw refuse(table, column, 'may not be empty')
  // Code points are at most the UTF-16 units, and counting them is slow.
  if (value.length > column.max && codePoints(value) > column.max) {
    throw refuse(table, column, `is longer than ${column.max} characters`)
  }
  return value
}

function checkTime(table: Table, column: ColumnDef, value: unknown): Date {
  if (!(value instanceof Date)) throw refuse(table, column, `must be a Date, not ${show(value)}`)
  const time = value.getTime()
  if (!(time >= FIRST_TIME && time <= LAST_TIME)) {
    throw refuse(table, column, 'must be a valid date in the years 1 to 9999')
  }
  return new Date(time)
}

function checkJson(table: Table, column: ColumnDef, value: unknown): JsonValue {
  try {
    const checked = canonicalJson(value)
    const { shape } = column
    if (shape === 'list' && !Array.isArray(checked))
      throw new JsonRefusal(`it must be a list, not ${show(value)}`)
    if (shape === 'object' && !isJsonObject(checked)) {
      throw new JsonRefusal(`it must be an object, not ${show(value)}`)
    }
    if (JSON.stringify(checked).length > column.max) {
      throw new JsonRefusal(`it is longer than ${column.max} characters`)
    }
    return checked
  } catch (error) {
    if (error instanceof JsonRefusal) throw refuse(table, column, `is not storable JSON: ${error.message}`)
    throw error
  }
}

function codePoints(value: string): number {
  let count = 0
  for (const _ of value) count++
  return count
}

/** A short description of a refused value; never the whole of it, and no code of its own is run for it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}
