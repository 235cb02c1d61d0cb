/** What verbs take: new rows, patches, filters, pages. All follow from the tables. */

import fc from 'fast-check'
import type { ColumnDef, Table } from '../../src/schema/dsl/table.ts'
import { lookupFor, mostly, valueFor } from './values.ts'

type Arbitraries = Readonly<Record<string, fc.Arbitrary<unknown>>>
type Keys = readonly string[]

/** `arbitrary` present in one of `rarity` objects or so; `left out` must shrink first. */
function sometimes(rarity: number, arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight: rarity, arbitrary: fc.constant(ABSENT) },
    { weight: 1, arbitrary },
  )
}

const ABSENT = Symbol('absent')

/** An object whose absent fields are not there. */
export function object(fields: Arbitraries): fc.Arbitrary<Record<string, unknown>> {
  return fc
    .record(fields)
    .map((record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== ABSENT)))
}

export interface Fields {
  readonly table: Table
  readonly required?: Keys
  /** Columns that are refused here, and given nevertheless now and then. */
  readonly refused?: Keys
  /** In the place of what the column would take, or beside the columns. */
  readonly special?: Arbitraries
}

const STAMPS = ['version', 'createdAt', 'updatedAt']

/** Most columns are left out. */
export function fields({ table, required = [], refused = [], special = {} }: Fields) {
  const closed = new Set([...STAMPS, ...refused])
  const byColumn = table.visible.map((column) => {
    const value = special[column.key] ?? valueFor(table, column)
    if (required.includes(column.key)) return [column.key, mostly(80, value, fc.constant(ABSENT))]
    // Rows with ids of the pool are met again.
    if (column.key === 'id' && !closed.has('id')) return [column.key, mostly(3, value, fc.constant(ABSENT))]
    return [column.key, sometimes(closed.has(column.key) ? 150 : 4, value)]
  })
  const more = Object.entries(special)
    .filter(([key]) => table.columns[key] === undefined)
    .map(([key, value]) => [key, sometimes(3, value)])
  return object({
    ...Object.fromEntries([...byColumn, ...more]),
    nonsense: sometimes(200, fc.constant(1)),
    titleFolded: sometimes(300, fc.constant('a')),
  })
}

const isScalar = ({ kind }: ColumnDef) => kind !== 'json' && kind !== 'bytes'

/** Few tests at once, or nothing would ever match. */
export function filter(table: Table, special: Arbitraries = {}): fc.Arbitrary<Record<string, unknown>> {
  const byColumn = table.visible.map((column) => {
    const value = valueFor(table, column)
    const asked = mostly<unknown, unknown>(4, value, fc.array(value, { maxLength: 3 }))
    return [column.key, sometimes(isScalar(column) ? 14 : 200, asked)]
  })
  const more = Object.entries(special).map(([key, value]) => [key, sometimes(4, value)])
  return object({ ...Object.fromEntries([...byColumn, ...more]), nonsense: sometimes(200, fc.constant(1)) })
}

/** The `next` of an earlier page: the last but `back`, or the last but `back` of any list. */
export class Cursor {
  readonly back: number
  constructor(back: number) {
    this.back = back
  }
}

const cursor = mostly<Cursor | null, string>(
  6,
  fc.constantFrom(0, 0, 0, 1, 2).map((back) => new Cursor(back)),
  fc.constantFrom('', 'nonsense', 'W10', 'bnVsbA'),
)

export const limit = mostly<number, unknown>(
  20,
  fc.integer({ min: 1, max: 3 }),
  fc.constantFrom<unknown>(0, -1, 1000, 1001, 1.5, Number.NaN, '2', null),
)

export function order(table: Table): fc.Arbitrary<Record<string, unknown>> {
  const directions = mostly<string | undefined, string | undefined>(
    15,
    fc.constantFrom('asc', 'desc'),
    fc.constantFrom(undefined, 'up'),
  )
  const rarity = table.visible.length
  const byColumn = table.visible.map((column) => [
    column.key,
    sometimes(isScalar(column) ? rarity : 20 * rarity, directions),
  ])
  return object({ ...Object.fromEntries(byColumn), nonsense: sometimes(300, fc.constant('asc')) })
}

export function listOptions(table: Table): fc.Arbitrary<Record<string, unknown>> {
  return object({
    limit: sometimes(1, limit),
    after: sometimes(2, cursor),
    order: sometimes(2, order(table)),
  })
}

/** Right as often as versions are small. */
export const updateOptions = object({
  ifVersion: sometimes(
    2,
    mostly<number, unknown>(15, fc.integer({ min: 1, max: 3 }), fc.constantFrom(0, 1.5, '1')),
  ),
})

/** With what a verb takes beside its signal. */
export function options(given: Arbitraries): fc.Arbitrary<Record<string, unknown>> {
  return object(Object.fromEntries(Object.entries(given).map(([key, value]) => [key, sometimes(1, value)])))
}

export function ids(name: string): fc.Arbitrary<unknown> {
  return mostly<unknown, unknown>(
    20,
    fc.array(lookupFor(name), { maxLength: 4 }),
    fc.constantFrom<unknown>(undefined, 'k1', [1]),
  )
}

/** An id by which a verb finds its row. */
export function target(name: string): fc.Arbitrary<unknown> {
  return mostly<unknown, unknown>(60, lookupFor(name), fc.constantFrom<unknown>(undefined, null, 7))
}

/** A moment that a clock may jump to, in milliseconds from now. */
export const jump = fc.constantFrom(0, 1, 1000, 86_400_000, -1)
