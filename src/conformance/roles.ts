import assert from 'node:assert/strict'
import { newWorkspace, refused, settled } from './expect.ts'
import { idsOf, race } from './fixtures.ts'
import type { Scenario } from './scenario.ts'
import { storeVerbScenarios } from './store-verbs.ts'

export const roleScenarios: readonly Scenario[] = [
  ...storeVerbScenarios({
    name: 'roles',
    verbs: (scope) => scope.roles,
    inWorkspace: true,
    least: (workspaceId) => ({ workspaceId, name: 'Developer' }),
    defaults: () => ({
      description: '',
      systemPrompt: '',
      color: '#888',
      icon: '🤖',
      model: null,
      builtIn: false,
    }),
    whole: async (_scope, workspaceId) => ({
      given: {
        id: 'r',
        workspaceId,
        name: 'Prüfer 🔍',
        description: 'Reviews',
        systemPrompt: 'You review.\n\t"Everything."',
        color: 'rebeccapurple',
        icon: '👩‍💻',
        model: 'm-1',
        builtIn: true,
      },
    }),
    patch: { name: 'New', systemPrompt: '', color: undefined, icon: '🧪', model: null },
    patched: { name: 'New', systemPrompt: '', icon: '🧪', model: null },
    owned: {},
    fixed: { builtIn: true },
    bad: {
      id: ['', 7],
      name: ['', null, 'x'.repeat(1025)],
      color: ['', null, 'x'.repeat(33)],
      icon: ['', null],
      systemPrompt: [null, 'a\0'],
      builtIn: [1, 'true'],
    },
    refers: {},
  }),
  {
    id: 'roles.built-in-stays',
    guarantee: 'A role that is built in cannot be deleted, but edited; one that is not can',
    async run({ system, second }) {
      const { roles } = system
      const builtIn = await roles.create({ id: 'lead', name: 'Lead', builtIn: true })
      const own = await roles.create({ name: 'Mine' })
      const { codes } = await settled(race(4, [system, await second()], (each) => each.roles.delete('lead')))
      assert.deepEqual(codes, Array(4).fill('VALIDATION'))
      await refused('VALIDATION', roles.delete('lead'), { table: 'roles' })
      assert.deepEqual(await roles.get('lead'), builtIn)
      assert.equal((await roles.update('lead', { name: 'Head' })).name, 'Head')
      await refused('VALIDATION', roles.update('lead', { builtIn: false } as object), { column: 'builtIn' })
      assert.equal(await roles.delete(own.id), true)
      assert.deepEqual(idsOf((await roles.list({ builtIn: true })).items), ['lead'])
    },
  },
  {
    id: 'roles.of-the-application',
    guarantee:
      'A role without a workspace is the whole application’s: listed as such, and there when workspaces go',
    async run({ system }) {
      const { roles } = system
      const workspaceId = await newWorkspace(system)
      const everywhere = await roles.create({ name: 'Everywhere' })
      const here = await roles.create({ workspaceId, name: 'Here', builtIn: true })
      assert.equal(everywhere.workspaceId, null)
      assert.deepEqual((await roles.list()).items, [everywhere, here])
      assert.deepEqual((await roles.list({ workspaceId: null })).items, [everywhere])
      assert.deepEqual((await roles.list({ workspaceId })).items, [here])
      await system.workspaces.delete(workspaceId)
      assert.deepEqual((await roles.list()).items, [everywhere])
    },
  },
]
