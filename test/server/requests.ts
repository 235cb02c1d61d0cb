/**
 * Requests of strangers: made from what is served and from the columns of its tables, mostly nearly right, because
 * what is quite wrong does not get far.
 */

import fc from 'fast-check'
import type { Seed } from '../../src/conformance/verbs.ts'
import type { ColumnDef, Table } from '../../src/schema/dsl/table.ts'
import { type Arg, plain } from '../../src/server/codec.ts'
import { surface } from '../../src/server/surface.ts'
import { HOST } from './support.ts'

export interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

export function requestOf({ method, path, headers, body }: Sent): Request {
  const init = method === 'GET' || method === 'HEAD' || body === undefined ? {} : { body }
  return new Request(`${HOST}${path}`, { method, headers, ...init })
}

/** `at` is where there are rows: of the caller, and of others. */
export function requests(at: readonly Seed[]): fc.Arbitrary<Sent> {
  const ids = fc.constantFrom(...at.flatMap((seed) => Object.values<string>(seed as never)))
  const { args, query } = valuesOf(ids)
  const verbs = Object.entries(surface).flatMap(([store, { verbs }]) =>
    Object.keys(verbs).map((verb) => ({ store, verb })),
  )
  const posted = fc.constantFrom(...verbs).chain(({ store, verb }) =>
    fc.record({
      method: mostly(60, 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'PROPFIND'),
      path: fc.constant(`/stores/${store}/${verb}`),
      headers: headers(),
      body: bodies(args(store, verb)),
    }),
  )
  const got = fc.constantFrom(...Object.keys(surface)).chain((store) =>
    fc.record({
      method: mostly(20, 'GET', 'HEAD', 'DELETE'),
      path: fc.oneof(
        query(store).map((text) => `/stores/${store}?${text}`),
        fc.tuple(ids, oddPaths).map(([id, odd]) => `/stores/${store}/${encodeURIComponent(id)}${odd}`),
      ),
      headers: fc.constant({}),
      body: fc.constant(undefined),
    }),
  )
  const astray = fc.record({
    method: mostly(5, 'GET', 'POST', 'PUT'),
    path: fc.tuple(places, oddPaths, oddPaths).map(([place, a, b]) => `${place}${a}${b}`),
    headers: headers(),
    body: fc.constant('[]'),
  })
  const ofNotes = fc.record({
    method: mostly(2, 'POST', 'GET'),
    path: fc
      .tuple(ids, fc.constantFrom('state', 'updates', 'awareness', 'events', 'nothing'), query('notes'))
      .map(([id, verb, text]) => `/notes/${encodeURIComponent(id)}/${verb}?${text}`),
    headers: fc.constantFrom({ 'content-type': 'application/octet-stream' }, {}),
    body: fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.toWellFormed()),
  })
  return fc.oneof(
    { weight: 20, arbitrary: posted },
    { weight: 6, arbitrary: got },
    { weight: 2, arbitrary: astray },
    { weight: 2, arbitrary: ofNotes },
  )
}

const places = fc.constantFrom(
  '/',
  '/health',
  '/health/db',
  '/events',
  '/cron',
  '/stores',
  '/notes',
  '/stores/tasks',
  '/stores/__proto__',
  '/stores/constructor',
  '/stores/tasks/__proto__',
  '/stores/tasks/toString',
)

const oddPaths = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '/',
      '//',
      '/..',
      '/%2e%2e/x',
      '/%00',
      '/%ff',
      '/%',
      '/%ED%A0%80',
      '/a%2Fb',
      '/__proto__',
      '/ü',
      `/${'x'.repeat(5000)}`,
      '?',
      '#x',
      ';a=b',
      '\\',
    ),
  },
)

function headers(): fc.Arbitrary<Record<string, string>> {
  return mostly<Record<string, string>>(
    40,
    { 'content-type': 'application/json' },
    { 'content-type': 'application/json; charset=utf-8', accept: 'text/html' },
    {},
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/json', 'content-encoding': 'br' },
    { 'content-type': 'application/json', 'content-length': '99999999' },
    { 'content-type': 'application/json', 'content-length': 'many' },
    { 'content-type': ';;;=' },
    { 'content-type': 'application/json', authorization: 'Bearer ' },
    { 'content-type': 'application/json', host: '%%%' },
    { 'content-type': 'application/json', host: '[::1' },
    { 'content-type': 'application/json', origin: 'nonsense' },
    { 'content-type': 'application/json', origin: 'https://evil.example' },
  )
}

/** As JSON, which says some things that JavaScript's own would not. */
function bodies(args: fc.Arbitrary<unknown[]>): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 40, arbitrary: args.map((list) => JSON.stringify(list).replaceAll(`"${INFINITY}"`, '1e999')) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '',
        '[',
        '{}',
        'null',
        '"x"',
        '5',
        '[,]',
        '[1e999]',
        '\ufeff[]',
        '[]garbage',
        '['.repeat(100_000),
        `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
        `["${'x'.repeat(500_000)}"]`,
      ),
    },
  )
}

const INFINITY = 'infinity itself'

function valuesOf(ids: fc.Arbitrary<string>) {
  const good = fc.oneof(
    ids,
    fc.constantFrom('a', '1h', 'src/**', '0 9 * * *', 'default', 'done', 'ready', '👍'),
  )
  const anything: fc.Arbitrary<unknown> = fc.oneof(
    { weight: 4, arbitrary: good },
    { weight: 2, arbitrary: fc.constantFrom<unknown>(...HOSTILE) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  )

  function ofColumn({ kind, values, references }: ColumnDef): fc.Arbitrary<unknown> {
    const right: Readonly<Record<ColumnDef['kind'], fc.Arbitrary<unknown>>> = {
      text: references === undefined ? fc.oneof(fc.string({ maxLength: 8 }), good) : ids,
      oneOf: fc.constantFrom(...(values ?? ['a'])),
      integer: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.maxSafeInteger()),
      boolean: fc.boolean(),
      timestamp: fc
        .date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') })
        .map((date) => date.toISOString()),
      json: fc.jsonValue({ maxDepth: 2 }),
      bytes: fc.base64String({ maxLength: 20 }),
    }
    return fc.oneof({ weight: 8, arbitrary: right[kind] }, { weight: 1, arbitrary: anything })
  }

  /** Most keys are columns, and few are there. */
  function row(table: Table): fc.Arbitrary<unknown> {
    const columns = Object.fromEntries(table.visible.map((column) => [column.key, ofColumn(column)]))
    const others = {
      cron: anything,
      job: fc.record({ kind: good }),
      in: good,
      by: anything,
      text: anything,
      payload: anything,
    }
    return fc
      .tuple(
        fc.record({ ...columns, ...others }, { requiredKeys: [] }),
        fc.record(columns),
        fc.subarray(
          table.visible.map(({ key }) => key),
          { maxLength: Math.min(8, table.visible.length) },
        ),
        mostly<string | undefined>(20, undefined, '__proto__', 'constructor', 'toJSON', 'signal', ''),
      )
      .map(([some, all, keys, odd]) => {
        const required = table.visible.filter(
          ({ optional, defaultValue, key }) =>
            !optional && defaultValue === undefined && !STAMPS.includes(key),
        )
        const wanted = new Set([...keys, ...required.map(({ key }) => key)])
        const picked = Object.entries({ ...some, ...all }).filter(([key]) => wanted.has(key))
        // Not by assignment: one is `__proto__`.
        return Object.fromEntries(odd === undefined ? picked : [...picked, [odd, { polluted: true }]])
      })
  }

  const objects = fc.record({ old: anything, new: anything, id: ids, fence: fc.nat(3) }, { requiredKeys: [] })

  function args(store: string, verb: string): fc.Arbitrary<unknown[]> {
    const { table, verbs } = surface[store]!
    const { args: takes, options } = verbs[verb]!
    const right = (decode: Arg) =>
      decode === plain
        ? fc.oneof({ weight: 5, arbitrary: good }, { weight: 1, arbitrary: objects })
        : row(table)
    const of = (decode: Arg) =>
      fc.oneof(
        { weight: 12, arbitrary: right(decode) },
        { weight: 1, arbitrary: row(table) },
        { weight: 1, arbitrary: fc.array(row(table), { maxLength: 3 }) },
        { weight: 1, arbitrary: anything },
      )
    const option = fc.oneof(
      fc.nat(20),
      good,
      anything,
      fc.record({ createdAt: fc.constantFrom('asc', 'desc') }),
    )
    const given = fc.record(Object.fromEntries(Object.keys(options).map((key) => [key, option])), {
      requiredKeys: [],
    })
    const last = fc.oneof({ weight: 8, arbitrary: given }, { weight: 1, arbitrary: anything })
    return fc
      .tuple(fc.tuple(...takes.map(of)), last, fc.integer({ min: 0, max: 9 }))
      .map(([list, options, cut]) => (cut === 0 ? list.slice(1) : cut < 4 ? list : [...list, options]))
  }

  function query(store: string): fc.Arbitrary<string> {
    const { table, filters, listOf } = surface[store]!
    const names = [
      ...table.visible.map(({ key }) => key),
      ...Object.keys(filters),
      'limit',
      'after',
      'order',
      'nonsense',
      '__proto__',
      listOf ?? 'id',
      listOf ?? 'id',
    ]
    const value = fc.oneof(
      good,
      fc.constantFrom(
        '',
        'true',
        '-1',
        '10',
        '1e9',
        '2026-01-31T00:00:00Z',
        '-createdAt',
        'a,b,__proto__',
        '\0',
        '\ud800',
        '%',
        'x'.repeat(2000),
      ),
    )
    return fc
      .array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 4 })
      .map((pairs) => new URLSearchParams(pairs).toString())
  }

  return { args, query }
}

const STAMPS = ['id', 'version', 'createdAt', 'updatedAt']

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])

const HOSTILE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  -(2 ** 63),
  INFINITY,
  1e300,
  '',
  '\0',
  'a\0b',
  '\ud800',
  '../..',
  "'; drop table terrace_tasks; --",
  '%',
  '{'.repeat(200),
  '{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}',
  '**/'.repeat(300),
  '*a'.repeat(200),
  '*/1 * * * * *',
  '0 0 30 2 *',
  'x'.repeat(100_000),
  '9999-12-31T23:59:59.999Z',
  '0001-01-01T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '999999999999d',
  [],
  {},
  [[]],
  [null],
  [1, 'a', {}],
  nested(150),
  nested(500),
  JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
  JSON.parse('{"toJSON":1,"toString":1,"valueOf":1,"then":1,"length":1e9}'),
  { signal: { aborted: true } },
  { $ne: null },
  { text: 'base' },
  Array.from({ length: 1001 }, (_, i) => `id ${i}`),
]

/** The first, so many times as often as one of the others. */
function mostly<T>(weight: number, common: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight, arbitrary: fc.constant(common) },
    ...others.map((other) => ({ weight: 1, arbitrary: fc.constant(other) })),
  )
}
