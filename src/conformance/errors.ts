/** Errors: a closed set, the same on every tier, that says what is wrong and what to do about it. */

import assert from 'node:assert/strict'
import { type ErrorCode, TerraceError } from '../errors.ts'
import { agents } from '../schema/agents.ts'
import { codebases } from '../schema/codebases.ts'
import { conversations } from '../schema/conversations.ts'
import { tables } from '../schema/tables.ts'
import { tasks } from '../schema/tasks.ts'
import { workspaces } from '../schema/workspaces.ts'
import type { Scope } from '../system.ts'
import { everything, many, newWorkspace, range, refused, settled } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { everyCall, groupsOf, namedCalls, type Seed, seed } from './verbs.ts'

/** One call for every code that can be provoked at will, and the fields of its error. */
const provoke = (
  scope: Scope,
  at: Seed,
): readonly (readonly [() => Promise<unknown>, Record<string, unknown>])[] => [
  [
    () => scope.workspaces.create({ title: '' }),
    { code: 'VALIDATION', name: 'ValidationError', table: 'workspaces', column: 'title' },
  ],
  [
    () => scope.workspaces.update('nobody', { title: 'W' }),
    { code: 'NOT_FOUND', name: 'NotFoundError', table: 'workspaces', id: 'nobody' },
  ],
  [
    () => scope.conversations.create({ workspaceId: at.workspaceId, platform: 'web', platformId: '42' }),
    {
      code: 'ALREADY_EXISTS',
      name: 'AlreadyExistsError',
      table: 'conversations',
      columns: ['workspaceId', 'platform', 'platformId'],
    },
  ],
  [
    () => scope.teams.create({ workspaceId: 'nobody', name: 'T' }),
    { code: 'REFERENCE', name: 'InvalidReferenceError', table: 'teams' },
  ],
  [
    () => scope.tasks.update(at.taskId, { title: 'T' }, { ifVersion: 9 }),
    {
      code: 'VERSION_CONFLICT',
      name: 'VersionConflictError',
      table: 'tasks',
      id: at.taskId,
      expected: 9,
      current: 1,
    },
  ],
  [
    () => scope.tasks.complete(at.taskId),
    {
      code: 'INVALID_TRANSITION',
      name: 'InvalidTransitionError',
      table: 'tasks',
      id: at.taskId,
      verb: 'complete',
      status: 'ready',
      allowed: ['running', 'review', 'paused'],
    },
  ],
]

/** What a caller may hand in that the types forbid. */
const HOSTILE: readonly unknown[] = [
  null,
  undefined,
  7,
  Number.NaN,
  true,
  'x',
  '',
  [],
  [null],
  {},
  Symbol('s'),
  1n,
  () => 1,
]

/** How many arguments a verb has before its options, where that is not one. */
const ARGUMENTS: Readonly<Record<string, number>> = {
  ...{
    update: 2,
    ensureDefault: 0,
    setDefault: 1,
    setCommand: 3,
    removeCommand: 2,
    findByPath: 2,
    setStatus: 2,
  },
  ...{ append: 2, appendMany: 2, last: 2, range: 3, react: 3, unreact: 3, addMember: 2, removeMember: 2 },
  ...{ declareBatch: 2, addDependency: 2, removeDependency: 2, assign: 2, set: 3, merge: 3, reconcile: 2 },
  ...{
    insert: 3,
    replace: 2,
    edit: 3,
    applyUpdate: 2,
    label: 2,
    restore: 2,
    search: 2,
    since: 2,
    tell: 4,
    follow: 2,
  },
  ...{ progress: 2 },
  ...{ acquire: 2, steal: 2, renew: 2, inspect: 2, check: 2, send: 2, finish: 2, next: 2 },
  ...{ reap: 0, claimDue: 0, deliverDue: 0 },
  ...{ 'timers.set': 1, 'timers.cancel': 2, 'fileLocks.release': 2 },
}

/** A System's store by which any verb takes anything. */
type Anything = Readonly<Record<string, (...input: readonly unknown[]) => Promise<unknown>>>

export const errorScenarios: readonly Scenario[] = [
  {
    id: 'errors.fields',
    guarantee:
      'Every error is a TerraceError with its code, its name and its fields, and is safe to log as JSON',
    async run({ system }) {
      const at = await seed(system)
      const before = await everything(system.engine)
      for (const [call, fields] of provoke(system, at)) {
        const error: unknown = await call().catch((thrown: unknown) => thrown)
        assert.ok(error instanceof TerraceError && error instanceof Error)
        const json = JSON.parse(JSON.stringify(error)) as Record<string, unknown>
        assert.deepEqual(json, { ...fields, message: error.message })
        // What a database calls things is for the cause alone.
        assert.doesNotMatch(JSON.stringify(error), /terrace_|\bSQL|constraint|insert into/i)
        assert.match(error.message, /^[a-z]\w*\W/)
      }
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'errors.fields-in-transactions',
    guarantee: 'Inside a transaction the same calls fail with the same errors',
    async run({ system }) {
      const at = await seed(system)
      const before = await everything(system.engine)
      for (const [i, [call, { code, name: _, ...fields }]] of provoke(system, at).entries()) {
        const outside = await refused(code as ErrorCode, call(), fields)
        const inside = system.transaction((tx) => provoke(tx, at)[i]![0]())
        assert.equal((await refused(code as ErrorCode, inside, fields)).message, outside.message)
      }
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'errors.first-constraint',
    guarantee:
      'Of several unique constraints that a new row violates at once, the first in the order of the schema is named',
    async run({ system }) {
      const at = await seed(system)
      const { workspaceId } = at
      const { engine } = system
      const times = { createdAt: engine.now(), updatedAt: engine.now() }
      await system.codebases.setDefault(at.codebaseId)
      const codebase = { id: 'c', workspaceId, path: '/srv/app', isDefault: true, ...times }
      const group = {
        id: 'g',
        workspaceId,
        kind: 'group',
        leadId: at.agentId,
        name: 'Everybody',
        lastActivityAt: times.createdAt,
        ...times,
      } as const
      const inserts = [
        [() => engine.insert(codebases, [{ ...codebase, id: at.codebaseId }]), ['id']],
        [() => engine.insert(codebases, [codebase]), ['workspaceId', 'path']],
        [() => engine.insert(codebases, [{ ...codebase, path: '/new' }]), ['workspaceId']],
        [
          () => engine.insert(workspaces, [{ id: workspaceId, slug: workspaceId, title: 'W', ...times }]),
          ['id'],
        ],
        [
          () => engine.insert(conversations, [{ ...group, platform: 'web', platformId: '42' }]),
          ['workspaceId', 'platform', 'platformId'],
        ],
        [
          () => engine.insert(conversations, [{ ...group, platform: 'web', platformId: '7' }]),
          ['workspaceId', 'leadId', 'name'],
        ],
      ] as const
      for (const [insert, columns] of inserts) await refused('ALREADY_EXISTS', insert(), { columns })
      const both = engine.insert(codebases, [
        { ...codebase, path: '/new' },
        { ...codebase, id: 'd' },
      ])
      await refused('ALREADY_EXISTS', both, { columns: ['workspaceId'] })
      assert.equal(await system.codebases.count(), 1)
    },
  },
  {
    id: 'errors.first-constraint-of-updates',
    guarantee:
      'Of several unique constraints that an update violates at once, the first in the order of the schema is named',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const first = await system.codebases.create({ workspaceId, path: '/a' })
      await system.codebases.setDefault(first.id)
      const second = await system.codebases.create({ workspaceId, path: '/b' })
      const where = { id: second.id }
      const update = (set: object) => system.engine.update(codebases, { where, set })
      const path = ['workspaceId', 'path']
      await refused('ALREADY_EXISTS', update({ isDefault: true, path: '/a' }), {
        table: 'codebases',
        columns: path,
      })
      await refused('ALREADY_EXISTS', update({ path: '/a' }), { columns: path })
      await refused('ALREADY_EXISTS', update({ isDefault: true }), { columns: ['workspaceId'] })
      await refused('ALREADY_EXISTS', update({ id: first.id, path: '/a' }), { columns: ['id'] })
      assert.deepEqual(await system.codebases.get(second.id), second)
    },
  },
  {
    id: 'errors.first-constraint-of-upserts',
    guarantee:
      'Of several unique constraints that an upsert’s row violates beside the one it gives way to, the first is named',
    async run({ system }) {
      const { engine } = system
      const workspaceId = await newWorkspace(system)
      const { id } = await system.codebases.create({ workspaceId, path: '/a' })
      await system.codebases.setDefault(id)
      await system.codebases.create({ id: 'b', workspaceId, path: '/b' })
      const before = await everything(engine)
      const times = { createdAt: engine.now(), updatedAt: engine.now() }
      const upsert = (row: { readonly id: string; readonly path: string }, set: object = { label: 'L' }) =>
        engine.insert(codebases, [{ ...row, workspaceId, isDefault: true, ...times }], {
          onConflict: { columns: ['workspaceId', 'path'], set },
        })
      await refused('ALREADY_EXISTS', upsert({ id, path: '/c' }), { table: 'codebases', columns: ['id'] })
      await refused('ALREADY_EXISTS', upsert({ id: 'b', path: '/c' }), { columns: ['id'] })
      await refused('ALREADY_EXISTS', upsert({ id: 'c', path: '/c' }), { columns: ['workspaceId'] })
      // Here the row that was in the way violates them, as what it would become.
      await refused('ALREADY_EXISTS', upsert({ id, path: '/b' }, { isDefault: true }), {
        columns: ['workspaceId'],
      })
      assert.deepEqual(await everything(engine), before)
    },
  },
  {
    id: 'errors.duplicate-before-reference',
    guarantee: 'A row that is a duplicate and refers to nothing is refused as a duplicate',
    async run({ system }) {
      const at = await seed(system)
      const times = { createdAt: system.engine.now(), updatedAt: system.engine.now() }
      const agent = {
        id: at.agentId,
        workspaceId: at.workspaceId,
        name: 'A',
        role: 'r',
        teamId: 'nobody',
        ...times,
      }
      await refused('ALREADY_EXISTS', system.engine.insert(agents, [agent]), {
        table: 'agents',
        columns: ['id'],
      })
      await refused('VALIDATION', system.engine.insert(agents, [{ ...agent, name: '' }]), { column: 'name' })
    },
  },
  {
    id: 'errors.update-of-many',
    guarantee: 'An update that would make two of its rows the same is refused, and changes none',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      for (const key of ['a', 'b']) await system.tasks.create({ workspaceId, key, title: 'T' })
      const before = await everything(system.engine)
      const update = system.engine.update(tasks, { where: {}, set: { key: 'same' } })
      await refused('ALREADY_EXISTS', update, { table: 'tasks', columns: ['workspaceId', 'crew', 'key'] })
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'errors.unique-never-by-null',
    guarantee:
      'Uniqueness never hinges on null: no unique column can be null, and what is left out gets a name of its own',
    async run({ system }) {
      for (const table of tables) {
        const unique = table.indexes.filter((index) => index.unique).flatMap(({ columns }) => columns)
        for (const { column } of unique) assert.equal(column.optional, false, `${table.name}.${column.key}`)
        for (const column of table.primaryKey)
          assert.equal(column.optional, false, `${table.name}.${column.key}`)
      }
      const workspaceId = await newWorkspace(system)
      const [a, b] = await Promise.all(many(2, () => system.conversations.create({ workspaceId })))
      assert.deepEqual([a!.platformId, b!.platformId], [a!.id, b!.id])
      const [x, y] = await Promise.all(many(2, () => system.tasks.create({ workspaceId, title: 'T' })))
      assert.deepEqual([x!.key, y!.key], [x!.id, y!.id])
      const taken = system.tasks.create({ workspaceId, title: 'T', key: x!.id })
      await refused('ALREADY_EXISTS', taken, { columns: ['workspaceId', 'crew', 'key'] })
    },
  },
  {
    id: 'errors.hostile-arguments',
    guarantee: 'Whatever a caller hands to any verb, only the library’s own errors come out of it',
    async run({ system }) {
      const at = await seed(system)
      // The cast: whatever is handed to them.
      const stores = groupsOf(system) as unknown as Readonly<Record<string, Anything>>
      for (const [name] of namedCalls(everyCall(system, at))) {
        const [store, verb] = name.split('.') as [string, string]
        const inputs = HOSTILE.flatMap((value) => {
          const all = range(ARGUMENTS[name] ?? ARGUMENTS[verb] ?? 1).map(() => value)
          return [all, ['x', ...all.slice(1)]]
        })
        await Promise.all(
          inputs.map(async (input) => {
            try {
              await stores[store]![verb]!(...input)
            } catch (error) {
              const shown = input.map((value) =>
                typeof value === 'object' ? JSON.stringify(value) : String(value),
              )
              assert.ok(error instanceof TerraceError, `${name}(${shown.join(', ')}): ${String(error)}`)
            }
          }),
        )
      }
    },
  },
  {
    id: 'errors.of-many',
    guarantee: 'Of many calls made at once, each gets its own answer or its own error',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { workspaceId, agentId } = await seed(system)
      const calls = many(24, (i) => {
        const { agents: store } = systems[i % 2]!
        const agent = { workspaceId, name: `${i}`, role: 'r' }
        if (i % 6 === 0) return store.create({ ...agent, id: agentId })
        if (i % 6 === 1) return store.create({ ...agent, parentId: 'nobody' })
        if (i % 6 === 2) return store.create({ ...agent, name: '' })
        return store.create({ ...agent, parentId: agentId })
      })
      const outcomes = await Promise.allSettled(calls)
      const codes = ['ALREADY_EXISTS', 'REFERENCE', 'VALIDATION']
      for (const [i, outcome] of outcomes.entries()) {
        if (outcome.status === 'fulfilled') assert.equal(outcome.value.name, `${i}`)
        else assert.equal((outcome.reason as TerraceError).code, codes[i % 6])
      }
      assert.equal((await settled(calls)).values.length, 12)
      assert.equal(await system.agents.count(), 14)
    },
  },
]
