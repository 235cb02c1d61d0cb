import assert from 'node:assert/strict'
import type { Agent } from '../schema/agents.ts'
import type { Scope } from '../system.ts'
import { newWorkspace, range, refused, settled } from './expect.ts'
import { idsOf, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'
import { storeVerbScenarios } from './store-verbs.ts'

const STATUSES = ['idle', 'running', 'done', 'failed', 'terminated'] as const

export const agentScenarios: readonly Scenario[] = [
  ...storeVerbScenarios({
    name: 'agents',
    verbs: (scope) => scope.agents,
    inWorkspace: true,
    least: (workspaceId) => ({ workspaceId, name: 'Ada', role: 'developer' }),
    defaults: () => ({
      provider: null,
      model: null,
      modelTier: null,
      status: 'idle',
      parentId: null,
      teamId: null,
      sessionId: null,
      plan: null,
      lastSummary: null,
      lastSeenAt: null,
      metadata: {},
    }),
    whole: async (scope, workspaceId) => ({
      given: {
        id: 'a',
        workspaceId,
        name: 'Ада 🤖',
        role: 'reviewer',
        provider: 'anthropic',
        model: 'm-1',
        modelTier: 'smart',
        status: 'running',
        parentId: (await anAgent(scope, workspaceId)).id,
        teamId: (await scope.teams.create({ workspaceId, name: 'Core' })).id,
        sessionId: 's-1',
        plan: { steps: ['a', { b: null }] },
        lastSummary: 'so far',
        metadata: { a: 1, b: { c: [null] } },
      },
      kept: { lastSeenAt: null },
    }),
    patch: {
      name: 'New',
      model: null,
      modelTier: undefined,
      parentId: null,
      plan: { next: 1 },
      metadata: { a: null, b: { d: 1 } },
    },
    patched: {
      name: 'New',
      model: null,
      parentId: null,
      plan: { next: 1, steps: ['a', { b: null }] },
      metadata: { b: { d: 1 } },
    },
    owned: { lastSeenAt: new Date(0) },
    fixed: { status: 'running' },
    bad: {
      id: ['', 7],
      name: ['', null, 'x'.repeat(1025)],
      role: ['', null],
      status: ['busy', null],
      modelTier: ['cheap'],
      sessionId: [''],
      plan: [{ at: new Date(0) }],
      metadata: [null],
    },
    refers: {
      teamId: {
        make: (scope, workspaceId) => scope.teams.create({ workspaceId, name: 'T' }),
        remove: (scope, id) => scope.teams.delete(id),
      },
      parentId: {
        make: (scope, workspaceId) => anAgent(scope, workspaceId),
        remove: (scope, id) => scope.agents.delete(id),
      },
    },
  }),
  {
    id: 'agents.set-status',
    guarantee: 'The status of an agent changes by its own verb alone, which leaves the rest as it is',
    async run({ system, clock }) {
      const agent = await anAgent(system, await newWorkspace(system))
      for (const [i, status] of STATUSES.entries()) {
        clock.advance(1000)
        const expected = { ...agent, status, version: i + 2, updatedAt: clock() }
        assert.deepEqual(await system.agents.setStatus(agent.id, status), expected)
        assert.deepEqual(await system.agents.get(agent.id), expected)
      }
      const bad = system.agents.setStatus(agent.id, 'asleep' as 'idle')
      await refused('VALIDATION', bad, { table: 'agents', column: 'status' })
      await refused('NOT_FOUND', system.agents.setStatus(UNKNOWN, 'idle'), { table: 'agents', id: UNKNOWN })
    },
  },
  {
    id: 'agents.heartbeat',
    guarantee: 'A heartbeat notes the time and nothing else; with a status it is a change like any other',
    async run({ system, clock }) {
      const agent = await anAgent(system, await newWorkspace(system))
      clock.advance(1234)
      const seen = { ...agent, lastSeenAt: clock() }
      assert.deepEqual(await system.agents.heartbeat(agent.id), seen)
      assert.deepEqual(await system.agents.get(agent.id), seen)
      const updated = await system.agents.update(agent.id, { lastSummary: 's' }, { ifVersion: agent.version })
      clock.advance(1000)
      const running = { status: 'running', lastSeenAt: clock(), version: 3, updatedAt: clock() }
      assert.deepEqual(await system.agents.heartbeat(agent.id, { status: 'running' }), {
        ...updated,
        ...running,
      })
      await refused('NOT_FOUND', system.agents.heartbeat(UNKNOWN), { table: 'agents', id: UNKNOWN })
    },
  },
  {
    id: 'agents.upsert-race',
    guarantee:
      'However many upsert one agent at once, there is one, all of them succeed, and what each brought is kept',
    async run({ system, second }) {
      const workspaceId = await newWorkspace(system)
      const agent = { id: 'ada', workspaceId, name: 'Ada', role: 'developer' }
      const calls = race(12, [system, await second()], (each, i) =>
        each.agents.upsert({ ...agent, metadata: { [`k${i}`]: i } }),
      )
      for (const row of await Promise.all(calls)) assert.equal(row.id, 'ada')
      const { items } = await system.agents.list({ workspaceId })
      assert.deepEqual(
        items.map(({ metadata, version }) => ({ metadata, version })),
        [{ metadata: Object.fromEntries(range(12).map((i) => [`k${i}`, i])), version: 12 }],
      )
    },
  },
  {
    id: 'agents.upsert-keeps',
    guarantee: 'An upsert keeps what it leaves out, and when the agent was made; null clears',
    async run({ system, clock }) {
      const { agents } = system
      const workspaceId = await newWorkspace(system)
      const least = { id: 'ada', workspaceId, name: 'Ada', role: 'developer' }
      const made = await agents.upsert({
        ...least,
        sessionId: 's',
        model: 'm',
        metadata: { a: 1 },
        plan: [1],
      })
      assert.deepEqual(made, await agents.get('ada'))
      assert.deepEqual([made.version, made.status, made.createdAt], [1, 'idle', clock()])
      const seen = await agents.heartbeat('ada', { status: 'running' })
      clock.advance(5000)
      const again = await agents.upsert({ ...least, name: 'Ada L.', model: null, metadata: { b: 2 } })
      const expected = {
        ...seen,
        name: 'Ada L.',
        model: null,
        metadata: { a: 1, b: 2 },
        version: 3,
        updatedAt: clock(),
      }
      assert.deepEqual(again, expected)
      assert.deepEqual(await agents.get('ada'), expected)
      assert.equal((await agents.upsert({ ...least, status: 'done' })).status, 'done')
    },
  },
  {
    id: 'agents.upsert-stays-in-its-workspace',
    guarantee: 'An upsert never takes over or moves an agent of another workspace',
    async run({ system }) {
      const agent = await anAgent(system, await newWorkspace(system))
      const workspaceId = await newWorkspace(system)
      const taken = { id: agent.id, workspaceId, name: 'Eve', role: 'spy' }
      await refused('ALREADY_EXISTS', system.agents.upsert(taken), { table: 'agents', columns: ['id'] })
      await refused('ALREADY_EXISTS', system.agents.upsert({ ...taken, parentId: null }))
      assert.deepEqual(await system.agents.get(agent.id), agent)
      const lost = { ...taken, id: 'new', workspaceId: UNKNOWN }
      await refused('REFERENCE', system.agents.upsert(lost), { table: 'agents' })
      const noId = { workspaceId, name: 'Eve', role: 'spy' } as typeof taken
      await refused('VALIDATION', system.agents.upsert(noId))
      const owned = { ...taken, id: 'new', lastSeenAt: new Date(0) }
      await refused('VALIDATION', system.agents.upsert(owned), { column: 'lastSeenAt' })
      assert.equal(await system.agents.count({ workspaceId }), 0)
    },
  },
  {
    id: 'agents.list-by-parent',
    guarantee: 'The agents below one are listed by age, and all of them, if asked, level by level',
    async run({ system, clock }) {
      const workspaceId = await newWorkspace(system)
      const below = (parentId: string | null, id: string) => {
        clock.advance(1)
        return anAgent(system, workspaceId, { id, parentId })
      }
      const top = await below(null, 'top')
      const z = await below('top', 'z')
      const deepest = await below((await below('z', 'under-z')).id, 'deepest')
      const a = await below('top', 'a')
      await below('a', 'under-a')
      await below(null, 'stranger')
      assert.deepEqual(await system.agents.listByParent(top.id), [z, a])
      const all = await system.agents.listByParent(top.id, { deep: true })
      assert.deepEqual(idsOf(all), ['z', 'a', 'under-z', 'under-a', 'deepest'])
      assert.deepEqual(all[4], deepest)
      assert.deepEqual(await system.agents.listByParent('deepest', { deep: true }), [])
      assert.deepEqual(await system.agents.listByParent(UNKNOWN, { deep: true }), [])
    },
  },
  {
    id: 'agents.children-survive',
    guarantee: 'The agents below one that is deleted stay, with nobody above them',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const top = await anAgent(system, workspaceId)
      const middle = await anAgent(system, workspaceId, { parentId: top.id })
      const bottom = await anAgent(system, workspaceId, { parentId: middle.id })
      assert.equal(await system.agents.delete(middle.id), true)
      assert.deepEqual(await system.agents.get(bottom.id), { ...bottom, parentId: null })
      assert.deepEqual(await system.agents.listByParent(top.id, { deep: true }), [])
    },
  },
  {
    id: 'agents.no-cycle',
    guarantee:
      'No agent is above itself, over however many others: such a parent is refused and nothing changes',
    async run({ system }) {
      const { agents } = system
      const workspaceId = await newWorkspace(system)
      const cycle = { table: 'agents', column: 'parentId' }
      const self = { id: 'self', workspaceId, name: 'S', role: 'r', parentId: 'self' }
      await refused('VALIDATION', agents.create(self), cycle)
      await refused('VALIDATION', agents.upsert(self), cycle)
      const a = await anAgent(system, workspaceId, { id: 'a' })
      await anAgent(system, workspaceId, { id: 'b', parentId: 'a' })
      await anAgent(system, workspaceId, { id: 'c', parentId: 'b' })
      for (const parentId of ['a', 'b', 'c']) {
        await refused('VALIDATION', agents.update('a', { parentId, name: 'N' }), cycle)
        await refused('VALIDATION', agents.upsert({ ...self, id: 'a', parentId }), cycle)
      }
      assert.deepEqual(await agents.get('a'), a)
      assert.deepEqual(idsOf((await agents.list({ workspaceId })).items), ['a', 'b', 'c'])
      assert.equal((await agents.update('c', { parentId: 'a' })).parentId, 'a')
      assert.equal((await agents.update('b', { parentId: 'c' })).parentId, 'c')
    },
  },
  {
    id: 'agents.no-cycle-race',
    guarantee:
      'Of two agents that are put under each other at once, one is, and three in a circle never close it',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      for (let round = 0; round < 8; round++) {
        const size = 2 + (round % 2)
        const ring = await Promise.all(range(size).map(() => anAgent(system, workspaceId)))
        const calls = race(size, systems, (each, i) =>
          each.agents.update(ring[i]!.id, { parentId: ring[(i + 1) % size]!.id }),
        )
        const { values, codes } = await settled(calls)
        assert.deepEqual([values.length, codes], [size - 1, ['VALIDATION']])
        const rows = await system.agents.getMany(idsOf(ring))
        assert.equal(rows.filter((row) => row.parentId === null).length, 1)
      }
    },
  },
  {
    id: 'agents.reconcile',
    guarantee:
      'Reconciling terminates the running agents of a workspace that are not alive, answers them, and touches no other',
    async run({ system, clock }) {
      const { agents } = system
      const workspaceId = await newWorkspace(system)
      const make = (status: Agent['status'], of = workspaceId) => anAgent(system, of, { status })
      for (const status of STATUSES) await make(status)
      const [alive, dead] = [await make('running'), await make('running')]
      const foreign = await make('running', await newWorkspace(system))
      const before = await agents.list({ workspaceId })
      clock.advance(1000)
      const asked: string[] = []
      const terminated = await agents.reconcile(workspaceId, async ({ id }) => {
        asked.push(id)
        return id === alive.id
      })
      const running = before.items.filter((agent) => agent.status === 'running')
      assert.deepEqual(asked, idsOf(running))
      const change = { status: 'terminated', version: 2, updatedAt: clock() }
      const expected = running.filter(({ id }) => id !== alive.id).map((agent) => ({ ...agent, ...change }))
      assert.deepEqual(terminated, expected)
      assert.ok(idsOf(terminated).includes(dead.id))
      const after = before.items.map((agent) => expected.find(({ id }) => id === agent.id) ?? agent)
      assert.deepEqual((await agents.list({ workspaceId })).items, after)
      assert.deepEqual(await agents.get(foreign.id), foreign)
      assert.deepEqual(await agents.reconcile(workspaceId, () => true), [])
      assert.deepEqual(await agents.reconcile(UNKNOWN, () => false), [])
    },
  },
  {
    id: 'agents.reconcile-leaves-what-changes',
    guarantee:
      'An agent that shows a sign of life, changes, ends or goes while it is being judged is left alone',
    async run({ system, second, clock }) {
      const { agents } = await second()
      const workspaceId = await newWorkspace(system)
      const meanwhile: Record<string, (id: string) => Promise<unknown>> = {
        beats: (id) => agents.heartbeat(id),
        changes: (id) => agents.update(id, { lastSummary: 's' }),
        ends: (id) => agents.setStatus(id, 'done'),
        restarts: (id) => agents.setStatus(id, 'running'),
        goes: (id) => agents.delete(id),
        rests: async () => {},
      }
      for (const id of Object.keys(meanwhile)) await anAgent(system, workspaceId, { id, status: 'running' })
      clock.advance(1000)
      const terminated = await system.agents.reconcile(workspaceId, async ({ id }) => {
        await meanwhile[id]!(id)
        return false
      })
      assert.deepEqual(idsOf(terminated), ['rests'])
      const { items } = await agents.list({ workspaceId })
      assert.deepEqual(
        items.map(({ id, status }) => `${id} ${status}`),
        ['beats running', 'changes running', 'ends done', 'restarts running', 'rests terminated'],
      )
    },
  },
  {
    id: 'agents.reconcile-race',
    guarantee:
      'However many reconcile at once, each dead agent is terminated once, and answered to one of them',
    async run({ system, second }) {
      const workspaceId = await newWorkspace(system)
      const made = await Promise.all(range(10).map(() => anAgent(system, workspaceId, { status: 'running' })))
      const systems = [system, await second()]
      const answers = await Promise.all(
        race(4, systems, (each) => each.agents.reconcile(workspaceId, () => false)),
      )
      assert.deepEqual(idsOf(answers.flat()).toSorted(), idsOf(made).toSorted())
      const rows = await system.agents.getMany(idsOf(made))
      assert.deepEqual(
        new Set(rows.map(({ status, version }) => `${status} ${version}`)),
        new Set(['terminated 2']),
      )
    },
  },
]

function anAgent(
  scope: Scope,
  workspaceId: string,
  more: Partial<Pick<Agent, 'id' | 'status' | 'parentId'>> = {},
): Promise<Agent> {
  return scope.agents.create({ workspaceId, name: 'A', role: 'developer', ...more })
}
