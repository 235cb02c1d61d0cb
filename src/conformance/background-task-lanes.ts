/** Jobs that share a concurrency key: one after the other, and never in the way of others. */

import assert from 'node:assert/strict'
import { backgroundLanes, backgroundTasks } from '../schema/background-tasks.ts'
import type { System } from '../system.ts'
import { claimOne, drain, enqueue, now, running } from './background-task-fixtures.ts'
import { newWorkspace, range } from './expect.ts'
import { idsOf, race } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

const KEY = { concurrencyKey: 'key' }

/** Takes jobs and completes them until nothing is left, many at once; how many ran at most together, and which. */
async function workOff(systems: readonly System[], total: number) {
  const ran: string[] = []
  let together = 0
  let most = 0
  await Promise.all(
    race(6, systems, async ({ backgroundTasks: jobs }, i) => {
      // Turns are counted, lest a job that is stuck keeps them here.
      for (let turn = 0; turn < 2000 && ran.length < total; turn++) {
        // Not all of them look all the time.
        if (together > 0 && i > 1) await new Promise((resolve) => setImmediate(resolve))
        for (const job of await jobs.claim({ limit: 2, worker: `w${i}` })) {
          most = Math.max(most, ++together)
          ran.push(job.id)
          await new Promise((resolve) => setImmediate(resolve))
          together--
          await jobs.complete(job)
        }
      }
    }),
  )
  return { ran, most }
}

export const backgroundTaskLaneScenarios: readonly Scenario[] = [
  {
    id: 'backgroundTasks.one-per-key',
    guarantee:
      'Of the jobs of one concurrency key at most one is running, however many claim at once, and all are run in the end',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      const enqueued = await Promise.all(race(12, systems, (each) => enqueue(each, workspaceId, KEY)))
      const { ran, most } = await workOff(systems, 12)
      assert.equal(most, 1)
      assert.deepEqual(ran.toSorted(), idsOf(enqueued).toSorted())
    },
  },
  {
    id: 'backgroundTasks.no-lost-wake-up',
    guarantee: 'A job that comes while the one before it ends is never forgotten',
    async run({ system, second }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      let job = await running(system, workspaceId, KEY)
      for (const _round of range(8)) {
        const [next] = await Promise.all([
          enqueue(other, workspaceId, KEY),
          other.backgroundTasks.claim(),
          system.backgroundTasks.complete(job),
        ])
        const stored = await now(system, next)
        job = stored.status === 'running' ? stored : await claimOne(system)
        assert.equal(job.id, next.id)
      }
    },
  },
  {
    id: 'backgroundTasks.lane-order',
    guarantee: 'Jobs of a concurrency key go out by priority, then as they came, as far as they are there',
    async run({ system, clock }) {
      const workspaceId = await newWorkspace(system)
      const holder = await running(system, workspaceId, KEY)
      const make = async (more = {}) => {
        clock.advance(1)
        return (await enqueue(system, workspaceId, { ...KEY, ...more })).id
      }
      const [a, b] = [await make(), await make()]
      const high = await make({ priority: 5 })
      const later = await make({ priority: 9, delayMs: 100 })
      assert.deepEqual(await system.backgroundTasks.claim(), [])
      await system.backgroundTasks.complete(holder)
      assert.deepEqual(idsOf(await drain(system)), [high, a, b])
      clock.advance(100)
      assert.deepEqual(idsOf(await drain(system)), [later])
    },
  },
  {
    id: 'backgroundTasks.lanes-apart',
    guarantee: 'Other keys, and the same key of another workspace, are not held up',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      await system.backgroundTasks.enqueueMany(range(40).map(() => ({ workspaceId, kind: 'k', ...KEY })))
      const others = [
        await enqueue(system, workspaceId, { concurrencyKey: 'Key' }),
        await enqueue(system, await newWorkspace(system), KEY),
        await enqueue(system, workspaceId),
      ]
      const claimed = await system.backgroundTasks.claim({ limit: 50 })
      assert.equal(claimed.length, 4)
      for (const { id } of others) assert.ok(idsOf(claimed).includes(id))
    },
  },
  {
    id: 'backgroundTasks.lane-ends',
    guarantee: 'However a job leaves its lane, the next one of its key has its turn; given back, it keeps it',
    async run({ system, second, clock }) {
      const other = await second()
      const { backgroundTasks: jobs } = system
      const workspaceId = await newWorkspace(system)
      const leave: readonly ((job: { id: string; fence: number }) => Promise<unknown>)[] = [
        (job) => jobs.complete(job),
        (job) => jobs.fail(job, 'no', { retry: false }),
        // It comes again, behind the others.
        (job) => jobs.fail(job, 'no'),
        (job) => jobs.delete(job.id),
        async (job) => {
          await jobs.cancel(job.id)
          await jobs.fail(job, '')
        },
        async (job) => {
          await jobs.cancel(job.id)
          clock.advance(30_000)
          assert.deepEqual(idsOf(await other.backgroundTasks.claim({ queues: ['nothing'] })), [])
        },
        async (job) => {
          await jobs.release(job)
          await jobs.cancel(job.id)
        },
      ]
      for (const how of leave) {
        const place = { concurrencyKey: `key ${leave.indexOf(how)}`, queue: `q${leave.indexOf(how)}` }
        const queues = { queues: [place.queue] }
        await enqueue(system, workspaceId, place)
        const first = await claimOne(system, queues)
        const second = await enqueue(system, workspaceId, place)
        assert.deepEqual(await other.backgroundTasks.claim({ ...queues, limit: 2 }), [])
        await how(first)
        assert.equal((await claimOne(other, queues)).id, second.id)
      }
      const [place, queues] = [{ ...KEY, queue: 'kept' }, { queues: ['kept'] }]
      await enqueue(system, workspaceId, place)
      const kept = await claimOne(system, queues)
      await enqueue(system, workspaceId, { ...place, priority: 9 })
      assert.deepEqual(await jobs.claim(queues), [])
      await jobs.release(kept)
      assert.equal((await claimOne(other, { ...queues, leaseMs: 5 })).id, kept.id)
      clock.advance(5)
      assert.equal((await claimOne(other, queues)).id, kept.id)
    },
  },
  {
    id: 'backgroundTasks.lane-after-a-crash',
    guarantee: 'A lane is looked after although the process died that freed it',
    async run({ system, second }) {
      const workspaceId = await newWorkspace(system)
      const first = await running(system, workspaceId, KEY)
      const next = await enqueue(system, workspaceId, KEY)
      assert.deepEqual(await system.backgroundTasks.claim(), [])
      // As the write leaves it that completes the job, before anything else is done.
      await system.engine.write({
        head: {
          update: backgroundTasks,
          where: { id: first.id },
          set: { status: 'done', live: false, holdsConcurrencyKey: false },
        },
        steps: [
          {
            update: backgroundLanes,
            where: { workspaceId, concurrencyKey: 'key' },
            set: { state: 'free' },
          },
        ],
      })
      assert.equal((await claimOne(await second())).id, next.id)
    },
  },
  {
    id: 'backgroundTasks.lanes-are-swept',
    guarantee: 'What has a concurrency key has its turn although there is always something else to do',
    async run({ system, second, clock }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      await system.backgroundTasks.enqueueMany(range(30).map(() => ({ workspaceId, kind: 'k' })))
      await claimOne(other)
      const { id } = await enqueue(system, workspaceId, { ...KEY, priority: 1 })
      clock.advance(1000)
      assert.equal((await claimOne(other)).id, id)
    },
  },
  {
    id: 'backgroundTasks.lanes-are-purged',
    guarantee: 'Lanes that are not used any more are purged, and made anew when they are',
    async run({ system, clock }) {
      const workspaceId = await newWorkspace(system)
      await enqueue(system, workspaceId, KEY)
      await drain(system)
      const held = await running(system, workspaceId, { concurrencyKey: 'held' })
      clock.advance(1000)
      await system.backgroundTasks.purge({ before: clock() })
      const lanes = await system.engine.find(backgroundLanes)
      assert.deepEqual(
        lanes.map(({ concurrencyKey, state }) => [concurrencyKey, state]),
        [['held', 'taken']],
      )
      await enqueue(system, workspaceId, KEY)
      assert.equal((await drain(system)).length, 1)
      await system.backgroundTasks.complete(held)
    },
  },
]
