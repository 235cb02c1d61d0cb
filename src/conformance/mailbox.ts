import assert from 'node:assert/strict'
import type { System } from '../system.ts'
import { many, range, refused, settled } from './expect.ts'
import { aCrew, ascending, idsOf, race, UNKNOWN, upTo } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

const MINUTE = 60_000
const seqs = (mail: readonly { readonly seq: number }[]) => mail.map(({ seq }) => seq)

async function anAgent(system: System, letters = 0): Promise<string> {
  const { agentIds } = await aCrew(system, 1)
  for (const i of range(letters)) await system.mailbox.send(agentIds[0]!, { kind: 'news', payload: i + 1 })
  return agentIds[0]!
}

export const mailboxScenarios: readonly Scenario[] = [
  {
    id: 'mailbox.send',
    guarantee: 'What is sent waits as it was given, numbered without gaps however many send at once',
    async run({ system, second, clock }) {
      const systems = [system, await second()]
      const {
        workspaceId,
        agentIds: [agentId],
      } = await aCrew(system, 1)
      const message = { id: 'm', kind: 'news', payload: { a: [1, null], b: '🤖' }, source: 'cron' }
      const first = await system.mailbox.send(agentId!, message)
      const rest = { status: 'queued', deliveries: 0, createdAt: clock(), settledAt: null }
      assert.deepEqual(first, { ...message, workspaceId, agentId, seq: 1, ...rest })
      assert.deepEqual(await system.mailbox.get('m'), first)
      const sent = await Promise.all(
        race(8, systems, (each, i) => each.mailbox.send(agentId!, { kind: 'news', payload: i })),
      )
      assert.deepEqual(ascending(seqs(sent)), upTo(9).slice(1))
      const byTurn = sent.toSorted((a, b) => a.seq - b.seq)
      assert.deepEqual((await system.mailbox.list({ agentId: agentId! })).items, [first, ...byTurn])
      await refused('ALREADY_EXISTS', system.mailbox.send(agentId!, message), { columns: ['id'] })
      assert.equal((await system.mailbox.send(agentId!, { kind: 'news' })).seq, 10)
    },
  },
  {
    id: 'mailbox.first-letters',
    guarantee: 'An agent’s first letters, sent at once over two connections, are all kept',
    async run({ system, second }) {
      const systems = [system, await second()]
      const agentId = await anAgent(system)
      const sent = await Promise.all(race(6, systems, (each) => each.mailbox.send(agentId, { kind: 'news' })))
      assert.deepEqual(ascending(seqs(sent)), upTo(6))
      assert.deepEqual(seqs(await system.mailbox.claim(agentId)), upTo(6))
    },
  },
  {
    id: 'mailbox.claim',
    guarantee:
      'Mail is handed out in order, to one claimer at a time: nothing overtakes what is in someone’s hands',
    async run({ system, second, clock }) {
      const systems = [system, await second()]
      const agentId = await anAgent(system, 5)
      const claims = await Promise.all(race(6, systems, (each) => each.mailbox.claim(agentId, { limit: 2 })))
      const [claimed, ...others] = claims.toSorted((a, b) => b.length - a.length)
      assert.deepEqual(seqs(claimed!), [1, 2])
      assert.deepEqual(
        claimed!.map(({ deliveries, fence, last }) => [deliveries, fence, last]),
        [
          [1, 1, false],
          [1, 1, true],
        ],
      )
      assert.deepEqual(others, Array(5).fill([]))
      await system.mailbox.send(agentId, { kind: 'news' })
      assert.equal(await system.mailbox.ack(claimed![0]!), true)
      assert.deepEqual(await system.mailbox.claim(agentId), [])
      assert.equal(await system.mailbox.ack(claimed![1]!), true)
      // Nothing is in anyone's hands any more.
      assert.deepEqual(seqs(await systems[1]!.mailbox.claim(agentId, { limit: 3 })), [3, 4, 5])
      clock.advance(MINUTE)
      assert.deepEqual(seqs(await system.mailbox.claim(agentId)), [3, 4, 5, 6])
    },
  },
  {
    id: 'mailbox.comes-back',
    guarantee:
      'What was claimed and not acknowledged is handed out again at the millisecond its span ends, by whomever',
    async run({ system, second, clock }) {
      const agentId = await anAgent(system, 2)
      const [first] = await system.mailbox.claim(agentId, { ttl: '5m' })
      await system.mailbox.ack(first!)
      const later = await second()
      clock.advance(5 * MINUTE - 1)
      assert.deepEqual(await later.mailbox.claim(agentId), [])
      clock.advance(1)
      const again = await later.mailbox.claim(agentId, { ttl: 1 })
      assert.deepEqual(
        again.map(({ seq, deliveries, fence }) => [seq, deliveries, fence]),
        [[2, 2, 2]],
      )
      clock.advance(1)
      assert.equal((await later.mailbox.claim(agentId))[0]?.deliveries, 3)
    },
  },
  {
    id: 'mailbox.ack',
    guarantee: 'Acknowledged mail is delivered, once, whoever repeats it, and comes no more',
    async run({ system, second, clock }) {
      const systems = [system, await second()]
      const agentId = await anAgent(system, 1)
      const [message] = await system.mailbox.claim(agentId)
      clock.advance(10)
      const acks = await Promise.all(race(6, systems, (each) => each.mailbox.ack(message!)))
      assert.deepEqual(acks.filter(Boolean), [true])
      const { fence: _fence, last: _last, ...mail } = message!
      const delivered = { ...mail, status: 'delivered', settledAt: clock() }
      assert.deepEqual(await system.mailbox.get(message!.id), delivered)
      clock.advance(MINUTE)
      assert.deepEqual(await system.mailbox.claim(agentId), [])
      assert.equal(await system.mailbox.ack(message!), false)
      await refused('NOT_FOUND', system.mailbox.ack({ ...message!, seq: 7, id: UNKNOWN }), { id: UNKNOWN })
    },
  },
  {
    id: 'mailbox.ack-in-order',
    guarantee: 'Mail is acknowledged in its order, so that what comes back is still in order',
    async run({ system }) {
      const agentId = await anAgent(system, 3)
      const [a, b, c] = await system.mailbox.claim(agentId)
      for (const early of [c!, b!])
        await refused('INVALID_TRANSITION', system.mailbox.ack(early), { id: early.id, verb: 'ack' })
      for (const next of [a!, b!, c!]) assert.equal(await system.mailbox.ack(next), true)
      assert.equal(await system.mailbox.count({ status: 'delivered' }), 3)
    },
  },
  {
    id: 'mailbox.stale',
    guarantee: 'Once its claim has ended, mail is neither acknowledged nor given back by who had it',
    async run({ system, second, clock }) {
      const other = await second()
      const agentId = await anAgent(system, 1)
      const [message] = await system.mailbox.claim(agentId, { ttl: 100 })
      clock.advance(100)
      const stale = { resource: message!.id, fence: 1 }
      await refused('STALE_FENCE', system.mailbox.ack(message!), stale)
      await refused('STALE_FENCE', system.mailbox.nack(message!), stale)
      const [again] = await other.mailbox.claim(agentId)
      await refused('STALE_FENCE', system.mailbox.ack(message!), stale)
      await refused('STALE_FENCE', system.mailbox.nack(message!), stale)
      assert.equal(await other.mailbox.ack(again!), true)
      assert.equal(await system.mailbox.count({ status: 'queued' }), 0)
    },
  },
  {
    id: 'mailbox.nack',
    guarantee:
      'What is given back comes again, and what was claimed with it, in order: at once or to the millisecond',
    async run({ system, clock }) {
      const agentId = await anAgent(system, 3)
      const [a, b, c] = await system.mailbox.claim(agentId)
      await system.mailbox.ack(a!)
      // What is not there is given back by nobody, and nothing with it.
      await refused('NOT_FOUND', system.mailbox.nack({ ...b!, id: 'nobody' }))
      assert.equal((await system.mailbox.nack(b!)).id, b!.id)
      await refused('STALE_FENCE', system.mailbox.ack(c!))
      await refused('STALE_FENCE', system.mailbox.nack(b!))
      const again = await system.mailbox.claim(agentId)
      assert.deepEqual(seqs(again), [2, 3])
      await system.mailbox.nack(again[0]!, { delay: '5m' })
      await refused('STALE_FENCE', system.mailbox.ack(again[0]!))
      clock.advance(5 * MINUTE - 1)
      assert.deepEqual(await system.mailbox.claim(agentId), [])
      clock.advance(1)
      const last = await system.mailbox.claim(agentId)
      assert.deepEqual(
        last.map(({ seq, deliveries }) => [seq, deliveries]),
        [
          [2, 3],
          [3, 3],
        ],
      )
    },
  },
  {
    id: 'mailbox.drain',
    guarantee:
      'Drained mail is dropped, also what is in someone’s hands: it never comes, and is never delivered',
    async run({ system, second, clock }) {
      const other = await second()
      const agentId = await anAgent(system, 3)
      const [a, b] = await other.mailbox.claim(agentId, { limit: 2 })
      await other.mailbox.ack(a!)
      clock.advance(5)
      const dropped = await system.mailbox.drain(agentId)
      assert.deepEqual(
        dropped.map(({ seq, status, settledAt }) => [seq, status, settledAt]),
        [
          [2, 'dropped', clock()],
          [3, 'dropped', clock()],
        ],
      )
      await refused('INVALID_TRANSITION', other.mailbox.ack(b!), { verb: 'ack', status: 'dropped' })
      await refused('STALE_FENCE', other.mailbox.nack(b!))
      assert.deepEqual(await other.mailbox.claim(agentId), [])
      assert.deepEqual(await system.mailbox.drain(agentId), [])
      assert.equal((await system.mailbox.send(agentId, { kind: 'news' })).seq, 4)
      const [next] = await other.mailbox.claim(agentId)
      assert.equal(await other.mailbox.ack(next!), true)
      assert.equal(await system.mailbox.count({ status: 'delivered' }), 2)
      assert.deepEqual((await system.mailbox.get(b!.id))?.status, 'dropped')
    },
  },
  {
    id: 'mailbox.drain-races',
    guarantee: 'What is sent while a mailbox is drained is dropped or comes, and nothing else becomes of it',
    async run({ system, second }) {
      const systems = [system, await second()]
      const agentId = await anAgent(system, 2)
      const sends = race(6, systems, (each) => each.mailbox.send(agentId, { kind: 'news' }))
      const drains = race(2, systems, (each) => each.mailbox.drain(agentId))
      const more = race(4, systems, (each) => each.mailbox.send(agentId, { kind: 'news' }))
      await Promise.all([...sends, ...more])
      const dropped = (await Promise.all(drains)).flat()
      const come = await system.mailbox.claim(agentId, { limit: 20 })
      assert.deepEqual(ascending([...seqs(dropped), ...seqs(come)]), upTo(12))
      for (const message of come) await system.mailbox.ack(message)
    },
  },
  {
    id: 'mailbox.none-lost',
    guarantee:
      'With many senders and readers who now and then give back or fail, each message is delivered, in the order of sending',
    async run({ system, second, clock }) {
      const systems = [system, await second()]
      const agentId = await anAgent(system)
      const delivered: number[] = []
      let sent = 0
      const sender = async (each: System) => {
        for (let i = 0; i < 5; i++) {
          await each.mailbox.send(agentId, { kind: 'news' })
          sent++
        }
      }
      const reader = async (each: System, i: number) => {
        for (let turn = i; delivered.length < 20 && turn < 1000; turn++) {
          for (const message of await each.mailbox.claim(agentId, { limit: 3, ttl: 1000 })) {
            if (turn % 5 === 4) {
              await each.mailbox.nack(message).catch(() => null)
              break
            }
            // As if it had died: somebody else goes on when its time is up.
            if (turn % 7 === 6) {
              clock.advance(1000)
              break
            }
            const acknowledged = await each.mailbox.ack(message).catch(() => false)
            if (!acknowledged) break
            delivered.push(message.seq)
          }
          if (sent === 20) clock.advance(1000)
        }
      }
      await Promise.all([...race(4, systems, sender), ...race(3, systems, reader)])
      assert.deepEqual(ascending(delivered), upTo(20))
      // Who read the clock first may have been numbered later.
      const { items } = await system.mailbox.list({ agentId })
      const times = items.map(({ settledAt }) => settledAt!.getTime())
      assert.deepEqual(times, ascending(times))
      assert.equal(await system.mailbox.count({ status: 'delivered' }), 20)
    },
  },
  {
    id: 'mailbox.purge',
    guarantee: 'Purging forgets what was settled before a moment, and never what waits',
    async run({ system, clock }) {
      const agentId = await anAgent(system, 4)
      const mail = await system.mailbox.claim(agentId)
      for (const message of mail.slice(0, 3)) {
        clock.advance(1)
        await system.mailbox.ack(message)
      }
      assert.equal(await system.mailbox.purge(clock(), { limit: 1 }), 1)
      assert.equal(await system.mailbox.purge(clock()), 1)
      assert.equal(await system.mailbox.purge(clock()), 0)
      assert.deepEqual(idsOf((await system.mailbox.list()).items), idsOf(mail.slice(2)))
      clock.advance(MINUTE)
      assert.equal(await system.mailbox.purge(clock()), 1)
      assert.deepEqual(seqs(await system.mailbox.claim(agentId)), [4])
      for (const bad of [null, undefined, 7]) await refused('VALIDATION', system.mailbox.purge(bad as never))
    },
  },
  {
    id: 'mailbox.of-an-agent',
    guarantee: 'Each agent has mail of its own, in its own order, which goes with it',
    async run({ system }) {
      const [one, two] = [await aCrew(system, 2), await aCrew(system, 1)]
      const agents = [...one.agentIds, ...two.agentIds]
      for (const agentId of [...agents, ...agents]) await system.mailbox.send(agentId, { kind: 'news' })
      for (const agentId of agents) assert.deepEqual(seqs(await system.mailbox.claim(agentId)), [1, 2])
      const mine = system.in(one.workspaceId)
      assert.equal(await mine.mailbox.count(), 4)
      await refused('NOT_FOUND', mine.mailbox.send(agents[2]!, { kind: 'news' }), { table: 'agents' })
      await refused('NOT_FOUND', system.mailbox.send(UNKNOWN, { kind: 'news' }), {
        table: 'agents',
        id: UNKNOWN,
      })
      assert.deepEqual(await system.mailbox.claim(UNKNOWN), [])
      await system.agents.delete(agents[0]!)
      assert.equal(await mine.mailbox.count(), 2)
      await system.workspaces.delete(one.workspaceId)
      assert.equal(await system.mailbox.count(), 2)
    },
  },
  {
    id: 'mailbox.bad-input',
    guarantee: 'Mail, spans and limits that are none are refused, and nothing is sent or claimed',
    async run({ system }) {
      const agentId = await anAgent(system, 1)
      for (const kind of ['', 'x'.repeat(129), null, undefined, 7])
        await refused('VALIDATION', system.mailbox.send(agentId, { kind: kind as string }), {
          column: 'kind',
        })
      for (const payload of [Number.NaN, { a: new Date(0) }, 'a\0'])
        await refused('VALIDATION', system.mailbox.send(agentId, { kind: 'k', payload: payload as never }))
      for (const column of [
        'workspaceId',
        'agentId',
        'seq',
        'status',
        'deliveries',
        'createdAt',
        'settledAt',
        'no',
      ])
        await refused('VALIDATION', system.mailbox.send(agentId, { kind: 'k', [column]: 1 }), { column })
      for (const ttl of [0, -1, 'soon', null])
        await refused('VALIDATION', system.mailbox.claim(agentId, { ttl: ttl as number }), { column: 'ttl' })
      for (const limit of [0, 1001, 1.5])
        await refused('VALIDATION', system.mailbox.claim(agentId, { limit }))
      const { values, codes } = await settled(
        many(3, (i) => system.mailbox.claim([undefined, null, 7][i] as never)),
      )
      assert.deepEqual([values, codes], [[], Array(3).fill('VALIDATION')])
      const [message] = await system.mailbox.claim(agentId)
      for (const fence of [undefined, null, '1'])
        await refused('VALIDATION', system.mailbox.ack({ ...message!, fence: fence as never }))
      await refused('VALIDATION', system.mailbox.nack(message!, { delay: -1 }), { column: 'delay' })
      assert.equal(await system.mailbox.count(), 1)
    },
  },
]
