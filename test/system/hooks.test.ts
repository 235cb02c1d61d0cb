/** What an application hears of the statements that it causes, on every tier that has statements. */

import Database from 'better-sqlite3'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { QueryEvent } from '../../src/engine/hooks.ts'
import { createSystem } from '../../src/system.ts'
import { resetSystem } from '../../src/testing/index.ts'
import { selectedTiers } from '../support/tiers.ts'
import { createPlace, type TestPlace } from './databases.ts'

const SECRET = 'a title that nobody is to read in a log'

describe.each(selectedTiers())('on %s', (tier) => {
  let place: TestPlace
  beforeAll(async () => {
    place = await createPlace(tier)
  })
  afterAll(() => place[Symbol.asyncDispose]())

  /** A System over nothing, and what it tells. */
  async function listening(slowMs?: number) {
    const queries: QueryEvent[] = []
    const slow: QueryEvent[] = []
    const retries: unknown[] = []
    const system = await createSystem({
      ...place.options,
      hooks: {
        query: (event) => queries.push(event),
        slow: (event) => slow.push(event),
        retry: (error) => retries.push(error),
        ...(slowMs !== undefined && { slowMs }),
      },
    })
    await resetSystem(system)
    for (const heard of [queries, slow, retries]) heard.length = 0
    return { system, queries, slow, retries, [Symbol.asyncDispose]: () => system.close() }
  }

  test.runIf(tier === 'memory')('there are no statements, so nothing is told', async () => {
    await using heard = await listening(0)
    await heard.system.workspaces.create({ title: 'W' })
    await heard.system.transaction((tx) => tx.workspaces.list())
    expect([heard.queries, heard.slow, heard.retries]).toEqual([[], [], []])
  })

  describe.runIf(tier !== 'memory')('statements', () => {
    test('are told with their text, never with values, with their rows and how long they took', async () => {
      await using heard = await listening()
      const { system, queries } = heard
      for (const id of ['a', 'b', 'c']) await system.workspaces.create({ id, title: SECRET })
      expect(queries).toHaveLength(3)
      for (const { sql, rows, durationMs } of queries) {
        expect(sql).toMatch(/insert into "?terrace_workspaces/i)
        expect(rows).toBe(1)
        expect(durationMs).toBeGreaterThan(0)
      }
      expect(JSON.stringify(queries)).not.toContain(SECRET)

      queries.length = 0
      await system.workspaces.list({ title: SECRET })
      await system.workspaces.list({ title: 'Other' })
      expect(queries.map(({ rows }) => rows)).toEqual([3, 0])
      for (const { sql } of queries) expect(sql).toMatch(/^select .*terrace_workspaces/is)
      expect(JSON.stringify(queries)).not.toContain(SECRET)
    })

    test('of a transaction are told as well', async () => {
      await using heard = await listening()
      await heard.system.transaction((tx) => tx.workspaces.create({ title: SECRET }))
      const writes = heard.queries.filter(({ sql }) => sql.includes('terrace_workspaces'))
      expect(writes.map(({ rows }) => rows)).toEqual([1])
    })

    test('are slow above `slowMs`, and only then', async () => {
      for (const slowMs of [0, 600_000]) {
        await using heard = await listening(slowMs)
        await heard.system.workspaces.create({ title: 'W' })
        expect(heard.queries).toHaveLength(1)
        expect(heard.slow).toEqual(slowMs === 0 ? heard.queries : [])
      }
    })
  })

  test.runIf(tier === 'sqlite')('a file that somebody else is writing is tried again, and told', async () => {
    await using heard = await listening()
    const other = new Database(place.options.path!)
    other.exec('begin immediate')
    const created = heard.system.workspaces.create({ title: 'W' })
    await expect.poll(() => heard.retries.length).toBeGreaterThan(1)
    other.exec('commit')
    other.close()
    expect((await created).title).toBe('W')
    for (const error of heard.retries) expect(error).toMatchObject({ code: 'SQLITE_BUSY' })
  })

  describe.runIf(tier === 'postgres' || tier === 'neon' || tier === 'server')('a server', () => {
    test('is waited for by a statement that is then slow', async () => {
      await using heard = await listening(250)
      const { id } = await heard.system.workspaces.create({ title: 'W' })
      const other = new pg.Client({ connectionString: place.options.url!, ssl: false })
      await other.connect()
      await other.query('begin; lock table terrace_workspaces')
      const changed = heard.system.workspaces.update(id, { title: 'Changed' })
      await new Promise((resolve) => setTimeout(resolve, 500))
      await other.query('commit')
      await other.end()
      await changed
      expect(heard.slow).toContainEqual(heard.queries.find(({ sql }) => /^update|^with/i.test(sql)))
      expect(heard.slow).toEqual(heard.queries.filter(({ durationMs }) => durationMs > 250))
    })

    test('that refuses a transaction for the sake of another is asked again, and told', async () => {
      await using heard = await listening()
      const { system, retries } = heard
      let met = 0
      const both = Promise.withResolvers<void>()
      const runs: number[] = []
      await Promise.all(
        ['a', 'b'].map((title) =>
          system.transaction(async (tx) => {
            runs.push(await tx.workspaces.count())
            // Both have counted before either writes; a second run meets nobody.
            if (++met >= 2) both.resolve()
            await both.promise
            await tx.workspaces.create({ title })
          }),
        ),
      )
      expect(runs).toEqual([0, 0, 1])
      expect(retries).toMatchObject([{ code: '40001' }])
    })
  })
})
