/** Transactions: all or nothing, whatever is called inside. */

import assert from 'node:assert/strict'
import { TerraceError } from '../errors.ts'
import { tasks } from '../schema/tasks.ts'
import type { Scope } from '../system.ts'
import { everything, many, newWorkspace, range, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { Own } from './transaction-fixtures.ts'
import { everyCall, namedCalls, type Seed, seed } from './verbs.ts'

/** Rows that are not there. */
const nobody = new Proxy({}, { get: () => 'nobody' }) as Seed

/** Writes in several stores. */
async function writeAll(scope: Scope): Promise<string> {
  const { workspaceId } = await seed(scope)
  return workspaceId
}

export const transactionScenarios: readonly Scenario[] = [
  {
    id: 'transactions.commit',
    guarantee:
      'What a transaction wrote in several stores is there once it has resolved, and so is its answer',
    async run({ system, second }) {
      const answer = { any: [Symbol('thing')] }
      const workspaceId = await system.transaction(writeAll)
      assert.equal(await system.transaction(async () => answer), answer)
      assert.equal(await system.transaction(async () => undefined), undefined)
      const other = await second()
      assert.equal(await other.tasks.count({ workspaceId }), 2)
      assert.equal(await other.agents.count({ workspaceId }), 2)
    },
  },
  {
    id: 'transactions.rollback',
    guarantee: 'When the callback throws, nothing it wrote remains anywhere, and the same error comes out',
    async run({ system }) {
      const at = await seed(system)
      const before = await everything(system.engine)
      for (const error of [new Own('mine'), 'a text', undefined, null]) {
        const failing = system.transaction(async (tx) => {
          await writeAll(tx)
          await tx.tasks.update(at.taskId, { title: 'Changed' })
          await tx.settings.set(at.scope, 'theme', 'changed')
          await tx.workspaces.delete(at.workspaceId)
          throw error
        })
        assert.deepEqual(
          await failing.then(
            () => 'resolved',
            (thrown) => [thrown],
          ),
          [error],
        )
        assert.deepEqual(await everything(system.engine), before)
      }
      const atOnce = system.transaction(() => {
        throw new Own('at once')
      })
      await assert.rejects(atOnce, Own)
    },
  },
  {
    id: 'transactions.see-themselves',
    guarantee: 'Inside, what was written before is seen by every kind of read, and by every constraint',
    async run({ system }) {
      await system.transaction(async (tx) => {
        const { id } = await tx.workspaces.create({ title: 'W', slug: 'mine' })
        assert.equal((await tx.workspaces.get(id))?.title, 'W')
        assert.equal((await tx.workspaces.update(id, { title: 'V' }, { ifVersion: 1 })).version, 2)
        assert.deepEqual(
          (await tx.workspaces.list({ title: 'V' })).items.map((row) => row.id),
          [id],
        )
        assert.equal(await tx.workspaces.count(), 1)
        const talk = await tx.conversations.create({ workspaceId: id })
        await tx.messages.append(talk.id, { role: 'user', content: 'a' })
        assert.equal((await tx.messages.append(talk.id, { role: 'user', content: 'b' })).seq, 2)
        assert.equal(await tx.workspaces.delete(id), true)
        assert.equal(await tx.messages.count(talk.id), 0)
        assert.equal((await tx.workspaces.create({ title: 'W', slug: 'mine' })).version, 1)
      })
      assert.equal(await system.workspaces.count({ slug: 'mine' }), 1)
    },
  },
  {
    id: 'transactions.doomed',
    guarantee:
      'After a failed call inside, all later ones and the transaction itself fail with that error, caught or not',
    async run({ system }) {
      await system.workspaces.create({ title: 'W', slug: 'taken' })
      const before = await everything(system.engine)
      const failures = [
        (tx: Scope) => tx.workspaces.create({ title: 'W', slug: 'taken' }),
        (tx: Scope) => tx.agents.create({ workspaceId: 'nobody', name: 'A', role: 'r' }),
        (tx: Scope) => tx.workspaces.create({ title: '' }),
        (tx: Scope) => tx.engine.update(tasks, { where: { id: 'x' }, set: { priority: 1.5 } }),
      ]
      for (const fail of failures) {
        let first: unknown
        const later: string[] = []
        const transaction = system.transaction(async (tx) => {
          await tx.workspaces.create({ title: 'Before' })
          first = await fail(tx).catch((error: unknown) => error)
          for (const [name, call] of namedCalls(everyCall(tx, nobody))) {
            const error = await call().catch((error: unknown) => error)
            if (error !== first) later.push(name)
          }
          return 'all is well'
        })
        assert.equal(await transaction.catch((error: unknown) => error), first)
        assert.ok(first instanceof TerraceError)
        assert.deepEqual(later, [])
        assert.deepEqual(await everything(system.engine), before)
      }
    },
  },
  {
    id: 'transactions.doomed-unawaited',
    guarantee: 'A call inside that fails without being awaited fails the transaction all the same',
    async run({ system }) {
      await system.workspaces.create({ title: 'W', slug: 'taken' })
      const transaction = system.transaction(async (tx) => {
        void tx.roles.create({ name: 'R' })
        tx.workspaces.create({ title: 'W', slug: 'taken' }).catch(() => {})
      })
      await refused('ALREADY_EXISTS', transaction, { columns: ['slug'] })
      assert.equal(await system.roles.count(), 0)
    },
  },
  {
    id: 'transactions.unawaited',
    guarantee: 'Calls inside that nobody awaited are part of the transaction',
    async run({ system }) {
      await system.transaction(async (tx) => {
        for (const name of ['a', 'b', 'c']) void tx.roles.create({ name })
      })
      assert.equal(await system.roles.count(), 3)
    },
  },
  {
    id: 'transactions.many-calls-at-once',
    guarantee: 'Calls made at once inside a transaction all happen, in order',
    async run({ system }) {
      const names = await system.transaction(async (tx) => {
        await Promise.all(many(20, (i) => tx.roles.create({ name: `${i}` })))
        return (await tx.roles.list()).items.map(({ name }) => name)
      })
      assert.deepEqual(names, range(20).map(String))
    },
  },
  {
    id: 'transactions.nested',
    guarantee: 'A transaction inside another is part of it: it commits with it, and its failure fails all',
    async run({ system }) {
      const answer = await system.transaction(async (tx) => {
        await tx.roles.create({ name: 'outer' })
        return tx.engine.transaction(async (inner) => {
          await inner.notify('channel', 'payload')
          return (await tx.roles.create({ name: 'inner' })).name
        })
      })
      assert.equal(answer, 'inner')
      const error = new Own()
      const failing = system.transaction(async (tx) => {
        await tx.roles.create({ name: 'lost' })
        const inner = tx.engine.transaction(async () => Promise.reject(error))
        await assert.rejects(inner, error)
        await assert.rejects(tx.roles.count(), error)
      })
      await assert.rejects(failing, error)
      assert.equal(await system.roles.count(), 2)
    },
  },
  {
    id: 'transactions.verbs-that-need-one',
    guarantee: 'Verbs that are transactions by themselves work inside one, and are rolled back with it',
    async run({ system }) {
      const at = await seed(system)
      const before = await everything(system.engine)
      const work = async (tx: Scope) => {
        const [a, b] = await tx.tasks.declareBatch(at.workspaceId, [
          { key: 'a', title: 'A' },
          { key: 'b', title: 'B', dependsOn: ['a'] },
        ])
        await tx.tasks.addDependency(b!.id, at.taskId)
        await tx.tasks.removeDependency(b!.id, a!.id)
        await tx.tasks.delete(a!.id)
        await tx.codebases.setDefault(at.codebaseId)
        const child = await tx.agents.upsert({
          id: 'c',
          workspaceId: at.workspaceId,
          name: 'C',
          role: 'r',
          parentId: at.agentId,
        })
        return [(await tx.tasks.get(b!.id))?.openDependencies, child.parentId]
      }
      const failing = system.transaction(async (tx) => {
        assert.deepEqual(await work(tx), [1, at.agentId])
        await tx.workspaces.delete(at.workspaceId)
        throw new Own()
      })
      await assert.rejects(failing, Own)
      assert.deepEqual(await everything(system.engine), before)
      assert.deepEqual(await system.transaction(work), [1, at.agentId])
      assert.equal(await system.tasks.count(), 3)
    },
  },
  {
    id: 'transactions.as-outside',
    guarantee: 'What was first done within a transaction is done the same way outside of it, and the reverse',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const finish = async (scope: Scope, title: string) => {
        const first = await scope.tasks.create({ workspaceId, title })
        const last = await scope.tasks.create({ workspaceId, title, dependsOn: [first.id] })
        await scope.tasks.cancel(first.id)
        const { status, openDependencies } = (await scope.tasks.get(last.id))!
        return [status, openDependencies]
      }
      assert.deepEqual(await system.transaction((tx) => finish(tx, 'inside')), ['ready', 0])
      assert.deepEqual(await finish(system, 'outside'), ['ready', 0])
      assert.deepEqual(await system.transaction((tx) => finish(tx, 'inside again')), ['ready', 0])
    },
  },
]
