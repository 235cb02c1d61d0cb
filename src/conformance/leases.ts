import assert from 'node:assert/strict'
import type { Lease } from '../stores/leases.ts'
import { newWorkspace, range, refused, settled } from './expect.ts'
import { ascending, race, UNKNOWN, upTo } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

const MINUTE = 60_000

export const leaseScenarios: readonly Scenario[] = [
  {
    id: 'leases.one-holder',
    guarantee: 'Of many who acquire a lease at once, one gets it, and the others learn who has it',
    async run({ system, second }) {
      const systems = [system, await second()]
      const calls = race(8, systems, (each, i) =>
        each.leases.acquire('deploy', { holder: `h${i}`, ttl: '5m' }),
      )
      const { values, codes } = await settled(calls)
      assert.deepEqual([values.length, codes], [1, Array(7).fill('LEASE_CONFLICT')])
      const { holder } = values[0]!
      const late = systems[1]!.leases.acquire('deploy', { holder: 'late', ttl: '5m' })
      await refused('LEASE_CONFLICT', late, { resource: 'deploy', holder })
      assert.deepEqual(await systems[1]!.leases.inspect('deploy'), values[0])
    },
  },
  {
    id: 'leases.expiry',
    guarantee:
      'A lease is held to the last millisecond of its span, and is free from the next on, whoever looks',
    async run({ system, second, clock }) {
      const other = await second()
      const held = await system.leases.acquire('deploy', { holder: 'a', ttl: '5m' })
      assert.deepEqual(held, {
        name: 'deploy',
        workspaceId: null,
        holder: 'a',
        fence: 1,
        acquiredAt: clock(),
        expiresAt: new Date(clock().getTime() + 5 * MINUTE),
      })
      clock.advance(5 * MINUTE - 1)
      await refused('LEASE_CONFLICT', other.leases.acquire('deploy', { holder: 'b', ttl: 1 }))
      assert.equal((await other.leases.inspect('deploy'))?.holder, 'a')
      clock.advance(1)
      const free = { ...held, holder: null, expiresAt: null }
      assert.deepEqual(await other.leases.inspect('deploy'), free)
      const taken = await other.leases.acquire('deploy', { holder: 'b', ttl: 1 })
      assert.deepEqual([taken.holder, taken.fence, taken.acquiredAt], ['b', 2, clock()])
    },
  },
  {
    id: 'leases.after-expiry',
    guarantee: 'Who held a lease can neither renew it nor give it back once it has expired, taken or not',
    async run({ system, clock }) {
      const held = await system.leases.acquire('deploy', { holder: 'a', ttl: 1000 })
      clock.advance(1000)
      const stale = { resource: 'deploy', fence: 1 }
      await refused('STALE_FENCE', system.leases.renew(held, { ttl: 1000 }), stale)
      await refused('STALE_FENCE', system.leases.release(held), stale)
      await system.leases.acquire('deploy', { holder: 'b', ttl: 1000 })
      await refused('STALE_FENCE', system.leases.renew(held, { ttl: 1000 }), stale)
      await refused('STALE_FENCE', system.leases.release(held), stale)
      assert.equal((await system.leases.inspect('deploy'))?.holder, 'b')
    },
  },
  {
    id: 'leases.fence',
    guarantee:
      'The fence rises with every change of holder, by release, expiry or theft, over connections, and is never given twice',
    async run({ system, second, clock }) {
      const other = await second()
      const acquire = (each: typeof system, holder: string) =>
        each.leases.acquire('deploy', { holder, ttl: 1000 })
      const fences: number[] = []
      const note = (lease: Lease) => {
        fences.push(lease.fence)
        return lease
      }
      await system.leases.release(note(await acquire(system, 'a')))
      await other.leases.release(note(await acquire(other, 'b')))
      note(await acquire(system, 'b'))
      clock.advance(1000)
      note(await acquire(other, 'b'))
      note(await system.leases.steal('deploy', { holder: 'b', ttl: 1000 }))
      note(await other.leases.steal('deploy', { holder: 'c', ttl: 1000 }))
      clock.advance(1000)
      await system.leases.reap()
      note(await acquire(system, 'a'))
      assert.deepEqual(fences, upTo(7))
    },
  },
  {
    id: 'leases.re-entrant',
    guarantee:
      'Its holder acquires a lease again with the same fence and for the longer of both spans, and gives it back once',
    async run({ system, second, clock }) {
      const other = await second()
      const held = await system.leases.acquire('deploy', { holder: 'a', ttl: '5m' })
      clock.advance(1000)
      assert.deepEqual(await other.leases.acquire('deploy', { holder: 'a', ttl: '1m' }), held)
      const longer = await other.leases.acquire('deploy', { holder: 'a', ttl: '10m' })
      assert.deepEqual(longer, { ...held, expiresAt: new Date(clock().getTime() + 10 * MINUTE) })
      const calls = race(6, [system, other], (each) =>
        each.leases.acquire('deploy', { holder: 'a', ttl: '1m' }),
      )
      assert.deepEqual(await Promise.all(calls), Array(6).fill(longer))
      await system.leases.release(held)
      assert.equal((await other.leases.acquire('deploy', { holder: 'b', ttl: '1m' })).fence, 2)
    },
  },
  {
    id: 'leases.renew',
    guarantee:
      'Renewed, a lease is held for as long as is said from now on, and neither fence nor holder changes',
    async run({ system, clock }) {
      const held = await system.leases.acquire('deploy', { holder: 'a', ttl: '1m' })
      clock.advance(MINUTE - 1)
      const renewed = await system.leases.renew(held, { ttl: '1m' })
      assert.deepEqual(renewed, { ...held, expiresAt: new Date(clock().getTime() + MINUTE) })
      clock.advance(MINUTE - 1)
      // Shorter, too: its holder knows best.
      const shorter = await system.leases.renew(held, { ttl: 1 })
      assert.deepEqual(shorter.expiresAt, new Date(clock().getTime() + 1))
      clock.advance(1)
      assert.equal((await system.leases.acquire('deploy', { holder: 'b', ttl: 1 })).fence, 2)
    },
  },
  {
    id: 'leases.strangers',
    guarantee:
      'A lease is neither renewed nor given back by somebody else, or with a fence that is not its own',
    async run({ system, second }) {
      const other = await second()
      const held = await system.leases.acquire('deploy', { holder: 'a', ttl: '1m' })
      const conflict = { resource: 'deploy', holder: 'a' }
      const stranger = { ...held, holder: 'b' }
      await refused('LEASE_CONFLICT', other.leases.renew(stranger, { ttl: '1h' }), conflict)
      await refused('LEASE_CONFLICT', other.leases.release(stranger), conflict)
      for (const fence of [0, 2]) {
        await refused('STALE_FENCE', other.leases.release({ ...held, fence }), { resource: 'deploy', fence })
      }
      await refused('LEASE_CONFLICT', other.leases.release({ ...held, holder: null }), conflict)
      const unknown = { ...held, name: UNKNOWN }
      await refused('NOT_FOUND', other.leases.release(unknown), { table: 'leases', id: UNKNOWN })
      assert.deepEqual(await system.leases.inspect('deploy'), held)
      assert.deepEqual(await system.leases.release(held), { ...held, holder: null, expiresAt: null })
      await refused('STALE_FENCE', system.leases.release(held))
    },
  },
  {
    id: 'leases.steal',
    guarantee:
      'Who steals a lease has it, and who had it is late by its fence; of many at once, the last one has it',
    async run({ system, second }) {
      const systems = [system, await second()]
      const held = await system.leases.acquire('deploy', { holder: 'a', ttl: '1h' })
      const calls = race(6, systems, (each, i) => each.leases.steal('deploy', { holder: `t${i}`, ttl: '1m' }))
      const thefts = await Promise.all(calls)
      assert.deepEqual(ascending(thefts.map(({ fence }) => fence)), [2, 3, 4, 5, 6, 7])
      assert.deepEqual(
        await system.leases.inspect('deploy'),
        thefts.find(({ fence }) => fence === 7),
      )
      await refused('STALE_FENCE', system.leases.renew(held, { ttl: '1h' }))
      assert.equal((await system.leases.steal('new', { holder: 'a', ttl: '1m' })).fence, 1)
    },
  },
  {
    id: 'leases.reap',
    guarantee: 'Each lease that has expired is reaped once, over any number of instances, with who had it',
    async run({ system, second, clock }) {
      const systems = [system, await second()]
      for (const i of range(6)) await system.leases.acquire(`l${i}`, { holder: `h${i}`, ttl: 100 + i })
      clock.advance(104)
      const reaped = (await Promise.all(race(4, systems, (each) => each.leases.reap()))).flat()
      assert.deepEqual(
        reaped.map(({ name, holder, fence }) => `${name} ${holder} ${fence}`).sort(),
        range(5).map((i) => `l${i} h${i} 1`),
      )
      assert.deepEqual(await system.leases.reap(), [])
      assert.equal((await system.leases.inspect('l5'))?.holder, 'h5')
      for (const i of range(3)) await system.leases.acquire(`l${i}`, { holder: 'again', ttl: 30 - i })
      clock.advance(30)
      const names = (leases: readonly Lease[]) => leases.map(({ name }) => name)
      assert.deepEqual(names(await system.leases.reap({ limit: 2 })), ['l2', 'l5'])
      assert.deepEqual(names(await system.leases.reap({ limit: 2 })), ['l0', 'l1'])
    },
  },
  {
    id: 'leases.of-a-workspace',
    guarantee:
      'The same name in another workspace, or in none, is another lease; a workspace takes its leases along',
    async run({ system }) {
      const [a, b] = [await newWorkspace(system), await newWorkspace(system)]
      for (const workspaceId of [a, b, null]) {
        const lease = await system.leases.acquire('deploy', {
          workspaceId,
          holder: `${workspaceId}`,
          ttl: '1m',
        })
        assert.deepEqual([lease.workspaceId, lease.fence], [workspaceId, 1])
      }
      const mine = system.in(a)
      assert.equal((await mine.leases.inspect('deploy'))?.holder, a)
      assert.equal((await mine.leases.acquire('own', { holder: 'x', ttl: '1m' })).workspaceId, a)
      await refused(
        'REFERENCE',
        system.leases.acquire('deploy', { workspaceId: UNKNOWN, holder: 'x', ttl: 1 }),
      )
      await refused('REFERENCE', mine.leases.acquire('deploy', { workspaceId: null, holder: 'x', ttl: 1 }))
      const held = async (workspaceId: string | null) =>
        (await system.leases.list({ workspaceId })).items.map(({ name }) => name)
      assert.deepEqual([await held(a), await held(null)], [['deploy', 'own'], ['deploy']])
      await system.workspaces.delete(a)
      assert.equal(await system.leases.inspect('deploy', { workspaceId: a }), null)
      assert.equal(await system.leases.count(), 2)
    },
  },
  {
    id: 'leases.list',
    guarantee: 'Lists and counts are of the leases that are held at this moment',
    async run({ system, clock }) {
      const names = ['c', 'a', 'b', 'd']
      for (const [i, name] of names.entries())
        await system.leases.acquire(name, { holder: i % 2 ? 'x' : 'y', ttl: 100 + i })
      const page = await system.leases.list({}, { limit: 3 })
      assert.deepEqual(
        page.items.map(({ name }) => name),
        ['a', 'b', 'c'],
      )
      const rest = await system.leases.list({}, { limit: 3, after: page.next })
      assert.deepEqual(rest, { items: [await system.leases.inspect('d')], next: null })
      assert.equal(await system.leases.count({ holder: 'x' }), 2)
      clock.advance(101)
      assert.equal(await system.leases.count(), 2)
      await system.leases.release((await system.leases.inspect('d'))!)
      assert.deepEqual(
        (await system.leases.list()).items.map(({ name }) => name),
        ['b'],
      )
    },
  },
  {
    id: 'leases.handed-on',
    guarantee: 'Handed on among many workers, a lease is never held by two, and its fences are 1, 2, 3 …',
    async run({ system, second }) {
      const systems = [system, await second()]
      const fences: number[] = []
      let holders = 0
      const others = () => new Promise<void>((resolve) => setImmediate(resolve))
      const work = async (each: typeof system, i: number) => {
        for (let turns = 0; turns < 3; ) {
          const lease = await each.leases.acquire('deploy', { holder: `w${i}`, ttl: '1m' }).catch(() => null)
          if (lease !== null) {
            turns++
            assert.equal(++holders, 1, 'two hold it')
            fences.push(lease.fence)
            await others()
            holders--
            await each.leases.release(lease)
          }
          await others()
        }
      }
      await Promise.all(race(4, systems, work))
      assert.deepEqual(fences, upTo(12))
    },
  },
  {
    id: 'leases.bad-input',
    guarantee: 'Names, holders and spans that are none are refused, and nothing is written',
    async run({ system }) {
      const held = await system.leases.acquire('deploy', { holder: 'a', ttl: '1m' })
      const good = { holder: 'b', ttl: '1m' }
      for (const ttl of [
        0,
        -1,
        1.5,
        '',
        'soon',
        '-5m',
        '0s',
        Number.NaN,
        Infinity,
        null,
        undefined,
        {},
        new Date(0),
      ]) {
        const span = ttl as number
        await refused('VALIDATION', system.leases.acquire('new', { holder: 'a', ttl: span }), {
          column: 'ttl',
        })
        await refused('VALIDATION', system.leases.steal('new', { holder: 'a', ttl: span }), { column: 'ttl' })
        await refused('VALIDATION', system.leases.renew(held, { ttl: span }), { column: 'ttl' })
      }
      for (const name of ['', 'x'.repeat(513), 'a\0', null, 7])
        await refused('VALIDATION', system.leases.acquire(name as string, good), { column: 'name' })
      for (const holder of ['', 'x'.repeat(129), null, undefined, 7]) {
        const call = system.leases.acquire('new', { ...good, holder: holder as string })
        await refused('VALIDATION', call, { column: 'holder' })
      }
      for (const fence of [undefined, '1', 1.5])
        await refused('VALIDATION', system.leases.release({ ...held, fence: fence as number }))
      assert.equal(await system.leases.count(), 1)
      assert.deepEqual(await system.leases.inspect('deploy'), held)
    },
  },
]
