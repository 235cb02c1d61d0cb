/** Reading a conversation: its newest messages, those of a range, and page by page. */

import assert from 'node:assert/strict'
import { range, refused } from './expect.ts'
import { aTalk, hello, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

export const messageWindowScenarios: readonly Scenario[] = [
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
]
