/**
 * Engines by themselves, for stores of your own or over what your application has open already. Each loads its
 * code and its driver when it is called; importing this loads neither.
 */

import type { RootEngine } from './engine/engine.ts'
import type { MemoryEngineOptions } from './engine/memory/engine.ts'
import type { PostgresEngine } from './engine/postgres/engine.ts'
import type { NeonEngineOptions } from './engine/postgres/neon.ts'
import type { PgEngineOptions } from './engine/postgres/pg.ts'
import type { PgliteEngineOptions } from './engine/postgres/pglite.ts'
import type { SqliteEngine, SqliteEngineOptions } from './engine/sqlite/engine.ts'

/** Everything in this process's memory; gone when it ends. */
export async function memoryEngine(options: MemoryEngineOptions = {}): Promise<RootEngine> {
  return (await import('./engine/memory/engine.ts')).createMemoryEngine(options)
}

/** A SQLite file by its path, or a `better-sqlite3` database that is open. */
export async function sqliteEngine(options: SqliteEngineOptions): Promise<SqliteEngine> {
  return (await import('./engine/sqlite/engine.ts')).sqliteEngine(options)
}

/** Postgres over TCP by its URL, or by a `pg` pool that is open. */
export async function postgresEngine(options: PgEngineOptions): Promise<PostgresEngine> {
  return (await import('./engine/postgres/pg.ts')).pgEngine(options)
}

/** Neon over a WebSocket. */
export async function neonEngine(options: NeonEngineOptions): Promise<PostgresEngine> {
  return (await import('./engine/postgres/neon.ts')).neonEngine(options)
}

/** The embedded Postgres, for one process. */
export async function pgliteEngine(options: PgliteEngineOptions = {}): Promise<PostgresEngine> {
  return (await import('./engine/postgres/pglite.ts')).pgliteEngine(options)
}
