/** What migrations need of a database, and what they are. */

import type { SqlDialect } from '../schema/constraints.ts'

/** One statement, parameters bound; the rows it answers. */
export type Query = (sql: string, params?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>

export interface MigrationTarget {
  readonly dialect: SqlDialect
  readonly query: Query
  /**
   * Runs `work` alone among all processes, in one transaction that is rolled back if it throws, and in which
   * each statement sees what was committed before it.
   *
   * - Postgres: READ COMMITTED, and first of all `select pg_advisory_xact_lock(MIGRATION_LOCK)`. The lock
   *   belongs to the transaction, because a session's would outlive it behind a pooler.
   * - SQLite: `PRAGMA foreign_keys = OFF` before and back `ON` after (inside a transaction it does nothing),
   *   around `BEGIN IMMEDIATE`. Else the rebuilding of a table deletes the rows that refer to it.
   */
  exclusive<R>(work: () => Promise<R>): Promise<R>
}

/** Key of the advisory lock: "terrace" as a number. */
export const MIGRATION_LOCK = '32762639518098277'

export interface Migration {
  /** Number and name, such as `0000_core`: the order of tags is the order of migrations. */
  readonly tag: string
  /** SHA-256 of the statements, in hex. */
  readonly checksum: string
  /** Whether code that does not know this migration can live with it. */
  readonly compatible: boolean
  readonly statements: readonly string[]
}
