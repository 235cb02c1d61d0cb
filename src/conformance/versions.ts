/** Versions count the changes of a row, and let a writer insist that nobody came before it. */

import assert from 'node:assert/strict'
import type { System } from '../system.ts'
import { everything, many, newWorkspace, range, refused, settled } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { type Seed, seed } from './verbs.ts'

interface Versioned {
  readonly id: string
  readonly version: number
}
type Update = (options: { readonly ifVersion?: number }) => Promise<Versioned>

/** One update in every store that has versions. */
function updates({ workspaces, teams, codebases, agents, roles, conversations, tasks }: System, at: Seed) {
  return {
    workspaces: (options) => workspaces.update(at.workspaceId, { description: 'Changed' }, options),
    teams: (options) => teams.update(at.teamId, { name: 'Changed' }, options),
    codebases: (options) => codebases.update(at.codebaseId, { label: 'Changed' }, options),
    agents: (options) => agents.update(at.agentId, { name: 'Changed' }, options),
    roles: (options) => roles.update(at.roleId, { name: 'Changed' }, options),
    conversations: (options) => conversations.update(at.conversationId, { title: 'Changed' }, options),
    tasks: (options) => tasks.update(at.taskId, { title: 'Changed' }, options),
  } satisfies Record<string, Update>
}

export const versionScenarios: readonly Scenario[] = [
  {
    id: 'versions.count-changes',
    guarantee: 'A row starts at version 1, and every change raises it by one; no change leaves it',
    async run({ system, clock }) {
      const first = await system.teams.create({ workspaceId: await newWorkspace(system), name: 'T' })
      assert.equal(first.version, 1)
      clock.advance(1)
      assert.deepEqual(await system.teams.update(first.id, {}), first)
      assert.deepEqual(await system.teams.update(first.id, { name: undefined }), first)
      for (const version of [2, 3, 4]) {
        assert.equal((await system.teams.update(first.id, { name: 'T' })).version, version)
      }
      assert.equal((await system.teams.get(first.id))?.version, 4)
    },
  },
  {
    id: 'versions.none-is-lost',
    guarantee: 'However many change a row at once, over two connections, its version counts them all',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await system.roles.create({ name: 'R' })
      const rows = await Promise.all(many(20, (i) => systems[i % 2]!.roles.update(id, { name: `${i}` })))
      const versions = rows.map(({ version }) => version).sort((a, b) => a - b)
      assert.deepEqual(
        versions,
        range(20).map((i) => i + 2),
      )
      assert.equal((await system.roles.get(id))?.version, 21)
    },
  },
  {
    id: 'versions.one-wins',
    guarantee: 'Of many who insist on the same version, over two connections, exactly one changes the row',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await system.roles.create({ name: 'R' })
      for (const ifVersion of [1, 2, 3]) {
        const racers = many(10, (i) =>
          systems[i % 2]!.roles.update(id, { name: `${ifVersion} ${i}` }, { ifVersion }),
        )
        const { values, codes } = await settled(racers)
        assert.equal(values.length, 1)
        assert.deepEqual(
          codes,
          range(9).map(() => 'VERSION_CONFLICT'),
        )
        assert.deepEqual(await system.roles.get(id), values[0])
        assert.equal(values[0]?.version, ifVersion + 1)
      }
    },
  },
  {
    id: 'versions.stale',
    guarantee:
      'In every store, a stale or future version is refused with the current one, and nothing changes',
    async run({ system }) {
      const at = await seed(system)
      for (const [table, update] of Object.entries(updates(system, at) as Record<string, Update>)) {
        const { id, version } = await update({})
        const before = await everything(system.engine)
        for (const ifVersion of [version - 1, version + 1, 0, -1, Number.MAX_SAFE_INTEGER]) {
          const fields = { table, id, expected: ifVersion, current: version }
          await refused('VERSION_CONFLICT', update({ ifVersion }), fields)
        }
        assert.deepEqual(await everything(system.engine), before)
        assert.equal((await update({ ifVersion: version })).version, version + 1)
      }
    },
  },
  {
    id: 'versions.insisted-on-without-a-change',
    guarantee: 'A patch that changes nothing still insists on the version it names',
    async run({ system }) {
      const { id } = await system.roles.create({ name: 'R' })
      const row = await system.roles.update(id, { name: 'S' })
      assert.deepEqual(await system.roles.update(id, {}, { ifVersion: 2 }), row)
      const stale = system.roles.update(id, {}, { ifVersion: 1 })
      await refused('VERSION_CONFLICT', stale, { id, expected: 1, current: 2 })
    },
  },
  {
    id: 'versions.of-nothing',
    guarantee: 'Insisting on the version of a row that is not there, or is no longer, is NOT_FOUND',
    async run({ system }) {
      const { id } = await system.roles.create({ name: 'R' })
      await system.roles.delete(id)
      for (const ifVersion of [1, undefined]) {
        await refused('NOT_FOUND', system.roles.update(id, { name: 'S' }, { ifVersion }), {
          table: 'roles',
          id,
        })
        await refused('NOT_FOUND', system.roles.update(id, {}, { ifVersion }), { table: 'roles', id })
      }
    },
  },
  {
    id: 'versions.not-a-version',
    guarantee: 'What is no integer is refused as a version, and never taken for no version at all',
    async run({ system }) {
      const { id } = await system.roles.create({ name: 'R' })
      for (const bad of [1.5, Number.NaN, '1', null, true, {}, 2 ** 53]) {
        const update = system.roles.update(id, { name: 'S' }, { ifVersion: bad as number })
        await refused('VALIDATION', update, { table: 'roles', column: 'version' })
      }
      assert.equal((await system.roles.get(id))?.name, 'R')
    },
  },
  {
    id: 'versions.signs-of-life',
    guarantee: 'Signs of life and new messages leave the version alone, so that they disturb no editor',
    async run({ system, clock }) {
      const at = await seed(system)
      const agent = await system.agents.get(at.agentId)
      const talk = await system.conversations.get(at.conversationId)
      clock.advance(5)
      await system.agents.heartbeat(at.agentId)
      await system.conversations.touch(at.conversationId)
      await system.messages.append(at.conversationId, { role: 'user', content: 'Hi' })
      const { version } = agent!
      assert.equal(
        (await system.agents.update(at.agentId, { name: 'B' }, { ifVersion: version })).version,
        version + 1,
      )
      assert.equal((await system.conversations.get(at.conversationId))?.version, talk!.version)
    },
  },
]
