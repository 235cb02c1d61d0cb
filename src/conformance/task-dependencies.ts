/** Which task waits for which: nobody starts too early, and nobody is forgotten, whatever happens at once. */

import assert from 'node:assert/strict'
import { type TaskStatus, taskDependencies } from '../schema/tasks.ts'
import type { DeclaredTask } from '../stores/tasks.ts'
import type { Scope } from '../system.ts'
import { everything, newWorkspace, range, refused, settled } from './expect.ts'
import { allTasks, assertRecount, aTask, idsOf, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

export const taskDependencyScenarios: readonly Scenario[] = [
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
  {
    id: 'tasks.batch',
    guarantee:
      'A batch is stored in one go and answered in its order; its tasks wait for one another, and for others, by key or id',
    async run({ system, clock }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const crew = { crew: 'red' }
      const old = await tasks.create({ workspaceId, ...crew, key: 'old', title: 'Old' })
      const elsewhere = await tasks.create({ workspaceId, crew: 'blue', key: 'b', title: 'Of another crew' })
      const failed = await aTask(system, workspaceId, 'failed')
      const batch: DeclaredTask[] = [
        { key: 'd', title: 'D', dependsOn: ['b', 'c', 'b'] },
        { key: 'c', title: 'C', dependsOn: ['id-of-a', 'old'] },
        { key: 'b', title: 'B', dependsOn: ['a', elsewhere.id] },
        { key: 'a', id: 'id-of-a', title: 'A', priority: 3 },
        { key: 'e', title: 'E', dependsOn: ['a', failed.id] },
      ]
      const made = await tasks.declareBatch(workspaceId, batch, crew)
      assert.deepEqual(await tasks.getMany(idsOf(made)), made)
      assert.deepEqual(
        made.map((task) =>
          [task.key, task.crew, task.status, task.openDependencies, task.dependents].join(' '),
        ),
        [
          'd red pending 2 0',
          'c red pending 2 1',
          'b red pending 2 1',
          'a red ready 0 3',
          'e red blocked 2 0',
        ],
      )
      assert.deepEqual([made[3]!.id, made[3]!.priority, made[3]!.createdAt], ['id-of-a', 3, clock()])
      const [d, c, b] = made
      assert.deepEqual(new Set(idsOf(await tasks.dependencies(d!.id))), new Set([b!.id, c!.id]))
      assert.deepEqual(new Set(idsOf(await tasks.dependencies(c!.id))), new Set(['id-of-a', old.id]))
      assert.deepEqual(new Set(idsOf(await tasks.dependencies(b!.id))), new Set(['id-of-a', elsewhere.id]))
      await assertRecount(system, workspaceId)
      assert.deepEqual(await tasks.declareBatch(workspaceId, []), [])
    },
  },
  {
    id: 'tasks.batch-keys-first',
    guarantee: 'Where a name is a key of the batch or the crew and somebody’s id, the key is meant',
    async run({ system }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      await tasks.create({ workspaceId, id: 'a', key: 'other', title: 'Has the id' })
      const named = await tasks.create({ workspaceId, key: 'k', title: 'Has the key' })
      await tasks.create({ workspaceId, id: 'k', key: 'another', title: 'Has the id' })
      const made = await tasks.declareBatch(workspaceId, [
        { key: 'a', title: 'A' },
        { key: 'b', title: 'B', dependsOn: ['a', 'k'] },
      ])
      assert.deepEqual(
        new Set(idsOf(await tasks.dependencies(made[1]!.id))),
        new Set([named.id, made[0]!.id]),
      )
    },
  },
  {
    id: 'tasks.batch-all-or-nothing',
    guarantee:
      'A batch with a duplicate, an unknown name, a circle, a key that is taken or a bad value stores nothing at all',
    async run({ system }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const old = await tasks.create({ workspaceId, key: 'taken', title: 'Old' })
      const good: DeclaredTask[] = [
        { key: 'a', title: 'A', dependsOn: [old.id] },
        { key: 'b', title: 'B', dependsOn: ['a'] },
      ]
      const bad: [code: Parameters<typeof refused>[0], fields: object, more: DeclaredTask[]][] = [
        ['ALREADY_EXISTS', { columns: ['workspaceId', 'crew', 'key'] }, [{ key: 'a', title: 'Again' }]],
        ['ALREADY_EXISTS', { columns: ['workspaceId', 'crew', 'key'] }, [{ key: 'taken', title: 'Taken' }]],
        ['ALREADY_EXISTS', { columns: ['id'] }, [{ key: 'c', id: old.id, title: 'Taken' }]],
        ['REFERENCE', {}, [{ key: 'c', title: 'C', dependsOn: ['a', 'nobody'] }]],
        ['REFERENCE', {}, [{ key: 'c', title: 'C', assigneeId: UNKNOWN }]],
        ['VALIDATION', {}, [{ key: 'c', title: 'C', dependsOn: ['c'] }]],
        [
          'VALIDATION',
          {},
          [
            { key: 'c', title: 'C', dependsOn: ['d'] },
            { key: 'd', title: 'D', dependsOn: ['c'] },
          ],
        ],
        ['VALIDATION', { column: 'title' }, [{ key: 'c', title: '' }]],
        ['VALIDATION', { column: 'key' }, [{ key: '', title: 'C' }]],
        ['VALIDATION', { column: 'key' }, [{ title: 'C' } as DeclaredTask]],
        ['VALIDATION', { column: 'status' }, [{ key: 'c', title: 'C', status: 'done' } as DeclaredTask]],
        ['VALIDATION', {}, range(999).map((n) => ({ key: `k${n}`, title: 'T' }))],
      ]
      const before = await everything(system.engine)
      for (const [code, fields, more] of bad) {
        await refused(code, tasks.declareBatch(workspaceId, [...good, ...more]), {
          table: 'tasks',
          ...fields,
        })
        await refused(code, tasks.declareBatch(workspaceId, [...more, ...good]), {
          table: 'tasks',
          ...fields,
        })
      }
      await refused('REFERENCE', tasks.declareBatch(UNKNOWN, good.slice(1)), { table: 'tasks' })
      assert.deepEqual(await everything(system.engine), before)
      assert.equal((await tasks.declareBatch(workspaceId, good)).length, 2)
    },
  },
  {
    id: 'tasks.batch-circle-of-three',
    guarantee:
      'A circle within a batch is found however long it is, and by whatever names; a diamond is none',
    async run({ system }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const chain = range(50).map((n) => ({
        key: `k${n}`,
        id: `i${n}`,
        title: 'T',
        dependsOn: [`${n % 2 ? 'i' : 'k'}${(n + 1) % 50}`],
      }))
      await refused('VALIDATION', tasks.declareBatch(workspaceId, chain), { table: 'tasks' })
      assert.deepEqual(await allTasks(system, workspaceId), [])
      const diamond: DeclaredTask[] = [
        { key: 'bottom', title: 'T', dependsOn: ['left', 'right'] },
        { key: 'left', title: 'T', dependsOn: ['top'] },
        { key: 'right', title: 'T', dependsOn: ['top'] },
        { key: 'top', title: 'T' },
      ]
      const made = await tasks.declareBatch(workspaceId, diamond)
      assert.deepEqual(
        made.map(({ dependents }) => dependents),
        [0, 1, 1, 2],
      )
    },
  },
  {
    id: 'tasks.batch-race',
    guarantee: 'Of batches with one key in common that are declared at once, one is stored, whole',
    async run({ system, second }) {
      const workspaceId = await newWorkspace(system)
      const { id: old } = await aTask(system, workspaceId)
      const calls = race(6, [system, await second()], (each, i) =>
        each.tasks.declareBatch(workspaceId, [
          { key: `own-${i}`, title: `${i}`, dependsOn: [old] },
          { key: 'common', title: `${i}`, dependsOn: [`own-${i}`] },
        ]),
      )
      const { values, codes } = await settled(calls)
      assert.deepEqual([values.length, codes], [1, Array(5).fill('ALREADY_EXISTS')])
      assert.deepEqual(
        new Set(idsOf(await allTasks(system, workspaceId))),
        new Set([old, ...idsOf(values[0]!)]),
      )
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.promoted-once',
    guarantee: 'When the last dependencies finish at the same moment, the task becomes ready, exactly once',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      const rounds = await declareRounds(system, workspaceId, 24)
      for (const { parents, child } of rounds) {
        const { codes } = await settled(
          race(parents.length, systems, (each, i) => each.tasks.complete(parents[i]!)),
        )
        assert.deepEqual(codes, [])
        const { status, openDependencies, version } = (await system.tasks.get(child))!
        // The second version: it became ready, and nothing else befell it.
        assert.deepEqual([status, openDependencies, version], ['ready', 0, 2])
      }
      await assertRecount(system, workspaceId)
      const { codes } = await settled(race(48, systems, (each, i) => each.tasks.start(rounds[i % 24]!.child)))
      assert.deepEqual(codes, Array(24).fill('INVALID_TRANSITION'))
    },
  },
  {
    id: 'tasks.mixed-outcomes-counted',
    guarantee:
      'When dependencies are completed, failed, skipped, cancelled and deleted at the same moment, the task is where they put it',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      const outcomes = ['complete', 'fail', 'skip', 'cancel', 'delete', 'complete', 'complete'] as const
      for (const [round, { parents, child }] of (await declareRounds(system, workspaceId, 20)).entries()) {
        const ends = range(parents.length).map((i) => outcomes[(round + i) % outcomes.length]!)
        const calls = race<unknown>(parents.length, systems, (each, i) => each.tasks[ends[i]!](parents[i]!))
        assert.deepEqual((await settled(calls)).codes, [])
        assert.equal((await system.tasks.get(child))?.status, ends.includes('fail') ? 'blocked' : 'ready')
      }
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.nobody-left-waiting',
    guarantee:
      'A task that starts to wait for one that is just being finished waits or not, and is never forgotten',
    async run({ system, second }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      const rounds = await declareRounds(system, workspaceId, 30)
      for (const [round, { parents }] of rounds.entries()) {
        const [parent] = parents
        const { id } = await aTask(system, workspaceId)
        const finish = (['complete', 'complete', 'fail', 'cancel'] as const)[round % 4]!
        const { codes } = await settled<unknown>([
          system.tasks.complete(parents[1]!),
          other.tasks.addDependency(id, parent!),
          system.tasks[finish](parent!),
          other.tasks.create({ workspaceId, title: 'New', dependsOn: [parent!] }),
          system.tasks.declareBatch(workspaceId, [
            { key: `b${round}`, title: 'Batch', dependsOn: [parent!] },
          ]),
        ])
        assert.deepEqual(codes, [])
      }
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.reopened-while-finishing',
    guarantee:
      'Dependencies that are finished and reopened, added and removed, all at once, leave every count right',
    async run({ system, second }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      for (const { parents, child } of await declareRounds(system, workspaceId, 15)) {
        const [a, b] = parents
        await system.tasks.complete(a!)
        const { id } = await aTask(system, workspaceId)
        const { codes } = await settled<unknown>([
          system.tasks.complete(b!),
          other.tasks.reopen(a!),
          system.tasks.addDependency(id, a!),
          other.tasks.removeDependency(child, a!),
          other.tasks.addDependency(id, b!),
        ])
        assert.deepEqual(codes, [])
      }
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.swapped-while-reopened',
    guarantee:
      'What waits for a task that is reopened waits again, also when one takes the place of another just then',
    async run({ system, second }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      for (const _ of range(4)) {
        const { id } = await aTask(system, workspaceId, 'done')
        const leaving = await system.tasks.create({ workspaceId, title: 'Leaving', dependsOn: [id] })
        const coming = await aTask(system, workspaceId)
        const swapped = Promise.withResolvers<void>()
        const swapping = system.transaction(async ({ tasks }) => {
          await tasks.addDependency(coming.id, id)
          await tasks.removeDependency(leaving.id, id)
          swapped.resolve()
          // Time for the other to run into what is not committed yet.
          for (const _ of range(10)) await tasks.get(id)
        })
        await Promise.race([swapped.promise, swapping])
        await Promise.all([other.tasks.reopen(id), swapping])
        const rows = await system.tasks.getMany([leaving.id, coming.id])
        assert.deepEqual(
          rows.map(({ status }) => status),
          ['ready', 'pending'],
        )
      }
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.start-or-wait',
    guarantee: 'A task that is started and made to wait at once does one of both',
    async run({ system, second }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      const { id: awaited } = await aTask(system, workspaceId)
      for (const round of range(15)) {
        const { id } = await aTask(system, workspaceId)
        const [one, two] = round % 2 ? [system, other] : [other, system]
        const { values, codes } = await settled([one.tasks.start(id), two.tasks.addDependency(id, awaited)])
        assert.deepEqual([values.length, codes], [1, ['INVALID_TRANSITION']])
        const { status } = (await system.tasks.get(id))!
        const edges = (await system.tasks.dependencies(id)).length
        assert.deepEqual([status, edges], values[0]!.status === 'running' ? ['running', 0] : ['pending', 1])
      }
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.deleted-while-finishing',
    guarantee:
      'A task that is deleted while it is finished, or while others start to wait for it, keeps nobody waiting',
    async run({ system, second }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      for (const { parents, child } of await declareRounds(system, workspaceId, 15)) {
        const [a, b] = parents
        const { id } = await aTask(system, workspaceId)
        const { codes } = await settled<unknown>([
          system.tasks.complete(a!),
          other.tasks.delete(a!),
          system.tasks.delete(b!),
          other.tasks.addDependency(id, b!),
        ])
        for (const code of codes) assert.ok(['NOT_FOUND', 'REFERENCE'].includes(code), code)
        assert.equal((await system.tasks.get(id))?.status, 'ready')
        assert.ok(!idsOf(await system.tasks.dependencies(child)).some((task) => task === a || task === b))
      }
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.storm',
    guarantee:
      'Whatever many callers do to a web of tasks at once, counts equal the dependencies, and nobody stands where they do not put it',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      const web = await system.tasks.declareBatch(
        workspaceId,
        range(6).map((n) => ({ key: `${n}`, title: 'T', dependsOn: n === 0 ? [] : [`${n - 1}`] })),
      )
      const pick = dice(7)
      const verbs = [
        'start',
        'complete',
        'fail',
        'retry',
        'reopen',
        'pause',
        'resume',
        'skip',
        'review',
        'reject',
      ] as const
      for (const _round of range(8)) {
        const calls = race(10, systems, (each) => {
          const [id, otherId] = [web[pick(6)]!.id, web[pick(6)]!.id]
          const choice = pick(verbs.length + 4)
          if (choice < verbs.length) return each.tasks[verbs[choice]!](id)
          return choice % 2 ? each.tasks.addDependency(id, otherId) : each.tasks.removeDependency(id, otherId)
        })
        const { codes } = await settled(calls)
        for (const code of codes) assert.ok(['INVALID_TRANSITION', 'VALIDATION'].includes(code), code)
        await assertRecount(system, workspaceId)
      }
    },
  },
]

/** So many children that wait for two or four running parents each, two of which come first. */
async function declareRounds(scope: Scope, workspaceId: string, rounds: number) {
  const sizes = range(rounds).map((round) => (round % 2 ? 4 : 2))
  const batch = sizes.flatMap((size, round): DeclaredTask[] => {
    const parents = range(size).map((i) => `r${round}-${i}`)
    return [
      ...parents.map((key) => ({ key, title: key })),
      { key: `r${round}`, title: 'Child', dependsOn: parents },
    ]
  })
  const made = await scope.tasks.declareBatch(workspaceId, batch)
  const idsByKey = new Map(made.map(({ key, id }) => [key, id]))
  await Promise.all(made.filter(({ status }) => status === 'ready').map(({ id }) => scope.tasks.start(id)))
  return sizes.map((size, round) => ({
    parents: range(size).map((i) => idsByKey.get(`r${round}-${i}`)!),
    child: idsByKey.get(`r${round}`)!,
  }))
}

/** Numbers below `sides` that look random and are the same in every run. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 16) % sides
  }
}
