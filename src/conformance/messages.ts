import assert from 'node:assert/strict'
import { messages } from '../schema/messages.ts'
import type { NewMessage } from '../stores/messages.ts'
import { range, refused, settled } from './expect.ts'
import { ascending, aTalk, hello, idsOf, race, UNKNOWN, upTo } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

export const messageScenarios: readonly Scenario[] = [
  {
    id: 'messages.defaults',
    guarantee: 'What is left out of a message is null, and its workspace, seq and time are the store’s',
    async run({ system, clock }) {
      const talk = await aTalk(system)
      clock.advance(1000)
      const message = await system.messages.append(talk.id, { role: 'user', content: 'Ship it' })
      assert.deepEqual(message, {
        id: message.id,
        workspaceId: talk.workspaceId,
        conversationId: talk.id,
        seq: 1,
        role: 'user',
        senderId: null,
        senderRole: null,
        content: 'Ship it',
        toolName: null,
        toolCall: null,
        turn: null,
        reactions: {},
        createdAt: clock(),
      })
      assert.deepEqual(await system.messages.get(message.id), message)
      const changed = { lastSeq: 1, lastActivityAt: clock() }
      assert.deepEqual(await system.conversations.get(talk.id), { ...talk, ...changed })
    },
  },
  {
    id: 'messages.keeps-what-is-given',
    guarantee: 'Everything given for a message is kept exactly, tool calls deep-equal',
    async run({ system, clock }) {
      const { id, workspaceId } = await aTalk(system)
      const given = {
        id: 'm',
        role: 'tool',
        content: ' Größe\r\n\t"🤖" ',
        senderId: 'ada',
        senderRole: 'developer',
        toolName: 'run',
        toolCall: {
          name: 'run',
          input: { zebra: 1, a: [null, true, 'x', { deep: { deeper: 0.1 } }], '': '' },
          output: ['line', '', { code: -1.5e-7 }],
          durationMs: 1234,
        },
        turn: 7,
      } as const
      const message = await system.messages.append(id, given)
      const rest = { workspaceId, conversationId: id, seq: 1, reactions: {}, createdAt: clock() }
      assert.deepEqual(message, { ...given, ...rest })
      assert.deepEqual(await system.messages.get('m'), message)
      const calls = [
        { name: 'a', output: null },
        { name: 'b', input: 'text' },
        { name: 'c', output: 0, more: [] },
      ]
      for (const toolCall of calls) {
        const { id: messageId } = await system.messages.append(id, { role: 'tool', content: '', toolCall })
        assert.deepEqual((await system.messages.get(messageId))?.toolCall, toolCall)
      }
    },
  },
  {
    id: 'messages.refusals',
    guarantee: 'A message that cannot be kept is refused by column, and neither a message nor a seq is lost',
    async run({ system }) {
      const talk = await aTalk(system)
      const bad: Readonly<Record<string, readonly unknown[]>> = {
        id: ['', 7, 'x'.repeat(129)],
        role: ['bot', null, undefined],
        content: [null, undefined, 'a\0', '\ud800', 7],
        senderId: ['', 'x'.repeat(129)],
        senderRole: [''],
        toolName: ['', 'x'.repeat(257)],
        toolCall: [
          { name: 'a', input: Number.NaN },
          { name: 'a', at: new Date(0) },
        ],
        turn: [0.5, 2 ** 53],
        nonsense: [1],
        // The store's own.
        workspaceId: [talk.workspaceId],
        conversationId: [talk.id],
        seq: [1],
        reactions: [{}],
        createdAt: [new Date(0)],
      }
      for (const [column, values] of Object.entries(bad)) {
        for (const value of values) {
          // The cast: the types forbid these.
          const message = { role: 'user', content: 'x', [column]: value } as NewMessage
          const field = { table: 'messages', column }
          await refused('VALIDATION', system.messages.append(talk.id, message), field)
          await refused('VALIDATION', system.messages.appendMany(talk.id, [hello, message]), field)
        }
      }
      assert.deepEqual(await system.conversations.get(talk.id), talk)
      assert.equal((await system.messages.append(talk.id, hello)).seq, 1)
    },
  },
  {
    id: 'messages.into-nothing',
    guarantee: 'A conversation that is not there, or was deleted, takes no messages, and has none to read',
    async run({ system }) {
      const deleted = await aTalk(system)
      await system.conversations.delete(deleted.id)
      for (const id of [UNKNOWN, deleted.id, '', 'a\0']) {
        const gone = { table: 'conversations', id }
        await refused('NOT_FOUND', system.messages.append(id, hello), gone)
        await refused('NOT_FOUND', system.messages.appendMany(id, [hello, hello]), gone)
        assert.deepEqual(await system.messages.last(id, 5), [])
        assert.deepEqual(await system.messages.range(id, 1, 5), [])
        assert.deepEqual(await system.messages.list(id), { items: [], next: null })
        assert.equal(await system.messages.count(id), 0)
      }
    },
  },
  {
    id: 'messages.id-unique',
    guarantee:
      'Of messages with one id, in whichever conversations, one is stored, and the refused ones use up no seq',
    async run({ system, second }) {
      const [talk, other] = [await aTalk(system), await aTalk(system)]
      const calls = race(8, [system, await second()], (each, i) =>
        each.messages.append(i % 4 < 2 ? talk.id : other.id, { ...hello, id: 'same', content: `${i}` }),
      )
      const { values, codes } = await settled(calls)
      assert.deepEqual([values.length, codes], [1, Array(7).fill('ALREADY_EXISTS')])
      assert.deepEqual(await system.messages.get('same'), values[0])
      const taken = { table: 'messages', columns: ['id'] }
      await refused('ALREADY_EXISTS', system.messages.append(talk.id, { ...hello, id: 'same' }), taken)
      const rows = await system.conversations.getMany([talk.id, other.id])
      assert.deepEqual(ascending(rows.map(({ lastSeq }) => lastSeq)), [0, 1])
      const pair = [
        { ...hello, id: 'twice' },
        { ...hello, id: 'twice' },
      ]
      await refused('ALREADY_EXISTS', system.messages.appendMany(talk.id, pair), taken)
      assert.equal(await system.messages.get('twice'), null)
    },
  },
  {
    id: 'messages.append-many',
    guarantee: 'Messages that are added together are numbered in a row, in their order, all of them or none',
    async run({ system, clock }) {
      const talk = await aTalk(system)
      const { id } = talk
      assert.deepEqual(await system.messages.appendMany(id, []), [])
      assert.deepEqual(await system.conversations.get(id), talk)
      clock.advance(1000)
      const contents = range(1000).map(String)
      const block = await system.messages.appendMany(
        id,
        contents.map((content) => ({ role: 'user', content })),
      )
      assert.deepEqual(
        block.map(({ content }) => content),
        contents,
      )
      assert.deepEqual(
        block.map(({ seq }) => seq),
        upTo(1000),
      )
      assert.deepEqual(await system.messages.last(id, 1000), block)
      await refused('VALIDATION', system.messages.appendMany(id, Array(1001).fill(hello)), {
        table: 'messages',
      })
      const taken = [hello, { ...hello, id: block[0]!.id }]
      await refused('ALREADY_EXISTS', system.messages.appendMany(id, taken), { columns: ['id'] })
      const { lastSeq, lastActivityAt, version } = (await system.conversations.get(id))!
      assert.deepEqual([lastSeq, lastActivityAt, version], [1000, clock(), 1])
    },
  },
  {
    id: 'messages.immutable',
    guarantee: 'What was said stays: messages have no verb that changes them, but for reactions',
    async run({ system, clock }) {
      const { id } = await aTalk(system)
      const verbs = [
        'append',
        'appendMany',
        'count',
        'delete',
        'get',
        'getMany',
        'last',
        'list',
        'range',
        'react',
        'unreact',
      ]
      assert.deepEqual(Object.keys(system.messages).toSorted(), verbs)
      const message = await system.messages.append(id, { ...hello, toolCall: { name: 'run' } })
      clock.advance(1000)
      const reacted = await system.messages.react(message.id, '👍', 'ada')
      assert.deepEqual(reacted, { ...message, reactions: { '👍': ['ada'] } })
      assert.deepEqual(await system.messages.unreact(message.id, '👍', 'ada'), message)
      assert.deepEqual(await system.messages.get(message.id), message)
    },
  },
  {
    id: 'messages.append-or-soft-delete',
    guarantee:
      'A message meets a conversation that is being deleted before or not at all: what was answered is there',
    async run({ system, second }) {
      const other = await second()
      for (const _round of range(5)) {
        const { id } = await aTalk(system)
        const calls = race(12, [system, other], (each) => each.messages.append(id, hello))
        const [{ values, codes }] = await Promise.all([settled(calls), other.conversations.softDelete(id)])
        assert.deepEqual(codes, Array(codes.length).fill('NOT_FOUND'))
        await refused('NOT_FOUND', system.messages.append(id, hello))
        const stored = await system.messages.last(id, 100)
        assert.deepEqual(
          stored.map(({ seq }) => seq),
          upTo(values.length),
        )
        assert.deepEqual(new Set(idsOf(stored)), new Set(idsOf(values)))
        assert.equal((await system.conversations.get(id))?.lastSeq, values.length)
      }
    },
  },
  {
    id: 'messages.append-or-delete',
    guarantee:
      'No message outlives its conversation, also when it is deleted, or its workspace, while others write to it',
    async run({ system, second }) {
      const other = await second()
      for (const round of range(6)) {
        const { id, workspaceId } = await aTalk(system)
        const calls = race<unknown>(12, [system, other], (each, i) =>
          i % 3 ? each.messages.append(id, hello) : each.messages.appendMany(id, [hello, hello]),
        )
        const deleted = round % 2 ? other.conversations.delete(id) : other.workspaces.delete(workspaceId)
        const [{ codes }, gone] = await Promise.all([settled(calls), deleted])
        assert.equal(gone, true)
        assert.deepEqual(codes, Array(codes.length).fill('NOT_FOUND'))
        assert.deepEqual(await system.engine.find(messages), [])
      }
    },
  },
  {
    id: 'messages.sender-outlived',
    guarantee: 'A message keeps the name of its sender when the agent goes',
    async run({ system }) {
      const { id, workspaceId } = await aTalk(system)
      const ada = await system.agents.create({ workspaceId, name: 'Ada', role: 'developer' })
      const message = await system.messages.append(id, {
        role: 'assistant',
        content: 'Done',
        senderId: ada.id,
      })
      await system.agents.delete(ada.id)
      assert.deepEqual(await system.messages.last(id, 1), [message])
      assert.equal(message.senderId, ada.id)
    },
  },
]
