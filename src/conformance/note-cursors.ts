/** Readers who come back get what they have missed, or are told to start anew. */

import assert from 'node:assert/strict'
import { createNoteLog } from '../notes/log.ts'
import { many, range, refused } from './expect.ts'
import { aNote, another } from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

export const noteCursorScenarios: readonly Scenario[] = [
  {
    id: 'notes.log-cursors',
    guarantee:
      'Whoever has everything up to a number gets all that came after it, without gaps, or is told to start anew',
    async run({ system, second }) {
      const other = await second()
      const { id } = await aNote(system, 'start')
      const log = createNoteLog(other.engine)
      const { epoch } = (await log.head(id))!
      const read: number[] = []
      let isDone = false
      const reader = (async () => {
        while (!isDone || (await log.head(id))!.seq > (read.at(-1) ?? 0)) {
          const updates = await log.since(id, epoch, read.at(-1) ?? 0)
          assert.ok(updates !== undefined)
          read.push(...updates.map(({ seq }) => seq))
        }
      })()
      await Promise.all(many(18, (i) => (i % 2 ? system : other).notes.append(id, `${i}`)))
      isDone = true
      await reader
      const { seq: head } = (await log.head(id))!
      assert.deepEqual(
        read,
        range(head).map((i) => i + 1),
      )
      assert.deepEqual(await log.since(id, epoch, head), [])
      // Those a little behind find their place after a compaction, too.
      await system.notes.compact(id)
      assert.equal((await log.since(id, epoch, 1))?.length, head - 1)
      await system.notes.append(id, 'more')
      await (await another(system, { retainMs: 0 })).notes.compact(id)
      assert.equal(await log.since(id, epoch, 1), undefined)
      assert.deepEqual(await log.since(id, epoch, head + 1), [])
      await refused('NOT_FOUND', log.since('nobody', epoch, 0))
      await refused('NOT_FOUND', log.since(id, 'another', 0))
    },
  },
]
