/** Pages of lists neither skip nor repeat, and their cursors are good for nothing else. */

import assert from 'node:assert/strict'
import { tasks } from '../schema/tasks.ts'
import type { System } from '../system.ts'
import { allRefused, many, newWorkspace, range, refused } from './expect.ts'
import { idsOf } from './fixtures.ts'
import { newTies, ORDERS, type Order, type TaskList } from './list-fixtures.ts'
import type { Scenario } from './scenario.ts'

/** Every page of a list of tasks, one after the other; `between` runs after each. */
async function pagesOf(
  system: System,
  options: Omit<TaskList, 'after'>,
  between: (page: number) => Promise<unknown> = async () => {},
): Promise<string[]> {
  const ids: string[] = []
  for (let after: string | null | undefined, page = 1; after !== null; page++) {
    const { items, next } = await system.tasks.list({}, { ...options, after })
    assert.ok(items.length <= (options.limit ?? 50))
    ids.push(...idsOf(items))
    after = next
    await between(page)
    assert.ok(page < 500, 'the list does not end')
  }
  return ids
}

export const listPageScenarios: readonly Scenario[] = [
  {
    id: 'lists.limits',
    guarantee: 'A page has 1 to 1,000 rows, 50 unless told; any other limit is refused',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const now = system.engine.now()
      const row = (i: number) => ({
        id: `${i}`,
        key: `${i}`,
        workspaceId,
        title: 'T',
        createdAt: now,
        updatedAt: now,
      })
      await system.engine.insert(tasks, range(1001).map(row))
      for (const [limit, size] of [
        [1, 1],
        [1000, 1000],
        [undefined, 50],
      ] as const) {
        const { items, next } = await system.tasks.list({}, { limit })
        assert.equal(items.length, size)
        assert.equal(typeof next, 'string')
      }
      for (const limit of [0, 1001, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, {}]) {
        await refused('VALIDATION', system.tasks.list({}, { limit: limit as number }), { table: 'tasks' })
        await refused('VALIDATION', system.tasks.ready(workspaceId, { limit: limit as number }))
        await refused('VALIDATION', system.messages.list('c', { limit: limit as number }))
        await refused('VALIDATION', system.settings.list('s', { limit: limit as number }))
      }
    },
  },
  {
    id: 'lists.end',
    guarantee: 'A list says that it has ended with its last row, and not a page later',
    async run({ system }) {
      for (const name of ['a', 'b', 'c', 'd']) await system.roles.create({ name })
      const first = await system.roles.list({}, { limit: 2 })
      const last = await system.roles.list({}, { limit: 2, after: first.next })
      assert.deepEqual(
        last.items.map(({ name }) => name),
        ['c', 'd'],
      )
      assert.equal(last.next, null)
      assert.equal((await system.roles.list({}, { limit: 4 })).next, null)
      assert.deepEqual(await system.roles.list({ name: 'nobody' }), { items: [], next: null })
      assert.equal((await system.roles.list({}, { after: null })).items.length, 4)
    },
  },
  {
    id: 'lists.pages',
    guarantee: 'The pages of a list together are the list, in any order, of any size, over nulls and ties',
    async run({ system }) {
      await newTies(system)
      for (const order of ORDERS) {
        const whole = idsOf((await system.tasks.list({}, { order, limit: 100 })).items)
        for (const limit of [2, 7]) {
          assert.deepEqual(await pagesOf(system, { order, limit }), whole, JSON.stringify(order))
        }
      }
    },
  },
  {
    id: 'lists.pages-one-by-one',
    guarantee: 'Pages of one row each pass every null and every tie once',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      for (const model of ['b', null, 'a', null, 'b'])
        await system.tasks.create({ workspaceId, title: 'T', model })
      for (const order of [{ model: 'asc' }, { model: 'desc' }, { model: 'desc', title: 'asc' }] as const) {
        const whole = idsOf((await system.tasks.list({}, { order })).items)
        assert.equal(whole.length, 5)
        assert.deepEqual(await pagesOf(system, { order, limit: 1 }), whole)
      }
    },
  },
  {
    id: 'lists.pages-of-what-changes',
    guarantee: 'While rows come and go between pages, those that stay are each seen once and in order',
    async run({ system, second }) {
      const other = await second()
      const orders: Order[] = [{ title: 'asc' }, { title: 'desc' }, { priority: 'desc', model: 'asc' }]
      for (const [round, order] of orders.entries()) {
        const workspaceId = await newWorkspace(system)
        const create = (i: number, on = system) =>
          on.tasks.create({
            workspaceId,
            title: `t${i}`,
            priority: i % 2,
            model: i % 3 ? `m${i % 5}` : null,
            crew: `round ${round}`,
          })
        const filter = { workspaceId }
        const stay = await Promise.all(many(18, (i) => create(10 + i)))
        const go = await Promise.all(many(6, (i) => create(12 + 3 * i)))
        const seen: string[] = []
        for (let after: string | null | undefined, i = 0; after !== null; i++) {
          const page = await system.tasks.list(filter, { order, limit: 4, after })
          seen.push(...idsOf(page.items))
          after = page.next
          if (i < 6)
            await Promise.all([
              create(10 + 3 * i, other),
              create(90 - i, other),
              other.tasks.delete(go[i]!.id),
            ])
        }
        assert.equal(new Set(seen).size, seen.length, 'a row came twice')
        const staying = new Set(idsOf(stay))
        const now = idsOf((await system.tasks.list(filter, { order, limit: 100 })).items)
        assert.deepEqual(
          seen.filter((id) => staying.has(id)),
          now.filter((id) => staying.has(id)),
        )
      }
    },
  },
  {
    id: 'lists.cursor-of-another',
    guarantee: 'A cursor of another list is refused: of another table, order, filter, conversation or scope',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      for (const title of ['a', 'b', 'c']) {
        await system.tasks.create({ workspaceId, title })
        await system.roles.create({ name: title })
        await system.settings.set('s', title, 1)
      }
      const talk = await system.conversations.create({ workspaceId })
      await system.messages.appendMany(
        talk.id,
        range(3).map(() => ({ role: 'user', content: 'Hi' })),
      )
      const { next } = await system.tasks.list({ workspaceId }, { limit: 1 })
      const foreign = (after: string | null) => [
        system.tasks.list({}, { after }),
        system.tasks.list({ workspaceId, status: 'ready' }, { after }),
        system.tasks.list({ workspaceId }, { after, order: { createdAt: 'desc' } }),
        system.tasks.list({ workspaceId }, { after, order: { title: 'asc' } }),
        system.roles.list({}, { after }),
        system.teams.list({ workspaceId }, { after }),
        system.agents.list({ workspaceId }, { after }),
        system.conversations.list({ workspaceId }, { after }),
        system.messages.list('another', { after }),
        system.settings.list('another', { after }),
      ]
      const cursors = [
        next,
        (await system.messages.list(talk.id, { limit: 1 })).next,
        (await system.settings.list('s', { limit: 1 })).next,
      ]
      for (const cursor of cursors) {
        assert.equal(typeof cursor, 'string')
        await allRefused('VALIDATION', foreign(cursor))
      }
      assert.equal(
        (await system.tasks.list({ workspaceId, status: undefined }, { after: next })).items.length,
        2,
      )
    },
  },
  {
    id: 'lists.cursor-made-up',
    guarantee: 'A cursor that was made up or tampered with is refused, whatever is in it',
    async run({ system }) {
      for (const name of ['a', 'b', 'c']) await system.roles.create({ name })
      const { next } = await system.roles.list({}, { limit: 1 })
      const [print, ...values] = JSON.parse(Buffer.from(next!, 'base64url').toString()) as unknown[]
      const made = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url')
      const bad: unknown[] = [
        '',
        ' ',
        'garbage',
        '\0',
        '[]',
        'bnVsbA',
        7,
        {},
        [next],
        true,
        `${next!.slice(0, -4)}`,
      ]
      bad.push(made(), made(print), made(print, ...values, 'more'), made('x', ...values), made(print, values))
      for (const value of [null, 'text', {}, [], true, 1e300, Number.NaN, '\0'])
        bad.push(made(print, value, values[1]))
      for (const value of [null, 7, {}, ['a'], '\ud800', true]) bad.push(made(print, values[0], value))
      for (const after of bad) {
        await refused('VALIDATION', system.roles.list({}, { after: after as string }), { table: 'roles' })
      }
      assert.deepEqual(
        (await system.roles.list({}, { after: next })).items.map(({ name }) => name),
        ['b', 'c'],
      )
    },
  },
]
