/** Groups: their lead, their name and their members, who alone post. */

import assert from 'node:assert/strict'
import type { Conversation } from '../schema/conversations.ts'
import type { NewMessage } from '../stores/messages.ts'
import type { Scope } from '../system.ts'
import { newWorkspace, range, refused, settled } from './expect.ts'
import { idsOf, race, UNKNOWN, upTo } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

export const conversationGroupScenarios: readonly Scenario[] = [
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
