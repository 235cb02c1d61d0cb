/**
 * Engines by themselves, for stores of your own or over what your application has open already. Each loads its
 * code and its driver when it is called; importing this loads neither.
 */

import type { MigrateMode } from './config/options.ts'
import type { Clock } from './engine/clock.ts'
import type { RootEngine } from './engine/engine.ts'
import type { MemoryEngineOptions } from './engine/memory/engine.ts'
import type { PostgresEngine } from './engine/postgres/engine.ts'
import type { NeonEngineOptions } from './engine/postgres/neon.ts'
import type { PgEngineOptions } from './engine/postgres/pg.ts'
import type { PgliteEngineOptions } from './engine/postgres/pglite.ts'
import type { SqliteEngine, SqliteEngineOptions } from './engine/sqlite/engine.ts'
import type { MigrationTarget } from './migrations/target.ts'

/** What is done about the tables of Terrace when an engine is opened: as `migrate` of `createSystem`. */
export interface Migrating {
  /** `auto` unless told. */
  readonly migrate?: MigrateMode | undefined
}

type Public<O> = Omit<O, 'migrate'> & Migrating

/** With the migrations, as the engine takes them. */
async function migrating<O extends { readonly clock?: Clock | undefined }>({
  migrate: mode = 'auto',
  ...options
}: O & Migrating) {
  const { migrate } = await import('./migrations/runner.ts')
  return {
    ...options,
    migrate: (target: MigrationTarget) => migrate(target, { mode, now: options.clock?.() ?? new Date() }),
  }
}

/** Everything in this process's memory; gone when it ends. */
export async function memoryEngine(options: MemoryEngineOptions = {}): Promise<RootEngine> {
  return (await import('./engine/memory/engine.ts')).createMemoryEngine(options)
}

/** A SQLite file by its path, or a `better-sqlite3` database that is open. */
export async function sqliteEngine(options: Public<SqliteEngineOptions>): Promise<SqliteEngine> {
  return (await import('./engine/sqlite/engine.ts')).sqliteEngine(await migrating(options))
}

/** Postgres over TCP by its URL, or by a `pg` pool that is open. */
export async function postgresEngine(options: Public<PgEngineOptions>): Promise<PostgresEngine> {
  return (await import('./engine/postgres/pg.ts')).pgEngine(await migrating(options))
}

/** Neon over a WebSocket. */
export async function neonEngine(options: Public<NeonEngineOptions>): Promise<PostgresEngine> {
  return (await import('./engine/postgres/neon.ts')).neonEngine(await migrating(options))
}

/** The embedded Postgres, for one process. */
export async function pgliteEngine(options: Public<PgliteEngineOptions> = {}): Promise<PostgresEngine> {
  return (await import('./engine/postgres/pglite.ts')).pgliteEngine(await migrating(options))
}
