import assert from 'node:assert/strict'
import type { Conversation } from '../schema/conversations.ts'
import { messages } from '../schema/messages.ts'
import type { MessageStore, NewMessage } from '../stores/messages.ts'
import type { Scope } from '../system.ts'
import { newWorkspace, range, refused, settled } from './expect.ts'
import { ascending, idsOf, race, UNKNOWN, upTo } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

const WRITERS = 10

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
    id: 'messages.seq-gapless',
    guarantee: 'N writers number their messages 1, 2, 3 … without gaps, each in the order of its own writing',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await aTalk(system)
      const written = await Promise.all(
        race(WRITERS, systems, async (each) => {
          const seqs: number[] = []
          for (const n of range(6)) {
            if (n % 3 === 2) {
              const block = await each.messages.appendMany(id, [hello, hello, hello])
              const [first] = block.map(({ seq }) => seq)
              assert.deepEqual(
                block.map(({ seq }) => seq),
                [first!, first! + 1, first! + 2],
              )
              seqs.push(...block.map(({ seq }) => seq))
            } else seqs.push((await each.messages.append(id, hello)).seq)
          }
          assert.deepEqual(seqs, ascending(seqs))
          return seqs
        }),
      )
      assert.deepEqual(ascending(written.flat()), upTo(WRITERS * 10))
      const stored = await system.messages.last(id, 1000)
      assert.deepEqual(
        stored.map(({ seq }) => seq),
        upTo(WRITERS * 10),
      )
      assert.equal((await system.conversations.get(id))?.lastSeq, WRITERS * 10)
    },
  },
  {
    id: 'messages.seq-gapless-after-refusals',
    guarantee: 'Messages that are refused among others leave no gap',
    async run({ system, second }) {
      const { id } = await aTalk(system)
      await system.messages.append(id, { ...hello, id: 'taken' })
      const tries: NewMessage[] = [
        hello,
        { ...hello, id: 'taken' },
        hello,
        { ...hello, content: 'a\0' },
        { ...hello, id: 'same' },
      ]
      const calls = race(40, [system, await second()], (each, i) => each.messages.append(id, tries[i % 5]!))
      const { values, codes } = await settled(calls)
      assert.equal(values.length, 17)
      assert.equal(codes.filter((code) => code === 'ALREADY_EXISTS').length, 15)
      assert.equal(codes.filter((code) => code === 'VALIDATION').length, 8)
      const stored = await system.messages.last(id, 1000)
      assert.deepEqual(
        stored.map(({ seq }) => seq),
        upTo(18),
      )
      assert.deepEqual(new Set(idsOf(stored.slice(1))), new Set(idsOf(values)))
    },
  },
  {
    id: 'messages.seq-gapless-after-rollback',
    guarantee:
      'Messages of a transaction that is rolled back leave no gap, and those of one that commits are in order',
    async run({ system }) {
      const { id } = await aTalk(system)
      await system.messages.append(id, hello)
      const failed = system.transaction(async (tx) => {
        assert.equal((await tx.messages.append(id, hello)).seq, 2)
        assert.equal((await tx.messages.appendMany(id, [hello, hello])).at(-1)?.seq, 4)
        throw new Error('changed my mind')
      })
      await assert.rejects(failed, /changed my mind/)
      const seqs = await system.transaction(async (tx) => {
        const first = await tx.messages.append(id, hello)
        const last = await tx.messages.append(id, hello)
        return [first.seq, last.seq]
      })
      assert.deepEqual(seqs, [2, 3])
      assert.equal((await system.messages.append(id, hello)).seq, 4)
      assert.equal(await system.messages.count(id), 4)
    },
  },
  {
    id: 'messages.seq-never-reused',
    guarantee: 'The seq of a message that was deleted is never given again',
    async run({ system }) {
      const { id } = await aTalk(system)
      const made = await system.messages.appendMany(id, [hello, hello, hello])
      assert.equal(await system.messages.delete(made[2]!.id), true)
      assert.equal(await system.messages.delete(made[2]!.id), false)
      assert.equal(await system.messages.delete(made[0]!.id), true)
      assert.equal(await system.messages.get(made[2]!.id), null)
      const fourth = await system.messages.append(id, hello)
      assert.equal(fourth.seq, 4)
      assert.deepEqual(await system.messages.last(id, 10), [made[1], fourth])
      assert.equal(await system.messages.count(id), 2)
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
    id: 'messages.last',
    guarantee: 'A window is the newest n, oldest first; none of them when n is 0',
    async run({ system }) {
      const { id } = await aTalk(system)
      const all = await system.messages.appendMany(
        id,
        range(5).map((i) => ({ ...hello, content: `${i}` })),
      )
      await aTalk(system).then((other) => system.messages.append(other.id, hello))
      assert.deepEqual(await system.messages.last(id, 0), [])
      for (const n of [1, 2, 5, 6, 1000]) assert.deepEqual(await system.messages.last(id, n), all.slice(-n))
      for (const n of [-1, 1001, 1.5, Number.NaN, null as unknown as number]) {
        await refused('VALIDATION', system.messages.last(id, n), { table: 'messages' })
      }
    },
  },
  {
    id: 'messages.range',
    guarantee:
      'A range is what has these seqs, both ends included, oldest first, whatever was deleted among them',
    async run({ system }) {
      const { id } = await aTalk(system)
      const all = await system.messages.appendMany(id, Array(8).fill(hello))
      const seqs = async (from: number, to: number) => {
        const found = await system.messages.range(id, from, to)
        assert.deepEqual(found, all.slice(Math.max(0, from - 1), Math.max(0, to)))
        return found.map(({ seq }) => seq)
      }
      assert.deepEqual(await seqs(3, 5), [3, 4, 5])
      assert.deepEqual(await seqs(8, 8), [8])
      assert.deepEqual(await seqs(0, 2), [1, 2])
      assert.deepEqual(await seqs(7, 999), [7, 8])
      assert.deepEqual(await seqs(9, 20), [])
      assert.deepEqual(await system.messages.range(id, 5, 3), [])
      for (const seq of [4, 5]) await system.messages.delete(all[seq - 1]!.id)
      const rest = await system.messages.range(id, 3, 6)
      assert.deepEqual(
        rest.map(({ seq }) => seq),
        [3, 6],
      )
      for (const [from, to] of [
        [0.5, 2],
        [1, Number.NaN],
        [1, 1001],
        [1, 2 ** 53],
      ] as const) {
        await refused('VALIDATION', system.messages.range(id, from, to), { table: 'messages' })
      }
    },
  },
  {
    id: 'messages.list',
    guarantee:
      'Pages of a conversation make the whole, skip and repeat nothing while more is said, and are its own',
    async run({ system }) {
      const [talk, other] = [await aTalk(system), await aTalk(system)]
      const { id } = talk
      const all = await system.messages.appendMany(id, Array(4).fill(hello))
      await system.messages.append(other.id, hello)
      const first = await system.messages.list(id, { limit: 3 })
      assert.deepEqual(first.items, all.slice(0, 3))
      all.push(await system.messages.append(id, hello))
      const rest = await system.messages.list(id, { limit: 3, after: first.next })
      assert.deepEqual(rest, { items: all.slice(3), next: null })
      const reversed = await system.messages.list(id, { order: { seq: 'desc' } })
      assert.deepEqual(reversed, { items: all.toReversed(), next: null })
      const foreign = { table: 'messages' }
      await refused('VALIDATION', system.messages.list(other.id, { after: first.next }), foreign)
      await refused('VALIDATION', system.messages.list(id, { after: 'nonsense' }), foreign)
      assert.deepEqual([await system.messages.count(id), await system.messages.count(other.id)], [5, 1])
      const [a, b] = [all[4]!, all[1]!]
      assert.deepEqual(await system.messages.getMany([a.id, UNKNOWN, b.id, a.id]), [a, b])
      assert.deepEqual(await system.messages.getMany([]), [])
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
    id: 'messages.reactions',
    guarantee:
      'A person reacts once with one reaction, takes back only that, and reactions are in the order of their text',
    async run({ system }) {
      const { id } = await aTalk(system)
      const { id: messageId } = await system.messages.append(id, hello)
      const { react, unreact } = system.messages
      const given: [reaction: string, by: string][] = [
        ['👍', 'bob'],
        ['\u{ff5e}', 'bob'],
        ['👍', 'ada'],
        ['👍', 'bob'],
        ['+1', '","'],
        ['+1', '["'],
        ['__proto__', 'constructor'],
      ]
      for (const [reaction, by] of given) await react(messageId, reaction, by)
      const { reactions } = (await system.messages.get(messageId))!
      assert.deepEqual(Object.entries(reactions), [
        ['+1', ['","', '["']],
        ['__proto__', ['constructor']],
        ['\u{ff5e}', ['bob']],
        ['👍', ['ada', 'bob']],
      ])
      await unreact(messageId, '👍', 'bob')
      await unreact(messageId, '👍', 'nobody')
      await unreact(messageId, '❤️', 'ada')
      for (const by of ['","', '["']) await unreact(messageId, '+1', by)
      const left = await unreact(messageId, '__proto__', 'constructor')
      assert.deepEqual(left.reactions, { '\u{ff5e}': ['bob'], '👍': ['ada'] })
      assert.deepEqual((await system.messages.last(id, 1))[0], left)
    },
  },
  {
    id: 'messages.reaction-refusals',
    guarantee: 'A reaction and who reacts are text that can be kept, and the message is there',
    async run({ system }) {
      const { id } = await aTalk(system)
      const message = await system.messages.append(id, hello)
      for (const verb of ['react', 'unreact'] as const) {
        await refused('NOT_FOUND', system.messages[verb](UNKNOWN, '👍', 'ada'), {
          table: 'messages',
          id: UNKNOWN,
        })
        for (const bad of ['', 'a\0', '\ud800', 'x'.repeat(129), 7 as unknown as string]) {
          await refused('VALIDATION', system.messages[verb](message.id, bad, 'ada'), { table: 'messages' })
          await refused('VALIDATION', system.messages[verb](message.id, '👍', bad), { table: 'messages' })
        }
      }
      assert.deepEqual(await system.messages.get(message.id), message)
    },
  },
  {
    id: 'messages.reaction-race',
    guarantee:
      'Parallel reactions are all kept: of one person, of many persons, and while others are taken back',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await aTalk(system)
      const { id: messageId } = await system.messages.append(id, hello)
      const people = range(6).map((i) => `p${i}`)
      const emoji = ['👍', '👎', '🎉', '👀']
      const each = (call: (store: MessageStore, reaction: string, by: string) => Promise<unknown>) =>
        Promise.all(race(24, systems, (on, i) => call(on.messages, emoji[i % 4]!, people[i % 6]!)))
      // 24 calls of 12 pairs: each is said twice.
      await each((store, reaction, by) => store.react(messageId, reaction, by))
      const pairs = (reactions: Record<string, string[]>) =>
        Object.entries(reactions).flatMap(([reaction, by]) => by.map((person) => `${reaction} ${person}`))
      const all = new Set(range(24).map((i) => `${emoji[i % 4]} ${people[i % 6]}`))
      assert.deepEqual(new Set(pairs((await system.messages.get(messageId))!.reactions)), all)
      await each((store, reaction, by) =>
        by === 'p0' || reaction === '👎'
          ? store.unreact(messageId, reaction, by)
          : store.react(messageId, `${reaction}!`, by),
      )
      const { reactions } = (await system.messages.get(messageId))!
      const kept = [...all].filter((pair) => !pair.endsWith('p0') && !pair.startsWith('👎'))
      const expected = new Set(kept.flatMap((pair) => [pair, pair.replace(' ', '! ')]))
      assert.deepEqual(new Set(pairs(reactions)), expected)
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

const hello: NewMessage = { role: 'user', content: 'Hello' }

/** A conversation in a workspace of its own. */
async function aTalk(scope: Scope): Promise<Conversation> {
  return scope.conversations.create({ workspaceId: await newWorkspace(scope) })
}
