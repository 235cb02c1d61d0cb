import assert from 'node:assert/strict'
import type { Conversation } from '../schema/conversations.ts'
import type { ConversationFilter } from '../stores/conversations.ts'
import { newWorkspace, refused } from './expect.ts'
import { idsOf, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'
import { storeVerbScenarios } from './store-verbs.ts'

export const conversationScenarios: readonly Scenario[] = [
  ...storeVerbScenarios({
    name: 'conversations',
    verbs: (scope) => scope.conversations,
    inWorkspace: true,
    newestFirst: true,
    least: (workspaceId) => ({ workspaceId }),
    defaults: (id, now) => ({
      platform: 'terrace',
      platformId: id,
      kind: 'direct',
      leadId: '',
      name: '',
      title: null,
      codebaseId: null,
      taskId: null,
      environmentId: null,
      assistantType: null,
      roles: [],
      members: {},
      archived: false,
      hidden: false,
      deletedAt: null,
      lastActivityAt: now,
      lastSeq: 0,
      metadata: {},
    }),
    whole: async (scope, workspaceId, now) => ({
      given: {
        id: 'c',
        workspaceId,
        platform: 'slack',
        platformId: 'T1/C1:4.2',
        kind: 'group',
        leadId: 'ada',
        name: 'Everybody 🤖',
        title: 'Talk',
        codebaseId: (await scope.codebases.create({ workspaceId, path: '/srv/app' })).id,
        taskId: (await scope.tasks.create({ workspaceId, title: 'Build' })).id,
        environmentId: 'e',
        assistantType: 'claude',
        roles: ['lead', 'developer'],
        members: ['bob', 'ada'],
        archived: true,
        hidden: true,
        metadata: { a: 1, b: { c: [null] } },
      },
      kept: {
        members: { ada: { joinedAt: now.toISOString() }, bob: { joinedAt: now.toISOString() } },
        deletedAt: null,
        lastActivityAt: now,
        lastSeq: 0,
      },
    }),
    patch: {
      title: null,
      taskId: null,
      codebaseId: undefined,
      roles: ['reviewer'],
      archived: false,
      metadata: { a: null, b: { d: 1 } },
    },
    patched: { title: null, taskId: null, roles: ['reviewer'], archived: false, metadata: { b: { d: 1 } } },
    owned: { deletedAt: new Date(0), lastActivityAt: new Date(0), lastSeq: 7 },
    fixed: {
      platform: 'web',
      platformId: 'x',
      kind: 'group',
      leadId: 'x',
      name: 'x',
      assistantType: 'codex',
      members: {},
    },
    bad: {
      id: ['', 7],
      platform: ['', null, 'x'.repeat(65)],
      platformId: ['', 'x'.repeat(129), null],
      kind: ['channel'],
      title: ['x'.repeat(1025), 'a\0'],
      environmentId: [''],
      roles: [null],
      archived: [null, 1],
    },
    refers: {
      codebaseId: {
        make: (scope, workspaceId) => scope.codebases.create({ workspaceId, path: '/srv/app' }),
        remove: (scope, id) => scope.codebases.delete(id),
      },
      taskId: {
        make: (scope, workspaceId) => scope.tasks.create({ workspaceId, title: 'T' }),
        remove: (scope, id) => scope.tasks.delete(id),
      },
    },
  }),
  {
    id: 'conversations.platform-id-unique',
    guarantee:
      'A platform’s id stands for one conversation of a workspace; another platform or workspace may have it too',
    async run({ system }) {
      const { conversations } = system
      const workspaceId = await newWorkspace(system)
      const web = { workspaceId, platform: 'web', platformId: '42' }
      const { id } = await conversations.create(web)
      const taken = { table: 'conversations', columns: ['workspaceId', 'platform', 'platformId'] }
      await refused('ALREADY_EXISTS', conversations.create(web), taken)
      await conversations.softDelete(id)
      await refused('ALREADY_EXISTS', conversations.create(web), taken)
      await conversations.create({ ...web, platform: 'slack' })
      await conversations.create({ ...web, workspaceId: await newWorkspace(system) })
      assert.equal(await conversations.count(), 2)
    },
  },
  {
    id: 'conversations.touch',
    guarantee: 'Activity moves a conversation to the top of lists, and is no change of it',
    async run({ system, clock }) {
      const { conversations } = system
      const workspaceId = await newWorkspace(system)
      const rows: Conversation[] = []
      for (const id of ['a', 'b', 'c']) {
        rows.push(await conversations.create({ id, workspaceId }))
        clock.advance(1)
      }
      const listed = async () => idsOf((await conversations.list({ workspaceId })).items)
      assert.deepEqual(await listed(), ['c', 'b', 'a'])
      assert.deepEqual(await conversations.touch('a'), { ...rows[0], lastActivityAt: clock() })
      assert.deepEqual(await listed(), ['a', 'c', 'b'])
      clock.advance(1)
      await system.messages.append('b', { role: 'user', content: 'Hi' })
      assert.deepEqual(await conversations.get('b'), { ...rows[1], lastActivityAt: clock(), lastSeq: 1 })
      assert.deepEqual(await listed(), ['b', 'a', 'c'])
      await conversations.update('c', { title: 'T' }, { ifVersion: 1 })
      assert.deepEqual(await listed(), ['b', 'a', 'c'])
      await refused('NOT_FOUND', conversations.touch(UNKNOWN), { table: 'conversations', id: UNKNOWN })
    },
  },
  {
    id: 'conversations.soft-delete',
    guarantee:
      'A softly deleted conversation is out of lists and takes no messages, and loses nothing until it is restored',
    async run({ system, clock }) {
      const { conversations } = system
      const workspaceId = await newWorkspace(system)
      const row = await conversations.create({ workspaceId })
      const { id } = row
      const message = await system.messages.append(id, { role: 'user', content: 'Hello' })
      clock.advance(1000)
      const deleted = { ...row, lastSeq: 1, deletedAt: clock(), version: 2, updatedAt: clock() }
      assert.deepEqual(await conversations.softDelete(id), deleted)
      clock.advance(1000)
      assert.deepEqual(await conversations.softDelete(id), deleted)
      assert.deepEqual(await conversations.get(id), deleted)
      assert.deepEqual(
        [await conversations.list({ workspaceId }), await conversations.count()],
        [{ items: [], next: null }, 0],
      )
      assert.deepEqual((await conversations.list({ deleted: true })).items, [deleted])
      const gone = { table: 'conversations', id }
      await refused('NOT_FOUND', system.messages.append(id, { role: 'user', content: 'Hi' }), gone)
      await refused('NOT_FOUND', conversations.touch(id), gone)
      assert.deepEqual(await system.messages.last(id, 10), [message])
      const restored = { ...deleted, deletedAt: null, version: 3, updatedAt: clock() }
      assert.deepEqual(await conversations.restore(id), restored)
      assert.deepEqual(await conversations.restore(id), restored)
      assert.deepEqual((await conversations.list({ workspaceId })).items, [restored])
      await refused('NOT_FOUND', conversations.softDelete(UNKNOWN), { id: UNKNOWN })
      await refused('NOT_FOUND', conversations.restore(UNKNOWN), { id: UNKNOWN })
    },
  },
  {
    id: 'conversations.left-out-of-lists',
    guarantee: 'Archived, hidden and deleted conversations are left out of lists and counts unless asked for',
    async run({ system }) {
      const { conversations } = system
      const workspaceId = await newWorkspace(system)
      await conversations.create({ workspaceId, id: 'plain' })
      await conversations.create({ workspaceId, id: 'archived', archived: true })
      await conversations.create({ workspaceId, id: 'hidden', hidden: true })
      await conversations.create({ workspaceId, id: 'both', archived: true, hidden: true })
      await conversations.create({ workspaceId, id: 'deleted' })
      await conversations.softDelete('deleted')
      const cases: [filter: ConversationFilter, ids: string[]][] = [
        [{}, ['plain']],
        [{ archived: true }, ['archived']],
        [{ archived: false }, ['plain']],
        [{ includeArchived: true }, ['archived', 'plain']],
        [{ hidden: true }, ['hidden']],
        [{ hidden: [true, false] }, ['hidden', 'plain']],
        [{ hidden: true, includeArchived: true }, ['both', 'hidden']],
        [{ deleted: true }, ['deleted']],
        [{ deleted: false }, ['plain']],
        [{ id: ['plain', 'hidden', 'deleted'] }, ['plain']],
      ]
      for (const [filter, expected] of cases) {
        const { items } = await conversations.list({ workspaceId, ...filter })
        assert.deepEqual(idsOf(items).toSorted(), expected, JSON.stringify(filter))
        assert.equal(await conversations.count({ workspaceId, ...filter }), expected.length)
      }
    },
  },
  {
    id: 'conversations.delete-takes-messages',
    guarantee: 'The messages of a conversation go with it, and those of another stay',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const [gone, kept] = [
        await system.conversations.create({ workspaceId }),
        await system.conversations.create({ workspaceId }),
      ]
      const lost = await system.messages.append(gone.id, { role: 'user', content: 'a' })
      const left = await system.messages.append(kept.id, { role: 'user', content: 'b' })
      assert.equal(await system.conversations.delete(gone.id), true)
      assert.equal(await system.messages.get(lost.id), null)
      assert.deepEqual(await system.messages.last(gone.id, 10), [])
      assert.deepEqual(await system.messages.last(kept.id, 10), [left])
    },
  },
]
