/** What goes in comes out, exactly, or is refused before anything is written: every column kind, absolutely. */

import assert from 'node:assert/strict'
import { runInNewContext } from 'node:vm'
import {
  asSeen,
  choose,
  contains,
  gt,
  hasKey,
  increment,
  inTable,
  merge,
  oneOfThese,
  ref,
} from '../engine/query.ts'
import type { TerraceError } from '../errors.ts'
import { agents } from '../schema/agents.ts'
import type { JsonObject, JsonValue } from '../schema/dsl/json.ts'
import { roles } from '../schema/roles.ts'
import { tasks } from '../schema/tasks.ts'
import { workspaces } from '../schema/workspaces.ts'
import { everything, many, newWorkspace, range, refused } from './expect.ts'
import type { Context, Scenario } from './scenario.ts'
import { seed } from './verbs.ts'

const MOST = Number.MAX_SAFE_INTEGER

/** Each of them has been mangled by some database, driver or quoting. */
const TEXTS = [
  '',
  ' kept at both ends\t\n',
  '\r\n',
  `'single' "double" \`back\``,
  '\\ \\n \\u0041 \\x00 \\',
  '{a,"b",NULL} [1] {} $1 ? :a @b %s',
  'NULL',
  'null',
  '123',
  '1e3',
  'true',
  'é',
  'e\u0301',
  'שלום \u202eevil\u202c \u200f',
  '\ufeffbom',
  '\u0001\u001f\u007f\u0085\u2028\u2029',
  '\uffff\ufffe\ufffd',
  '😀👩‍👩‍👧‍👦\u{10ffff}𝒳',
  'long '.repeat(40_000),
]

/** Not text that a database could keep. */
const BROKEN_TEXTS = ['\0', 'a\0b', '\ud800', '\udc00\ud800', 'tail \ud83d']

/** The first millisecond of the year 1, the last of 9999, and what lies between, some of it hard. */
const TIMES = [
  '0001-01-01T00:00:00.000Z',
  '0001-12-31T23:59:59.999Z',
  '0050-06-01T12:00:00.001Z',
  '0099-12-31T23:59:59.999Z',
  '0100-01-01T00:00:00.000Z',
  '1582-10-10T00:00:00.000Z',
  '1883-11-18T12:03:58.123Z',
  '1969-12-31T23:59:59.999Z',
  '1970-01-01T00:00:00.000Z',
  '2000-02-29T23:59:59.010Z',
  '2026-03-29T01:30:00.100Z',
  '2038-01-19T03:14:08.007Z',
  '9999-12-31T23:59:59.999Z',
]

/** A value, and the text that it has on every tier, key order included. */
const JSONS: readonly (readonly [JsonValue, string])[] = [
  ['123', '"123"'],
  ['null', '"null"'],
  ['true', '"true"'],
  ['{"a":1}', '"{\\"a\\":1}"'],
  ['', '""'],
  ['"', '"\\""'],
  ['é 😀 \u2028 \\', '"é 😀 \u2028 \\\\"'],
  [true, 'true'],
  [false, 'false'],
  [0, '0'],
  [-1.5, '-1.5'],
  [0.1 + 0.2, '0.30000000000000004'],
  [1e21, '1e+21'],
  [5e-324, '5e-324'],
  [Number.MAX_VALUE, '1.7976931348623157e+308'],
  [MOST, '9007199254740991'],
  [[], '[]'],
  [{}, '{}'],
  [[null, [null], {}, ''], '[null,[null],{},""]'],
  [{ a: null, b: { c: null } }, '{"a":null,"b":{"c":null}}'],
  [{ a: undefined, b: 1 }, '{"b":1}'],
  [{ bb: 1, a: 2, é: 3, c: 4, '': 5, '😀': 6 }, '{"":5,"a":2,"c":4,"bb":1,"é":3,"😀":6}'],
  [
    { b: { z: 1, y: [{ n: 1, m: 2 }] }, 10: 'x', 9: 'y' },
    '{"9":"y","10":"x","b":{"y":[{"m":2,"n":1}],"z":1}}',
  ],
  [
    { 'a.b': 1, '$[0]': 2, '"': 3, "'": 4, constructor: 5, toString: 6 },
    `{"\\"":3,"'":4,"a.b":1,"$[0]":2,"toString":6,"constructor":5}`,
  ],
]

const cyclic: Record<string, unknown> = {}
cyclic.self = { again: [cyclic] }

/** Not JSON, or not any more when it comes back. */
const NOT_JSON: readonly unknown[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -0,
  1n,
  Symbol('s'),
  () => 1,
  new Date(0),
  new Map(),
  new Set([1]),
  new Uint8Array(1),
  new Error('e'),
  Object('boxed'),
  { toJSON: () => 1 },
  JSON.parse('{"__proto__":1}'),
  cyclic,
  [undefined],
  new Array(1),
  nested(201),
  ...BROKEN_TEXTS,
  { '\0': 1 },
  { '\ud800': 1 },
]

function nested(depth: number): JsonValue {
  let value: JsonValue = []
  for (let i = 1; i < depth; i++) value = i % 2 ? { in: value } : [value]
  return value
}

/** A role in which everything but what is given has its default. */
const role = (more: object) => ({ name: 'R', ...more }) as { name: string }

async function newTask({ system }: Pick<Context, 'system'>, more: object = {}) {
  return system.tasks.create({ workspaceId: await newWorkspace(system), title: 'T', ...more })
}

export const valueScenarios: readonly Scenario[] = [
  {
    id: 'values.text-exact',
    guarantee: 'Any well-formed text without NUL comes back to the letter, however it was written and read',
    async run({ system, second }) {
      const other = await second()
      const ids = TEXTS.map((_, i) => `one ${i}`)
      await Promise.all(
        TEXTS.map((description, i) => system.roles.create({ id: ids[i], name: 'R', description })),
      )
      const now = system.engine.now()
      const rows = TEXTS.map((text, i) => ({
        id: `many ${i}`,
        name: 'R',
        description: text,
        createdAt: now,
        updatedAt: now,
      }))
      const batch = await other.engine.insert(roles, rows)
      assert.deepEqual(
        batch.map((row) => row.description),
        TEXTS,
      )
      for (const [i, text] of TEXTS.entries()) {
        assert.equal((await other.roles.get(`one ${i}`))?.description, text)
        const same = await system.roles.list({ description: text })
        assert.deepEqual(same.items.map(({ id }) => id).sort(), [`many ${i}`, `one ${i}`])
        assert.equal((await other.roles.update(`one ${i}`, { systemPrompt: text })).systemPrompt, text)
      }
      const listed = await system.engine.find(roles, { where: { description: oneOfThese(TEXTS) } })
      assert.equal(listed.length, TEXTS.length * 2)
    },
  },
  {
    id: 'values.text-limits',
    guarantee:
      'Text is counted in characters, and what is empty, too long or not storable is refused by column',
    async run({ system }) {
      const longest = '🤖'.repeat(1024)
      const { id, title } = await system.workspaces.create({ title: longest })
      assert.equal(title, longest)
      for (const bad of ['', `${longest}x`, 'x'.repeat(1025), ...BROKEN_TEXTS]) {
        const where = { table: 'workspaces', column: 'title' }
        await refused('VALIDATION', system.workspaces.create({ title: bad }), where)
        await refused('VALIDATION', system.workspaces.update(id, { title: bad }), where)
      }
      const role = system.roles.create({ name: 'R', systemPrompt: 'x'.repeat(1_000_001) })
      await refused('VALIDATION', role, { table: 'roles', column: 'systemPrompt' })
      assert.equal(
        (await system.roles.create({ name: 'R', systemPrompt: 'é'.repeat(1_000_000) })).systemPrompt.length,
        1_000_000,
      )
      assert.deepEqual(
        (await system.workspaces.list()).items.map((row) => row.title),
        [longest],
      )
    },
  },
  {
    id: 'values.kinds',
    guarantee: 'A value of another kind than its column is refused by column, never converted',
    async run({ system }) {
      const { id } = await newTask({ system })
      const before = await everything(system.engine)
      const wrong: Record<string, readonly unknown[]> = {
        objective: [7, true, {}, ['a'], new Date(0), null],
        priority: ['1', true, null, 1n, {}, new Date(0)],
        archived: [0, 1, 'true', null],
        startedAt: ['2026-01-01T00:00:00.000Z', 0, {}],
        pausedFrom: ['Waiting', '', 7, {}, 'nobody'],
        acceptanceCriteria: [null],
      }
      for (const [column, values] of Object.entries(wrong)) {
        for (const value of values) {
          const change = system.engine.update(tasks, { where: { id }, set: { [column]: value } })
          await refused('VALIDATION', change, { table: 'tasks', column })
        }
      }
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'values.integers',
    guarantee:
      'Integers are kept exactly up to 2^53 − 1 either way, as JavaScript numbers; anything else is refused',
    async run({ system }) {
      const { id, workspaceId } = await newTask({ system })
      for (const priority of [MOST, -MOST, 0, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32]) {
        assert.equal((await system.tasks.update(id, { priority })).priority, priority)
        assert.equal((await system.tasks.list({ priority })).items[0]?.priority, priority)
        assert.equal(await system.tasks.count({ priority: [priority, 17] }), 1)
      }
      assert.ok(Object.is((await system.tasks.update(id, { priority: -0 })).priority, 0))
      assert.equal(await system.tasks.count({ priority: -0 }), 1)
      for (const priority of [MOST + 1, -MOST - 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
        const bad = { table: 'tasks', column: 'priority' }
        await refused('VALIDATION', system.tasks.update(id, { priority }), bad)
        await refused('VALIDATION', system.tasks.create({ workspaceId, title: 'T', priority }), bad)
        await refused('VALIDATION', system.tasks.list({ priority }), bad)
      }
      assert.equal(await system.tasks.count(), 1)
    },
  },
  {
    id: 'values.increments-stay-safe',
    guarantee: 'An increment that would leave the safe integers is refused, and changes no row at all',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      for (const priority of [0, MOST - 1, -MOST])
        await system.tasks.create({ workspaceId, title: 'T', priority })
      const before = await everything(system.engine)
      for (const by of [2, MOST, -1, -MOST]) {
        const change = system.engine.update(tasks, { where: {}, set: { priority: increment(by) } })
        await refused('VALIDATION', change, { table: 'tasks', column: 'priority' })
      }
      for (const by of [1.5, Number.NaN, MOST + 1, '1' as unknown as number]) {
        await refused(
          'VALIDATION',
          system.engine.update(tasks, { where: {}, set: { priority: increment(by) } }),
        )
      }
      assert.deepEqual(await everything(system.engine), before)
      const changed = await system.engine.update(tasks, { where: {}, set: { priority: increment(1) } })
      assert.deepEqual(
        changed.map(({ priority }) => priority),
        [1, MOST, 1 - MOST],
      )
    },
  },
  {
    id: 'values.sums-exact',
    guarantee: 'Sums are exact whatever passes through them, and one that is no safe integer is refused',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const now = system.engine.now()
      const insert = (crew: string, priorities: readonly number[]) =>
        system.engine.insert(
          tasks,
          priorities.map((priority, i) => {
            const key = `${crew} ${i}`
            return { id: key, key, crew, workspaceId, title: 'T', priority, createdAt: now, updatedAt: now }
          }),
        )
      await insert('through', [MOST, MOST, MOST, 1, 1, -MOST, -MOST, -MOST])
      await insert('two', [MOST, 1])
      // Beyond even 64 bits.
      await insert(
        'huge',
        range(1100).map(() => MOST),
      )
      const sum = (crew: string) => system.engine.aggregate(tasks, { where: { crew }, sum: ['priority'] })
      assert.deepEqual(await sum('through'), [{ group: {}, count: 8, sum: { priority: 2 }, max: {} }])
      await refused('VALIDATION', sum('two'), { table: 'tasks', column: 'priority' })
      await refused('VALIDATION', sum('huge'), { table: 'tasks', column: 'priority' })
    },
  },
  {
    id: 'values.booleans',
    guarantee: 'Booleans come back as booleans, and filters tell them apart',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      for (const archived of [true, false]) {
        const { id } = await system.tasks.create({ workspaceId, title: 'T', archived })
        assert.equal((await system.tasks.get(id))?.archived, archived)
        assert.deepEqual(
          (await system.tasks.list({ archived })).items.map((row) => row.id),
          [id],
        )
      }
      assert.equal(await system.tasks.count({ archived: [true, false] }), 2)
      assert.equal(await system.tasks.count({ archived: [true] }), 1)
    },
  },
  {
    id: 'values.times-exact',
    guarantee:
      'Times of the years 1 to 9999 come back as Dates, to the millisecond, and are found and ordered by it',
    async run({ system, second }) {
      const workspaceId = await newWorkspace(system)
      const moment = (text: string) => new Date(text)
      const rows = TIMES.map((time, i) => {
        const createdAt = moment(time)
        return {
          id: `a${i}`,
          workspaceId,
          name: 'A',
          role: 'r',
          lastSeenAt: createdAt,
          createdAt,
          updatedAt: createdAt,
        }
      })
      const other = await second()
      await system.engine.insert(agents, rows.slice(1))
      await system.engine.insert(agents, [rows[0]!])
      const listed = await other.agents.list({}, { order: { lastSeenAt: 'asc' } })
      assert.deepEqual(
        listed.items.map(({ lastSeenAt }) => lastSeenAt?.toISOString()),
        TIMES,
      )
      for (const [i, time] of TIMES.entries()) {
        const row = await other.agents.get(`a${i}`)
        assert.ok(row?.createdAt instanceof Date)
        assert.equal(row.createdAt.getTime(), moment(time).getTime())
        const found = await system.agents.list({ lastSeenAt: moment(time), createdAt: [moment(time)] })
        assert.deepEqual(
          found.items.map(({ id }) => id),
          [`a${i}`],
        )
        const beyond = { where: { id: 'a0' }, set: { lastSeenAt: moment(time) } }
        assert.deepEqual((await system.engine.update(agents, beyond))[0]?.lastSeenAt, moment(time))
        await system.engine.update(agents, { ...beyond, set: { lastSeenAt: moment(TIMES[0]!) } })
      }
    },
  },
  {
    id: 'values.times-refused',
    guarantee: 'A date that is invalid, before the year 1 or after 9999 is refused by column',
    async run({ system }) {
      const { id } = await system.agents.create({
        workspaceId: await newWorkspace(system),
        name: 'A',
        role: 'r',
      })
      const bad = [
        '',
        '0000-12-31T23:59:59.999Z',
        '-000001-01-01T00:00:00.000Z',
        '+010000-01-01T00:00:00.000Z',
      ]
      for (const time of bad) {
        const change = system.engine.update(agents, { where: { id }, set: { lastSeenAt: new Date(time) } })
        await refused('VALIDATION', change, { table: 'agents', column: 'lastSeenAt' })
        await refused('VALIDATION', system.agents.list({ lastSeenAt: new Date(time) }), {
          column: 'lastSeenAt',
        })
      }
      assert.equal((await system.agents.get(id))?.lastSeenAt, null)
    },
  },
  {
    id: 'values.clock',
    guarantee: 'Every time is the injected clock’s, to the millisecond, also when that is set back',
    async run({ system, clock }) {
      for (const time of [
        '2031-05-06T07:08:09.123Z',
        '2031-05-06T07:08:09.001Z',
        '1999-12-31T23:59:59.999Z',
      ]) {
        clock.set(time)
        const { id, createdAt, updatedAt } = await system.workspaces.create({ title: 'W' })
        assert.deepEqual([createdAt.toISOString(), updatedAt.toISOString()], [time, time])
        clock.advance(1001)
        const changed = await system.workspaces.update(id, { title: 'V' })
        assert.equal(changed.createdAt.toISOString(), time)
        assert.equal(changed.updatedAt.getTime(), new Date(time).getTime() + 1001)
      }
    },
  },
  {
    id: 'values.json-exact',
    guarantee:
      'JSON comes back deep-equal and in one order of keys, whatever it looks like and however it was written',
    async run({ system, second }) {
      const other = await second()
      const values = JSONS.map(([value]) => value)
      const texts = JSONS.map(([, text]) => text)
      const set = await Promise.all(values.map((value, i) => system.settings.set('s', `${i}`, value)))
      assert.deepEqual(
        set.map((value) => JSON.stringify(value)),
        texts,
      )
      for (const [i, text] of texts.entries()) {
        const value = await other.settings.get('s', `${i}`)
        assert.equal(JSON.stringify(value), text)
        assert.deepEqual(value, JSON.parse(text))
      }
      const workspaceId = await newWorkspace(system)
      const now = system.engine.now()
      const row = { workspaceId, name: 'A', role: 'r', createdAt: now, updatedAt: now }
      const batch = await system.engine.insert(
        agents,
        values.map((plan, i) => ({ ...row, id: `${i}`, plan })),
      )
      assert.deepEqual(
        batch.map(({ plan }) => JSON.stringify(plan)),
        texts,
      )
    },
  },
  {
    id: 'values.json-depth',
    guarantee: 'JSON may be 200 levels deep, and comes back whole',
    async run({ system }) {
      const deep = nested(200)
      await system.settings.set('s', 'deep', deep)
      assert.deepEqual(await system.settings.get('s', 'deep'), deep)
      const { metadata } = await system.workspaces.create({ title: 'W', metadata: { in: nested(199) } })
      assert.deepEqual(metadata, { in: nested(199) })
    },
  },
  {
    id: 'values.json-refused',
    guarantee:
      'What JSON cannot keep, at whatever depth it hides, is refused by column before anything is written',
    async run({ system }) {
      const { id } = await system.workspaces.create({ title: 'W' })
      const before = await everything(system.engine)
      for (const bad of NOT_JSON) {
        const wrong = { table: 'settings', column: 'value' }
        await refused('VALIDATION', system.settings.set('s', 'k', bad as JsonValue), wrong)
        await refused('VALIDATION', system.settings.set('s', 'k', { a: [{ b: bad as JsonValue }] }), wrong)
        const metadata = { a: bad } as JsonObject
        await refused('VALIDATION', system.workspaces.create({ title: 'W', metadata }), {
          column: 'metadata',
        })
        await refused('VALIDATION', system.workspaces.update(id, { metadata }), { column: 'metadata' })
      }
      await refused('VALIDATION', system.settings.set('s', 'k', 'x'.repeat(4_000_000)), { column: 'value' })
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'values.json-no-operators',
    guarantee:
      'Changes and operators of the engine’s language are no JSON: they are refused, and never stored',
    async run({ system }) {
      const { workspaceId, ...at } = await seed(system)
      const { id } = await system.workspaces.create({ title: 'W' })
      const before = await everything(system.engine)
      const operators = [
        increment(),
        merge({ a: 1 }),
        choose([{ when: {}, to: 1 }], 2),
        ref('id'),
        oneOfThese([1]),
        gt(1),
        hasKey('a'),
        contains('a'),
        inTable(roles, 'id', {}),
        asSeen(),
      ]
      for (const operator of operators) {
        // The casts: the types forbid these.
        const value = operator as unknown as JsonValue
        const metadata = { a: [{ b: value }] } as JsonObject
        const calls: Record<string, () => Promise<unknown>> = {
          set: () => system.settings.set('s', 'k', value),
          setWithin: () => system.settings.set('s', 'k', [value]),
          merge: () => system.settings.merge('s', 'k', { a: value }),
          create: () => system.workspaces.create({ title: 'W', metadata: value as JsonObject }),
          createWithin: () => system.workspaces.create({ title: 'W', metadata }),
          update: () => system.workspaces.update(id, { metadata: value as JsonObject }),
          updateWithin: () => system.workspaces.update(id, { metadata }),
          plan: () => system.agents.create({ workspaceId, name: 'A', role: 'r', plan: value }),
          agentUpdate: () => system.agents.update(at.agentId, { metadata }),
          upsert: () => system.agents.upsert({ id: 'a', workspaceId, name: 'A', role: 'r', metadata }),
          task: () => system.tasks.create({ workspaceId, title: 'T', metadata }),
          batch: () => system.tasks.declareBatch(workspaceId, [{ key: 'k', title: 'T', metadata }]),
          waiting: () =>
            system.tasks.create({ workspaceId, title: 'T', metadata, dependsOn: [at.waitingId] }),
          complete: () => system.tasks.complete(at.taskId, { verification: metadata }),
        }
        for (const [name, call] of Object.entries(calls)) {
          const error = await call().then(
            () => 'taken',
            (error: TerraceError) => error.code,
          )
          assert.equal(error, 'VALIDATION', `${name} of ${JSON.stringify(operator)}`)
        }
      }
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'values.json-of-another-realm',
    guarantee: 'Plain objects and lists are JSON whichever realm made them; instances of classes are not',
    async run({ system }) {
      const made = (code: string) => runInNewContext(`(${code})`) as JsonObject
      const text = '{"a":[1,{"b":null}],"c":{}}'
      assert.notEqual(Object.getPrototypeOf(made(text)), Object.prototype)
      assert.equal(JSON.stringify(await system.settings.set('s', 'k', made(text))), text)
      assert.equal(JSON.stringify(await system.settings.get('s', 'k')), text)
      const { id, metadata } = await system.workspaces.create({ title: 'W', metadata: made(text) })
      assert.equal(JSON.stringify(metadata), text)
      const patched = await system.workspaces.update(id, { metadata: made('{ a: null, d: [] }') })
      assert.equal(JSON.stringify(patched.metadata), '{"c":{},"d":[]}')
      const task = { workspaceId: id, title: 'T', metadata: made(text), files: made('["a"]') as never }
      const kept = await system.tasks.create(task)
      assert.equal(JSON.stringify([kept.metadata, kept.files]), `[${text},["a"]]`)
      const agent = { id: 'a', workspaceId: id, name: 'A', role: 'r', metadata: made(text) }
      assert.equal(JSON.stringify((await system.agents.upsert(agent)).metadata), text)
      for (const bad of ['new Date(0)', 'new Map()', 'new (class A {})', '{ a: new Error("e") }']) {
        await refused('VALIDATION', system.settings.set('s', 'bad', made(bad)), { column: 'value' })
      }
      assert.equal(await system.settings.get('s', 'bad'), null)
    },
  },
  {
    id: 'values.json-shapes',
    guarantee: 'A column of lists takes lists alone, and one of objects objects; a list is replaced whole',
    async run({ system }) {
      const { engine } = system
      const task = await newTask({ system }, { files: ['a'], metadata: { a: 1 } })
      const { id, workspaceId } = task
      const before = await everything(engine)
      const bad = {
        files: [{}, { 0: 'a', length: 1 }, 'a', '["a"]', 1, true],
        acceptanceCriteria: [{ a: 1 }],
        metadata: [[], ['a'], 'a', '{}', 0, false],
        verification: [[], 'a', 1],
      }
      for (const [column, values] of Object.entries(bad)) {
        const wrong = { table: 'tasks', column }
        for (const value of values) {
          const more = { [column]: value }
          await refused('VALIDATION', system.tasks.create({ workspaceId, title: 'T', ...more }), wrong)
          await refused('VALIDATION', system.tasks.update(id, more), wrong)
          await refused('VALIDATION', engine.update(tasks, { where: { id }, set: more }), wrong)
        }
      }
      const patch = { where: { id }, set: { files: merge({ a: 1 }) } }
      await refused('VALIDATION', engine.update(tasks, patch), { table: 'tasks', column: 'files' })
      assert.deepEqual(await everything(engine), before)
      assert.deepEqual((await system.tasks.update(id, { files: ['b', 'c'] })).files, ['b', 'c'])
      assert.deepEqual((await system.tasks.update(id, { files: [] })).files, [])
    },
  },
  {
    id: 'values.json-patch',
    guarantee:
      'A patch replaces top-level keys of an object whole, null removes one, undefined leaves one, nulls within stay',
    async run({ system }) {
      const start = { gone: 1, kept: { x: null, y: [1] }, whole: { a: 1, b: { c: 2 } }, 10: 'ten' }
      const { id } = await system.workspaces.create({ title: 'W', metadata: start })
      const patch = {
        gone: null,
        absent: null,
        kept: undefined,
        whole: { b: { d: null } },
        9: 'nine',
        bb: [null],
        é: '',
      }
      const expected =
        '{"9":"nine","10":"ten","bb":[null],"é":"","kept":{"x":null,"y":[1]},"whole":{"b":{"d":null}}}'
      const { metadata } = await system.workspaces.update(id, { metadata: patch })
      assert.equal(JSON.stringify(metadata), expected)
      assert.equal(JSON.stringify((await system.workspaces.get(id))?.metadata), expected)
      assert.equal((await system.workspaces.update(id, { metadata: {} })).version, 3)
      assert.equal(JSON.stringify((await system.workspaces.get(id))?.metadata), expected)
      await refused('VALIDATION', system.workspaces.update(id, { metadata: null as never }), {
        column: 'metadata',
      })
    },
  },
  {
    id: 'values.json-replaced',
    guarantee:
      'Where no object is yet, a patch makes one; lists and plain values are replaced whole, and null clears',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const { id } = await system.agents.create({ workspaceId, name: 'A', role: 'r' })
      const plan = async (value: JsonValue) => {
        await system.agents.update(id, { plan: value })
        return (await system.agents.get(id))?.plan
      }
      assert.deepEqual(await plan({ a: 1, b: null }), { a: 1 })
      assert.deepEqual(await plan([1, 2]), [1, 2])
      assert.deepEqual(await plan([3]), [3])
      assert.deepEqual(await plan({ c: { d: 1 } }), { c: { d: 1 } })
      assert.equal(await plan('null'), 'null')
      assert.deepEqual(await plan({ e: 1 }), { e: 1 })
      assert.equal(await plan(null), null)
      assert.deepEqual(
        (await system.agents.list({ plan: null } as object)).items.map((row) => row.id),
        [id],
      )
    },
  },
  {
    id: 'values.json-patches-race',
    guarantee: 'Patches of different keys that race, over two connections, are all kept',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await system.workspaces.create({ title: 'W', metadata: { start: 0 } })
      await Promise.all(
        many(16, (i) => systems[i % 2]!.workspaces.update(id, { metadata: { [`key ${i}`]: i } })),
      )
      const row = await system.workspaces.get(id)
      assert.deepEqual(
        row?.metadata,
        Object.fromEntries([['start', 0], ...range(16).map((i) => [`key ${i}`, i])]),
      )
      assert.equal(row?.version, 17)
    },
  },
  {
    id: 'values.enums',
    guarantee: 'A word that its column does not know is refused in new rows, patches and filters alike',
    async run({ system }) {
      const { id } = await system.workspaces.create({ title: 'W', kind: 'company' })
      for (const bad of ['Company', '', 'nonsense', 7, ['company'], "company' or '1", 'toString']) {
        const wrong = { table: 'workspaces', column: 'kind' }
        const kind = bad as 'company'
        await refused('VALIDATION', system.workspaces.create({ title: 'W', kind }), wrong)
        await refused('VALIDATION', system.workspaces.update(id, { kind }), wrong)
        if (!Array.isArray(bad)) await refused('VALIDATION', system.workspaces.list({ kind }), wrong)
        await refused('VALIDATION', system.workspaces.list({ kind: ['company', kind] }), wrong)
      }
      assert.deepEqual(
        (await system.workspaces.list({ kind: 'company' })).items.map((row) => row.id),
        [id],
      )
    },
  },
  {
    id: 'values.unknown-columns',
    guarantee:
      'A column that a table does not have, or keeps to itself, is refused by name wherever it is named',
    async run({ system }) {
      const { id, workspaceId } = await newTask({ system })
      const before = await everything(system.engine)
      const unknown = [
        'nonsense',
        'titleFolded',
        'title_folded',
        'Title',
        '',
        'constructor',
        'toString',
        'hasOwnProperty',
      ]
      for (const column of [...unknown, '__proto__']) {
        // Parsed, because a literal's __proto__ is no property.
        const extra = JSON.parse(`{${JSON.stringify(column)}:"x"}`) as object
        const wrong = { table: 'tasks', column }
        await refused(
          'VALIDATION',
          system.tasks.create({ workspaceId, title: 'T', ...JSON.parse(JSON.stringify(extra)) }),
          wrong,
        )
        await refused('VALIDATION', system.tasks.update(id, extra), wrong)
        await refused('VALIDATION', system.tasks.list(extra), wrong)
        await refused('VALIDATION', system.tasks.count(extra), wrong)
        const order = JSON.parse(`{${JSON.stringify(column)}:"asc"}`) as object
        await refused('VALIDATION', system.tasks.list({}, { order }), wrong)
        await refused('VALIDATION', system.engine.update(tasks, { where: extra, set: { title: 'X' } }), wrong)
        await refused('VALIDATION', system.engine.aggregate(tasks, { groupBy: [column as 'title'] }), wrong)
      }
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'values.kept-columns',
    guarantee:
      'What the library keeps itself, such as ids, versions and times, cannot be changed by an update',
    async run({ system }) {
      const { id } = await newTask({ system })
      const before = await everything(system.engine)
      const kept = {
        id: 'other',
        workspaceId: 'other',
        version: 7,
        createdAt: new Date(0),
        updatedAt: new Date(0),
      }
      for (const [column, value] of Object.entries({
        ...kept,
        status: 'done',
        key: 'other',
        dependents: 1,
      })) {
        await refused('VALIDATION', system.tasks.update(id, { [column]: value }), { table: 'tasks', column })
      }
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'values.required',
    guarantee: 'A column that must have a value is refused when it is left out or null, and none is written',
    async run({ system }) {
      const { id } = await system.roles.create({ name: 'R' })
      await refused('VALIDATION', system.roles.create({} as { name: string }), {
        table: 'roles',
        column: 'name',
      })
      for (const column of ['name', 'description', 'color', 'builtIn']) {
        await refused('VALIDATION', system.roles.create(role({ [column]: null })), { table: 'roles', column })
        if (column !== 'builtIn')
          await refused('VALIDATION', system.roles.update(id, { [column]: null }), { column })
      }
      assert.equal(await system.roles.count(), 1)
    },
  },
  {
    id: 'values.defaults',
    guarantee: 'What is left out, or undefined, has its default, and what may be null is null',
    async run({ system, clock }) {
      const { id, ...row } = await system.roles.create(role({ model: undefined, icon: undefined }))
      const now = clock()
      assert.deepEqual(row, {
        workspaceId: null,
        name: 'R',
        description: '',
        systemPrompt: '',
        color: '#888',
        icon: '🤖',
        model: null,
        builtIn: false,
        version: 1,
        createdAt: now,
        updatedAt: now,
      })
      assert.deepEqual(await system.roles.get(id), { id, ...row })
    },
  },
  {
    id: 'values.one-bad-row',
    guarantee:
      'When one of many rows is refused, none is written, and other calls of the same moment are not harmed',
    async run({ system }) {
      const now = system.engine.now()
      const row = (id: string, title: string) => ({ id, slug: id, title, createdAt: now, updatedAt: now })
      const batch = system.engine.insert(workspaces, [row('a', 'A'), row('b', ''), row('c', 'C')])
      const calls = [batch, ...['x', 'y', '', 'z'].map((title) => system.workspaces.create({ title }))]
      const outcomes = await Promise.allSettled(calls)
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['rejected', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
      )
      assert.deepEqual(
        (await system.workspaces.list({}, { order: { title: 'asc' } })).items.map(({ title }) => title),
        ['x', 'y', 'z'],
      )
    },
  },
]
