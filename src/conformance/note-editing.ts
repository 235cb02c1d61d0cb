/** Notes are edited by intent: each edit says what it does, and leaves alone what others have written. */

import assert from 'node:assert/strict'
import * as Y from 'yjs'
import { applySplices, splices, threeWay } from '../notes/merge.ts'
import { many, range, refused } from './expect.ts'
import { aClient, aNote, arrives, CONTENT, dice, textIn } from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

/** Characters of several units each: emoji, families, flags, letters with marks, a jamo, a keycap. */
const LONG = [
  '👍🏽',
  '👩‍👩‍👧‍👦',
  '🇩🇪',
  '🇨🇭',
  'e\u0301',
  'n\u0303\u0323',
  '각',
  '1\ufe0f\u20e3',
  '🏳️‍🌈',
  '\r\n',
  '🤖',
]
const SHORT = ['a', 'b', 'e', 'n', '1', ' ', '\n', 'é']

/** Where characters begin and end. */
function boundariesOf(text: string): Set<number> {
  const found = [...new Intl.Segmenter('und').segment(text)].map(({ index }) => index)
  return new Set([0, ...found, text.length])
}

export const noteEditingScenarios: readonly Scenario[] = [
  {
    id: 'notes.append',
    guarantee: 'What is appended is at the end, and is the next update of the note',
    async run({ system }) {
      const { id } = await aNote(system, 'a')
      assert.deepEqual(await system.notes.append(id, 'b'), { noteId: id, seq: 2 })
      assert.deepEqual(await system.notes.append(id, '👍🏽'), { noteId: id, seq: 3 })
      assert.deepEqual(await system.notes.read(id), { noteId: id, text: 'ab👍🏽', seq: 3 })
    },
  },
  {
    id: 'notes.append-race',
    guarantee: 'Of N appends at once, over two Systems, every one is in the text, whole and once',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await aNote(system, 'start')
      const written = await Promise.all(many(24, (i) => systems[i % 2]!.notes.append(id, `\n<${i}>`)))
      assert.ok(written.every(({ seq }) => seq > 1 && seq <= 25))
      const [text, other] = [await textIn(system, id), await textIn(systems[1]!, id)]
      assert.equal(text, other)
      const lines = text.split('\n')
      assert.equal(lines[0], 'start')
      assert.deepEqual(
        lines.slice(1).sort(),
        range(24)
          .map((i) => `<${i}>`)
          .sort(),
      )
    },
  },
  {
    id: 'notes.insert',
    guarantee:
      'An insertion is at the place it names; where there is none, or within a character, it is refused',
    async run({ system }) {
      const { id } = await aNote(system, 'a👩‍👩‍👧‍👦be\u0301')
      const length = 'a👩‍👩‍👧‍👦be\u0301'.length
      for (const index of [-1, length + 1, 0.5, Number.NaN, '0' as never, 2, 3, 9, length - 1]) {
        await refused('VALIDATION', system.notes.insert(id, index, 'x'), { table: 'notes', column: 'index' })
      }
      await system.notes.insert(id, length, '!')
      await system.notes.insert(id, 1, '-')
      await system.notes.insert(id, 0, '>')
      assert.equal(await textIn(system, id), '>a-👩‍👩‍👧‍👦be\u0301!')
    },
  },
  {
    id: 'notes.replace',
    guarantee: 'A part is replaced where it is, and nothing around it is touched',
    async run({ system, second }) {
      const { id } = await aNote(system, 'Ship on Friday, 👍🏽 all')
      await system.notes.replace(id, { old: 'Friday', new: 'Monday' })
      await (await second()).notes.replace(id, { old: '👍🏽', new: '👍' })
      await system.notes.replace(id, { old: ' all', new: '' })
      assert.equal(await textIn(system, id), 'Ship on Monday, 👍')
    },
  },
  {
    id: 'notes.replace-absent-or-ambiguous',
    guarantee:
      'What the text does not contain, or contains more than once, is not replaced, and nothing is written',
    async run({ system }) {
      const { id } = await aNote(system, 'one two two aaa')
      for (const old of ['three', 'two', 'aa', 'One', 'a']) {
        await refused('VALIDATION', system.notes.replace(id, { old, new: 'x' }), {
          table: 'notes',
          column: 'old',
        })
      }
      for (const old of ['', undefined, 7]) {
        await refused('VALIDATION', system.notes.replace(id, { old: old as string, new: 'x' }))
      }
      assert.deepEqual(await system.notes.read(id), { noteId: id, text: 'one two two aaa', seq: 1 })
    },
  },
  {
    id: 'notes.replace-whole-characters',
    guarantee: 'Only whole characters match: half of an emoji, or a letter without its mark, is not there',
    async run({ system }) {
      const { id } = await aNote(system, 'e\u0301 👩‍👩‍👧‍👦 👍🏽 🇩🇪🇨🇭 e')
      for (const old of ['👩', '👧', '👍', '🇪🇨', '\u0301', '🏽', '\u200d']) {
        await refused('VALIDATION', system.notes.replace(id, { old, new: 'x' }), { column: 'old' })
      }
      await system.notes.replace(id, { old: 'e', new: 'E' })
      await system.notes.replace(id, { old: '🇨🇭', new: '🇦🇹' })
      assert.equal(await textIn(system, id), 'e\u0301 👩‍👩‍👧‍👦 👍🏽 🇩🇪🇦🇹 E')
    },
  },
  {
    id: 'notes.edit-nothing',
    guarantee: 'An edit that changes nothing is no update, and answers the number as it is',
    async run({ system }) {
      const { id } = await aNote(system, 'same')
      const calls = [
        system.notes.append(id, ''),
        system.notes.insert(id, 2, ''),
        system.notes.replace(id, { old: 'am', new: 'am' }),
        system.notes.edit(id, 'same', 'same'),
      ]
      for (const { seq } of await Promise.all(calls)) assert.equal(seq, 1)
      assert.equal((await system.notes.read(id)).seq, 1)
    },
  },
  {
    id: 'notes.edit-keeps-others',
    guarantee: 'Edits of one base, over two Systems, all survive: what others have written since stays',
    async run({ system, second }) {
      const other = await second()
      const text = 'title\n\nfirst line\nsecond line\nend'
      const { id } = await aNote(system, text)
      const base = await system.notes.read(id)
      await Promise.all([
        system.notes.edit(id, base, text.replace('first', 'FIRST')),
        other.notes.edit(id, base, text.replace('second line', 'second line, longer')),
        other.notes.append(id, '\nappended'),
        system.notes.edit(id, base.text, text.replace('title', 'Title')),
      ])
      const expected = 'Title\n\nFIRST line\nsecond line, longer\nend\nappended'
      assert.equal(await textIn(system, id), expected)
      assert.equal(await textIn(other, id), expected)
    },
  },
  {
    id: 'notes.edit-never-deletes-what-others-wrote',
    guarantee: 'Even a text that replaces all of its base leaves what others have added to it since',
    async run({ system, second }) {
      const other = await second()
      for (const wanted of ['', 'completely different']) {
        const { id } = await aNote(system, 'old text')
        const base = await system.notes.read(id)
        await other.notes.insert(id, 4, 'NEW ')
        await other.notes.append(id, ' MORE')
        await system.notes.edit(id, base, wanted)
        const text = await textIn(other, id)
        for (const kept of ['NEW ', ' MORE']) assert.ok(text.includes(kept), text)
        if (wanted === '') assert.equal(text, 'NEW  MORE')
      }
    },
  },
  {
    id: 'notes.edit-same-twice',
    guarantee: 'Two who make the same change of the same base have made it once',
    async run({ system, second }) {
      const other = await second()
      const { id } = await aNote(system, 'the quick fox')
      const base = await system.notes.read(id)
      await system.notes.edit(id, base, 'the quick brown fox')
      await other.notes.edit(id, base, 'the quick brown fox')
      assert.equal(await textIn(system, id), 'the quick brown fox')
    },
  },
  {
    id: 'notes.edit-three-ways',
    guarantee:
      'Whatever three versions there are: alone, an edit makes its text; beside others, nothing they added is lost',
    async run() {
      const roll = dice(7)
      const letter = () => 'abc \n'[roll(5)]!
      for (const _ of range(400)) {
        const base = range(roll(20)).map(letter).join('')
        const wanted = changed(base, roll, letter)
        assert.equal(applySplices(base, threeWay(base, wanted, base)), wanted)
        // Others add digits, which nobody else has.
        const current = changed(base, roll, () => '0123456789'[roll(10)]!)
        const merged = applySplices(current, threeWay(base, wanted, current))
        const digits = (text: string) => text.replace(/\D/g, '')
        assert.equal(digits(merged), digits(current), JSON.stringify([base, wanted, current, merged]))
      }
    },
  },
  {
    id: 'notes.edit-whole-characters',
    guarantee: 'Whatever becomes of a text, no edit cuts a character in two',
    async run() {
      const roll = dice(11)
      const character = () => (roll(2) === 0 ? LONG[roll(LONG.length)]! : SHORT[roll(SHORT.length)]!)
      for (const _ of range(300)) {
        const from = range(roll(12)).map(character)
        const to = from.flatMap((each) => (roll(4) === 0 ? [] : roll(4) === 0 ? [character(), each] : [each]))
        const [before, after] = [from.join(''), to.join('')]
        const made = splices(before, after)
        assert.equal(applySplices(before, made), after)
        const boundaries = boundariesOf(before)
        for (const { at, remove } of made) {
          assert.ok(boundaries.has(at) && boundaries.has(at + remove), JSON.stringify([before, after, made]))
        }
      }
    },
  },
  {
    id: 'notes.edit-emoji-between-writers',
    guarantee: 'Two who change the same emoji leave text that can be stored, and characters that are whole',
    async run({ system, second }) {
      const other = await second()
      const { id } = await aNote(system, 'a😀b')
      const base = await system.notes.read(id)
      await Promise.all([system.notes.edit(id, base, 'a😁b'), other.notes.edit(id, base, 'a😂b')])
      const text = await textIn(system, id)
      assert.equal(text, await textIn(other, id))
      assert.ok(text.isWellFormed() && !text.includes('\ufffd'), JSON.stringify(text))
      assert.ok(text.includes('😁') || text.includes('😂'), text)
    },
  },
  {
    id: 'notes.edit-around-embeds',
    guarantee: 'What an editor has put among the text, and is no text, stays where it is, whatever is edited',
    async run({ system }) {
      const { id } = await aNote(system, '')
      const { text, updates } = aClient(5)
      text.insert(0, 'one two')
      text.insertEmbed(3, { image: 'x' })
      for (const update of updates) await system.notes.applyUpdate(id, update)
      await system.notes.replace(id, { old: 'two', new: '2' })
      await system.notes.insert(id, 0, '> ')
      await system.notes.edit(id, '> one 2', '> 1 2')
      await system.notes.append(id, '!')
      assert.equal(await textIn(system, id), '> 1 2!')
      const doc = await system.notes.open(id)
      assert.deepEqual(doc.getText(CONTENT).toDelta(), [
        { insert: '> 1' },
        { insert: { image: 'x' } },
        { insert: ' 2!' },
      ])
      await system.notes.close(id)
    },
  },
  {
    id: 'notes.edit-of-what-is-open',
    guarantee: 'An edit is in the open document at once, and edits of the open document are in the text',
    async run({ system, second }) {
      const other = await second()
      const { id } = await aNote(system, 'a')
      const doc = await system.notes.open(id)
      await system.notes.append(id, 'b')
      assert.equal(doc.getText(CONTENT).toString(), 'ab')
      doc.getText(CONTENT).insert(2, 'c')
      await system.notes.saved(id)
      assert.equal(await textIn(other, id), 'abc')
      await other.notes.replace(id, { old: 'abc', new: 'abcd' })
      await arrives(doc, (text) => text === 'abcd')
      await system.notes.close(id)
    },
  },
  {
    id: 'notes.text-that-cannot-be-stored',
    guarantee: 'Text that no database stores is refused; where a stranger brings it, it is read as replaced',
    async run({ system }) {
      const { id } = await aNote(system, 'a')
      for (const text of ['\0', '\ud800', 7 as never, undefined as never]) {
        await refused('VALIDATION', system.notes.append(id, text))
        await refused('VALIDATION', system.notes.insert(id, 0, text))
        await refused('VALIDATION', system.notes.edit(id, 'a', text))
        await refused('VALIDATION', system.notes.edit(id, text, 'a'))
        await refused('VALIDATION', system.notes.replace(id, { old: 'a', new: text }))
      }
      const { doc } = aClient(5)
      doc.getText(CONTENT).insert(0, 'x\0y')
      await system.notes.applyUpdate(id, Y.encodeStateAsUpdate(doc))
      const text = await textIn(system, id)
      assert.ok(text.includes('x\ufffdy'), JSON.stringify(text))
      assert.equal((await system.notes.search((await system.notes.get(id))!.workspaceId, 'x')).length, 1)
    },
  },
]

/** Parts of it taken out, and others put in. */
function changed(text: string, roll: (below: number) => number, letter: () => string): string {
  let result = text
  for (const _ of range(1 + roll(3))) {
    const at = roll(result.length + 1)
    const removed = roll(3) === 0 ? roll(6) : 0
    const added = range(roll(4)).map(letter).join('')
    result = result.slice(0, at) + added + result.slice(at + removed)
  }
  return result
}
