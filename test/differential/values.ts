/** Values for columns, by their definition: mostly good ones, often special ones, now and then bad ones. */

import fc from 'fast-check'
import type { ColumnDef, Table } from '../../src/schema/dsl/table.ts'

/** Few enough that programs meet the same rows again and again. */
const IDS: Readonly<Record<string, readonly string[]>> = {
  workspaces: ['w1', 'w2'],
  teams: ['t1', 't2'],
  codebases: ['c1', 'c2', 'c3'],
  agents: ['a1', 'a2', 'a3'],
  roles: ['r1', 'r2'],
  tasks: ['k1', 'k2', 'k3', 'k4'],
  conversations: ['v1', 'v2', 'v3'],
  backgroundTasks: ['j1', 'j2', 'j3', 'j4'],
  messages: ['m1', 'm2', 'm3', 'm4'],
  notes: ['o1', 'o2', 'o3'],
  leases: ['deploy', 'build'],
  fileLocks: ['l1'],
  timers: ['i1', 'i2', 'i3'],
  mail: ['p1', 'p2', 'p3', 'p4'],
  delegations: ['d1', 'd2'],
  schedules: ['h1', 'h2'],
  samples: ['s1', 's2', 's3', 's4'],
  anything: ['x1', 'x2'],
}

const ODD_TEXTS = [' ', 'A', "it's", '"', '%', '_', '\\', '{"a":1}', 'NULL', '🤖', '～', 'é', 'e\u0301', '\n']
const UNSTORABLE = ['a\0b', '\0', '\ud800', 'a\udc00']

/** `common` most of the time, else one of the others. */
export function mostly<T, U = never>(
  weight: number,
  common: fc.Arbitrary<T>,
  ...others: fc.Arbitrary<U>[]
): fc.Arbitrary<T | U> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight, arbitrary: common },
    ...others.map((arbitrary) => ({ weight: 1, arbitrary })),
  )
}

export const idFor = (name: string): fc.Arbitrary<string> => fc.constantFrom(...(IDS[name] ?? IDS.anything!))

/** An id to look up: a known one, one of another kind of thing, or any text. */
export function lookupFor(name: string): fc.Arbitrary<string> {
  return mostly<string, string>(
    25,
    idFor(name),
    fc.constantFrom('nobody', '', 'x'.repeat(129), ...ODD_TEXTS),
    fc.constantFrom(...UNSTORABLE),
  )
}

export const text: fc.Arbitrary<string> = mostly<string, string>(
  2,
  fc.constantFrom('a', 'b', 'c', 'ab', 'Straße', 'STRASSE', 'ΟΔΟΣ', 'ΟΔΟΣΑ', 'οδος', 'ﬁne', 'FINE', 'İ'),
  fc.constantFrom(...ODD_TEXTS),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
)

const integer = mostly<number, number>(
  3,
  fc.integer({ min: -3, max: 5 }),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 31, -(2 ** 31), -0),
)

export const START = Date.UTC(2026, 0, 1)

const date = mostly<Date, Date>(
  4,
  fc.integer({ min: -3, max: 3 }).map((ms) => new Date(START + ms)),
  fc.constantFrom(
    new Date(0),
    new Date(-1),
    new Date('0001-01-01T00:00:00.000Z'),
    new Date('0099-12-31T23:59:59.999Z'),
    new Date('9999-12-31T23:59:59.999Z'),
  ),
)

const key = mostly<string, string>(
  5,
  fc.constantFrom('a', 'b', 'bb', 'z', 'é'),
  fc.constantFrom('', '10', '9', '🤖'),
)
const json: fc.Arbitrary<unknown> = fc.letrec<{ any: unknown; object: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(
      1,
      null,
      true,
      false,
      'x',
      '',
      0.1,
      -2.5,
      1e21,
      1e-7,
      5e-324,
      2 ** 53,
      '1',
      'null',
      '🤖',
    ),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.array(tie('any'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.dictionary(key, tie('any'), { maxKeys: 4, noNullPrototype: true }),
})).any

export const jsonObject: fc.Arbitrary<object> = mostly<object, object>(
  15,
  fc.dictionary(key, json, { maxKeys: 3, noNullPrototype: true }),
  fc.dictionary(key, fc.oneof(fc.constant(undefined), json), { maxKeys: 3, noNullPrototype: true }),
)

const NO_JSON: readonly unknown[] = [
  { a: Number.NaN },
  { a: -0 },
  { a: [undefined] },
  { a: new Date(0) },
  { 'a\0': 1 },
  { a: '\ud800' },
  { a: 1n },
  new Map(),
  () => 1,
  nested(201),
]

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

const smallBytes = fc.uint8Array({ maxLength: 5 })

const word = (column: ColumnDef) => fc.constantFrom(...column.values!)

/** What the column takes. */
export function goodValue(table: Table, column: ColumnDef): fc.Arbitrary<unknown> {
  if (column.references !== undefined) return idFor(column.references.table().name)
  if (column.key === 'id') return idFor(table.name)
  if (column.key === 'workspaceId') return idFor('workspaces')
  switch (column.kind) {
    case 'text':
      return text
    case 'oneOf':
      return word(column)
    case 'integer':
      return integer
    case 'boolean':
      return fc.boolean()
    case 'timestamp':
      return date
    case 'json':
      return mostly<unknown, unknown>(5, jsonObject, json)
    case 'bytes':
      return smallBytes
  }
}

/** What the column must refuse, and maybe an unknown reference. */
function badValue(column: ColumnDef): fc.Arbitrary<unknown> {
  switch (column.kind) {
    case 'text':
      return fc.constantFrom<unknown>('nobody', '', 'x'.repeat(1025), '🤖'.repeat(129), 7, {}, ...UNSTORABLE)
    case 'oneOf':
      return fc.constantFrom<unknown>('other', '', 'constructor', 0)
    case 'integer':
      return fc.constantFrom<unknown>(2 ** 53, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1', true)
    case 'boolean':
      return fc.constantFrom<unknown>(0, 1, 'true', {})
    case 'timestamp':
      return fc.constantFrom<unknown>(
        new Date(Number.NaN),
        new Date('0000-12-31T23:59:59.999Z'),
        new Date(253402300800000),
        '2026-01-01T00:00:00.000Z',
        START,
      )
    case 'json':
      return fc.constantFrom(...NO_JSON)
    case 'bytes':
      return fc.constantFrom<unknown>([1], 'AA==', new Uint8Array(20))
  }
}

/** A good value mostly; null as often as the column allows it; a bad one now and then. */
export function valueFor(table: Table, column: ColumnDef): fc.Arbitrary<unknown> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 60, arbitrary: goodValue(table, column) },
    { weight: column.optional ? 12 : 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: badValue(column) },
  )
}
