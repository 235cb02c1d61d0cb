/** What conditions, orders and aggregates mean, and which are refused. */

import assert from 'node:assert/strict'
import {
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
  type Operator,
  oneOfThese,
  ref,
} from '../engine/query.ts'
import { codebases } from '../schema/codebases.ts'
import { settings } from '../schema/settings.ts'
import { taskDependencies, tasks } from '../schema/tasks.ts'
import { teams } from '../schema/teams.ts'
import { workspaces } from '../schema/workspaces.ts'
import { newTasks } from './engine-fixtures.ts'
import { allRefused, everything, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'

export const engineQueryScenarios: readonly Scenario[] = [
  {
    id: 'engine.conditions',
    guarantee:
      'Conditions mean the same everywhere, with null different from every value and greater than none',
    async run({ system: { engine }, system }) {
      const workspaceId = await newTasks(system, [1, 2, 3, 4])
      const id = (i: number) => `${workspaceId} ${i}`
      await engine.update(tasks, { where: { priority: 2 }, set: { model: 'm' } })
      await engine.update(tasks, { where: { priority: 3 }, set: { model: 'n', verification: { key: null } } })
      await engine.insert(taskDependencies, [
        { taskId: id(3), dependsOnId: id(0), workspaceId, createdAt: engine.now() },
      ])
      const depended = inTable(taskDependencies, 'dependsOnId', { taskId: id(3) })
      const cases: [object | object[], string][] = [
        [{}, '1234'],
        [[], ''],
        [[{}, { priority: 1 }], '1234'],
        [[{ priority: 1 }, { model: 'm' }, { priority: 2 }], '12'],
        [{ priority: undefined, model: null }, '14'],
        [{ model: ne(null) }, '23'],
        [{ model: ne('m') }, '134'],
        [{ model: gt('m') }, '3'],
        [{ model: gte('m') }, '23'],
        [{ model: lt('z') }, '23'],
        [{ priority: lt(3), model: null }, '1'],
        [{ priority: oneOfThese([4, 1, 4]) }, '14'],
        [{ priority: oneOfThese([]) }, ''],
        [{ status: ne('ready') }, ''],
        [{ status: gte('ready') }, '1234'],
        [{ archived: ne(true) }, '1234'],
        [{ createdAt: lte(engine.now()) }, '1234'],
        [{ createdAt: lt(engine.now()) }, ''],
        [{ verification: hasKey('key') }, '3'],
        [{ verification: hasKey('value') }, ''],
        [{ verification: null }, '124'],
        [{ acceptanceCriteria: hasKey('0') }, ''],
        [{ id: depended }, '1'],
        [{ title: contains('') }, '1234'],
        [{ title: 'x\0' }, ''],
      ]
      for (const [where, found] of cases) {
        const rows = await engine.find(tasks, { where, orderBy: [['priority', 'asc']] })
        assert.equal(rows.map(({ priority }) => priority).join(''), found, JSON.stringify(where))
      }
    },
  },
  {
    id: 'engine.keys-of-json',
    guarantee: 'Only an object has keys: not a list, not a text, not null',
    async run({ system: { engine }, system }) {
      const values = [{ a: 1 }, { a: null }, { b: { a: 1 } }, ['a'], 'a', { 'a.b': 1, '': 1 }, 7]
      for (const [i, value] of values.entries()) await system.settings.set('s', `${i}`, value)
      const having = async (key: string) => {
        const rows = await engine.find(settings, { where: { value: hasKey(key) } })
        return rows.map((row) => row.key).join('')
      }
      assert.deepEqual(await Promise.all(['a', 'b', 'a.b', '', '0', 'toString', '\0'].map(having)), [
        '01',
        '2',
        '5',
        '5',
        '',
        '',
        '',
      ])
    },
  },
  {
    id: 'engine.looks-everywhere',
    guarantee:
      'To look into a table without a condition finds what is anywhere in that table, and in no other',
    async run({ system: { engine }, system }) {
      for (const title of ['a', 'b', 'c']) await system.workspaces.create({ id: title, title })
      await system.teams.create({ id: 'a', workspaceId: 'b', name: 'T' })
      await system.codebases.create({ id: 'c', workspaceId: 'b', path: '/srv' })
      const inside = async (operator: Operator) => {
        const where = { id: operator }
        return (await engine.find(workspaces, { where })).map(({ id }) => id).join('')
      }
      // The cast: the types want a condition.
      const all = undefined as never
      for (let i = 0; i < 2; i++) {
        assert.equal(await inside(inTable(teams, 'id', all)), 'a')
        assert.equal(await inside(inTable(codebases, 'id', all)), 'c')
        assert.equal(await inside(inTable(teams, 'workspaceId', all)), 'b')
        assert.equal(await inside(inTable(workspaces, 'id', all)), 'abc')
        assert.equal(await inside(inTable(tasks, 'id', all)), '')
      }
      // The cast: nor do they let one look into a column that is not there.
      const nowhere = inside(inTable(teams, 'nonsense' as 'id', all))
      await refused('VALIDATION', nowhere, { table: 'workspaces', column: 'id' })
    },
  },
  {
    id: 'engine.refused',
    guarantee: 'A query that makes no sense is refused, and changes nothing',
    async run({ system: { engine }, system }) {
      await newTasks(system, [1])
      const before = await everything(engine)
      const where = {}
      const wrong: Promise<unknown>[] = [
        engine.update(tasks, { where, set: {} }),
        engine.update(tasks, { where, set: { priority: undefined } }),
        engine.update(tasks, { where, set: { title: increment() } }),
        engine.update(tasks, { where, set: { title: merge({ a: 1 }) } }),
        engine.update(tasks, { where, set: { metadata: merge([1] as never) } }),
        engine.update(tasks, { where, set: { priority: gt(1) } }),
        engine.update(tasks, { where, set: { priority: ref('priority') } }),
        engine.update(tasks, { where: { metadata: { a: 1 } }, set: { priority: 2 } }),
        engine.update(tasks, { where: { priority: gt(null) }, set: { priority: 2 } }),
        engine.update(tasks, { where: { title: hasKey('a') }, set: { priority: 2 } }),
        engine.update(tasks, { where: { objective: contains('a') }, set: { priority: 2 } }),
        engine.find(tasks, { orderBy: [['metadata', 'asc']] }),
        engine.find(tasks, { after: ['x'], orderBy: [['title', 'asc']] }),
        engine.find(tasks, { after: [null, 'x'], orderBy: [['title', 'asc']] }),
        engine.find(tasks, { limit: -1 }),
        engine.aggregate(tasks, { sum: ['title'] }),
        engine.aggregate(tasks, { groupBy: ['metadata'] }),
        engine.aggregate(tasks, { max: ['metadata'] }),
        engine.get(settings, 's'),
        engine.insert(tasks, [null as never]),
      ]
      await allRefused('VALIDATION', wrong)
      assert.deepEqual(await everything(engine), before)
    },
  },
  {
    id: 'engine.after',
    guarantee:
      'What comes after given values is exactly what is beyond them, in either direction and over nulls',
    async run({ system: { engine }, system }) {
      const workspaceId = await newTasks(system, [1, 1, 2])
      await engine.update(tasks, { where: { title: '1' }, set: { model: 'm' } })
      const after = async (values: unknown[], directions: readonly ('asc' | 'desc')[]) => {
        const orderBy = [
          ['priority', directions[0]!],
          ['model', directions[1]!],
        ] as const
        return (await engine.find(tasks, { orderBy, after: values })).map(({ title }) => title).join('')
      }
      const id = (i: number) => `${workspaceId} ${i}`
      assert.equal(await after([1, 'm', id(1)], ['asc', 'asc']), '02')
      assert.equal(await after([1, null, id(0)], ['asc', 'asc']), '2')
      assert.equal(await after([1, null, '!'], ['asc', 'asc']), '02')
      assert.equal(await after([2, null, id(2)], ['desc', 'desc']), '01')
      assert.equal(await after([1, null, id(0)], ['desc', 'desc']), '1')
      assert.equal(await after([1, null, id(0)], ['asc', 'desc']), '12')
      assert.equal(await after([3, 'x', 'x'], ['desc', 'asc']), '210')
    },
  },
  {
    id: 'engine.aggregates',
    guarantee:
      'Counts, sums and maxima are numbers of the rows that match, by group and in the order of groups',
    async run({ system: { engine }, system }) {
      const workspaceId = await newTasks(system, [5, -7, 2, 0])
      await engine.update(tasks, { where: { priority: gt(0) }, set: { model: '～', startedAt: new Date(5) } })
      await engine.update(tasks, { where: { priority: 0 }, set: { model: '😀', status: 'done' } })
      const where = { workspaceId }
      assert.deepEqual(
        await engine.aggregate(tasks, {
          where,
          sum: ['priority'],
          max: ['priority', 'startedAt', 'model', 'scope'],
        }),
        [
          {
            group: {},
            count: 4,
            sum: { priority: 0 },
            max: { priority: 5, startedAt: new Date(5), model: '😀', scope: null },
          },
        ],
      )
      const groups = await engine.aggregate(tasks, {
        where,
        groupBy: ['model', 'archived'],
        sum: ['priority'],
        max: ['title'],
      })
      assert.deepEqual(groups, [
        { group: { model: '～', archived: false }, count: 2, sum: { priority: 7 }, max: { title: '2' } },
        { group: { model: '😀', archived: false }, count: 1, sum: { priority: 0 }, max: { title: '3' } },
        { group: { model: null, archived: false }, count: 1, sum: { priority: -7 }, max: { title: '1' } },
      ])
      const byTime = await engine.aggregate(tasks, { where, groupBy: ['startedAt', 'status'] })
      assert.deepEqual(
        byTime.map(({ group, count }) => [group.startedAt, group.status, count]),
        [
          [new Date(5), 'ready', 2],
          [null, 'done', 1],
          [null, 'ready', 1],
        ],
      )
    },
  },
  {
    id: 'engine.aggregates-of-none',
    guarantee: 'Of no rows the count is 0, sums are 0 and maxima null; by group there is nothing',
    async run({ system: { engine } }) {
      const none = { sum: ['priority'], max: ['priority', 'title'] } as const
      assert.deepEqual(await engine.aggregate(tasks, none), [
        { group: {}, count: 0, sum: { priority: 0 }, max: { priority: null, title: null } },
      ])
      assert.deepEqual(await engine.aggregate(tasks, { ...none, groupBy: ['status'] }), [])
      assert.deepEqual(await engine.aggregate(tasks), [{ group: {}, count: 0, sum: {}, max: {} }])
    },
  },
]
