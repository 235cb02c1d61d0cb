/** A System that was closed: everything is refused, and everything that came before is done. */

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { roles } from '../schema/roles.ts'
import { allRefused, keepBusy, many, range, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { everyCall, namedCalls, seed } from './verbs.ts'

export const closedScenarios: readonly Scenario[] = [
  {
    id: 'closed.every-verb',
    guarantee: 'Every verb of every store of a closed System is CLOSED, also of one confined to a workspace',
    async run({ system }) {
      const at = await seed(system)
      const mine = system.in(at.workspaceId)
      await system.close()
      for (const [, call] of namedCalls(everyCall(system, at))) await refused('CLOSED', call())
      for (const [name, call] of namedCalls(everyCall(mine, at))) {
        if (!/^workspaces\.(create|ensureDefault)$/.test(name)) await refused('CLOSED', call())
      }
      await refused(
        'CLOSED',
        mine.transaction(async () => 1),
      )
      await refused('CLOSED', system.in('another').roles.count())
    },
  },
  {
    id: 'closed.engine',
    guarantee: 'Every verb of a closed engine is CLOSED, transactions and signals included',
    async run({ system }) {
      const { engine } = system
      await system.close()
      const where = {}
      const now = new Date(0)
      const calls = [
        engine.find(roles),
        engine.find(roles, { limit: 0 }),
        engine.get(roles, 'r'),
        engine.get(roles, '\0'),
        engine.insert(roles, []),
        engine.insert(roles, [{ id: 'r', name: 'R', createdAt: now, updatedAt: now }]),
        engine.update(roles, { where, set: { name: 'S' } }),
        engine.remove(roles, { where }),
        engine.write({ head: { update: roles, where: { id: 'r' }, set: { name: 'S' } }, steps: [] }),
        engine.aggregate(roles),
        engine.transaction(async () => 1),
        engine.notify('c', 'p'),
        engine.listen('c', () => {}),
        engine.ping(),
      ]
      await allRefused('CLOSED', calls)
    },
  },
  {
    id: 'closed.again',
    guarantee: 'A System may be closed more than once, also at once',
    async run({ system, second }) {
      const other = await second()
      await Promise.all(many(3, () => system.close()))
      await system.close()
      await system[Symbol.asyncDispose]()
      await other.close()
      await other.close()
    },
  },
  {
    id: 'closed.health',
    guarantee: 'Health never rejects: of an open System it is ok, of a closed one it says what is wrong',
    async run({ system }) {
      const open = await system.health()
      assert.equal(open.status, 'ok')
      assert.equal(open.error, undefined)
      assert.ok(open.latencyMs >= 0)
      assert.equal((await system.in('any').health()).target, open.target)
      await system.close()
      const closed = await system.health()
      assert.equal(closed.status, 'error')
      assert.match(closed.error!, /closed/)
      assert.deepEqual([closed.tier, closed.driver, closed.target], [open.tier, open.driver, open.target])
    },
  },
  {
    id: 'closed.calls-under-way',
    guarantee: 'Calls made before closing are answered as if nothing were closed',
    async run({ system }) {
      const at = await seed(system)
      const calls: Promise<unknown>[] = [
        ...many(5, (i) => system.roles.create({ name: `${i}` })),
        system.roles.count(),
        system.tasks.get(at.taskId),
        system.tasks.get(at.waitingId),
        system.messages.append(at.conversationId, { role: 'user', content: 'Last words' }),
        system.tasks.addDependency(at.waitingId, at.taskId),
        system.transaction(async (tx) => {
          await tx.roles.create({ name: 'inside' })
          return tx.roles.count()
        }),
      ]
      const answers = Promise.allSettled(calls)
      await system.close()
      const outcomes = await answers
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        calls.map(() => 'fulfilled'),
      )
    },
  },
  {
    id: 'closed.calls-of-the-busy',
    guarantee: 'Calls made before closing are answered, also in a process that has been busy for long',
    async run({ system }) {
      const first = system.roles.count()
      keepBusy()
      const calls = [system.roles.create({ name: 'R' }), system.roles.list(), system.roles.get('r')]
      const outcomes = Promise.allSettled([first, ...calls])
      await system.close()
      assert.deepEqual(
        (await outcomes).map(({ status }) => status),
        range(4).map(() => 'fulfilled'),
      )
    },
  },
  {
    id: 'closed.transactions-under-way',
    guarantee: 'Closing waits for transactions under way, which go on to their end',
    async run({ system }) {
      const go = Promise.withResolvers<void>()
      const begun = Promise.withResolvers<void>()
      const names = system.transaction(async (tx) => {
        await tx.roles.create({ name: 'a' })
        begun.resolve()
        await go.promise
        await tx.roles.create({ name: 'b' })
        return (await tx.roles.list()).items.map(({ name }) => name)
      })
      await begun.promise
      let isClosed = false
      const closing = system.close().then(() => {
        isClosed = true
      })
      await refused('CLOSED', system.roles.create({ name: 'c' }))
      await sleep(5)
      assert.equal(isClosed, false)
      go.resolve()
      assert.deepEqual(await names, ['a', 'b'])
      await closing
    },
  },
  {
    id: 'closed.others',
    guarantee: 'Closing one System does not close another over the same data',
    async run({ system, second }) {
      const [other, third] = [await second(), await second()]
      await system.roles.create({ name: 'R' })
      await other.close()
      await Promise.all(range(3).map((i) => third.roles.create({ name: `${i}` })))
      assert.equal(await system.roles.count(), 4)
    },
  },
]
