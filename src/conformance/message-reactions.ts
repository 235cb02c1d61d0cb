/** Reactions: one of a kind by each person, and none lost. */

import assert from 'node:assert/strict'
import type { MessageStore } from '../stores/messages.ts'
import { range, refused } from './expect.ts'
import { aTalk, hello, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

export const messageReactionScenarios: readonly Scenario[] = [
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
]
