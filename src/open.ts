/** Opens the engine that `resolve()` chose. Each driver is loaded only when it is the one. */

import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { completeUrl } from './config/server.ts'
import { type Env, variable } from './config/setting.ts'
import type { Resolved } from './config.ts'
import type { Clock } from './engine/clock.ts'
import type { RootEngine } from './engine/engine.ts'
import type { EngineHooks } from './engine/hooks.ts'
import { ConfigError } from './errors.ts'
import type { MigrateResult } from './migrations/runner.ts'
import type { MigrationTarget } from './migrations/target.ts'

export interface OpenOptions {
  /** What `resolve` was given. */
  readonly env?: Env | undefined
  readonly synchronous?: 'NORMAL' | 'FULL' | undefined
  readonly clock?: Clock | undefined
  readonly hooks?: EngineHooks | undefined
}

export interface Opened {
  readonly engine: RootEngine
  /** The newest migration in the database; null where there is nothing to migrate. */
  readonly schema: string | null
  /** What a migration found that the database can do without. */
  readonly warnings: readonly string[]
}

export async function openEngine(resolved: Resolved, options: OpenOptions): Promise<Opened> {
  let schema: string | null = null
  let warnings: readonly string[] = []
  const migrate = async (target: MigrationTarget): Promise<MigrateResult> => {
    const { migrate } = await import('./migrations/runner.ts')
    const result = await migrate(target, { mode: resolved.migrate, now: options.clock?.() ?? new Date() })
    schema = result.version
    warnings = result.warnings
    return result
  }
  const engine = await openDriver(resolved, { ...options, migrate })
  return { engine, schema, warnings }
}

export async function openDriver(
  resolved: Resolved,
  options: OpenOptions & { readonly migrate: (target: MigrationTarget) => Promise<unknown> },
): Promise<RootEngine> {
  const { path } = resolved
  switch (resolved.driver) {
    case 'memory': {
      const { createMemoryEngine } = await import('./engine/memory/engine.ts')
      return createMemoryEngine(options)
    }
    case 'sqlite': {
      const { sqliteEngine } = await import('./engine/sqlite/engine.ts')
      // Who wants it verified does not want a new one.
      const mustExist = resolved.migrate === 'verify'
      if (path !== undefined && path !== ':memory:' && !mustExist) await makeFolder(dirname(path))
      return sqliteEngine({ ...options, path: path ?? ':memory:', mustExist })
    }
    case 'pglite': {
      const { pgliteEngine } = await import('./engine/postgres/pglite.ts')
      return pgliteEngine({ ...options, path })
    }
    case 'pg':
    case 'neon': {
      const { target, sslMode, rootCertificate, pooled, pool } = resolved
      const whole = (url: string) => completeUrl(url, options.env ?? process.env)
      const url = whole(resolved.url!)
      const directUrl = resolved.directUrl && whole(resolved.directUrl)
      const attaching = onVercel(options.env ?? process.env)
        ? await (await import('./engine/postgres/vercel.ts')).attachingToVercel()
        : undefined
      const server = { ...options, url, directUrl, target, pooled, poolSize: pool, attaching }
      if (resolved.driver === 'neon') return (await import('./engine/postgres/neon.ts')).neonEngine(server)
      return (await import('./engine/postgres/pg.ts')).pgEngine({ ...server, sslMode, rootCertificate })
    }
  }
}

function onVercel(env: Env): boolean {
  return variable(env, 'VERCEL') !== undefined
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    const { message } = error as Error
    throw new ConfigError(`the folder ${folder} for the database cannot be made: ${message}`, {
      cause: error,
    })
  }
}
