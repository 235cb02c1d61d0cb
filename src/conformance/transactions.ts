/** Transactions: all or nothing, serializable among themselves, invisible until they commit, and alone. */

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { increment } from '../engine/query.ts'
import { TerraceError } from '../errors.ts'
import { tasks } from '../schema/tasks.ts'
import type { Scope, System } from '../system.ts'
import { everything, many, newWorkspace, range, refused, settled } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { everyCall, namedCalls, type Seed, seed } from './verbs.ts'

class Own extends Error {}

/** Milliseconds after which what should have ended long ago is given up. */
const LONG = 2000

/** Rows that are not there. */
const nobody = new Proxy({}, { get: () => 'nobody' }) as Seed

/** Writes in several stores. */
async function writeAll(scope: Scope): Promise<string> {
  const { workspaceId } = await seed(scope)
  return workspaceId
}

/** Runs a transaction up to `inside`, and holds it there until told to end it. */
function held(system: System, inside: (tx: Scope) => Promise<unknown>) {
  const reached = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const done = system.transaction(async (tx) => {
    await inside(tx)
    reached.resolve()
    await end.promise
  })
  done.catch(reached.reject)
  return { reached: reached.promise, commit: end.resolve, rollback: () => end.reject(new Own()), done }
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
  {
    id: 'transactions.rerun',
    guarantee:
      'A transaction whose callback has to run again does everything once, and answers for the last run',
    async run({ rerunning, system }) {
      const again = await rerunning()
      const at = await seed(system)
      let runs = 0
      const answer = await again.transaction(async (tx) => {
        runs++
        await tx.roles.create({ name: `${runs}` })
        await tx.tasks.start(at.taskId)
        await tx.messages.append(at.conversationId, { role: 'user', content: `${runs}` })
        await tx.settings.merge(at.scope, 'theme', { [`run ${runs}`]: true })
        return runs
      })
      assert.deepEqual([answer, runs], [2, 2])
      assert.deepEqual(
        (await system.roles.list({ name: ['1', '2'] })).items.map(({ name }) => name),
        ['2'],
      )
      const [, message] = await system.messages.last(at.conversationId, 5)
      assert.deepEqual([message?.seq, message?.content], [2, '2'])
      assert.deepEqual(await system.settings.get(at.scope, 'theme'), { dark: true, 'run 2': true })
      assert.equal((await system.tasks.get(at.taskId))?.version, 2)
    },
  },
  {
    id: 'transactions.rerun-verbs',
    guarantee: 'Verbs that are transactions by themselves come to the same when they have to run again',
    async run({ rerunning, system }) {
      const again = await rerunning()
      const { workspaceId, taskId, agentId, codebaseId } = await seed(system)
      const batch = [
        { key: 'a', title: 'A' },
        { key: 'b', title: 'B', dependsOn: ['a', taskId] },
      ]
      const [a, b] = await again.tasks.declareBatch(workspaceId, batch)
      const c = await again.tasks.create({ workspaceId, title: 'C', dependsOn: [a!.id] })
      assert.equal((await again.tasks.addDependency(c.id, taskId)).openDependencies, 2)
      assert.equal((await again.tasks.removeDependency(b!.id, taskId)).openDependencies, 1)
      assert.equal((await system.tasks.get(taskId))?.dependents, 2)
      assert.equal((await system.tasks.get(a!.id))?.dependents, 2)
      assert.equal((await again.agents.update(agentId, { parentId: null })).version, 3)
      const child = await again.agents.upsert({
        id: 'x',
        workspaceId,
        name: 'X',
        role: 'r',
        parentId: agentId,
      })
      assert.deepEqual([child.version, child.parentId], [1, agentId])
      assert.equal((await again.codebases.setDefault(codebaseId)).version, 2)
      assert.equal(await again.tasks.delete(a!.id), true)
      assert.equal((await system.tasks.get(c.id))?.openDependencies, 1)
      assert.equal(await again.workspaces.delete(workspaceId), true)
      assert.equal(await system.workspaces.count({ includeArchived: true }), 0)
    },
  },
]
