/** A conversation by its platform’s id: there is one, whoever asks and however many do. */

import assert from 'node:assert/strict'
import { newWorkspace, range, refused } from './expect.ts'
import { race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

export const conversationGetOrCreateScenarios: readonly Scenario[] = [
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
]
