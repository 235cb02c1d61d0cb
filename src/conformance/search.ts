/** Searching is literal, over text that the library folds: the same words find the same rows everywhere. */

import assert from 'node:assert/strict'
import { contains } from '../engine/query.ts'
import { agents } from '../schema/agents.ts'
import type { System } from '../system.ts'
import { newWorkspace, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'

async function newTasks(system: System, titles: readonly string[]): Promise<string> {
  const workspaceId = await newWorkspace(system)
  for (const title of titles) await system.tasks.create({ workspaceId, title })
  return workspaceId
}

async function search(system: System, text: string): Promise<string[]> {
  const { items } = await system.tasks.list({ search: text })
  assert.equal(await system.tasks.count({ search: text }), items.length)
  return items.map(({ title }) => title)
}

/** Titles, and what is searched for: found if `true`. */
const FOLDED: readonly (readonly [title: string, text: string, found: boolean])[] = [
  ['Straße', 'STRASSE', true],
  ['STRASSE', 'straße', true],
  ['GROẞ', 'groß', true],
  ['groß', 'GROẞ', true],
  ['GROẞ', 'gross', true],
  ['ﬁnish', 'FIN', true],
  ['finish', 'ﬁ', true],
  ['ΟΔΟΣ', 'οδος', true],
  ['ΟΔΟΣΑ', 'ΟΔΟΣ', true],
  ['ὀδυσσεύς', 'ΕΎΣ', true],
  ['İstanbul', 'i̇stanbul', true],
  ['İstanbul', 'İSTANBUL', true],
  ['İstanbul', 'istanbul', false],
  ['ıslak', 'islak', true],
  ['Ｆｕｌｌ ｗｉｄｔｈ', 'full WIDTH', true],
  ['№ ①', 'no 1', true],
  ['2⁵', '25', true],
  ['cafe\u0301', 'CAFÉ', true],
  ['café', 'cafe', false],
  ['Ω', 'ω', true],
  ['ǅ', 'ǆ', true],
  ['Ꭰ', 'ꭰ', true],
  ['𐐀', '𐐨', true],
  ['ÅNGSTRÖM', 'ångström', true],
  ['Å', 'å', true],
  ['nothing', 'NoThInG', true],
  ['nothing', 'something', false],
]

export const searchScenarios: readonly Scenario[] = [
  {
    id: 'search.literal',
    guarantee: 'A search finds what contains its text to the letter: no character is a wildcard or an escape',
    async run({ system }) {
      const marks = [
        '%',
        '_',
        '\\',
        '\\%',
        '*',
        '?',
        '.',
        '.*',
        '[a]',
        '^',
        '$',
        "'",
        '"',
        '|',
        '(',
        '{}',
        '#',
        '-- ',
      ]
      await newTasks(system, ['plain', ...marks.map((mark) => `before ${mark}after`)])
      for (const mark of marks) {
        const expected = marks.map((other) => `before ${other}after`).filter((title) => title.includes(mark))
        assert.deepEqual(await search(system, mark), expected, mark)
      }
      assert.deepEqual(await search(system, 'p_ain'), [])
      assert.deepEqual(await search(system, 'pl%n'), [])
    },
  },
  {
    id: 'search.folded',
    guarantee: 'A search disregards case and compatibility forms, whatever the language, and nothing else',
    async run({ system }) {
      for (const [title, text, found] of FOLDED) {
        const { id, workspaceId } = await system.tasks.create({
          workspaceId: await newWorkspace(system),
          title,
        })
        const { items } = await system.tasks.list({ workspaceId, search: text })
        assert.deepEqual(
          items.map((task) => task.id),
          found ? [id] : [],
          `${text} in ${title}`,
        )
        assert.equal((await system.tasks.get(id))?.title, title)
      }
    },
  },
  {
    id: 'search.anywhere',
    guarantee:
      'A search finds its text at the start, in the middle and at the end, and an empty one finds all',
    async run({ system }) {
      await newTasks(system, ['Deploy it', 'Re-deploy', 'Undeployed', 'Test'])
      assert.deepEqual(await search(system, 'deploy'), ['Deploy it', 'Re-deploy', 'Undeployed'])
      assert.deepEqual(await search(system, ' it'), ['Deploy it'])
      assert.deepEqual(await search(system, ''), ['Deploy it', 'Re-deploy', 'Undeployed', 'Test'])
      assert.deepEqual(await search(system, 'x'.repeat(3000)), [])
    },
  },
  {
    id: 'search.what-is-there-now',
    guarantee: 'A search knows the text as it is now, also after an update',
    async run({ system, second }) {
      const other = await second()
      const workspaceId = await newTasks(system, ['Old name'])
      const { items } = await system.tasks.list({ workspaceId })
      await other.tasks.update(items[0]!.id, { title: 'Neuer Spaß' })
      await other.tasks.update(items[0]!.id, { priority: 3 })
      assert.deepEqual(await search(system, 'old'), [])
      assert.deepEqual(await search(system, 'SPASS'), ['Neuer Spaß'])
    },
  },
  {
    id: 'search.with-filters-and-pages',
    guarantee: 'A search goes together with filters, order and pages',
    async run({ system }) {
      const workspaceId = await newTasks(system, ['fix a', 'test', 'FIX b', 'Fix c', 'fix d'])
      const options = { order: { title: 'desc' }, limit: 2 } as const
      const first = await system.tasks.list({ workspaceId, search: 'fix' }, options)
      const rest = await system.tasks.list({ workspaceId, search: 'fix' }, { ...options, after: first.next })
      const titles = [...first.items, ...rest.items].map(({ title }) => title)
      assert.deepEqual(titles, ['fix d', 'fix a', 'Fix c', 'FIX b'])
      assert.equal(rest.next, null)
      const elsewhere = system.tasks.list({ workspaceId, search: 'fi' }, { ...options, after: first.next })
      await refused('VALIDATION', elsewhere, { table: 'tasks' })
      assert.equal(await system.tasks.count({ search: 'fix', workspaceId: 'another' }), 0)
    },
  },
  {
    id: 'search.impossible-text',
    guarantee: 'Searching for text that no row can have finds nothing; for what is no text, it is refused',
    async run({ system }) {
      await newTasks(system, ['a'])
      for (const text of ['\0', 'a\0', '\ud800']) assert.deepEqual(await search(system, text), [])
      for (const text of [7, null, {}, ['a'], true]) {
        await refused('VALIDATION', system.tasks.list({ search: text as string }), { table: 'tasks' })
      }
      await refused('VALIDATION', system.tasks.list({ search: 'a', title: 'a' }), { column: 'title' })
      const unsearched = system.engine.find(agents, { where: { name: contains('a') } })
      await refused('VALIDATION', unsearched, { table: 'agents', column: 'name' })
    },
  },
]
