/** The database that a command works on: what the app itself would open. */

import { existsSync } from 'node:fs'
import type { Env } from '../config/setting.ts'
import type { Resolved } from '../config.ts'
import { ConfigError } from '../errors.ts'
import type { MigrationTarget } from '../migrations/target.ts'
import { openDriver } from '../open.ts'

/** Opens the database, has `work` done and closes it. */
export async function withDatabase<R>(
  resolved: Resolved,
  work: (target: MigrationTarget) => Promise<R>,
  env: Env = process.env,
): Promise<R> {
  const results: R[] = []
  const engine = await openDriver(resolved, {
    env,
    migrate: async (target) => {
      results.push(await work(target))
    },
  })
  await engine.close()
  // The engine has run `work` once, or thrown.
  return results[0] as R
}

/** Throws where there is nothing to migrate and nothing to compare. */
export function requireDatabase(resolved: Resolved): void {
  if (resolved.tier === 'memory') throw noDatabase(resolved)
}

export function noDatabase({ reason }: Pick<Resolved, 'reason'>): ConfigError {
  return new ConfigError(
    `there is no database to work on: ${reason} Set DATABASE_URL, or TERRACE_DB_DRIVER=sqlite.`,
  )
}

/** Whether it is kept in files that are not there yet; to open it would be to make them. */
export function isMissing({ path, target }: Pick<Resolved, 'path' | 'target'>): boolean {
  return path !== undefined && target !== 'memory' && !existsSync(path)
}
