/** Calls of the engine itself, as stores of an application's own would make them. */

import fc from 'fast-check'
import {
  asSeen,
  choose,
  contains,
  gt,
  gte,
  hasKey,
  increment,
  inTable,
  lt,
  lte,
  merge,
  ne,
  oneOfThese,
  ref,
} from '../../src/engine/query.ts'
import { uniqueConstraints } from '../../src/engine/sql/constraints.ts'
import { conversations } from '../../src/schema/conversations.ts'
import type { ColumnDef, Table } from '../../src/schema/dsl/table.ts'
import { messages } from '../../src/schema/messages.ts'
import { settings } from '../../src/schema/settings.ts'
import { tasks } from '../../src/schema/tasks.ts'
import { fields, object } from './inputs.ts'
import type { Call } from './store-calls.ts'
import { extraTables, pairs, samples } from './tables.ts'
import { goodValue, jsonObject, lookupFor, mostly, text, valueFor } from './values.ts'

/** Verbs of an engine, where a store's name would stand. */
export const ENGINE = 'engine'

type Arbitrary = fc.Arbitrary<unknown>

const ABSENT = fc.constant(undefined)

/** Columns in the place of many, one or two of which are given. */
function perColumn(table: Table, rarity: number, of: (column: ColumnDef) => Arbitrary): fc.Arbitrary<object> {
  const columns = Object.fromEntries(
    table.visible.map((column) => [
      column.key,
      fc.oneof(
        { withCrossShrink: true },
        { weight: rarity, arbitrary: ABSENT },
        { weight: 1, arbitrary: of(column) },
      ),
    ]),
  )
  return fc.record(columns).map((record) => {
    return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
  })
}

const compared = [ne, ne, lt, lte, gt, gte]

function testOf(table: Table, column: ColumnDef, inner: boolean): Arbitrary {
  const value = valueFor(table, column)
  const good = goodValue(table, column)
  const tests: fc.WeightedArbitrary<unknown>[] = [
    { weight: 6, arbitrary: value },
    { weight: 5, arbitrary: fc.tuple(fc.constantFrom(...compared), value).map(([make, each]) => make(each)) },
    { weight: 3, arbitrary: fc.array(value, { maxLength: 3 }).map(oneOfThese) },
  ]
  // JSON is refused everywhere else.
  if (column.kind === 'json')
    tests.push({ weight: 150, arbitrary: fc.constantFrom('a', 'b', '', '\0').map(hasKey) })
  if (column.kind === 'bytes') tests.push({ weight: 20, arbitrary: good })
  const isSearched = table.columnList.some(({ foldOf }) => foldOf === column.key)
  if (isSearched) tests.push({ weight: 6, arbitrary: text.map(contains) })
  else tests.push({ weight: 1, arbitrary: mostly<unknown, unknown>(20, value, text.map(contains)) })
  if (!inner && column.kind === 'text') {
    const select = fc.constantFrom('id', 'workspaceId', 'parentId', 'note')
    tests.push({
      weight: 3,
      // The cast: the columns are those of the table.
      arbitrary: fc
        .tuple(select, matchOf(samples, true))
        .map(([key, where]) => inTable(samples, key as 'id', where)),
    })
  }
  if (!inner && column.kind === 'integer') {
    tests.push({ weight: 1, arbitrary: fc.constant(asSeen()) })
  }
  tests.push({
    weight: 1,
    arbitrary: mostly<unknown, unknown>(
      20,
      good,
      good.map((each) => [each]),
    ),
  })
  return fc.oneof({ withCrossShrink: true }, ...tests)
}

function matchOf(table: Table, inner = false): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  // The cast: an object of columns.
  return perColumn(table, 2 * table.visible.length, (column) => testOf(table, column, inner)) as fc.Arbitrary<
    Readonly<Record<string, unknown>>
  >
}

function whereOf(table: Table): Arbitrary {
  const match = matchOf(table)
  return mostly<unknown, unknown>(
    4,
    match,
    fc.array(match, { maxLength: 3 }),
    mostly(9, match, fc.constantFrom(null, 7)),
  )
}

function changeOf(table: Table, column: ColumnDef): Arbitrary {
  const value = valueFor(table, column)
  const by = mostly<number, unknown>(
    8,
    fc.integer({ min: -2, max: 2 }),
    fc.constantFrom<unknown>(2 ** 53 - 1, 0.5, null),
  )
  const chosen = fc
    .tuple(fc.array(fc.record({ when: matchOf(table, true), to: value }), { maxLength: 2 }), fc.option(value))
    .map(([branches, otherwise]) => choose(branches, otherwise ?? undefined))
  const changes = [
    { weight: 8, arbitrary: value },
    // Text that is searched takes plain text alone.
    { weight: column.key === 'title' ? 0 : 2, arbitrary: chosen },
    { weight: column.kind === 'integer' ? 8 : 0, arbitrary: by.map((each) => increment(each as number)) },
    {
      weight: column.kind === 'json' ? 8 : 0,
      arbitrary: jsonObject.map((each) => merge(each as object as never)),
    },
  ]
  return fc.oneof({ withCrossShrink: true }, ...changes.filter(({ weight }) => weight > 0))
}

/** Keys seldom: rows would lose their names. */
function setOf(table: Table): fc.Arbitrary<object> {
  const keys = new Set(table.primaryKey)
  return perColumn(table, 5, (column) =>
    keys.has(column)
      ? mostly(1, ABSENT, mostly(8, ABSENT, valueFor(table, column)))
      : changeOf(table, column),
  )
}

/**
 * For many rows: when they collide with one another, which of several constraints is named hangs on the order in
 * which a database takes them. So no more than one constraint is touched.
 */
function setOfMany(table: Table): fc.Arbitrary<object> {
  const constraints = uniqueConstraints(table).map(({ columns, where }) =>
    [...columns, ...where.map(({ column }) => column)].map(({ key }) => key),
  )
  return setOf(table).map((set) => {
    let touched: readonly string[] | undefined
    const kept = Object.entries(set).filter(([key]) => {
      const own = constraints.filter((keys) => keys.includes(key))
      if (own.length > 1) return false
      touched ??= own[0]
      return own.length === 0 || own[0] === touched
    })
    return Object.fromEntries(kept)
  })
}

function orderOf(table: Table): fc.Arbitrary<readonly (readonly [string, unknown])[]> {
  const key = mostly(
    25,
    fc.constantFrom(...table.visible.map((column) => column.key)),
    fc.constantFrom('nonsense', 'titleFolded'),
  )
  const direction = mostly<unknown, unknown>(
    25,
    fc.constantFrom('asc', 'desc'),
    fc.constantFrom(undefined, 'up'),
  )
  return fc.array(fc.tuple(key, direction), { maxLength: 3 })
}

/** The ordering values of a row that the last `find` has answered: where a page ended. */
export class Border {
  readonly row: number
  constructor(row: number) {
    this.row = row
  }
}

const limit = mostly<unknown, unknown>(
  15,
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom(-1, 1.5, Number.NaN, '1'),
)
const after = mostly<unknown, unknown>(
  8,
  fc.nat(2).map((row) => new Border(row)),
  fc.constantFrom<unknown>([], [null], ['a', 1]),
)

const optionally = (given: Arbitrary, absent = 1, present = 1) =>
  fc.oneof(
    { withCrossShrink: true },
    { weight: absent, arbitrary: ABSENT },
    { weight: present, arbitrary: given },
  )

function findQuery(table: Table): Arbitrary {
  return object({
    where: optionally(whereOf(table)),
    orderBy: optionally(orderOf(table)),
    limit: optionally(limit),
    after: optionally(after),
  })
}

function updateQuery(table: Table): Arbitrary {
  return object({
    where: whereOf(table),
    set: setOfMany(table),
    orderBy: optionally(orderOf(table), 2),
    limit: optionally(limit),
    skipLocked: optionally(fc.boolean(), 6),
  })
}

function rowOf(table: Table): fc.Arbitrary<object> {
  const required = table.visible
    .filter((column) => !column.optional && column.defaultValue === undefined)
    .map((column) => column.key)
  return fields({ table, required })
}

function conflictOf(table: Table): Arbitrary {
  const arbiters = [
    table.primaryKey.map(({ key }) => key),
    ...table.indexes
      .filter(({ unique }) => unique)
      .map((index) => index.columns.map(({ column }) => column.key)),
  ]
  return object({
    columns: mostly<unknown, unknown>(
      20,
      fc.constantFrom(...arbiters),
      fc.constantFrom(['score'], ['nonsense'], []),
    ),
    set: optionally(setOf(table)),
    where: optionally(whereOf(table), 2),
  })
}

function aggregateQuery(table: Table): Arbitrary {
  const columns = fc.uniqueArray(
    mostly(30, fc.constantFrom(...table.visible.map(({ key }) => key)), fc.constant('nonsense')),
    { maxLength: 2 },
  )
  const summed = mostly(15, fc.subarray(integersOf(table)), columns)
  const greatest = mostly(15, fc.subarray(orderedOf(table), { maxLength: 3 }), columns)
  return object({
    where: optionally(whereOf(table)),
    groupBy: optionally(columns),
    sum: optionally(summed),
    max: optionally(greatest),
  })
}

const integersOf = ({ visible }: Table) =>
  visible.filter(({ kind }) => kind === 'integer').map(({ key }) => key)
const orderedOf = ({ visible }: Table) =>
  visible.filter(({ kind }) => ['integer', 'text', 'timestamp'].includes(kind)).map(({ key }) => key)

/** Columns that take the head's id, its workspace or its count, and now and then anything of it. */
function withRefs(row: fc.Arbitrary<object>): fc.Arbitrary<object> {
  const refs = object({
    sampleId: optionally(fc.constant(ref('id')), 1, 3),
    workspaceId: optionally(fc.constant(ref('workspaceId')), 1, 3),
    place: optionally(fc.constantFrom(ref('count'), ref('count', 1), ref('score', -1)), 1, 2),
    label: optionally(fc.constantFrom(ref('title'), ref('note'), ref('nonsense')), 3),
    at: optionally(fc.constantFrom(ref('at'), ref('until')), 2),
  })
  return fc.tuple(row, refs).map(([plain, given]) => {
    return {
      ...plain,
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    }
  })
}

const head = fc.oneof(
  object({
    update: fc.constant(samples),
    where: fc
      .tuple(mostly<unknown, unknown>(30, lookupFor('samples'), ABSENT), matchOf(samples))
      .map(([id, match]) => ({ ...match, id })),
    set: setOf(samples),
  }),
  object({ insert: fc.constant(samples), row: rowOf(samples), onConflict: optionally(conflictOf(samples)) }),
)

const ownPairs = fc.constantFrom({ sampleId: ref('id') }, { place: ref('count') }, { label: ref('title') })
const pairStep = fc.oneof(
  object({ insert: fc.constant(pairs), rows: fc.array(withRefs(rowOf(pairs)), { maxLength: 3 }) }),
  object({ update: fc.constant(pairs), where: fc.oneof(ownPairs, whereOf(pairs)), set: setOfMany(pairs) }),
  object({ remove: fc.constant(pairs), where: fc.oneof(ownPairs, whereOf(pairs)) }),
)
/** On the head's own table, from which steps may not remove. */
const sampleStep = mostly<object, object>(
  20,
  fc.oneof(
    object({ update: fc.constant(samples), where: whereOf(samples), set: setOfMany(samples) }),
    object({ insert: fc.constant(samples), rows: fc.array(rowOf(samples), { maxLength: 2 }) }),
  ),
  object({ remove: fc.constant(samples), where: whereOf(samples) }),
)

/** No two on one table, mostly. */
const steps = fc.oneof(
  fc.constant([]),
  fc.tuple(pairStep),
  fc.tuple(sampleStep),
  fc.tuple(pairStep, sampleStep),
  fc.tuple(sampleStep, pairStep),
  mostly(5, fc.tuple(pairStep), fc.tuple(pairStep, pairStep)),
)

const call = (verb: string, weight: number, ...args: Arbitrary[]) => ({
  weight,
  arbitrary: fc.tuple(...args).map((given): Call => ({ store: ENGINE, verb, args: given })),
})

function callsOn(table: Table): fc.Arbitrary<Call> {
  const rows = mostly(
    3,
    fc.array(rowOf(table), { minLength: 1, maxLength: 1 }),
    fc.array(rowOf(table), { maxLength: 3 }),
  )
  return fc.oneof(
    call('insert', 6, fc.constant(table), rows, object({ onConflict: optionally(conflictOf(table)) })),
    call('find', 5, fc.constant(table), findQuery(table)),
    call('get', 1, fc.constant(table), lookupFor(table.name)),
    call('update', 5, fc.constant(table), updateQuery(table)),
    call('remove', 1, fc.constant(table), object({ where: whereOf(table) })),
    call('aggregate', 2, fc.constant(table), aggregateQuery(table)),
  )
}

/** Of the stores' own tables, too: reads, which need none of what stores see to. */
function readsOf(table: Table): fc.Arbitrary<Call> {
  return fc.oneof(
    call('find', 2, fc.constant(table), findQuery(table)),
    call('aggregate', 1, fc.constant(table), aggregateQuery(table)),
  )
}

export const engineCall: fc.Arbitrary<Call> = fc.oneof(
  ...extraTables.map((table) => ({ weight: 6, arbitrary: callsOn(table) })),
  ...[tasks, conversations, messages, settings].map((table) => ({ weight: 1, arbitrary: readsOf(table) })),
  call('write', 5, object({ head, steps })),
)

const sample = (id: string, more: object) => ({ id, workspaceId: 'w1', title: id, at: new Date(0), ...more })

const inserted = (table: Table, ...rows: object[]): Call => ({
  store: ENGINE,
  verb: 'insert',
  args: [table, rows],
})

/** Rows of one insert cannot refer to one another. */
export const ENGINE_BEGINNING: readonly Call[] = [
  inserted(samples, sample('s1', { score: 1, data: { a: 1 } })),
  inserted(
    samples,
    sample('s2', { parentId: 's1', note: 'n' }),
    sample('s3', { friendId: 's1', done: true }),
  ),
  inserted(pairs, ...[1, 2].map((place) => ({ sampleId: 's1', place, workspaceId: 'w1', label: 's1' }))),
]
