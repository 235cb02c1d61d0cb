/** What a note was: versions with names, who wrote what, and what is forgotten. */

import assert from 'node:assert/strict'
import * as Y from 'yjs'
import { refused } from './expect.ts'
import { aNote, another, CONTENT, seqsOf, textIn } from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

export const noteVersionScenarios: readonly Scenario[] = [
  {
    id: 'notes.label',
    guarantee: 'A label names the state as it is, once; who set it and when is kept',
    async run({ system, second, clock }) {
      const { id } = await aNote(system, 'first')
      const one = await system.notes.label(id, 'v1', { actor: 'ada' })
      assert.deepEqual(one, { label: 'v1', seq: 1, actor: 'ada', createdAt: clock() })
      clock.advance(5)
      await (await second()).notes.append(id, ' second')
      const two = await system.notes.label(id, 'v2')
      assert.deepEqual(two, { label: 'v2', seq: 2, actor: null, createdAt: clock() })
      await refused('ALREADY_EXISTS', system.notes.label(id, 'v1'), { columns: ['noteId', 'label'] })
      for (const label of ['', 'x'.repeat(129), '\0', 7]) {
        await refused('VALIDATION', system.notes.label(id, label as string))
      }
      assert.deepEqual((await system.notes.history(id)).versions, [one, two])
    },
  },
  {
    id: 'notes.restore',
    guarantee:
      'A version is restored as it was, after compactions and by another System, as an edit that can be changed back',
    async run({ system, second }) {
      for (const gc of [true, false]) {
        const other = await second()
        const { id } = await aNote(system, 'hello world 👍🏽', { gc })
        await system.notes.label(id, 'v1')
        await system.notes.replace(id, { old: 'world 👍🏽', new: 'nobody' })
        await system.notes.append(id, ' at all')
        await system.notes.label(id, 'v2')
        await (await another(system, { retainMs: 0 })).notes.compact(id)
        const open = await system.notes.open(id)
        const { seq } = await other.notes.restore(id, 'v1', { actor: 'bob' })
        assert.equal(seq, 4)
        assert.equal(await textIn(system, id), 'hello world 👍🏽')
        assert.equal((await other.notes.restore(id, 'v1')).seq, seq)
        await system.notes.restore(id, 'v2')
        assert.equal(await textIn(other, id), 'hello nobody at all')
        assert.equal(open.getText(CONTENT).toString(), 'hello nobody at all')
        const { versions, edits } = await other.notes.history(id)
        assert.deepEqual(
          versions.map(({ label }) => label),
          ['v1', 'v2'],
        )
        assert.deepEqual(
          edits.map(({ actor, fromSeq, toSeq }) => [actor, fromSeq, toSeq]),
          [
            [null, 1, 3],
            ['bob', 4, 4],
            [null, 5, 5],
          ],
        )
        await system.notes.close(id)
      }
    },
  },
  {
    id: 'notes.restore-unknown',
    guarantee: 'An unknown version, and one of another note, is NOT_FOUND, and nothing changes',
    async run({ system }) {
      const [{ id }, { id: otherId }] = [await aNote(system, 'a'), await aNote(system, 'b')]
      await system.notes.label(otherId, 'v1')
      await refused('NOT_FOUND', system.notes.restore(id, 'v1'), { id: 'v1' })
      await refused('NOT_FOUND', system.notes.restore('nobody', 'v1'), { id: 'nobody' })
      for (const label of [undefined, null, 7]) {
        await refused('VALIDATION', system.notes.restore(id, label as unknown as string))
      }
      assert.deepEqual(await system.notes.read(id), { noteId: id, text: 'a', seq: 1 })
    },
  },
  {
    id: 'notes.restore-leaves-other-types',
    guarantee:
      'What an application keeps in the document beside the text is not spoilt by restoring the text',
    async run({ system }) {
      const { id } = await aNote(system, 'a')
      const doc = await system.notes.open(id)
      doc.getMap('meta').set('color', 'red')
      doc.getArray('list').push([1, 2])
      await system.notes.saved(id)
      await system.notes.label(id, 'v1')
      await system.notes.append(id, 'b')
      const fresh = await another(system)
      await fresh.notes.restore(id, 'v1')
      const other = await fresh.notes.open(id)
      assert.deepEqual(other.getMap('meta').toJSON(), { color: 'red' })
      assert.deepEqual(other.getArray('list').toJSON(), [1, 2])
      assert.equal(await textIn(system, id), 'a')
      await system.notes.restore(id, 'v1')
      await system.notes.close(id)
    },
  },
  {
    id: 'notes.trees-of-editors',
    guarantee: 'A document in which an editor keeps paragraphs is read as lines, and restored as it was',
    async run({ system }) {
      for (const name of ['default', 'prosemirror']) {
        const { id } = await aNote(system)
        const paragraph = (text: string) => {
          const element = new Y.XmlElement('paragraph')
          element.insert(0, [new Y.XmlText(text)])
          return element
        }
        const tree = (await system.notes.open(id)).getXmlFragment(name)
        tree.insert(0, [paragraph('one'), paragraph('two')])
        await system.notes.saved(id)
        assert.equal(await textIn(await another(system), id), 'one\ntwo')
        await system.notes.label(id, 'v1')
        tree.delete(0, 1)
        tree.insert(1, [paragraph('three')])
        await system.notes.saved(id)
        assert.equal(await textIn(system, id), 'two\nthree')
        const fresh = await another(system)
        await fresh.notes.restore(id, 'v1')
        assert.equal(await textIn(fresh, id), 'one\ntwo')
        assert.equal(await textIn(await another(system), id), 'one\ntwo')
        await system.notes.close(id)
      }
    },
  },
  {
    id: 'notes.history-by-actor',
    guarantee:
      'History tells who wrote each stretch of the log, in order, the same before and after compactions',
    async run({ system, second, clock }) {
      const other = await second()
      const { id } = await aNote(system, 'start')
      const begun = clock()
      for (const [actor, count] of [
        ['ada', 2],
        ['bob', 1],
        ['ada', 1],
      ] as const) {
        for (let i = 0; i < count; i++) {
          clock.advance(10)
          await (actor === 'ada' ? system : other).notes.append(id, '.', { actor })
        }
      }
      const at = (ms: number) => new Date(begun.getTime() + ms)
      const expected = [
        { actor: null, fromSeq: 1, toSeq: 1, firstAt: at(0), lastAt: at(0) },
        { actor: 'ada', fromSeq: 2, toSeq: 3, firstAt: at(10), lastAt: at(20) },
        { actor: 'bob', fromSeq: 4, toSeq: 4, firstAt: at(30), lastAt: at(30) },
        { actor: 'ada', fromSeq: 5, toSeq: 5, firstAt: at(40), lastAt: at(40) },
      ]
      assert.deepEqual((await system.notes.history(id)).edits, expected)
      await system.notes.compact(id)
      assert.deepEqual((await other.notes.history(id)).edits, expected)
      await (await another(system, { retainMs: 0 })).notes.append(id, '.', { actor: 'ada' })
      await (await another(system, { retainMs: 0 })).notes.compact(id)
      assert.deepEqual(await seqsOf(system, id), [])
      expected[3] = { ...expected[3]!, toSeq: 6 }
      assert.deepEqual((await other.notes.history(id)).edits, expected)
      for (const actor of ['', 'x'.repeat(129), 7, '\0']) {
        await refused('VALIDATION', system.notes.append(id, '.', { actor: actor as string }))
      }
    },
  },
  {
    id: 'notes.history-of-the-open',
    guarantee: 'Who changes an open document says who writes with the transaction, and history tells',
    async run({ system }) {
      const { id } = await aNote(system, 'a')
      const doc = await system.notes.open(id)
      const text = doc.getText(CONTENT)
      doc.transact(() => text.insert(1, 'b'), { actor: 'ada' })
      doc.transact(() => text.insert(2, 'c'), { actor: 'ada' })
      doc.transact(() => text.insert(3, 'd'), { actor: 'bob' })
      text.insert(4, 'e')
      await system.notes.close(id)
      assert.deepEqual(
        (await system.notes.history(id)).edits.map(({ actor }) => actor),
        [null, 'ada', 'bob', null],
      )
      assert.equal(await textIn(await another(system), id), 'abcde')
    },
  },
  {
    id: 'notes.gc',
    guarantee:
      'Whether deleted content is forgotten is chosen when a note is made, and holds over compactions',
    async run({ system }) {
      for (const gc of [true, false]) {
        const { id } = await aNote(system, 'hello world', { gc })
        assert.equal((await system.notes.get(id))?.gc, gc)
        await refused('VALIDATION', system.notes.update(id, { gc: !gc } as never), { column: 'gc' })
        await system.notes.replace(id, { old: ' world', new: '' })
        const compactor = await another(system, { retainMs: 0 })
        await compactor.notes.compact(id)
        const doc = await (await another(system)).notes.open(id)
        assert.equal(doc.gc, gc)
        const items = [...doc.store.clients.values()].flat()
        const kept = items.flatMap((each) =>
          each instanceof Y.Item && each.content instanceof Y.ContentString ? each.content.str : [],
        )
        assert.equal(kept.includes(' world'), !gc)
      }
    },
  },
]
