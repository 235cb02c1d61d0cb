/**
 * `npm run db:push`: makes the live database what the schema says, without a migration, while developing.
 * `--force` (`db:push:ci`) does not ask before columns and their values go; `--sqlite` means SQLite.
 */

import { withDatabase } from '../src/cli/database.ts'
import type { Resolved } from '../src/config.ts'
import { ConfigError, MigrationError } from '../src/errors.ts'
import type { Difference } from '../src/migrations/compare.ts'
import { drift } from '../src/migrations/drift.ts'
import type { MigrationTarget } from '../src/migrations/target.ts'
import { confirm } from './confirm.ts'
import { main, resolveDatabase } from './database.ts'
import { readFlags } from './flags.ts'
import { runKit } from './kit.ts'
import { pushPglite } from './push-pglite.ts'
import { lostColumns, rebuild } from './push-sqlite.ts'

const values = readFlags('db:push', {
  sqlite: { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
})

await main(async () => {
  const resolved = resolveDatabase(values)
  const before = await differencesOf(resolved)
  // drizzle-kit does not see collations, and would alter every text column each time.
  if (before.length === 0) return console.log('Nothing to do.')
  for (const { message } of before) console.log(`  ${message}`)
  if (resolved.tier === 'sqlite') await pushSqlite(resolved)
  else await pushPostgres(resolved)
  const after = await differencesOf(resolved)
  if (after.length > 0) {
    throw new MigrationError(`still different:\n${after.map(({ message }) => `  ${message}`).join('\n')}`)
  }
  console.log('The database is as the schema wants it.')
})

/** A table that the schema does not know may be the app's own, and is left alone. */
async function differencesOf(resolved: Resolved): Promise<readonly Difference[]> {
  const differences = await withDatabase(resolved, (target) => drift(target))
  return differences.filter(({ kind }) => kind !== 'extra table')
}

async function pushPostgres(resolved: Resolved): Promise<void> {
  await withDatabase(resolved, requireTrigrams)
  if (resolved.driver === 'pglite') await pushPglite(resolved, values.force)
  else runKit(values.force ? ['push', '--force'] : ['push'])
}

/** drizzle-kit makes indexes, but not the extension that some of them need. */
async function requireTrigrams({ query }: MigrationTarget): Promise<void> {
  try {
    await query('create extension if not exists pg_trgm')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError(
      `db:push cannot make the extension pg_trgm: ${reason}. Have it made, or use db:migrate, which goes on without it.`,
      { cause: error },
    )
  }
}

async function pushSqlite(resolved: Resolved): Promise<void> {
  const lost = await withDatabase(resolved, lostColumns)
  if (lost.length > 0 && !values.force) {
    await confirm(`Drop ${lost.join(', ')}, with all values?`, '--force')
  }
  await withDatabase(resolved, rebuild)
}
