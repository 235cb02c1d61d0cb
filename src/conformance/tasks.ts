import assert from 'node:assert/strict'
import { type Task, taskStatuses } from '../schema/tasks.ts'
import type { TaskFilter } from '../stores/tasks.ts'
import { newWorkspace, range, refused, settled } from './expect.ts'
import { aTask, idsOf, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'
import { storeVerbScenarios } from './store-verbs.ts'

const KEPT_BY_VERBS = {
  status: 'ready',
  pausedFrom: null,
  startedAt: null,
  completedAt: null,
  openDependencies: 0,
  failedDependencies: 0,
  dependents: 0,
}

export const taskScenarios: readonly Scenario[] = [
  ...storeVerbScenarios({
    name: 'tasks',
    verbs: (scope) => scope.tasks,
    inWorkspace: true,
    least: (workspaceId) => ({ workspaceId, title: 'Build' }),
    defaults: (id) => ({
      crew: '',
      key: id,
      objective: '',
      scope: null,
      acceptanceCriteria: [],
      priority: 0,
      assigneeId: null,
      role: null,
      parallelGroup: null,
      files: [],
      model: null,
      verification: null,
      completionSummary: null,
      failureReason: null,
      archived: false,
      metadata: {},
      ...KEPT_BY_VERBS,
    }),
    whole: async (scope, workspaceId) => ({
      given: {
        id: 't',
        workspaceId,
        crew: 'crew-1',
        key: 'task-1',
        title: 'Größe 🤖',
        objective: 'o',
        scope: 's',
        acceptanceCriteria: ['a', ''],
        priority: -3,
        assigneeId: (await scope.agents.create({ workspaceId, name: 'Ada', role: 'developer' })).id,
        role: 'developer',
        parallelGroup: 'g',
        files: ['src/index.ts', 'a b'],
        model: 'm-1',
        verification: { passed: [1, { of: 2 }] },
        completionSummary: 'c',
        failureReason: 'f',
        archived: true,
        metadata: { a: 1, b: { c: [null] } },
      },
      kept: KEPT_BY_VERBS,
    }),
    patch: {
      title: 'New',
      scope: null,
      role: undefined,
      priority: 9,
      files: [],
      verification: { ok: true, passed: null },
      metadata: { a: null, b: { d: 1 } },
    },
    patched: {
      title: 'New',
      scope: null,
      priority: 9,
      files: [],
      verification: { ok: true },
      metadata: { b: { d: 1 } },
    },
    owned: {
      ...KEPT_BY_VERBS,
      status: 'done',
      pausedFrom: 'running',
      startedAt: new Date(0),
      completedAt: new Date(0),
      titleFolded: 'x',
    },
    fixed: { crew: 'other', key: 'other' },
    bad: {
      id: ['', 7],
      key: ['', null, 'x'.repeat(129)],
      crew: [null, 'x'.repeat(129)],
      title: ['', null, 'x'.repeat(1025), 'a\0'],
      priority: [null, 0.5, 2 ** 53, '1'],
      role: [''],
      acceptanceCriteria: [null],
      verification: [{ at: new Date(0) }],
      archived: [null],
    },
    refers: {
      assigneeId: {
        make: (scope, workspaceId) => scope.agents.create({ workspaceId, name: 'A', role: 'r' }),
        remove: (scope, id) => scope.agents.delete(id),
      },
    },
  }),
  {
    id: 'tasks.key-unique',
    guarantee:
      'A key stands for one task of a crew, also when many make it at once; two crews may both have it',
    async run({ system, second }) {
      const workspaceId = await newWorkspace(system)
      const task = { workspaceId, crew: 'red', key: 'task-1', title: 'T' }
      const calls = race(8, [system, await second()], (each) => each.tasks.create(task))
      const { values, codes } = await settled(calls)
      assert.deepEqual([values.length, codes], [1, Array(7).fill('ALREADY_EXISTS')])
      const taken = { table: 'tasks', columns: ['workspaceId', 'crew', 'key'] }
      await refused('ALREADY_EXISTS', system.tasks.create(task), taken)
      await refused('ALREADY_EXISTS', system.tasks.create({ ...task, dependsOn: idsOf(values) }), taken)
      for (const other of [{ crew: 'blue' }, { crew: '' }, { key: 'Task-1' }]) {
        await system.tasks.create({ ...task, ...other })
      }
      await system.tasks.create({ ...task, workspaceId: await newWorkspace(system) })
      assert.equal(await system.tasks.count({ key: 'task-1' }), 4)
      assert.deepEqual((await system.tasks.list({ workspaceId, crew: 'red', key: 'task-1' })).items, values)
    },
  },
  {
    id: 'tasks.ready',
    guarantee:
      'What is ready is all that can be started and nothing else: the highest priority first, then the oldest',
    async run({ system, clock }) {
      const workspaceId = await newWorkspace(system)
      const make = async (priority: number, more: { readonly archived?: boolean } = {}) => {
        const { id } = await system.tasks.create({ workspaceId, title: 'T', priority, ...more })
        return id
      }
      const [low, first] = [await make(-5), await make(0)]
      clock.advance(-1000)
      const older = await make(0)
      clock.advance(2000)
      const [second, high] = [await make(0), await make(7)]
      await make(99, { archived: true })
      for (const status of taskStatuses) {
        if (!['ready', 'pending'].includes(status)) await aTask(system, workspaceId, status)
      }
      const waiting = await system.tasks.create({ workspaceId, title: 'T', priority: 50, dependsOn: [low] })
      await aTask(system, await newWorkspace(system))
      const ordered = [high, older, first, second, low]
      assert.deepEqual(idsOf(await system.tasks.ready(workspaceId)), ordered)
      assert.deepEqual(idsOf(await system.tasks.ready(workspaceId, { limit: 2 })), ordered.slice(0, 2))
      for (const id of ordered) await system.tasks.start(id)
      await system.tasks.complete(low)
      const ready = await system.tasks.ready(workspaceId)
      assert.deepEqual(ready, [
        { ...waiting, status: 'ready', openDependencies: 0, version: 2, updatedAt: clock() },
      ])
      assert.deepEqual(await system.tasks.ready(UNKNOWN), [])
      for (const limit of [0, 1001, 1.5]) {
        await refused('VALIDATION', system.tasks.ready(workspaceId, { limit }), { table: 'tasks' })
      }
    },
  },
  {
    id: 'tasks.ready-is-worked-off-once',
    guarantee:
      'Many workers that take what is ready until nothing is left run every task once, and none before what it waits for',
    async run({ system, second }) {
      const workspaceId = await newWorkspace(system)
      const systems = [system, await second()]
      const batch = range(20).map((n) => ({
        key: `${n}`,
        title: 'T',
        dependsOn: n < 4 ? [] : [`${n - 4}`, `${n - 3}`, `${n - 1}`],
      }))
      await system.tasks.declareBatch(workspaceId, batch)
      const finished: string[] = []
      await Promise.all(
        race(6, systems, async ({ tasks }) => {
          // Turns are counted, lest a task that is stuck keeps them here.
          for (let turn = 0; turn < 1000 && finished.length < batch.length; turn++) {
            for (const { id, key } of await tasks.ready(workspaceId, { limit: 1 })) {
              const { values } = await settled([tasks.start(id)])
              if (values.length === 0) continue
              const { dependsOn } = batch[Number(key)]!
              for (const name of dependsOn) assert.ok(finished.includes(name), `${key} waits for ${name}`)
              finished.push(key)
              await tasks.complete(id)
            }
          }
        }),
      )
      assert.deepEqual(finished.toSorted(), batch.map(({ key }) => key).toSorted())
      assert.equal(await system.tasks.count({ workspaceId, status: 'done' }), 20)
    },
  },
  {
    id: 'tasks.search',
    guarantee: 'Titles are searched for a literal part, whatever its case, also after they change',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const make = async (title: string) => system.tasks.create({ workspaceId, title })
      for (const title of ['100% Größe', '100 percent', 'a_b', 'axb', 'back\\slash', 'ΟΔΟΣ', 'ﬁne 🤖'])
        await make(title)
      const found = async (search: string, more: TaskFilter = {}) =>
        (await system.tasks.list({ workspaceId, search, ...more })).items.map(({ title }) => title)
      const searches: [string, string[]][] = [
        ['0%', ['100% Größe']],
        ['GRÖSSE', ['100% Größe']],
        ['A_B', ['a_b']],
        ['k\\S', ['back\\slash']],
        ['οδοσ', ['ΟΔΟΣ']],
        ['ΟΔΟΣΑ', []],
        ['FINE', ['ﬁne 🤖']],
        ['🤖', ['ﬁne 🤖']],
        ['\0', []],
      ]
      for (const [search, titles] of searches) assert.deepEqual(await found(search), titles, search)
      assert.equal((await found('')).length, 7)
      assert.equal(await system.tasks.count({ workspaceId, search: '100' }), 2)
      const task = await make('Before')
      await system.tasks.update(task.id, { title: 'After' })
      assert.deepEqual([await found('before'), await found('aFTER')], [[], ['After']])
      await refused('VALIDATION', system.tasks.list({ search: 'a', title: 'b' }), { column: 'title' })
    },
  },
  {
    id: 'tasks.archive',
    guarantee:
      'Archived tasks are left out of lists, counts and what is ready unless asked for, and lose nothing',
    async run({ system, clock }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const [shown, hidden] = [await aTask(system, workspaceId), await aTask(system, workspaceId)]
      clock.advance(1000)
      const archived = { ...hidden, archived: true, version: 2, updatedAt: clock() }
      assert.deepEqual(await tasks.archive(hidden.id), archived)
      const cases: [TaskFilter, Task[]][] = [
        [{}, [shown]],
        [{ archived: true }, [archived]],
        [{ archived: false }, [shown]],
        [{ includeArchived: true }, [shown, archived]],
        [{ status: 'ready' }, [shown]],
      ]
      for (const [filter, expected] of cases) {
        assert.deepEqual((await tasks.list({ workspaceId, ...filter })).items, expected)
        assert.equal(await tasks.count({ workspaceId, ...filter }), expected.length)
      }
      assert.deepEqual(await tasks.ready(workspaceId), [shown])
      assert.deepEqual(await tasks.get(hidden.id), archived)
      assert.deepEqual(await tasks.unarchive(hidden.id), { ...archived, archived: false, version: 3 })
      assert.deepEqual(idsOf(await tasks.ready(workspaceId)), [shown.id, hidden.id])
      await refused('NOT_FOUND', tasks.archive(UNKNOWN), { table: 'tasks', id: UNKNOWN })
      await refused('NOT_FOUND', tasks.unarchive(UNKNOWN), { table: 'tasks', id: UNKNOWN })
    },
  },
  {
    id: 'tasks.assign',
    guarantee: 'A task is assigned to an agent of its workspace or to nobody, in whatever status it is',
    async run({ system, clock }) {
      const workspaceId = await newWorkspace(system)
      const agent = await system.agents.create({ workspaceId, name: 'Ada', role: 'developer' })
      const foreign = await system.agents.create({
        workspaceId: await newWorkspace(system),
        name: 'E',
        role: 'r',
      })
      for (const status of taskStatuses) {
        const task = await aTask(system, workspaceId, status)
        clock.advance(1000)
        const assigned = { ...task, assigneeId: agent.id, version: task.version + 1, updatedAt: clock() }
        assert.deepEqual(await system.tasks.assign(task.id, agent.id), assigned)
        for (const id of [foreign.id, UNKNOWN]) {
          await refused('REFERENCE', system.tasks.assign(task.id, id), { table: 'tasks' })
        }
        assert.deepEqual(await system.tasks.get(task.id), assigned)
        assert.equal((await system.tasks.assign(task.id, null)).assigneeId, null)
      }
      await refused('NOT_FOUND', system.tasks.assign(UNKNOWN, agent.id), { table: 'tasks', id: UNKNOWN })
    },
  },
]
