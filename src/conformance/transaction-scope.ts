/** Who is inside a transaction: the outer System is refused there, and the inner stores everywhere else. */

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { tasks } from '../schema/tasks.ts'
import type { Scope } from '../system.ts'
import { everything, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { held, Own } from './transaction-fixtures.ts'
import { everyCall, namedCalls, seed } from './verbs.ts'

export const transactionScopeScenarios: readonly Scenario[] = [
  {
    id: 'transactions.outer-calls',
    guarantee:
      'Inside a transaction every call on the outer System is refused, whether single, gathered, confined or a transaction',
    async run({ system }) {
      const at = await seed(system)
      const before = await everything(system.engine)
      await system.transaction(async () => {
        const { engine } = system
        const calls = namedCalls(everyCall(system, at))
        await Promise.all(calls.map(([, call]) => refused('TRANSACTION_SCOPE', call())))
        const mine = system.in(at.workspaceId)
        await refused('TRANSACTION_SCOPE', mine.tasks.get(at.taskId))
        await refused(
          'TRANSACTION_SCOPE',
          mine.transaction(async () => 1),
        )
        await refused(
          'TRANSACTION_SCOPE',
          system.transaction(async () => 1),
        )
        await refused('TRANSACTION_SCOPE', engine.update(tasks, { where: {}, set: { title: 'X' } }))
        await refused('TRANSACTION_SCOPE', engine.notify('channel', 'payload'))
        await refused(
          'TRANSACTION_SCOPE',
          engine.listen('channel', () => {}),
        )
      })
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'transactions.outer-calls-in-nested-work',
    guarantee:
      'Work started inside a transaction, however indirectly, is inside it: the outer System is refused there too',
    async run({ system }) {
      const call = () => refused('TRANSACTION_SCOPE', system.roles.create({ name: 'R' }))
      await system.transaction(async (tx) => {
        await tx.roles.count()
        await Promise.all([call(), Promise.resolve().then(call)])
        await sleep(1).then(call)
        await new Promise((resolve, reject) => setImmediate(() => call().then(resolve, reject)))
        await new Promise((resolve, reject) => queueMicrotask(() => call().then(resolve, reject)))
        await (async () => {
          await tx.roles.count()
          await call()
        })()
      })
      assert.equal(await system.roles.count(), 0)
    },
  },
  {
    id: 'transactions.outer-calls-afterwards',
    guarantee:
      'Work started inside may use the outer System once the transaction has ended, also while another is open',
    async run({ system }) {
      for (const outcome of ['commit', 'rollback']) {
        const ended = Promise.withResolvers<void>()
        let later: Promise<unknown> | undefined
        const transaction = system.transaction(async (tx) => {
          await tx.roles.count()
          later = ended.promise.then(() => system.roles.create({ name: outcome }))
          if (outcome === 'rollback') throw new Own()
        })
        await transaction.catch((error) => assert.ok(error instanceof Own))
        const another = held(system, (tx) => tx.roles.count())
        await another.reached
        ended.resolve()
        await Promise.race([later, sleep(5)])
        another.commit()
        await Promise.all([later, another.done])
        assert.equal(await system.roles.count({ name: outcome }), 1)
      }
    },
  },
  {
    id: 'transactions.outer-calls-before',
    guarantee:
      'Calls made just before a transaction, and gathered with others, are not taken to be inside it',
    async run({ system }) {
      const at = await seed(system)
      const early = [
        system.tasks.get(at.taskId),
        system.tasks.get(at.waitingId),
        system.roles.create({ name: 'R' }),
      ]
      const transaction = system.transaction(async (tx) => {
        await refused('TRANSACTION_SCOPE', system.tasks.get(at.taskId))
        return tx.tasks.count()
      })
      const late = system.tasks.get(at.taskId)
      assert.equal(await transaction, 2)
      assert.equal((await Promise.all([...early, late])).filter((row) => row !== null).length, 4)
    },
  },
  {
    id: 'transactions.close-inside',
    guarantee: 'Closing the System from inside a transaction is refused, rather than waiting for itself',
    async run({ system }) {
      await system.transaction(async (tx) => {
        await refused('TRANSACTION_SCOPE', system.close())
        await tx.roles.create({ name: 'R' })
      })
      assert.equal(await system.roles.count(), 1)
    },
  },
  {
    id: 'transactions.used-after-their-end',
    guarantee:
      'The stores of a transaction that has ended are refused, every verb of them, and write nothing',
    async run({ system }) {
      const at = await seed(system)
      const before = await everything(system.engine)
      const kept: Scope[] = []
      await system.transaction(async (tx) => kept.push(tx))
      await system
        .transaction(async (tx) => {
          kept.push(tx)
          throw new Own()
        })
        .catch(() => {})
      for (const tx of kept) {
        for (const [, call] of namedCalls(everyCall(tx, at))) await refused('TRANSACTION_SCOPE', call())
        await refused(
          'TRANSACTION_SCOPE',
          tx.engine.transaction(async () => 1),
        )
      }
      assert.deepEqual(await everything(system.engine), before)
    },
  },
]
