/** The log of a note: what was acknowledged is never lost, whoever writes, compacts, fails or comes late. */

import assert from 'node:assert/strict'
import * as Y from 'yjs'
import type { RootEngine, Write } from '../engine/engine.ts'
import { ClosedError, UnavailableError } from '../errors.ts'
import { createNoteLog } from '../notes/log.ts'
import { noteHeads, noteSnapshots, noteTexts, noteUpdates } from '../schema/notes.ts'
import type { Scope, System } from '../system.ts'
import { many, range, refused, settled } from './expect.ts'
import {
  aClient,
  aNote,
  another,
  arrives,
  becomes,
  CONTENT,
  deaf,
  dice,
  seqsOf,
  snapshotsOf,
  textIn,
} from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

/** What a write does to this table, if anything. */
const touches = ({ steps }: Write, table: object) =>
  steps.some(
    (step) => ('insert' in step ? step.insert : 'remove' in step ? step.remove : step.update) === table,
  )

/** An engine whose writes to a table are first announced to `before`, which may wait, or throw. */
const beforeWritesTo =
  (table: object, before: () => Promise<void> | void) =>
  (engine: RootEngine): Partial<RootEngine> => ({
    async write(write, options) {
      // The cast: any write will do.
      if (touches(write as Write, table)) await before()
      return engine.write(write, options)
    },
  })

/** The document, as whoever opens the note has it, as one update. */
async function stateIn(system: System, noteId: string): Promise<string> {
  const doc = await system.notes.open(noteId)
  try {
    return Buffer.from(Y.encodeStateAsUpdate(doc)).toString('base64')
  } finally {
    await system.notes.close(noteId)
  }
}

/** A note whose `log` begins with `'start'`, and a client that has it. */
async function withClient(system: Scope, clientID: number, text = 'start') {
  const note = await aNote(system)
  const client = aClient(clientID)
  client.text.insert(0, text)
  await system.notes.applyUpdate(note.id, client.updates.pop()!)
  return { id: note.id, workspaceId: note.workspaceId, ...client }
}

export const noteLogScenarios: readonly Scenario[] = [
  {
    id: 'notes.log-converges',
    guarantee:
      'N writers over two Systems, with compactions among them, lose nothing and end with the same text',
    async run({ system, second }) {
      const systems = [await another(system, { retainMs: 0 }), await second()]
      const { id } = await aNote(system, 'start')
      const writers = many(4, async (writer) => {
        const { notes } = systems[writer % 2]!
        for (const i of range(6)) {
          await notes.append(id, `\n<${writer}.${i}>`, { actor: `writer ${writer}` })
          if (i % 2 === writer % 2) await notes.compact(id)
        }
      })
      await Promise.all(writers)
      const fresh = await another(system)
      const [text, ...others] = await Promise.all([...systems, fresh].map((each) => textIn(each, id)))
      assert.deepEqual(others, [text, text])
      const expected = range(4).flatMap((writer) => range(6).map((i) => `<${writer}.${i}>`))
      assert.deepEqual(text!.split('\n').slice(1).sort(), expected.sort())
      assert.equal(await stateIn(systems[0]!, id), await stateIn(fresh, id))
    },
  },
  {
    id: 'notes.log-known-costs-nothing',
    guarantee:
      'An update that is known, in part or whole, and a whole document sent again cost no row or only what is new',
    async run({ system, second }) {
      const other = await second()
      const { id, doc, text, updates } = await withClient(system, 5)
      text.insert(5, ' one')
      text.insert(9, ' two')
      const all = Y.encodeStateAsUpdate(doc)
      await system.notes.applyUpdate(id, updates[0]!)
      const { seq } = await system.notes.applyUpdate(id, all)
      const before = await seqsOf(system, id)
      assert.deepEqual(
        before,
        range(seq).map((i) => i + 1),
      )
      await other.notes.open(id)
      for (const update of [updates[0]!, updates[1]!, all, Y.mergeUpdates(updates)]) {
        assert.equal((await system.notes.applyUpdate(id, update)).seq, seq)
        assert.equal((await other.notes.applyUpdate(id, update)).seq, seq)
      }
      assert.deepEqual(await seqsOf(system, id), before)
      assert.equal(await textIn(other, id), 'start one two')
      await other.notes.close(id)
    },
  },
  {
    id: 'notes.log-deletions',
    guarantee:
      'An update that only deletes is logged, told to others and there after everything is opened anew',
    async run({ system, second }) {
      const { id, text, updates } = await withClient(system, 5, 'keep drop')
      const open = await (await second()).notes.open(id)
      text.delete(4, 5)
      const { seq } = await system.notes.applyUpdate(id, updates[0]!)
      assert.deepEqual(
        await seqsOf(system, id),
        range(seq).map((i) => i + 1),
      )
      await arrives(open, (now) => now === 'keep')
      assert.equal(
        (await another(system).then((fresh) => fresh.notes.open(id))).getText(CONTENT).toString(),
        'keep',
      )
      await system.notes.compact(id)
      assert.equal(
        (await another(system).then((fresh) => fresh.notes.open(id))).getText(CONTENT).toString(),
        'keep',
      )
    },
  },
  {
    id: 'notes.log-out-of-order',
    guarantee:
      'An update that comes before what it builds on is kept, over a reopening, and no compaction loses it; then it is seen',
    async run({ system }) {
      const { id, text, updates } = await withClient(system, 5)
      text.insert(5, ' one')
      text.insert(9, ' two')
      text.delete(5, 4)
      for (const late of updates.slice(1)) await system.notes.applyUpdate(id, late)
      assert.equal(await textIn(system, id), 'start')
      assert.equal(await system.notes.compact(id), false)
      const fresh = await another(system, { retainMs: 0 })
      assert.equal((await fresh.notes.open(id)).getText(CONTENT).toString(), 'start')
      assert.equal(await fresh.notes.compact(id), false)
      assert.deepEqual(await snapshotsOf(system, id), [])
      await fresh.notes.applyUpdate(id, updates[0]!)
      assert.equal(await textIn(fresh, id), 'start two')
      assert.equal(await fresh.notes.compact(id), true)
      assert.equal(await textIn(await another(system), id), 'start two')
      assert.equal(await textIn(system, id), 'start two')
    },
  },
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
    id: 'notes.log-same-by-any-way',
    guarantee:
      'The open document, the whole log, and a snapshot with the updates after it are the same document, forgetting or not',
    async run({ system }) {
      for (const gc of [true, false]) {
        const roll = dice(gc ? 3 : 4)
        const { id } = await aNote(system, 'the beginning', { gc })
        const doc = await system.notes.open(id)
        const text = doc.getText(CONTENT)
        for (const i of range(30)) {
          const at = roll(text.length + 1)
          if (roll(3) > 0) text.insert(at, `<${i}>`)
          else text.delete(at, Math.min(4, text.length - at))
          if (i % 7 === 0) await system.notes.saved(id)
        }
        await system.notes.saved(id)
        const live = Buffer.from(Y.encodeStateAsUpdate(doc)).toString('base64')
        assert.equal(await stateIn(await another(system), id), live)
        assert.equal(await system.notes.compact(id), true)
        assert.equal(await stateIn(await another(system), id), live)
        text.insert(3, 'after')
        text.delete(0, 2)
        await system.notes.saved(id)
        const after = Buffer.from(Y.encodeStateAsUpdate(doc)).toString('base64')
        assert.equal(await stateIn(await another(system), id), after)
        assert.equal(await textIn(await another(system), id), text.toString())
        await system.notes.close(id)
      }
    },
  },
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
  {
    id: 'notes.log-no-ack-before-commit',
    guarantee:
      'What cannot be written is not acknowledged: the error comes out, nobody else sees it, and later it succeeds',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      let fails = true
      const failure = new UnavailableError('the disk is full')
      const writer = await another(
        system,
        {},
        beforeWritesTo(noteUpdates, () => {
          if (fails) throw failure
        }),
      )
      assert.equal(await refused('UNAVAILABLE', writer.notes.append(id, ' lost?')), failure)
      await refused('UNAVAILABLE', writer.notes.saved(id))
      await refused(
        'UNAVAILABLE',
        writer.notes.close(id).then(() => writer.notes.saved(id)),
      )
      assert.equal(await textIn(system, id), 'start')
      assert.deepEqual(await seqsOf(system, id), [1])
      fails = false
      await writer.notes.append(id, ' no')
      await writer.notes.saved(id)
      assert.equal(await textIn(system, id), 'start lost? no')
      assert.equal(await textIn(await another(system), id), 'start lost? no')
    },
  },
  {
    id: 'notes.log-commit-that-was-not-heard-of',
    guarantee: 'An update that was written although the writer heard of a failure is in the note once',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      let fails = 2
      const writer = await another(system, {}, (engine) => ({
        async write(write, options) {
          const answer = await engine.write(write, options)
          if (touches(write as Write, noteUpdates) && fails-- > 0)
            throw new UnavailableError('the line is dead')
          return answer
        },
      }))
      await refused('UNAVAILABLE', writer.notes.append(id, ' once'))
      await refused('UNAVAILABLE', writer.notes.saved(id))
      await writer.notes.saved(id)
      for (const each of [writer, system, await another(system)])
        assert.equal(await textIn(each, id), 'start once')
    },
  },
  {
    id: 'notes.log-malformed',
    guarantee: 'What is no update is refused, whatever it is, and harms neither the note nor another one',
    async run({ system }) {
      const { id, doc, text, updates } = await withClient(system, 5)
      const { id: otherId } = await aNote(system, 'other')
      const open = await system.notes.open(id)
      text.insert(5, ' more')
      text.delete(0, 1)
      const good = Y.encodeStateAsUpdate(doc)
      for (const length of range(good.length)) {
        await refused('VALIDATION', system.notes.applyUpdate(id, good.slice(0, length)), { table: 'notes' })
      }
      const roll = dice(19)
      for (const _ of range(200)) {
        const bytes = Uint8Array.from(range(1 + roll(40)), () => roll(256))
        await system.notes
          .applyUpdate(id, bytes)
          .catch((error: unknown) => refused('VALIDATION', Promise.reject(error)))
      }
      for (const value of [undefined, null, 'AAA=', [0, 0], {}, 7]) {
        await refused('VALIDATION', system.notes.applyUpdate(id, value as never))
      }
      // The open document and the log are still one.
      await system.notes.saved(id)
      const live = Buffer.from(Y.encodeStateAsUpdate(open)).toString('base64')
      assert.equal(await stateIn(await another(system), id), live)
      for (const update of updates) await system.notes.applyUpdate(id, update)
      assert.ok((await textIn(system, id)).includes('tart more'))
      assert.equal(await textIn(system, otherId), 'other')
      await system.notes.close(id)
    },
  },
  {
    id: 'notes.log-bounds',
    guarantee:
      'Updates, documents, what waits and the number of writers have bounds: beyond them it is refused, and nothing changes',
    async run({ system }) {
      const limits = { updateBytes: 200, documentBytes: 620, pendingBytes: 150, clients: 4 }
      const bounded = await another(system, { limits })
      const insertion = (clientID: number, length: number) => {
        const { text, updates } = aClient(clientID)
        text.insert(0, 'x'.repeat(length))
        return updates[0]!
      }
      const { id } = await aNote(system)
      const over = async (update: Uint8Array) => {
        const before = await system.notes.read(id)
        await refused('VALIDATION', bounded.notes.applyUpdate(id, update), { table: 'notes' })
        assert.deepEqual(await system.notes.read(id), before)
      }
      await over(insertion(1, 200))
      for (const client of [1, 2]) await bounded.notes.applyUpdate(id, insertion(client, 100))
      // What waits for a stranger's first update, by its own client and by another.
      const { text, updates } = aClient(3)
      for (const at of [0, 80, 160]) text.insert(at, 'y'.repeat(80))
      await bounded.notes.applyUpdate(id, updates[1]!)
      await over(updates[2]!)
      const { doc, text: built, updates: dependent } = aClient(4)
      Y.applyUpdate(doc, Y.mergeUpdates(updates))
      dependent.length = 0
      built.insert(30, 'z'.repeat(80))
      await over(dependent[0]!)
      await bounded.notes.applyUpdate(id, updates[0]!)
      assert.equal((await textIn(system, id)).length, 360)
      const { text: many, updates: small } = aClient(4)
      many.insert(0, 'w')
      await bounded.notes.applyUpdate(id, small[0]!)
      await over(insertion(6, 1))
      await over(insertion(4, 180))
      await bounded.notes.append(id, 'v'.repeat(300))
      await refused('VALIDATION', bounded.notes.append(id, 'too much'), { table: 'notes' })
      assert.equal((await textIn(system, id)).length, 661)
      await bounded.close()
    },
  },
  {
    id: 'notes.log-many-clients',
    guarantee: 'An update of more writers than a document may have is refused, and soon',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      const strangers = range(60).map((i) => {
        const { text, updates } = aClient(1000 + i)
        text.insert(0, 'x')
        return updates[0]!
      })
      const bounded = await another(system, { limits: { clients: 50 } })
      await refused('VALIDATION', bounded.notes.applyUpdate(id, Y.mergeUpdates(strangers)))
      assert.equal(await textIn(bounded, id), 'start')
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
  {
    id: 'notes.log-first-opening',
    guarantee:
      'Those who open a note first, at once and over two Systems, have one document, which begins once',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await aNote(system, 'begin')
      const docs = await Promise.all(many(8, (i) => systems[i % 2]!.notes.open(id)))
      assert.equal(new Set(docs).size, 2)
      for (const doc of docs) assert.equal(doc.getText(CONTENT).toString(), 'begin')
      assert.deepEqual(await seqsOf(system, id), [1])
    },
  },
  {
    id: 'notes.log-clocks',
    guarantee: 'Clocks that step back change no order: of updates, of snapshots and of texts',
    async run({ system, second, clock }) {
      const other = await second()
      const { id } = await aNote(system, '0')
      for (const i of range(4)) {
        clock.advance(i % 2 ? -3_600_000 : 1000)
        await (i % 2 ? other : system).notes.append(id, `${i + 1}`)
        if (i === 2) await other.notes.compact(id)
      }
      for (const each of [system, other, await another(system)]) assert.equal(await textIn(each, id), '01234')
      assert.deepEqual(await snapshotsOf(system, id), [4])
    },
  },
  {
    id: 'notes.log-text-beside-it',
    guarantee:
      'The text that is stored beside the log comes to be that of the newest update, and never steps back',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await aNote(system, 'start')
      await Promise.all(many(20, (i) => systems[i % 2]!.notes.append(id, `${i % 10}`)))
      const { seq, epoch } = (await system.engine.get(noteHeads, id))!
      await becomes(async () => (await system.engine.get(noteTexts, id))?.seq, seq)
      const { text } = await system.notes.read(id)
      const doc = await (await another(system)).notes.open(id)
      assert.equal(doc.getText(CONTENT).toString(), text)
      const log = createNoteLog(system.engine)
      await log.project(id, epoch, seq - 1, 'older')
      await log.project(id, 'another', seq + 1, 'of a note that had the id before')
      assert.equal((await system.engine.get(noteTexts, id))?.text, text)
    },
  },
  {
    id: 'notes.log-text-with-what-came-between',
    guarantee: 'What arrives while an update is on its way is in the text that is stored with that update',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      let isFirst = true
      const writer: System = await another(
        system,
        {},
        beforeWritesTo(noteUpdates, async () => {
          if (!isFirst) return
          isFirst = false
          await system.notes.append(id, '<other>')
          await writer.notes.open(id)
        }),
      )
      const { seq } = await writer.notes.append(id, '<mine>')
      await becomes(async () => (await system.engine.get(noteTexts, id))?.seq, seq)
      for (const each of [system, writer, await another(system)]) {
        const text = await textIn(each, id)
        assert.ok(text.includes('<other>') && text.includes('<mine>'), text)
      }
      await writer.close()
    },
  },
  {
    id: 'notes.log-text-that-could-not-be-stored',
    guarantee:
      'A text that could not be stored beside the log fails no edit; a search that would miss it fails until it is',
    async run({ system }) {
      const { id, workspaceId } = await aNote(system, 'start')
      let fails = true
      const writer = await another(system, {}, (engine) => ({
        update: async (table, query, options) => {
          // The cast: one table is another type than the next.
          if (fails && (table as object) === noteTexts) throw new UnavailableError('the disk is full')
          return engine.update(table, query, options)
        },
      }))
      await writer.notes.append(id, ' here')
      await refused('UNAVAILABLE', writer.notes.search(workspaceId, 'here'))
      assert.equal(await textIn(writer, id), 'start here')
      fails = false
      assert.equal((await writer.notes.search(workspaceId, 'here')).length, 1)
      await system.notes.append(id, ' there')
      await writer.notes.append(id, ' again')
      assert.equal((await writer.notes.search(workspaceId, 'start here there again')).length, 1)
      await writer.close()
    },
  },
  {
    id: 'notes.log-deleted-while-written',
    guarantee:
      'An edit that is on its way when its note is deleted is refused, also when that is noticed meanwhile',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      let isFirst = true
      const writer: System = await another(
        system,
        {},
        beforeWritesTo(noteUpdates, async () => {
          if (!isFirst) return
          isFirst = false
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
    id: 'notes.log-closed-beneath',
    guarantee:
      'Documents whose database is closed tell so whoever writes, try nothing by themselves, and can be closed',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      let writes = 0
      const writer = await another(
        system,
        {},
        beforeWritesTo(noteUpdates, () => {
          writes++
          throw new ClosedError()
        }),
      )
      const doc = await writer.notes.open(id)
      await refused('CLOSED', writer.notes.append(id, '!'))
      doc.getText(CONTENT).insert(0, '!')
      await refused('CLOSED', writer.notes.saved(id))
      const before = writes
      await new Promise((resolve) => setImmediate(resolve))
      assert.equal(writes, before)
      await refused('CLOSED', writer.close())
    },
  },
  {
    id: 'notes.log-deaf-systems',
    guarantee: 'Systems that hear nothing of one another write to one note, and no update of either is lost',
    async run({ system }) {
      const systems = await Promise.all([another(system, {}, deaf), another(system, {}, deaf)])
      const { id } = await aNote(system, '')
      const docs = await Promise.all(systems.map(({ notes }) => notes.open(id)))
      for (const i of range(10)) {
        for (const [s, doc] of docs.entries())
          doc.getText(CONTENT).insert(doc.getText(CONTENT).length, `<${s}${i}>`)
      }
      await Promise.all(systems.map(({ notes }) => notes.saved(id)))
      const text = await textIn(system, id)
      assert.deepEqual(
        text.match(/<\d\d>/g)?.sort(),
        [0, 1].flatMap((s) => range(10).map((i) => `<${s}${i}>`)),
      )
      for (const { notes } of systems) assert.equal((await notes.read(id)).text, text)
      for (const each of systems) await each.close()
    },
  },
]
