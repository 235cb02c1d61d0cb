/** The program that a newcomer reads first, line by line as it is promised. */

import assert from 'node:assert/strict'
import { idsOf, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

export const exampleScenarios: readonly Scenario[] = [
  {
    id: 'example.first-program',
    guarantee: 'The first program that a user reads runs, and does what its comments say',
    async run({ system }) {
      const workspace = await system.workspaces.create({ title: 'Demo' })
      const inside = { workspaceId: workspace.id }
      const agent = await system.agents.create({ ...inside, name: 'Ada', role: 'developer' })
      const talk = await system.conversations.getOrCreate({ ...inside, platform: 'web', platformId: '42' })
      await system.messages.append(talk.id, { role: 'user', content: 'Ship it' })
      const said = await system.messages.last(talk.id, 20)
      assert.deepEqual(
        said.map(({ seq, role, content }) => ({ seq, role, content })),
        [{ seq: 1, role: 'user', content: 'Ship it' }],
      )

      const build = await system.tasks.create({ ...inside, title: 'Build' })
      const ship = await system.tasks.create({ ...inside, title: 'Ship', dependsOn: [build.id] })
      const other = await system.tasks.create({ ...inside, title: 'Test', dependsOn: [build.id] })
      await system.tasks.addDependency(ship.id, other.id)
      assert.deepEqual(idsOf(await system.tasks.ready(workspace.id)), [build.id])
      const started = await system.tasks.start(build.id, { agentId: agent.id })
      assert.deepEqual([started.status, started.assigneeId], ['running', agent.id])
      assert.equal((await system.tasks.complete(build.id)).status, 'done')
      // `ship` is what `create` answered: one of its dependencies is done since, which is no change of it.
      const shortened = await system.tasks.update(ship.id, { scope: null }, { ifVersion: ship.version })
      assert.deepEqual([shortened.scope, shortened.status, shortened.version], [null, 'pending', 2])

      const startable = { ...inside, status: ['ready', 'running'] } as const
      const cursor = undefined
      const { items, next } = await system.tasks.list(startable, {
        order: { priority: 'desc' },
        limit: 50,
        after: cursor,
      })
      assert.deepEqual([idsOf(items), next], [[other.id], null])

      await system.settings.set('workspace:1', 'theme', { dark: true })
      assert.deepEqual(await system.settings.get('workspace:1', 'theme'), { dark: true })
      assert.equal(await system.settings.get('workspace:1', 'font'), null)

      await system.transaction(async (tx) => {
        await tx.tasks.start(other.id)
        await tx.tasks.complete(other.id)
        await tx.messages.append(talk.id, { role: 'assistant', content: 'Tested' })
      })
      assert.deepEqual(idsOf(await system.tasks.ready(workspace.id)), [ship.id])

      const mine = system.in(workspace.id)
      assert.equal(await mine.tasks.count(), 3)
      assert.equal(await system.in(UNKNOWN).tasks.count(), 0)

      const { status, tier, driver, target, reason, latencyMs, schema } = await system.health()
      assert.equal(status, 'ok')
      for (const text of [tier, driver, target, reason]) assert.match(text, /\w/)
      assert.ok(latencyMs >= 0)
      assert.ok(schema === null || schema.length > 0)
      await system.close()
    },
  },
]
