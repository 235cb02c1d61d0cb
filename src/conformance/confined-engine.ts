/** The engine of a confined System reads, writes and hears in its workspace alone. */

import assert from 'node:assert/strict'
import { choose, gte, inTable, ne, oneOfThese, ref } from '../engine/query.ts'
import { agents } from '../schema/agents.ts'
import { conversations } from '../schema/conversations.ts'
import { messages } from '../schema/messages.ts'
import { roles } from '../schema/roles.ts'
import { settings } from '../schema/settings.ts'
import { tasks } from '../schema/tasks.ts'
import { teams } from '../schema/teams.ts'
import { workspaces } from '../schema/workspaces.ts'
import { allRefused, everything, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { seed } from './verbs.ts'

export const confinedEngineScenarios: readonly Scenario[] = [
  {
    id: 'confined.engine',
    guarantee: 'The engine of a confined System finds, changes, counts and removes in its workspace alone',
    async run({ system }) {
      const [at, other] = [await seed(system, 'Mine'), await seed(system, 'Theirs')]
      const { engine } = system.in(at.workspaceId)
      const theirs = async () =>
        JSON.stringify(await system.engine.find(tasks, { where: { workspaceId: other.workspaceId } }))
      const before = await theirs()
      const wheres = [
        {},
        [{}, { workspaceId: other.workspaceId }],
        { workspaceId: ne('x') },
        { workspaceId: oneOfThese([other.workspaceId, at.workspaceId]) },
      ]
      for (const where of wheres) {
        assert.deepEqual(
          (await engine.find(tasks, { where })).map((row) => row.workspaceId),
          [at.workspaceId, at.workspaceId],
        )
        assert.equal((await engine.update(tasks, { where, set: { objective: 'Mine' } })).length, 2)
        assert.equal((await engine.aggregate(tasks, { where }))[0]?.count, 2)
      }
      for (const where of [
        { workspaceId: other.workspaceId },
        { workspaceId: ne(at.workspaceId) },
        { workspaceId: null as never },
        { id: other.taskId },
      ]) {
        assert.deepEqual(await engine.find(tasks, { where }), [])
        assert.deepEqual(await engine.remove(tasks, { where }), [])
        assert.equal((await engine.aggregate(tasks, { where }))[0]?.count, 0)
      }
      await refused('VALIDATION', engine.find(tasks, { where: { workspaceId: gte('') } }), {
        column: 'workspaceId',
      })
      assert.equal((await engine.remove(tasks, { where: {} })).length, 2)
      assert.equal(await theirs(), before)
    },
  },
  {
    id: 'confined.engine-writes',
    guarantee:
      'Rows are neither made in nor moved to another workspace through the engine of a confined System',
    async run({ system }) {
      const [at, other] = [await seed(system, 'Mine'), await seed(system, 'Theirs')]
      const { engine } = system.in(at.workspaceId)
      const { workspaceId } = other
      const before = await everything(system.engine)
      const times = { createdAt: engine.now(), updatedAt: engine.now() }
      const team = { id: 't', name: 'T', ...times }
      const where = { id: at.teamId }
      const head = { update: teams, where, set: { name: 'Changed' } } as const
      const tries = [
        engine.insert(teams, [{ ...team, workspaceId }]),
        engine.insert(teams, [
          { ...team, workspaceId: at.workspaceId },
          { ...team, id: 'u', workspaceId },
        ]),
        engine.insert(roles, [{ ...team, workspaceId: null }]),
        engine.insert(workspaces, [{ id: 'w', slug: 'w', title: 'W', ...times }]),
        engine.update(teams, { where, set: { workspaceId } }),
        engine.update(workspaces, { where: {}, set: { id: workspaceId } }),
        engine.write({ head, steps: [{ insert: roles, rows: [{ ...team, workspaceId }] }] }),
        engine.write({ head, steps: [{ update: tasks, where: {}, set: { workspaceId } }] }),
        engine.write({ head: { insert: teams, row: { ...team, workspaceId } }, steps: [] }),
      ]
      await allRefused('REFERENCE', tries)
      const elsewhere = {
        update: conversations,
        where: { id: other.conversationId },
        set: { title: 'Changed' },
      }
      assert.equal(await engine.write({ head: elsewhere, steps: [] }), null)
      assert.deepEqual(await everything(system.engine), before)
      const steps = [
        { update: tasks, where: { workspaceId: ref('workspaceId') }, set: { objective: 'Mine' } },
        { remove: messages, where: {} },
        { insert: roles, rows: [{ ...team, workspaceId: ref('workspaceId') }] },
      ]
      assert.equal((await engine.write({ head, steps }))?.name, 'Changed')
      assert.equal(await system.tasks.count({ objective: 'Mine', workspaceId: at.workspaceId }), 2)
      assert.equal(await system.tasks.count({ objective: 'Mine' }), 2)
      assert.equal(await system.messages.count(other.conversationId), 1)
      assert.equal((await system.roles.get('t'))?.workspaceId, at.workspaceId)
    },
  },
  {
    id: 'confined.conflicts',
    guarantee: 'A row of another workspace that is in the way of a new one is left alone',
    async run({ system }) {
      const [at, other] = [await seed(system, 'Mine'), await seed(system, 'Theirs')]
      const { engine } = system.in(at.workspaceId)
      const before = await everything(system.engine)
      const row = {
        id: other.teamId,
        workspaceId: at.workspaceId,
        name: 'Mine',
        createdAt: engine.now(),
        updatedAt: engine.now(),
      }
      const insert = (set?: object, where?: object) =>
        engine.insert(teams, [row], { onConflict: { columns: ['id'], ...(set && { set }), where } })
      assert.deepEqual(await insert(), [])
      assert.deepEqual(await insert({ name: 'Mine' }), [])
      assert.deepEqual(await insert({ name: 'Mine' }, [{ workspaceId: other.workspaceId }, {}]), [])
      await refused('REFERENCE', insert({ workspaceId: other.workspaceId }))
      const setting = { scope: other.scope, key: 'theme', value: 1, updatedAt: engine.now() }
      const set = { value: 'mine' }
      const put = engine.insert(settings, [setting], { onConflict: { columns: ['scope', 'key'], set } })
      assert.deepEqual(await put, [])
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'confined.looks-into-tables',
    guarantee: 'A condition that looks into another table learns nothing of another workspace’s rows',
    async run({ system }) {
      const [at, other] = [await seed(system, 'Mine'), await seed(system, 'Theirs')]
      await system.teams.update(other.teamId, { name: 'Secret' })
      await system.agents.update(at.agentId, { name: 'Secret' })
      const { engine } = system.in(at.workspaceId)
      const secret = inTable(teams, 'name', {})
      assert.deepEqual(await engine.find(agents, { where: { name: secret } }), [])
      assert.equal((await system.engine.find(agents, { where: { name: secret } })).length, 1)
      const told = choose<typeof agents>([{ when: { name: secret }, to: 'told' }], 'not told')
      const [agent] = await engine.update(agents, { where: { id: at.agentId }, set: { lastSummary: told } })
      assert.equal(agent?.lastSummary, 'not told')
    },
  },
  {
    id: 'confined.signals',
    guarantee: 'Notifications of one workspace are not heard in another, whatever their channels are called',
    async run({ system }) {
      const heard: string[] = []
      const stops = await Promise.all([
        system.in('b').engine.listen('news', (payload) => heard.push(payload)),
        system.in('a').engine.listen('b:news', (payload) => heard.push(payload)),
      ])
      await system.in('a').engine.notify('news', 'never')
      await system.in('a:b').engine.notify('news', 'never')
      await system.in('b').engine.notify('news', 'ours')
      // It may never arrive; when it does, it is soon.
      for (let i = 0; i < 20 && heard.length === 0; i++)
        await new Promise((resolve) => setTimeout(resolve, 5))
      for (const stop of stops) await stop()
      assert.ok(!heard.includes('never'))
    },
  },
]
