/** The verbs beneath the stores, which stores of your own use as well: each one atomic, each answering rows. */

import assert from 'node:assert/strict'
import type { Engine, Write } from '../engine/engine.ts'
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
  type Operator,
  oneOfThese,
  ref,
} from '../engine/query.ts'
import { agents } from '../schema/agents.ts'
import { codebases } from '../schema/codebases.ts'
import { conversations } from '../schema/conversations.ts'
import { messages } from '../schema/messages.ts'
import { roles } from '../schema/roles.ts'
import { settings } from '../schema/settings.ts'
import { taskDependencies, tasks } from '../schema/tasks.ts'
import { teams } from '../schema/teams.ts'
import { workspaces } from '../schema/workspaces.ts'
import type { System } from '../system.ts'
import { allRefused, everything, many, newWorkspace, range, refused, settled } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { seed } from './verbs.ts'

const times = (engine: Engine) => ({ createdAt: engine.now(), updatedAt: engine.now() })
const namesOf = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name)

/** A role: the one table that needs no other row. */
const role = (engine: Engine, id: string, name = id) => ({ id, name, ...times(engine) })

async function newRoles({ engine }: System, ids: readonly string[]) {
  return engine.insert(
    roles,
    ids.map((id) => role(engine, id)),
  )
}

/** Tasks of one new workspace, with these priorities. */
async function newTasks(system: System, priorities: readonly number[]): Promise<string> {
  const { engine } = system
  const workspaceId = await newWorkspace(system)
  const row = (priority: number, i: number) => {
    const id = `${workspaceId} ${i}`
    return { id, key: id, workspaceId, title: `${i}`, priority, ...times(engine) }
  }
  await engine.insert(tasks, priorities.map(row))
  return workspaceId
}

/** A write that numbers a message in its conversation, as `messages.append` does. */
function numbered(
  engine: Engine,
  conversationId: string,
  id: string,
): Pick<Write, 'steps'> & { head: object } {
  return {
    head: { update: conversations, where: { id: conversationId }, set: { lastSeq: increment() } },
    steps: [
      {
        insert: messages,
        rows: [
          {
            id,
            conversationId: ref('id'),
            workspaceId: ref('workspaceId'),
            seq: ref('lastSeq'),
            role: 'user',
            content: id,
            createdAt: engine.now(),
          },
        ],
      },
    ],
  }
}

export const engineScenarios: readonly Scenario[] = [
  {
    id: 'engine.insert-order',
    guarantee: 'Rows inserted together come back whole, in the order given',
    async run({ system, second }) {
      const ids = ['z', 'a', '😀', 'm', '~', 'b']
      const rows = await newRoles(system, ids)
      assert.deepEqual(
        rows.map(({ id }) => id),
        ids,
      )
      const other = await second()
      for (const row of rows) assert.deepEqual(await other.engine.get(roles, row.id), row)
      assert.deepEqual(await system.engine.insert(roles, []), [])
    },
  },
  {
    id: 'engine.insert-all-or-none',
    guarantee: 'When one of many rows inserted together is a duplicate, none is stored',
    async run({ system }) {
      await newRoles(system, ['taken'])
      for (const ids of [
        ['a', 'taken', 'b'],
        ['c', 'd', 'c'],
      ]) {
        await refused('ALREADY_EXISTS', newRoles(system, ids), { table: 'roles', columns: ['id'] })
      }
      assert.deepEqual(namesOf(await system.engine.find(roles)), ['taken'])
    },
  },
  {
    id: 'engine.inserts-of-one-moment',
    guarantee: 'Of many inserts made at once, over two connections, only those that are to blame fail',
    async run({ system, second }) {
      const engines = [system.engine, (await second()).engine]
      await newRoles(system, ['5', '11'])
      const calls = many(20, (i) => engines[i % 2]!.insert(roles, [role(system.engine, `${i}`, `new ${i}`)]))
      const outcomes = await Promise.allSettled(calls)
      const failed = outcomes.flatMap(({ status }, i) => (status === 'rejected' ? i : []))
      assert.deepEqual(failed, [5, 11])
      for (const [i, outcome] of outcomes.entries()) {
        if (outcome.status === 'fulfilled') assert.deepEqual(namesOf(outcome.value), [`new ${i}`])
      }
      assert.equal((await system.engine.find(roles)).length, 20)
    },
  },
  {
    id: 'engine.conflict-ignored',
    guarantee:
      'A new row that gives way is neither stored nor answered, and the one in its way stays as it was',
    async run({ system: { engine }, system }) {
      const [before] = await newRoles(system, ['b'])
      const rows = ['c', 'b', 'a', 'c'].map((id) => role(engine, id, `new ${id}`))
      const stored = await engine.insert(roles, rows, { onConflict: { columns: ['id'] } })
      assert.deepEqual(namesOf(stored), ['new c', 'new a'])
      assert.deepEqual(await engine.get(roles, 'b'), before)
      assert.deepEqual(await engine.insert(roles, [rows[1]!], { onConflict: { columns: ['id'] } }), [])
    },
  },
  {
    id: 'engine.conflict-changed',
    guarantee: 'The row in the way is changed by its own values, if it matches, and answered as it is then',
    async run({ system: { engine } }) {
      const put = (keys: readonly string[], where?: object) =>
        engine.insert(
          settings,
          keys.map((key) => ({ scope: 's', key, value: { [key]: 1 }, updatedAt: engine.now() })),
          {
            onConflict: {
              columns: ['key', 'scope'],
              set: { version: increment(10), value: merge({ again: [null] }) },
              where,
            },
          },
        )
      assert.deepEqual(
        (await put(['b', 'a'])).map(({ key, version }) => [key, version]),
        [
          ['b', 1],
          ['a', 1],
        ],
      )
      const second = await put(['c', 'a'])
      assert.deepEqual(
        second.map(({ key, version, value }) => [key, version, value]),
        [
          ['c', 1, { c: 1 }],
          ['a', 11, { a: 1, again: [null] }],
        ],
      )
      const third = await put(['d', 'a', 'b'], { version: lt(10) })
      assert.deepEqual(
        third.map(({ key, version }) => [key, version]),
        [
          ['d', 1],
          ['b', 11],
        ],
      )
      await refused('VALIDATION', put(['x', 'y', 'x']), { table: 'settings' })
      assert.equal((await engine.find(settings)).length, 4)
    },
  },
  {
    id: 'engine.conflict-races',
    guarantee:
      'Many who insert the same row and count when it is there, over two connections, are all counted',
    async run({ system, second }) {
      const engines = [system.engine, (await second()).engine]
      const remember = (i: number) =>
        engines[i % 2]!.insert(
          settings,
          [{ scope: 's', key: 'k', value: 0, updatedAt: system.engine.now() }],
          { onConflict: { columns: ['scope', 'key'], set: { version: increment() } } },
        )
      const answers = await Promise.all(many(24, remember))
      const versions = answers.map(([row]) => row?.version).sort((a, b) => a! - b!)
      assert.deepEqual(
        versions,
        range(24).map((i) => i + 1),
      )
    },
  },
  {
    id: 'engine.conflict-elsewhere',
    guarantee: 'A conflict with another constraint than the one named is an error, and nothing is stored',
    async run({ system: { engine }, system }) {
      await system.workspaces.create({ id: 'a', title: 'W', slug: 'a' })
      const row = (id: string, slug: string) => ({ id, slug, title: 'New', ...times(engine) })
      const insert = (...rows: ReturnType<typeof row>[]) =>
        engine.insert(workspaces, rows, { onConflict: { columns: ['slug'], set: { title: 'Changed' } } })
      await refused('ALREADY_EXISTS', insert(row('a', 'b')), { columns: ['id'] })
      await refused('ALREADY_EXISTS', insert(row('c', 'a'), row('a', 'd')), { columns: ['id'] })
      assert.deepEqual(
        (await engine.find(workspaces)).map(({ title }) => title),
        ['W'],
      )
      assert.deepEqual(
        (await insert(row('c', 'a'))).map(({ id, title }) => [id, title]),
        [['a', 'Changed']],
      )
    },
  },
  {
    id: 'engine.conflict-on-some-rows',
    guarantee: 'A unique index that covers some rows only arbitrates among those',
    async run({ system: { engine }, system }) {
      const workspaceId = await newWorkspace(system)
      const insert = (id: string, isDefault: boolean) => {
        const row = { id, workspaceId, path: `/${id}`, isDefault, ...times(engine) }
        return engine.insert(codebases, [row], { onConflict: { columns: ['workspaceId'] } })
      }
      const lengths = [
        await insert('a', false),
        await insert('b', true),
        await insert('c', true),
        await insert('d', false),
      ]
      assert.deepEqual(
        lengths.map(({ length }) => length),
        [1, 1, 0, 1],
      )
      const update = engine.update(codebases, { where: { id: 'd' }, set: { isDefault: true } })
      await refused('ALREADY_EXISTS', update, { table: 'codebases', columns: ['workspaceId'] })
    },
  },
  {
    id: 'engine.conflict-in-order',
    guarantee: 'Rows that gave way are answered in the order given, also by others whose ids were given',
    async run({ system: { engine }, system }) {
      for (const id of ['a', 'b', 'c', 'd'])
        await system.workspaces.create({ id, title: 'W', slug: `of ${id}` })
      const put = async (pairs: readonly (readonly [id: string, slug: string])[]) => {
        const rows = pairs.map(([id, of]) => ({ id, slug: `of ${of}`, title: id, ...times(engine) }))
        const onConflict = { columns: ['slug'], set: { description: 'gave way' } } as const
        const answered = await engine.insert(workspaces, rows, { onConflict })
        return answered.map(({ id, slug, description }) => [id, slug, description])
      }
      const before = (id: string) => [id, `of ${id}`, 'gave way']
      assert.deepEqual(
        await put(['c', 'a', 'd', 'b'].map((id) => [id, id])),
        ['c', 'a', 'd', 'b'].map(before),
      )
      assert.deepEqual(
        await put([
          ['b', 'a'],
          ['new', 'e'],
          ['a', 'b'],
          ['d', 'd'],
          ['x', 'c'],
        ]),
        [before('a'), ['new', 'of e', ''], before('b'), before('d'), before('c')],
      )
      assert.equal(await system.workspaces.count(), 5)
    },
  },
  {
    id: 'engine.conflict-set-fresh',
    guarantee: 'What a row in the way is set to may not refer to a row of the same call',
    async run({ system: { engine }, system }) {
      const workspaceId = await newWorkspace(system)
      const agent = (id: string) => ({ id, workspaceId, name: 'A', role: 'r', ...times(engine) })
      await engine.insert(agents, [agent('a'), agent('parent')])
      const before = await everything(engine)
      const under = (parentId: string) => ({ columns: ['id'], set: { parentId } }) as const
      await refused(
        'REFERENCE',
        engine.insert(agents, [agent('b'), agent('a')], { onConflict: under('b') }),
        {
          table: 'agents',
        },
      )
      await refused('REFERENCE', engine.insert(agents, [agent('a')], { onConflict: under('a') }))
      const head = { insert: agents, row: agent('b'), onConflict: under('b') }
      await refused('REFERENCE', engine.write({ head, steps: [] }), { table: 'agents' })
      assert.deepEqual(await everything(engine), before)
      const [, changed] = await engine.insert(agents, [agent('b'), agent('a')], {
        onConflict: under('parent'),
      })
      assert.deepEqual([changed?.id, changed?.parentId], ['a', 'parent'])
    },
  },
  {
    id: 'engine.conflict-of-no-constraint',
    guarantee: 'Columns that no unique constraint has cannot arbitrate',
    async run({ system: { engine } }) {
      for (const columns of [['name'], ['id', 'name'], [], ['nonsense']]) {
        const onConflict = { columns: columns as ['name'] }
        await refused('VALIDATION', engine.insert(roles, [role(engine, 'a')], { onConflict }), {
          table: 'roles',
        })
      }
      assert.deepEqual(await engine.find(roles), [])
    },
  },
  {
    id: 'engine.update',
    guarantee:
      'An update changes every row that matches, and answers those as they are then, by key or as ordered',
    async run({ system: { engine }, system }) {
      await newTasks(system, [1, 3, 2, 3])
      const raise = (more: object) =>
        engine.update(tasks, { where: { priority: gt(1) }, set: { objective: 'x' }, ...more })
      assert.deepEqual(
        (await raise({})).map(({ title, objective }) => title + objective),
        ['1x', '2x', '3x'],
      )
      const ordered = await raise({
        orderBy: [
          ['priority', 'desc'],
          ['title', 'desc'],
        ],
      })
      assert.deepEqual(
        ordered.map(({ title }) => title),
        ['3', '1', '2'],
      )
      assert.deepEqual(await engine.update(tasks, { where: { title: 'none' }, set: { priority: 9 } }), [])
      assert.equal((await engine.find(tasks, { where: { objective: 'x' } })).length, 3)
    },
  },
  {
    id: 'engine.update-old-values',
    guarantee: 'What an update sets is computed from the row as it was, whatever else it sets',
    async run({ system: { engine }, system }) {
      await newTasks(system, [4, 5])
      const rows = await engine.update(tasks, {
        where: {},
        set: {
          priority: increment(),
          openDependencies: choose<typeof tasks>(
            [{ when: { priority: lte(4) }, to: increment(2) }],
            increment(-1),
          ),
          status: choose<typeof tasks>([
            { when: { priority: gte(5) }, to: 'running' },
            { when: {}, to: 'paused' },
          ]),
          role: choose<typeof tasks>(
            [
              { when: { priority: 5 }, to: null },
              { when: { status: 'ready' }, to: 'r' },
            ],
            'none',
          ),
          model: choose<typeof tasks>([{ when: { status: 'running' }, to: 'never' }]),
        },
      })
      assert.deepEqual(
        rows.map((row) => [row.priority, row.openDependencies, row.status, row.role, row.model]),
        [
          [5, 2, 'paused', 'r', null],
          [6, -1, 'running', null, null],
        ],
      )
    },
  },
  {
    id: 'engine.claims-disjoint',
    guarantee:
      'Many who claim the first few of what is there, over two connections, get each row once, first ones first',
    async run({ system, second }) {
      const engines = [system.engine, (await second()).engine]
      for (const skipLocked of [false, true]) {
        const priorities = range(30).map((i) => (i * 7) % 10)
        const workspaceId = await newTasks(system, priorities)
        const claim = (i: number) =>
          engines[i % 2]!.update(tasks, {
            where: { workspaceId, status: 'ready' },
            set: { status: 'running', role: `claimer ${i}` },
            orderBy: [
              ['priority', 'desc'],
              ['id', 'asc'],
            ],
            limit: 4,
            skipLocked,
          })
        const claims = await Promise.all(many(6, claim))
        for (const claimed of claims) {
          assert.ok(claimed.length <= 4)
          const ordered = claimed.toSorted((a, b) => b.priority - a.priority || (a.id < b.id ? -1 : 1))
          assert.deepEqual(claimed, ordered)
        }
        while (claims.at(-1)!.length > 0) claims.push(await claim(9))
        const ids = claims.flat().map(({ id }) => id)
        assert.deepEqual([ids.length, new Set(ids).size], [30, 30])
      }
    },
  },
  {
    id: 'engine.claims-in-order',
    guarantee: 'A claim takes the first rows in its order, and leaves the others alone',
    async run({ system: { engine }, system }) {
      const workspaceId = await newTasks(system, [2, 9, 4, 9, 1])
      const claim = (limit: number) =>
        engine.update(tasks, {
          where: { workspaceId, status: 'ready' },
          set: { status: 'running' },
          orderBy: [['priority', 'desc']],
          limit,
        })
      assert.deepEqual(await claim(0), [])
      assert.deepEqual(
        (await claim(3)).map(({ title }) => title),
        ['3', '1', '2'],
      )
      const left = await engine.find(tasks, { where: { status: 'ready' }, orderBy: [['priority', 'asc']] })
      assert.deepEqual(
        left.map(({ title }) => title),
        ['4', '0'],
      )
      for (const limit of [-1, 1.5, Number.NaN]) await refused('VALIDATION', claim(limit), { table: 'tasks' })
    },
  },
  {
    id: 'engine.remove',
    guarantee: 'Removing answers the rows that were removed, whole and by key, and nothing for none',
    async run({ system: { engine }, system }) {
      const rows = await newRoles(system, ['c', 'a', 'b'])
      const removed = await engine.remove(roles, { where: { name: ne('b') } })
      assert.deepEqual(removed, [rows[1], rows[0]])
      assert.deepEqual(await engine.remove(roles, { where: { name: 'a' } }), [])
      assert.deepEqual(await engine.find(roles), [rows[2]])
    },
  },
  {
    id: 'engine.removed-once',
    guarantee: 'Of many who remove the same rows at once, over two connections, each row is answered to one',
    async run({ system, second }) {
      const engines = [system.engine, (await second()).engine]
      await newRoles(system, range(10).map(String))
      const removed = await Promise.all(many(8, (i) => engines[i % 2]!.remove(roles, { where: {} })))
      assert.deepEqual(namesOf(removed.flat()).sort(), range(10).map(String))
    },
  },
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
  {
    id: 'engine.write-guarded',
    guarantee: 'When its head’s guard matches no row, a write answers null and does nothing',
    async run({ system: { engine }, system }) {
      const talk = await system.conversations.create({ workspaceId: await newWorkspace(system) })
      const before = await everything(engine)
      for (const where of [
        { id: 'nobody' },
        { id: talk.id, archived: true },
        { id: talk.id, lastSeq: gt(0) },
      ]) {
        const { steps } = numbered(engine, talk.id, 'm')
        const remove = { remove: roles, where: {} }
        const head = { update: conversations, where, set: { lastSeq: increment() } }
        assert.equal(await engine.write({ head, steps: [...steps, remove] }), null)
      }
      assert.deepEqual(await everything(engine), before)
    },
  },
  {
    id: 'engine.write-refs',
    guarantee: 'Steps of a write refer to the head’s new row, in values and in conditions',
    async run({ system: { engine }, system }) {
      const workspaceId = await newTasks(system, [10, 11, 12])
      const talk = await system.conversations.create({ workspaceId })
      const row = await engine.write({
        head: {
          update: conversations,
          where: { id: talk.id },
          set: { lastSeq: increment(10), title: 'New' },
        },
        steps: [
          {
            insert: messages,
            rows: range(2).map((i) => ({
              id: `m${i}`,
              workspaceId: ref('workspaceId'),
              conversationId: ref('id'),
              seq: ref('lastSeq', i - 1),
              role: 'user',
              content: ref('title'),
              createdAt: ref('updatedAt'),
            })),
          },
          {
            update: tasks,
            where: { priority: ref('lastSeq', 1) },
            set: { objective: ref('title'), priority: ref('lastSeq', 90) },
          },
          { remove: roles, where: { name: ref('title') } },
          { remove: workspaces, where: { title: ref('id') } },
        ],
      })
      assert.deepEqual([row?.lastSeq, row?.title, row?.version], [10, 'New', 1])
      const said = await engine.find(messages)
      assert.deepEqual(
        said.map(({ seq, content }) => [seq, content]),
        [
          [9, 'New'],
          [10, 'New'],
        ],
      )
      assert.deepEqual(said[0]?.createdAt, talk.updatedAt)
      const changed = await engine.find(tasks, { orderBy: [['priority', 'asc']] })
      assert.deepEqual(
        changed.map(({ priority, objective }) => [priority, objective]),
        [
          [10, ''],
          [12, ''],
          [100, 'New'],
        ],
      )
    },
  },
  {
    id: 'engine.write-gapless',
    guarantee:
      'Numbers given by a write’s head are without gaps, with 50 callers over two connections, refused ones included',
    async run({ system, second }) {
      const systems = [system, await second()]
      const talk = await system.conversations.create({ workspaceId: await newWorkspace(system) })
      // Every other caller brings an id that another has already.
      const say = (i: number) => {
        const { engine } = systems[i % 2]!
        return engine.write(numbered(engine, talk.id, `m${i % 4 < 2 ? i : 0}`) as Write & { head: never })
      }
      const { values, codes } = await settled(many(50, say))
      assert.deepEqual(new Set(codes), new Set(['ALREADY_EXISTS']))
      const seqs = (await system.engine.find(messages)).map(({ seq }) => seq).sort((a, b) => a - b)
      assert.deepEqual(
        seqs,
        range(values.length).map((i) => i + 1),
      )
      assert.deepEqual([values.length, codes.length], [26, 24])
      assert.equal((await system.conversations.get(talk.id))?.lastSeq, 26)
    },
  },
  {
    id: 'engine.write-undone',
    guarantee: 'When a step of a write is refused, its head and all other steps are undone',
    async run({ system: { engine }, system }) {
      const workspaceId = await newTasks(system, [2 ** 53 - 1])
      const talk = await system.conversations.create({ workspaceId })
      await engine.write(numbered(engine, talk.id, 'taken') as Write & { head: never })
      await newRoles(system, ['r'])
      const before = await everything(engine)
      const good = numbered(engine, talk.id, 'new')
      const remove = { remove: roles, where: {} }
      const agent = { id: 'a', workspaceId, name: 'A', role: 'r', teamId: 'nobody', ...times(engine) }
      const bad: [string, Write['steps']][] = [
        ['ALREADY_EXISTS', numbered(engine, talk.id, 'taken').steps],
        ['REFERENCE', [...good.steps, { insert: agents, rows: [agent] }]],
        ['VALIDATION', [...good.steps, { update: tasks, where: {}, set: { priority: increment() } }]],
        [
          'VALIDATION',
          [...good.steps, { insert: teams, rows: [{ id: 't', workspaceId, name: '', ...times(engine) }] }],
        ],
      ]
      for (const [code, steps] of bad) {
        const write = engine.write({ head: good.head as never, steps: [remove, ...steps] })
        await refused(code as 'VALIDATION', write)
        assert.deepEqual(await everything(engine), before)
      }
    },
  },
  {
    id: 'engine.write-inserting-head',
    guarantee:
      'A head may insert a row; when that gives way to another, a write answers null and does nothing',
    async run({ system: { engine }, system }) {
      await newRoles(system, ['old'])
      const put = (id: string, set?: object) =>
        engine.write({
          head: {
            insert: roles,
            row: role(engine, id),
            onConflict: { columns: ['id'], ...(set && { set }) },
          },
          steps: [
            {
              insert: settings,
              rows: [{ scope: ref('name'), key: id, value: 1, updatedAt: ref('createdAt') }],
            },
          ],
        })
      assert.equal((await put('new'))?.name, 'new')
      assert.equal(await put('old'), null)
      assert.deepEqual(
        (await engine.find(settings)).map(({ scope }) => scope),
        ['new'],
      )
      assert.equal((await put('old', { name: 'changed' }))?.name, 'changed')
      assert.equal(await system.settings.get('changed', 'old'), 1)
    },
  },
  {
    id: 'engine.write-same-table',
    guarantee: 'A step on the head’s own table changes every row that matches but the head’s',
    async run({ system: { engine }, system }) {
      await newTasks(system, [1, 2, 3])
      const [first] = await engine.find(tasks)
      const head = { update: tasks, where: { id: first!.id }, set: { priority: 7 } } as const
      const where = { workspaceId: ref('workspaceId') }
      await engine.write({ head, steps: [{ update: tasks, where, set: { priority: ref('priority', 1) } }] })
      assert.deepEqual(
        (await engine.find(tasks)).map(({ priority }) => priority),
        [7, 8, 8],
      )
    },
  },
  {
    id: 'engine.write-refused',
    guarantee: 'A write that would mean one thing here and another there is refused',
    async run({ system: { engine }, system }) {
      await newTasks(system, [1, 2])
      const [task] = await engine.find(tasks)
      const before = await everything(engine)
      const head = { update: tasks, where: { id: task!.id }, set: { priority: 3 } } as const
      const among = inTable(tasks, 'title', { priority: 3 })
      const setting = (scope: unknown, key: string) => ({ scope, key, value: 1, updatedAt: engine.now() })
      const wrong: Promise<unknown>[] = [
        engine.write({
          head,
          steps: [
            { remove: roles, where: {} },
            { insert: roles, rows: [] },
          ],
        }),
        engine.write({ head, steps: [{ remove: roles, where: { name: among } }] }),
        engine.write({ head, steps: [{ remove: tasks, where: {} }] }),
        engine.write({ head: { ...head, where: {} }, steps: [] }),
        engine.write({ head: { ...head, where: { workspaceId: task!.workspaceId } }, steps: [] }),
        engine.write({ head: { ...head, where: [{ id: task!.id }, { title: 'x' }] }, steps: [] }),
        engine.write({ head, steps: [{ remove: roles, where: { name: ref('nonsense') } }] }),
        engine.write({
          head,
          steps: [{ insert: settings, rows: [setting(ref('title'), 'a'), setting('s', 'b')] }],
        }),
        engine.write({ head, steps: [{ insert: settings, rows: [setting(ref('priority'), 'a')] }] }),
        engine.write({ head: { ...head, set: {} }, steps: [] }),
      ]
      await allRefused('VALIDATION', wrong)
      assert.deepEqual(await everything(engine), before)
    },
  },
  {
    id: 'engine.stays-in-workspace',
    guarantee: 'No change moves a row to another workspace, where its references would lead elsewhere',
    async run({ system: { engine }, system }) {
      const [{ taskId }, other] = [await seed(system, 'Here'), await newWorkspace(system, 'There')]
      const before = await everything(engine)
      const row = (await engine.get(tasks, taskId))!
      const [where, set] = [{ id: taskId }, { workspaceId: other }]
      await allRefused('VALIDATION', [
        engine.update(tasks, { where, set }),
        engine.update(tasks, { where, set: { workspaceId: row.workspaceId } }),
        engine.update(tasks, { where, set: { workspaceId: choose([], other) } }),
        engine.write({ head: { update: tasks, where, set }, steps: [] }),
        engine.insert(tasks, [row], { onConflict: { columns: ['id'], set } }),
      ])
      assert.deepEqual(await everything(engine), before)
    },
  },
  {
    id: 'engine.notices-refused',
    guarantee:
      'Channels have names of any length; a notification that not every database can carry is refused',
    async run({ system: { engine } }) {
      const channel = 'a long name '.repeat(20)
      const stop = await engine.listen(channel, () => {})
      await engine.notify(channel, 'é'.repeat(3999))
      await engine.transaction((tx) => tx.notify(channel, ''))
      await stop()
      for (const payload of ['é'.repeat(4000), '\0', '\ud800', 7, null]) {
        await refused('VALIDATION', engine.notify('c', payload as string))
        await refused(
          'VALIDATION',
          engine.transaction((tx) => tx.notify('c', payload as string)),
        )
      }
      for (const bad of ['', '\0', null]) {
        await refused('VALIDATION', engine.notify(bad as string, ''))
        await refused(
          'VALIDATION',
          engine.listen(bad as string, () => {}),
        )
      }
    },
  },
  {
    id: 'engine.notices',
    guarantee: 'What a failed transaction would have told its listeners is never heard',
    async run({ system: { engine } }) {
      const heard: string[] = []
      const stop = await engine.listen('news "of" ours', (payload) => heard.push(payload))
      const failing = engine.transaction(async (tx) => {
        await tx.notify('news "of" ours', 'never')
        throw new Error('failed')
      })
      await assert.rejects(failing, /failed/)
      await engine.notify('other news', 'not ours')
      await engine.transaction((tx) => tx.notify('news "of" ours', 'inside'))
      await engine.notify('news "of" ours', 'outside')
      // They may never arrive; when they do, it is soon.
      for (let i = 0; i < 20 && heard.length < 2; i++) await new Promise((resolve) => setTimeout(resolve, 5))
      await stop()
      assert.deepEqual(
        heard.filter((payload) => payload !== 'inside' && payload !== 'outside'),
        [],
      )
    },
  },
]
