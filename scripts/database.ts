/** The database that a db:* script works on: what the app itself would open. */

import { loadEnvFiles } from '../src/config/env-files.ts'
import { type Resolved, resolve } from '../src/config.ts'
import { TerraceError } from '../src/errors.ts'
import type { MigrationTarget } from '../src/migrations/target.ts'
import { openDriver } from '../src/open.ts'
import { noDatabase } from './kit-config.ts'

/** Reads the `.env` files and resolves; says which database is meant. With `sqlite`, SQLite whatever else is set. */
export function resolveDatabase({ sqlite }: { sqlite: boolean }): Resolved {
  loadEnvFiles()
  const resolved = resolve(sqlite ? { driver: 'sqlite' } : {})
  if (resolved.tier === 'memory') throw noDatabase(resolved)
  // What a script prints is its answer; this is not.
  console.error(`${resolved.driver}: ${resolved.target} (${resolved.reason})`)
  for (const warning of resolved.warnings) console.error(warning)
  return resolved
}

/** Opens the database, has `work` done and closes it. */
export async function withDatabase<R>(
  resolved: Resolved,
  work: (target: MigrationTarget) => Promise<R>,
): Promise<R> {
  const results: R[] = []
  const engine = await openDriver(resolved, {
    migrate: async (target) => {
      results.push(await work(target))
    },
  })
  await engine.close()
  // The engine has run `work` once, or thrown.
  return results[0] as R
}

/** Runs a script: what a person can act on is a line, anything else a stack. */
export async function main(script: () => Promise<void>): Promise<void> {
  try {
    await script()
  } catch (error) {
    console.error(error instanceof TerraceError ? error.message : error)
    process.exitCode = 1
  }
}
