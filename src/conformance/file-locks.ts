import assert from 'node:assert/strict'
import { fileLocks } from '../schema/file-locks.ts'
import { newWorkspace, range, refused, settled } from './expect.ts'
import { aCrew, idsOf, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

const MINUTE = 60_000

/** Whether two patterns can mean one file. */
const PAIRS: readonly (readonly [a: string, b: string, overlap: boolean])[] = [
  ['src/a.ts', 'src/a.ts', true],
  ['src/a.ts', 'src/A.ts', false],
  ['src/a.ts', 'src/b.ts', false],
  ['src', 'src/deep/a.ts', true],
  ['src', 'src2/a.ts', false],
  ['src/a.ts', 'src/*.ts', true],
  ['src/deep/a.ts', 'src/*.ts', false],
  ['src/deep', 'src/*', true],
  ['src/deep/a.ts', 'src/*', false],
  ['src/deep/a.ts', 'src/**', true],
  ['a.ts', '**/*.ts', true],
  ['src/**/a.ts', 'src/*/b/*', true],
  ['src/**/a.ts', 'lib/**/a.ts', false],
  ['src/*.ts', 'src/*.tsx', false],
  ['src/*a.ts', 'src/b*.ts', true],
  ['src/?.ts', 'src/ab.ts', false],
  ['src/?.ts', 'src/🤖.ts', true],
  ['src/[a-c].ts', 'src/[c-e].ts', true],
  ['src/[a-c].ts', 'src/[^a-c].ts', false],
  ['src/[a-c].ts', 'src/[!d].ts', true],
  ['src/a.tsx', 'src/**/*.ts', false],
  ['src/deep', 'src/**/*.ts', true],
  ['v1.2', '**/*.ts', false],
  ['v1.2', 'v1.2/*.ts', true],
  ['v1.2/**', '**/*.ts', true],
  ['src/{a,b}.ts', 'src/{b,c}.ts', true],
  ['src/{a,b}.ts', 'src/{c,d}.ts', false],
  ['{src,lib}', 'lib/deep/a.ts', true],
  ['**/test/**', 'src/**/fixtures/*', true],
  ['app/[id]/page.tsx', 'app/[id]/page.tsx', true],
  ['app/[id]/page.tsx', 'app/[[]id]/*', true],
  ['app/[id]/page.tsx', 'app/*/page.tsx', true],
  ['app/[id]/page.tsx', 'app/about/page.tsx', false],
  ['.env', '*', true],
  ['a*b*c', 'aXbYc', true],
  ['a*b*c', 'aXbY', false],
  ['**', 'anything/at/all', true],
]

export const fileLockScenarios: readonly Scenario[] = [
  {
    id: 'fileLocks.overlap',
    guarantee: 'Two paths or globs overlap when they can mean one file, whichever comes first',
    async run({ system }) {
      const {
        workspaceId,
        agentIds: [agentId],
      } = await aCrew(system, 1)
      const now = system.engine.now()
      // All at once: an agent's own do not stand in its way, and they are normalised already.
      const paths = [...new Set([...PAIRS.map(([a]) => a), ...PAIRS.map(([, b]) => b)])]
      const times = { acquiredAt: now, expiresAt: new Date(now.getTime() + MINUTE) }
      const rows = paths.map((path) => ({ id: path, workspaceId, agentId: agentId!, path, ...times }))
      await system.engine.insert(fileLocks, rows)
      const foundBy = new Map<string, Set<string>>()
      for (const path of paths) {
        foundBy.set(path, new Set(idsOf(await system.fileLocks.check(path, { workspaceId }))))
      }
      for (const [a, b, expected] of PAIRS) {
        assert.equal(foundBy.get(a)!.has(b), expected, `${a} and ${b}`)
        assert.equal(foundBy.get(b)!.has(a), expected, `${b} and ${a}`)
      }
    },
  },
  {
    id: 'fileLocks.conflict',
    guarantee:
      'Who locks what overlaps with another agent’s lock is refused, and learns which path and agent it is',
    async run({ system }) {
      const {
        workspaceId,
        agentIds: [a, b],
      } = await aCrew(system, 2)
      const lock = (path: string, agentId: string) =>
        system.fileLocks.acquire(path, { workspaceId, agentId, ttl: '1m' })
      await lock('src/**/*.ts', a!)
      await lock('docs', a!)
      const conflicts = [
        ['src/deep/a.ts', 'src/**/*.ts'],
        ['src', 'src/**/*.ts'],
        ['*/a.ts', 'src/**/*.ts'],
        ['docs/a.md', 'docs'],
        ['**', 'src/**/*.ts'],
      ] as const
      for (const [path, resource] of conflicts)
        await refused('LEASE_CONFLICT', lock(path, b!), { resource, holder: a })
      for (const path of ['src/a.tsx', 'docs2']) await lock(path, b!)
      assert.equal(await system.fileLocks.count({ agentId: b! }), 2)
      await refused('LEASE_CONFLICT', lock('src/*.tsx', a!), { resource: 'src/a.tsx', holder: b })
    },
  },
  {
    id: 'fileLocks.one-of-many',
    guarantee: 'Of many agents who lock what overlaps at once, one gets it, and the others learn who has it',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { workspaceId, agentIds } = await aCrew(system, 6)
      const paths = ['src/**', 'src/a.ts', '**/*.ts', 'src', 's*/a.*', '**']
      for (const round of range(2)) {
        const calls = race(6, systems, (each, i) =>
          each.fileLocks.acquire(paths[(i + round) % 6]!, { workspaceId, agentId: agentIds[i]!, ttl: '1m' }),
        )
        const { values, codes } = await settled(calls)
        assert.deepEqual([values.length, codes], [1, Array(5).fill('LEASE_CONFLICT')])
        assert.deepEqual((await system.fileLocks.list()).items, values)
        assert.deepEqual(await system.fileLocks.releaseAll(values[0]!.agentId), values)
      }
    },
  },
  {
    id: 'fileLocks.apart',
    guarantee: 'Agents who lock at once what does not overlap all get it',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { workspaceId, agentIds } = await aCrew(system, 6)
      const calls = race(6, systems, (each, i) =>
        each.fileLocks.acquire(`src/${i}/**`, { workspaceId, agentId: agentIds[i]!, ttl: '1m' }),
      )
      const locks = await Promise.all(calls)
      assert.equal(await system.fileLocks.count({ workspaceId }), 6)
      assert.deepEqual(idsOf(await system.fileLocks.check('**', { workspaceId })).sort(), idsOf(locks).sort())
    },
  },
  {
    id: 'fileLocks.own',
    guarantee:
      'What an agent has locked does not stand in its own way; the same path again prolongs the lock and never shortens it',
    async run({ system, clock }) {
      const {
        workspaceId,
        agentIds: [agentId, other],
      } = await aCrew(system, 2)
      const own = { workspaceId, agentId: agentId! }
      const held = await system.fileLocks.acquire('src/a.ts', { ...own, reason: 'edit', ttl: '5m' })
      assert.deepEqual(held, {
        id: held.id,
        ...own,
        path: 'src/a.ts',
        reason: 'edit',
        acquiredAt: clock(),
        expiresAt: new Date(clock().getTime() + 5 * MINUTE),
      })
      await system.fileLocks.acquire('src/**', { ...own, ttl: '1m' })
      clock.advance(1000)
      const shorter = await system.fileLocks.acquire('./src//a.ts', { ...own, reason: 'still', ttl: 1 })
      assert.deepEqual(shorter, { ...held, reason: 'still' })
      const longer = await system.fileLocks.acquire('src/a.ts', { ...own, reason: 'more', ttl: '5m' })
      assert.deepEqual(longer, {
        ...held,
        reason: 'more',
        expiresAt: new Date(clock().getTime() + 5 * MINUTE),
      })
      assert.equal(await system.fileLocks.count(), 2)
      // One lock is given back, and the other still holds.
      assert.equal(await system.fileLocks.release('src/**', own), true)
      const call = system.fileLocks.acquire('src/a.ts', { workspaceId, agentId: other!, ttl: 1 })
      await refused('LEASE_CONFLICT', call, { resource: 'src/a.ts', holder: agentId })
    },
  },
  {
    id: 'fileLocks.expiry',
    guarantee:
      'A lock is held to the last millisecond of its span, and stands in nobody’s way from the next on',
    async run({ system, second, clock }) {
      const other = await second()
      const {
        workspaceId,
        agentIds: [a, b],
      } = await aCrew(system, 2)
      const held = await system.fileLocks.acquire('src', { workspaceId, agentId: a!, ttl: '10m' })
      clock.advance(10 * MINUTE - 1)
      const wanted = { workspaceId, agentId: b!, ttl: 1 }
      await refused('LEASE_CONFLICT', other.fileLocks.acquire('src/a.ts', wanted))
      assert.deepEqual(await other.fileLocks.get(held.id), held)
      clock.advance(1)
      assert.deepEqual(
        [
          await other.fileLocks.check('src', { workspaceId }),
          await other.fileLocks.get(held.id),
          await other.fileLocks.count(),
          (await other.fileLocks.list()).items,
          await other.fileLocks.release('src', held),
        ],
        [[], null, 0, [], false],
      )
      await other.fileLocks.acquire('src/a.ts', wanted)
      clock.advance(1)
      // Asked for again after it has expired, it is another lock.
      const again = await other.fileLocks.acquire('src/a.ts', wanted)
      assert.deepEqual(again.acquiredAt, clock())
    },
  },
  {
    id: 'fileLocks.release',
    guarantee: 'An agent gives back its own locks, one or all, and no others',
    async run({ system }) {
      const {
        workspaceId,
        agentIds: [a, b],
      } = await aCrew(system, 2)
      const lock = (path: string, agentId: string) =>
        system.fileLocks.acquire(path, { workspaceId, agentId, ttl: '1m' })
      const [first, second] = [await lock('src/a.ts', a!), await lock('src/b.ts', a!)]
      const theirs = await lock('lib', b!)
      assert.equal(await system.fileLocks.release('src/a.ts', { workspaceId, agentId: b! }), false)
      assert.equal(await system.fileLocks.release('src', { workspaceId, agentId: a! }), false)
      assert.equal(await system.fileLocks.release('src\\.\\a.ts', first), true)
      assert.equal(await system.fileLocks.release('src/a.ts', first), false)
      const third = await lock('docs', a!)
      const given = await system.fileLocks.releaseAll(a!)
      assert.deepEqual(idsOf(given), [second.id, third.id])
      assert.deepEqual((await system.fileLocks.list()).items, [theirs])
    },
  },
  {
    id: 'fileLocks.paths',
    guarantee: 'Paths are kept in one spelling, relative to the root, with the case they have',
    async run({ system }) {
      const {
        workspaceId,
        agentIds: [agentId],
      } = await aCrew(system, 1)
      const spelt = [
        ['./src/a.ts', 'src/a.ts'],
        ['src//./a.ts', 'src/a.ts'],
        ['src//', 'src/**'],
        ['src/**/', 'src/**'],
        ['src\\deep\\..\\A.ts', 'src/A.ts'],
        ['a/b/../../c', 'c'],
        ['..a/...', '..a/...'],
        ['src/**/*.{ts,tsx}', 'src/**/*.{ts,tsx}'],
        ['app/(group)/[id]/page.tsx', 'app/(group)/[id]/page.tsx'],
        ['Ünï 🤖', 'Ünï 🤖'],
      ] as const
      for (const [given, kept] of spelt) {
        const lock = await system.fileLocks.acquire(given, { workspaceId, agentId: agentId!, ttl: 1 })
        assert.equal(lock.path, kept)
      }
    },
  },
  {
    id: 'fileLocks.bad-input',
    guarantee:
      'Paths out of the root, and globs that nothing can be said of, are refused, and nothing is locked',
    async run({ system }) {
      const {
        workspaceId,
        agentIds: [agentId],
      } = await aCrew(system, 1)
      const good = { workspaceId, agentId: agentId!, ttl: '1m' }
      const bad = [
        ...[
          '',
          '.',
          './',
          'a/..',
          '..',
          '../a',
          'a/../../b',
          '..\\a',
          '/etc/passwd',
          '\\a',
          'C:\\a',
          'c:a',
          '//host/a',
        ],
        ...[
          '!src',
          '!(a)',
          'src/+(a|b)',
          '?(a)',
          '*/..',
          'a/{b,..}/c',
          '{a,./b}',
          'x'.repeat(1025),
          'a\0',
          '\ud800',
        ],
        ...[`{${range(17).join(',')}}{${range(17).join(',')}}`, null, undefined, 7, ['a']],
      ]
      for (const path of bad) {
        const fields = { table: 'fileLocks', column: 'path' }
        await refused('VALIDATION', system.fileLocks.acquire(path as string, good), fields)
        if (path === 'a\0' || path === '\ud800' || path === 'x'.repeat(1025)) continue
        await refused('VALIDATION', system.fileLocks.check(path as string, good), fields)
        await refused('VALIDATION', system.fileLocks.release(path as string, good), fields)
      }
      for (const ttl of [0, -1, 'soon', null])
        await refused('VALIDATION', system.fileLocks.acquire('a', { ...good, ttl: ttl as number }), {
          column: 'ttl',
        })
      await refused('VALIDATION', system.fileLocks.acquire('a', { ...good, reason: 7 as never }), {
        column: 'reason',
      })
      for (const id of [undefined, null, 7]) {
        await refused('VALIDATION', system.fileLocks.acquire('a', { ...good, agentId: id as never }))
        await refused('VALIDATION', system.fileLocks.acquire('a', { ...good, workspaceId: id as never }))
      }
      await refused('REFERENCE', system.fileLocks.acquire('a', { ...good, agentId: UNKNOWN }))
      assert.equal(await system.fileLocks.count(), 0)
    },
  },
  {
    id: 'fileLocks.of-a-workspace',
    guarantee: 'The same path under another root is another, and locks go with their agent or workspace',
    async run({ system }) {
      const [one, two] = [await aCrew(system, 2), await aCrew(system, 1)]
      const lock = (workspaceId: string, agentId: string, path = 'src') =>
        system.fileLocks.acquire(path, { workspaceId, agentId, ttl: '1m' })
      await lock(one.workspaceId, one.agentIds[0]!)
      await lock(one.workspaceId, one.agentIds[1]!, 'lib')
      const theirs = await lock(two.workspaceId, two.agentIds[0]!)
      await refused('REFERENCE', lock(await newWorkspace(system), one.agentIds[0]!))
      const mine = system.in(one.workspaceId)
      assert.equal(await mine.fileLocks.count(), 2)
      assert.deepEqual(await mine.fileLocks.check('src', { workspaceId: two.workspaceId }), [])
      await system.agents.delete(one.agentIds[0]!)
      assert.equal((await lock(one.workspaceId, one.agentIds[1]!)).path, 'src')
      await system.workspaces.delete(one.workspaceId)
      assert.deepEqual((await system.fileLocks.list()).items, [theirs])
    },
  },
  {
    id: 'fileLocks.reap',
    guarantee: 'Each lock that has expired is reaped once, over any number of instances',
    async run({ system, second, clock }) {
      const systems = [system, await second()]
      const {
        workspaceId,
        agentIds: [agentId],
      } = await aCrew(system, 1)
      for (const i of range(5)) {
        await system.fileLocks.acquire(`${i}`, { workspaceId, agentId: agentId!, ttl: 100 + i })
      }
      clock.advance(103)
      const reaped = (await Promise.all(race(4, systems, (each) => each.fileLocks.reap({ limit: 3 })))).flat()
      const rest = await system.fileLocks.reap()
      assert.deepEqual([...reaped, ...rest].map(({ path }) => path).sort(), ['0', '1', '2', '3'])
      assert.deepEqual(await system.fileLocks.reap(), [])
      assert.equal(await system.fileLocks.count(), 1)
    },
  },
]
