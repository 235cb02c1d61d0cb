/** Jobs that wait for jobs. */

import assert from 'node:assert/strict'
import { claimOne, dead, drain, enqueue, now, running } from './background-task-fixtures.ts'
import { everything, newWorkspace, range, refused } from './expect.ts'
import { idsOf, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

export const backgroundTaskDependencyScenarios: readonly Scenario[] = [
  {
    id: 'backgroundTasks.waits',
    guarantee:
      'A job is not claimed until all it depends on is done, and then it is; what is done is not waited for',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const [a, b] = [await running(system, workspaceId), await running(system, workspaceId)]
      const job = await enqueue(system, workspaceId, { dependsOn: [a.id, b.id, a.id] })
      assert.deepEqual([job.status, job.openDependencies], ['waiting', 2])
      assert.deepEqual(await system.backgroundTasks.claim(), [])
      await system.backgroundTasks.complete(a)
      assert.deepEqual(await system.backgroundTasks.claim(), [])
      const half = await now(system, job)
      assert.deepEqual([half.status, half.openDependencies, half.version], ['waiting', 1, 1])
      await system.backgroundTasks.complete(b)
      const whole = await now(system, job)
      assert.deepEqual([whole.status, whole.openDependencies, whole.version], ['ready', 0, 2])
      const next = await enqueue(system, workspaceId, { dependsOn: [a.id] })
      assert.deepEqual([next.status, next.openDependencies], ['ready', 0])
      assert.deepEqual(idsOf(await drain(system)), [job.id, next.id])
    },
  },
  {
    id: 'backgroundTasks.last-dependency',
    guarantee:
      'When all dependencies are completed at once, over two Systems, every job that waited is ready, once',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      await system.backgroundTasks.enqueueMany(range(6).map(() => ({ workspaceId, kind: 'k' })))
      const jobs = await system.backgroundTasks.claim({ limit: 6 })
      const waiting = await system.backgroundTasks.enqueueMany(
        range(5).map((n) => ({ workspaceId, kind: 'k', dependsOn: idsOf(jobs.slice(n)) })),
      )
      await Promise.all(race(6, systems, ({ backgroundTasks }, i) => backgroundTasks.complete(jobs[i]!)))
      const ready = await system.backgroundTasks.getMany(idsOf(waiting))
      for (const { status, openDependencies, version } of ready) {
        assert.deepEqual([status, openDependencies, version], ['ready', 0, 2])
      }
      assert.deepEqual(idsOf(await drain(system)).toSorted(), idsOf(waiting).toSorted())
    },
  },
  {
    id: 'backgroundTasks.enqueued-while-completed',
    guarantee: 'A job enqueued while what it waits for is completed is not missed: it is ready in the end',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      for (const _round of range(4)) {
        const job = await running(system, workspaceId)
        const come = () => race(3, systems, (each) => enqueue(each, workspaceId, { dependsOn: [job.id] }))
        const early = come()
        const done = systems[1]!.backgroundTasks.complete(job)
        const waiting = await Promise.all([...early, ...come()])
        await done
        assert.deepEqual(idsOf(await drain(system)).toSorted(), idsOf(waiting).toSorted())
      }
    },
  },
  {
    id: 'backgroundTasks.failed-dependency',
    guarantee:
      'A job is not run while what it depends on is dead or cancelled; when that is retried and done, it is',
    async run({ system, clock }) {
      const { backgroundTasks } = system
      const workspaceId = await newWorkspace(system)
      const failed = await dead(system, workspaceId)
      const cancelled = await backgroundTasks.cancel((await enqueue(system, workspaceId)).id)
      const job = await enqueue(system, workspaceId, { dependsOn: [failed.id, cancelled.id] })
      assert.deepEqual([job.status, job.openDependencies], ['waiting', 2])
      clock.advance(1e9)
      assert.deepEqual(await backgroundTasks.claim(), [])
      for (const { id } of [failed, cancelled]) {
        await backgroundTasks.retry(id)
        assert.equal((await backgroundTasks.complete(await claimOne(system))).id, id)
      }
      assert.deepEqual(idsOf(await drain(system)), [job.id])
      // One that was cancelled while it waited goes on waiting when it is retried.
      const last = await enqueue(system, workspaceId)
      const waits = await enqueue(system, workspaceId, { dependsOn: [last.id] })
      await backgroundTasks.cancel(waits.id)
      assert.equal((await backgroundTasks.retry(waits.id)).status, 'waiting')
      assert.deepEqual(idsOf(await drain(system)), [last.id, waits.id])
    },
  },
  {
    id: 'backgroundTasks.dependencies-and-time',
    guarantee: 'What has waited for others still waits for its time, and for its place in its lane',
    async run({ system, clock }) {
      const workspaceId = await newWorkspace(system)
      const key = { concurrencyKey: 'key' }
      const first = await running(system, workspaceId)
      const holder = await running(system, workspaceId, key)
      const dependsOn = [first.id]
      const later = await enqueue(system, workspaceId, { dependsOn, delayMs: 10 })
      const keyed = await enqueue(system, workspaceId, { dependsOn, ...key })
      assert.deepEqual([later.status, keyed.status], ['waiting', 'waiting'])
      clock.advance(1)
      await system.backgroundTasks.complete(first)
      assert.deepEqual(await system.backgroundTasks.claim(), [])
      assert.deepEqual(
        [(await now(system, later)).status, (await now(system, keyed)).status],
        ['scheduled', 'blocked'],
      )
      await system.backgroundTasks.complete(holder)
      assert.deepEqual(idsOf(await drain(system)), [keyed.id])
      clock.advance(9)
      assert.deepEqual(idsOf(await drain(system)), [later.id])
    },
  },
  {
    id: 'backgroundTasks.batch-with-dependencies',
    guarantee:
      'Jobs of a batch may wait for one another and for others; in a circle they are refused, and so is what is unknown, whole',
    async run({ system }) {
      const { backgroundTasks } = system
      const workspaceId = await newWorkspace(system)
      const outer = await enqueue(system, workspaceId)
      const job = (id: string, ...dependsOn: string[]) => ({ workspaceId, kind: 'k', id, dependsOn })
      const batch = [job('d', 'b', 'c'), job('b', 'a'), job('c', 'a', outer.id), job('a')]
      const stored = await backgroundTasks.enqueueMany(batch)
      assert.deepEqual(
        stored.map(({ id, status, openDependencies }) => [id, status, openDependencies]),
        [
          ['d', 'waiting', 2],
          ['b', 'waiting', 1],
          ['c', 'waiting', 2],
          ['a', 'ready', 0],
        ],
      )
      const order = idsOf(await drain(system))
      assert.deepEqual([order.length, order.at(-1)], [5, 'd'])
      assert.ok(order.indexOf('a') < order.indexOf('b') && order.indexOf('a') < order.indexOf('c'))
      const before = await everything(system.engine)
      const other = await newWorkspace(system)
      const theirs = await enqueue(system, other)
      for (const circle of [
        [job('x', 'x')],
        [job('x', 'y'), job('y', 'x')],
        [job('v'), job('x', 'v', 'y'), job('y', 'z'), job('z', 'x')],
      ]) {
        await refused('VALIDATION', backgroundTasks.enqueueMany(circle), { table: 'backgroundTasks' })
      }
      for (const id of [UNKNOWN, theirs.id, '', 'a\0']) {
        await refused('REFERENCE', backgroundTasks.enqueueMany([job('v'), job('x', id)]))
        await refused('REFERENCE', backgroundTasks.enqueue(job('x', outer.id, id)))
      }
      await system.workspaces.delete(other)
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'backgroundTasks.many-in-a-graph',
    guarantee: 'Many workers that take what they find work off a graph of jobs, each once and none too early',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      const dependsOn = (n: number) =>
        [n - 4, n - 3, n - 1].filter((m) => m >= 0 && n >= 4).map((m) => `j${m}`)
      const batch = range(24).map((n) => ({ workspaceId, kind: 'k', id: `j${n}`, dependsOn: dependsOn(n) }))
      await system.backgroundTasks.enqueueMany(batch)
      const finished: string[] = []
      await Promise.all(
        race(5, systems, async ({ backgroundTasks }) => {
          // Turns are counted, lest a job that is stuck keeps them here.
          for (let turn = 0; turn < 1000 && finished.length < batch.length; turn++) {
            for (const job of await backgroundTasks.claim({ limit: 2 })) {
              for (const id of dependsOn(Number(job.id.slice(1))))
                assert.ok(finished.includes(id), `${job.id}: ${id}`)
              finished.push(job.id)
              await backgroundTasks.complete(job)
            }
          }
        }),
      )
      assert.deepEqual(finished.toSorted(), idsOf(batch).toSorted())
    },
  },
  {
    id: 'backgroundTasks.unique-with-dependencies',
    guarantee: 'Where a unique key is taken, nothing is added to what the other job waits for',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const [a, b] = [await running(system, workspaceId), await running(system, workspaceId)]
      const job = await enqueue(system, workspaceId, { uniqueKey: 'u', dependsOn: [a.id] })
      assert.deepEqual(await enqueue(system, workspaceId, { uniqueKey: 'u', dependsOn: [b.id] }), job)
      assert.equal((await now(system, b)).dependents, 0)
      await system.backgroundTasks.complete(a)
      assert.deepEqual(idsOf(await drain(system)), [job.id])
    },
  },
]
