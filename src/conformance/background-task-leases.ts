/** Jobs that are running: their leases, their fences, and how they end. */

import assert from 'node:assert/strict'
import type { BackgroundTask } from '../schema/background-tasks.ts'
import type { JsonValue } from '../schema/dsl/json.ts'
import type { JobRef } from '../stores/background-tasks.ts'
import type { Scope } from '../system.ts'
import { claimOne, dead, drain, enqueue, now, running } from './background-task-fixtures.ts'
import { everything, newWorkspace, range, refused, settled } from './expect.ts'
import { ascending, idsOf, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

/** What the holder of a claim may say. */
const words: readonly ((scope: Scope, job: JobRef) => Promise<BackgroundTask>)[] = [
  ({ backgroundTasks }, job) => backgroundTasks.complete(job, 'done'),
  ({ backgroundTasks }, job) => backgroundTasks.fail(job, new Error('failed')),
  ({ backgroundTasks }, job) => backgroundTasks.release(job),
  ({ backgroundTasks }, job) => backgroundTasks.heartbeat(job),
  ({ backgroundTasks }, job) => backgroundTasks.progress(job, { percent: 1 }),
]

export const backgroundTaskLeaseScenarios: readonly Scenario[] = [
  {
    id: 'backgroundTasks.lease-ends',
    guarantee:
      'A job whose lease has ended is given to another, to the millisecond, in its old place, with one attempt more and a higher fence',
    async run({ system, second, clock }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      const { id } = await enqueue(system, workspaceId)
      const first = await claimOne(system, { leaseMs: 1000, worker: 'a' })
      const behind = await enqueue(system, workspaceId, { delayMs: 5 })
      clock.advance(999)
      assert.deepEqual(idsOf(await other.backgroundTasks.claim({ limit: 5 })), [behind.id])
      clock.advance(1)
      const again = await claimOne(other, { leaseMs: 1000, worker: 'b' })
      assert.deepEqual(
        { ...again, updatedAt: first.updatedAt },
        {
          ...first,
          worker: 'b',
          attempts: 2,
          attemptsLeft: 3,
          fence: 2,
          leaseUntil: new Date(clock().getTime() + 1000),
          startedAt: clock(),
          error: 'its worker did not come back before its lease ended',
          version: first.version + 2,
        },
      )
      assert.equal(again.id, id)
    },
  },
  {
    id: 'backgroundTasks.stale-fence',
    guarantee: 'Whoever has lost the lease can say nothing more for the job, and is told so',
    async run({ system, second, clock }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      await enqueue(system, workspaceId)
      const first = await claimOne(system, { leaseMs: 1000 })
      clock.advance(1000)
      // Nobody has come yet, and still: to others it is over.
      for (const word of words) {
        const stale = { resource: first.id, fence: 1 }
        await refused('STALE_FENCE', word(system, first), stale)
      }
      const again = await claimOne(other)
      const before = await everything(system.engine)
      for (const word of words) {
        await refused('STALE_FENCE', word(system, first), { fence: 1 })
        await refused('STALE_FENCE', word(system, { id: first.id, fence: 1 }))
        await refused('STALE_FENCE', word(system, { ...again, fence: 3 }))
      }
      assert.deepEqual(await everything(system.engine), before)
      await other.backgroundTasks.complete(again)
      for (const word of words) await refused('STALE_FENCE', word(other, again))
    },
  },
  {
    id: 'backgroundTasks.claims-are-named',
    guarantee: 'Who says something for a job names it by id and fence; a job that is not there is not found',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const job = await running(system, workspaceId)
      const before = await everything(system.engine)
      for (const word of words) {
        for (const bad of [
          null,
          7,
          'x',
          {},
          { id: job.id },
          { id: 7, fence: 1 },
          { id: job.id, fence: '1' },
        ]) {
          await refused('VALIDATION', word(system, bad as never), { table: 'backgroundTasks' })
        }
        await refused('NOT_FOUND', word(system, { id: UNKNOWN, fence: 1 }), { id: UNKNOWN })
      }
      const { backgroundTasks } = system
      for (const result of [new Date(0), 1n, Number.NaN, () => {}, { a: { b: Symbol('c') } }]) {
        await refused('VALIDATION', backgroundTasks.complete(job, result as JsonValue), { column: 'result' })
      }
      for (const report of [{ percent: 101 }, { percent: -1 }, { percent: '5' }, { inputTokens: -1 }, null]) {
        await refused('VALIDATION', backgroundTasks.progress(job, report as never))
      }
      for (const leaseMs of [0, -1, 0.5]) {
        await refused('VALIDATION', backgroundTasks.heartbeat(job, { leaseMs }), { column: 'leaseMs' })
      }
      assert.deepEqual(await everything(system.engine), before)
      // An old copy is as good as the job itself.
      const { id, fence } = job
      assert.equal((await backgroundTasks.complete({ id, fence })).status, 'done')
    },
  },
  {
    id: 'backgroundTasks.heartbeat',
    guarantee: 'A heartbeat prolongs the lease from now on, however often, and keeps the job from others',
    async run({ system, second, clock }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      await enqueue(system, workspaceId)
      let job = await claimOne(system, { leaseMs: 1000 })
      for (const _beat of range(4)) {
        clock.advance(999)
        job = await system.backgroundTasks.heartbeat(job, { leaseMs: 1000 })
        assert.deepEqual(job.leaseUntil, new Date(clock().getTime() + 1000))
        assert.deepEqual(await other.backgroundTasks.claim(), [])
      }
      assert.deepEqual([job.fence, job.attempts], [1, 1])
      clock.advance(1000)
      await refused('STALE_FENCE', system.backgroundTasks.heartbeat(job))
      assert.equal((await claimOne(other)).fence, 2)
    },
  },
  {
    id: 'backgroundTasks.progress',
    guarantee: 'Progress is what was said last; tokens are added up, also when many are reported at once',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      const job = await running(system, workspaceId)
      await Promise.all(
        race(10, systems, ({ backgroundTasks }, i) =>
          backgroundTasks.progress(job, { inputTokens: i, outputTokens: 2 }),
        ),
      )
      const told = await system.backgroundTasks.progress(job, { percent: 40, activity: 'Reading' })
      const { progress, activity, inputTokens, outputTokens, leaseUntil } = told
      assert.deepEqual([progress, activity, inputTokens, outputTokens], [40, 'Reading', 45, 20])
      assert.deepEqual(leaseUntil, job.leaseUntil)
      await system.backgroundTasks.progress(job, { activity: null })
      assert.deepEqual([(await now(system, job)).progress, (await now(system, job)).activity], [40, null])
    },
  },
  {
    id: 'backgroundTasks.retry-with-backoff',
    guarantee:
      'A job that fails is tried again after a pause that doubles, up to its limit, until its attempts are used up; then it is dead, with its last error',
    async run({ system, clock }) {
      const { backgroundTasks } = system
      const workspaceId = await newWorkspace(system)
      const most = { maxAttempts: 4, backoffMs: 1000, maxBackoffMs: 3000 }
      const { id } = await enqueue(system, workspaceId, most)
      for (const [attempts, whole] of [
        [1, 1000],
        [2, 2000],
        [3, 3000],
      ] as const) {
        const job = await claimOne(system)
        assert.deepEqual([job.id, job.attempts, job.fence], [id, attempts, attempts])
        const failed = await backgroundTasks.fail(job, new Error(`no ${attempts}`))
        const { status, error, worker, leaseUntil, live } = failed
        assert.deepEqual(
          [status, error, worker, leaseUntil, live],
          ['scheduled', `no ${attempts}`, null, null, true],
        )
        const pause = failed.runAt.getTime() - clock().getTime()
        assert.ok(pause >= whole / 2 && pause <= whole, `${pause} of ${whole}`)
        clock.advance(pause - 1)
        assert.deepEqual(await backgroundTasks.claim(), [])
        clock.advance(1)
      }
      const failed = await backgroundTasks.fail(await claimOne(system), new Error('no 4'))
      const { status, error, attempts, attemptsLeft, live, finishedAt } = failed
      assert.deepEqual([status, error, attempts, attemptsLeft, live], ['dead', 'no 4', 4, 0, false])
      assert.deepEqual(finishedAt, clock())
      clock.advance(1e9)
      assert.deepEqual(await backgroundTasks.claim(), [])
      assert.deepEqual((await backgroundTasks.listDead({ workspaceId })).items, [failed])
      assert.deepEqual((await backgroundTasks.listDead({ workspaceId, kind: 'other' })).items, [])
    },
  },
  {
    id: 'backgroundTasks.backoff-is-spread',
    guarantee: 'Jobs that fail together do not all come back together',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      await system.backgroundTasks.enqueueMany(
        range(20).map((n) => ({ id: `j${n}`, workspaceId, kind: 'k' })),
      )
      const jobs = await system.backgroundTasks.claim({ limit: 20 })
      const failed = await Promise.all(jobs.map((job) => system.backgroundTasks.fail(job, 'no')))
      const moments = new Set(failed.map(({ runAt }) => runAt.getTime()))
      assert.ok(moments.size > 15, `${moments.size} moments`)
    },
  },
  {
    id: 'backgroundTasks.errors-are-kept',
    guarantee: 'The message of whatever was thrown is kept, as far as it can be stored',
    async run({ system }) {
      const { backgroundTasks } = system
      const workspaceId = await newWorkspace(system)
      const errors: readonly (readonly [unknown, string])[] = [
        [new TypeError('wrong'), 'wrong'],
        [new RangeError(), 'RangeError'],
        ['plain', 'plain'],
        [7, '7'],
        [null, 'null'],
        [undefined, 'undefined'],
        [Object.create(null), 'something that is no text was thrown'],
        [new Error('a\0b\ud800'), 'a\uFFFDb\uFFFD'],
        [new Error('🤖'.repeat(20_000)), '🤖'.repeat(5000)],
      ]
      for (const [error, kept] of errors) {
        const job = await backgroundTasks.fail(await running(system, workspaceId), error, { retry: false })
        assert.deepEqual([job.status, job.error], ['dead', kept])
      }
    },
  },
  {
    id: 'backgroundTasks.at-most-max-attempts',
    guarantee: 'A job is begun at most so many times, also when its workers never come back; then it is dead',
    async run({ system, second, clock }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      const { id } = await enqueue(system, workspaceId, { maxAttempts: 3 })
      const fences: number[] = []
      for (const _round of range(5)) {
        const claims = race(4, systems, (each) => each.backgroundTasks.claim({ limit: 2, leaseMs: 10 }))
        fences.push(...(await Promise.all(claims)).flat().map(({ fence }) => fence))
        clock.advance(10)
      }
      assert.deepEqual(fences, [1, 2, 3])
      const job = (await system.backgroundTasks.get(id))!
      assert.deepEqual([job.status, job.attempts, job.live, job.worker], ['dead', 3, false, null])
      assert.equal(job.error, 'its worker did not come back before its lease ended')
    },
  },
  {
    id: 'backgroundTasks.release',
    guarantee: 'A job that is given back is ready in its old place, and the attempt does not count',
    async run({ system }) {
      const { backgroundTasks } = system
      const workspaceId = await newWorkspace(system)
      const { id } = await enqueue(system, workspaceId, { maxAttempts: 1 })
      await enqueue(system, workspaceId)
      const job = await claimOne(system)
      const released = await backgroundTasks.release(job)
      const { status, attempts, attemptsLeft, worker, leaseUntil } = released
      assert.deepEqual([status, attempts, attemptsLeft, worker, leaseUntil], ['ready', 0, 1, null, null])
      const again = await claimOne(system)
      assert.deepEqual([again.id, again.attempts, again.fence], [id, 1, 2])
      await refused('STALE_FENCE', backgroundTasks.complete(job))
    },
  },
  {
    id: 'backgroundTasks.one-end',
    guarantee: 'Of many who end a claim at once, over two Systems, one does, and the others are told',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      for (const _round of range(3)) {
        const job = await running(system, workspaceId, { backoffMs: 0 })
        const ends = race(6, systems, (each, i) => words[i % 3]!(each, job))
        const { values, codes } = await settled(ends)
        assert.deepEqual([values.length, codes], [1, Array(5).fill('STALE_FENCE')])
        assert.deepEqual(await now(system, job), values[0])
        await drain(system)
      }
    },
  },
  {
    id: 'backgroundTasks.fences-rise',
    guarantee: 'No two claims of a job have the same fence, and each later one a higher one',
    async run({ system, second, clock }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      const { id } = await enqueue(system, workspaceId, { maxAttempts: 100, backoffMs: 0 })
      const fences: number[] = []
      for (const round of range(8)) {
        const claims = race(4, systems, (each) => each.backgroundTasks.claim({ limit: 3, leaseMs: 5 }))
        for (const job of (await Promise.all(claims)).flat()) {
          fences.push(job.fence)
          if (round % 3 === 0) await system.backgroundTasks.release(job)
          if (round % 3 === 1) await system.backgroundTasks.fail(job, 'no')
        }
        clock.advance(5)
      }
      assert.deepEqual(fences, ascending([...new Set(fences)]))
      assert.ok(fences.length >= 8)
      const job = (await system.backgroundTasks.get(id))!
      await dead(system, workspaceId, { priority: 9 })
      assert.equal(job.fence, fences.at(-1))
    },
  },
]
