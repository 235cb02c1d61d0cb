/** What a search of notes finds, whatever an index makes of it: the text is what it says, and as it is now. */

import assert from 'node:assert/strict'
import { contains } from '../engine/query.ts'
import { createNoteLog } from '../notes/log.ts'
import { fold } from '../schema/dsl/fold.ts'
import { noteHeads, noteSearches, notes } from '../schema/notes.ts'
import type { Scope } from '../system.ts'
import { many, newWorkspace } from './expect.ts'
import { aNote, another, becomes, deaf, dice, textIn } from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

async function found(scope: Scope, workspaceId: string, text: string): Promise<string[]> {
  const matches = await scope.notes.search(workspaceId, text, { limit: 1000 })
  return matches.map(({ note }) => note.title)
}

/** Each is a title and a text of its own. */
const TEXTS = [
  'plain words and nothing else',
  'abc bcd cde def, but not all of them in a row',
  'abcdef',
  '"quoted" and "AND" and NEAR(a b) OR NOT text:this*',
  'AND OR NOT',
  "it's an apostrophe's; -- drop it",
  '100% of_it \\ and %_\\',
  '! escape !! and !%',
  '日本語のテキスト、全文検索',
  '👩‍👩‍👧 family, 👍🏽 thumb, 𐐀𐐁𐐂 Deseret',
  'Straße GROẞ ſs',
  'cafe\u0301 and café',
  'İstanbul ıslak ΟΔΟΣ',
  'a\nb\r\nc\td',
  '\ufeffmark \ufffe \uffff end',
  '((())) [] {} ^$ .* |',
  '- -a +b ~c :d',
  'ﬁnish ① 2⁵',
  'x',
  '',
] as const

/** Parts of texts, and things that look like an index's own language. */
const SOUGHT = [
  'a',
  'ab',
  'bcd',
  'abcde',
  'abcdef',
  'abcdefg',
  '"',
  '""',
  '"quoted"',
  '"AND"',
  'AND',
  ' AND ',
  'near(A B)',
  'NEAR(',
  'text:this*',
  'this*',
  '*',
  "'",
  "it's",
  '; -- ',
  '%',
  '%_\\',
  '\\ a',
  '0% of_',
  'f_i',
  'p_ain',
  '!',
  '!!',
  ' !%',
  '日',
  '日本',
  '日本語',
  '全文検索',
  '本語テ',
  '👍🏽',
  '👩‍👩‍👧 f',
  '𐐨𐐩𐐪',
  '𐐂',
  'strasse',
  'groß',
  'GROSS',
  'ß',
  'ss',
  'café',
  'CAFE\u0301',
  'cafe',
  'e\u0301 a',
  'istanbul',
  'i\u0307stan',
  'οδος',
  'a\nb',
  'b\r\nc',
  '\ufeff',
  '\ufeffma',
  ' \ufffe \uffff ',
  '(((',
  '((()))',
  '^$ .*',
  '- -a',
  '-a +b',
  ':d',
  'FINISH',
  'ﬁn',
  '25',
  '1 2',
  'plain words and nothing else',
  'plain words and nothing elsewhere',
  'x'.repeat(5000),
] as const

export const noteSearchMatchScenarios: readonly Scenario[] = [
  {
    id: 'notes.search-any-text',
    guarantee:
      'What is searched for is found wherever it stands, to the letter, however short or long and in whatever script; nothing in it is a language',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const long = 'the same words over and over, '.repeat(40)
      const texts = [...TEXTS, `${long}and an end`, `${long}and a different end`]
      // By text, and by title where that may be.
      for (const text of texts)
        await system.notes.create({ workspaceId, title: `: ${text}`.slice(0, 900), text })
      const titles = texts.map((text) => `: ${text}`.slice(0, 900))
      for (const sought of [...SOUGHT, `${long}and an end`, `${long}and`, `over, and a different`]) {
        const expected = titles.filter((title, i) =>
          [title, texts[i]!].some((text) => fold(text).includes(fold(sought))),
        )
        assert.deepEqual(
          await found(system, workspaceId, sought),
          expected,
          JSON.stringify(sought.slice(0, 40)),
        )
      }
    },
  },
  {
    id: 'notes.search-any-part',
    guarantee: 'Every part of a text finds it, and what differs by a character does not, also after changes',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const roll = dice(7)
      const alphabet = ['a', 'b', 'ä', '"', '%', '界', '𐐨', ' ']
      const word = (length: number) => Array.from({ length }, () => alphabet[roll(alphabet.length)]).join('')
      const texts = await Promise.all(
        many(12, async (i) => {
          const { id } = await system.notes.create({ workspaceId, title: `${i}`, text: word(40) })
          const text = await textIn(system, id)
          if (i % 3 === 0) return text
          await system.notes.edit(id, text, i % 3 === 1 ? word(60) : `${text}${word(20)}`)
          return textIn(system, id)
        }),
      )
      for (let i = 0; i < 60; i++) {
        const source = [...texts[roll(texts.length)]!]
        const from = roll(source.length)
        const sought = source.slice(from, from + 1 + roll(12)).join('')
        const expected = texts.flatMap((text, at) => (text.includes(sought) ? [`${at}`] : []))
        assert.deepEqual((await found(system, workspaceId, sought)).sort(), expected.sort(), sought)
        assert.deepEqual(await found(system, workspaceId, `${sought}z`), [])
      }
    },
  },
  {
    id: 'notes.search-acknowledged',
    guarantee:
      'A search finds what anybody was told is written, and no more what was taken away, in any process',
    async run({ system, second }) {
      const systems = [system, await second(), await another(system, {}, deaf)]
      const { id, workspaceId, title } = await aNote(system, 'word 0 here')
      for (let i = 1; i <= 12; i++) {
        const writer = systems[i % 3]!
        await writer.notes.replace(id, { old: `word ${i - 1} `, new: `word ${i} ` })
        for (const reader of systems) {
          assert.deepEqual(await found(reader, workspaceId, `word ${i} here`), [title])
          assert.deepEqual(await found(reader, workspaceId, `word ${i - 1} here`), [])
        }
        if (i % 4 === 0) await writer.notes.compact(id)
      }
    },
  },
  {
    id: 'notes.search-races',
    guarantee:
      'Searches, edits and deletions at once: who was told that something is written finds it, who was told that it is gone does not',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      const made = await Promise.all(
        many(6, (i) => system.notes.create({ workspaceId, title: `${i}`, text: 'start' })),
      )
      await Promise.all(
        made.map(async ({ id, title }, i) => {
          const [mine, other] = [systems[i % 2]!, systems[(i + 1) % 2]!]
          for (let round = 0; round < 4; round++) {
            await mine.notes.append(id, `<${title}.${round}>`)
            assert.deepEqual(await found(other, workspaceId, `<${title}.${round}>`), [title])
          }
          if (i % 3 !== 0) return
          await mine.notes.delete(id)
          assert.ok(!(await found(other, workspaceId, 'start')).includes(title))
        }),
      )
      assert.deepEqual(await found(system, workspaceId, 'start'), ['1', '2', '4', '5'])
      const late = { where: { workspaceId, unsearched: true } }
      assert.deepEqual(await system.engine.find(noteHeads, late), [])
    },
  },
  {
    id: 'notes.search-reads-what-is-late',
    guarantee: 'A search makes searchable what was written since, and looks at the text of no other note',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const made = await Promise.all(
        many(10, (i) => system.notes.create({ workspaceId, title: `${i}`, text: `text ${i}` })),
      )
      const changed: string[] = []
      const searcher = await another(system, {}, (engine) => ({
        update: async (table, query, options) => {
          const rows = await engine.update(table, query, options)
          // The casts: one table is another type than the next.
          if ((table as object) === noteSearches) {
            changed.push(...rows.map((row) => (row as { noteId: string }).noteId))
          }
          return rows
        },
        find: async (table, query, options) => {
          const rows = await engine.find(table, query, options)
          if ((table as object) === noteHeads) assert.ok(rows.length < 2, 'all heads were read')
          return rows
        },
      }))
      assert.deepEqual(await found(searcher, workspaceId, 'text 3'), ['3'])
      assert.deepEqual(changed, [])
      const { id } = made[4]!
      await system.notes.append(id, ' late')
      assert.deepEqual(await found(searcher, workspaceId, 'late'), ['4'])
      assert.deepEqual(await found(searcher, workspaceId, 'late'), ['4'])
      assert.deepEqual(changed, [id])
      await searcher.close()
    },
  },
  {
    id: 'notes.search-newest',
    guarantee:
      'What is searched never steps back: an older text, or that of a note that had the id before, changes nothing',
    async run({ system }) {
      const { id, workspaceId, title } = await aNote(system, 'first')
      await system.notes.append(id, ' second')
      assert.deepEqual(await found(system, workspaceId, 'second'), [title])
      const { epoch, seq } = (await system.engine.get(noteHeads, id))!
      const log = createNoteLog(system.engine)
      await log.makeSearchable(id, epoch, seq - 1, 'older')
      await log.makeSearchable(id, 'another', seq + 1, 'older')
      assert.deepEqual(await found(system, workspaceId, 'older'), [])
      assert.deepEqual(await found(system, workspaceId, 'first second'), [title])
      // Nor does it count as done what was written since.
      await system.notes.append(id, ' third')
      await log.makeSearchable(id, epoch, seq, 'first second')
      assert.deepEqual(await found(system, workspaceId, 'third'), [title])
    },
  },
  {
    id: 'notes.search-after-rest',
    guarantee:
      'A note that was compacted, or is no longer kept in memory, need not be made searchable by a search',
    async run({ system }) {
      const writer = await another(system, { idleDocuments: 1 })
      const compacted = await aNote(writer, 'one')
      await writer.notes.append(compacted.id, ' more')
      assert.equal(await writer.notes.compact(compacted.id), true)
      const left = await aNote(writer, 'two')
      await writer.notes.append(left.id, ' more')
      await writer.notes.append((await aNote(writer, 'three')).id, ' more')
      for (const { id } of [compacted, left]) {
        await becomes(async () => (await system.engine.get(noteHeads, id))?.unsearched, false)
        assert.match((await system.engine.get(noteSearches, id))!.text, /^(one|two) more$/)
      }
      await writer.close()
    },
  },
  {
    id: 'notes.search-beside-the-unreadable',
    guarantee:
      'A note of which no document can be made is found by what it said before, and keeps nobody from finding others',
    async run({ system }) {
      const { id, workspaceId } = await aNote(system, 'was well')
      await system.notes.create({ workspaceId, title: 'other', text: 'is well' })
      const { epoch } = (await system.engine.get(noteHeads, id))!
      await createNoteLog(system.engine).append(id, epoch, [
        { data: new Uint8Array([255, 255, 255]), actor: null },
      ])
      const searcher = await another(system)
      assert.deepEqual((await found(searcher, workspaceId, 'well')).sort(), ['N', 'other'])
      await searcher.notes.append(
        (await searcher.notes.list({ workspaceId, title: 'other' })).items[0]!.id,
        '!',
      )
      assert.deepEqual(await found(searcher, workspaceId, 'well!'), ['other'])
      await searcher.close()
    },
  },
  {
    id: 'notes.search-in-transactions',
    guarantee:
      'Within a transaction a search finds what the transaction has written; rolled back, nobody does',
    async run({ system, second }) {
      const other = await second()
      const { id, workspaceId, title } = await aNote(system, 'before')
      const undone = system.transaction(async (tx) => {
        await tx.notes.append(id, ' after')
        await tx.notes.create({ workspaceId, title: 'made', text: 'after all' })
        assert.deepEqual((await found(tx, workspaceId, 'after')).sort(), [title, 'made'].sort())
        await tx.notes.delete(id)
        assert.deepEqual(await found(tx, workspaceId, 'after'), ['made'])
        throw new Error('undone')
      })
      await assert.rejects(undone, /undone/)
      for (const each of [system, other]) {
        assert.deepEqual(await found(each, workspaceId, 'after'), [])
        assert.deepEqual(await found(each, workspaceId, 'before'), [title])
      }
    },
  },
  {
    id: 'notes.search-by-verbs',
    guarantee: 'Every verb takes a condition on searched text, and agrees with the others on what matches',
    async run({ system }) {
      const { engine } = system
      const workspaceId = await newWorkspace(system)
      for (const title of ['Alpha one', 'alpha two', 'beta'])
        await system.notes.create({ workspaceId, title })
      const where = { workspaceId, title: contains('ALPHA') }
      assert.equal((await engine.find(notes, { where })).length, 2)
      assert.equal((await engine.aggregate(notes, { where, groupBy: [] }))[0]?.count, 2)
      assert.equal(
        (await engine.find(notes, { where: [where, { workspaceId, title: contains('eta') }] })).length,
        3,
      )
      const claimed = await engine.update(notes, { where, set: { title: 'Gamma' }, limit: 1 })
      assert.deepEqual(
        claimed.map(({ title }) => title),
        ['Gamma'],
      )
      assert.equal((await engine.remove(notes, { where })).length, 1)
      assert.deepEqual(await found(system, workspaceId, 'gamma'), ['Gamma'])
      assert.deepEqual(await found(system, workspaceId, 'alpha'), [])
    },
  },
]
