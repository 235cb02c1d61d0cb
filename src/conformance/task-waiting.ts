/** Tasks that wait for others: nobody starts too early, and nobody is forgotten. */

import assert from 'node:assert/strict'
import type { TaskStatus } from '../schema/tasks.ts'
import { newWorkspace, range } from './expect.ts'
import { assertRecount, aTask, idsOf } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

export const taskWaitingScenarios: readonly Scenario[] = [
  {
    id: 'tasks.waits',
    guarantee: 'A task is pending until all it waits for is done, skipped or cancelled, and then ready',
    async run({ system, clock }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const awaited = await Promise.all(range(3).map(() => aTask(system, workspaceId)))
      const child = await tasks.create({ workspaceId, title: 'Child', dependsOn: idsOf(awaited) })
      const { status, openDependencies, failedDependencies, version } = child
      assert.deepEqual([status, openDependencies, failedDependencies, version], ['pending', 3, 0, 1])
      const standing = async () => {
        const row = (await tasks.get(child.id))!
        return `${row.status} ${row.openDependencies}`
      }
      const [a, b, c] = idsOf(awaited)
      await tasks.start(a!)
      assert.equal(await standing(), 'pending 3')
      await tasks.complete(a!)
      assert.equal(await standing(), 'pending 2')
      await tasks.skip(b!)
      assert.equal(await standing(), 'pending 1')
      clock.advance(1000)
      await tasks.cancel(c!)
      const ready = { ...child, status: 'ready', openDependencies: 0, version: 2, updatedAt: clock() }
      assert.deepEqual(await tasks.get(child.id), ready)
      assert.deepEqual(await tasks.ready(workspaceId), [ready])
    },
  },
  {
    id: 'tasks.created-after',
    guarantee: 'A new task stands where what it waits for has it already: ready, pending or blocked',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const cases: [awaited: TaskStatus[], status: TaskStatus, open: number][] = [
        [[], 'ready', 0],
        [['done', 'skipped', 'cancelled'], 'ready', 0],
        [['done', 'running'], 'pending', 1],
        [['review', 'paused', 'pending', 'ready', 'blocked'], 'pending', 5],
        [['failed', 'done', 'ready'], 'blocked', 2],
      ]
      for (const [statuses, status, open] of cases) {
        const dependsOn: string[] = []
        for (const awaited of statuses) dependsOn.push((await aTask(system, workspaceId, awaited)).id)
        const given = { workspaceId, title: 'Child', dependsOn: [...dependsOn, ...dependsOn] }
        const task = await system.tasks.create(given)
        assert.deepEqual([task.status, task.openDependencies], [status, open])
        assert.deepEqual(await system.tasks.get(task.id), task)
        assert.deepEqual(idsOf(await system.tasks.dependencies(task.id)), dependsOn)
      }
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.failing-blocks',
    guarantee:
      'A failure blocks what waits for it and has not started; when nothing it waits for has failed any more, it is unblocked',
    async run({ system }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const [a, b] = [
        (await aTask(system, workspaceId, 'running')).id,
        (await aTask(system, workspaceId, 'running')).id,
      ]
      const child = await tasks.create({ workspaceId, title: 'Child', dependsOn: [a, b] })
      const grandchild = await tasks.create({ workspaceId, title: 'Grandchild', dependsOn: [child.id] })
      const standing = async () => (await tasks.get(child.id))!.status
      await tasks.fail(a)
      assert.equal(await standing(), 'blocked')
      await tasks.fail(b)
      await tasks.retry(a)
      assert.equal(await standing(), 'blocked')
      await tasks.retry(b)
      assert.equal(await standing(), 'pending')
      await tasks.start(a)
      await tasks.fail(a)
      assert.equal(await standing(), 'blocked')
      await tasks.skip(a)
      assert.equal(await standing(), 'pending')
      await tasks.start(b)
      await tasks.review(b)
      await tasks.fail(b)
      assert.equal(await standing(), 'blocked')
      await tasks.cancel(b)
      assert.equal(await standing(), 'ready')
      assert.equal((await tasks.get(grandchild.id))!.status, 'pending')
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.started-ones-are-left-alone',
    guarantee: 'What becomes of a dependency does not move a task that has started, is paused or is over',
    async run({ system }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const { id } = await aTask(system, workspaceId)
      for (const route of [
        ['start'],
        ['start', 'review'],
        ['start', 'fail'],
        ['start', 'complete'],
        ['pause'],
        ['skip'],
      ] as const) {
        const waiting = await tasks.create({ workspaceId, title: 'T', dependsOn: [id] })
        if (route[0] === 'start') await tasks.forceReady(waiting.id)
        for (const verb of route) await tasks[verb](waiting.id)
      }
      const standing = async () => (await tasks.dependentsOf(id)).map(({ status }) => status)
      const before = await standing()
      assert.deepEqual(before, ['running', 'review', 'failed', 'done', 'paused', 'skipped'])
      for (const verb of ['start', 'fail', 'retry', 'start', 'complete', 'reopen', 'cancel'] as const) {
        await tasks[verb](id)
        assert.deepEqual(await standing(), before, verb)
        await assertRecount(system, workspaceId)
      }
    },
  },
  {
    id: 'tasks.reopening-pulls-back',
    guarantee: 'When a task is reopened, those that wait for it and have not started wait again',
    async run({ system }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const { id } = await aTask(system, workspaceId, 'done')
      const wait = async () => (await tasks.create({ workspaceId, title: 'T', dependsOn: [id] })).id
      const [unstarted, started, finished] = [await wait(), await wait(), await wait()]
      await tasks.start(started)
      await tasks.start(finished)
      await tasks.complete(finished)
      assert.deepEqual(idsOf(await tasks.ready(workspaceId)), [unstarted])
      await tasks.reopen(id)
      const standing = async () =>
        (await tasks.getMany([unstarted, started, finished])).map(({ status }) => status)
      assert.deepEqual(await standing(), ['pending', 'running', 'done'])
      assert.deepEqual(idsOf(await tasks.ready(workspaceId)), [id])
      await tasks.start(id)
      await tasks.complete(id)
      assert.deepEqual(await standing(), ['ready', 'running', 'done'])
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.forced-ready',
    guarantee: 'What is readied by force can be started whatever it waits for, until it has more to wait for',
    async run({ system }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const { id: awaited } = await aTask(system, workspaceId, 'running')
      const { id } = await tasks.create({ workspaceId, title: 'T', dependsOn: [awaited] })
      const forced = await tasks.forceReady(id)
      assert.deepEqual([forced.status, forced.openDependencies], ['ready', 1])
      assert.deepEqual(idsOf(await tasks.ready(workspaceId)), [id])
      await tasks.complete(awaited)
      assert.deepEqual([(await tasks.get(id))?.status, (await tasks.get(id))?.openDependencies], ['ready', 0])
      const { id: more } = await aTask(system, workspaceId)
      assert.equal((await tasks.addDependency(id, more)).status, 'pending')
      await tasks.forceReady(id)
      assert.equal((await tasks.start(id)).status, 'running')
      assert.equal((await tasks.complete(id)).status, 'done')
    },
  },
]
