/** References lead to rows that are there, of the same workspace, and what goes takes along what belongs to it. */

import assert from 'node:assert/strict'
import { ref } from '../engine/query.ts'
import { agents } from '../schema/agents.ts'
import { conversations } from '../schema/conversations.ts'
import { messages } from '../schema/messages.ts'
import { tables } from '../schema/tables.ts'
import type { System } from '../system.ts'
import { everything, many, newWorkspace, refused, settled } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { type Seed, seed } from './verbs.ts'

type Refer = (id: string) => Promise<unknown>

/** Every way in which a row of `at`'s workspace can refer to another row, by the other's table. */
function referring(
  system: System,
  at: Seed,
): readonly (readonly [of: keyof Seed, table: string, refer: Refer])[] {
  const { workspaceId } = at
  const { teams, codebases, agents: agentStore, roles, conversations: talks, tasks } = system
  const { backgroundTasks: jobs } = system
  const agent = { workspaceId, name: 'New', role: 'r' }
  const job = { workspaceId, kind: 'k' }
  const { leases, fileLocks, delegations, schedules } = system
  const locked = { workspaceId, agentId: at.workerId, ttl: '1h' }
  const delegated = { workspaceId, toAgentId: at.workerId, task: 'New' }
  return [
    ['workspaceId', 'teams', (id) => teams.create({ workspaceId: id, name: 'New' })],
    ['workspaceId', 'codebases', (id) => codebases.create({ workspaceId: id, path: '/new' })],
    ['workspaceId', 'codebases', (id) => codebases.register({ workspaceId: id, path: '/new' })],
    ['workspaceId', 'agents', (id) => agentStore.create({ ...agent, workspaceId: id })],
    ['workspaceId', 'roles', (id) => roles.create({ workspaceId: id, name: 'New' })],
    ['workspaceId', 'tasks', (id) => tasks.create({ workspaceId: id, title: 'New' })],
    ['workspaceId', 'tasks', (id) => tasks.declareBatch(id, [{ key: 'new', title: 'New' }])],
    ['workspaceId', 'conversations', (id) => talks.create({ workspaceId: id })],
    [
      'workspaceId',
      'conversations',
      (id) => talks.getOrCreate({ workspaceId: id, platform: 'p', platformId: 'new' }),
    ],
    ['teamId', 'agents', (id) => agentStore.create({ ...agent, teamId: id })],
    ['teamId', 'agents', (id) => agentStore.update(at.agentId, { teamId: id })],
    ['teamId', 'agents', (id) => agentStore.upsert({ ...agent, id: 'new', teamId: id })],
    ['teamId', 'agents', (id) => agentStore.upsert({ ...agent, id: at.agentId, teamId: id })],
    ['agentId', 'agents', (id) => agentStore.create({ ...agent, parentId: id })],
    ['agentId', 'agents', (id) => agentStore.update(at.agentId, { parentId: id })],
    ['agentId', 'agents', (id) => agentStore.upsert({ ...agent, id: 'new', parentId: id })],
    ['agentId', 'tasks', (id) => tasks.create({ workspaceId, title: 'New', assigneeId: id })],
    ['agentId', 'tasks', (id) => tasks.update(at.taskId, { assigneeId: id })],
    ['agentId', 'tasks', (id) => tasks.assign(at.taskId, id)],
    ['agentId', 'tasks', (id) => tasks.start(at.taskId, { agentId: id })],
    [
      'agentId',
      'tasks',
      (id) => tasks.declareBatch(workspaceId, [{ key: 'new', title: 'New', assigneeId: id }]),
    ],
    ['taskId', 'tasks', (id) => tasks.create({ workspaceId, title: 'New', dependsOn: [id] })],
    ['taskId', 'tasks', (id) => tasks.addDependency(at.waitingId, id)],
    [
      'taskId',
      'tasks',
      (id) => tasks.declareBatch(workspaceId, [{ key: 'new', title: 'New', dependsOn: [id] }]),
    ],
    ['taskId', 'conversations', (id) => talks.create({ workspaceId, taskId: id })],
    ['taskId', 'conversations', (id) => talks.update(at.conversationId, { taskId: id })],
    ['codebaseId', 'conversations', (id) => talks.create({ workspaceId, codebaseId: id })],
    ['codebaseId', 'conversations', (id) => talks.update(at.groupId, { codebaseId: id })],
    ['workspaceId', 'backgroundTasks', (id) => jobs.enqueue({ ...job, workspaceId: id })],
    ['workspaceId', 'backgroundTasks', (id) => jobs.enqueueMany([job, { ...job, workspaceId: id }])],
    ['agentId', 'backgroundTasks', (id) => jobs.enqueue({ ...job, agentId: id })],
    ['agentId', 'backgroundTasks', (id) => jobs.enqueueMany([job, { ...job, agentId: id }])],
    ['agentId', 'backgroundTasks', (id) => jobs.enqueue({ ...job, agentId: id, uniqueKey: 'u' })],
    ['agentId', 'backgroundTasks', (id) => jobs.update(at.jobId, { agentId: id })],
    ['jobId', 'backgroundTasks', (id) => jobs.enqueue({ ...job, dependsOn: [id] })],
    ['jobId', 'backgroundTasks', (id) => jobs.enqueueMany([job, { ...job, dependsOn: [id] }])],
    ['workspaceId', 'leases', (id) => leases.acquire('new', { workspaceId: id, holder: 'bob', ttl: '1h' })],
    ['workspaceId', 'leases', (id) => leases.steal('new', { workspaceId: id, holder: 'bob', ttl: '1h' })],
    ['workspaceId', 'fileLocks', (id) => fileLocks.acquire('new', { ...locked, workspaceId: id })],
    ['agentId', 'fileLocks', (id) => fileLocks.acquire('new', { ...locked, agentId: id })],
    ['workspaceId', 'delegations', (id) => delegations.delegate({ ...delegated, workspaceId: id })],
    ['agentId', 'delegations', (id) => delegations.delegate({ ...delegated, toAgentId: id })],
    ['agentId', 'delegations', (id) => delegations.delegate({ ...delegated, fromAgentId: id })],
    ['taskId', 'delegations', (id) => delegations.delegate({ ...delegated, taskId: id })],
    ['taskId', 'delegations', (id) => delegations.update(at.delegationId, { taskId: id })],
    [
      'workspaceId',
      'schedules',
      (id) => schedules.create({ workspaceId: id, cron: '@daily', job: { kind: 'new' } }),
    ],
  ]
}

async function counts(system: System): Promise<Record<string, number>> {
  const rows = await everything(system.engine)
  return Object.fromEntries(tables.map(({ name }) => [name, rows[name]!.length]))
}

export const referenceScenarios: readonly Scenario[] = [
  {
    id: 'references.missing',
    guarantee:
      'A reference to a row that is not there is refused, however it is made, and nothing is written',
    async run({ system }) {
      const at = await seed(system)
      const before = await everything(system.engine)
      for (const id of ['nobody', '00000000-0000-7000-8000-000000000000', "x' or '1", '%']) {
        for (const [, table, refer] of referring(system, at)) await refused('REFERENCE', refer(id), { table })
      }
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'references.deleted',
    guarantee: 'A reference to a row that was deleted is refused like one that never was',
    async run({ system }) {
      const at = await seed(system)
      const gone = await seed(system, 'Gone')
      await system.workspaces.delete(gone.workspaceId)
      const before = await everything(system.engine)
      for (const [of, table, refer] of referring(system, at))
        await refused('REFERENCE', refer(gone[of]), { table })
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'references.of-another-workspace',
    guarantee: 'A row of another workspace cannot be referred to: it is as if it were not there',
    async run({ system }) {
      const [at, other] = [await seed(system), await seed(system)]
      const before = await everything(system.engine)
      for (const [of, table, refer] of referring(system, at)) {
        if (of !== 'workspaceId') await refused('REFERENCE', refer(other[of]), { table })
      }
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'references.within',
    guarantee: 'The same references within one workspace are kept',
    async run({ system }) {
      const at = await seed(system)
      const { workspaceId } = at
      const boss = await system.agents.create({ workspaceId, name: 'Boss', role: 'lead' })
      const agent = await system.agents.update(at.agentId, { parentId: boss.id, teamId: null })
      assert.deepEqual([agent.parentId, agent.teamId], [boss.id, null])
      const task = await system.tasks.start(at.taskId, { agentId: boss.id })
      assert.equal(task.assigneeId, boss.id)
      const talk = await system.conversations.create({
        workspaceId,
        taskId: task.id,
        codebaseId: at.codebaseId,
      })
      assert.deepEqual([talk.taskId, talk.codebaseId], [task.id, at.codebaseId])
    },
  },
  {
    id: 'references.batch',
    guarantee: 'One bad reference among many rows refuses them all',
    async run({ system }) {
      const [at, other] = [await seed(system), await seed(system)]
      const before = await everything(system.engine)
      const now = system.engine.now()
      const row = { workspaceId: at.workspaceId, name: 'A', role: 'r', createdAt: now, updatedAt: now }
      for (const teamId of [other.teamId, 'nobody']) {
        const rows = [
          { ...row, id: '1', teamId: at.teamId },
          { ...row, id: '2' },
          { ...row, id: '3', teamId },
        ]
        await refused('REFERENCE', system.engine.insert(agents, rows), { table: 'agents' })
      }
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'references.within-one-insert',
    guarantee:
      'Rows of one insert cannot refer to one another, in whatever order: they are inserted one after the other',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const now = system.engine.now()
      const row = { workspaceId, name: 'A', role: 'r', createdAt: now, updatedAt: now }
      const rows = [
        { ...row, id: 'parent' },
        { ...row, id: 'child', parentId: 'parent' },
      ]
      await refused('REFERENCE', system.engine.insert(agents, rows), { table: 'agents' })
      await refused('REFERENCE', system.engine.insert(agents, rows.toReversed()), { table: 'agents' })
      await refused('REFERENCE', system.engine.insert(agents, [{ ...row, id: 'own', parentId: 'own' }]))
      assert.equal(await system.agents.count(), 0)
    },
  },
  {
    id: 'references.to-the-head',
    guarantee:
      'A step of a write refers to a row that the write inserts by ref alone; by its id it is not there yet',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const now = system.engine.now()
      const talk = { workspaceId, platformId: 'p', lastActivityAt: now, createdAt: now, updatedAt: now }
      const write = (conversationId: unknown) =>
        system.engine.write({
          head: { insert: conversations, row: { ...talk, id: 'talk' } },
          steps: [
            {
              insert: messages,
              rows: [
                { id: 'm', workspaceId, conversationId, seq: 1, role: 'user', content: '', createdAt: now },
              ],
            },
          ],
        })
      await refused('REFERENCE', write('talk'), { table: 'messages' })
      await refused('REFERENCE', write('nobody'), { table: 'messages' })
      assert.equal(await system.conversations.count(), 0)
      assert.equal((await write(ref('id')))?.id, 'talk')
      assert.deepEqual(
        (await system.messages.list('talk')).items.map(({ id }) => id),
        ['m'],
      )
    },
  },
  {
    id: 'references.cascade',
    guarantee: 'Deleting a workspace removes every row of it in every table, and none of another',
    async run({ system, second }) {
      const kept = await seed(system, 'Kept')
      await system.notes.compact(kept.noteId)
      const before = await everything(system.engine)
      const at = await seed(system, 'Gone')
      await system.notes.compact(at.noteId)
      await system.settings.set(`workspace:${at.workspaceId}:deep`, 'key', 1)
      for (const [table, count] of Object.entries(await counts(system))) {
        assert.ok(count > before[table]!.length, `the seed has nothing in ${table}`)
      }
      assert.equal(await (await second()).workspaces.delete(at.workspaceId), true)
      assert.deepEqual(await everything(system.engine), before)
      assert.equal((await system.messages.last(kept.conversationId, 9)).length, 1)
    },
  },
  {
    id: 'references.cascade-part',
    guarantee: 'What belongs to a deleted row goes along, at any depth, and only that',
    async run({ system }) {
      const at = await seed(system)
      const before = await counts(system)
      await system.conversations.delete(at.conversationId)
      assert.deepEqual(await counts(system), { ...before, conversations: 1, messages: 0 })
      await system.tasks.delete(at.taskId)
      assert.deepEqual(await system.tasks.dependencies(at.waitingId), [])
      const after = await counts(system)
      assert.deepEqual(after, { ...before, conversations: 1, messages: 0, tasks: 1, taskDependencies: 0 })
    },
  },
  {
    id: 'references.set-null',
    guarantee: 'Rows that outlive what they referred to lose the reference and nothing else',
    async run({ system }) {
      const at = await seed(system)
      const [child] = await system.agents.listByParent(at.agentId)
      const [agent, task, talk] = [
        await system.agents.get(at.agentId),
        await system.tasks.get(at.taskId),
        await system.conversations.get(at.conversationId),
      ]
      await system.teams.delete(at.teamId)
      assert.deepEqual(await system.agents.get(at.agentId), { ...agent, teamId: null })
      await system.agents.delete(at.agentId)
      assert.deepEqual(await system.agents.get(child!.id), { ...child, parentId: null })
      assert.deepEqual(await system.tasks.get(at.taskId), { ...task, assigneeId: null })
      await system.codebases.delete(at.codebaseId)
      await system.tasks.delete(at.taskId)
      assert.deepEqual(await system.conversations.get(at.conversationId), {
        ...talk,
        codebaseId: null,
        taskId: null,
      })
    },
  },
  {
    id: 'references.delete-races-create',
    guarantee:
      'A workspace that is deleted while rows are made in it, by two connections, leaves none of them behind',
    async run({ system, second }) {
      const other = await second()
      for (let round = 0; round < 4; round++) {
        const workspaceId = await newWorkspace(system)
        const create = (i: number): Promise<unknown> =>
          i % 3 === 0
            ? other.agents.create({ workspaceId, name: 'A', role: 'r' })
            : i % 3 === 1
              ? other.conversations.getOrCreate({ workspaceId, platform: 'p', platformId: `${i}` })
              : other.tasks.create({ workspaceId, title: 'T' })
        const early = many(6, create)
        const deleted = system.workspaces.delete(workspaceId)
        const { codes } = await settled([...early, ...many(6, create)])
        assert.equal(await deleted, true)
        assert.deepEqual(
          codes.filter((code) => code !== 'REFERENCE'),
          [],
        )
        await refused('REFERENCE', create(round), {})
      }
      for (const [table, rows] of Object.entries(await everything(system.engine)))
        assert.deepEqual(rows, [], table)
    },
  },
  {
    id: 'references.delete-races-reference',
    guarantee: 'A row that is deleted while others come to refer to it is never referred to afterwards',
    async run({ system, second }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      for (let round = 0; round < 4; round++) {
        const { id } = await system.teams.create({ workspaceId, name: 'T' })
        const member = { workspaceId, name: 'A', role: 'r' }
        const joiner = await system.agents.create(member)
        const joins = many(6, (i) =>
          i % 2
            ? other.agents.create({ ...member, teamId: id })
            : other.agents.update(joiner.id, { teamId: id }),
        )
        const deleted = system.teams.delete(id)
        const { codes } = await settled(joins)
        assert.equal(await deleted, true)
        assert.deepEqual(
          codes.filter((code) => code !== 'REFERENCE'),
          [],
        )
        assert.equal(await system.agents.count({ teamId: id }), 0)
      }
    },
  },
]
