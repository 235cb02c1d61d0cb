/** Inserting rows, and what becomes of those that have another in their way. */

import assert from 'node:assert/strict'
import { increment, lt, merge } from '../engine/query.ts'
import { type Agent, agents } from '../schema/agents.ts'
import { codebases } from '../schema/codebases.ts'
import { roles } from '../schema/roles.ts'
import { settings } from '../schema/settings.ts'
import { workspaces } from '../schema/workspaces.ts'
import { namesOf, newRoles, role, times } from './engine-fixtures.ts'
import { everything, many, newWorkspace, range, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { seed } from './verbs.ts'

export const engineInsertScenarios: readonly Scenario[] = [
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
    id: 'engine.insert-alike',
    guarantee:
      'Many rows with most in common are stored each with its own, and refused for what they have in common',
    async run({ system: { engine }, system }) {
      const { workspaceId, agentId } = await seed(system)
      const theirs = await seed(system, 'Theirs')
      const rowsOf = (more: (i: number) => object) =>
        range(25).map((i) => {
          const row = { id: `${i}`, workspaceId, name: 'Same', role: 'r', ...times(engine) }
          return { ...row, metadata: { deep: ['"\\{}'] }, ...more(i) }
        })
      const before = await everything(engine)
      for (const parentId of ['nobody', theirs.agentId]) {
        await refused(
          'REFERENCE',
          engine.insert(
            agents,
            rowsOf(() => ({ parentId })),
          ),
        )
      }
      await refused(
        'ALREADY_EXISTS',
        engine.insert(
          agents,
          rowsOf(() => ({ id: 'same' })),
        ),
      )
      assert.deepEqual(await everything(engine), before)
      const lastSeenAt = engine.now()
      for (const [prefix, more] of [
        ['all', () => ({ parentId: agentId, model: 'm', lastSeenAt })],
        ['none', () => ({ parentId: null, model: null })],
        ['last', (i: number) => (i === 24 ? { parentId: agentId, metadata: {}, lastSeenAt } : {})],
      ] as const) {
        const given = rowsOf((i) => ({ ...more(i), id: `${prefix} ${i}` }))
        const stored = await engine.insert(agents, given)
        for (const [i, row] of stored.entries()) {
          const { parentId = null, model = null, lastSeenAt: seen = null } = given[i] as Partial<Agent>
          assert.deepEqual(
            [row.id, row.parentId, row.model, row.lastSeenAt],
            [given[i]!.id, parentId, model, seen],
          )
          assert.deepEqual(row.metadata, given[i]!.metadata)
          assert.deepEqual(await engine.get(agents, row.id), row)
        }
      }
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
]
