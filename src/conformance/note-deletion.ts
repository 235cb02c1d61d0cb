/** Notes that are deleted while others are at them: nothing of them comes back. */

import assert from 'node:assert/strict'
import { noteSnapshots, noteUpdates } from '../schema/notes.ts'
import type { System } from '../system.ts'
import { allRefused, range, refused, settled } from './expect.ts'
import {
  aClient,
  aNote,
  another,
  beforeFirstWriteTo,
  beforeWritesTo,
  CONTENT,
  seqsOf,
  snapshotsOf,
  textIn,
} from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

export const noteDeletionScenarios: readonly Scenario[] = [
  {
    id: 'notes.delete',
    guarantee: 'Of a deleted note nothing is found by any verb, and it can be deleted once',
    async run({ system, second }) {
      const other = await second()
      const { id, workspaceId } = await aNote(system, 'text')
      await system.notes.label(id, 'v1')
      await system.notes.compact(id)
      const deletions = await Promise.all([system.notes.delete(id), other.notes.delete(id)])
      assert.deepEqual(deletions.toSorted(), [false, true])
      for (const { notes } of [system, other]) {
        assert.equal(await notes.get(id), null)
        assert.deepEqual(await notes.list({ workspaceId }), { items: [], next: null })
        assert.deepEqual(await notes.search(workspaceId, 'text'), [])
        await allRefused('NOT_FOUND', [
          notes.read(id),
          notes.history(id),
          notes.open(id),
          notes.restore(id, 'v1'),
        ])
      }
    },
  },
  {
    id: 'notes.log-deleted-while-edited',
    guarantee:
      'Who writes to a note that is deleted is told so, in another System too, and nothing of it comes back',
    async run({ system, second }) {
      const other = await second()
      const { id, workspaceId } = await aNote(system, 'start')
      const doc = await other.notes.open(id)
      await system.notes.open(id)
      assert.equal(await system.notes.delete(id), true)
      doc.getText(CONTENT).insert(0, 'too late ')
      await refused('NOT_FOUND', other.notes.saved(id), { id })
      const { codes } = await settled<unknown>([
        ...[system, other].flatMap(({ notes }) => [
          notes.append(id, 'x'),
          notes.saved(id),
          notes.close(id),
          notes.compact(id),
          notes.applyUpdate(id, aClient(5).updates[0] ?? new Uint8Array([0, 0])),
        ]),
        system.notes.label(id, 'v'),
      ])
      assert.deepEqual([...new Set(codes)], ['NOT_FOUND'])
      assert.equal(codes.length, 11)
      assert.deepEqual(await seqsOf(system, id), [])
      assert.deepEqual(await system.notes.search(workspaceId, 'late'), [])
    },
  },
  {
    id: 'notes.log-deleted-while-written',
    guarantee:
      'An edit that is on its way when its note is deleted is refused, also when that is noticed meanwhile',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      const writer: System = await another(
        system,
        {},
        beforeFirstWriteTo(noteUpdates, async () => {
          await system.notes.delete(id)
          await refused('NOT_FOUND', writer.notes.open(id))
        }),
      )
      const doc = await writer.notes.open(id)
      await refused('NOT_FOUND', writer.notes.append(id, ' late'), { id })
      assert.equal(doc.isDestroyed, true)
      await writer.close()
    },
  },
  {
    id: 'notes.log-deleted-while-compacted',
    guarantee:
      'A compaction that is overtaken by a deletion brings nothing back, not even into a new note of the same id',
    async run({ system }) {
      for (const again of [false, true]) {
        const { id, workspaceId } = await aNote(system, 'old')
        const compactor = await another(
          system,
          { retainMs: 0 },
          beforeWritesTo(noteSnapshots, async () => {
            await system.notes.delete(id)
            if (again) await system.notes.create({ id, workspaceId, title: 'N', text: 'new' })
          }),
        )
        assert.equal(await compactor.notes.compact(id), false)
        assert.deepEqual(await snapshotsOf(system, id), [])
        assert.deepEqual(await seqsOf(system, id), again ? [1] : [])
        if (again) assert.equal(await textIn(await another(system), id), 'new')
      }
    },
  },
  {
    id: 'notes.log-made-anew',
    guarantee:
      'A note that is made with the id of one that is gone has nothing of it, for whoever had that one open',
    async run({ system, second }) {
      const other = await second()
      const { id, workspaceId } = await aNote(system, 'old')
      for (const i of range(3)) await other.notes.append(id, ` ${i}`)
      await other.notes.open(id)
      await system.notes.delete(id)
      await system.notes.create({ id, workspaceId, title: 'N', text: 'new' })
      assert.equal(await textIn(other, id), 'new')
      assert.equal((await other.notes.open(id)).getText(CONTENT).toString(), 'new')
      await other.notes.append(id, '!')
      for (const each of [system, other, await another(system)]) assert.equal(await textIn(each, id), 'new!')
      assert.deepEqual(await seqsOf(system, id), [1, 2])
      assert.equal((await system.notes.search(workspaceId, 'old')).length, 0)
    },
  },
]
