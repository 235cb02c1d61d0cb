/** Answers and errors as text in which everything counts: kinds of values, order of keys, -0 and undefined. */

import { TerraceError } from '../../src/errors.ts'

export function show(value: unknown): string {
  if (value === undefined) return 'undefined'
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'string') return JSON.stringify(value.length > 200 ? shorten(value) : value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'no date' : value.toISOString()
  if (value instanceof Uint8Array) return `${value.constructor.name} ${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  const fields = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${show(item)}`)
  return `{${fields.join(', ')}}`
}

/** What no store may let through. */
export const FOREIGN = 'not an error of Terrace'

/** Thrown by a program's own callbacks. */
export class Deliberate extends Error {}

/** Class, code, message and fields; never the cause, which is the driver's. */
export function showError(error: unknown): string {
  if (error instanceof Deliberate) return `thrown ${error.message}`
  if (!(error instanceof TerraceError)) return `${FOREIGN}: ${String(error)}`
  const { cause: _cause, stack: _stack, ...fields } = error as TerraceError & Record<string, unknown>
  return `${error.constructor.name} ${show({ ...fields, message: error.message })}`
}

function shorten(value: string): string {
  return `${value.slice(0, 20)}… (${value.length} units, ends ${value.slice(-20)})`
}
