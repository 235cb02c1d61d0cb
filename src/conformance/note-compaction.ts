/** Logs are replaced by snapshots while others write, and nothing is lost by it. */

import assert from 'node:assert/strict'
import type { RootEngine } from '../engine/engine.ts'
import { gt } from '../engine/query.ts'
import { UnavailableError } from '../errors.ts'
import { noteHeads, noteSnapshots, noteUpdates } from '../schema/notes.ts'
import type { System } from '../system.ts'
import { range, refused } from './expect.ts'
import {
  aNote,
  another,
  beforeWritesTo,
  CONTENT,
  seqsOf,
  snapshotsOf,
  stateIn,
  textIn,
} from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

/** An engine that does something before it reads a head for the first time, when other reads are on their way. */
const beforeFirstHead =
  (work: () => Promise<unknown>) =>
  (engine: RootEngine): Partial<RootEngine> => {
    let isFirst = true
    return {
      async get(table, id, options) {
        // The cast: the tables are compared, and nothing else of them is used.
        if (isFirst && (table as object) === noteHeads) {
          isFirst = false
          await work()
        }
        return engine.get(table, id, options)
      },
    }
  }

export const noteCompactionScenarios: readonly Scenario[] = [
  {
    id: 'notes.log-one-compactor',
    guarantee:
      'Of compactors at once one installs its snapshot; the others change nothing, and delete nothing',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      for (const i of range(3)) await system.notes.append(id, ` ${i}`)
      const waiting = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const arrived = waiting.map(() => Promise.withResolvers<void>())
      // The first would delete at once what it has read; the other one keeps it.
      const compactors = await Promise.all(
        waiting.map((turn, i) =>
          another(
            system,
            { retainMs: i * 60_000 },
            beforeWritesTo(noteSnapshots, () => {
              arrived[i]!.resolve()
              return turn.promise
            }),
          ),
        ),
      )
      const first = compactors[0]!.notes.compact(id)
      await arrived[0]!.promise
      // The other one has read more, and comes first.
      await system.notes.append(id, ' more')
      const other = compactors[1]!.notes.compact(id)
      await arrived[1]!.promise
      waiting[1]!.resolve()
      assert.equal(await other, true)
      await system.notes.append(id, ' last')
      const rows = await seqsOf(system, id)
      waiting[0]!.resolve()
      assert.equal(await first, false)
      assert.deepEqual(await seqsOf(system, id), rows)
      assert.deepEqual(await snapshotsOf(system, id), [5])
      assert.equal(await textIn(await another(system), id), 'start 0 1 2 more last')
    },
  },
  {
    id: 'notes.log-compactor-of-two-views',
    guarantee:
      'A compaction that reads the snapshot of before and the head of after another one changes nothing',
    async run({ system }) {
      const { id } = await aNote(system, 'one')
      await system.notes.append(id, ' two')
      const compactor = await another(
        system,
        {},
        beforeFirstHead(() => system.notes.compact(id)),
      )
      assert.equal(await compactor.notes.compact(id), false)
      await system.notes.append(id, ' three')
      const head = await system.engine.get(noteHeads, id)
      const updates = await system.engine.find(noteUpdates, { where: { noteId: id, seq: gt(2) } })
      assert.deepEqual(
        [head?.seq, head?.snapshotSeq, head?.tailBytes],
        [3, 2, updates.reduce((sum, { data }) => sum + data.length, 0)],
      )
      const { edits } = await system.notes.history(id)
      assert.deepEqual(
        edits.map(({ fromSeq, toSeq }) => [fromSeq, toSeq]),
        [[1, 3]],
      )
      assert.equal(await textIn(compactor, id), 'one two three')
    },
  },
  {
    id: 'notes.log-append-during-compaction',
    guarantee: 'What is written between the reading and the installing of a compaction is not deleted by it',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      const compactor: System = await another(
        system,
        { retainMs: 0 },
        beforeWritesTo(noteSnapshots, async () => {
          await system.notes.append(id, ' meanwhile')
          await system.notes.replace(id, { old: 'start', new: 'Start' })
        }),
      )
      assert.equal(await compactor.notes.compact(id), true)
      assert.deepEqual(await snapshotsOf(system, id), [1])
      assert.deepEqual(await seqsOf(system, id), [2, 3])
      for (const each of [compactor, system, await another(system)]) {
        assert.equal(await textIn(each, id), 'Start meanwhile')
        assert.equal((await each.notes.open(id)).getText(CONTENT).toString(), 'Start meanwhile')
      }
    },
  },
  {
    id: 'notes.log-failed-compaction',
    guarantee: 'A snapshot that cannot be written leaves the log as it is, and the next compaction succeeds',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      await system.notes.append(id, ' more')
      let fails = true
      const failure = new UnavailableError('the disk is full')
      const compactor = await another(
        system,
        { retainMs: 0 },
        beforeWritesTo(noteSnapshots, () => {
          if (fails) throw failure
        }),
      )
      for (const _ of range(2))
        assert.equal(await refused('UNAVAILABLE', compactor.notes.compact(id)), failure)
      assert.deepEqual(await seqsOf(system, id), [1, 2])
      assert.deepEqual(await snapshotsOf(system, id), [])
      fails = false
      assert.equal(await compactor.notes.compact(id), true)
      assert.deepEqual(await seqsOf(system, id), [])
      assert.equal(await textIn(await another(system), id), 'start more')
      assert.equal(await compactor.notes.compact(id), false)
    },
  },
  {
    id: 'notes.log-snapshot-that-stays',
    guarantee:
      'Where a compaction ends between its snapshot and the removal of older ones, the next ones keep the newest',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      let fails = true
      const compactor = await another(system, { retainMs: 0 }, (engine) => ({
        async remove(table, query, options) {
          // The cast: one table is another type than the next.
          if (fails && (table as object) === noteSnapshots) throw new UnavailableError('the line is dead')
          return engine.remove(table, query, options)
        },
      }))
      for (const i of range(3)) {
        await system.notes.append(id, ` ${i}`)
        await refused('UNAVAILABLE', compactor.notes.compact(id))
        assert.equal((await snapshotsOf(system, id)).at(-1), i + 2)
        for (const each of [system, await another(system)])
          assert.ok((await stateIn(each, id)) === (await stateIn(compactor, id)))
      }
      fails = false
      await system.notes.append(id, ' end')
      assert.equal(await compactor.notes.compact(id), true)
      assert.deepEqual(await snapshotsOf(system, id), [4, 5])
      assert.equal(await textIn(await another(system), id), 'start 0 1 2 end')
    },
  },
  {
    id: 'notes.log-retained',
    guarantee:
      'Compacted updates stay for those behind for as long as was chosen, and are removed after that',
    async run({ system, clock }) {
      const { id } = await aNote(system, 'start')
      const compactor = await another(system, { retainMs: 60_000 })
      const compact = async () => {
        await system.notes.append(id, '.')
        assert.equal(await compactor.notes.compact(id), true)
        return seqsOf(system, id)
      }
      assert.deepEqual(await compact(), [1, 2])
      assert.deepEqual(await compact(), [1, 2, 3])
      clock.advance(60_000)
      assert.deepEqual(await compact(), [4])
      assert.deepEqual(await snapshotsOf(system, id), [3, 4])
      assert.equal(await textIn(await another(system), id), 'start...')
    },
  },
]
