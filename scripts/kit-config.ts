/** What drizzle-kit is told: the tables and folders of a dialect, and the database that `resolve` names. */

import { fileURLToPath } from 'node:url'
import type { Config } from 'drizzle-kit'
import { noDatabase } from '../src/cli/database.ts'
import type { Resolved } from '../src/config.ts'
import { LEDGER } from '../src/migrations/ledger.ts'
import type { SqlDialect } from '../src/schema/constraints.ts'

export const dialects: readonly SqlDialect[] = ['postgres', 'sqlite']

/** Relative to the project: drizzle-kit takes no absolute paths. */
export const kit = {
  postgres: {
    dialect: 'postgresql',
    schema: './scripts/kit-postgres.cjs',
    out: './drizzle',
  },
  sqlite: {
    dialect: 'sqlite',
    schema: './scripts/kit-sqlite.cjs',
    out: './drizzle-sqlite',
  },
} as const

export const projectFolder = fileURLToPath(new URL('..', import.meta.url))

export function kitConfig(resolved: Resolved, argv: readonly string[] = process.argv): Config {
  if (resolved.tier === 'memory') {
    // Only what does not connect can do without a database.
    if (['generate', 'check', 'export'].includes(argv[2] ?? '')) return { ...kit.postgres, ...ours }
    throw noDatabase(resolved)
  }
  if (resolved.tier === 'sqlite') return { ...kit.sqlite, ...ours, dbCredentials: { url: resolved.path! } }
  if (resolved.driver === 'pglite') {
    return { ...kit.postgres, ...ours, driver: 'pglite', dbCredentials: { url: resolved.path! } }
  }
  return { ...kit.postgres, ...ours, dbCredentials: { url: resolved.directUrl ?? resolved.url! } }
}

/** Nothing but Terrace's own tables is ever looked at, and its record of migrations is left alone. */
const ours = {
  // Not `['terrace_*', '!terrace_migrations']`: drizzle-kit takes a negated pattern to let in all other tables.
  tablesFilter: ['terrace_!(migrations)'],
  migrations: { table: LEDGER, schema: 'public' },
} satisfies Partial<Config>
