import assert from 'node:assert/strict'
import type { JsonObject, JsonValue } from '../schema/dsl/json.ts'
import type { SettingStore } from '../stores/settings.ts'
import { newWorkspace, range, refused } from './expect.ts'
import { race } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

export const settingScenarios: readonly Scenario[] = [
  {
    id: 'settings.set-and-get',
    guarantee:
      'A setting is any JSON value, comes back deep-equal, is replaced whole, and is null where there is none',
    async run({ system }) {
      const { settings } = system
      assert.equal(await settings.get('app', 'theme'), null)
      const values: JsonValue[] = [
        { dark: true, nested: { list: [1, 'two', null, { 'ключ 🤖': 0.1 }] } },
        ['a', ['b'], {}],
        'text',
        '',
        '"null"',
        'null',
        '123',
        0,
        -1.5e-7,
        Number.MAX_SAFE_INTEGER,
        true,
        false,
        {},
        [],
        { kept: null },
      ]
      for (const value of values) {
        assert.deepEqual(await settings.set('app', 'theme', value), value)
        assert.deepEqual(await settings.get('app', 'theme'), value)
        assert.equal(await settings.count('app'), 1)
      }
    },
  },
  {
    id: 'settings.null-deletes',
    guarantee: 'Setting null deletes a setting; deleting says whether there was one',
    async run({ system }) {
      const { settings } = system
      await settings.set('app', 'theme', 'dark')
      await settings.set('app', 'size', 1)
      assert.equal(await settings.set('app', 'theme', null), null)
      assert.equal(await settings.get('app', 'theme'), null)
      assert.equal(await settings.set('app', 'theme', null), null)
      assert.equal(await settings.delete('app', 'theme'), false)
      assert.deepEqual(keys(await settings.list('app')), ['size'])
      assert.equal(await settings.delete('app', 'size'), true)
      assert.equal(await settings.delete('app', 'size'), false)
      assert.deepEqual(await settings.list('app'), { items: [], next: null })
    },
  },
  {
    id: 'settings.merge',
    guarantee:
      'A merge replaces top-level keys, null removes one, nested values are replaced whole, and the rest is kept',
    async run({ system }) {
      const { settings } = system
      const steps: [patch: JsonObject, expected: JsonObject][] = [
        [
          { a: 1, none: null, nested: { x: 1, y: { z: 1 }, kept: null } },
          { a: 1, nested: { x: 1, y: { z: 1 }, kept: null } },
        ],
        [
          { b: [1, null], a: null },
          { b: [1, null], nested: { x: 1, y: { z: 1 }, kept: null } },
        ],
        [{ nested: { x: null, only: true } }, { b: [1, null], nested: { x: null, only: true } }],
        [
          { unknown: null, undefined: undefined },
          { b: [1, null], nested: { x: null, only: true } },
        ],
        [
          { '': 0, 'a.b': 1, '$.c': 2, '"q"': 3, b: null, nested: null },
          { '': 0, 'a.b': 1, '$.c': 2, '"q"': 3 },
        ],
      ]
      for (const [patch, expected] of steps) {
        assert.deepEqual(await settings.merge('app', 'theme', patch), expected)
        assert.deepEqual(await settings.get('app', 'theme'), expected)
      }
      assert.deepEqual(await settings.merge('app', 'empty', { a: null }), {})
      assert.deepEqual(await settings.get('app', 'empty'), {})
    },
  },
  {
    id: 'settings.merge-makes-an-object',
    guarantee: 'What is no object becomes one by a merge',
    async run({ system }) {
      for (const value of ['text', 7, true, [1, 2], ['a']]) {
        await system.settings.set('app', 'theme', value)
        assert.deepEqual(await system.settings.merge('app', 'theme', { a: 1, b: null }), { a: 1 })
        assert.deepEqual(await system.settings.get('app', 'theme'), { a: 1 })
      }
    },
  },
  {
    id: 'settings.racing-merges',
    guarantee: 'Of merges of different keys that are made at once none is lost, the first ones included',
    async run({ system, second }) {
      const systems = [system, await second()]
      for (const round of range(3)) {
        await Promise.all(
          race(16, systems, (each, i) => each.settings.merge('app', `r${round}`, { [`k${i}`]: { i } })),
        )
        const expected = Object.fromEntries(range(16).map((i) => [`k${i}`, { i }]))
        assert.deepEqual(await system.settings.get('app', `r${round}`), expected)
        await Promise.all(
          race(16, systems, (each, i) =>
            each.settings.merge('app', `r${round}`, { [`k${i}`]: i % 2 ? null : i }),
          ),
        )
        const rest = Object.fromEntries(range(8).map((i) => [`k${2 * i}`, 2 * i]))
        assert.deepEqual(await system.settings.get('app', `r${round}`), rest)
      }
    },
  },
  {
    id: 'settings.racing-sets',
    guarantee: 'Of values set at once one stays, whole, and every setter gets its own back without an error',
    async run({ system, second }) {
      const value = (i: number) => ({ by: i, list: range(i) })
      const calls = race(12, [system, await second()], (each, i) =>
        each.settings.set('app', 'theme', value(i)),
      )
      assert.deepEqual(await Promise.all(calls), range(12).map(value))
      // The cast: only such values were set.
      const stored = (await system.settings.get('app', 'theme')) as ReturnType<typeof value>
      assert.deepEqual(stored, value(stored.by))
      const { items } = await system.settings.list('app')
      assert.deepEqual(
        items.map(({ version }) => version),
        [12],
      )
    },
  },
  {
    id: 'settings.rows',
    guarantee: 'A setting’s row tells its version and when it was set last, and every set and merge counts',
    async run({ system, clock }) {
      const { settings } = system
      await settings.set('app', 'theme', 'dark')
      const row = { scope: 'app', key: 'theme', workspaceId: null }
      const first = { ...row, value: 'dark', version: 1, updatedAt: clock() }
      assert.deepEqual((await settings.list('app')).items, [first])
      clock.advance(1)
      await settings.set('app', 'theme', {})
      clock.advance(1)
      await settings.merge('app', 'theme', { a: 1 })
      const third = { ...row, value: { a: 1 }, version: 3, updatedAt: clock() }
      assert.deepEqual((await settings.list('app')).items, [third])
    },
  },
  {
    id: 'settings.list',
    guarantee:
      'The settings of a scope are listed by key, page by page, and those of another scope are never among them',
    async run({ system }) {
      const { settings } = system
      const ordered = [' ', 'A', 'B', 'a', 'b', 'é', '\u{ff5e}', '🤖']
      for (const key of ordered.toReversed()) await settings.set('app', key, key)
      for (const scope of ['App', 'app:1', 'ap', 'a_p', '%']) await settings.set(scope, 'a', scope)
      assert.deepEqual(keys(await settings.list('app')), ordered)
      const pages: string[][] = []
      for (let after: string | null | undefined; after !== null; ) {
        const page = await settings.list('app', { limit: 3, ...(after && { after }) })
        pages.push(keys(page))
        after = page.next
      }
      assert.deepEqual(pages, [ordered.slice(0, 3), ordered.slice(3, 6), ordered.slice(6)])
      assert.deepEqual(keys(await settings.list('app', { order: { key: 'desc' } })), ordered.toReversed())
      assert.equal(await settings.count('app'), 8)
      assert.equal(await settings.count('none'), 0)
      assert.equal(await settings.get('%', 'a'), '%')
      assert.equal(await settings.get('app', 'c'), null)
    },
  },
  {
    id: 'settings.of-a-workspace',
    guarantee: 'A scope that names a workspace belongs to it, up to the next colon, and goes with it',
    async run({ system }) {
      const id = await newWorkspace(system)
      const owners: Record<string, string | null> = {
        [`workspace:${id}`]: id,
        [`workspace:${id}:agents:1`]: id,
        [`workspace:${id}0`]: `${id}0`,
        [`workspaces:${id}`]: null,
        [`x:workspace:${id}`]: null,
        'workspace:': null,
        'workspace:1': '1',
        user: null,
      }
      for (const scope of Object.keys(owners)) await system.settings.set(scope, 'theme', scope)
      for (const [scope, owner] of Object.entries(owners)) {
        const { items } = await system.settings.list(scope)
        assert.deepEqual(
          items.map(({ workspaceId }) => workspaceId),
          [owner],
          scope,
        )
      }
      await system.workspaces.delete(id)
      for (const [scope, owner] of Object.entries(owners)) {
        assert.equal(await system.settings.get(scope, 'theme'), owner === id ? null : scope)
      }
    },
  },
  {
    id: 'settings.refusals',
    guarantee: 'A scope, key or value that cannot be kept is refused by name, and what was there stays',
    async run({ system }) {
      const { settings } = system
      await settings.set('app', 'theme', 'dark')
      const write = async (column: string, ...[scope, key, value]: Parameters<SettingStore['set']>) => {
        const field = { table: 'settings', column }
        await refused('VALIDATION', settings.set(scope, key, value), field)
        await refused('VALIDATION', settings.merge(scope, key, { value }), field)
      }
      for (const text of ['', 'a\0', '\ud800', 7 as unknown as string, undefined as unknown as string]) {
        await write('scope', text, 'theme', 1)
        await write('key', 'app', text, 1)
      }
      await write('scope', 'x'.repeat(129), 'theme', 1)
      await write('key', 'app', 'x'.repeat(513), 1)
      const bad = [Number.NaN, Number.POSITIVE_INFINITY, -0, 'a\0', new Date(0), 1n, () => 1]
      for (const value of bad) await write('value', 'app', 'theme', value as JsonValue)
      for (const patch of [null, 'text', 7, ['a'], undefined]) {
        const call = settings.merge('app', 'theme', patch as unknown as JsonObject)
        await refused('VALIDATION', call, { table: 'settings', column: 'value' })
      }
      assert.equal(await settings.get('app', 'theme'), 'dark')
      assert.equal(await settings.count('app'), 1)
      assert.equal(await settings.set('s'.repeat(128), 'k'.repeat(512), 1), 1)
    },
  },
]

const keys = ({ items }: { readonly items: readonly { readonly key: string }[] }) =>
  items.map(({ key }) => key)
