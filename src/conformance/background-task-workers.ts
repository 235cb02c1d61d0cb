/** Workers: what runs the handlers, and what becomes of the jobs when handlers and workers misbehave. */

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { System } from '../system.ts'
import type { Job, WorkerOptions } from '../work/worker.ts'
import { claimOne, enqueue, eventually, now, QUICK } from './background-task-fixtures.ts'
import { newWorkspace, range, refused } from './expect.ts'
import { idsOf } from './fixtures.ts'
import { another, deaf } from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

const hasStatus = (system: System, job: { readonly id: string }, status: string) => async () =>
  (await now(system, job)).status === status

/** Pending until the signal fires; whether it has. */
function obedient() {
  const { promise: begun, resolve } = Promise.withResolvers<void>()
  const { promise: stopped, resolve: stop } = Promise.withResolvers<unknown>()
  const handler = async (_job: Job, { signal }: { readonly signal: AbortSignal }) => {
    resolve()
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        stop(signal.reason)
        reject(signal.reason)
      })
    })
  }
  return { handler, begun, stopped }
}

export const backgroundTaskWorkerScenarios: readonly Scenario[] = [
  {
    id: 'backgroundTasks.work',
    guarantee:
      'A worker runs each job by the handler of its kind, with its payload, and stores what it answers; other kinds are left',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const [sum, none, other] = [
        await enqueue(system, workspaceId, { kind: 'sum', payload: { a: 1, b: 2 } }),
        await enqueue(system, workspaceId, { kind: 'none' }),
        await enqueue(system, workspaceId, { kind: 'other' }),
      ]
      const worker = system.backgroundTasks.work(
        {
          sum: async ({ payload: { a, b } }: Job<{ a: number; b: number }>, { progress }) => {
            await progress({ percent: 50, inputTokens: 3 })
            return a + b
          },
          none: ({ payload }) => void payload,
        },
        { ...QUICK, name: 'ada' },
      )
      await eventually(hasStatus(system, none, 'done'))
      await worker.stop()
      const done = await now(system, sum)
      assert.deepEqual([done.status, done.result, done.progress, done.inputTokens], ['done', 3, 50, 3])
      assert.equal((await now(system, none)).result, null)
      assert.equal((await now(system, other)).status, 'ready')
      assert.match(worker.id, /^ada:./)
    },
  },
  {
    id: 'backgroundTasks.work-of-many',
    guarantee:
      'Workers of several Systems run every job once, each no more at a time than it may, also what comes while they are idle',
    async run({ system, second }) {
      const workspaceId = await newWorkspace(system)
      const ran: string[] = []
      const together = new Map<string, number>()
      let most = 0
      const handlers = {
        k: async ({ id, worker }: Job) => {
          together.set(worker!, (together.get(worker!) ?? 0) + 1)
          most = Math.max(most, ...together.values())
          ran.push(id)
          await sleep(1)
          together.set(worker!, together.get(worker!)! - 1)
        },
      }
      const workers = [system, await second()].map((each) =>
        each.backgroundTasks.work(handlers, { ...QUICK, concurrency: 3 }),
      )
      const batch = range(10).map(() => ({ workspaceId, kind: 'k' }))
      const early = await system.backgroundTasks.enqueueMany(batch)
      await eventually(() => ran.length >= 10)
      const late = await system.backgroundTasks.enqueueMany(batch)
      await eventually(async () => (await system.backgroundTasks.count({ status: 'done' })) === 20)
      await Promise.all(workers.map((worker) => worker.stop()))
      assert.deepEqual(ran.toSorted(), idsOf([...early, ...late]).toSorted())
      assert.ok(most <= 3, `${most} at a time`)
    },
  },
  {
    id: 'backgroundTasks.work-that-fails',
    guarantee:
      'A handler that throws, or answers what is no JSON, fails its job with the message; it is tried again, and the worker goes on',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const most = { maxAttempts: 2, backoffMs: 0 }
      const [bad, odd, sync, good] = [
        await enqueue(system, workspaceId, { kind: 'bad', ...most }),
        await enqueue(system, workspaceId, { kind: 'odd', ...most }),
        await enqueue(system, workspaceId, { kind: 'sync', ...most }),
        await enqueue(system, workspaceId, { kind: 'good' }),
      ]
      let tries = 0
      const worker = system.backgroundTasks.work(
        {
          bad: async () => {
            throw new Error(`no ${++tries}`)
          },
          // The cast: what the types forbid.
          odd: async () => new Date(0) as never,
          sync: () => {
            throw 'plain'
          },
          good: () => 'well',
        },
        QUICK,
      )
      for (const job of [bad, odd, sync]) await eventually(hasStatus(system, job, 'dead'))
      await eventually(hasStatus(system, good, 'done'))
      await worker.stop()
      assert.deepEqual([(await now(system, bad)).error, (await now(system, bad)).attempts], ['no 2', 2])
      assert.match((await now(system, odd)).error!, /backgroundTasks\.result/)
      assert.equal((await now(system, sync)).error, 'plain')
    },
  },
  {
    id: 'backgroundTasks.work-that-hangs',
    guarantee: 'A handler that does not end in its time fails its job, and makes room for others',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const hangs = await enqueue(system, workspaceId, { kind: 'hangs', timeoutMs: 5, maxAttempts: 1 })
      const next = await enqueue(system, workspaceId)
      let signal: AbortSignal | undefined
      const worker = system.backgroundTasks.work(
        {
          hangs: (_job, context) => {
            signal = context.signal
            return new Promise<void>(() => {})
          },
          k: () => {},
        },
        QUICK,
      )
      await eventually(hasStatus(system, next, 'done'))
      await worker.stop()
      const { status, error } = await now(system, hangs)
      assert.deepEqual([status, error], ['dead', 'it was given up after 5 ms'])
      assert.equal(signal?.aborted, true)
    },
  },
  {
    id: 'backgroundTasks.work-is-kept-alive',
    guarantee: 'While a worker lives, its lease does not end, however long its handler takes',
    async run({ system, second, clock }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      const job = await enqueue(system, workspaceId)
      const { promise, resolve } = Promise.withResolvers<void>()
      const worker = system.backgroundTasks.work({ k: () => promise }, { ...QUICK, leaseMs: 1000 })
      await eventually(hasStatus(system, job, 'running'))
      for (const _round of range(3)) {
        clock.advance(900)
        const until = clock().getTime() + 1000
        await eventually(async () => (await now(system, job)).leaseUntil!.getTime() === until)
        assert.deepEqual(await other.backgroundTasks.claim(), [])
      }
      resolve()
      await eventually(hasStatus(system, job, 'done'))
      assert.equal((await now(system, job)).attempts, 1)
      await worker.stop()
    },
  },
  {
    id: 'backgroundTasks.work-that-was-lost',
    guarantee:
      'When a worker has lost its lease, the handler’s signal fires, and what it answers no longer counts',
    async run({ system, second, clock }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      const job = await enqueue(system, workspaceId, { maxAttempts: 2 })
      const { handler, begun, stopped } = obedient()
      const errors: unknown[] = []
      const worker = system.backgroundTasks.work(
        { k: handler },
        { ...QUICK, leaseMs: 1000, onError: (error) => void errors.push(error) },
      )
      await begun
      // It is not to have the job again itself.
      const stopping = worker.stop()
      clock.advance(1000)
      const taken = await claimOne(other)
      await stopped
      await stopping
      assert.deepEqual([taken.id, taken.fence], [job.id, 2])
      const { status, fence } = await now(system, job)
      assert.deepEqual([status, fence], ['running', 2])
      assert.ok(errors.some((error) => (error as { readonly code?: string }).code === 'STALE_FENCE'))
      await other.backgroundTasks.complete(taken)
    },
  },
  {
    id: 'backgroundTasks.work-that-is-cancelled',
    guarantee:
      'When a running job is cancelled, the signal of its handler fires, and the job ends as cancelled',
    async run({ system, second }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      const job = await enqueue(system, workspaceId)
      const { handler, begun, stopped } = obedient()
      const worker = system.backgroundTasks.work({ k: handler }, QUICK)
      await begun
      await other.backgroundTasks.cancel(job.id)
      await stopped
      await eventually(hasStatus(system, job, 'cancelled'))
      await worker.stop()
    },
  },
  {
    id: 'backgroundTasks.work-stops',
    guarantee:
      'A worker that stops claims nothing more, waits for what it runs, and at its deadline gives back what is left',
    async run({ system }) {
      const { backgroundTasks } = system
      const workspaceId = await newWorkspace(system)
      const [first, next] = [await enqueue(system, workspaceId), await enqueue(system, workspaceId)]
      const { promise, resolve } = Promise.withResolvers<void>()
      const patient = backgroundTasks.work({ k: () => promise }, QUICK)
      await eventually(hasStatus(system, first, 'running'))
      const stopping = patient.stop()
      resolve()
      await stopping
      assert.equal(patient.running, 0)
      assert.deepEqual(
        [(await now(system, first)).status, (await now(system, next)).status],
        ['done', 'ready'],
      )
      const { handler, begun, stopped } = obedient()
      const hasty = backgroundTasks.work({ k: handler }, QUICK)
      await begun
      await hasty.stop({ deadline: 0 })
      await stopped
      const { status, attempts, worker } = await now(system, next)
      assert.deepEqual([status, attempts, worker], ['ready', 0, null])
      assert.equal((await claimOne(system)).id, next.id)
      await hasty.stop()
      await refused('VALIDATION', patient.stop({ deadline: -1 }))
    },
  },
  {
    id: 'backgroundTasks.work-and-close',
    guarantee: 'A System that is closed waits for its workers, and their jobs end as they should',
    async run({ system, second }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      const job = await enqueue(system, workspaceId)
      const { promise, resolve } = Promise.withResolvers<void>()
      other.backgroundTasks.work({ k: () => promise }, QUICK)
      await eventually(hasStatus(system, job, 'running'))
      const closing = other.close()
      resolve()
      await closing
      assert.equal((await now(system, job)).status, 'done')
    },
  },
  {
    id: 'backgroundTasks.work-unheard',
    guarantee: 'A worker that hears of nothing finds its jobs all the same, and those that come due',
    async run({ system, clock }) {
      await using other = await another(system, {}, deaf)
      const workspaceId = await newWorkspace(system)
      const worker = other.backgroundTasks.work({ k: () => {} }, QUICK)
      const job = await enqueue(system, workspaceId)
      await eventually(hasStatus(system, job, 'done'))
      const later = await enqueue(system, workspaceId, { delayMs: 1000 })
      clock.advance(1000)
      await eventually(hasStatus(system, later, 'done'))
      await worker.stop()
    },
  },
  {
    id: 'backgroundTasks.work-refused',
    guarantee: 'A worker that makes no sense is refused',
    async run({ system }) {
      const { backgroundTasks } = system
      const handlers = { k: () => {} }
      for (const [bad, options] of [
        [null, {}],
        [{}, {}],
        [{ k: 'no' }, {}],
        [handlers, { concurrency: 0 }],
        [handlers, { leaseMs: 0 }],
        [handlers, { heartbeatMs: -1 }],
        [handlers, { timeoutMs: 0 }],
        [handlers, { pollMs: { min: 0 } }],
        [handlers, { queues: [] }],
        [handlers, { queues: [''] }],
        [handlers, { name: 'x'.repeat(200) }],
      ] as const) {
        await refused(
          'VALIDATION',
          (async () => backgroundTasks.work(bad as never, options as WorkerOptions))(),
        )
      }
    },
  },
]
