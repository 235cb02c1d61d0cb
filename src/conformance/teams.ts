import assert from 'node:assert/strict'
import { newWorkspace, settled } from './expect.ts'
import { race } from './fixtures.ts'
import type { Scenario } from './scenario.ts'
import { storeVerbScenarios } from './store-verbs.ts'

export const teamScenarios: readonly Scenario[] = [
  ...storeVerbScenarios({
    name: 'teams',
    verbs: (scope) => scope.teams,
    inWorkspace: true,
    least: (workspaceId) => ({ workspaceId, name: 'Core' }),
    defaults: () => ({ description: '', metadata: {} }),
    whole: async (_scope, workspaceId) => ({
      given: { id: 't', workspaceId, name: 'Ünï 🤖', description: 'd', metadata: { a: 1, b: { c: [null] } } },
    }),
    patch: { name: 'New', description: undefined, metadata: { a: null, b: { d: 1 }, e: 'f' } },
    patched: { name: 'New', metadata: { b: { d: 1 }, e: 'f' } },
    owned: {},
    fixed: {},
    bad: {
      id: ['', 7, 'x'.repeat(129)],
      name: ['', null, 'x'.repeat(1025), 'a\0b', '\ud800'],
      description: [null, 1],
      metadata: [{ at: new Date(0) }, { n: Number.NaN }],
    },
    refers: {},
  }),
  {
    id: 'teams.survived-by-agents',
    guarantee: 'The agents of a team that is deleted stay, without a team',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const team = await system.teams.create({ workspaceId, name: 'Core' })
      const other = await system.teams.create({ workspaceId, name: 'Other' })
      const agent = { workspaceId, role: 'developer' }
      const ada = await system.agents.create({ ...agent, name: 'Ada', teamId: team.id })
      const bob = await system.agents.create({ ...agent, name: 'Bob', teamId: other.id })
      assert.equal(await system.teams.delete(team.id), true)
      assert.deepEqual(await system.agents.getMany([ada.id, bob.id]), [{ ...ada, teamId: null }, bob])
    },
  },
  {
    id: 'teams.deleted-while-joined',
    guarantee: 'No agent is in a team that is not there, also when agents join while the team is deleted',
    async run({ system, second }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      for (let round = 0; round < 5; round++) {
        const team = await system.teams.create({ workspaceId, name: 'Core' })
        const joining = race(6, [system, other], (each, i) =>
          each.agents.create({ workspaceId, name: `A${i}`, role: 'developer', teamId: team.id }),
        )
        const [deleted, { codes }] = await Promise.all([other.teams.delete(team.id), settled(joining)])
        assert.equal(deleted, true)
        assert.deepEqual(codes, Array(codes.length).fill('REFERENCE'))
        assert.equal(await system.agents.count({ teamId: team.id }), 0)
        assert.equal(await system.agents.count({ workspaceId, teamId: null }), await system.agents.count())
      }
    },
  },
]
