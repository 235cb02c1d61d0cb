/** One connection to a SQLite file: its settings, its functions and its prepared statements. */

import type { Statement } from '../sql/statement.ts'
import type { AnyRow } from '../sql/verbs.ts'
import { HAS_KEY_FUNCTION, MERGE_FUNCTION, TRIGRAMS_FUNCTION } from './dialect.ts'
import type { Database, Driver, Prepared } from './driver.ts'
import { hasJsonKey, mergeJsonText } from './json-functions.ts'
import { trigramsOf } from './trigrams.ts'

export interface Connection {
  readonly database: Database
  /** Runs a statement to its end; the decoded rows. */
  run(statement: Statement, bound: readonly unknown[]): AnyRow[]
  /** The first row of a statement that only reads. */
  first(statement: Statement, bound: readonly unknown[]): AnyRow | undefined
  /** BEGIN, COMMIT and their like, prepared once. */
  control(sql: string): void
  close(): void
}

export interface ConnectionOptions {
  readonly readonly?: boolean
  /** Not to be made. */
  readonly mustExist?: boolean
  /** FULL survives a power cut with every commit; NORMAL may lose the last ones, and never more. */
  readonly synchronous?: 'NORMAL' | 'FULL'
}

/** Throws SQLITE_BUSY while another process is in the way: switching to WAL needs the file for itself. */
export function openConnection(Driver: Driver, path: string, options: ConnectionOptions = {}): Connection {
  // `timeout` is busy_timeout, which would block the event loop; waiting is `patiently`'s.
  const database = new Driver(path, {
    timeout: 0,
    readonly: options.readonly ?? false,
    fileMustExist: options.mustExist ?? false,
  })
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
}

export function wrapConnection(database: Database): Connection {
  database.function(MERGE_FUNCTION, { deterministic: true }, mergeJsonText)
  database.function(HAS_KEY_FUNCTION, { deterministic: true }, hasJsonKey)
  database.function(TRIGRAMS_FUNCTION, { deterministic: true }, trigramsOf)
  const prepared = new WeakMap<Statement, Prepared>()
  const controls = new Map<string, Prepared>()

  function prepare(statement: Statement) {
    let ready = prepared.get(statement)
    if (ready === undefined) {
      ready = database.prepare(statement.text)
      if (statement.fromCells !== undefined && ready.reader) ready.raw(true)
      prepared.set(statement, ready)
    }
    return ready
  }

  return {
    database,
    run(statement, bound) {
      const ready = prepare(statement)
      if (!ready.reader) {
        ready.run(bound)
        return []
      }
      // Never `get` for what writes: it leaves the statement unfinished, and SQLite's checkpoints come at the end.
      // The cast: objects by column, or lists that are about to become such.
      const rows = ready.all(bound) as AnyRow[]
      const finish = finisherOf(statement)
      if (finish !== undefined) for (let i = 0; i < rows.length; i++) rows[i] = finish(rows[i]!)
      return rows
    },
    first(statement, bound) {
      const row = prepare(statement).get(bound) as AnyRow | undefined
      const finish = finisherOf(statement)
      return row === undefined || finish === undefined ? row : finish(row)
    },
    control(sql) {
      let ready = controls.get(sql)
      if (ready === undefined) {
        ready = database.prepare(sql)
        controls.set(sql, ready)
      }
      ready.run()
    },
    close: () => {
      database.close()
    },
  }
}

/** From what the driver gives for a row to the row. */
function finisherOf({ decode, fromCells }: Statement): ((given: AnyRow) => AnyRow) | undefined {
  // The cast: where there is a `fromCells`, the driver was told to give cells.
  return (fromCells as unknown as typeof decode) ?? decode
}
