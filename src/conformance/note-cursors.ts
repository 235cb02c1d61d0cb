/** Readers who come back get what they have missed, or are told to start anew. */

import assert from 'node:assert/strict'
import * as Y from 'yjs'
import { gt } from '../engine/query.ts'
import { createNoteLog } from '../notes/log.ts'
import { noteUpdates } from '../schema/notes.ts'
import type { Scope } from '../system.ts'
import { allRefused, many, range, refused } from './expect.ts'
import { aNote, another, CONTENT, stateIn, stateOf, withClient } from './note-fixtures.ts'
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
  {
    id: 'notes.since-gapless',
    guarantee:
      'Who reads on from cursor to cursor while N write has every update once and in order, and at last the very document',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await aNote(system, 'start')
      let isDone = false
      const readers = systems.map(async (each) => {
        const reader = aReader()
        while (!isDone) await reader.on(each, id)
        await reader.on(each, id)
        return reader
      })
      await Promise.all(many(18, (i) => systems[i % 2]!.notes.append(id, `<${i}>`)))
      isDone = true
      for (const { doc, whole, cursors } of await Promise.all(readers)) {
        assert.equal(whole, 1)
        assert.equal(new Set(cursors).size, cursors.length)
        assert.equal(stateOf(doc), await stateIn(await another(system), id))
        // From each of them on there is what came after it, and nothing else.
        for (const [i, cursor] of cursors.entries()) {
          const { updates, isWhole } = await system.notes.since(id, cursor)
          assert.equal(isWhole, false)
          assert.deepEqual(
            updates.map((update) => update.cursor),
            cursors.slice(i + 1),
          )
        }
        assert.equal(cursors.at(-1), await system.notes.cursor(id))
      }
    },
  },
  {
    id: 'notes.since-the-missing-alone',
    guarantee: 'What is answered to a cursor is what was logged after it, byte by byte, and nothing besides',
    async run({ system, second }) {
      const other = await second()
      const { id } = await aNote(system, 'start'.repeat(100))
      const cursor = await other.notes.cursor(id)
      assert.deepEqual(await system.notes.since(id, cursor), { cursor, isWhole: false, updates: [] })
      await other.notes.append(id, ' one')
      await system.notes.replace(id, { old: 'one', new: '1' })
      await other.notes.append(id, ' two')
      const rows = await system.engine.find(noteUpdates, { where: { noteId: id, seq: gt(1) } })
      for (const each of [system, other]) {
        const { updates, isWhole, cursor: at } = await each.notes.since(id, cursor)
        assert.equal(isWhole, false)
        assert.deepEqual(
          updates.map(({ update }) => update),
          rows.map(({ data }) => data),
        )
        assert.equal(at, await each.notes.cursor(id))
        assert.equal(updates.at(-1)?.cursor, at)
        assert.deepEqual((await each.notes.since(id, at)).updates, [])
      }
    },
  },
  {
    id: 'notes.since-leads-nowhere',
    guarantee:
      'A cursor that is none, of another note, or ahead of the log gets the whole document, which completes what its reader has',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      const other = await aNote(system, 'other')
      const partly = aReader()
      await partly.on(system, id)
      await system.notes.append(id, ' more')
      await system.notes.replace(id, { old: 'start', new: 'Start' })
      const now = await system.notes.cursor(id)
      const foreign = await system.notes.cursor(other.id)
      const nowhere = [null, undefined, '', 'nonsense', 7, {}, [], '.1', now.split('.')[0], `${now}0`]
      for (const cursor of [...nowhere, `-${now}`, `${now}.`, `${now}e9`, '\0', foreign, `${now}${now}`]) {
        const { updates, isWhole, cursor: at } = await system.notes.since(id, cursor as string)
        assert.equal(isWhole, true, String(cursor))
        assert.equal(updates.length, 1)
        assert.deepEqual([at, updates[0]!.cursor], [now, now])
        for (const doc of [new Y.Doc(), partly.doc]) {
          Y.applyUpdate(doc, updates[0]!.update)
          assert.equal(stateOf(doc), await stateIn(system, id))
        }
      }
    },
  },
  {
    id: 'notes.since-after-compaction',
    guarantee:
      'After a compaction cursors from its floor on are answered as before; those below it get the whole document',
    async run({ system, second }) {
      const other = await second()
      const { id } = await aNote(system, 'start')
      const cursors = [await system.notes.cursor(id)]
      for (const i of range(4)) {
        await system.notes.append(id, ` ${i}`)
        cursors.push(await system.notes.cursor(id))
        // The second one is the floor of the first.
        if (i === 1) assert.equal(await (await another(system, { retainMs: 0 })).notes.compact(id), true)
        if (i === 2) assert.equal(await system.notes.compact(id), true)
      }
      for (const [i, cursor] of cursors.entries()) {
        const { updates, isWhole } = await other.notes.since(id, cursor)
        assert.equal(isWhole, i < 2, `${i}`)
        assert.deepEqual(
          updates.map((update) => update.cursor),
          i < 2 ? [cursors[4]] : cursors.slice(i + 1),
        )
      }
      const late = aReader()
      await late.on(other, id)
      assert.equal(late.doc.getText(CONTENT).toString(), 'start 0 1 2 3')
    },
  },
  {
    id: 'notes.since-with-what-waits',
    guarantee:
      'A whole document has with it what still waits for another update, and is complete once that is there',
    async run({ system }) {
      const { id, text, updates } = await withClient(system, 5)
      text.insert(5, ' one')
      text.insert(9, ' two')
      text.delete(0, 1)
      for (const late of updates.slice(1)) await system.notes.applyUpdate(id, late)
      for (const each of [system, await another(system)]) {
        const { doc, on } = aReader()
        await on(each, id)
        assert.equal(doc.getText(CONTENT).toString(), 'tart')
        Y.applyUpdate(doc, updates[0]!)
        assert.equal(doc.getText(CONTENT).toString(), 'tart one two')
      }
    },
  },
  {
    id: 'notes.since-of-the-deleted',
    guarantee:
      'Of a note that is gone there is no cursor; one of before leads nowhere in a note that is made with its id',
    async run({ system, second }) {
      const other = await second()
      const { id, workspaceId } = await aNote(system, 'old')
      const old = await other.notes.cursor(id)
      await other.notes.open(id)
      await system.notes.delete(id)
      for (const { notes } of [system, other]) {
        await allRefused('NOT_FOUND', [notes.cursor(id), notes.since(id, old), notes.since(id, null)])
      }
      await system.notes.create({ id, workspaceId, title: 'N', text: 'new' })
      for (const each of [other, system]) {
        const { isWhole, updates } = await each.notes.since(id, old)
        assert.equal(isWhole, true)
        const doc = new Y.Doc()
        Y.applyUpdate(doc, updates[0]!.update)
        assert.equal(doc.getText(CONTENT).toString(), 'new')
      }
    },
  },
  {
    id: 'notes.since-confined',
    guarantee: 'A confined System has cursors of its own workspace, and none of another',
    async run({ system }) {
      const [own, other] = [await aNote(system, 'own'), await aNote(system, 'other')]
      const { notes } = system.in(own.workspaceId)
      const cursor = await notes.cursor(own.id)
      assert.equal(cursor, await system.notes.cursor(own.id))
      await system.notes.append(own.id, '!')
      assert.equal((await notes.since(own.id, cursor)).updates.length, 1)
      const theirs = await system.notes.cursor(other.id)
      await allRefused('NOT_FOUND', [
        notes.cursor(other.id),
        notes.since(other.id, theirs),
        notes.since(other.id, null),
      ])
    },
  },
  {
    id: 'notes.since-transaction',
    guarantee: 'Within a transaction a reader has what it wrote, and outside nobody has before it commits',
    async run({ system, second }) {
      const other = await second()
      const { id } = await aNote(system, 'start')
      const cursor = await system.notes.cursor(id)
      const inside = await system.transaction(async (tx) => {
        await tx.notes.append(id, ' inside')
        const { updates, isWhole } = await tx.notes.since(id, cursor)
        assert.deepEqual([updates.length, isWhole], [1, false])
        const { isWhole: all, updates: whole } = await tx.notes.since(id, null)
        assert.equal(all, true)
        const doc = new Y.Doc()
        Y.applyUpdate(doc, whole[0]!.update)
        assert.equal(doc.getText(CONTENT).toString(), 'start inside')
        return tx.notes.cursor(id)
      })
      const undone = system.transaction(async (tx) => {
        await tx.notes.append(id, ' undone')
        await tx.notes.append('nobody', 'x')
      })
      await refused('NOT_FOUND', undone)
      for (const { notes } of [system, other]) {
        const { cursor: at, updates } = await notes.since(id, cursor)
        assert.equal(at, inside)
        assert.equal(updates.length, 1)
      }
    },
  },
]

/** Someone elsewhere who reads on from where he was, as clients do. */
function aReader() {
  const doc = new Y.Doc()
  const cursors: string[] = []
  const reader = {
    doc,
    /** Where he has been. */
    cursors,
    /** How often he was given the whole document. */
    whole: 0,
    on: async (system: Scope, noteId: string) => {
      const { cursor, isWhole, updates } = await system.notes.since(noteId, cursors.at(-1) ?? null)
      if (isWhole) reader.whole++
      for (const { cursor, update } of updates) {
        Y.applyUpdate(doc, update)
        cursors.push(cursor)
      }
      assert.equal(cursors.at(-1), cursor)
    },
  }
  return reader
}
