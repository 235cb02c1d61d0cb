import assert from 'node:assert/strict'
import { type Timer, timers } from '../schema/timers.ts'
import { TIMERS_PER_AGENT } from '../stores/timers.ts'
import { many, range, refused, settled } from './expect.ts'
import { aCrew, idsOf, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

const MINUTE = 60_000
const labels = (timers: readonly Timer[]) => timers.map(({ label }) => label)

export const timerScenarios: readonly Scenario[] = [
  {
    id: 'timers.once',
    guarantee: 'A timer goes off at the millisecond that was planned, not before, and is gone then',
    async run({ system, clock }) {
      const {
        workspaceId,
        agentIds: [agentId],
      } = await aCrew(system, 1)
      const createdAt = clock()
      const timer = await system.timers.set({ agentId: agentId!, label: 'Look', message: 'at it', in: '15m' })
      const dueAt = new Date(clock().getTime() + 15 * MINUTE)
      const stored = { id: timer.id, workspaceId, agentId, label: 'Look', message: 'at it' }
      assert.deepEqual(timer, { ...stored, dueAt, every: null, fired: 0, createdAt })
      const moment = new Date(dueAt.getTime() - 1)
      await system.timers.set({ id: 't', agentId: agentId!, label: 'Before', in: moment })
      clock.set(new Date(moment.getTime() - 1))
      assert.deepEqual(await system.timers.claimDue(), [])
      clock.advance(1)
      assert.deepEqual(labels(await system.timers.claimDue()), ['Before'])
      assert.deepEqual(await system.timers.get(timer.id), timer)
      clock.advance(1)
      assert.deepEqual(await system.timers.claimDue(), [{ ...timer, fired: 1 }])
      assert.deepEqual(await system.timers.claimDue(), [])
      assert.deepEqual([await system.timers.get(timer.id), await system.timers.count()], [null, 0])
    },
  },
  {
    id: 'timers.no-drift',
    guarantee: 'A repeating timer is planned from the time that was planned, however late somebody looks',
    async run({ system, clock }) {
      const {
        agentIds: [agentId],
      } = await aCrew(system, 1)
      const start = clock().getTime()
      const { id } = await system.timers.set({ agentId: agentId!, label: 'Look', in: '10m', repeat: true })
      const moment = new Date(start + MINUTE)
      await system.timers.set({ id: 't', agentId: agentId!, label: 'Other', in: moment, repeat: '1h' })
      const planned: string[] = []
      for (const minutes of [10, 23, 30, 59, 60]) {
        clock.set(new Date(start + minutes * MINUTE))
        const due = (await system.timers.claimDue()).filter((timer) => timer.id === id)
        for (const { dueAt, fired } of due) planned.push(`${(dueAt.getTime() - start) / MINUTE} ${fired}`)
      }
      assert.deepEqual(planned, ['10 1', '20 2', '30 3', '40 4', '60 5'])
      assert.deepEqual((await system.timers.get(id))?.dueAt, new Date(start + 70 * MINUTE))
      assert.deepEqual((await system.timers.get('t'))?.dueAt, new Date(start + 61 * MINUTE))
    },
  },
  {
    id: 'timers.overdue',
    guarantee: 'What was due while nobody looked goes off once afterwards, what was planned first first',
    async run({ system, second, clock }) {
      const {
        agentIds: [agentId],
      } = await aCrew(system, 1)
      const set = (label: string, minutes: number, repeat = false) =>
        system.timers.set({ agentId: agentId!, label, in: minutes * MINUTE, repeat })
      await set('c', 3)
      await set('a', 1, true)
      await set('b', 2)
      clock.advance(60 * 24 * MINUTE)
      const later = await second()
      assert.deepEqual(labels(await later.timers.claimDue({ limit: 2 })), ['a', 'b'])
      assert.deepEqual(labels(await later.timers.claimDue({ limit: 2 })), ['c'])
      assert.deepEqual(await later.timers.claimDue(), [])
      const { items } = await later.timers.list({ agentId: agentId! })
      assert.deepEqual(
        items.map(({ label, dueAt }) => [label, dueAt]),
        [['a', new Date(clock().getTime() + MINUTE)]],
      )
    },
  },
  {
    id: 'timers.each-once',
    guarantee: 'Over any number of instances, each time of each timer goes off once',
    async run({ system, second, clock }) {
      const systems = [system, await second()]
      const {
        agentIds: [agentId],
      } = await aCrew(system, 1)
      await Promise.all(
        many(6, (i) =>
          system.timers.set({ agentId: agentId!, label: `${i}`, in: 1000, repeat: i % 2 === 0 }),
        ),
      )
      const seen: string[] = []
      for (let second = 1; second <= 3; second++) {
        clock.advance(1000)
        const claims = await Promise.all(race(6, systems, (each) => each.timers.claimDue()))
        for (const { label, fired } of claims.flat()) seen.push(`${label} ${fired}`)
      }
      const expected = [...range(6).map((i) => `${i} 1`), ...[0, 2, 4].flatMap((i) => [`${i} 2`, `${i} 3`])]
      assert.deepEqual(seen.sort(), expected.sort())
    },
  },
  {
    id: 'timers.owner',
    guarantee: 'Only its owner cancels a timer; the answer to others names the owner',
    async run({ system, clock }) {
      const {
        agentIds: [a, b],
      } = await aCrew(system, 2)
      const timer = await system.timers.set({ agentId: a!, label: 'Look', in: 1000, repeat: true })
      const call = system.timers.cancel(timer.id, { agentId: b! })
      await refused('LEASE_CONFLICT', call, { resource: timer.id, holder: a })
      await refused('LEASE_CONFLICT', system.timers.cancel(timer.id, { agentId: UNKNOWN }))
      assert.deepEqual(await system.timers.get(timer.id), timer)
      assert.equal(await system.timers.cancel(timer.id, { agentId: a! }), true)
      assert.equal(await system.timers.cancel(timer.id, { agentId: a! }), false)
      assert.equal(await system.timers.cancel(UNKNOWN, { agentId: a! }), false)
      clock.advance(1000)
      assert.deepEqual(await system.timers.claimDue(), [])
    },
  },
  {
    id: 'timers.cancel-or-fire',
    guarantee: 'A timer that is cancelled while it is due either goes off or is cancelled, and not both',
    async run({ system, second, clock }) {
      const other = await second()
      const {
        agentIds: [agentId],
      } = await aCrew(system, 1)
      for (const round of range(6)) {
        const { id } = await system.timers.set({ agentId: agentId!, label: 'Look', in: 1 })
        clock.advance(1)
        const cancel = () => other.timers.cancel(id, { agentId: agentId! })
        const early = round % 2 === 0 ? cancel() : undefined
        const claim = system.timers.claimDue()
        const [cancelled, claimed] = await Promise.all([early ?? cancel(), claim])
        assert.deepEqual([cancelled, claimed.length === 1].sort(), [false, true])
        assert.equal(await system.timers.count(), 0)
      }
    },
  },
  {
    id: 'timers.most',
    guarantee: 'An agent has a hundred timers at most, however many are set at once; others have theirs',
    async run({ system, second }) {
      const systems = [system, await second()]
      const {
        workspaceId,
        agentIds: [a, b],
      } = await aCrew(system, 2)
      // The store's own verb would take a hundred transactions.
      const row = {
        workspaceId,
        agentId: a!,
        label: 'Look',
        dueAt: system.engine.now(),
        createdAt: system.engine.now(),
      }
      const rows = range(TIMERS_PER_AGENT - 2).map((i) => ({ ...row, id: `t${i}` }))
      await system.engine.insert(timers, rows)
      const calls = race(5, systems, (each) => each.timers.set({ agentId: a!, label: 'One more', in: '1h' }))
      const { values, codes } = await settled(calls)
      assert.deepEqual([values.length, codes], [2, Array(3).fill('VALIDATION')])
      await system.timers.set({ agentId: b!, label: 'Look', in: '1h' })
      await system.timers.cancel('t0', { agentId: a! })
      await system.timers.set({ agentId: a!, label: 'Look', in: '1h' })
      assert.deepEqual([await system.timers.count({ agentId: a! }), TIMERS_PER_AGENT], [100, 100])
    },
  },
  {
    id: 'timers.delivered',
    guarantee:
      'What goes off is in its agent’s mailbox, once and in the order of its times, over any number of instances',
    async run({ system, second, rerunning, clock }) {
      const systems = [system, await second(), await rerunning()]
      const {
        workspaceId,
        agentIds: [a, b],
      } = await aCrew(system, 2)
      const start = clock().getTime()
      for (const i of [3, 1, 2]) await system.timers.set({ agentId: a!, label: `${i}`, message: 'm', in: i })
      await system.timers.set({ id: 'r', agentId: b!, label: 'r', in: 2, repeat: true })
      assert.deepEqual(await system.timers.deliverDue(), [])
      clock.advance(3)
      const delivered = (await Promise.all(race(6, systems, (each) => each.timers.deliverDue()))).flat()
      assert.deepEqual(labels(delivered), ['1', '2', 'r', '3'])
      const mail = await system.mailbox.claim(a!)
      assert.deepEqual(
        mail.map(({ kind, payload, seq }) => [kind, (payload as { label: string }).label, seq]),
        [
          ['timer', '1', 1],
          ['timer', '2', 2],
          ['timer', '3', 3],
        ],
      )
      const [only, ...others] = (await system.mailbox.list({ agentId: b! })).items
      assert.deepEqual(others, [])
      const payload = { timerId: 'r', label: 'r', message: '', dueAt: new Date(start + 2).toISOString() }
      assert.deepEqual([only!.payload, only!.source, only!.workspaceId], [payload, 'timer:r', workspaceId])
    },
  },
  {
    id: 'timers.bad-input',
    guarantee: 'Timers of unknown agents, at no time or with columns of the store’s own are refused',
    async run({ system }) {
      const {
        agentIds: [agentId],
      } = await aCrew(system, 1)
      const good = { agentId: agentId!, label: 'Look', in: '1m' }
      await refused('NOT_FOUND', system.timers.set({ ...good, agentId: UNKNOWN }), {
        table: 'agents',
        id: UNKNOWN,
      })
      for (const delay of [0, -1, '-15m', '', 'soon', 1.5, Number.NaN, null, undefined, {}])
        await refused('VALIDATION', system.timers.set({ ...good, in: delay as number }), { column: 'in' })
      for (const moment of [new Date(Number.NaN), new Date(8.64e15)])
        await refused('VALIDATION', system.timers.set({ ...good, in: moment }), { column: 'dueAt' })
      for (const repeat of [0, -1, 'often', null])
        await refused('VALIDATION', system.timers.set({ ...good, repeat: repeat as number }), {
          column: 'repeat',
        })
      const moment = { ...good, in: new Date(0), repeat: true }
      await refused('VALIDATION', system.timers.set(moment), { column: 'repeat' })
      for (const label of ['', null, undefined, 'x'.repeat(1025)])
        await refused('VALIDATION', system.timers.set({ ...good, label: label as string }), {
          column: 'label',
        })
      for (const column of ['workspaceId', 'dueAt', 'every', 'fired', 'createdAt', 'nonsense'])
        await refused('VALIDATION', system.timers.set({ ...good, [column]: 1 }), { column })
      assert.equal(await system.timers.count(), 0)
    },
  },
  {
    id: 'timers.of-an-agent',
    guarantee: 'Timers belong to their agent’s workspace, are listed by their time, and go with their agent',
    async run({ system }) {
      const [one, two] = [await aCrew(system, 2), await aCrew(system, 1)]
      const set = (agentId: string, minutes: number) =>
        system.timers.set({ agentId, label: 'Look', in: minutes * MINUTE })
      const [a, b, c] = [
        await set(one.agentIds[0]!, 3),
        await set(one.agentIds[1]!, 2),
        await set(two.agentIds[0]!, 1),
      ]
      assert.deepEqual((await system.timers.list()).items, [c, b, a])
      const mine = system.in(one.workspaceId)
      assert.deepEqual(idsOf((await mine.timers.list()).items), [b.id, a.id])
      await refused('NOT_FOUND', mine.timers.set({ agentId: two.agentIds[0]!, label: 'Look', in: 1 }))
      await system.agents.delete(one.agentIds[0]!)
      assert.deepEqual(await mine.timers.count(), 1)
      await system.workspaces.delete(one.workspaceId)
      assert.deepEqual((await system.timers.list()).items, [c])
    },
  },
]
