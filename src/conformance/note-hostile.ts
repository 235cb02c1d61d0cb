/** Updates of strangers: whatever they are, the note and its neighbours go on. */

import assert from 'node:assert/strict'
import * as Y from 'yjs'
import { range, refused } from './expect.ts'
import {
  aClient,
  aNote,
  another,
  CONTENT,
  dice,
  stateIn,
  stateOf,
  textIn,
  withClient,
} from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

export const noteHostileScenarios: readonly Scenario[] = [
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
      const live = stateOf(open)
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
    id: 'notes.log-many-parts',
    guarantee:
      'An update in more parts than may be, inserted or deleted, is refused, however few bytes it has',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      const bounded = await another(system, { limits: { updateParts: 50 } })
      const { doc, text } = aClient(1000)
      doc.transact(() => {
        for (let i = 0; i < 51; i++) text.insert(0, 'x')
      })
      const whole = Y.encodeStateAsUpdate(doc)
      await refused('VALIDATION', bounded.notes.applyUpdate(id, whole), { table: 'notes' })
      await system.notes.applyUpdate(id, whole)
      const before = Y.encodeStateVector(doc)
      doc.transact(() => {
        for (let i = 50; i >= 0; i -= 2) text.delete(i, 1)
      })
      const deleted = Y.encodeStateAsUpdate(doc, before)
      const strict = await another(system, { limits: { updateParts: 25 } })
      await refused('VALIDATION', strict.notes.applyUpdate(id, deleted), { table: 'notes' })
      await bounded.notes.applyUpdate(id, deleted)
      assert.equal((await textIn(system, id)).length, 'start'.length + 25)
    },
  },
  {
    id: 'notes.log-nesting',
    guarantee:
      'Types that are nested deeper than anybody needs are refused, in whatever order their parts come; what is refused is in no document',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      const doc = await system.notes.open(id)
      const before = stateOf(doc)
      for (const depth of [501, 5000]) {
        const update = Y.encodeStateAsUpdate(nested(depth))
        await refused('VALIDATION', system.notes.applyUpdate(id, update), { table: 'notes' })
      }
      assert.equal(stateOf(doc), before)
      await system.notes.applyUpdate(id, Y.encodeStateAsUpdate(nested(500)))
      const other = await aNote(system)
      // The inner half first: it waits for what it is in, and with that the whole would be there.
      const whole = nested(501)
      const halfway = nested(250)
      const inner = Y.encodeStateAsUpdate(whole, Y.encodeStateVector(halfway))
      assert.equal(await system.notes.applyUpdate(other.id, inner).then(({ seq }) => seq), 1)
      await refused('VALIDATION', system.notes.applyUpdate(other.id, Y.encodeStateAsUpdate(halfway)))
      for (const [each, text] of [
        [id, 'start!'],
        [other.id, '!'],
      ] as const) {
        await system.notes.append(each, '!')
        assert.equal(await textIn(await another(system), each), text)
      }
      await system.notes.close(id)
    },
  },
  {
    id: 'notes.log-other-shapes',
    guarantee:
      'A document of another shape than text, or deeper than any stack, is kept, compacted and read like any other',
    async run({ system }) {
      const [board, tree] = [await aNote(system), await aNote(system)]
      const own = await another(system)
      const map = (await own.notes.open(board.id)).getMap(CONTENT)
      map.set('column', 'doing')
      const fragment = (await own.notes.open(tree.id)).getXmlFragment('default')
      Y.applyUpdate(fragment.doc!, Y.encodeStateAsUpdate(nested(12_000, 'far below')))
      for (const { id } of [board, tree]) await own.notes.saved(id)
      map.set('column', 'done')
      await own.close()
      for (const each of [await another(system), system]) {
        assert.deepEqual([await textIn(each, board.id), await textIn(each, tree.id)], ['', 'far below'])
        const doc = await each.notes.open(board.id)
        assert.deepEqual(doc.getMap(CONTENT).toJSON(), { column: 'done' })
        await each.notes.close(board.id)
        await each.notes.compact(tree.id)
      }
    },
  },
  {
    id: 'notes.log-of-another',
    guarantee:
      'The whole document of another note is an update like any other, and the other note stays apart',
    async run({ system, second }) {
      const other = await second()
      const [{ id }, source] = [await aNote(system, 'one'), await aNote(system, 'two')]
      await system.notes.append(source.id, ' 2')
      for (const { notes } of [system, other]) {
        const { updates } = await notes.since(source.id, null)
        await notes.applyUpdate(id, updates[0]!.update)
      }
      const mixed = await textIn(system, id)
      assert.ok(['onetwo 2', 'two 2one'].includes(mixed), mixed)
      await Promise.all([other.notes.append(id, '!'), system.notes.append(source.id, '?')])
      for (const each of [system, other, await another(system)]) {
        assert.deepEqual([await textIn(each, id), await textIn(each, source.id)], [`${mixed}!`, 'two 2?'])
      }
      assert.equal(await stateIn(system, id), await stateIn(await another(system), id))
    },
  },
]

/** A document of elements within one another. */
function nested(depth: number, text = ''): Y.Doc {
  const { doc } = aClient(7)
  doc.transact(() => {
    let parent: Y.XmlFragment | Y.XmlElement = doc.getXmlFragment('default')
    for (const _ of range(depth)) {
      const inner: Y.XmlElement = new Y.XmlElement('p')
      parent.insert(0, [inner])
      parent = inner
    }
    if (text !== '') parent.insert(0, [new Y.XmlText(text)])
  })
  return doc
}
