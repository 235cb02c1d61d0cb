/** One connection to a SQLite file: its settings, its functions and its prepared statements. */

import type BetterSqlite from 'better-sqlite3'
import type { Statement } from '../sql/statement.ts'
import type { AnyRow } from '../sql/verbs.ts'
import { HAS_KEY_FUNCTION, MERGE_FUNCTION } from './dialect.ts'
import { hasJsonKey, mergeJsonText } from './json-functions.ts'

export type Driver = typeof BetterSqlite
export type Database = BetterSqlite.Database

export interface Connection {
  readonly database: Database
  /** Runs a statement to its end; the decoded rows. */
  run(statement: Statement, bound: readonly unknown[]): AnyRow[]
  /** For what is no query: BEGIN, COMMIT … */
  exec(sql: string): void
  close(): void
}

/** How long opening may wait for another process, in milliseconds. Only here may waiting block the event loop. */
const OPENING_TIMEOUT = 5000

export interface ConnectionOptions {
  readonly readonly?: boolean
  /** FULL survives a power cut with every commit; NORMAL may lose the last ones, and never more. */
  readonly synchronous?: 'NORMAL' | 'FULL'
}

export function openConnection(Driver: Driver, path: string, options: ConnectionOptions = {}): Connection {
  // `timeout` is busy_timeout, set before the first statement: switching to WAL may have to wait as well.
  const database = new Driver(path, { timeout: OPENING_TIMEOUT, readonly: options.readonly ?? false })
  try {
    configure(database, options)
  } catch (error) {
    database.close()
    throw error
  }
  return wrapConnection(database)
}

/** Settings of a connection that Terrace opened. */
export function configure(database: Database, options: ConnectionOptions): void {
  if (options.readonly !== true) {
    database.pragma('journal_mode = WAL')
    database.pragma(`synchronous = ${options.synchronous ?? 'NORMAL'}`)
  }
  database.pragma('foreign_keys = ON')
  database.pragma('temp_store = MEMORY')
  database.pragma('cache_size = -64000')
  // From here on waiting is asynchronous, in `engine.ts`: busy_timeout would block the event loop.
  database.pragma('busy_timeout = 0')
}

export function wrapConnection(database: Database): Connection {
  database.function(MERGE_FUNCTION, { deterministic: true }, mergeJsonText)
  database.function(HAS_KEY_FUNCTION, { deterministic: true }, hasJsonKey)
  const prepared = new WeakMap<Statement, BetterSqlite.Statement<unknown[], unknown[]>>()
  return {
    database,
    run(statement, bound) {
      let ready = prepared.get(statement)
      if (ready === undefined) {
        ready = database.prepare<unknown[], unknown[]>(statement.text)
        if (ready.reader) ready.raw(true)
        prepared.set(statement, ready)
      }
      if (!ready.reader) {
        ready.run(bound)
        return []
      }
      const { decode } = statement
      return ready.all(bound).map(decode)
    },
    exec: (sql) => {
      database.exec(sql)
    },
    close: () => {
      database.close()
    },
  }
}
