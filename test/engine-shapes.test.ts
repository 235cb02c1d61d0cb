/**
 * Queries of different shapes never share what was compiled of one, however alike their words and tables are.
 * Over tables made for the purpose, so this is no scenario.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RootEngine } from '../src/engine/engine.ts'
import { createMemoryEngine } from '../src/engine/memory/engine.ts'
import { inTable, lt, lte, ne, oneOfThese, type Where } from '../src/engine/query.ts'
import { sqliteEngine } from '../src/engine/sqlite/engine.ts'
import { bytes, id, oneOf } from '../src/schema/dsl/columns.ts'
import { table } from '../src/schema/dsl/table.ts'
import { createExtraTables } from './differential/tables.ts'
import { selectedTiers } from './support/tiers.ts'

/** What can follow each of these words in a shape's key makes another word of them. */
const words = table('words', {
  id: id().primaryKey(),
  state: oneOf('event', 'vent', 'a', 'a b', 'a,2=b', 'a","b', 'b'),
  mood: oneOf('a', 'b').optional(),
  hash: bytes().optional(),
})
/** Tables of one name, which differ in what the database calls them. */
const places = table('places', { id: id().primaryKey() }, { sqlName: 'terrace_places' })
const otherPlaces = table('places', { id: id().primaryKey() }, { sqlName: 'terrace_other_places' })

const engines = {
  memory: async () => createMemoryEngine(),
  sqlite: () => sqliteEngine(),
} satisfies Record<string, () => Promise<RootEngine>>

for (const tier of ['memory', 'sqlite'] as const) {
  describe.runIf(selectedTiers().includes(tier))(`shapes on ${tier}`, () => {
    let engine: RootEngine

    beforeAll(async () => {
      engine = await engines[tier]()
      await createExtraTables(engine, [words, places, otherPlaces])
      await engine.insert(words, [
        { id: '0', state: 'event' },
        { id: '1', state: 'vent' },
        { id: '2', state: 'a', mood: 'b' },
        { id: '3', state: 'a,2=b' },
        { id: '4', state: 'a b' },
        { id: '5', state: 'b' },
        { id: '6', state: 'a","b' },
      ])
      await engine.insert(places, [{ id: '0' }])
      await engine.insert(otherPlaces, [{ id: '1' }])
    })
    afterAll(async () => engine?.close())

    async function found(where: Where<typeof words>): Promise<string> {
      const ids = async () => (await engine.find(words, { where })).map((row) => row.id).join('')
      const once = await ids()
      expect(await ids()).toBe(once)
      return once
    }

    test('an operator and a word that begins as a longer operator ends are told apart', async () => {
      // lt + event and lte + vent.
      expect(await found({ state: lt('event') })).toBe('23456')
      expect(await found({ state: lte('vent') })).toBe('0123456')
      expect(await found({ state: lte('event') })).toBe('023456')
      expect(await found({ state: lt('vent') })).toBe('023456')
    })

    test('a word that looks like the next condition is told apart from it', async () => {
      expect(await found({ state: 'a', mood: 'b' })).toBe('2')
      expect(await found({ state: 'a,2=b' })).toBe('3')
      expect(await found({ state: ne('a'), mood: ne('b') })).toBe('013456')
      expect(await found({ state: ne('a,2=b') })).toBe('012456')
    })

    test('a list of two words and one of a word that looks like both are told apart', async () => {
      expect(await found({ state: oneOfThese(['a', 'b']) })).toBe('25')
      expect(await found({ state: oneOfThese(['a b']) })).toBe('4')
      expect(await found({ state: oneOfThese(['a","b']) })).toBe('6')
      expect(await found({ state: oneOfThese(['b', 'a', 'a b']) })).toBe('245')
    })

    test('tables of one name are told apart by what the database calls them', async () => {
      // The cast: without a condition, which the types do not know.
      for (const where of [{}, undefined as never]) {
        expect(await found({ id: inTable(places, 'id', where) })).toBe('0')
        expect(await found({ id: inTable(otherPlaces, 'id', where) })).toBe('1')
        expect(await found({ id: inTable(words, 'id', where) })).toBe('0123456')
      }
    })

    test('bytes are found among a list of bytes, and are no text', async () => {
      const hashes = [[], [0], [0, 0], [255, 16, 128], [0x30, 0x30], [10]].map((list) => new Uint8Array(list))
      const rows = hashes.map((hash, i) => ({ id: `h${i}`, state: 'a', hash }) as const)
      await engine.insert(words, rows)
      const among = (...lists: number[][]) =>
        found({ hash: oneOfThese(lists.map((list) => new Uint8Array(list))) })
      expect(await among([0])).toBe('h1')
      expect(await among([255, 16, 128], [], [1, 2, 3])).toBe('h0h3')
      expect(await among([0, 0], [0, 0])).toBe('h2')
      expect(await among([0x30, 0x30], [10])).toBe('h4h5')
      expect(await among([16])).toBe('')
      expect(await among()).toBe('')
    })
  })
}
