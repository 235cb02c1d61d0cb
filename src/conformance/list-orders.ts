/** Lists have one total order, the same everywhere. */

import assert from 'node:assert/strict'
import type { Direction } from '../schema/dsl/table.ts'
import { tasks } from '../schema/tasks.ts'
import { newWorkspace, range, refused } from './expect.ts'
import { idsOf } from './fixtures.ts'
import { newTies, ORDERS, type Order } from './list-fixtures.ts'
import type { Scenario } from './scenario.ts'

/** The order of rows by the library's own words: nulls last, or first when descending; then the id. */
function expectedOrder(rows: readonly Record<string, unknown>[], order: Order): string[] {
  const parts = Object.entries(order) as [string, Direction][]
  if (!('createdAt' in order)) parts.push(['createdAt', 'asc'])
  if (!('id' in order)) parts.push(['id', parts.at(-1)![1]])
  const rank = (value: unknown) => (value instanceof Date ? value.getTime() : value)
  return [...rows]
    .sort((a, b) => {
      for (const [key, direction] of parts) {
        const [x, y] = [rank(a[key]), rank(b[key])] as [string, string]
        const sign = x === y ? 0 : x === null ? 1 : y === null ? -1 : x < y ? -1 : 1
        if (sign !== 0) return direction === 'asc' ? sign : -sign
      }
      return 0
    })
    .map(({ id }) => id as string)
}

export const listOrderScenarios: readonly Scenario[] = [
  {
    id: 'lists.order-of-creation',
    guarantee: 'Rows made one after the other are listed in that order, also when the clock stands still',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const made: string[] = []
      for (const title of ['b', 'a', 'c', 'B', 'ä'])
        made.push((await system.tasks.create({ workspaceId, title })).id)
      assert.deepEqual(idsOf((await system.tasks.list()).items), made)
      const backwards = await system.tasks.list({}, { order: { createdAt: 'desc' } })
      assert.deepEqual(idsOf(backwards.items), made.toReversed())
    },
  },
  {
    id: 'lists.total-order',
    guarantee: 'Whatever ties, a list has one order: by the columns asked for, by age and at last by id',
    async run({ system }) {
      await newTies(system)
      const rows = await system.engine.find(tasks)
      for (const order of ORDERS) {
        const { items } = await system.tasks.list({}, { order, limit: 100 })
        const shown = rows.filter(({ archived }) => !archived)
        assert.deepEqual(idsOf(items), expectedOrder(shown, order), JSON.stringify(order))
      }
    },
  },
  {
    id: 'lists.nulls',
    guarantee: 'What is null comes last in ascending and first in descending order',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      for (const model of ['b', null, 'a', null])
        await system.tasks.create({ workspaceId, title: 'T', model })
      const models = async (model: Direction) =>
        (await system.tasks.list({}, { order: { model } })).items.map((task) => task.model)
      assert.deepEqual(await models('asc'), ['a', 'b', null, null])
      assert.deepEqual(await models('desc'), [null, null, 'b', 'a'])
    },
  },
  {
    id: 'lists.order-of-text',
    guarantee: 'Text is ordered by code point: not by language, not by case, not by UTF-16',
    async run({ system }) {
      const ordered = [
        ' ',
        '!',
        '10',
        '9',
        'A',
        'AB',
        'Z',
        '_',
        'a',
        'a ',
        'aB',
        'z',
        '~',
        'Ä',
        'é',
        'ﬁ',
        '\uff5e',
        '\uffff',
        '😀',
        '😀a',
        '\u{10ffff}',
      ]
      const workspaceId = await newWorkspace(system)
      await Promise.all(ordered.toReversed().map((title) => system.tasks.create({ workspaceId, title })))
      const { items } = await system.tasks.list({}, { order: { title: 'asc' } })
      assert.deepEqual(
        items.map(({ title }) => title),
        ordered,
      )
      const down = await system.tasks.list({}, { order: { title: 'desc' }, limit: 3 })
      assert.deepEqual(
        down.items.map(({ title }) => title),
        ['\u{10ffff}', '😀a', '😀'],
      )
    },
  },
  {
    id: 'lists.order-of-values',
    guarantee: 'Numbers are ordered by size, false before true and times by time, nulls at their end',
    async run({ system, clock }) {
      const workspaceId = await newWorkspace(system)
      const priorities = [-(2 ** 53) + 1, -10, -9, 0, 9, 10, 2 ** 31, 2 ** 53 - 1]
      for (const [i, priority] of priorities.toReversed().entries()) {
        clock.advance(-1)
        const task = await system.tasks.create({
          workspaceId,
          title: `${i}`,
          priority,
          archived: i % 2 === 0,
        })
        if (i < 3) await system.tasks.start(task.id)
      }
      const list = async (order: Order) =>
        (await system.tasks.list({ includeArchived: true }, { order })).items
      assert.deepEqual(
        (await list({ priority: 'asc' })).map((task) => task.priority),
        priorities,
      )
      const archived = (await list({ archived: 'asc' })).map((task) => task.archived)
      assert.deepEqual(archived, [...range(4).map(() => false), ...range(4).map(() => true)])
      const started = (await list({ startedAt: 'desc' })).map((task) => task.title)
      assert.deepEqual(started, ['7', '6', '5', '4', '3', '0', '1', '2'])
    },
  },
  {
    id: 'lists.order-refused',
    guarantee: 'An order by what has no order, or in no direction, is refused by column',
    async run({ system }) {
      await system.roles.create({ name: 'R' })
      const bad = {
        metadata: 'asc',
        files: 'desc',
        title: 'up',
        priority: '',
        model: null,
        status: 1,
        crew: {},
      }
      for (const [column, direction] of Object.entries(bad)) {
        const order = { [column]: direction } as Order
        await refused('VALIDATION', system.tasks.list({}, { order }), { table: 'tasks', column })
      }
      assert.equal((await system.roles.list({}, { order: { name: undefined } })).items.length, 1)
    },
  },
]
