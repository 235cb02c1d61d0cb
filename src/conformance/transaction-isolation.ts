/** Transactions are serializable among themselves, and invisible until they commit. */

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { increment } from '../engine/query.ts'
import { tasks } from '../schema/tasks.ts'
import { many, newWorkspace, range, settled } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { held, Own } from './transaction-fixtures.ts'

export const transactionIsolationScenarios: readonly Scenario[] = [
  {
    id: 'transactions.invisible-until-commit',
    guarantee: 'Outside, and over another connection, nothing of a transaction is seen before it commits',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await system.workspaces.create({ title: 'Old' })
      const transaction = held(system, (tx) => tx.workspaces.update(id, { title: 'New' }))
      await transaction.reached
      let committing = false
      // Some databases let them read at once, others once the transaction has ended.
      const reads = systems.flatMap((each) => [
        each.workspaces.get(id).then((row) => [committing, row?.title] as const),
        each.workspaces
          .list({ title: 'New' })
          .then(({ items }) => [committing, items[0]?.title ?? 'Old'] as const),
      ])
      await Promise.race([sleep(20), Promise.all(reads)])
      committing = true
      transaction.commit()
      await transaction.done
      for (const [late, title] of await Promise.all(reads)) assert.ok(late || title === 'Old', `saw ${title}`)
      for (const each of systems) assert.equal((await each.workspaces.get(id))?.title, 'New')
    },
  },
  {
    id: 'transactions.invisible-for-good',
    guarantee: 'What a transaction wrote that failed was never seen by anybody',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await system.workspaces.create({ title: 'Old' })
      const transaction = held(system, async (tx) => {
        await tx.workspaces.update(id, { title: 'New' })
        await tx.workspaces.create({ title: 'New' })
      })
      await transaction.reached
      const reads = systems.flatMap((each) => [
        each.workspaces.get(id).then((row) => row?.title),
        each.workspaces.getMany([id]).then(([row]) => row?.title),
        each.workspaces.count().then((count) => (count === 1 ? 'Old' : 'New')),
        each.workspaces.count({ title: 'New' }).then((count) => (count === 0 ? 'Old' : 'New')),
      ])
      await sleep(5)
      transaction.rollback()
      await assert.rejects(transaction.done, Own)
      assert.deepEqual(
        await Promise.all(reads),
        reads.map(() => 'Old'),
      )
    },
  },
  {
    id: 'transactions.repeat-their-reads',
    guarantee: 'What a transaction has read stays as it was, whatever is written outside meanwhile',
    async run({ system, second }) {
      const other = await second()
      const { id } = await system.workspaces.create({ title: 'Old' })
      const go = Promise.withResolvers<void>()
      const outside = go.promise.then(() => other.workspaces.update(id, { title: 'New' }))
      const titles = await system.transaction(async (tx) => {
        const first = await tx.workspaces.get(id)
        go.resolve()
        await sleep(10)
        const listed = await tx.workspaces.list()
        return [first?.title, listed.items[0]?.title, (await tx.workspaces.get(id))?.title]
      })
      assert.deepEqual(titles, ['Old', 'Old', 'Old'])
      assert.equal((await outside).title, 'New')
      assert.equal((await system.workspaces.get(id))?.title, 'New')
    },
  },
  {
    id: 'transactions.no-write-skew',
    guarantee:
      'Two transactions that each decide by what the other changes, over two connections, do not both succeed',
    async run({ system, second }) {
      const systems = [system, await second()]
      const wards = await Promise.all(many(6, () => newWorkspace(system)))
      // On each ward two are on call, and each may go home if another stays.
      const doctors = await Promise.all(
        wards.flatMap((workspaceId) =>
          many(2, () => system.agents.create({ workspaceId, name: 'D', role: 'doctor' })),
        ),
      )
      await Promise.all(doctors.map(({ id }) => system.agents.setStatus(id, 'running')))
      const goHome = ({ id, workspaceId }: (typeof doctors)[number], i: number) =>
        systems[i % 2]!.transaction(async (tx) => {
          const onCall = await tx.agents.count({ workspaceId, status: 'running' })
          if (onCall > 1) await tx.agents.setStatus(id, 'idle')
        })
      await Promise.all(doctors.map(goHome))
      for (const workspaceId of wards) {
        assert.equal(await system.agents.count({ workspaceId, status: 'running' }), 1)
      }
    },
  },
  {
    id: 'transactions.counters-add-up',
    guarantee:
      'Many transactions that read a number and write it one higher, over two connections, all count',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await system.tasks.create({ workspaceId: await newWorkspace(system), title: 'T' })
      const count = (i: number) =>
        systems[i % 2]!.transaction(async (tx) => {
          const { priority } = (await tx.tasks.get(id))!
          await tx.tasks.update(id, { priority: priority + 1 })
          return priority
        })
      const seen = await Promise.all(many(10, count))
      assert.equal((await system.tasks.get(id))?.priority, 10)
      assert.deepEqual(
        seen.sort((a, b) => a - b),
        range(10),
      )
    },
  },
  {
    id: 'transactions.one-wins',
    guarantee:
      'Of many transactions that take one name at once, over two connections, one commits and none of the others leaves anything',
    async run({ system, second }) {
      const systems = [system, await second()]
      const take = (i: number) =>
        systems[i % 2]!.transaction(async (tx) => {
          await tx.roles.create({ name: `racer ${i}` })
          return tx.workspaces.create({ title: `${i}`, slug: 'same' })
        })
      const { values, codes } = await settled(many(8, take))
      assert.equal(values.length, 1)
      assert.deepEqual(
        codes,
        range(7).map(() => 'ALREADY_EXISTS'),
      )
      const roles = await system.roles.list()
      assert.deepEqual(
        roles.items.map(({ name }) => name),
        [`racer ${values[0]!.title}`],
      )
    },
  },
  {
    id: 'transactions.lone-statements',
    guarantee:
      'A statement made outside while a transaction is open is not drawn in: it stays when that rolls back',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await system.tasks.create({ workspaceId: await newWorkspace(system), title: 'T' })
      const transaction = held(system, (tx) => tx.roles.create({ name: 'inside' }))
      await transaction.reached
      const outside = systems.flatMap((each, i) => [
        each.roles.create({ name: `outside ${i}` }),
        each.engine.update(tasks, { where: { id }, set: { priority: increment() } }),
        each.settings.set('s', `${i}`, true),
      ])
      await sleep(5)
      transaction.rollback()
      await assert.rejects(transaction.done, Own)
      await Promise.all(outside)
      const { items } = await system.roles.list({}, { order: { name: 'asc' } })
      assert.deepEqual(
        items.map(({ name }) => name),
        ['outside 0', 'outside 1'],
      )
      assert.equal((await system.tasks.get(id))?.priority, 2)
      assert.equal(await system.settings.count('s'), 2)
    },
  },
]
