/** Which task waits for which: what is added and removed counts at once, and never closes a circle. */

import assert from 'node:assert/strict'
import { type TaskStatus, taskDependencies } from '../schema/tasks.ts'
import { everything, newWorkspace, range, refused, settled } from './expect.ts'
import { assertRecount, aTask, idsOf, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

export const taskDependencyScenarios: readonly Scenario[] = [
  {
    id: 'tasks.add-dependency',
    guarantee: 'A dependency that is added counts at once, and once, in the status of the task that waits',
    async run({ system, clock }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const task = await aTask(system, workspaceId)
      clock.advance(1000)
      const cases: [awaited: TaskStatus, status: TaskStatus, open: number, failed: number][] = [
        ['done', 'ready', 0, 0],
        ['running', 'pending', 1, 0],
        ['failed', 'blocked', 2, 1],
        ['paused', 'blocked', 3, 1],
      ]
      for (const [awaited, status, openDependencies, failedDependencies] of cases) {
        const { id } = await aTask(system, workspaceId, awaited)
        const waiting = await tasks.addDependency(task.id, id)
        const { version, updatedAt } = waiting
        assert.deepEqual(waiting, {
          ...task,
          status,
          openDependencies,
          failedDependencies,
          version,
          updatedAt,
        })
        assert.deepEqual(await tasks.addDependency(task.id, id), waiting)
        assert.deepEqual(await tasks.get(task.id), waiting)
        assert.equal((await tasks.get(id))?.dependents, 1)
      }
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.add-dependency-before-the-start',
    guarantee: 'A task gets dependencies until it starts: then, and when it is over, one more is refused',
    async run({ system }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const { id: awaited } = await aTask(system, workspaceId)
      for (const status of ['pending', 'ready', 'blocked', 'paused'] as const) {
        const { id } = await aTask(system, workspaceId, status)
        assert.equal((await tasks.addDependency(id, awaited)).id, id)
      }
      for (const status of ['running', 'review', 'done', 'failed', 'skipped', 'cancelled'] as const) {
        const { id } = await aTask(system, workspaceId, status)
        const before = await everything(system.engine)
        const fields = { table: 'tasks', id, verb: 'addDependency', status }
        await refused('INVALID_TRANSITION', tasks.addDependency(id, awaited), fields)
        assert.deepEqual(await everything(system.engine), before)
      }
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.remove-dependency',
    guarantee: 'A dependency that is removed counts no more; removing what is not there changes nothing',
    async run({ system }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const [open, failed, done] = [
        (await aTask(system, workspaceId)).id,
        (await aTask(system, workspaceId, 'failed')).id,
        (await aTask(system, workspaceId, 'done')).id,
      ]
      const { id } = await tasks.create({ workspaceId, title: 'T', dependsOn: [open, failed, done] })
      const steps: [other: string, status: TaskStatus, left: string[]][] = [
        [UNKNOWN, 'blocked', [open, failed, done]],
        [done, 'blocked', [open, failed]],
        [failed, 'pending', [open]],
        [open, 'ready', []],
        [open, 'ready', []],
      ]
      for (const [other, status, left] of steps) {
        assert.equal((await tasks.removeDependency(id, other)).status, status)
        assert.deepEqual(idsOf(await tasks.dependencies(id)), left)
        await assertRecount(system, workspaceId)
      }
      await refused('NOT_FOUND', tasks.removeDependency(UNKNOWN, open), { table: 'tasks', id: UNKNOWN })
    },
  },
  {
    id: 'tasks.dependencies-listed',
    guarantee: 'What a task waits for, and what waits for it, is listed by age, finished ones included',
    async run({ system, clock }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const made: string[] = []
      for (const id of ['e', 'd', 'c', 'b', 'a']) {
        clock.advance(1)
        made.push((await tasks.create({ id, workspaceId, title: id })).id)
      }
      const [e, d, c, b, a] = made
      for (const [task, other] of [
        [a, c],
        [a, e],
        [a, b],
        [d, c],
      ])
        await tasks.addDependency(task!, other!)
      await tasks.cancel('e')
      assert.deepEqual(idsOf(await tasks.dependencies('a')), ['e', 'c', 'b'])
      assert.deepEqual(idsOf(await tasks.dependentsOf('c')), ['d', 'a'])
      assert.deepEqual(await tasks.dependencies('a'), await tasks.getMany(['e', 'c', 'b']))
      const edge = (taskId: string, dependsOnId: string) => ({ taskId, dependsOnId })
      const all = [edge('a', 'b'), edge('a', 'c'), edge('a', 'e'), edge('d', 'c')]
      assert.deepEqual(await tasks.edges(['d', 'e', UNKNOWN, 'a', 'd']), all)
      assert.deepEqual(await tasks.edges(['d']), [edge('d', 'c')])
      assert.deepEqual(await tasks.edges([]), [])
      for (const id of ['e', UNKNOWN]) assert.deepEqual(await tasks.dependencies(id), [])
      for (const id of ['a', UNKNOWN]) assert.deepEqual(await tasks.dependentsOf(id), [])
    },
  },
  {
    id: 'tasks.no-cycle',
    guarantee:
      'Tasks never wait for one another in a circle, over however many others; what would close one is refused',
    async run({ system }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const cycle = { table: 'tasks' }
      const make = (id: string, dependsOn: string[]) =>
        tasks.create({ id, workspaceId, title: id, dependsOn })
      await refused('VALIDATION', make('self', ['self']), cycle)
      await make('a', [])
      await make('b', ['a'])
      await make('c', ['b'])
      await make('d', ['c', 'a'])
      const before = await everything(system.engine)
      for (const other of ['a', 'b', 'c', 'd'])
        await refused('VALIDATION', tasks.addDependency('a', other), cycle)
      await refused('VALIDATION', tasks.addDependency('b', 'd'), cycle)
      assert.deepEqual(await everything(system.engine), before)
      // What waited and is over waits still.
      await tasks.skip('b')
      await refused('VALIDATION', tasks.addDependency('a', 'c'), cycle)
      await tasks.removeDependency('c', 'b')
      await tasks.removeDependency('d', 'a')
      assert.equal((await tasks.addDependency('a', 'd')).status, 'pending')
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.no-cycle-race',
    guarantee:
      'Of dependencies that are added at once and would close a circle of two or three, all but one are kept',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      // Few rounds: a database may take a second to notice that the callers wait for one another.
      for (const size of [2, 3]) {
        const ring = await Promise.all(range(size).map(() => aTask(system, workspaceId)))
        const calls = race(size, systems, (each, i) =>
          each.tasks.addDependency(ring[i]!.id, ring[(i + 1) % size]!.id),
        )
        const { values, codes } = await settled(calls)
        assert.deepEqual([values.length, codes], [size - 1, ['VALIDATION']])
        assert.equal(
          (await system.tasks.getMany(idsOf(ring))).filter((task) => task.status === 'ready').length,
          1,
        )
      }
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.dependencies-stay-within',
    guarantee: 'Tasks wait for tasks of their own workspace that exist, and a refused one leaves no trace',
    async run({ system }) {
      const { tasks } = system
      const [workspaceId, other] = [await newWorkspace(system), await newWorkspace(system)]
      const foreign = await tasks.create({ workspaceId: other, key: 'k', title: 'Foreign' })
      const { id } = await aTask(system, workspaceId)
      const before = await everything(system.engine)
      const lost = { table: 'tasks' }
      for (const name of [foreign.id, UNKNOWN, '', 'a\0']) {
        await refused('REFERENCE', tasks.addDependency(id, name), lost)
        await refused('REFERENCE', tasks.create({ workspaceId, title: 'T', dependsOn: [id, name] }), lost)
        const batch = [{ key: 'a', title: 'A', dependsOn: [id, name] }]
        await refused('REFERENCE', tasks.declareBatch(workspaceId, batch), lost)
      }
      await refused(
        'REFERENCE',
        tasks.declareBatch(workspaceId, [{ key: 'a', title: 'A', dependsOn: ['k'] }]),
        lost,
      )
      await refused('NOT_FOUND', tasks.addDependency(UNKNOWN, id), { table: 'tasks', id: UNKNOWN })
      // The cast: the types forbid these.
      for (const dependsOn of ['a', [7], [null], {}] as never[]) {
        await refused('VALIDATION', tasks.create({ workspaceId, title: 'T', dependsOn }), {
          column: 'dependsOn',
        })
      }
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'tasks.delete-releases',
    guarantee: 'A task that is deleted keeps nobody waiting, and is forgotten by what it waited for',
    async run({ system }) {
      const { tasks } = system
      for (const status of ['ready', 'running', 'failed', 'done', 'pending', 'blocked'] as const) {
        const workspaceId = await newWorkspace(system)
        const { id } = await aTask(system, workspaceId, status)
        const { id: child } = await tasks.create({ workspaceId, title: 'Child', dependsOn: [id] })
        const two = await tasks.create({ workspaceId, title: 'Two', dependsOn: [id, child] })
        assert.equal(await tasks.delete(id), true)
        assert.equal(await tasks.delete(id), false)
        assert.equal((await tasks.get(child))?.status, 'ready', status)
        assert.equal((await tasks.get(two.id))?.status, 'pending', status)
        assert.deepEqual(idsOf(await tasks.dependencies(two.id)), [child])
        const edges = await system.engine.find(taskDependencies, { where: { dependsOnId: id } })
        assert.deepEqual(edges, [])
        await assertRecount(system, workspaceId)
      }
    },
  },
]
