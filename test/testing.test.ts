/** What `terrace/testing` gives to an application's tests. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { everything } from '../src/conformance/expect.ts'
import { seed } from '../src/conformance/verbs.ts'
import { id, table } from '../src/index.ts'
import { tables } from '../src/schema/tables.ts'
import { createSystem, type System } from '../src/system.ts'
import { createTestSystem, resetSystem } from '../src/testing/index.ts'
import { selectedTiers } from './support/tiers.ts'
import { createPlace, type TestPlace } from './system/databases.ts'

test('a test System is in memory whatever the environment says, and its clock stands still', async () => {
  process.env.TERRACE_DB_DRIVER = 'sqlite'
  await using own = await createTestSystem()
  delete process.env.TERRACE_DB_DRIVER
  expect(own.system.engine.tier).toBe('memory')
  expect(own.seeded).toBeUndefined()
  expect((await own.system.workspaces.create({ title: 'W' })).createdAt).toEqual(own.clock())
})

test('a test System is seeded by the clock it has, and gives what the seed answered', async () => {
  await using own = await createTestSystem({
    async seed(system, clock) {
      const { id } = await system.workspaces.create({ title: 'First' })
      clock.advance(1000)
      return { id, second: await system.workspaces.create({ title: 'Second' }) }
    },
  })
  expect(own.seeded.second.createdAt).toEqual(own.clock())
  expect((await own.system.workspaces.list()).items.map(({ id }) => id)).toContain(own.seeded.id)
})

test('a seed that fails is told, and leaves nothing open', async () => {
  let seen: System | undefined
  const failing = createTestSystem({
    async seed(system) {
      seen = system
      throw new Error('no seed')
    },
  })
  await expect(failing).rejects.toThrow('no seed')
  await expect(seen?.engine.ping()).rejects.toMatchObject({ code: 'CLOSED' })
})

describe.each(selectedTiers())('resetting on %s', (tier) => {
  let place: TestPlace
  beforeAll(async () => {
    place = await createPlace(tier)
  })
  afterAll(() => place[Symbol.asyncDispose]())

  test('leaves no row of Terrace’s, wherever it belongs, and a System that works', async () => {
    await using system = await createSystem(place.options)
    for (let round = 0; round < 2; round++) {
      const { noteId } = await seed(system)
      await system.notes.compact(noteId)
      await system.roles.create({ name: 'Everywhere' })
      await system.settings.set('user:1', 'theme', 'dark')
      const before = await everything(system.engine)
      for (const { name } of tables) expect(before[name], name).not.toEqual([])
      await resetSystem(system)
      expect(await everything(system.engine)).toEqual(
        Object.fromEntries(tables.map(({ name }) => [name, []])),
      )
    }
  })
})

test('resetting leaves the tables of the application alone', async () => {
  const counters = table('counters', { id: id().primaryKey() }, { sqlName: 'my_counters' })
  await using own = await createTestSystem()
  await own.system.engine.insert(counters, [{ id: 'kept' }])
  await resetSystem(own.system)
  expect(await own.system.engine.get(counters, 'kept')).toEqual({ id: 'kept' })
})
