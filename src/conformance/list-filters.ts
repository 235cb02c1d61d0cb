/** Filters of lists and counts mean the same everywhere. */

import assert from 'node:assert/strict'
import { newWorkspace, refused } from './expect.ts'
import { newTies } from './list-fixtures.ts'
import type { Scenario } from './scenario.ts'

export const listFilterScenarios: readonly Scenario[] = [
  {
    id: 'lists.filters',
    guarantee:
      'A filter matches a value exactly, any of a list, null where none is set, and nothing for an empty list',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const rows = { a: 'x', A: 'X', b: null, c: 'y' } as const
      for (const [title, model] of Object.entries(rows)) {
        await system.tasks.create({ workspaceId, title, model, priority: title.charCodeAt(0) })
      }
      const cases: [object, string][] = [
        [{}, 'aAbc'],
        [{ title: undefined, model: undefined }, 'aAbc'],
        [{ title: 'a' }, 'a'],
        [{ title: ['a', 'c', 'a', 'nobody'] }, 'ac'],
        [{ title: [] }, ''],
        [{ model: null }, 'b'],
        [{ model: 'x' }, 'a'],
        [{ model: ['x', 'y'], priority: [97, 98, 99] }, 'ac'],
        [{ model: ['x', 'y'], title: 'b' }, ''],
        [{ status: ['ready', 'done'], archived: [false] }, 'aAbc'],
        [{ status: [] }, ''],
        [{ createdAt: system.engine.now(), title: ['b'] }, 'b'],
        [{ createdAt: [system.engine.now()] }, 'aAbc'],
        [{ createdAt: new Date(0) }, ''],
        [{ workspaceId: 'nobody' }, ''],
      ]
      for (const [filter, titles] of cases) {
        const { items } = await system.tasks.list(filter)
        assert.equal(items.map(({ title }) => title).join(''), titles, JSON.stringify(filter))
        assert.equal(await system.tasks.count(filter), titles.length, JSON.stringify(filter))
      }
    },
  },
  {
    id: 'lists.filters-of-impossible-text',
    guarantee:
      'Filtering by text that no row can have, empty, endless or not storable, finds nothing and is no error',
    async run({ system }) {
      await system.roles.create({ name: 'R' })
      for (const name of ['', '\0', '\ud800', 'x'.repeat(5000)]) {
        assert.equal(await system.roles.count({ name }), 0)
        assert.equal(await system.roles.count({ name: [name] }), 0)
        assert.equal(await system.roles.count({ name: [name, 'R'] }), 1)
      }
    },
  },
  {
    id: 'lists.filters-refused',
    guarantee:
      'A filter by a value of the wrong kind, by JSON, or by null within a list is refused by column',
    async run({ system }) {
      await system.roles.create({ name: 'R' })
      const bad: [string, unknown][] = [
        ['title', 7],
        ['title', ['a', 7]],
        ['title', [null]],
        ['title', { like: '%' }],
        ['priority', '1'],
        ['priority', [1, Number.NaN]],
        ['archived', 'true'],
        ['createdAt', '2026-01-01T00:00:00.000Z'],
        ['createdAt', [0]],
        ['status', 'nonsense'],
        ['status', ['ready', 'nonsense']],
        ['metadata', {}],
        ['metadata', 'x'],
        ['files', ['a']],
      ]
      for (const [column, value] of bad) {
        const filter = { [column]: value }
        await refused('VALIDATION', system.tasks.list(filter), { table: 'tasks', column })
        await refused('VALIDATION', system.tasks.count(filter), { table: 'tasks', column })
      }
      for (const filter of [null, 'x', 7, true])
        await refused('VALIDATION', system.tasks.list(filter as never))
    },
  },
  {
    id: 'lists.count',
    guarantee: 'A count is the length of the whole list, as a number',
    async run({ system }) {
      await newTies(system)
      const filters = [
        {},
        { model: 'a' },
        { model: null, priority: [1, 2] },
        { includeArchived: true },
        { archived: true },
      ]
      for (const filter of filters) {
        const { items } = await system.tasks.list(filter, { limit: 1000 })
        assert.strictEqual(await system.tasks.count(filter), items.length)
        assert.ok(items.length > 0)
      }
    },
  },
]
