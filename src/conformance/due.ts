/** What comes due by itself: seen to by a caretaker that stays, or by one bounded sweep. */

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { UnavailableError } from '../errors.ts'
import { createSystem, type System } from '../system.ts'
import type { Job } from '../work/worker.ts'
import { enqueue, eventually, now } from './background-task-fixtures.ts'
import { newWorkspace, range, refused } from './expect.ts'
import { aCrew, idsOf, race } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** One of everything that comes due within the hour. */
async function everything(system: System) {
  const { workspaceId, agentIds } = await aCrew(system, 1)
  const [agentId = ''] = agentIds
  const job = { kind: 'k', payload: 'tick' }
  return {
    agentId,
    old: await system.backgroundTasks.cancel((await enqueue(system, workspaceId)).id),
    schedule: await system.schedules.create({ workspaceId, cron: '@hourly', job }),
    timer: await system.timers.set({ agentId, label: 'Stand-up', in: '15m' }),
    lease: await system.leases.acquire('deploy', { holder: 'ada', ttl: '5m' }),
    lock: await system.fileLocks.acquire('src/', { workspaceId, agentId, ttl: '5m' }),
  }
}

const mailOf = async (system: System, agentId: string) =>
  (await system.mailbox.list({ agentId })).items.map(({ kind }) => kind)

/** A System whose database is away for updates: leases cannot be cleared. */
const without = ({ engine }: System): Promise<System> =>
  createSystem({
    engine: {
      ...engine,
      update: () => Promise.reject(new UnavailableError('the line is dead')),
      close: async () => {},
    },
  })

export const dueScenarios: readonly Scenario[] = [
  {
    id: 'due.sweep',
    guarantee:
      'A sweep fires schedules and timers that are due, clears leases and locks that have run out, and says which',
    async run({ system, clock }) {
      const { agentId, old, schedule, timer, lease, lock } = await everything(system)
      const nothing = { firings: [], timers: [], leases: [], fileLocks: [], purged: 0, jobs: 0, isIdle: true }
      assert.deepEqual(await system.runDue(), nothing)
      clock.advance(HOUR)
      const { firings, timers, leases, fileLocks, ...rest } = await system.runDue()
      assert.deepEqual(
        firings.map((firing) => [firing.schedule.id, firing.ticks, firing.jobIds.length]),
        [[schedule.id, [clock()], 1]],
      )
      assert.deepEqual([idsOf(timers), await mailOf(system, agentId)], [[timer.id], ['timer']])
      assert.deepEqual(
        leases.map(({ name, holder, fence }) => [name, holder, fence]),
        [[lease.name, 'ada', lease.fence]],
      )
      assert.deepEqual([fileLocks, rest], [[lock], { purged: 0, jobs: 0, isIdle: true }])
      assert.deepEqual(await system.runDue(), nothing)
      // Old jobs are deleted if that is asked for.
      clock.advance(DAY)
      assert.equal((await system.runDue({ keepJobs: '2 days' })).purged, 0)
      assert.equal((await system.runDue({ keepJobs: DAY })).purged, 1)
      assert.equal(await system.backgroundTasks.get(old.id), null)
    },
  },
  {
    id: 'due.sweep-races',
    guarantee: 'Of many who sweep at once, over two connections, one does each thing',
    async run({ system, second, clock }) {
      const { agentId, schedule } = await everything(system)
      clock.advance(HOUR)
      const swept = await Promise.all(race(6, [system, await second()], (each) => each.runDue()))
      for (const kind of ['firings', 'timers', 'leases', 'fileLocks'] as const)
        assert.equal(swept.flatMap((each): readonly unknown[] => each[kind]).length, 1, kind)
      assert.deepEqual(await mailOf(system, agentId), ['timer'])
      const jobs = (await system.backgroundTasks.list({ kind: 'k' })).items
      assert.equal(jobs.filter(({ metadata }) => metadata.scheduleId === schedule.id).length, 1)
    },
  },
  {
    id: 'due.sweep-jobs',
    guarantee:
      'With handlers, one sweep runs the jobs that are ready, those of its ticks among them, until none is left',
    async run({ system, clock }) {
      const { schedule } = await everything(system)
      const { workspaceId } = schedule
      await system.backgroundTasks.enqueueMany(range(7).map((i) => ({ workspaceId, kind: 'k', payload: i })))
      const [bad, later] = [
        await enqueue(system, workspaceId, { kind: 'bad', maxAttempts: 1 }),
        await enqueue(system, workspaceId, { kind: 'k', delayMs: DAY }),
      ]
      clock.advance(HOUR)
      const payloads: unknown[] = []
      const handlers = {
        k: ({ payload }: Job) => void payloads.push(payload),
        bad: () => {
          throw new Error('no good')
        },
      }
      const { jobs, isIdle } = await system.runDue({ handlers, concurrency: 2 })
      assert.deepEqual([jobs, isIdle], [9, true])
      assert.deepEqual(payloads.toSorted(), [0, 1, 2, 3, 4, 5, 6, 'tick'])
      assert.deepEqual(
        [(await now(system, bad)).error, (await now(system, later)).status],
        ['no good', 'scheduled'],
      )
      assert.deepEqual((await system.runDue({ handlers })).jobs, 0)
    },
  },
  {
    id: 'due.sweep-budget',
    guarantee:
      'A sweep ends with its budget: a job that takes half of it has failed, and what still runs is given back as if it had not been begun',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const never = () => new Promise<never>(() => {})
      const long = await enqueue(system, workspaceId, { kind: 'long', backoffMs: DAY, timeoutMs: HOUR })
      // Where the machine is so busy that it begins late, it is given back, and fails the next time.
      await eventually(async () => {
        const startedAt = performance.now()
        const { isIdle } = await system.runDue({ handlers: { long: never }, budgetMs: 400 })
        if (!isIdle) assert.ok(performance.now() - startedAt >= 390)
        const { status, attempts, error } = await now(system, long)
        if (status === 'ready') {
          assert.equal(attempts, 0)
          return false
        }
        assert.deepEqual([status, attempts], ['scheduled', 1])
        assert.match(error ?? '', /after 200 ms/)
        return true
      })
      const signals: AbortSignal[] = []
      const handlers = {
        short: () => sleep(120),
        next: (_job: Job, { signal }: { readonly signal: AbortSignal }) => {
          signals.push(signal)
          return never()
        },
      }
      await enqueue(system, workspaceId, { kind: 'short' })
      await enqueue(system, workspaceId, { kind: 'short' })
      const queued = await enqueue(system, workspaceId, { kind: 'next' })
      assert.equal((await system.runDue({ handlers, budgetMs: 400 })).isIdle, false)
      for (const { aborted } of signals) assert.ok(aborted)
      const back = await now(system, queued)
      assert.deepEqual([back.status, back.attempts, back.worker], ['ready', 0, null])
      for (const budgetMs of [0, -1, 1.5, Number.NaN])
        await refused('VALIDATION', system.runDue({ budgetMs }))
      for (const keepJobs of [0, 'soon', '']) await refused('VALIDATION', system.runDue({ keepJobs }))
    },
  },
  {
    id: 'due.sweep-that-fails',
    guarantee: 'When one part of a sweep fails, the others are made; the error is thrown in the end, or told',
    async run({ system, clock }) {
      const { agentId, lease } = await everything(system)
      clock.advance(HOUR)
      const failing = await without(system)
      await refused('UNAVAILABLE', failing.runDue())
      assert.deepEqual(await mailOf(system, agentId), ['timer'])
      assert.equal(await system.backgroundTasks.count({ kind: 'k' }), 2)
      assert.equal(await system.fileLocks.count(), 0)
      const errors: unknown[] = []
      await failing.runDue({ onError: (error) => errors.push(error) })
      assert.deepEqual(errors.map(String), ['UnavailableError: the line is dead'])
      assert.deepEqual(
        (await system.runDue()).leases.map(({ name }) => name),
        [lease.name],
      )
    },
  },
  {
    id: 'due.start',
    guarantee: 'Caretakers of several Systems do what comes due, each thing once, and tell of it',
    async run({ system, second, clock }) {
      const { agentId, schedule } = await everything(system)
      const told: string[] = []
      const onSwept = (swept: object) =>
        told.push(
          ...Object.entries(swept).flatMap(([kind, done]) =>
            Array.isArray(done) ? done.map(() => kind) : [],
          ),
        )
      const systems = [system, await second()]
      for (const each of systems) each.start({ pollMs: 5, onSwept })
      clock.advance(HOUR)
      await eventually(() => told.length >= 4)
      clock.advance(HOUR)
      await eventually(() => told.length >= 5)
      assert.equal(await system.backgroundTasks.count({ kind: 'k', live: true }), 2)
      assert.deepEqual(await mailOf(system, agentId), ['timer'])
      assert.deepEqual(told.toSorted(), ['fileLocks', 'firings', 'firings', 'leases', 'timers'])
      assert.deepEqual((await system.schedules.get(schedule.id))?.lastRunAt, clock())
    },
  },
  {
    id: 'due.start-in-time',
    guarantee:
      'A caretaker knows when something comes due, and hears of what comes sooner; it does not wait until it would look',
    async run({ system, clock }) {
      const { agentIds } = await aCrew(system, 1)
      const [agentId = ''] = agentIds
      system.start({ pollMs: HOUR })
      for (const round of [1, 2, 3]) {
        await system.timers.set({ agentId, label: 'L', in: 40 })
        // By now it has heard of it, and sleeps again.
        if (round > 1) await sleep(100)
        clock.advance(40)
        await eventually(async () => (await mailOf(system, agentId)).length === round)
      }
    },
  },
  {
    id: 'due.start-and-stop',
    guarantee: 'A System has one caretaker, which does no more once it is stopped, and stops with the System',
    async run({ system, second, clock }) {
      const { agentId } = await everything(system)
      const caretaker = system.start({ pollMs: 1 })
      assert.equal(system.start(), caretaker)
      await caretaker.stop()
      await caretaker.stop()
      clock.advance(HOUR)
      const other = await second()
      other.start({ pollMs: 1 })
      await other.close()
      const left = await mailOf(system, agentId)
      await using again = system.start({ pollMs: 1 })
      assert.notEqual(again, caretaker)
      await eventually(async () => (await mailOf(system, agentId)).length === 1)
      assert.ok(left.length <= 1)
      for (const options of [{ pollMs: 0 }, { keepJobs: 'soon' }]) {
        await again.stop()
        assert.throws(() => system.start(options), { code: 'VALIDATION' })
      }
    },
  },
  {
    id: 'due.start-that-fails',
    guarantee: 'A caretaker goes on when something fails, and tells of it, also of a job that is refused',
    async run({ system, clock }) {
      const { agentId, schedule } = await everything(system)
      const { workspaceId } = schedule
      const job = { kind: 'k', uniqueKey: 'u' }
      await system.backgroundTasks.enqueue({ workspaceId, ...job })
      await system.schedules.create({ workspaceId, cron: '@hourly', job })
      clock.advance(HOUR)
      const errors = new Set<unknown>()
      const failing = await without(system)
      const caretaker = failing.start({
        pollMs: 1,
        onError: (error) => errors.add((error as { code?: unknown }).code),
      })
      await eventually(() => errors.size === 2)
      assert.deepEqual([...errors].toSorted(), ['ALREADY_EXISTS', 'UNAVAILABLE'])
      await eventually(async () => (await mailOf(system, agentId)).length === 1)
      await caretaker.stop()
    },
  },
]
