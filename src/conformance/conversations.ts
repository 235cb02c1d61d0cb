import assert from 'node:assert/strict'
import type { Conversation } from '../schema/conversations.ts'
import type { ConversationFilter } from '../stores/conversations.ts'
import type { NewMessage } from '../stores/messages.ts'
import type { Scope } from '../system.ts'
import { newWorkspace, range, refused, settled } from './expect.ts'
import { idsOf, race, UNKNOWN, upTo } from './fixtures.ts'
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
    id: 'conversations.get-or-create-race',
    guarantee:
      'However many get or create one conversation at once, there is one, and all get it without an error',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      for (const round of range(4)) {
        const calls = race(16, systems, (each, i) =>
          each.conversations.getOrCreate({
            workspaceId,
            platform: 'web',
            platformId: `${round}`,
            title: `${i}`,
          }),
        )
        const rows = await Promise.all(calls)
        const { items } = await system.conversations.list({ workspaceId, platformId: `${round}` })
        assert.equal(items.length, 1)
        for (const row of rows) assert.deepEqual(row, items[0])
      }
    },
  },
  {
    id: 'conversations.get-or-create',
    guarantee: 'What is given besides counts only when the conversation is made; getting it changes nothing',
    async run({ system, clock }) {
      const { conversations } = system
      const workspaceId = await newWorkspace(system)
      const key = { workspaceId, platform: 'web', platformId: '42' }
      const made = await conversations.getOrCreate({ ...key, title: 'First', assistantType: 'claude' })
      const { title, kind, assistantType, version, createdAt, lastActivityAt } = made
      assert.deepEqual(
        { title, kind, assistantType, version, createdAt, lastActivityAt },
        {
          title: 'First',
          kind: 'direct',
          assistantType: 'claude',
          version: 1,
          createdAt: clock(),
          lastActivityAt: clock(),
        },
      )
      clock.advance(1000)
      const again = await conversations.getOrCreate({
        ...key,
        id: 'x',
        title: 'Second',
        assistantType: 'codex',
      })
      assert.deepEqual(again, made)
      assert.deepEqual(await conversations.get(made.id), made)
      const hidden = await conversations.update(made.id, { hidden: true, archived: true })
      assert.deepEqual(await conversations.getOrCreate(key), hidden)
      const other = await conversations.getOrCreate({ ...key, platform: 'Web' })
      assert.notEqual(other.id, made.id)
    },
  },
  {
    id: 'conversations.get-or-create-refusals',
    guarantee: 'To get or create takes the platform and its id, and is for direct conversations',
    async run({ system }) {
      const { conversations } = system
      const workspaceId = await newWorkspace(system)
      const given = { workspaceId, platform: 'web', platformId: '42' }
      const bad: [column: string, value: unknown][] = [
        ['platform', undefined],
        ['platform', ''],
        ['platformId', undefined],
        ['platformId', null],
        ['platformId', 'a\0'],
        ['members', ['bob']],
        ['leadId', 'ada'],
        ['name', 'All'],
        ['lastSeq', 1],
      ]
      for (const [column, value] of bad) {
        // The cast: the types forbid these.
        const call = conversations.getOrCreate({ ...given, [column]: value } as typeof given)
        await refused('VALIDATION', call, { table: 'conversations', column })
      }
      const group = { ...given, kind: 'group', leadId: 'ada', name: 'All' }
      await refused('VALIDATION', conversations.getOrCreate(group), { column: 'kind' })
      const lost = { ...given, workspaceId: UNKNOWN }
      await refused('REFERENCE', conversations.getOrCreate(lost), { table: 'conversations' })
      assert.equal(await conversations.count(), 0)
    },
  },
  {
    id: 'conversations.get-or-create-of-a-group',
    guarantee:
      'To get or create by the platform’s id of a group is ALREADY_EXISTS, and restores none that is deleted',
    async run({ system, clock }) {
      const { conversations } = system
      const workspaceId = await newWorkspace(system)
      const key = { workspaceId, platform: 'web', platformId: '42' }
      const group = await conversations.create({ ...key, kind: 'group', leadId: 'ada', name: 'All' })
      const taken = {
        table: 'conversations',
        columns: ['workspaceId', 'platform', 'platformId'],
      }
      await refused('ALREADY_EXISTS', conversations.getOrCreate(key), taken)
      assert.deepEqual(await conversations.get(group.id), group)
      await conversations.softDelete(group.id)
      const deleted = await conversations.get(group.id)
      clock.advance(1000)
      await refused('ALREADY_EXISTS', conversations.getOrCreate({ ...key, title: 'Mine' }), taken)
      assert.deepEqual(await conversations.get(group.id), deleted)
      assert.deepEqual(deleted?.deletedAt, group.createdAt)
    },
  },
  {
    id: 'conversations.get-or-create-restores',
    guarantee:
      'A deleted conversation is restored, once and with all that was said, when it is asked for again',
    async run({ system, second, clock }) {
      const workspaceId = await newWorkspace(system)
      const key = { workspaceId, platform: 'web', platformId: '42' }
      const made = await system.conversations.getOrCreate({ ...key, title: 'First' })
      const message = await system.messages.append(made.id, { role: 'user', content: 'Hello' })
      await system.conversations.softDelete(made.id)
      clock.advance(1000)
      const calls = race(8, [system, await second()], (each) => each.conversations.getOrCreate(key))
      const expected = { ...made, lastSeq: 1, version: 3, updatedAt: clock() }
      for (const row of await Promise.all(calls)) assert.deepEqual(row, expected)
      assert.deepEqual(await system.messages.last(made.id, 10), [message])
    },
  },
  {
    id: 'conversations.get-or-create-while-deleted',
    guarantee:
      'Getting or creating never fails, also when the conversation is deleted meanwhile, softly or for good',
    async run({ system, second }) {
      const other = await second()
      const workspaceId = await newWorkspace(system)
      const key = { workspaceId, platform: 'web', platformId: '42' }
      for (const round of range(10)) {
        const { id } = await system.conversations.getOrCreate(key)
        const asked = race(6, [system, other], (each) => each.conversations.getOrCreate(key))
        const deleted = round % 2 ? other.conversations.softDelete(id) : other.conversations.delete(id)
        const [rows] = await Promise.all([Promise.all(asked), deleted])
        for (const row of rows) assert.deepEqual([row.platformId, row.deletedAt], ['42', null])
        assert.ok((await system.conversations.list({ workspaceId })).items.length <= 1)
      }
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
  {
    id: 'conversations.group-name-unique',
    guarantee: 'A group’s name is unique among those of its lead, also when many make it at once',
    async run({ system, second }) {
      const workspaceId = await newWorkspace(system)
      const group = { workspaceId, kind: 'group', leadId: 'ada', name: 'All' } as const
      const calls = race(8, [system, await second()], (each) => each.conversations.create(group))
      const { values, codes } = await settled(calls)
      assert.deepEqual([values.length, codes], [1, Array(7).fill('ALREADY_EXISTS')])
      const columns = ['workspaceId', 'leadId', 'name']
      await refused('ALREADY_EXISTS', system.conversations.create(group), { table: 'conversations', columns })
      for (const other of [{ leadId: 'bob' }, { name: 'all' }, { workspaceId: await newWorkspace(system) }]) {
        await system.conversations.create({ ...group, ...other })
      }
      // Direct ones have neither lead nor name, and there may be many.
      await Promise.all(race(3, [system], (each) => each.conversations.create({ workspaceId })))
      assert.equal(await system.conversations.count(), 7)
    },
  },
  {
    id: 'conversations.group-rules',
    guarantee:
      'A group has a lead, who is a member, and a name; a direct conversation has neither, and no members',
    async run({ system, clock }) {
      const { conversations } = system
      const workspaceId = await newWorkspace(system)
      const group = { workspaceId, kind: 'group', leadId: 'ada', name: 'All' } as const
      const bad: [column: string, input: Parameters<typeof conversations.create>[0]][] = [
        ['leadId', { ...group, leadId: '' }],
        ['leadId', { ...group, leadId: undefined }],
        ['name', { ...group, name: '' }],
        ['name', { ...group, name: undefined }],
        ['members', { ...group, members: [''] }],
        ['leadId', { ...group, members: ['x'.repeat(129)] }],
        ['leadId', { workspaceId, leadId: 'ada' }],
        ['name', { workspaceId, name: 'All' }],
        ['members', { workspaceId, members: [] }],
      ]
      for (const [column, input] of bad) {
        await refused('VALIDATION', conversations.create(input), { table: 'conversations', column })
      }
      assert.equal(await conversations.count(), 0)
      const { members } = await conversations.create(group)
      assert.deepEqual(members, { ada: { joinedAt: clock().toISOString() } })
    },
  },
  {
    id: 'conversations.members',
    guarantee: 'Members join once, keep the day they joined, and leave; the lead stays',
    async run({ system, clock }) {
      const { conversations } = system
      const group = await aGroup(system, ['bob'])
      const joined = { joinedAt: clock().toISOString() }
      clock.advance(1000)
      const later = { joinedAt: clock().toISOString() }
      const withCleo = {
        ...group,
        members: { ada: joined, bob: joined, cleo: later },
        version: 2,
        updatedAt: clock(),
      }
      assert.deepEqual(await conversations.addMember(group.id, 'cleo'), withCleo)
      clock.advance(1000)
      assert.deepEqual((await conversations.addMember(group.id, 'cleo')).members, withCleo.members)
      assert.deepEqual((await conversations.removeMember(group.id, 'bob')).members, {
        ada: joined,
        cleo: later,
      })
      assert.deepEqual((await conversations.removeMember(group.id, 'bob')).members, {
        ada: joined,
        cleo: later,
      })
      const lead = { table: 'conversations', column: 'members' }
      await refused('VALIDATION', conversations.removeMember(group.id, 'ada'), lead)
      const { members } = (await conversations.get(group.id))!
      assert.deepEqual(members, { ada: joined, cleo: later })
      assert.deepEqual(idsOf((await conversations.list({ memberId: 'cleo' })).items), [group.id])
      assert.deepEqual((await conversations.list({ memberId: 'bob' })).items, [])
    },
  },
  {
    id: 'conversations.member-refusals',
    guarantee: 'Members are added to and taken from groups that are there, by a name that can be kept',
    async run({ system }) {
      const { conversations } = system
      const group = await aGroup(system, ['bob'])
      const direct = await conversations.create({ workspaceId: group.workspaceId })
      const deleted = await conversations.create({
        workspaceId: group.workspaceId,
        kind: 'group',
        leadId: 'l',
        name: 'n',
      })
      await conversations.softDelete(deleted.id)
      for (const verb of ['addMember', 'removeMember'] as const) {
        for (const id of [UNKNOWN, deleted.id]) {
          await refused('NOT_FOUND', conversations[verb](id, 'bob'), { table: 'conversations', id })
        }
        await refused('VALIDATION', conversations[verb](direct.id, 'bob'), { column: 'members' })
        for (const name of ['', 'a\0', '\ud800', 'x'.repeat(129), '__proto__']) {
          await refused('VALIDATION', conversations[verb](group.id, name), { table: 'conversations' })
        }
      }
      assert.deepEqual(await conversations.get(group.id), group)
      const odd = await conversations.addMember(group.id, 'constructor')
      assert.deepEqual(Object.keys(odd.members).toSorted(), ['ada', 'bob', 'constructor'])
    },
  },
  {
    id: 'conversations.members-listed',
    guarantee: 'The members of a new group are given as a list of names; what is no list is refused',
    async run({ system }) {
      const { conversations } = system
      const group = {
        workspaceId: await newWorkspace(system),
        kind: 'group',
        leadId: 'ada',
        name: 'All',
      } as const
      const bad = ['bob', 7, true, { 0: 'bob', length: 1 }, new Set(['bob']), { bob: {} }, () => ['bob']]
      for (const members of bad) {
        // The cast: the types forbid these.
        const create = conversations.create({ ...group, members: members as never })
        await refused('VALIDATION', create, { table: 'conversations' })
      }
      assert.equal(await conversations.count(), 0)
      const { members } = await conversations.create({ ...group, members: ['bob', 'ada', 'bob'] })
      assert.deepEqual(Object.keys(members).toSorted(), ['ada', 'bob'])
    },
  },
  {
    id: 'conversations.member-race',
    guarantee: 'Members who are added and removed at once are all in and all out',
    async run({ system, second }) {
      const leaving = range(6).map((i) => `old${i}`)
      const group = await aGroup(system, leaving)
      const systems = [system, await second()]
      const { codes } = await settled([
        ...race(12, systems, (each, i) => each.conversations.addMember(group.id, `new${i}`)),
        ...race(6, systems, (each, i) => each.conversations.removeMember(group.id, leaving[i]!)),
        ...race(4, systems, (each) => each.conversations.removeMember(group.id, 'ada')),
      ])
      assert.deepEqual(codes, Array(4).fill('VALIDATION'))
      const { members, version } = (await system.conversations.get(group.id))!
      const expected = ['ada', ...range(12).map((i) => `new${i}`)]
      assert.deepEqual([Object.keys(members).toSorted(), version], [expected.toSorted(), 19])
    },
  },
  {
    id: 'conversations.members-alone-post',
    guarantee:
      'Only members post to a group, and a refused message leaves no trace; anyone posts to a direct conversation',
    async run({ system }) {
      const group = await aGroup(system, ['bob'])
      const post = (senderId: string | null | undefined) =>
        system.messages.append(group.id, { role: 'assistant', content: `by ${senderId}`, senderId })
      const stranger = { table: 'messages', column: 'senderId' }
      for (const senderId of ['eve', 'Bob', 'joinedAt', 'constructor', 'toString', null, undefined]) {
        await refused('VALIDATION', post(senderId), stranger)
      }
      const [ada, bob] = [await post('ada'), await post('bob')]
      const mixed = ['ada', 'eve'].map((senderId) => ({ role: 'user', content: 'c', senderId }) as const)
      await refused('VALIDATION', system.messages.appendMany(group.id, mixed), stranger)
      await system.conversations.removeMember(group.id, 'bob')
      await refused('VALIDATION', post('bob'), stranger)
      await system.conversations.addMember(group.id, 'eve')
      const both = await system.messages.appendMany(group.id, mixed)
      assert.deepEqual(await system.messages.last(group.id, 10), [ada, bob, ...both])
      assert.deepEqual(
        [ada, bob, ...both].map(({ seq }) => seq),
        [1, 2, 3, 4],
      )
      const direct = await system.conversations.create({ workspaceId: group.workspaceId })
      await system.messages.appendMany(direct.id, [...mixed, { role: 'user', content: 'nobody' }])
    },
  },
  {
    id: 'conversations.post-or-leave',
    guarantee:
      'Whoever is taken out of a group while posting has posted before or not at all, and posts no more',
    async run({ system, second }) {
      const other = await second()
      const say = (senderId: string): NewMessage => ({ role: 'assistant', content: senderId, senderId })
      for (const head of range(8)) {
        const group = await aGroup(system, ['bob'])
        const calls = race(8, [system, other], (each, i) =>
          each.messages.appendMany(group.id, i % 2 ? [say('bob')] : [say('ada'), say('bob')]),
        )
        const leave = async () => {
          // A head start of some round trips, so that leaving meets posting at different points.
          for (const _ of range(head)) await other.conversations.get(group.id)
          return other.conversations.removeMember(group.id, 'bob')
        }
        const [{ values, codes }, left] = await Promise.all([settled(calls), leave()])
        assert.deepEqual(codes, Array(codes.length).fill('VALIDATION'))
        await refused('VALIDATION', system.messages.appendMany(group.id, [say('bob')]))
        const stored = await system.messages.last(group.id, 100)
        assert.deepEqual(new Set(idsOf(stored)), new Set(idsOf(values.flat())))
        // `left` is the group at the very moment of leaving.
        assert.deepEqual(
          stored.map(({ seq }) => seq),
          upTo(left.lastSeq),
        )
      }
    },
  },
]

async function aGroup(scope: Scope, members: readonly string[]): Promise<Conversation> {
  const workspaceId = await newWorkspace(scope)
  return scope.conversations.create({ workspaceId, kind: 'group', leadId: 'ada', name: 'All', members })
}
