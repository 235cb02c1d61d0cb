import assert from 'node:assert/strict'
import { newWorkspace, range, refused, settled } from './expect.ts'
import { idsOf, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'
import { storeVerbScenarios } from './store-verbs.ts'

export const codebaseScenarios: readonly Scenario[] = [
  ...storeVerbScenarios({
    name: 'codebases',
    verbs: (scope) => scope.codebases,
    inWorkspace: true,
    least: (workspaceId, n) => ({ workspaceId, path: `/srv/${n}` }),
    defaults: () => ({
      branch: null,
      label: null,
      source: 'local',
      sourceUrl: null,
      commands: {},
      assistantType: null,
      isDefault: false,
      metadata: {},
    }),
    whole: async (_scope, workspaceId) => ({
      given: {
        id: 'c',
        workspaceId,
        path: '/srv/ünï 🤖/App',
        branch: 'main',
        label: 'App',
        source: 'github',
        sourceUrl: 'https://example.com/app',
        commands: { test: { run: 'npm test' }, build: 'make' },
        assistantType: 'claude',
        metadata: { a: 1, b: { c: [null] } },
      },
      kept: { isDefault: false },
    }),
    patch: {
      path: '/srv//app2/',
      branch: null,
      label: undefined,
      commands: { test: { only: 'ci' }, build: null },
      metadata: { a: null, e: 'f' },
    },
    patched: {
      path: '/srv/app2',
      branch: null,
      commands: { test: { only: 'ci' } },
      metadata: { b: { c: [null] }, e: 'f' },
    },
    owned: { isDefault: true },
    fixed: {},
    bad: {
      id: ['', 7],
      path: ['', 'srv/app', './app', '/srv/../etc', '/x'.repeat(257), '/a\0', null],
      branch: ['', 'x'.repeat(1025)],
      source: ['gitlab', null],
      commands: [null, { at: new Date(0) }],
    },
    refers: {},
  }),
  {
    id: 'codebases.path-unique',
    guarantee:
      'A path is registered once in a workspace, however it is spelt; other workspaces may have it too',
    async run({ system }) {
      const { codebases } = system
      const workspaceId = await newWorkspace(system)
      const row = await codebases.create({ workspaceId, path: '/srv/app' })
      const taken = { table: 'codebases', columns: ['workspaceId', 'path'] }
      for (const path of ['/srv/app', '/srv/app/', '//srv///app', '/srv/./app']) {
        await refused('ALREADY_EXISTS', codebases.create({ workspaceId, path }), taken)
      }
      const upper = await codebases.create({ workspaceId, path: '/srv/App' })
      await refused('ALREADY_EXISTS', codebases.update(upper.id, { path: '/srv/app/' }), taken)
      assert.deepEqual((await codebases.list({ workspaceId })).items, [row, upper])
      await codebases.create({ workspaceId: await newWorkspace(system), path: '/srv/app' })
    },
  },
  {
    id: 'codebases.path-spelling',
    guarantee: 'Paths are kept in one spelling, which is the same wherever one is given',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const spellings = [
        ['/srv//app/', '/srv/app'],
        ['/', '/'],
        ['/./a/./b', '/a/b'],
        ['c:\\Work\\App\\', 'C:/Work/App'],
        ['/with\\backslash', '/with\\backslash'],
        ['/trailing space ', '/trailing space '],
      ] as const
      for (const [given, kept] of spellings) {
        const row = await system.codebases.create({ workspaceId, path: given })
        assert.equal(row.path, kept)
        assert.deepEqual(await system.codebases.findByPath(workspaceId, given), row)
      }
    },
  },
  {
    id: 'codebases.list-by-path',
    guarantee: 'Lists and counts by path take it in any spelling, and find none by what is no path',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      for (const path of ['/srv/app', '/srv/app-2', 'C:/Work']) {
        await system.codebases.create({ workspaceId, path })
      }
      const found = async (path: string | string[]) => {
        const paths = (await system.codebases.list({ path })).items.map((codebase) => codebase.path)
        assert.equal(await system.codebases.count({ path, workspaceId }), paths.length)
        return paths
      }
      for (const path of ['/srv/app', '/srv/app/', '//srv/./app']) {
        assert.deepEqual(await found(path), ['/srv/app'])
        assert.deepEqual(await found([path, 'c:\\Work\\']), ['/srv/app', 'C:/Work'])
      }
      for (const path of ['', 'srv/app', '/srv/../srv/app', '/srv', '/srv/app\0', '/'.repeat(5000)]) {
        assert.deepEqual(await found(path), [], path)
        assert.deepEqual(await found([path, '/srv//app-2']), ['/srv/app-2'], path)
      }
      assert.deepEqual(await found([]), [])
    },
  },
  {
    id: 'codebases.register-race',
    guarantee:
      'However many register one path at once, there is one codebase, and all get it without an error',
    async run({ system, second }) {
      const workspaceId = await newWorkspace(system)
      const calls = race(12, [system, await second()], (each, i) =>
        each.codebases.register({ workspaceId, path: '/srv/app', commands: { [`c${i}`]: i } }),
      )
      assert.equal(new Set(idsOf(await Promise.all(calls))).size, 1)
      const { items } = await system.codebases.list({ workspaceId })
      assert.equal(items.length, 1)
      assert.deepEqual(items[0]!.commands, Object.fromEntries(range(12).map((i) => [`c${i}`, i])))
    },
  },
  {
    id: 'codebases.register-keeps',
    guarantee:
      'Registering a path again changes what is given, and keeps what is left out, the id and the age',
    async run({ system, clock }) {
      const { codebases } = system
      const workspaceId = await newWorkspace(system)
      const app = { workspaceId, path: '/srv/app' }
      const made = await codebases.register({ ...app, branch: 'main', label: 'App', commands: { test: 't' } })
      const first = await codebases.setDefault(made.id)
      clock.advance(1000)
      const again = { ...app, id: 'ignored', branch: 'next', label: null, commands: { build: 'b' } }
      const expected = {
        ...first,
        branch: 'next',
        label: null,
        commands: { test: 't', build: 'b' },
        version: 3,
        updatedAt: clock(),
      }
      assert.deepEqual(await codebases.register(again), expected)
      assert.deepEqual(await codebases.get(made.id), expected)
      assert.equal(await codebases.get('ignored'), null)
      await refused('VALIDATION', codebases.register({ workspaceId, path: 'relative' }), { column: 'path' })
      await refused('VALIDATION', codebases.register({ ...app, isDefault: true } as typeof app), {
        column: 'isDefault',
      })
      assert.deepEqual((await codebases.list()).items, [expected])
    },
  },
  {
    id: 'codebases.find-by-path',
    guarantee:
      'A path belongs to the codebase of the nearest folder around it, and never to one that its text begins with',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const make = async (path: string) => (await system.codebases.create({ workspaceId, path })).path
      for (const path of ['/srv/app', '/srv/app/packages/ui', '/srv/app-2', '/srv/a', 'C:/Work'])
        await make(path)
      const find = async (path: string) =>
        (await system.codebases.findByPath(workspaceId, path))?.path ?? null
      const nearest: [string, string | null][] = [
        ['/srv/app', '/srv/app'],
        ['/srv/app/', '/srv/app'],
        ['/srv/app/src/index.ts', '/srv/app'],
        ['/srv/app/packages', '/srv/app'],
        ['/srv/app/packages/ui/button.tsx', '/srv/app/packages/ui'],
        ['/srv/app/packages/ui-kit', '/srv/app'],
        ['/srv/apple', null],
        ['/srv/app-2/x', '/srv/app-2'],
        ['/srv/ap', null],
        ['/srv', null],
        ['/', null],
        ['/srv/APP', null],
        ['c:\\Work\\x', 'C:/Work'],
        ['/Work/x', null],
      ]
      for (const [path, expected] of nearest) assert.equal(await find(path), expected, path)
      await make('/')
      assert.equal(await find('/srv/apple'), '/')
      assert.equal(await find('/srv/app/src'), '/srv/app')
      assert.equal(await find('D:/x'), null)
      for (const path of ['', 'srv', '/srv/../app']) {
        await refused('VALIDATION', system.codebases.findByPath(workspaceId, path), { column: 'path' })
      }
      assert.equal(await system.codebases.findByPath(await newWorkspace(system), '/srv/app'), null)
      assert.equal(await system.codebases.findByPath(UNKNOWN, '/srv/app'), null)
    },
  },
  {
    id: 'codebases.find-is-literal',
    guarantee: 'Paths are compared to the letter: wildcards and other scripts are characters like any other',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      for (const path of ['/srv/%', '/srv/_', '/srv/\u{ff5e}', '/srv/🤖']) {
        await system.codebases.create({ workspaceId, path })
      }
      for (const [path, expected] of [
        ['/srv/%/a', '/srv/%'],
        ['/srv/x/a', null],
        ['/srv/_/a', '/srv/_'],
        ['/srv/\u{ff5e}/a', '/srv/\u{ff5e}'],
        ['/srv/🤖/a', '/srv/🤖'],
      ] as const) {
        const found = await system.codebases.findByPath(workspaceId, path)
        assert.equal(found?.path ?? null, expected, path)
      }
    },
  },
  {
    id: 'codebases.one-default',
    guarantee: 'A workspace has one default codebase at most, also when several are made the default at once',
    async run({ system, second }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      const rows = await Promise.all(
        range(4).map((i) => system.codebases.create({ workspaceId, path: `/srv/${i}` })),
      )
      for (let round = 0; round < 5; round++) {
        const made = await Promise.all(
          race(8, [system, other], (each, i) => each.codebases.setDefault(rows[i % 4]!.id)),
        )
        for (const row of made) assert.equal(row.isDefault, true)
        assert.equal(await system.codebases.count({ workspaceId, isDefault: true }), 1)
      }
    },
  },
  {
    id: 'codebases.set-default',
    guarantee:
      'The default passes from one codebase to another of its workspace, and no other workspace notices',
    async run({ system, clock }) {
      const { codebases } = system
      const workspaceId = await newWorkspace(system)
      const [a, b] = [
        await codebases.create({ workspaceId, path: '/a' }),
        await codebases.create({ workspaceId, path: '/b' }),
      ]
      const foreign = await codebases.create({ workspaceId: await newWorkspace(system), path: '/a' })
      const theirs = await codebases.setDefault(foreign.id)
      assert.deepEqual(await codebases.setDefault(a.id), { ...a, isDefault: true, version: 2 })
      clock.advance(1000)
      const now = { version: 2, updatedAt: clock() }
      assert.deepEqual(await codebases.setDefault(b.id), { ...b, isDefault: true, ...now })
      assert.deepEqual(await codebases.get(a.id), { ...a, ...now, version: 3 })
      assert.deepEqual(await codebases.get(foreign.id), theirs)
      assert.equal((await codebases.setDefault(b.id)).isDefault, true)
      await refused('NOT_FOUND', codebases.setDefault(UNKNOWN), { table: 'codebases', id: UNKNOWN })
      assert.deepEqual(idsOf((await codebases.list({ workspaceId, isDefault: true })).items), [b.id])
      await codebases.delete(b.id)
      assert.equal(await codebases.count({ workspaceId, isDefault: true }), 0)
    },
  },
  {
    id: 'codebases.set-command-race',
    guarantee: 'Commands of different names that are set and removed at once are all kept and all gone',
    async run({ system, second }) {
      const workspaceId = await newWorkspace(system)
      const old = Object.fromEntries(range(4).map((i) => [`old${i}`, i]))
      const { id } = await system.codebases.create({ workspaceId, path: '/srv/app', commands: old })
      const systems = [system, await second()]
      await Promise.all([
        ...race(12, systems, (each, i) => each.codebases.setCommand(id, `new${i}`, { run: `n${i}` })),
        ...race(4, systems, (each, i) => each.codebases.removeCommand(id, `old${i}`)),
      ])
      const row = await system.codebases.get(id)
      assert.deepEqual(row!.commands, Object.fromEntries(range(12).map((i) => [`new${i}`, { run: `n${i}` }])))
      assert.equal(row!.version, 17)
    },
  },
  {
    id: 'codebases.commands',
    guarantee: 'A command is set whole, replaced whole and removed by its name, and needs a name',
    async run({ system, clock }) {
      const { codebases } = system
      const workspaceId = await newWorkspace(system)
      const row = await codebases.create({ workspaceId, path: '/srv/app', commands: { test: 't' } })
      clock.advance(1000)
      const build = { run: 'make', flags: ['-j', 2, null], nested: { deep: true } }
      const expected = { ...row, commands: { test: 't', build }, version: 2, updatedAt: clock() }
      assert.deepEqual(await codebases.setCommand(row.id, 'build', build), expected)
      const replaced = await codebases.setCommand(row.id, 'build', { run: 'ninja' })
      assert.deepEqual(replaced.commands, { test: 't', build: { run: 'ninja' } })
      assert.deepEqual((await codebases.removeCommand(row.id, 'test')).commands, { build: { run: 'ninja' } })
      assert.deepEqual((await codebases.removeCommand(row.id, 'test')).commands, { build: { run: 'ninja' } })
      const before = await codebases.get(row.id)
      for (const name of ['', 'a\0', '__proto__']) {
        await refused('VALIDATION', codebases.setCommand(row.id, name, 'x'), { column: 'commands' })
      }
      await refused('NOT_FOUND', codebases.setCommand(UNKNOWN, 'a', 'b'), { table: 'codebases', id: UNKNOWN })
      await refused('NOT_FOUND', codebases.removeCommand(UNKNOWN, 'a'), { table: 'codebases', id: UNKNOWN })
      assert.deepEqual(await codebases.get(row.id), before)
    },
  },
  {
    id: 'codebases.default-and-register-race',
    guarantee: 'Codebases that are registered and made the default at once leave one default, and no error',
    async run({ system, second }) {
      const workspaceId = await newWorkspace(system)
      const calls = race(8, [system, await second()], async (each, i) => {
        const { id } = await each.codebases.register({ workspaceId, path: `/srv/${i % 4}` })
        return each.codebases.setDefault(id)
      })
      const { codes } = await settled(calls)
      assert.deepEqual(codes, [])
      assert.equal(await system.codebases.count({ workspaceId, isDefault: true }), 1)
      assert.equal(await system.codebases.count({ workspaceId }), 4)
    },
  },
]
