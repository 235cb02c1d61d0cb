import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createClock } from '../src/engine/clock.ts'
import type { Engine, OrderBy, RootEngine } from '../src/engine/engine.ts'
import { createIds } from '../src/engine/ids.ts'
import { rowCopier } from '../src/engine/memory/copies.ts'
import { createMemoryEngine } from '../src/engine/memory/engine.ts'
import { createSorted } from '../src/engine/memory/sorted.ts'
import {
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
  type Where,
} from '../src/engine/query.ts'
import {
  AlreadyExistsError,
  ClosedError,
  ConfigError,
  InvalidReferenceError,
  TransactionScopeError,
  UnavailableError,
  ValidationError,
} from '../src/errors.ts'
import {
  boolean,
  bytes,
  folded,
  id,
  integer,
  json,
  oneOf,
  text,
  timestamp,
} from '../src/schema/dsl/columns.ts'
import type { JsonObject, JsonValue } from '../src/schema/dsl/json.ts'
import { compareScalars, type Scalar } from '../src/schema/dsl/order.ts'
import { type Direction, type Insert, type Row, type Table, table } from '../src/schema/dsl/table.ts'

const places = table('places', {
  id: id().primaryKey(),
  workspaceId: id(),
  name: text(),
})

const people = table(
  'people',
  {
    id: id().primaryKey(),
    workspaceId: id(),
    email: id().optional(),
    name: text().default(''),
    nameFolded: folded('name'),
    rank: integer().optional(),
    state: oneOf('idle', 'busy', 'gone').default('idle'),
    isChief: boolean().default(false),
    bornAt: timestamp().optional(),
    notes: json<JsonValue>().optional(),
    photo: bytes().optional(),
    placeId: id()
      .optional()
      .references(() => places, { onDelete: 'set null' }),
    parentId: id()
      .optional()
      .references((): Table => people, { onDelete: 'cascade' }),
  },
  {
    indexes: [
      { on: ['email'], unique: true },
      { on: ['workspaceId'], unique: true, where: { isChief: true } },
      { on: ['workspaceId', 'state', ['rank', 'desc'], ['id', 'desc']] },
      { on: ['workspaceId', ['bornAt', 'desc']] },
      { on: [['rank', 'desc'], 'name'], where: { state: 'idle' } },
      { on: ['parentId'] },
    ],
  },
)
type Person = Row<typeof people>

const links = table(
  'links',
  {
    fromId: id().references(() => people, { onDelete: 'cascade' }),
    toId: id().references(() => people, { onDelete: 'cascade' }),
    weight: integer().default(1),
  },
  { primaryKey: ['fromId', 'toId'], indexes: [{ on: ['toId'] }] },
)

const person = (id: string, more: Partial<Insert<typeof people>> = {}): Insert<typeof people> => ({
  id,
  workspaceId: 'w',
  ...more,
})

async function withPeople(...rows: Insert<typeof people>[]): Promise<RootEngine> {
  const engine = createMemoryEngine()
  await engine.insert(people, rows)
  return engine
}

const ids = (rows: readonly { id: string }[]) => rows.map((row) => row.id)
const allIds = async (engine: Engine) => ids(await engine.find(people))

/** What a promise was rejected with. */
async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

const states = ['idle', 'busy', 'gone'] as const

const orderKeys = (orderBy: readonly (readonly [string, Direction])[]) => [
  ...new Set([...orderBy.map(([key]) => key), 'id']),
]

function compareBy(orderBy: readonly (readonly [string, Direction])[], a: Person, b: Person): number {
  const last = orderBy.at(-1)?.[1] ?? 'asc'
  for (const key of orderKeys(orderBy)) {
    const direction = orderBy.find(([column]) => column === key)?.[1] ?? last
    // Only scalar columns are ordered here.
    const sign = compareScalars(a[key as keyof Person] as Scalar, b[key as keyof Person] as Scalar)
    if (sign !== 0) return direction === 'asc' ? sign : -sign
  }
  return 0
}

const sortedBy = (rows: readonly Person[], orderBy: readonly (readonly [string, Direction])[]) =>
  rows.toSorted((a, b) => compareBy(orderBy, a, b))

describe('the sorted collection', () => {
  const compare = (a: number[], b: number[]) => a[0]! - b[0]!

  test('does what a sorted array does, and so does each of its forks', () => {
    const action = fc.record({
      kind: fc.constantFrom('add', 'add', 'add', 'delete', 'replace', 'fork', 'drop'),
      key: fc.integer({ min: 0, max: 400 }),
      at: fc.nat(),
    })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 1500, size: 'max' }), (actions) => {
        /** Each collection with what it should contain. */
        const stack = [{ sorted: createSorted(compare), model: new Map<number, number[]>() }]
        /** What no collection has any more may become anything. */
        const forget = (item: number[] | undefined) => {
          if (item && stack.every(({ model }) => model.get(item[0]!) !== item)) item[0] = Number.NaN
        }
        for (const [i, { kind, key, at }] of actions.entries()) {
          const { sorted, model } = stack[at % stack.length]!
          const item = [key, i]
          if (kind === 'add') {
            expect(sorted.add(item)).toBe(model.get(key))
            if (!model.has(key)) model.set(key, item)
          } else if (kind === 'delete') {
            sorted.delete(item)
            const deleted = model.get(key)
            model.delete(key)
            forget(deleted)
          } else if (kind === 'replace') {
            sorted.replace(item)
            const replaced = model.get(key)
            if (replaced) model.set(key, item)
            forget(replaced)
          } else if (kind === 'fork') {
            stack.push({ sorted: sorted.fork(), model: new Map(model) })
          } else if (stack.length > 1) stack.pop()
          expect(sorted.find([key])).toBe(model.get(key))
        }
        for (const { sorted, model } of stack) {
          const expected = [...model.values()].sort(compare)
          const [low, high] = [100, 300]
          const within = expected.filter(([key]) => key! >= low && key! <= high)
          const stretch = {
            before: ([key]: number[]) => key! < low,
            beyond: ([key]: number[]) => key! > high,
          }
          expect(collect((visit) => sorted.ascend({}, visit))).toEqual(expected)
          expect(collect((visit) => sorted.descend({}, visit))).toEqual(expected.toReversed())
          expect(collect((visit) => sorted.ascend(stretch, visit))).toEqual(within)
          expect(collect((visit) => sorted.descend(stretch, visit))).toEqual(within.toReversed())
        }
      }),
      { numRuns: 60 },
    )
  })

  function collect(walk: (visit: (item: number[]) => boolean) => void): number[][] {
    const items: number[][] = []
    walk((item) => items.push(item) > 0)
    return items
  }

  test('stays correct while many items come and go in order', () => {
    const sorted = createSorted(compare)
    for (let i = 0; i < 20_000; i++) sorted.add([i])
    for (let i = 0; i < 15_000; i++) sorted.delete([i])
    for (let i = 0; i < 5_000; i++) sorted.add([i * 3])
    const seen = collect((visit) => sorted.ascend({}, visit)).map(([key]) => key!)
    const expected = [...new Set([...seen.filter((key) => key < 15_000), ...range(15_000, 20_000)])]
    expect(seen).toEqual(expected)
    expect(seen.filter((key) => key < 15_000)).toEqual(range(0, 5_000).map((key) => key * 3))
  })

  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
})

describe('queries', () => {
  const word = fc.constantFrom('a', 'b', 'B', 'é', '～', '😀')
  const time = fc.integer({ min: 0, max: 4 }).map((day) => new Date(Date.UTC(2024, 0, day + 1)))
  const rowArbitrary = fc.record({
    workspaceId: fc.constantFrom('v', 'w'),
    name: fc.array(word, { maxLength: 3 }).map((words) => words.join('')),
    rank: fc.option(fc.integer({ min: -2, max: 2 })),
    state: fc.constantFrom(...states),
    bornAt: fc.option(time),
  })
  const matchArbitrary = fc.record(
    {
      id: fc.oneof(
        fc.integer({ max: 60, min: 0 }).map(String),
        fc.constant(oneOfThese(['3', '9', '27', '27'])),
      ),
      workspaceId: fc.constantFrom<unknown>('v', 'w', ne('v'), oneOfThese(['v', 'w', 'x'])),
      name: fc.oneof<fc.Arbitrary<unknown>[]>(word, word.map(contains), word.map(gt), word.map(lte)),
      rank: fc.constantFrom<unknown>(
        null,
        0,
        1,
        ne(1),
        ne(null),
        gt(-1),
        gte(0),
        lt(1),
        lte(0),
        oneOfThese([2, 0]),
      ),
      state: fc.constantFrom<unknown>('idle', 'busy', ne('idle'), oneOfThese(['gone', 'idle'])),
      bornAt: fc.oneof<fc.Arbitrary<unknown>[]>(
        time,
        fc.constant(null),
        time.map(gt),
        time.map(lte),
        time.map((at) => oneOfThese([at, new Date(at)])),
      ),
    },
    { requiredKeys: [] },
  )
  const orderArbitrary = fc.uniqueArray(
    fc.tuple(
      fc.constantFrom('workspaceId', 'state', 'rank', 'bornAt', 'name', 'id'),
      fc.constantFrom<Direction>('asc', 'desc'),
    ),
    { maxLength: 3, selector: ([key]) => key },
  )
  const queryArbitrary = fc.record({
    where: fc.oneof(matchArbitrary, fc.array(matchArbitrary, { maxLength: 3 })),
    orderBy: orderArbitrary,
    limit: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined }),
    page: fc.option(fc.nat(40)),
  })

  test('find the same rows in the same order as a filter and a sort, whichever index helps', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rowArbitrary, { maxLength: 60 }),
        fc.array(queryArbitrary, { minLength: 1, maxLength: 30 }),
        fc.boolean(),
        async (inputs, queries, inTransaction) => {
          const rows = inputs.map((input, i) => person(String(i), input))
          const engine = createMemoryEngine()
          // One half is committed, the other only in the transaction that looks.
          const half = inTransaction ? Math.floor(rows.length / 2) : rows.length
          await engine.insert(people, [...rows.slice(0, half), person('x'), person('y', { rank: 1 })])
          await engine.transaction(async (tx) => {
            await tx.insert(people, rows.slice(half))
            await tx.update(people, { where: { id: 'x' }, set: { state: 'gone', rank: 9 } })
            await tx.remove(people, { where: { id: oneOfThese(['x', 'y']) } })
            const stored = await tx.find(people)
            expect(ids(stored)).toEqual(ids(rows).sort())
            for (const { where, orderBy, limit, page } of queries) {
              // The arbitraries above speak of this table's columns.
              const condition = where as Where<typeof people>
              const order = orderBy as unknown as OrderBy<typeof people>
              const expected = naive(stored, where, orderBy)
              const border = page === null ? undefined : stored[page % stored.length]
              const keys = orderKeys(orderBy)
              const after = border && keys.map((key) => border[key as keyof Person])
              const found = await tx.find(people, { where: condition, orderBy: order, limit, after })
              const rest = border ? expected.filter((row) => compareBy(orderBy, row, border) > 0) : expected
              expect(found).toEqual(rest.slice(0, limit))
            }
          })
        },
      ),
      { numRuns: 150 },
    )
  })

  test('update and remove the same rows as one after the other would', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rowArbitrary, { maxLength: 40 }),
        fc.array(fc.tuple(queryArbitrary, fc.boolean()), { minLength: 1, maxLength: 10 }),
        async (inputs, changes) => {
          const engine = await withPeople(...inputs.map((input, i) => person(String(i), input)))
          let model = await engine.find(people)
          for (const [{ where, orderBy, limit }, isRemoval] of changes) {
            const condition = where as Where<typeof people>
            const matching = naive(model, where, isRemoval ? [] : orderBy)
            if (isRemoval) {
              expect(await engine.remove(people, { where: condition })).toEqual(matching)
              model = model.filter((row) => !matching.includes(row))
            } else {
              const order = orderBy as unknown as OrderBy<typeof people>
              const set = { rank: increment(1), state: 'busy' } as const
              const changed = matching.slice(0, limit).map((row) => ({
                ...row,
                state: 'busy' as const,
                rank: row.rank === null ? null : row.rank + 1,
              }))
              // In the order of their new values.
              expect(await engine.update(people, { where: condition, set, orderBy: order, limit })).toEqual(
                sortedBy(changed, orderBy),
              )
              model = model.map((row) => changed.find(({ id }) => id === row.id) ?? row)
            }
            expect(await engine.find(people)).toEqual(model)
          }
        },
      ),
      { numRuns: 100 },
    )
  })

  function naive(
    rows: readonly Person[],
    where: unknown,
    orderBy: readonly (readonly [string, Direction])[],
  ): Person[] {
    const matches = ([where].flat() as Record<string, unknown>[]).map(
      (match) => (row: Person) =>
        Object.entries(match).every(([key, test]) => holds(row[key as keyof Person] as Scalar, test)),
    )
    return sortedBy(
      rows.filter((row) => matches.some((match) => match(row))),
      orderBy,
    )
  }

  function holds(value: Scalar, test: unknown): boolean {
    const operator = test as { comparison?: string; value?: Scalar; values?: Scalar[]; text?: string } | null
    if (operator?.values !== undefined) return operator.values.some((other) => isSame(value, other))
    if (operator?.text !== undefined) return String(value).toLowerCase().includes(operator.text.toLowerCase())
    if (operator?.comparison === undefined) return isSame(value, test as Scalar)
    if (operator.comparison === 'ne') return !isSame(value, operator.value!)
    if (value === null) return false
    const sign = compareScalars(value, operator.value!)
    return { lt: sign < 0, lte: sign <= 0, gt: sign > 0, gte: sign >= 0 }[operator.comparison]!
  }

  const isSame = (a: Scalar, b: Scalar) => (a === null || b === null ? a === b : compareScalars(a, b) === 0)

  test('page through nulls in mixed directions without a gap or a repetition', async () => {
    const ranks = [null, 2, null, 1, 2, null, 1]
    const engine = await withPeople(
      ...ranks.map((rank, i) => person(`p${i}`, { rank, state: i % 2 ? 'idle' : 'busy' })),
    )
    for (const orderBy of [
      [['rank', 'asc']],
      [['rank', 'desc']],
      [
        ['rank', 'desc'],
        ['state', 'asc'],
      ],
      [
        ['state', 'desc'],
        ['rank', 'asc'],
        ['id', 'desc'],
      ],
    ] as OrderBy<typeof people>[]) {
      const whole = await engine.find(people, { orderBy })
      const paged: Person[] = []
      let after: unknown[] | undefined
      for (;;) {
        const page = await engine.find(people, { orderBy, limit: 2, after })
        paged.push(...page)
        const last = page.at(-1)
        if (last === undefined) break
        after = [...new Set([...orderBy.map(([key]) => key), 'id' as const])].map((key) => last[key])
      }
      expect(paged).toEqual(whole)
      expect(paged).toHaveLength(ranks.length)
    }
  })

  test('begin after a cursor also where the index has rows in between that do not match', async () => {
    const engine = await withPeople(
      person('a', { state: 'busy', rank: 1 }),
      person('b', { state: 'busy', rank: 2 }),
      person('b2', { state: 'busy', rank: 3 }),
      person('c', { state: 'gone', rank: 9 }),
      person('d', { state: 'gone', rank: 2 }),
    )
    // Ordered by the index on workspace, state and rank, which is read with all states in it.
    const where = { workspaceId: oneOfThese(['w']), state: 'gone' } as const
    const orderBy = [['rank', 'desc']] as const
    expect(ids(await engine.find(people, { where, orderBy, after: [5, 'x'] }))).toEqual(['d'])
    expect(ids(await engine.find(people, { where, orderBy, after: [2, 'd'] }))).toEqual([])
  })

  test('know bytes, keys of JSON and other tables', async () => {
    const engine = await withPeople(
      person('a', { photo: Uint8Array.of(1, 2), notes: { tags: ['x'] } }),
      person('b', { photo: Uint8Array.of(1, 3), notes: ['tags'] }),
      person('c'),
    )
    await engine.insert(links, [{ fromId: 'c', toId: 'a' }])
    const find = async (where: Where<typeof people>) => ids(await engine.find(people, { where }))
    expect(await find({ photo: Uint8Array.of(1, 2) })).toEqual(['a'])
    expect(await find({ photo: ne(Uint8Array.of(1, 2)) })).toEqual(['b', 'c'])
    expect(await find({ photo: oneOfThese([Uint8Array.of(1, 3), Uint8Array.of(9)]) })).toEqual(['b'])
    expect(await find({ notes: hasKey('tags') })).toContain('a')
    expect(await find({ id: inTable(links, 'toId', { fromId: 'c' }) })).toEqual(['a'])
    expect(await find({ id: 'bad\0' })).toEqual([])
    expect(await find([])).toEqual([])
  })

  test('refuse a limit that is no whole number, and find nothing with none', async () => {
    const engine = await withPeople(person('a'))
    for (const limit of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(await failure(engine.find(people, { limit }))).toBeInstanceOf(ValidationError)
    }
    expect(await engine.find(people, { limit: 0 })).toEqual([])
    expect(await engine.update(people, { where: {}, set: { rank: 1 }, limit: 0 })).toEqual([])
  })

  test('add up exactly, by group, in order', async () => {
    const big = Number.MAX_SAFE_INTEGER
    const engine = await withPeople(
      person('a', { rank: big, state: 'busy' }),
      person('b', { rank: big, state: 'busy', bornAt: new Date(5) }),
      person('c', { rank: -big, state: 'busy' }),
      person('d'),
    )
    expect(await engine.aggregate(people, { groupBy: ['state'], sum: ['rank'], max: ['bornAt'] })).toEqual([
      { group: { state: 'busy' }, count: 3, sum: { rank: big }, max: { bornAt: new Date(5) } },
      { group: { state: 'idle' }, count: 1, sum: { rank: 0 }, max: { bornAt: null } },
    ])
    expect(await engine.aggregate(people, { where: { id: 'x' }, sum: ['rank'] })).toEqual([
      { group: {}, count: 0, sum: { rank: 0 }, max: {} },
    ])
    const tooMuch = engine.aggregate(people, { where: { id: ne('c') }, sum: ['rank'] })
    expect(await failure(tooMuch)).toBeInstanceOf(ValidationError)
  })
})

describe('constraints', () => {
  test('the first violated one of the schema is named, and a failed statement leaves nothing', async () => {
    const engine = await withPeople(person('a', { email: 'a@x', isChief: true }))
    const columnsOf = async (...rows: Insert<typeof people>[]) => {
      const error = await failure(engine.insert(people, rows))
      expect(error).toBeInstanceOf(AlreadyExistsError)
      return (error as AlreadyExistsError).columns
    }
    expect(await columnsOf(person('a', { email: 'a@x', isChief: true }))).toEqual(['id'])
    expect(await columnsOf(person('b', { email: 'a@x', isChief: true }))).toEqual(['email'])
    expect(await columnsOf(person('b', { isChief: true }))).toEqual(['workspaceId'])
    expect(await columnsOf(person('b'), person('c'), person('b'))).toEqual(['id'])
    expect(await allIds(engine)).toEqual(['a'])
    await engine.insert(people, [person('b'), person('c', { isChief: false })])
    expect(await failure(engine.update(people, { where: {}, set: { email: 'b@x' } }))).toBeInstanceOf(
      AlreadyExistsError,
    )
    expect((await engine.find(people)).map(({ email }) => email)).toEqual(['a@x', null, null])
  })

  test('a reference must lead to a row of the same workspace that was there before', async () => {
    const engine = createMemoryEngine()
    await engine.insert(places, [
      { id: 'here', workspaceId: 'w', name: '' },
      { id: 'there', workspaceId: 'v', name: '' },
    ])
    for (const placeId of ['nowhere', 'there']) {
      const error = await failure(engine.insert(people, [person('a', { placeId })]))
      expect(error).toBeInstanceOf(InvalidReferenceError)
      expect((error as InvalidReferenceError).table).toBe('people')
    }
    const together = engine.insert(people, [person('a', { parentId: 'b' }), person('b')])
    expect(await failure(together)).toBeInstanceOf(InvalidReferenceError)
    await engine.insert(people, [person('a', { placeId: 'here' })])
    const move = engine.update(people, { where: { id: 'a' }, set: { placeId: 'there' } })
    expect(await failure(move)).toBeInstanceOf(InvalidReferenceError)
    expect(await engine.get(people, 'a')).toMatchObject({ placeId: 'here' })
  })

  test('removing a row removes what hangs on it, round any circle, and clears what may live without', async () => {
    const engine = createMemoryEngine()
    await engine.insert(places, [{ id: 'here', workspaceId: 'w', name: '' }])
    await engine.insert(people, [person('a', { placeId: 'here' }), person('d', { placeId: 'here' })])
    await engine.insert(people, [person('b', { parentId: 'a' })])
    await engine.insert(people, [person('c', { parentId: 'b' })])
    await engine.update(people, { where: { id: 'a' }, set: { parentId: 'c' } })
    await engine.insert(links, [
      { fromId: 'd', toId: 'b' },
      { fromId: 'd', toId: 'd' },
    ])
    expect(ids(await engine.remove(people, { where: { id: 'b' } }))).toEqual(['b'])
    expect(await allIds(engine)).toEqual(['d'])
    expect(await engine.find(links)).toMatchObject([{ fromId: 'd', toId: 'd' }])
    await engine.remove(places, { where: {} })
    expect(await engine.get(people, 'd')).toMatchObject({ placeId: null })
  })

  test('a long chain is removed without running out of stack', async () => {
    const engine = createMemoryEngine()
    for (let i = 0; i < 20_000; i++) {
      await engine.insert(people, [person(`p${i}`, { parentId: i === 0 ? null : `p${i - 1}` })])
    }
    expect(await engine.remove(people, { where: { id: 'p0' } })).toHaveLength(1)
    expect(await engine.find(people)).toEqual([])
  })

  test('restrict refuses, and then nothing has been removed', async () => {
    const rooms = table('rooms', {
      id: id().primaryKey(),
      placeId: id().references(() => places, { onDelete: 'restrict' }),
    })
    const engine = await withPeople()
    await engine.insert(places, [
      { id: 'a', workspaceId: 'w', name: '' },
      { id: 'b', workspaceId: 'w', name: '' },
    ])
    await engine.insert(people, [person('p', { placeId: 'a' })])
    await engine.insert(rooms, [{ id: 'r', placeId: 'b' }])
    expect(await failure(engine.remove(places, { where: {} }))).toBeInstanceOf(InvalidReferenceError)
    expect(await engine.find(places)).toHaveLength(2)
    expect(await engine.get(people, 'p')).toMatchObject({ placeId: 'a' })
    const rename = engine.update(places, { where: { id: 'b' }, set: { id: 'c' } })
    expect(await failure(rename)).toBeInstanceOf(InvalidReferenceError)
  })

  test('a change that leaves the safe integers changes nothing', async () => {
    const engine = await withPeople(
      person('a', { rank: 1 }),
      person('b', { rank: Number.MAX_SAFE_INTEGER }),
      person('c'),
    )
    const error = await failure(engine.update(people, { where: {}, set: { rank: increment(1) } }))
    expect(error).toMatchObject({ code: 'VALIDATION', table: 'people', column: 'rank' })
    expect((await engine.find(people)).map(({ rank }) => rank)).toEqual([1, Number.MAX_SAFE_INTEGER, null])
  })

  test('two definitions of one table are one table, unless they differ', async () => {
    const define = (column: 'a' | 'b') => table('twins', { id: id().primaryKey(), [column]: text() })
    const engine = createMemoryEngine()
    await engine.insert(define('a'), [{ id: '1', a: 'x' }])
    expect(await engine.get(define('a'), '1')).toEqual({ id: '1', a: 'x' })
    expect(await failure(engine.get(define('b'), '1'))).toBeInstanceOf(ConfigError)
  })
})

describe('inserts that meet others', () => {
  test('drop, update or leave the row that is in the way, and answer in the order given', async () => {
    const engine = await withPeople(
      person('a', { email: 'a@x', rank: 1 }),
      person('b', { email: 'b@x', rank: 5 }),
    )
    const rows = [
      person('n', { email: 'n@x' }),
      person('y', { email: 'b@x', rank: 70 }),
      person('x', { email: 'a@x', rank: 70 }),
    ]
    const dropped = await engine.insert(people, rows, { onConflict: { columns: ['email'] } })
    expect(ids(dropped)).toEqual(['n'])
    const updated = await engine.insert(people, [...rows, person('o')], {
      onConflict: { columns: ['email'], set: { rank: increment(10) }, where: { rank: ne(5) } },
    })
    expect(updated.map(({ id, rank }) => [id, rank])).toEqual([
      ['n', null],
      ['a', 11],
      ['o', null],
    ])
    expect(await engine.get(people, 'b')).toMatchObject({ rank: 5 })
  })

  test('only the named constraint gives way', async () => {
    const engine = await withPeople(person('a', { email: 'a@x' }))
    const other = engine.insert(people, [person('a', { email: 'b@x' })], {
      onConflict: { columns: ['email'] },
    })
    expect(await failure(other)).toMatchObject({ code: 'ALREADY_EXISTS', columns: ['id'] })
    const none = engine.insert(people, [person('b')], { onConflict: { columns: ['name'] } })
    expect(await failure(none)).toBeInstanceOf(ValidationError)
    // Nulls are in nobody's way, and neither are rows that a partial index leaves out.
    const set = { name: 'met' }
    await engine.insert(people, [person('c'), person('d')], { onConflict: { columns: ['email'], set } })
    await engine.insert(people, [person('e'), person('f')], { onConflict: { columns: ['workspaceId'], set } })
    expect(await engine.find(people, { where: set })).toEqual([])
  })

  test('two rows of one insert may not meet where they would update', async () => {
    const engine = createMemoryEngine()
    const rows = [person('a', { email: 'x' }), person('b', { email: 'x' })]
    const onConflict = { columns: ['email'] as const, set: { rank: 1 } }
    expect(await failure(engine.insert(people, rows, { onConflict }))).toBeInstanceOf(ValidationError)
    expect(ids(await engine.insert(people, rows, { onConflict: { columns: ['email'] } }))).toEqual(['a'])
  })
})

describe('changes', () => {
  test('see the row as it was', async () => {
    const engine = await withPeople(
      person('a', { rank: 1, notes: { x: { y: 1 }, z: 1 } }),
      person('b', { rank: 2 }),
    )
    const [a, b] = await engine.update(people, {
      where: {},
      set: {
        rank: increment(1),
        state: choose<typeof people>([{ when: { rank: 1 }, to: 'gone' }]),
        name: 'same',
        notes: merge({ x: {}, z: null, w: 2 }),
      },
    })
    expect(a).toMatchObject({ rank: 2, state: 'gone', notes: { w: 2, x: {} } })
    expect(b).toMatchObject({ rank: 3, state: 'idle', notes: { w: 2, x: {} } })
    expect(ids(await engine.find(people, { where: { name: contains('SAM') } }))).toEqual(['a', 'b'])
  })

  test('nothing is shared with the caller, going in or out', async () => {
    const notes: JsonObject = { list: [1] }
    const bornAt = new Date(1000)
    const photo = Uint8Array.of(1)
    const engine = await withPeople(person('a', { notes, bornAt, photo }))
    const original = await engine.get(people, 'a')
    for (const victim of [{ notes, bornAt, photo }, (await engine.get(people, 'a'))!]) {
      ;(victim.notes as { list: number[] }).list.push(2)
      victim.bornAt!.setTime(0)
      victim.photo![0] = 9
    }
    expect(await engine.get(people, 'a')).toEqual(original)
    expect(original).toMatchObject({ notes: { list: [1] }, bornAt: new Date(1000), photo: Uint8Array.of(1) })
    expect(original).not.toHaveProperty('nameFolded')
  })

  test('rows are copied alike where code may not be generated', () => {
    const cells = ['a', 'w', null, 'N', 'n', 1, 'idle', true, 5, { x: [1] }, Uint8Array.of(1), null, null]
    const expected = rowCopier(people)(cells)
    const copy = rowCopier(people, { generate: false })(cells)
    expect(copy).toEqual(expected)
    expect(Object.keys(copy)).toEqual(Object.keys(expected))
    expect(copy).toMatchObject({ bornAt: new Date(5), notes: { x: [1] } })
    expect(copy.notes).not.toBe(cells[9])
  })
})

describe('write', () => {
  const head = (where: Where<typeof people>) => ({ update: people, where, set: { rank: increment(1) } })

  test('steps take cells of the head, and nothing happens when its guard fails', async () => {
    const engine = await withPeople(person('a', { rank: 1 }), person('b', { rank: 7 }))
    const steps = [{ insert: links, rows: [{ fromId: 'b', toId: ref('id'), weight: ref('rank', 10) }] }]
    expect(await engine.write({ head: head({ id: 'a', rank: 5 }), steps })).toBeNull()
    expect(await engine.find(links)).toEqual([])
    expect(await engine.write({ head: head({ id: 'a', rank: 1 }), steps })).toMatchObject({
      id: 'a',
      rank: 2,
    })
    expect(await engine.find(links)).toEqual([{ fromId: 'b', toId: 'a', weight: 12 }])
    // The second link is in the way of itself: the head's change is taken back with it.
    expect(await failure(engine.write({ head: head({ id: 'a' }), steps }))).toBeInstanceOf(AlreadyExistsError)
    expect(await engine.get(people, 'a')).toMatchObject({ rank: 2 })
  })

  test('a step on the head’s table finds by the head’s row and leaves it alone', async () => {
    const engine = await withPeople(
      person('a', { isChief: true }),
      person('b'),
      person('c', { workspaceId: 'v' }),
    )
    await engine.write({
      head: { update: people, where: { id: 'a' }, set: { isChief: false, name: 'old' } },
      steps: [
        {
          update: people,
          where: { workspaceId: ref('workspaceId') },
          set: { name: 'other', email: ref('id') },
        },
      ],
    })
    expect((await engine.find(people)).map(({ name, email }) => [name, email])).toEqual([
      ['old', null],
      ['other', 'a'],
      ['', null],
    ])
  })

  test('an insert that conflicts writes nothing', async () => {
    const engine = await withPeople(person('a', { email: 'x' }))
    const write = (id: string, email: string) =>
      engine.write({
        head: { insert: people, row: person(id, { email }), onConflict: { columns: ['email'] } },
        steps: [{ insert: links, rows: [{ fromId: ref('id'), toId: 'a' }] }],
      })
    expect(await write('b', 'x')).toBeNull()
    expect(await write('c', 'y')).toMatchObject({ id: 'c' })
    expect(await engine.find(links)).toMatchObject([{ fromId: 'c', toId: 'a' }])
  })

  test('a step’s reference to the head stays within the workspace', async () => {
    const engine = await withPeople(person('a'))
    const child = (workspaceId: unknown) =>
      engine.write({
        head: head({ id: 'a' }),
        steps: [{ insert: people, rows: [{ ...person('b'), parentId: ref('id'), workspaceId }] }],
      })
    expect(await failure(child('v'))).toBeInstanceOf(InvalidReferenceError)
    expect(await engine.get(people, 'a')).toMatchObject({ rank: null })
    expect(await child(ref('workspaceId'))).not.toBeNull()
    expect(await engine.get(people, 'b')).toMatchObject({ parentId: 'a', workspaceId: 'w' })
  })

  test('what cannot mean the same as one statement is refused', async () => {
    const engine = await withPeople(person('a'))
    const step = { insert: links, rows: [{ fromId: 'a', toId: 'a' }] }
    expect(await failure(engine.write({ head: head({ id: 'a' }), steps: [step, step] }))).toBeInstanceOf(
      ValidationError,
    )
    expect(await failure(engine.write({ head: head({ rank: 1 }), steps: [] }))).toBeInstanceOf(
      ValidationError,
    )
    const self = engine.write({
      head: { insert: people, row: person('b', { name: ref('id') as never }) },
      steps: [],
    })
    expect(await failure(self)).toBeInstanceOf(ValidationError)
  })
})

describe('transactions', () => {
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

  test('see their own changes; others see none of them before the end, and don’t wait to look', async () => {
    const engine = await withPeople(person('a', { rank: 1 }), person('b', { rank: 2 }))
    let look: (() => Promise<unknown>) | undefined
    const looking = new Promise<void>((resolve) => {
      look = async () => resolve()
    })
    const outside = looking.then(async () => [await allIds(engine), await engine.get(people, 'a')])
    await engine.transaction(async (tx) => {
      await tx.insert(people, [person('c', { rank: 3 })])
      await tx.update(people, { where: { id: 'a' }, set: { rank: 9 } })
      await tx.remove(people, { where: { id: 'b' } })
      expect(ids(await tx.find(people, { orderBy: [['rank', 'desc']] }))).toEqual(['a', 'c'])
      expect(await tx.get(people, 'b')).toBeNull()
      await look?.()
      expect(await outside).toMatchObject([['a', 'b'], { rank: 1 }])
    })
    expect(await allIds(engine)).toEqual(['a', 'c'])
  })

  test('compare a cursor with rows as the transaction has changed them', async () => {
    const engine = await withPeople(person('a', { name: 'old' }), person('b'))
    await engine.transaction(async (tx) => {
      await tx.update(people, { where: { id: 'a' }, set: { name: 'young' } })
      const after = ['a', 'part']
      expect(
        ids(
          await tx.find(people, {
            orderBy: [
              ['id', 'asc'],
              ['name', 'asc'],
            ],
            after,
          }),
        ),
      ).toEqual(['a', 'b'])
    })
  })

  test('other writes wait their turn, in order, with the input that they were given', async () => {
    const engine = createMemoryEngine()
    const order: string[] = []
    const row = person('late', { name: 'as given' })
    const first = engine.transaction(async (tx) => {
      await tx.insert(people, [person('first')])
      await wait(20)
      order.push('first')
    })
    await wait(1)
    const write = engine.insert(people, [row]).then(() => order.push('write'))
    row.name = 'changed'
    const second = engine.transaction(async (tx) => {
      order.push(`second saw ${(await allIds(tx)).length}`)
    })
    const last = engine.remove(people, { where: { id: 'first' } }).then(() => order.push('last'))
    await Promise.all([first, write, second, last])
    expect(order).toEqual(['first', 'write', 'second saw 2', 'last'])
    expect(await engine.find(people)).toMatchObject([{ id: 'late', name: 'as given' }])
  })

  test('a write that waits can be called off', async () => {
    const engine = createMemoryEngine()
    const controller = new AbortController()
    const running = engine.transaction(() => wait(20))
    await wait(1)
    const write = engine.insert(people, [person('a')], { signal: controller.signal })
    controller.abort(new Error('never mind'))
    expect(await failure(write)).toMatchObject({ message: 'never mind' })
    await running
    expect(await engine.find(people)).toEqual([])
  })

  test('counters read and written in racing transactions lose nothing', async () => {
    const engine = await withPeople(person('a', { rank: 0 }))
    const bump = () =>
      engine.transaction(async (tx) => {
        const row = await tx.get(people, 'a')
        await wait(0)
        await tx.update(people, { where: { id: 'a' }, set: { rank: row!.rank! + 1 } })
      })
    await Promise.all(Array.from({ length: 20 }, bump))
    expect(await engine.get(people, 'a')).toMatchObject({ rank: 20 })
  })

  test('the first error dooms: later calls repeat it, and so does the commit', async () => {
    const engine = await withPeople(person('a'))
    let later: unknown
    const doomed = engine.transaction(async (tx) => {
      await tx.insert(people, [person('b')])
      await tx.insert(people, [person('a')]).catch(() => {})
      later = await failure(tx.find(people, { limit: -1 }))
    })
    const error = await failure(doomed)
    expect(error).toBeInstanceOf(AlreadyExistsError)
    expect(later).toBe(error)
    expect(await allIds(engine)).toEqual(['a'])
  })

  test('input that is refused dooms as well, also by a call that nobody awaits', async () => {
    const engine = createMemoryEngine()
    const doomed = engine.transaction(async (tx) => {
      void tx.find(people, { limit: -1 })
      await wait(1)
    })
    expect(await failure(doomed)).toBeInstanceOf(ValidationError)
  })

  test('an error of the callback’s own rolls back and comes out', async () => {
    const engine = createMemoryEngine()
    const boom = new Error('boom')
    const failed = engine.transaction(async (tx) => {
      await tx.insert(people, [person('a')])
      throw boom
    })
    expect(await failure(failed)).toBe(boom)
    const thrown = engine.transaction(() => {
      throw boom
    })
    expect(await failure(thrown)).toBe(boom)
    expect(await engine.find(people)).toEqual([])
  })

  test('calls on the outer engine are refused inside, and only there and then', async () => {
    const engine = createMemoryEngine()
    const other = createMemoryEngine()
    const refused: unknown[] = []
    let afterwards: Promise<unknown> | undefined
    let kept: Engine | undefined
    await engine.transaction(async (tx) => {
      kept = tx
      await other.insert(people, [person('elsewhere')])
      await other.transaction(async () => {
        refused.push(await failure(engine.find(people)))
      })
      refused.push(
        await failure(engine.insert(people, [person('a')])),
        await failure(engine.transaction(async () => {})),
        await failure(engine.notify('c', 'p')),
        await failure(engine.close()),
      )
      afterwards = wait(10).then(() => engine.insert(people, [person('b')]))
    })
    expect(refused).toHaveLength(5)
    for (const error of refused) expect(error).toBeInstanceOf(TransactionScopeError)
    expect(await afterwards).toHaveLength(1)
    expect(await failure(kept!.find(people))).toBeInstanceOf(TransactionScopeError)
    expect(await failure(kept!.listen('c', () => {}))).toBeInstanceOf(TransactionScopeError)
  })

  test('a callback that hangs is rolled back in time, and others go on', async () => {
    const engine = createMemoryEngine()
    let late: Promise<unknown> | undefined
    const hanging = engine.transaction(
      async (tx) => {
        await tx.insert(people, [person('a')])
        late = wait(40).then(() => tx.insert(people, [person('b')]))
        await new Promise(() => {})
      },
      { timeout: 10 },
    )
    const next = engine.insert(people, [person('c')])
    const error = await failure(hanging)
    expect(error).toBeInstanceOf(UnavailableError)
    expect((error as Error).message).toContain('rolled back after 10 ms')
    await next
    expect(await failure(late!)).toBeInstanceOf(TransactionScopeError)
    expect(await allIds(engine)).toEqual(['c'])
  })

  test('a signal ends a transaction, running or waiting, with its reason', async () => {
    const engine = createMemoryEngine()
    const controller = new AbortController()
    const { signal } = controller
    const running = engine.transaction(() => new Promise(() => {}), { signal })
    const waiting = engine.transaction(async () => {}, { signal })
    setTimeout(() => controller.abort('enough'), 5)
    expect(await failure(running)).toBe('enough')
    expect(await failure(waiting)).toBe('enough')
    await engine.insert(people, [person('a')])
  })

  test('each callback runs twice when a rerun is asked for, and only the second counts', async () => {
    const engine = createMemoryEngine({ rerunTransactions: true })
    const heard: string[] = []
    await engine.listen('c', (payload) => heard.push(payload))
    let runs = 0
    const result = await engine.transaction(async (tx) => {
      runs++
      expect(await allIds(tx)).toEqual([])
      await tx.insert(people, [person(`run ${runs}`)])
      await tx.notify('c', `run ${runs}`)
      return runs
    })
    await wait(1)
    expect(result).toBe(2)
    expect(heard).toEqual(['run 2'])
    expect(await allIds(engine)).toEqual(['run 2'])
  })

  test('whatever changes in a transaction or outside, each index has it, and nobody else before the commit', async () => {
    const kinds = ['insert', 'insert', 'rank', 'note', 'state', 'rename', 'remove', 'clash'] as const
    const action = fc.record({ key: fc.nat(150), kind: fc.constantFrom(...kinds), value: fc.nat(4) })
    const mode = fc.constantFrom<'alone' | 'commit' | 'roll back'>('alone', 'commit', 'roll back')
    const batch = fc.record({ actions: fc.array(action, { maxLength: 80 }), mode })
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 8 }), async (batches) => {
        const engine = await withPeople(
          ...Array.from({ length: 150 }, (_, i) => person(`p${i}`, { rank: i % 9 })),
        )
        let model = new Map((await engine.find(people)).map((row) => [row.id, row]))

        const apply = async (on: Engine, rows: Map<string, Person>, { key, kind, value }: Action) => {
          const id = `p${key}`
          const row = rows.get(id)
          const where = { id }
          const change = async (set: Partial<Person>) => {
            expect(await on.update(people, { where, set })).toEqual(row ? [{ ...row, ...set }] : [])
            if (row) {
              rows.delete(id)
              rows.set(set.id ?? id, { ...row, ...set })
            }
          }
          if (kind === 'insert') {
            const [added] = await on.insert(people, [person(id, { rank: value })], {
              onConflict: { columns: ['id'] },
            })
            expect(added === undefined).toBe(row !== undefined)
            if (added) rows.set(id, added)
          } else if (kind === 'remove') {
            expect(await on.remove(people, { where })).toEqual(row ? [row] : [])
            rows.delete(id)
          } else if (kind === 'rank') await change({ rank: value })
          else if (kind === 'note') await change({ notes: { value } })
          else if (kind === 'state')
            await change({ state: states[value % 3]!, bornAt: value ? new Date(value) : null })
          else if (kind === 'rename' && !rows.has(`q${key}`)) await change({ id: `q${key}`, rank: null })
          else if (kind === 'clash' && on === engine && rows.size > 1) {
            const clash = on.update(people, {
              where: {},
              set: { email: 'same', rank: increment(1), notes: value },
            })
            expect(await failure(clash)).toBeInstanceOf(AlreadyExistsError)
          }
        }
        for (const { actions, mode } of batches) {
          if (mode === 'alone') {
            for (const one of actions) await apply(engine, model, one)
          } else {
            const seen = new Map(model)
            const run = engine.transaction(async (tx) => {
              for (const one of actions) await apply(tx, seen, one)
              await expectAll(tx, seen)
              expect(await outside(() => engine.find(people))).toEqual(sortedBy([...model.values()], []))
              if (mode === 'roll back') throw new Error('back')
              model = seen
            })
            await run.catch((error: Error) => expect(error.message).toBe('back'))
          }
          await expectAll(engine, model)
        }
      }),
      { numRuns: 30 },
    )

    type Action = { key: number; kind: (typeof kinds)[number]; value: number }
    /** Every index is asked. */
    async function expectAll(on: Engine, rows: ReadonlyMap<string, Person>) {
      const all = [...rows.values()]
      const ask = async (where: Partial<Person>, ...orderBy: [keyof Person, Direction][]) => {
        const found = await on.find(people, { where, orderBy })
        const matching = all.filter((row) =>
          Object.entries(where).every(([k, v]) => row[k as keyof Person] === v),
        )
        expect(found).toEqual(sortedBy(matching, orderBy))
      }
      await ask({})
      await ask({ workspaceId: 'w', state: 'idle' }, ['rank', 'desc'])
      await ask({ workspaceId: 'w', state: 'busy' }, ['rank', 'asc'])
      await ask({ workspaceId: 'w' }, ['bornAt', 'desc'])
      await ask({ state: 'idle' }, ['rank', 'desc'], ['name', 'asc'])
      await ask({ email: null }, ['id', 'desc'])
      for (const row of all.slice(0, 20)) expect(await on.get(people, row.id)).toEqual(row)
    }
  })
})

/** Runs what it is given outside of whatever transaction its caller is in. */
const outside = (() => {
  const waiting: (() => void)[] = []
  const poll = setInterval(() => {
    for (const work of waiting.splice(0)) work()
  }, 0)
  poll.unref()
  return <R>(work: () => Promise<R>) =>
    new Promise<R>((resolve, reject) => {
      waiting.push(() => void work().then(resolve, reject))
    })
})()

describe('the engine', () => {
  test('tells listeners after the fact, of what was committed', async () => {
    const engine = createMemoryEngine()
    const heard: string[] = []
    const stop = await engine.listen('c', (payload) => heard.push(payload))
    await engine.notify('d', 'elsewhere')
    const sent = engine.notify('c', 'lone')
    expect(heard).toEqual([])
    await sent
    await engine.transaction(async (tx) => tx.notify('c', 'committed'))
    await failure(
      engine.transaction(async (tx) => {
        await tx.notify('c', 'rolled back')
        throw new Error()
      }),
    )
    await stop()
    await engine.notify('c', 'too late')
    await new Promise((resolve) => setTimeout(resolve, 1))
    expect(heard).toEqual(['lone', 'committed'])
  })

  test('closes once, after what was begun, and is of no use then', async () => {
    const engine = createMemoryEngine()
    const running = engine.transaction(async (tx) => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return tx.insert(people, [person('a')])
    })
    const closing = engine.close()
    expect(await running).toHaveLength(1)
    await closing
    await engine.close()
    for (const call of [
      () => engine.find(people),
      () => engine.get(people, 'a'),
      () => engine.insert(people, [person('b')]),
      () => engine.update(people, { where: {}, set: { rank: 1 } }),
      () => engine.remove(people, { where: {} }),
      () => engine.write({ head: { insert: people, row: person('b') }, steps: [] }),
      () => engine.aggregate(people),
      () => engine.transaction(async () => {}),
      () => engine.notify('c', ''),
      () => engine.listen('c', () => {}),
      () => engine.ping(),
    ]) {
      expect(await failure(call())).toBeInstanceOf(ClosedError)
    }
  })

  test('does nothing for a signal that has been aborted', async () => {
    const engine = createMemoryEngine()
    const signal = AbortSignal.abort('stop')
    expect(await failure(engine.insert(people, [person('a')], { signal }))).toBe('stop')
    expect(await failure(engine.get(people, 'a', { signal }))).toBe('stop')
    expect(await failure(engine.transaction(async () => {}, { signal }))).toBe('stop')
    expect(await engine.find(people)).toEqual([])
  })

  test('keeps ids in order under a clock that stands still or is set back', () => {
    let now = 1_700_000_000_000
    const newId = createIds(createClock({ clock: () => new Date(now) }), {
      random: (bytes) => bytes.fill(255),
    })
    const made: string[] = []
    for (const step of [0, 0, 5, -10_000, 0, 20_000]) {
      now += step
      for (let i = 0; i < 100; i++) made.push(newId())
    }
    expect(made).toEqual([...new Set(made)].sort())
    expect(made[0]).toMatch(/^018bcfe5-6800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  test('its own clock never steps back, and an injected one is taken at its word', () => {
    let offset = 60_000.7
    const clock = createClock({ offset: () => offset })
    const first = clock().getTime()
    expect(Number.isInteger(first)).toBe(true)
    offset = -60_000
    expect(clock().getTime()).toBe(first)
    const injected = createClock({ clock: () => new Date(offset) })
    expect(injected()).toEqual(new Date(-60_000))
  })
})
