import assert from 'node:assert/strict'
import type { DelegationOutcome } from '../schema/delegations.ts'
import { newWorkspace, refused, settled } from './expect.ts'
import { aCrew, aTask, idsOf, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

const OUTCOMES: readonly DelegationOutcome[] = ['done', 'failed', 'cancelled']

export const delegationScenarios: readonly Scenario[] = [
  {
    id: 'delegations.delegate',
    guarantee: 'Delegated work is kept as it was given, and is active; what is left out has its default',
    async run({ system, clock }) {
      const {
        workspaceId,
        agentIds: [a, b],
      } = await aCrew(system, 2)
      const times = { version: 1, createdAt: clock(), updatedAt: clock() }
      const active = { status: 'active', result: null, finishedAt: null, ...times }
      const least = { workspaceId, toAgentId: b!, task: 'Test it' }
      const first = await system.delegations.delegate(least)
      const defaults = { fromAgentId: null, taskId: null, context: '', metadata: {} }
      assert.deepEqual(first, { id: first.id, ...least, ...defaults, ...active })
      const task = await aTask(system, workspaceId)
      const whole = {
        id: 'd',
        fromAgentId: a!,
        taskId: task.id,
        context: 'All 🤖 of it',
        metadata: { a: [1] },
      }
      const second = await system.delegations.delegate({ ...least, ...whole })
      assert.deepEqual(second, { ...least, ...whole, ...active })
      assert.deepEqual(await system.delegations.get('d'), second)
      assert.deepEqual((await system.delegations.list({ toAgentId: b! })).items, [first, second])
      assert.deepEqual(idsOf((await system.delegations.list({ fromAgentId: a! })).items), ['d'])
      assert.deepEqual(idsOf(await system.delegations.getMany(['d', UNKNOWN, first.id])), ['d', first.id])
      await refused('ALREADY_EXISTS', system.delegations.delegate({ ...least, id: 'd' }), { columns: ['id'] })
    },
  },
  {
    id: 'delegations.finish-once',
    guarantee: 'Of many who say at once how it ended, one does, and that stays',
    async run({ system, second, clock }) {
      const systems = [system, await second()]
      const {
        workspaceId,
        agentIds: [agentId],
      } = await aCrew(system, 1)
      const given = await system.delegations.delegate({ workspaceId, toAgentId: agentId!, task: 'Test it' })
      clock.advance(5)
      const calls = race(9, systems, (each, i) =>
        each.delegations.finish(given.id, { status: OUTCOMES[i % 3]!, result: { by: i } }),
      )
      const { values, codes } = await settled(calls)
      assert.deepEqual(codes, Array(8).fill('INVALID_TRANSITION'))
      const { status, result } = values[0]!
      const finished = { ...given, status, result, finishedAt: clock(), version: 2, updatedAt: clock() }
      assert.deepEqual(values, [finished])
      for (const again of OUTCOMES) {
        const call = systems[1]!.delegations.finish(given.id, { status: again, result: 'later' })
        await refused('INVALID_TRANSITION', call, {
          id: given.id,
          verb: 'finish',
          status,
          allowed: ['active'],
        })
      }
      assert.deepEqual(await system.delegations.get(given.id), finished)
    },
  },
  {
    id: 'delegations.outcomes',
    guarantee: 'Work ends done, failed or cancelled, with a result of any JSON or none, and in no other way',
    async run({ system }) {
      const {
        workspaceId,
        agentIds: [toAgentId],
      } = await aCrew(system, 1)
      const given = { workspaceId, toAgentId: toAgentId!, task: 'Test it' }
      for (const [i, result] of [{ ok: [null] }, 'text', 0, false, null, undefined].entries()) {
        const { id } = await system.delegations.delegate(given)
        const status = OUTCOMES[i % 3]!
        const finished = await system.delegations.finish(id, { status, result })
        assert.deepEqual([finished.status, finished.result], [status, result ?? null])
      }
      const { id } = await system.delegations.delegate(given)
      for (const status of ['active', 'gone', '', null, undefined, 7])
        await refused('VALIDATION', system.delegations.finish(id, { status: status as 'done' }), {
          column: 'status',
        })
      const unstorable = { status: 'done', result: { a: Number.NaN } } as const
      await refused('VALIDATION', system.delegations.finish(id, unstorable), { column: 'result' })
      await refused('NOT_FOUND', system.delegations.finish(UNKNOWN, { status: 'done' }), { id: UNKNOWN })
      assert.equal((await system.delegations.get(id))?.status, 'active')
      assert.equal(await system.delegations.count({ status: 'active' }), 1)
    },
  },
  {
    id: 'delegations.fixed',
    guarantee: 'Whose work it is, who gave it and how it ended are not changed by an update; the rest is',
    async run({ system, clock }) {
      const {
        workspaceId,
        agentIds: [a, b],
      } = await aCrew(system, 2)
      const given = await system.delegations.delegate({
        workspaceId,
        toAgentId: a!,
        task: 'Test it',
        metadata: { a: 1, b: 2 },
      })
      const closed = {
        toAgentId: b,
        fromAgentId: b,
        task: 'x',
        status: 'done',
        result: 1,
        finishedAt: clock(),
      }
      for (const [column, value] of Object.entries(closed))
        await refused('VALIDATION', system.delegations.update(given.id, { [column]: value }), { column })
      for (const [column, value] of Object.entries({ status: 'done', result: 1, finishedAt: clock() })) {
        const call = system.delegations.delegate({ workspaceId, toAgentId: a!, task: 'x', [column]: value })
        await refused('VALIDATION', call, { column })
      }
      const patch = { context: 'More', metadata: { a: null, c: 3 } }
      const changed = await system.delegations.update(given.id, patch, { ifVersion: 1 })
      assert.deepEqual(changed, { ...given, context: 'More', metadata: { b: 2, c: 3 }, version: 2 })
      await refused('VERSION_CONFLICT', system.delegations.update(given.id, patch, { ifVersion: 1 }), {
        current: 2,
      })
      await system.delegations.finish(given.id, { status: 'done' })
      assert.equal((await system.delegations.update(given.id, { context: 'Note' })).status, 'done')
      assert.equal(await system.delegations.delete(given.id), true)
      assert.equal(await system.delegations.get(given.id), null)
    },
  },
  {
    id: 'delegations.agents',
    guarantee: 'Work is given within a workspace to an agent that is there, and outlives agents and task',
    async run({ system }) {
      const {
        workspaceId,
        agentIds: [a, b],
      } = await aCrew(system, 2)
      const other = await aCrew(system, 1)
      const task = await aTask(system, workspaceId)
      const good = { workspaceId, fromAgentId: a!, toAgentId: b!, taskId: task.id, task: 'Test it' }
      for (const id of [UNKNOWN, other.agentIds[0]!]) {
        for (const column of ['fromAgentId', 'toAgentId', 'taskId']) {
          await refused('REFERENCE', system.delegations.delegate({ ...good, [column]: id }))
        }
      }
      await refused(
        'REFERENCE',
        system.delegations.delegate({ ...good, workspaceId: await newWorkspace(system) }),
      )
      for (const toAgentId of [null, undefined]) {
        const call = system.delegations.delegate({ ...good, toAgentId: toAgentId as never })
        await refused('VALIDATION', call, { column: 'toAgentId' })
      }
      const given = await system.delegations.delegate(good)
      await system.agents.delete(a!)
      await system.agents.delete(b!)
      await system.tasks.delete(task.id)
      const left = { ...given, fromAgentId: null, toAgentId: null, taskId: null }
      assert.deepEqual((await system.delegations.list()).items, [left])
      await system.workspaces.delete(workspaceId)
      assert.equal(await system.delegations.count(), 0)
    },
  },
]
