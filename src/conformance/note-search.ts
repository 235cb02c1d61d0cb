/** A search finds notes by what their titles and texts contain. */

import assert from 'node:assert/strict'
import { newWorkspace, range, refused } from './expect.ts'
import { idsOf, UNKNOWN } from './fixtures.ts'
import { aNote, becomes } from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

export const noteSearchScenarios: readonly Scenario[] = [
  {
    id: 'notes.search',
    guarantee: 'A search finds what title or text contain to the letter, whatever the case and the language',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const make = async (title: string, text: string) =>
        (await system.notes.create({ workspaceId, title, text })).id
      // Each has an n: One, snake, nothing, line, noir, now.
      const ids = {
        percent: await make('One', 'at 100% of it'),
        under: await make('Two', 'snake_case'),
        street: await make('Straße', 'nothing'),
        greek: await make('Greek', 'ΟΔΟΣ\nsecond line'),
        accent: await make('Café', 'cafe\u0301 noir'),
        emoji: await make('Emoji', 'ship it 👩‍👩‍👧‍👦 now'),
      }
      const other = await aNote(system, 'at 100% elsewhere')
      const found = async (text: string) =>
        (await system.notes.search(workspaceId, text)).map(({ note }) => note.id)
      assert.deepEqual(await found('100%'), [ids.percent])
      assert.deepEqual(await found('1%0'), [])
      assert.deepEqual(await found('_'), [ids.under])
      assert.deepEqual(await found('SNAKE_c'), [ids.under])
      assert.deepEqual(await found('snakeXcase'), [])
      assert.deepEqual(await found('STRASSE'), [ids.street])
      assert.deepEqual(await found('οδος'), [ids.greek])
      assert.deepEqual(await found('CAFÉ'), [ids.accent])
      assert.deepEqual(await found('👩‍👩‍👧‍👦'), [ids.emoji])
      assert.deepEqual(await found("' or 1=1 --"), [])
      assert.deepEqual(await found('\\'), [])
      assert.deepEqual(await found('n'), [
        ids.percent,
        ids.under,
        ids.street,
        ids.greek,
        ids.accent,
        ids.emoji,
      ])
      assert.deepEqual(
        (await system.notes.search(other.workspaceId, '100%')).map(({ note }) => note),
        [other],
      )
      assert.deepEqual(await system.notes.search(UNKNOWN, 'o'), [])
      for (const text of ['', 7, null, undefined]) {
        await refused('VALIDATION', system.notes.search(workspaceId, text as string))
      }
      for (const limit of [0, 1001, 1.5])
        await refused('VALIDATION', system.notes.search(workspaceId, 'o', { limit }))
    },
  },
  {
    id: 'notes.search-excerpt',
    guarantee:
      'A match in the text comes with the line that it is in, and one in the title alone with none; limits hold over both',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const titles = ['both Friday', 'title FRIDAY', 'none', 'text']
      const texts = ['one\nsee you on friday\nthree', 'nothing', 'nothing', `${'x'.repeat(300)} Friday`]
      for (const [i, title] of titles.entries()) {
        await system.notes.create({ id: `n${i}`, workspaceId, title, text: texts[i] })
      }
      const matches = await system.notes.search(workspaceId, 'friday')
      assert.deepEqual(
        matches.map(({ note }) => note.id),
        ['n0', 'n1', 'n3'],
      )
      assert.equal(matches[0]!.excerpt, 'see you on friday')
      assert.equal(matches[1]!.excerpt, null)
      assert.ok(matches[2]!.excerpt!.endsWith('Friday') && matches[2]!.excerpt!.length <= 200)
      for (const limit of [1, 2, 3]) {
        const some = await system.notes.search(workspaceId, 'friday', { limit })
        assert.deepEqual(some, matches.slice(0, limit))
      }
    },
  },
  {
    id: 'notes.search-what-is-there-now',
    guarantee:
      'A search knows what was just written here, soon what was written elsewhere, and nothing that is gone',
    async run({ system, second }) {
      const other = await second()
      const { id, workspaceId } = await aNote(system, 'before')
      const found = async (by: typeof system, text: string) =>
        idsOf((await by.notes.search(workspaceId, text)).map(({ note }) => note))
      for (const i of range(5)) {
        await system.notes.append(id, ` word${i}`)
        assert.deepEqual(await found(system, `WORD${i}`), [id])
      }
      await system.notes.replace(id, { old: 'before', new: 'after' })
      assert.deepEqual(await found(system, 'before'), [])
      await becomes(() => found(other, 'after word0'), [id])
      await other.notes.delete(id)
      assert.deepEqual(await found(system, 'after'), [])
      assert.deepEqual(await found(other, 'N'), [])
    },
  },
]
