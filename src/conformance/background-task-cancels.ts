/** Jobs that are not to be done, or to be done after all. */

import assert from 'node:assert/strict'
import { type JobStatus, jobStatuses } from '../schema/background-tasks.ts'
import type { System } from '../system.ts'
import { claimOne, dead, drain, enqueue, now, running } from './background-task-fixtures.ts'
import { newWorkspace, range, refused, settled } from './expect.ts'
import { idsOf, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

/** A job in this status. */
async function inStatus(system: System, workspaceId: string, status: JobStatus) {
  const { backgroundTasks } = system
  const queue = { queues: [status] }
  const make = (more = {}) => enqueue(system, workspaceId, { queue: status, ...more })
  switch (status) {
    case 'ready':
      return make()
    case 'scheduled':
      return make({ delayMs: 1000 })
    case 'waiting':
      return make({ dependsOn: [(await enqueue(system, workspaceId, { queue: 'other' })).id] })
    case 'blocked': {
      await make({ concurrencyKey: 'key' })
      await claimOne(system, queue)
      const job = await make({ concurrencyKey: 'key' })
      assert.deepEqual(await backgroundTasks.claim(queue), [])
      return now(system, job)
    }
    default: {
      await make()
      const job = await claimOne(system, queue)
      if (status === 'done') return backgroundTasks.complete(job)
      if (status === 'dead') return backgroundTasks.fail(job, 'no', { retry: false })
      return status === 'cancelled' ? backgroundTasks.fail(await backgroundTasks.cancel(job.id), '') : job
    }
  }
}

export const backgroundTaskCancelScenarios: readonly Scenario[] = [
  {
    id: 'backgroundTasks.statuses',
    guarantee:
      'What is not running is cancelled at once, a running job is asked to end, and what has ended stays so until it is retried',
    async run({ system, clock }) {
      const { backgroundTasks } = system
      const workspaceId = await newWorkspace(system)
      for (const status of jobStatuses) {
        const job = await inStatus(system, workspaceId, status)
        assert.equal(job.status, status)
        clock.advance(5)
        const retry = backgroundTasks.retry(job.id)
        if (status === 'dead' || status === 'cancelled') {
          const { attempts, attemptsLeft, runAt, live, finishedAt } = await retry
          assert.deepEqual([attempts, attemptsLeft, runAt, live, finishedAt], [0, 5, clock(), true, null])
          assert.equal((await claimOne(system, { queues: [status] })).id, job.id)
          continue
        }
        const allowed = ['dead', 'cancelled']
        await refused('INVALID_TRANSITION', retry, { verb: 'retry', status, allowed, id: job.id })
        if (status === 'done') {
          await refused('INVALID_TRANSITION', backgroundTasks.cancel(job.id), { verb: 'cancel', status })
          continue
        }
        const cancelled = await backgroundTasks.cancel(job.id)
        const changed = { version: job.version + 1, updatedAt: clock() }
        const expected =
          status === 'running'
            ? { cancelRequested: true }
            : { status: 'cancelled', live: false, finishedAt: clock() }
        assert.deepEqual(cancelled, { ...job, ...expected, ...changed })
        // Once is enough.
        assert.deepEqual(await backgroundTasks.cancel(job.id), cancelled)
      }
      await refused('NOT_FOUND', backgroundTasks.cancel(UNKNOWN), { id: UNKNOWN })
      await refused('NOT_FOUND', backgroundTasks.retry(UNKNOWN), { id: UNKNOWN })
    },
  },
  {
    id: 'backgroundTasks.cancel-of-a-running-one',
    guarantee:
      'A running job that was cancelled is done if its worker says so, and otherwise cancelled, however its worker leaves it',
    async run({ system, clock }) {
      const { backgroundTasks } = system
      const workspaceId = await newWorkspace(system)
      const cancelled = async () => {
        const job = await running(system, workspaceId)
        await backgroundTasks.cancel(job.id)
        // The worker has the job as it claimed it.
        return job
      }
      const heard = await backgroundTasks.heartbeat(await cancelled())
      assert.equal(heard.cancelRequested, true)
      assert.equal((await backgroundTasks.complete(heard)).status, 'done')
      const failed = await backgroundTasks.fail(await cancelled(), 'stopped')
      assert.deepEqual([failed.status, failed.error, failed.cancelRequested], ['cancelled', 'stopped', false])
      assert.equal((await backgroundTasks.release(await cancelled())).status, 'cancelled')
      const lost = await cancelled()
      clock.advance(30_000)
      assert.deepEqual(await backgroundTasks.claim(), [])
      assert.equal((await now(system, lost)).status, 'cancelled')
    },
  },
  {
    id: 'backgroundTasks.cancel-races',
    guarantee: 'A job that is cancelled, claimed and completed at once comes to one end, and all agree on it',
    async run({ system, second }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      for (const n of range(6)) {
        const { id } = await enqueue(system, workspaceId)
        const [claimed, { values, codes }] = await Promise.all([
          other.backgroundTasks.claim(),
          settled(race(3, [system, other], (each) => each.backgroundTasks.cancel(id))),
        ])
        assert.deepEqual([values.length, codes], [3, []])
        const job = (await system.backgroundTasks.get(id))!
        if (claimed.length === 0) assert.equal(job.status, 'cancelled')
        else {
          assert.deepEqual([job.status, job.cancelRequested], ['running', true])
          const end = n % 2 === 0 ? other.backgroundTasks.complete(job) : other.backgroundTasks.fail(job, '')
          assert.equal((await end).status, n % 2 === 0 ? 'done' : 'cancelled')
        }
      }
      const job = await running(system, workspaceId)
      const [done, cancel] = await Promise.allSettled([
        other.backgroundTasks.complete(job),
        system.backgroundTasks.cancel(job.id),
      ])
      assert.equal(done.status, 'fulfilled')
      if (cancel.status === 'rejected') assert.equal(cancel.reason.code, 'INVALID_TRANSITION')
      assert.equal((await now(system, job)).status, 'done')
    },
  },
  {
    id: 'backgroundTasks.retry',
    guarantee:
      'A dead job that is retried has all its attempts again, and its unique key if that is still free',
    async run({ system, second }) {
      const { backgroundTasks } = system
      const workspaceId = await newWorkspace(system)
      const job = await dead(system, workspaceId, { uniqueKey: 'u', maxAttempts: 2 })
      const retries = race(4, [system, await second()], (each) => each.backgroundTasks.retry(job.id))
      const { values, codes } = await settled(retries)
      assert.deepEqual([values.length, codes], [1, Array(3).fill('INVALID_TRANSITION')])
      const claimed = await claimOne(system)
      assert.deepEqual([claimed.id, claimed.attempts, claimed.fence], [job.id, 1, 2])
      assert.equal((await backgroundTasks.enqueue({ workspaceId, kind: 'k', uniqueKey: 'u' })).id, job.id)
      await backgroundTasks.fail(claimed, 'no', { retry: false })
      await enqueue(system, workspaceId, { uniqueKey: 'u' })
      await refused('ALREADY_EXISTS', backgroundTasks.retry(job.id), {
        columns: ['workspaceId', 'uniqueKey'],
      })
      assert.equal((await now(system, job)).status, 'dead')
    },
  },
  {
    id: 'backgroundTasks.purge',
    guarantee: 'What ended before a moment is purged, and nothing else; what is not finished never is',
    async run({ system, second, clock }) {
      const { backgroundTasks } = system
      const workspaceId = await newWorkspace(system)
      const made: string[] = []
      for (const status of jobStatuses) made.push((await inStatus(system, workspaceId, status)).id)
      const at = clock()
      clock.advance(10)
      const late = await dead(system, workspaceId)
      const total = await backgroundTasks.count({ workspaceId })
      assert.equal(await backgroundTasks.purge({ before: at }), 0)
      const soon = new Date(at.getTime() + 1)
      assert.equal(await backgroundTasks.purge({ before: soon, statuses: ['dead'] }), 1)
      const purges = race(3, [system, await second()], (each) => each.backgroundTasks.purge({ before: soon }))
      const counts = await Promise.all(purges)
      assert.equal(
        counts.reduce((sum, count) => sum + count),
        2,
      )
      assert.equal(await backgroundTasks.count({ workspaceId }), total - 3)
      assert.deepEqual(await now(system, late), late)
      const left = new Set((await backgroundTasks.getMany(made)).map(({ status }) => status))
      assert.deepEqual(left, new Set(['waiting', 'scheduled', 'blocked', 'ready', 'running']))
      await refused('VALIDATION', backgroundTasks.purge({ before: 'now' as never }))
      await refused('VALIDATION', backgroundTasks.purge({ before: soon, statuses: ['running' as never] }))
    },
  },
  {
    id: 'backgroundTasks.delete',
    guarantee: 'A deleted job is gone, whoever runs it; its key is free, and what waits for it is cancelled',
    async run({ system }) {
      const { backgroundTasks } = system
      const workspaceId = await newWorkspace(system)
      const key = { concurrencyKey: 'key' }
      const job = await running(system, workspaceId, key)
      const next = await enqueue(system, workspaceId, key)
      const waits = await enqueue(system, workspaceId, { dependsOn: [job.id, next.id], uniqueKey: 'u' })
      assert.deepEqual(await backgroundTasks.claim(), [])
      assert.equal(await backgroundTasks.delete(job.id), true)
      assert.equal(await backgroundTasks.delete(job.id), false)
      await refused('NOT_FOUND', backgroundTasks.complete(job))
      const { status, error, live, openDependencies } = await now(system, waits)
      assert.deepEqual([status, live, openDependencies], ['cancelled', false, 1])
      assert.equal(error, 'what it waited for was removed')
      assert.deepEqual(idsOf(await drain(system)), [next.id])
      assert.equal((await backgroundTasks.retry(waits.id)).status, 'ready')
      // One that is done keeps nobody waiting.
      const last = await enqueue(system, workspaceId, { dependsOn: [next.id] })
      assert.equal(await backgroundTasks.delete(next.id), true)
      assert.deepEqual(idsOf(await drain(system)).toSorted(), [waits.id, last.id].toSorted())
    },
  },
]
