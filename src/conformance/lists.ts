/** Lists: one total order, pages that neither skip nor repeat, filters that mean the same everywhere. */

import assert from 'node:assert/strict'
import type { Direction } from '../schema/dsl/table.ts'
import { tasks } from '../schema/tasks.ts'
import type { ListOptions } from '../stores/store.ts'
import type { System } from '../system.ts'
import { allRefused, many, newWorkspace, range, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'

type TaskList = ListOptions<typeof tasks>
type Order = NonNullable<TaskList['order']>

const idsOf = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id)

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

/** Tasks that tie in every way there is: two of each combination, some columns null, in one millisecond. */
async function newTies(system: System): Promise<void> {
  const workspaceId = await newWorkspace(system)
  const models = [null, 'b', 'a']
  await Promise.all(
    many(36, (i) =>
      system.tasks.create({
        workspaceId,
        title: `task ${i % 2}`,
        priority: i % 3,
        model: models[Math.floor(i / 3) % 3]!,
        archived: i % 4 === 0,
      }),
    ),
  )
}

const ORDERS: readonly Order[] = [
  {},
  { createdAt: 'desc' },
  { priority: 'desc', title: 'asc' },
  { priority: 'asc', model: 'desc' },
  { model: 'asc' },
  { model: 'desc' },
  { model: 'asc', priority: 'desc', createdAt: 'asc' },
  { model: 'desc', title: 'desc' },
  { archived: 'desc', model: 'asc' },
  { startedAt: 'desc', id: 'desc' },
  { status: 'asc', id: 'asc' },
]

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

export const listScenarios: readonly Scenario[] = [
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
