/** JSON: what goes in comes out, exactly, or is refused before anything is written. */

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
import { everything, newWorkspace, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { BROKEN_TEXTS, MOST, newTask } from './value-fixtures.ts'
import { seed } from './verbs.ts'

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

export const valueJsonScenarios: readonly Scenario[] = [
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
]
