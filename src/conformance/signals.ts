/** Every call takes an AbortSignal: who has changed their mind is not kept waiting, and nothing more is done. */

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { roles } from '../schema/roles.ts'
import { tasks } from '../schema/tasks.ts'
import { everything, many, range } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { everyCall, namedCalls, seed } from './verbs.ts'

class Changed extends Error {}

const thrownBy = (call: Promise<unknown>) =>
  call.then(
    () => 'it resolved',
    (error: unknown) => error,
  )

export const signalScenarios: readonly Scenario[] = [
  {
    id: 'signals.aborted-before',
    guarantee: 'Every verb that is called with an aborted signal rejects with its reason and does nothing',
    async run({ system }) {
      const at = await seed(system)
      const before = await everything(system.engine)
      const reason = new Changed()
      const calls = namedCalls(everyCall(system, at, { signal: AbortSignal.abort(reason) }))
      for (const [name, call] of calls) assert.equal(await thrownBy(call()), reason, name)
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'signals.aborted-before-by-the-engine',
    guarantee:
      'Every verb of an engine that is called with an aborted signal rejects with its reason and does nothing',
    async run({ system }) {
      const { engine } = system
      await system.roles.create({ id: 'r', name: 'R' })
      const before = await everything(engine)
      const reason = new Changed()
      const options = { signal: AbortSignal.abort(reason) }
      const where = { id: 'r' }
      const set = { name: 'S' }
      const role = { id: 's', name: 'S', createdAt: engine.now(), updatedAt: engine.now() }
      const calls = [
        engine.find(roles, {}, options),
        engine.find(roles, { limit: 0 }, options),
        engine.get(roles, 'r', options),
        engine.get(roles, '\0', options),
        engine.insert(roles, [role], options),
        engine.insert(roles, [role, { ...role, id: 't' }], options),
        engine.insert(roles, [], options),
        engine.update(roles, { where, set }, options),
        engine.remove(roles, { where }, options),
        engine.write({ head: { update: roles, where, set }, steps: [] }, options),
        engine.aggregate(roles, {}, options),
        engine.notify('c', 'p', options),
        engine.transaction((tx) => tx.insert(roles, [role]), options),
      ]
      for (const outcome of await Promise.all(calls.map(thrownBy))) assert.equal(outcome, reason)
      assert.deepEqual(await everything(engine), before)
    },
  },
  {
    id: 'signals.aborted-inside',
    guarantee:
      'Inside a transaction, a call with an aborted signal rejects with its reason, and the transaction with it',
    async run({ system }) {
      const at = await seed(system)
      const before = await everything(system.engine)
      const reason = new Changed()
      for (const store of ['roles', 'tasks', 'messages', 'notes', 'presence', 'settings'] as const) {
        const names = Object.keys(everyCall(system, at)[store])
        for (const verb of names) {
          const transaction = system.transaction(async (tx) => {
            const calls = everyCall(tx, at, { signal: AbortSignal.abort(reason) })
            const call = new Map(namedCalls(calls)).get(`${store}.${verb}`)!
            assert.equal(await thrownBy(call()), reason, verb)
          })
          assert.equal(await thrownBy(transaction), reason, verb)
        }
      }
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'signals.aborted-at-once',
    guarantee:
      'A call that is aborted in the turn it was made in is done whole or not at all, and harms no other',
    async run({ system, second }) {
      const other = await second()
      const at = await seed(system)
      const reason = new Changed()
      const controllers = range(12).map(() => new AbortController())
      const calls = controllers.map(({ signal }, i) =>
        i % 3 === 0
          ? system.roles.create({ id: `${i}`, name: 'R' }, { signal })
          : i % 3 === 1
            ? system.messages.append(
                at.conversationId,
                { id: `${i}`, role: 'user', content: 'Hi' },
                { signal },
              )
            : system.tasks.get(at.taskId, { signal }),
      )
      const others = many(6, (i) => system.roles.create({ id: `other ${i}`, name: 'R' }))
      const outcomes = Promise.allSettled(calls)
      for (const controller of controllers) controller.abort(reason)
      for (const outcome of await outcomes) {
        if (outcome.status === 'rejected') assert.equal(outcome.reason, reason)
      }
      assert.equal((await Promise.all(others)).length, 6)
      // What was sent may still happen, after its caller has left.
      await other.transaction(async (tx) => tx.roles.count())
      await sleep(5)
      const said = await system.messages.list(at.conversationId)
      assert.deepEqual(
        said.items.map(({ seq }) => seq),
        range(said.items.length).map((i) => i + 1),
      )
      assert.equal((await system.conversations.get(at.conversationId))?.lastSeq, said.items.length)
    },
  },
  {
    id: 'signals.aborted-while-waiting',
    guarantee: 'Who waits for a transaction of others and changes their mind is let go, and has done nothing',
    async run({ system }) {
      const at = await seed(system)
      const reached = Promise.withResolvers<void>()
      const go = Promise.withResolvers<void>()
      const transaction = system.transaction(async (tx) => {
        await tx.tasks.update(at.taskId, { title: 'Inside' })
        reached.resolve()
        await go.promise
      })
      await reached.promise
      const controller = new AbortController()
      const { signal } = controller
      const set = { objective: 'Outside' }
      const where = { id: at.taskId }
      const waiting = thrownBy(system.engine.update(tasks, { where, set }, { signal }))
      await sleep(5)
      controller.abort(new Changed())
      const outcome = await Promise.race([waiting, sleep(1000, 'still waiting')])
      go.resolve()
      await transaction
      assert.ok(outcome instanceof Changed, String(outcome))
      assert.equal((await system.tasks.get(at.taskId))?.title, 'Inside')
      assert.equal((await system.tasks.update(at.taskId, { role: 'r' })).role, 'r')
    },
  },
  {
    id: 'signals.not-aborted',
    guarantee: 'A signal that does not abort, or aborts afterwards, changes nothing',
    async run({ system }) {
      const at = await seed(system)
      const controller = new AbortController()
      const { signal } = controller
      const role = await system.roles.create({ name: 'R' }, { signal })
      const count = await system.transaction((tx) => tx.roles.count({}, { signal }), { signal })
      await Promise.all(many(30, () => system.tasks.get(at.taskId, { signal })))
      controller.abort()
      assert.equal(count, 2)
      assert.deepEqual(await system.roles.get(role.id), role)
    },
  },
]
