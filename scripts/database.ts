/** The database that a db:* script works on: what the app itself would open. */

import { requireDatabase } from '../src/cli/database.ts'
import { loadEnvFiles } from '../src/config/env-files.ts'
import { type Resolved, resolve } from '../src/config.ts'
import { TerraceError } from '../src/errors.ts'

/** Reads the `.env` files and resolves; says which database is meant. With `sqlite`, SQLite whatever else is set. */
export function resolveDatabase({ sqlite }: { sqlite: boolean }): Resolved {
  loadEnvFiles()
  const resolved = resolve(sqlite ? { driver: 'sqlite' } : {})
  requireDatabase(resolved)
  // What a script prints is its answer; this is not.
  console.error(`${resolved.driver}: ${resolved.target} (${resolved.reason})`)
  for (const warning of resolved.warnings) console.error(warning)
  return resolved
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
