/** What the crash campaign found by chance, done on purpose: a log that is read while another process compacts it. */

import { expect, test } from 'vitest'
import type { RootEngine } from '../../src/engine/engine.ts'
import { createMemoryEngine } from '../../src/engine/memory/engine.ts'
import { noteHeads, noteUpdates } from '../../src/schema/notes.ts'
import { createSystem } from '../../src/system.ts'

/** Does something before the next head is read, when other reads are on their way already. */
function beforeHead(engine: RootEngine, work: () => Promise<unknown>): RootEngine {
  let done = false
  return {
    ...engine,
    async get(table, id, options) {
      // The cast: the tables are compared, and nothing else of them is used.
      if (!done && (table as unknown) === noteHeads) {
        done = true
        await work()
      }
      return engine.get(table, id, options)
    },
    close: async () => {},
  }
}

test('a compaction that saw the snapshot of before and the head of after another one changes nothing', async () => {
  const engine = createMemoryEngine()
  await using one = await createSystem({ engine })
  const { id: workspaceId } = await one.workspaces.create({ title: 'Views' })
  const { id } = await one.notes.create({ workspaceId, title: 'Note', text: 'one' })
  await one.notes.append(id, ' two')

  const compaction = () => one.notes.compact(id)
  await using other = await createSystem({ engine: beforeHead(engine, compaction) })
  expect(await other.notes.compact(id)).toBe(false)

  await one.notes.append(id, ' three')
  const [head] = await engine.find(noteHeads, { where: { noteId: id } })
  const updates = await engine.find(noteUpdates, { where: { noteId: id } })
  expect(head).toMatchObject({ seq: 3, snapshotSeq: 2, tailBytes: updates.at(-1)!.data.length })
  expect((await one.notes.history(id)).edits).toMatchObject([{ fromSeq: 1, toSeq: 3 }])
  expect((await other.notes.read(id)).text).toBe('one two three')
})
