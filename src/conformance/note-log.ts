/** The log of a note: what was acknowledged is never lost, whoever writes, over however many Systems. */

import assert from 'node:assert/strict'
import * as Y from 'yjs'
import { many, range } from './expect.ts'
import {
  aNote,
  another,
  arrives,
  CONTENT,
  deaf,
  dice,
  seqsOf,
  snapshotsOf,
  stateIn,
  stateOf,
  textIn,
  withClient,
} from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

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
        const live = stateOf(doc)
        assert.equal(await stateIn(await another(system), id), live)
        assert.equal(await system.notes.compact(id), true)
        assert.equal(await stateIn(await another(system), id), live)
        text.insert(3, 'after')
        text.delete(0, 2)
        await system.notes.saved(id)
        const after = stateOf(doc)
        assert.equal(await stateIn(await another(system), id), after)
        assert.equal(await textIn(await another(system), id), text.toString())
        await system.notes.close(id)
      }
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
