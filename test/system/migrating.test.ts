/** What `migrate` means when a System opens, and which databases it will not open. */

import type BetterSqlite from 'better-sqlite3'
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MigrationError } from '../../src/errors.ts'
import { migrations } from '../../src/migrations/generated.ts'
import { createSystem, type SystemOptions } from '../../src/system.ts'
import { selectedTiers } from '../support/tiers.ts'
import { createPlace, type TestPlace } from './databases.ts'

for (const tier of ['sqlite', 'postgres'] as const) {
  describe.runIf(selectedTiers().includes(tier))(`migrations of a System on ${tier}`, () => {
    const known = migrations[tier]
    const newest = known.at(-1)!.tag
    let place: TestPlace

    beforeEach(async () => {
      place = await createPlace(tier)
    })

    afterEach(() => place[Symbol.asyncDispose]())

    const open = (options: Pick<SystemOptions, 'migrate'> = {}) =>
      createSystem({ ...place.options, ...options })

    /** Changes the record of migrations, as another version of the code would. */
    async function rewrite(sql: string): Promise<void> {
      await using system = await open()
      const beneath = await system.engine.unwrap()
      if (tier === 'sqlite') (beneath as { database: BetterSqlite.Database }).database.exec(sql)
      else await (beneath as { pool: pg.Pool }).pool.query(sql)
    }

    const applied = tier === 'sqlite' ? '0' : `'2026-01-01'`
    const record = (tag: string, compatible: boolean) =>
      `insert into terrace_migrations (tag, checksum, compatible, applied_at)
       values ('${tag}', 'x', ${tier === 'sqlite' ? Number(compatible) : compatible}, ${applied})`

    test('by themselves they bring an empty database up to date, and leave a current one alone', async () => {
      for (const options of [{}, { migrate: 'verify' }, { migrate: 'auto' }] as const) {
        await using system = await open(options)
        expect(await system.health()).toMatchObject({ status: 'ok', schema: newest })
        await system.workspaces.create({ title: 'Kept' })
      }
      await using system = await open({ migrate: 'off' })
      expect(await system.workspaces.count({ title: 'Kept' })).toBe(3)
    })

    test('verifying refuses an empty database, says what to run, and changes nothing', async () => {
      for (let i = 0; i < 2; i++) {
        const opening = open({ migrate: 'verify' })
        await expect(opening).rejects.toThrow(MigrationError)
        // A file that is not there is not made, and so lacks nothing in particular.
        await expect(opening).rejects.toThrow(
          /lacks 0000_core.*migrate: 'auto'|does not exist.*migrate: 'auto'/,
        )
      }
      await using system = await open()
      expect(await system.workspaces.count()).toBe(0)
    })

    test('turned off, an empty database opens, and each call says what is missing', async () => {
      await using system = await open({ migrate: 'off' })
      const lacking = { code: 'MIGRATION', message: expect.stringContaining('run the migrations') }
      await expect(system.workspaces.create({ title: 'no' })).rejects.toMatchObject(lacking)
      await expect(system.workspaces.list()).rejects.toMatchObject(lacking)
      await expect(system.transaction((tx) => tx.workspaces.count())).rejects.toMatchObject(lacking)
    })

    test('a schema that is newer than the code is refused, unless it says that older code can live with it', async () => {
      await rewrite(record('9998_added_later', true))
      {
        await using system = await open()
        expect(await system.health()).toMatchObject({ status: 'ok', schema: '9998_added_later' })
      }
      await rewrite(record('9999_breaking', false))
      for (const migrate of ['auto', 'verify'] as const) {
        await expect(open({ migrate })).rejects.toThrow(
          new MigrationError(
            'the database is newer than this code, which does not know 9999_breaking; upgrade the code',
          ),
        )
      }
    })

    test('a migration that was edited after it was applied is refused', async () => {
      await rewrite(`update terrace_migrations set checksum = 'edited' where tag = '${known[0]!.tag}'`)
      await expect(open()).rejects.toThrow(
        new MigrationError(
          `migration ${known[0]!.tag} was edited after it was applied to this database; restore it and put the change into a new migration`,
        ),
      )
    })
  })
}
