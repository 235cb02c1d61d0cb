/** The numbers of messages: without gaps, in order, and never given twice. */

import assert from 'node:assert/strict'
import type { NewMessage } from '../stores/messages.ts'
import { range, settled } from './expect.ts'
import { ascending, aTalk, hello, idsOf, race, upTo } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

const WRITERS = 10

export const messageNumberScenarios: readonly Scenario[] = [
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
]
