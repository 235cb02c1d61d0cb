/** Transactions that hang, loop or are aborted end in time, and hold nobody up. */

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { TerraceError } from '../errors.ts'
import { tasks } from '../schema/tasks.ts'
import type { Scope } from '../system.ts'
import { range, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { held, Own } from './transaction-fixtures.ts'

/** Milliseconds after which what should have ended long ago is given up. */
const LONG = 2000

export const transactionTimeoutScenarios: readonly Scenario[] = [
  {
    id: 'transactions.timeout',
    guarantee:
      'A transaction whose callback hangs is rolled back when its time is up, and the System goes on',
    async run({ system, second }) {
      const never = new Promise<never>(() => {})
      let left: Scope | undefined
      const hanging = system.transaction(
        async (tx) => {
          left = tx
          await tx.roles.create({ name: 'lost' })
          return never
        },
        { timeout: 30 },
      )
      await refused('UNAVAILABLE', hanging, { retryable: true })
      await refused('TRANSACTION_SCOPE', left!.roles.count())
      for (const each of [system, await second()]) {
        await each.transaction((tx) => tx.roles.create({ name: 'kept' }))
        await each.roles.create({ name: 'kept' })
      }
      assert.deepEqual(
        (await system.roles.list()).items.map(({ name }) => name),
        range(4).map(() => 'kept'),
      )
    },
  },
  {
    id: 'transactions.timeout-of-a-loop',
    guarantee:
      'A transaction whose callback calls without a pause, and without an end, is rolled back in time',
    async run({ system }) {
      const given = performance.now() + LONG
      let loop: Promise<void> | undefined
      const endless = system.transaction(
        (tx) => {
          const call = async () => {
            await tx.roles.create({ name: 'lost' })
            while (performance.now() < given) await tx.roles.count()
          }
          loop = call()
          return loop
        },
        { timeout: 30 },
      )
      await refused('UNAVAILABLE', endless, { retryable: true })
      await assert.rejects(loop!, TerraceError)
      await system.roles.create({ name: 'kept' })
      assert.ok(performance.now() < given)
      assert.deepEqual(
        (await system.roles.list()).items.map(({ name }) => name),
        ['kept'],
      )
    },
  },
  {
    id: 'transactions.timers-go-on',
    guarantee: 'Whoever calls without a pause, in a transaction or outside, keeps no timer of others waiting',
    async run({ system }) {
      const { id } = await system.roles.create({ name: 'R' })
      const untilTimer = async (call: () => Promise<unknown>) => {
        const given = performance.now() + LONG
        let isOver = false
        setTimeout(() => {
          isOver = true
        }, 1)
        while (!isOver && performance.now() < given) await call()
        return isOver
      }
      const calls = (scope: Scope) => [
        () => scope.roles.get(id),
        () => scope.roles.count(),
        () => scope.roles.list(),
        () => scope.roles.update(id, { name: 'S' }),
        () => scope.engine.remove(tasks, { where: {} }),
      ]
      for (const call of calls(system)) assert.ok(await untilTimer(call), String(call))
      await system.transaction(async (tx) => {
        for (const call of calls(tx)) assert.ok(await untilTimer(call), String(call))
      })
    },
  },
  {
    id: 'transactions.timeout-refused',
    guarantee: 'A timeout that is no time is refused before anything happens',
    async run({ system }) {
      for (const timeout of [0, -1, Number.NaN, '10', null]) {
        const transaction = system.transaction((tx) => tx.roles.create({ name: 'R' }), {
          timeout: timeout as number,
        })
        await refused('VALIDATION', transaction)
      }
      await system.transaction((tx) => tx.roles.create({ name: 'R' }), { timeout: Number.POSITIVE_INFINITY })
      assert.equal(await system.roles.count(), 1)
    },
  },
  {
    id: 'transactions.aborted',
    guarantee: 'A transaction whose signal aborts rejects with its reason, leaves nothing, and blocks nobody',
    async run({ system }) {
      const reason = new Own('enough')
      const controller = new AbortController()
      const transaction = system.transaction(
        async (tx) => {
          await tx.roles.create({ name: 'lost' })
          controller.abort(reason)
          await new Promise(() => {})
        },
        { signal: controller.signal },
      )
      assert.equal(await transaction.catch((error: unknown) => error), reason)
      const late = system.transaction(
        async (tx) => {
          await tx.roles.create({ name: 'lost' })
          controller.abort(reason)
        },
        { signal: controller.signal },
      )
      assert.equal(await late.catch((error: unknown) => error), reason)
      await system.transaction((tx) => tx.roles.create({ name: 'kept' }))
      assert.deepEqual(
        (await system.roles.list()).items.map(({ name }) => name),
        ['kept'],
      )
    },
  },
  {
    id: 'transactions.aborted-while-waiting',
    guarantee:
      'A transaction that is aborted before its turn comes never runs, and the next one is not held up',
    async run({ system }) {
      const first = held(system, (tx) => tx.roles.create({ name: 'first' }))
      await first.reached
      const controller = new AbortController()
      const ran: string[] = []
      const waiting = system.transaction(
        async (tx) => {
          ran.push('aborted')
          await sleep(50)
          return tx.roles.create({ name: 'aborted' })
        },
        { signal: controller.signal },
      )
      const next = system.transaction((tx) => tx.roles.create({ name: 'next' }))
      await sleep(5)
      controller.abort(new Own())
      await assert.rejects(waiting, Own)
      first.commit()
      await Promise.all([first.done, next])
      assert.equal(await system.roles.count({ name: 'aborted' }), 0)
      assert.equal(await system.roles.count(), 2)
    },
  },
]
