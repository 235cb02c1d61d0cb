/** The state machine of tasks: where each verb leads from each status, alone and in a race. */

import assert from 'node:assert/strict'
import { InvalidTransitionError } from '../errors.ts'
import { type Task, type TaskStatus, taskStatuses } from '../schema/tasks.ts'
import type { System } from '../system.ts'
import { newWorkspace, range, refused, settled } from './expect.ts'
import { allTasks, assertRecount, aTask, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

const UNFINISHED = ['pending', 'ready', 'running', 'review', 'failed', 'blocked', 'paused'] as const

/** Where each verb leads; from every other status it is refused. */
const machine = {
  start: { ready: 'running' },
  complete: { running: 'done', review: 'done', paused: 'done' },
  fail: { running: 'failed', review: 'failed' },
  review: { running: 'review' },
  reject: { review: 'running' },
  pause: { pending: 'paused', ready: 'paused', running: 'paused' },
  // Paused before it was started, and waiting for nothing.
  resume: { paused: 'ready' },
  retry: { failed: 'ready' },
  reopen: { done: 'ready' },
  skip: fromAll(UNFINISHED, 'skipped'),
  cancel: fromAll(UNFINISHED, 'cancelled'),
  forceReady: { pending: 'ready', blocked: 'ready' },
} as const satisfies Record<string, Partial<Record<TaskStatus, TaskStatus>>>

type Verb = keyof typeof machine
/** The cast: these are its keys. */
const verbs = Object.keys(machine) as Verb[]
const wayOf = (verb: Verb): Partial<Record<TaskStatus, TaskStatus>> => machine[verb]

export const taskTransitionScenarios: readonly Scenario[] = [
  ...verbs.map((verb): Scenario => {
    const from = Object.keys(machine[verb])
    return {
      id: `tasks.transition-${verb}`,
      guarantee: `A task that is ${from.join(' or ')} can ${verb}; in any other status it is refused, and nothing changes`,
      async run({ system, clock }) {
        const workspaceId = await newWorkspace(system)
        for (const status of taskStatuses) {
          const task = await aTask(system, workspaceId, status)
          clock.advance(1000)
          const to = wayOf(verb)[status]
          if (to !== undefined) {
            const expected = { ...task, ...changeBy(verb, task, clock()), status: to }
            assert.deepEqual(await system.tasks[verb](task.id), expected)
            assert.deepEqual(await system.tasks.get(task.id), expected)
            continue
          }
          const before = await allTasks(system, workspaceId)
          const error = await refused('INVALID_TRANSITION', system.tasks[verb](task.id), {
            table: 'tasks',
            id: task.id,
            verb,
            status,
          })
          assert.ok(error instanceof InvalidTransitionError)
          assert.deepEqual(error.allowed.toSorted(), from.toSorted())
          assert.deepEqual(await allTasks(system, workspaceId), before)
        }
      },
    }
  }),
  {
    id: 'tasks.transition-of-nothing',
    guarantee: 'Every verb says so when there is no such task',
    async run({ system }) {
      for (const verb of verbs) {
        await refused('NOT_FOUND', system.tasks[verb](UNKNOWN), { table: 'tasks', id: UNKNOWN })
      }
    },
  },
  {
    id: 'tasks.one-starter',
    guarantee: 'Of N who start a task at once, one does, and the task is theirs',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      const agents = await Promise.all(
        range(16).map((i) => system.agents.create({ workspaceId, name: `${i}`, role: 'developer' })),
      )
      for (const _round of range(5)) {
        const { id } = await aTask(system, workspaceId)
        const calls = race(16, systems, async (each, i) => {
          await each.tasks.start(id, { agentId: agents[i]!.id })
          return agents[i]!.id
        })
        const { values, codes } = await settled(calls)
        assert.deepEqual([values.length, codes], [1, Array(15).fill('INVALID_TRANSITION')])
        const { status, assigneeId, version } = (await system.tasks.get(id))!
        assert.deepEqual([status, assigneeId, version], ['running', values[0], 2])
      }
    },
  },
  {
    id: 'tasks.one-mover',
    guarantee: 'Of many who do the same with a task at once, whatever it is, one succeeds',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      for (const verb of verbs) {
        // The cast: these are its keys.
        const [from, to] = Object.entries(machine[verb])[0] as [TaskStatus, TaskStatus]
        const task = await aTask(system, workspaceId, from)
        const { values, codes } = await settled(race(8, systems, (each) => each.tasks[verb](task.id)))
        assert.deepEqual(codes, Array(7).fill('INVALID_TRANSITION'), verb)
        assert.deepEqual([values[0]!.status, values[0]!.version], [to, task.version + 1], verb)
        assert.deepEqual(await system.tasks.get(task.id), values[0])
      }
    },
  },
  {
    id: 'tasks.one-outcome',
    guarantee:
      'A task that is completed, failed and cancelled at once has one outcome, and those that wait for it know which',
    async run({ system, second }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      const rules: Partial<Record<TaskStatus, TaskStatus>> = {
        done: 'ready',
        failed: 'blocked',
        cancelled: 'ready',
      }
      for (const round of range(20)) {
        const { id } = await aTask(system, workspaceId, 'running')
        const child = await system.tasks.create({ workspaceId, title: 'Child', dependsOn: [id] })
        const calls = [system.tasks.complete(id), other.tasks.fail(id), system.tasks.complete(id)]
        if (round % 2) calls.push(other.tasks.cancel(id))
        const { values, codes } = await settled(calls)
        assert.deepEqual(codes, Array(calls.length - values.length).fill('INVALID_TRANSITION'))
        const { status } = (await system.tasks.get(id))!
        // What has failed may be cancelled yet; done and cancelled are for good.
        assert.ok(values.length === 1 || (values.length === 2 && status === 'cancelled'))
        assert.ok(values.some((task) => task.status === status))
        assert.equal((await system.tasks.get(child.id))?.status, rules[status])
      }
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.start',
    guarantee:
      'A start assigns the task if told to whom, and otherwise leaves it as it was; a stranger is refused',
    async run({ system, clock }) {
      const workspaceId = await newWorkspace(system)
      const [ada, bob] = [await anAgent(system, workspaceId), await anAgent(system, workspaceId)]
      const foreign = await anAgent(system, await newWorkspace(system))
      const task = await system.tasks.create({ workspaceId, title: 'T', assigneeId: ada })
      for (const agentId of [foreign, UNKNOWN]) {
        await refused('REFERENCE', system.tasks.start(task.id, { agentId }), { table: 'tasks' })
      }
      assert.deepEqual(await system.tasks.get(task.id), task)
      clock.advance(1000)
      assert.equal((await system.tasks.start(task.id)).assigneeId, ada)
      await system.tasks.fail(task.id)
      await system.tasks.retry(task.id)
      clock.advance(1000)
      const again = await system.tasks.start(task.id, { agentId: bob })
      assert.deepEqual([again.assigneeId, again.startedAt], [bob, clock()])
    },
  },
  {
    id: 'tasks.outcome-fields',
    guarantee: 'What is given with an outcome is kept with it: a summary, what was verified, a reason',
    async run({ system, clock }) {
      const workspaceId = await newWorkspace(system)
      const given = { workspaceId, title: 'T', verification: { lint: true, old: 1 } }
      const { id } = await system.tasks.create(given)
      await system.tasks.start(id)
      const failed = await system.tasks.fail(id, { reason: 'No network' })
      assert.deepEqual([failed.failureReason, failed.completionSummary], ['No network', null])
      await system.tasks.retry(id)
      await system.tasks.start(id)
      clock.advance(1000)
      const verification = { tests: ['a', 'b'], old: null }
      const done = await system.tasks.complete(id, { summary: 'Built', verification })
      const { completionSummary, completedAt } = done
      assert.deepEqual(
        { completionSummary, completedAt },
        { completionSummary: 'Built', completedAt: clock() },
      )
      assert.deepEqual(done.verification, { lint: true, tests: ['a', 'b'] })
      const plain = await aTask(system, workspaceId, 'done')
      assert.deepEqual([plain.completionSummary, plain.verification, plain.failureReason], [null, null, null])
      const running = await aTask(system, workspaceId, 'running')
      await refused('VALIDATION', system.tasks.complete(running.id, { summary: 'a\0' }))
      await refused('VALIDATION', system.tasks.fail(running.id, { reason: '\ud800' }))
      assert.deepEqual(await system.tasks.get(running.id), running)
    },
  },
  {
    id: 'tasks.outcome-refused',
    guarantee: 'What was verified is an object: nothing else is taken for one, nor for nothing',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const running = await aTask(system, workspaceId, 'running')
      for (const bad of [0, false, '', Number.NaN, 'all', true, [], ['a']]) {
        // The cast: the types forbid these.
        const complete = system.tasks.complete(running.id, { verification: bad as never })
        await refused('VALIDATION', complete, { table: 'tasks', column: 'verification' })
      }
      assert.deepEqual(await system.tasks.get(running.id), running)
      const done = await system.tasks.complete(running.id, { verification: {} })
      assert.deepEqual([done.status, done.verification], ['done', {}])
    },
  },
  {
    id: 'tasks.resume-to-running',
    guarantee:
      'What was running when it was paused runs on; what had not started goes where its dependencies have it by now',
    async run({ system }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const running = await aTask(system, workspaceId, 'running')
      const paused = await tasks.pause(running.id)
      assert.deepEqual([paused.status, paused.pausedFrom], ['paused', 'running'])
      const resumed = await tasks.resume(running.id)
      assert.deepEqual(
        [resumed.status, resumed.pausedFrom, resumed.startedAt],
        ['running', null, running.startedAt],
      )

      const awaited = await aTask(system, workspaceId, 'running')
      const wait = async () => {
        const { id } = await tasks.create({ workspaceId, title: 'T', dependsOn: [awaited.id] })
        assert.equal((await tasks.pause(id)).pausedFrom, 'waiting')
        return id
      }
      const [still, blocked, freed] = [await wait(), await wait(), await wait()]
      assert.equal((await tasks.resume(still)).status, 'pending')
      await tasks.fail(awaited.id)
      assert.equal((await tasks.resume(blocked)).status, 'blocked')
      await tasks.cancel(awaited.id)
      assert.equal((await tasks.resume(freed)).status, 'ready')
      const late = await aTask(system, workspaceId, 'paused')
      await tasks.addDependency(late.id, running.id)
      assert.equal((await tasks.resume(late.id)).status, 'pending')
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.retry-and-reopen-wait-again',
    guarantee:
      'What is tried again or reopened starts where its dependencies have it: ready, pending or blocked',
    async run({ system }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      for (const [finish, restart] of [
        ['fail', 'retry'],
        ['complete', 'reopen'],
      ] as const) {
        for (const [status, expected] of [
          ['pending', 'pending'],
          ['blocked', 'blocked'],
        ] as const) {
          const { id } = await aTask(system, workspaceId, status)
          await tasks.forceReady(id)
          await tasks.start(id)
          await tasks[finish](id)
          assert.equal((await tasks[restart](id)).status, expected)
        }
      }
      await assertRecount(system, workspaceId)
    },
  },
  {
    id: 'tasks.version-rises',
    guarantee:
      'Every step of a task raises its version, so that an update that insists on an older one is refused',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const { id } = await aTask(system, workspaceId)
      for (const [i, verb] of (['start', 'review', 'reject', 'fail', 'retry'] as const).entries()) {
        assert.equal((await system.tasks[verb](id)).version, i + 2)
        const stale = system.tasks.update(id, { title: 'N' }, { ifVersion: i + 1 })
        await refused('VERSION_CONFLICT', stale, { table: 'tasks', id, expected: i + 1, current: i + 2 })
      }
      assert.equal((await system.tasks.update(id, { title: 'N' }, { ifVersion: 6 })).version, 7)
    },
  },
]

/** What a verb changes beside the status. */
function changeBy(verb: Verb, task: Task, now: Date): Partial<Task> {
  const change: Partial<Task> = { version: task.version + 1, updatedAt: now }
  if (verb === 'start') change.startedAt = now
  if (verb === 'complete') change.completedAt = now
  if (verb === 'reopen') change.completedAt = null
  if (verb === 'pause') change.pausedFrom = task.status === 'running' ? 'running' : 'waiting'
  else change.pausedFrom = null
  return change
}

function fromAll<const F extends string, const T extends string>(from: readonly F[], to: T): Record<F, T> {
  // The cast: one entry for each of `from`.
  return Object.fromEntries(from.map((status) => [status, to])) as Record<F, T>
}

async function anAgent(system: System, workspaceId: string): Promise<string> {
  return (await system.agents.create({ workspaceId, name: 'A', role: 'developer' })).id
}
