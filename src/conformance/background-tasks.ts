/** Jobs: how they come in, and in which order they go out. */

import assert from 'node:assert/strict'
import { claimOne, drain, enqueue, now, running } from './background-task-fixtures.ts'
import { everything, many, newWorkspace, range, refused } from './expect.ts'
import { idsOf, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

export const backgroundTaskScenarios: readonly Scenario[] = [
  {
    id: 'backgroundTasks.enqueue',
    guarantee: 'What is enqueued is stored as given, with defaults for the rest, ready to be claimed',
    async run({ system, clock }) {
      const { backgroundTasks } = system
      const workspaceId = await newWorkspace(system)
      const agent = await system.agents.create({ workspaceId, name: 'Ada', role: 'developer' })
      const at = clock()
      const least = await backgroundTasks.enqueue({ workspaceId, kind: 'k' })
      const { id, ...rest } = least
      assert.ok(id.length > 0)
      assert.deepEqual(rest, {
        workspaceId,
        queue: 'default',
        kind: 'k',
        title: '',
        agentId: null,
        payload: null,
        priority: 0,
        status: 'ready',
        runAt: at,
        attempts: 0,
        maxAttempts: 5,
        attemptsLeft: 5,
        backoffMs: 1000,
        maxBackoffMs: 3_600_000,
        timeoutMs: null,
        uniqueKey: '',
        holdsUniqueKey: false,
        concurrencyKey: '',
        holdsConcurrencyKey: false,
        openDependencies: 0,
        dependents: 0,
        fence: 0,
        worker: null,
        leaseUntil: null,
        cancelRequested: false,
        progress: null,
        activity: null,
        inputTokens: 0,
        outputTokens: 0,
        result: null,
        error: null,
        startedAt: null,
        finishedAt: null,
        live: true,
        metadata: {},
        version: 1,
        createdAt: at,
        updatedAt: at,
      })
      const given = {
        id: 'mine',
        workspaceId,
        queue: 'builds',
        kind: 'build',
        title: 'Größe 🤖',
        agentId: agent.id,
        payload: [{ deep: { a: [1, null, 'x'] } }],
        maxAttempts: 2,
        backoffMs: 10,
        maxBackoffMs: 20,
        timeoutMs: 5,
        uniqueKey: 'u',
        concurrencyKey: 'c',
        metadata: { a: 1 },
      }
      const whole = await backgroundTasks.enqueue({ ...given, priority: 'high', delayMs: 7 })
      assert.deepEqual(whole, {
        ...least,
        ...given,
        priority: 10,
        status: 'scheduled',
        runAt: new Date(at.getTime() + 7),
        attemptsLeft: 2,
        holdsUniqueKey: true,
      })
      assert.deepEqual(await backgroundTasks.get('mine'), whole)
      const named = await Promise.all(
        (['low', 'normal', 'high', 'urgent'] as const).map((priority) =>
          enqueue(system, workspaceId, { priority }),
        ),
      )
      assert.deepEqual(
        named.map(({ priority }) => priority),
        [-10, 0, 10, 20],
      )
    },
  },
  {
    id: 'backgroundTasks.bad-input',
    guarantee: 'What makes no sense is refused, and nothing is stored',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const job = { workspaceId, kind: 'k' }
      const before = await everything(system.engine)
      const bad: Record<string, readonly unknown[]> = {
        kind: ['', null, 7, 'x'.repeat(129), 'a\0'],
        queue: ['', null],
        title: ['x'.repeat(1025)],
        payload: [new Date(0), 1n, Number.NaN, () => 1],
        priority: ['highest', 0.5, null, 2 ** 53, 'constructor'],
        runAt: ['tomorrow', new Date(Number.NaN), 7],
        delayMs: [-1, 0.5, '5', Number.POSITIVE_INFINITY],
        maxAttempts: [0, -1, 1.5, '3'],
        backoffMs: [-1, '1'],
        maxBackoffMs: [-1],
        timeoutMs: [0, -5],
        uniqueKey: [null, 7, 'x'.repeat(513)],
        concurrencyKey: [null, 'x'.repeat(513)],
        dependsOn: ['a', [7], null],
        status: ['running'],
        fence: [7],
        attempts: [1],
        holdsUniqueKey: [true],
        result: [1],
        unknown: [1],
      }
      for (const [key, values] of Object.entries(bad)) {
        for (const value of values) {
          // The cast: what the types forbid.
          const input = { ...job, [key]: value } as never
          await refused('VALIDATION', system.backgroundTasks.enqueue(input), { table: 'backgroundTasks' })
          await refused('VALIDATION', system.backgroundTasks.enqueueMany([job, input]))
        }
      }
      const both = { ...job, runAt: new Date(0), delayMs: 5 }
      await refused('VALIDATION', system.backgroundTasks.enqueue(both))
      const tooLong = { ...job, payload: 'x'.repeat(4_000_001) }
      await refused('VALIDATION', system.backgroundTasks.enqueue(tooLong), { column: 'payload' })
      await refused('VALIDATION', system.backgroundTasks.enqueue(null as never))
      await refused('VALIDATION', system.backgroundTasks.enqueueMany('no' as never))
      await refused('VALIDATION', system.backgroundTasks.enqueueMany(range(1001).map(() => job)))
      for (const options of [
        { limit: 0 },
        { limit: 1001 },
        { leaseMs: 0 },
        { queues: [] },
        { queues: [''] },
        { kinds: [7] },
        { worker: '' },
      ]) {
        await refused('VALIDATION', system.backgroundTasks.claim(options as never))
      }
      assert.deepEqual(await everything(system.engine), before)
      assert.deepEqual(await system.backgroundTasks.enqueueMany([]), [])
    },
  },
  {
    id: 'backgroundTasks.enqueue-many',
    guarantee: 'A batch is stored whole, in its order, or not at all',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const batch = range(20).map((n) => ({ workspaceId, kind: 'k', payload: n }))
      const stored = await system.backgroundTasks.enqueueMany(batch)
      assert.deepEqual(
        stored.map(({ payload }) => payload),
        range(20),
      )
      assert.deepEqual(idsOf(await system.backgroundTasks.claim({ limit: 20 })), idsOf(stored))
      const before = await everything(system.engine)
      const taken = { ...batch[0]!, id: stored[3]!.id }
      await refused('ALREADY_EXISTS', system.backgroundTasks.enqueueMany([...batch, taken]), {
        columns: ['id'],
      })
      const twins = ['u', 'u'].map((uniqueKey) => ({ ...batch[0]!, uniqueKey }))
      await refused('VALIDATION', system.backgroundTasks.enqueueMany(twins))
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'backgroundTasks.one-claimer',
    guarantee: 'Each job goes to one claimer, however many claim at once, from however many Systems',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      const batch = range(30).map(() => ({ workspaceId, kind: 'k' }))
      const stored = await system.backgroundTasks.enqueueMany(batch)
      const claimed = await Promise.all(
        race(12, systems, (each, i) => each.backgroundTasks.claim({ limit: 1 + (i % 4), worker: `w${i}` })),
      )
      for (const [i, jobs] of claimed.entries()) {
        for (const job of jobs) {
          assert.deepEqual([job.status, job.worker, job.fence, job.attempts], ['running', `w${i}`, 1, 1])
        }
      }
      const rest = await system.backgroundTasks.claim({ limit: 100 })
      const ids = idsOf([...claimed.flat(), ...rest])
      assert.deepEqual(ids.toSorted(), idsOf(stored).toSorted())
      assert.deepEqual(await system.backgroundTasks.claim(), [])
    },
  },
  {
    id: 'backgroundTasks.claim',
    guarantee: 'A claimed job is running, with its worker, a lease to the millisecond and a fence',
    async run({ system, clock }) {
      const workspaceId = await newWorkspace(system)
      const job = await enqueue(system, workspaceId)
      clock.advance(1000)
      const claimed = await claimOne(system, { worker: 'ada', leaseMs: 1234 })
      assert.deepEqual(claimed, {
        ...job,
        status: 'running',
        worker: 'ada',
        leaseUntil: new Date(clock().getTime() + 1234),
        fence: 1,
        attempts: 1,
        attemptsLeft: 4,
        startedAt: clock(),
        version: 2,
        updatedAt: clock(),
      })
      assert.deepEqual(await system.backgroundTasks.get(job.id), claimed)
      clock.advance(10)
      const done = await system.backgroundTasks.complete(claimed, { ok: [1] })
      assert.deepEqual(done, {
        ...claimed,
        status: 'done',
        worker: null,
        leaseUntil: null,
        result: { ok: [1] },
        finishedAt: clock(),
        live: false,
        version: 3,
        updatedAt: clock(),
      })
      assert.deepEqual(await system.backgroundTasks.get(job.id), done)
    },
  },
  {
    id: 'backgroundTasks.order',
    guarantee: 'Jobs go out by priority, the highest first, and those of one priority as they came',
    async run({ system, clock }) {
      const workspaceId = await newWorkspace(system)
      const expected = new Map<number, string[]>([
        [5, []],
        [0, []],
        [-5, []],
      ])
      for (const n of range(18)) {
        const priority = [0, 5, -5][n % 3]!
        expected.get(priority)!.push((await enqueue(system, workspaceId, { priority })).id)
        if (n % 4 === 0) clock.advance(1)
      }
      const order = [...expected.values()].flat()
      const five = idsOf(await system.backgroundTasks.claim({ limit: 5 }))
      assert.deepEqual([...five, ...idsOf(await drain(system))], order)
      // Also after one was given back, and one tried again.
      const [first, other] = [await enqueue(system, workspaceId), await enqueue(system, workspaceId)]
      await system.backgroundTasks.release(await claimOne(system))
      assert.deepEqual(idsOf(await drain(system)), [first.id, other.id])
    },
  },
  {
    id: 'backgroundTasks.queues-and-kinds',
    guarantee: 'A claim takes jobs of its queues, in the order named, and of its kinds, and no others',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const make = (queue: string, kind: string) => enqueue(system, workspaceId, { queue, kind })
      const [a, b, c, d] = [
        await make('x', 'k'),
        await make('y', 'k'),
        await make('x', 'l'),
        await make('y', 'm'),
      ]
      assert.deepEqual(await system.backgroundTasks.claim({ limit: 9 }), [])
      assert.deepEqual(await system.backgroundTasks.claim({ queues: ['x'], kinds: ['m'] }), [])
      const claim = async (queues: string[], kinds?: string[]) =>
        idsOf(await system.backgroundTasks.claim({ queues, kinds, limit: 2 }))
      assert.deepEqual(await claim(['y', 'x'], ['l', 'm']), [d.id, c.id])
      assert.deepEqual(await claim(['y', 'x', 'y']), [b.id, a.id])
    },
  },
  {
    id: 'backgroundTasks.run-at',
    guarantee: 'A job is never claimed before its time, and at its time it is, to the millisecond',
    async run({ system, clock, second }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      const later = await enqueue(system, workspaceId, { delayMs: 2000, priority: 'urgent' })
      const soon = await enqueue(system, workspaceId, { runAt: new Date(clock().getTime() + 1000) })
      assert.deepEqual([soon.status, later.status], ['scheduled', 'scheduled'])
      for (const each of [system, other]) assert.deepEqual(await each.backgroundTasks.claim(), [])
      clock.advance(999)
      for (const each of [system, other]) assert.deepEqual(await each.backgroundTasks.claim(), [])
      clock.advance(1)
      assert.equal((await claimOne(other)).id, soon.id)
      assert.deepEqual(await system.backgroundTasks.claim(), [])
      // Before what has been ready for long, by its priority.
      await many(3, () => enqueue(system, workspaceId))
      clock.advance(1000)
      assert.equal((await claimOne(system)).id, later.id)
    },
  },
  {
    id: 'backgroundTasks.run-at-is-not-in-the-way',
    guarantee: 'However many jobs are for later, what is for now is found',
    async run({ system, clock }) {
      const workspaceId = await newWorkspace(system)
      const forLater = range(100).map(() => ({ workspaceId, kind: 'k', delayMs: 60_000, priority: 9 }))
      await system.backgroundTasks.enqueueMany(forLater)
      const { id } = await enqueue(system, workspaceId)
      assert.deepEqual(idsOf(await drain(system)), [id])
      clock.advance(60_000)
      assert.equal((await system.backgroundTasks.claim({ limit: 400 })).length, 100)
    },
  },
  {
    id: 'backgroundTasks.unique-key',
    guarantee:
      'A unique key stands for one job until that is finished: N who enqueue at once get the same one, and there is one',
    async run({ system, second }) {
      const { backgroundTasks } = system
      const workspaceId = await newWorkspace(system)
      const unique = { workspaceId, kind: 'k', uniqueKey: 'u' }
      const systems = [system, await second()]
      const made = await Promise.all(
        race(10, systems, (each, i) => each.backgroundTasks.enqueue({ ...unique, payload: i })),
      )
      assert.equal(new Set(idsOf(made)).size, 1)
      assert.equal(await backgroundTasks.count({ workspaceId }), 1)
      const job = await claimOne(system)
      assert.deepEqual(await backgroundTasks.enqueue({ ...unique, delayMs: 5 }), job)
      const [same, another] = await backgroundTasks.enqueueMany([unique, { ...unique, uniqueKey: 'v' }])
      assert.deepEqual(same, job)
      assert.notEqual(another!.id, job.id)
      await refused('ALREADY_EXISTS', backgroundTasks.enqueue({ ...unique, kind: 'other' }), {
        columns: ['workspaceId', 'uniqueKey'],
      })
      const elsewhere = { ...unique, workspaceId: await newWorkspace(system) }
      assert.notEqual((await backgroundTasks.enqueue(elsewhere)).id, job.id)
      await backgroundTasks.complete(job)
      const next = await backgroundTasks.enqueue(unique)
      assert.notEqual(next.id, job.id)
      await backgroundTasks.cancel(next.id)
      assert.notEqual((await backgroundTasks.enqueue(unique)).id, next.id)
    },
  },
  {
    id: 'backgroundTasks.lists',
    guarantee: 'Jobs are found by what they are, page by page, and changed where that is theirs to change',
    async run({ system, clock }) {
      const { backgroundTasks } = system
      const workspaceId = await newWorkspace(system)
      const jobs = await backgroundTasks.enqueueMany(
        range(5).map((n) => ({ workspaceId, kind: `k${n % 2}` })),
      )
      const first = await backgroundTasks.list({ workspaceId, kind: 'k0' }, { limit: 2 })
      const rest = await backgroundTasks.list({ workspaceId, kind: 'k0' }, { limit: 2, after: first.next })
      assert.deepEqual([...first.items, ...rest.items], [jobs[0], jobs[2], jobs[4]])
      assert.equal(await backgroundTasks.count({ workspaceId, status: 'ready', kind: 'k1' }), 2)
      assert.deepEqual(await backgroundTasks.getMany([jobs[1]!.id, UNKNOWN, jobs[0]!.id]), [jobs[1], jobs[0]])
      clock.advance(5)
      const id = jobs[4]!.id
      const changed = await backgroundTasks.update(id, { priority: 3, title: 'New', metadata: { a: 1 } })
      const expected = { priority: 3, title: 'New', metadata: { a: 1 }, version: 2, updatedAt: clock() }
      assert.deepEqual(changed, { ...jobs[4], ...expected })
      assert.equal((await claimOne(system)).id, id)
      for (const patch of [
        { status: 'done' },
        { payload: 1 },
        { kind: 'l' },
        { fence: 9 },
        { runAt: clock() },
      ]) {
        await refused('VALIDATION', backgroundTasks.update(id, patch as never))
      }
      await refused('VERSION_CONFLICT', backgroundTasks.update(id, { title: 'T' }, { ifVersion: 1 }))
    },
  },
  {
    id: 'backgroundTasks.in-transactions',
    guarantee:
      'What is enqueued or completed in a transaction is so with its commit, and not without; claims are refused',
    async run({ system, rerunning }) {
      const workspaceId = await newWorkspace(system)
      const twice = await rerunning()
      const job = await running(system, workspaceId)
      const work = twice.transaction(async (tx) => {
        await tx.backgroundTasks.complete(job, 'no')
        await enqueue(tx, workspaceId)
        throw new Error('no')
      })
      await assert.rejects(work, /no/)
      assert.deepEqual(await now(system, job), job)
      const next = await twice.transaction(async (tx) => {
        await tx.backgroundTasks.complete(job, 'yes')
        return enqueue(tx, workspaceId, { dependsOn: [job.id], uniqueKey: 'u' })
      })
      assert.equal((await now(system, job)).result, 'yes')
      assert.deepEqual(idsOf(await drain(system)), [next.id])
      assert.equal(await system.backgroundTasks.count({ workspaceId }), 2)
      await refused(
        'TRANSACTION_SCOPE',
        system.transaction((tx) => tx.backgroundTasks.claim()),
      )
      await refused(
        'TRANSACTION_SCOPE',
        system.transaction(async (tx) => tx.backgroundTasks.work({ k: () => {} })),
      )
    },
  },
]
