import assert from 'node:assert/strict'
import type { Table } from '../schema/dsl/table.ts'
import { tables } from '../schema/tables.ts'
import { everything, refused, settled } from './expect.ts'
import { aWorkspace, idsOf, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'
import { storeVerbScenarios } from './store-verbs.ts'
import { seed } from './verbs.ts'

export const workspaceScenarios: readonly Scenario[] = [
  ...storeVerbScenarios({
    name: 'workspaces',
    verbs: (scope) => scope.workspaces,
    inWorkspace: false,
    least: () => ({ title: 'W' }),
    defaults: (id) => ({
      slug: id,
      kind: 'project',
      description: '',
      cwd: null,
      status: 'active',
      metadata: {},
    }),
    whole: async () => ({
      given: {
        id: 'w',
        title: 'Größe 🤖',
        slug: 'big',
        kind: 'company',
        description: 'd',
        cwd: '/srv/app',
        status: 'archived',
        metadata: { a: 1, b: { c: [null] } },
      },
    }),
    patch: { title: 'New', kind: undefined, cwd: null, metadata: { a: null, b: { d: 1 }, e: 'f' } },
    patched: { title: 'New', cwd: null, metadata: { b: { d: 1 }, e: 'f' } },
    owned: {},
    fixed: { status: 'archived' },
    bad: {
      id: ['', 7, 'x'.repeat(129)],
      title: ['', null, 'x'.repeat(1025), 'a\0b', '\ud800'],
      slug: ['', null, 'x'.repeat(129)],
      kind: ['team', null, 'Project'],
      cwd: ['', 'x'.repeat(4097)],
      status: ['deleted'],
      metadata: [{ at: new Date(0) }, { n: Number.NaN }],
    },
    refers: {},
  }),
  {
    id: 'workspaces.slug-unique',
    guarantee: 'Two workspaces never have the same slug, also when they are made at once by two connections',
    async run({ system, second }) {
      const calls = race(8, [system, await second()], (each) =>
        each.workspaces.create({ title: 'W', slug: 'same' }),
      )
      const { values, codes } = await settled(calls)
      assert.deepEqual([values.length, codes], [1, Array(7).fill('ALREADY_EXISTS')])
      const taken = { table: 'workspaces', columns: ['slug'] }
      await refused('ALREADY_EXISTS', system.workspaces.create({ title: 'W', slug: 'same' }), taken)
      const other = await aWorkspace(system)
      await refused('ALREADY_EXISTS', system.workspaces.update(other.id, { slug: 'same' }), taken)
      assert.deepEqual(await system.workspaces.get(other.id), other)
    },
  },
  {
    id: 'workspaces.id-without-colon',
    guarantee: 'The id of a workspace has no colon, by which scopes of settings tell where it ends',
    async run({ system }) {
      for (const id of [':', 'a:', ':b', 'a:b', 'a:b:c']) {
        const column = { table: 'workspaces', column: 'id' }
        await refused('VALIDATION', system.workspaces.create({ id, title: 'W' }), column)
        await refused(
          'VALIDATION',
          system.transaction((tx) => tx.workspaces.create({ id, title: 'W' })),
          column,
        )
      }
      assert.equal(await system.workspaces.count(), 0)
      assert.equal((await system.workspaces.create({ id: 'a', title: 'a:b', slug: 'a:b' })).slug, 'a:b')
    },
  },
  {
    id: 'workspaces.archived-hidden',
    guarantee: 'Archived workspaces are left out of lists and counts unless asked for, and still found by id',
    async run({ system }) {
      const { workspaces } = system
      const [shown, hidden] = [await aWorkspace(system), await aWorkspace(system)]
      const archived = await workspaces.archive(hidden.id)
      const listed = async (filter: Parameters<typeof workspaces.list>[0]) => {
        const { items } = await workspaces.list(filter)
        assert.equal(await workspaces.count(filter), items.length)
        return items
      }
      assert.deepEqual(await listed({}), [shown])
      assert.deepEqual(await listed({ status: 'active' }), [shown])
      assert.deepEqual(await listed({ archived: false }), [shown])
      assert.deepEqual(await listed({ archived: true }), [archived])
      assert.deepEqual(await listed({ status: 'archived' }), [archived])
      assert.deepEqual(await listed({ includeArchived: true }), [shown, archived])
      assert.deepEqual(await listed({ status: ['active', 'archived'] }), [shown, archived])
      assert.deepEqual(await workspaces.get(hidden.id), archived)
    },
  },
  {
    id: 'workspaces.archive',
    guarantee: 'Archiving and its opposite change the status alone, with the version and the time',
    async run({ system, clock }) {
      const row = await aWorkspace(system)
      clock.advance(1000)
      const archived = { ...row, status: 'archived', version: 2, updatedAt: clock() }
      assert.deepEqual(await system.workspaces.archive(row.id), archived)
      assert.deepEqual(await system.workspaces.get(row.id), archived)
      const active = { ...row, version: 3, updatedAt: clock() }
      assert.deepEqual(await system.workspaces.unarchive(row.id), active)
      assert.deepEqual((await system.workspaces.list()).items, [active])
      const gone = { table: 'workspaces', id: UNKNOWN }
      await refused('NOT_FOUND', system.workspaces.archive(UNKNOWN), gone)
      await refused('NOT_FOUND', system.workspaces.unarchive(UNKNOWN), gone)
    },
  },
  {
    id: 'workspaces.ensure-default-race',
    guarantee:
      'However many ask for the default workspace at once, there is one, and all get it without an error',
    async run({ system, second, clock }) {
      const systems = [system, await second()]
      const rows = await Promise.all(race(16, systems, (each) => each.workspaces.ensureDefault()))
      assert.equal(new Set(idsOf(rows)).size, 1)
      const { items } = await system.workspaces.list()
      assert.equal(items.length, 1)
      const { slug, title, status, version, createdAt } = items[0]!
      assert.deepEqual(
        { slug, title, status, version, createdAt },
        { slug: 'default', title: 'Default', status: 'active', version: 1, createdAt: clock() },
      )
      for (const row of rows) assert.deepEqual(row, items[0])
    },
  },
  {
    id: 'workspaces.ensure-default-keeps',
    guarantee:
      'The default workspace is made with the title asked for first, and never changed by asking again',
    async run({ system, clock }) {
      const made = await system.workspaces.ensureDefault({ title: 'Home' })
      assert.equal(made.title, 'Home')
      clock.advance(1000)
      assert.deepEqual(await system.workspaces.ensureDefault({ title: 'Other' }), made)
      const archived = await system.workspaces.archive(made.id)
      assert.deepEqual(await system.workspaces.ensureDefault(), archived)
      await refused('ALREADY_EXISTS', system.workspaces.create({ title: 'W', slug: 'default' }))
    },
  },
  {
    id: 'workspaces.ensure-default-deleted',
    guarantee:
      'Asking for the default workspace never fails, also when it is deleted again and again meanwhile',
    async run({ system, second }) {
      const other = await second()
      for (let round = 0; round < 5; round++) {
        const { id } = await system.workspaces.ensureDefault()
        const asked = race(6, [system, other], (each) => each.workspaces.ensureDefault())
        const [rows] = await Promise.all([Promise.all(asked), other.workspaces.delete(id)])
        for (const row of rows) assert.equal(row.slug, 'default')
        assert.ok((await system.workspaces.count()) <= 1)
      }
    },
  },
  {
    id: 'workspaces.delete-cascades',
    guarantee: 'Deleting a workspace removes everything under it, and nothing of another one or of none',
    async run({ system }) {
      const { workspaceId: id } = await seed(system)
      await seed(system)
      await system.settings.set(`workspace:${id}:agents`, 'limit', 3)
      await system.settings.set(`workspace:${id}0`, 'theme', 'of a longer id')
      await system.settings.set('user:1', 'theme', id)
      await system.roles.create({ name: 'Everywhere' })
      await system.roles.create({ workspaceId: id, name: 'Builder', builtIn: true })
      const expected = await everything(system.engine)
      for (const table of tables) {
        const kept = expected[table.name]!.filter((row) => !isOf(table, row, id))
        assert.ok(kept.length > 0 && kept.length < expected[table.name]!.length, table.name)
        expected[table.name] = kept
      }
      assert.equal(await system.workspaces.delete(id), true)
      assert.deepEqual(await everything(system.engine), expected)
      assert.equal(await system.workspaces.delete(id), false)
    },
  },
  {
    id: 'workspaces.delete-all-or-nothing',
    guarantee: 'A workspace whose deletion is rolled back has lost nothing',
    async run({ system }) {
      const { workspaceId } = await seed(system)
      const before = await everything(system.engine)
      const failed = system.transaction(async (tx) => {
        assert.equal(await tx.workspaces.delete(workspaceId), true)
        assert.equal(await tx.tasks.count(), 0)
        throw new Error('changed my mind')
      })
      await assert.rejects(failed, /changed my mind/)
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'workspaces.delete-once',
    guarantee: 'Of many who delete one workspace at once, one has deleted it, and all of it',
    async run({ system, second }) {
      const { workspaceId } = await seed(system)
      const systems = [system, await second()]
      const answers = await Promise.all(race(6, systems, (each) => each.workspaces.delete(workspaceId)))
      assert.equal(answers.filter((deleted) => deleted).length, 1)
      for (const rows of Object.values(await everything(system.engine))) assert.deepEqual(rows, [])
    },
  },
]

/** The cast: a row of this table. */
function isOf(table: Table, row: unknown, workspaceId: string): boolean {
  const column = table.columns.workspaceId === undefined ? 'id' : 'workspaceId'
  return (row as Readonly<Record<string, unknown>>)[column] === workspaceId
}
