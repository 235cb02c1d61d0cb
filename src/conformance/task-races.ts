/** Tasks that wait while everything happens at once: nobody starts too early, and nobody is forgotten. */

import assert from 'node:assert/strict'
import type { DeclaredTask } from '../stores/tasks.ts'
import type { Scope } from '../system.ts'
import { newWorkspace, range, settled } from './expect.ts'
import { assertRecount, aTask, idsOf, race } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

export const taskRaceScenarios: readonly Scenario[] = [
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
