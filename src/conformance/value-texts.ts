/** Text and words: what goes in comes out to the letter, or is refused before anything is written. */

import assert from 'node:assert/strict'
import { oneOfThese } from '../engine/query.ts'
import { roles } from '../schema/roles.ts'
import { refused } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { BROKEN_TEXTS } from './value-fixtures.ts'

/** Each of them has been mangled by some database, driver or quoting. */
const TEXTS = [
  '',
  ' kept at both ends\t\n',
  '\r\n',
  `'single' "double" \`back\``,
  '\\ \\n \\u0041 \\x00 \\',
  '{a,"b",NULL} [1] {} $1 ? :a @b %s',
  'NULL',
  'null',
  '123',
  '1e3',
  'true',
  'é',
  'e\u0301',
  'שלום \u202eevil\u202c \u200f',
  '\ufeffbom',
  '\u0001\u001f\u007f\u0085\u2028\u2029',
  '\uffff\ufffe\ufffd',
  '😀👩‍👩‍👧‍👦\u{10ffff}𝒳',
  'long '.repeat(40_000),
]

export const valueTextScenarios: readonly Scenario[] = [
  {
    id: 'values.text-exact',
    guarantee: 'Any well-formed text without NUL comes back to the letter, however it was written and read',
    async run({ system, second }) {
      const other = await second()
      const ids = TEXTS.map((_, i) => `one ${i}`)
      await Promise.all(
        TEXTS.map((description, i) => system.roles.create({ id: ids[i], name: 'R', description })),
      )
      const now = system.engine.now()
      const rows = TEXTS.map((text, i) => ({
        id: `many ${i}`,
        name: 'R',
        description: text,
        createdAt: now,
        updatedAt: now,
      }))
      const batch = await other.engine.insert(roles, rows)
      assert.deepEqual(
        batch.map((row) => row.description),
        TEXTS,
      )
      for (const [i, text] of TEXTS.entries()) {
        assert.equal((await other.roles.get(`one ${i}`))?.description, text)
        const same = await system.roles.list({ description: text })
        assert.deepEqual(same.items.map(({ id }) => id).sort(), [`many ${i}`, `one ${i}`])
        assert.equal((await other.roles.update(`one ${i}`, { systemPrompt: text })).systemPrompt, text)
      }
      const listed = await system.engine.find(roles, { where: { description: oneOfThese(TEXTS) } })
      assert.equal(listed.length, TEXTS.length * 2)
    },
  },
  {
    id: 'values.text-limits',
    guarantee:
      'Text is counted in characters, and what is empty, too long or not storable is refused by column',
    async run({ system }) {
      const longest = '🤖'.repeat(1024)
      const { id, title } = await system.workspaces.create({ title: longest })
      assert.equal(title, longest)
      for (const bad of ['', `${longest}x`, 'x'.repeat(1025), ...BROKEN_TEXTS]) {
        const where = { table: 'workspaces', column: 'title' }
        await refused('VALIDATION', system.workspaces.create({ title: bad }), where)
        await refused('VALIDATION', system.workspaces.update(id, { title: bad }), where)
      }
      const role = system.roles.create({ name: 'R', systemPrompt: 'x'.repeat(1_000_001) })
      await refused('VALIDATION', role, { table: 'roles', column: 'systemPrompt' })
      assert.equal(
        (await system.roles.create({ name: 'R', systemPrompt: 'é'.repeat(1_000_000) })).systemPrompt.length,
        1_000_000,
      )
      assert.deepEqual(
        (await system.workspaces.list()).items.map((row) => row.title),
        [longest],
      )
    },
  },
  {
    id: 'values.enums',
    guarantee: 'A word that its column does not know is refused in new rows, patches and filters alike',
    async run({ system }) {
      const { id } = await system.workspaces.create({ title: 'W', kind: 'company' })
      for (const bad of ['Company', '', 'nonsense', 7, ['company'], "company' or '1", 'toString']) {
        const wrong = { table: 'workspaces', column: 'kind' }
        const kind = bad as 'company'
        await refused('VALIDATION', system.workspaces.create({ title: 'W', kind }), wrong)
        await refused('VALIDATION', system.workspaces.update(id, { kind }), wrong)
        if (!Array.isArray(bad)) await refused('VALIDATION', system.workspaces.list({ kind }), wrong)
        await refused('VALIDATION', system.workspaces.list({ kind: ['company', kind] }), wrong)
      }
      assert.deepEqual(
        (await system.workspaces.list({ kind: 'company' })).items.map((row) => row.id),
        [id],
      )
    },
  },
]
