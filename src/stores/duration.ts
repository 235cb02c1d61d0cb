/** Spans of time as people write them. */

import ms, { type StringValue } from 'ms'
import { ValidationError } from '../errors.ts'
import type { Table } from '../schema/dsl/table.ts'
import { show } from '../schema/dsl/values.ts'

/** Whole milliseconds, or text such as `'5m'`, `'90s'`, `'1.5h'`, `'2 days'`. */
export type Duration = number | string

/** In milliseconds, 1 at least. Throws `ValidationError` for what is no such span, naming the option. */
export function milliseconds(table: Table, option: string, given: unknown): number {
  // The cast: what is no span of time becomes undefined. It refuses longer text with an error of its own.
  const isText = typeof given === 'string' && given.length > 0 && given.length <= 100
  const span = isText ? Math.round(ms(given as StringValue)) : given
  if (typeof span === 'number' && Number.isSafeInteger(span) && span >= 1) return span
  throw new ValidationError(
    `${table.name}.${option} must be a span of time, such as 90_000 milliseconds or '90s', not ${show(given)}`,
    table.name,
    option,
  )
}

/** So many milliseconds after a moment. */
export function after(moment: Date, span: number): Date {
  return new Date(moment.getTime() + span)
}
