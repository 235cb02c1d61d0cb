/**
 * The SQLite engine. One connection does everything; a second one, opened when first needed, lets others read
 * while a transaction is under way. Writes of one tick share one transaction of SQLite's. A lock held by
 * another process is waited for without blocking the event loop.
 */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { ClosedError, ConfigError, MigrationError, TerraceError, UnavailableError } from '../../errors.ts'
import { type Clock, createClock } from '../clock.ts'
import { loadDriver } from '../drivers.ts'
import type { CallOptions, Engine, RootEngine, TransactionOptions } from '../engine.ts'
import { createReporter, type EngineHooks } from '../hooks.ts'
import { createIds } from '../ids.ts'
import { createLock } from '../lock.ts'
import { checkChannel, checkNotice, createSignals } from '../signals.ts'
import { createStatementCache } from '../sql/cache.ts'
import { createVerbs, type MaybePromise } from '../sql/verbs.ts'
import { createTransactionScope, runTransaction } from '../transaction.ts'
import { loadBetterSqlite3 } from './better-sqlite3.ts'
import { createSqliteCalls, type SqliteCalls } from './calls.ts'
import { type Connection, openConnection, wrapConnection } from './connection.ts'
import { sqliteDialect } from './dialect.ts'
import type { Database, Driver } from './driver.ts'
import { isBusy, translate } from './errors.ts'
import { createGathering } from './gather.ts'
import { type Migrate, sqliteMigrations } from './migrations.ts'
import { patiently } from './patience.ts'

export interface SqliteEngineOptions {
  /** A file, made if it is not there, or `:memory:`. */
  readonly path?: string
  /** A file that is not there is an error, rather than made. */
  readonly mustExist?: boolean | undefined
  /** A database that is open already; Terrace leaves its settings and its closing to you. */
  readonly database?: Database
  /** FULL survives a power cut with every commit; NORMAL may lose the last ones, and never more. */
  readonly synchronous?: 'NORMAL' | 'FULL' | undefined
  readonly clock?: Clock | undefined
  readonly newId?: (() => string) | undefined
  /** Milliseconds for which a lock of another process is waited for; 5,000 unless told. */
  readonly patience?: number | undefined
  /** Runs when the database is open, before anything else. */
  readonly migrate?: Migrate | undefined
  readonly hooks?: EngineHooks | undefined
}

const PATIENCE = 5000

export interface SqliteEngine extends RootEngine {
  readonly tier: 'sqlite'
  unwrap(): Promise<{ readonly database: Database; readonly drizzle: unknown }>
}

export async function sqliteEngine(options: SqliteEngineOptions = {}): Promise<SqliteEngine> {
  const target = targetOf(options)
  const connection = await open(options, target)
  const clock = createClock({ clock: options.clock })
  const newId = options.newId ?? createIds(clock)
  const cache = createStatementCache()
  const scope = createTransactionScope()
  const signals = createSignals()
  const turns = createLock()
  const patience = options.patience ?? PATIENCE
  const report = createReporter(options.hooks)
  const calls = createSqliteCalls(connection, cache, target, report)
  let reader: { connection: Connection; calls: SqliteCalls } | undefined
  let inTransaction = false
  let closed = false
  let closing: Promise<void> | undefined

  /** Runs `work` until no other process is in the way. */
  async function whenFree<T>(work: () => T, signal?: AbortSignal): Promise<T> {
    try {
      return await patiently(work, { patience, signal, onBusy: options.hooks?.retry })
    } catch (error) {
      throw closed && !(error instanceof TerraceError)
        ? new ClosedError()
        : translate(error, undefined, target)
    }
  }

  const gathering = createGathering(connection, turns, whenFree, target)

  /** A read: at once, unless a transaction has the connection. */
  function read<T>(work: (calls: SqliteCalls) => T, signal: AbortSignal | undefined): MaybePromise<T> {
    if (inTransaction && connection.database.memory)
      return turns.acquire(signal).then(() => {
        try {
          return work(calls)
        } finally {
          turns.release()
        }
      })
    // Asked each time: while it waits, a transaction may begin, whose writes it must not see.
    const once = () => {
      if (!inTransaction) return work(calls)
      reader ??= openReader()
      return work(reader.calls)
    }
    try {
      return once()
    } catch (error) {
      if (!(error instanceof UnavailableError && isBusy(error.cause))) throw error
      return whenFree(once, signal)
    }
  }

  function openReader() {
    // What a transaction has not committed is invisible to another connection.
    // The cast: the driver's own class. By the path as it was when it was opened: the working folder may change.
    const Again = connection.database.constructor as never as Driver
    try {
      const extra = wrapConnection(new Again(target, { timeout: 0, readonly: true }))
      return { connection: extra, calls: createSqliteCalls(extra, cache, target, report) }
    } catch (error) {
      throw translate(error, undefined, target)
    }
  }

  async function end(): Promise<void> {
    // What was accepted before is still done: writes gathered in this tick, then transactions in their turn.
    await gathering.settled()
    await turns.acquire()
    turns.release()
    signals.clear()
    reader?.connection.close()
    if (options.database === undefined) connection.close()
  }

  function enter(options: CallOptions | undefined): void {
    options?.signal?.throwIfAborted()
    if (closed) throw new ClosedError()
    scope.check()
  }

  const verbs = createVerbs({
    dialect: sqliteDialect,
    cache,
    insertsInOrder: true,
    enter,
    run(statement, values, options) {
      return statement.writes
        ? gathering.submit(
            () => calls.run(statement, values),
            statement.before !== undefined,
            options?.signal,
          )
        : read((on) => on.run(statement, values), options?.signal)
    },
    get(table, id, options) {
      return read((on) => on.get(table, id), options?.signal)
    },
    insert(insert, options) {
      return gathering.submit(() => calls.insert(insert), insert.rows.rows.length > 1, options?.signal)
    },
    write(write, options) {
      return gathering.submit(() => calls.write(write), true, options?.signal)
    },
  })

  interface Session {
    readonly notices: [channel: string, payload: string][]
  }

  return {
    tier: 'sqlite',
    now: clock,
    newId,
    ...verbs,
    async transaction<R>(work: (tx: Engine) => Promise<R>, transactionOptions?: TransactionOptions) {
      enter(transactionOptions)
      return runTransaction<Session, R>(
        {
          scope,
          rerun: false,
          async begin(signal) {
            await turns.acquire(signal)
            try {
              await whenFree(() => connection.control('begin immediate'), signal)
            } catch (error) {
              turns.release()
              throw error
            }
            inTransaction = true
            return { notices: [] }
          },
          engine: (session) => ({
            now: clock,
            newId,
            ...createVerbs({
              dialect: sqliteDialect,
              cache,
              insertsInOrder: true,
              enter: (inner) => inner?.signal?.throwIfAborted(),
              run: (statement, values) => calls.run(statement, values),
              get: (table, id) => calls.get(table, id),
              insert: (insert) => calls.insert(insert),
              write: (write) => calls.write(write),
            }),
            notify: async (channel, payload) => {
              session.notices.push([channel, payload])
            },
          }),
          async commit(session) {
            try {
              connection.control('commit')
            } catch (error) {
              throw translate(error, undefined, target)
            }
            inTransaction = false
            turns.release()
            for (const [channel, payload] of session.notices) signals.notify(channel, payload)
          },
          async rollback() {
            if (!inTransaction) return
            // Some errors, a full disk among them, have rolled back already.
            if (connection.database.inTransaction) connection.control('rollback')
            inTransaction = false
            turns.release()
          },
        },
        work,
        transactionOptions,
      )
    },
    async notify(channel, payload, options) {
      enter(options)
      checkNotice(channel, payload)
      signals.notify(channel, payload)
    },
    async listen(channel, handler) {
      enter(undefined)
      checkChannel(channel)
      return signals.listen(channel, handler)
    },
    async ping() {
      enter(undefined)
      if (!connection.database.memory && !existsSync(target)) {
        throw new ConfigError(`${target} was removed while it was open: what is written to it will be lost`)
      }
      // Not `select 1`, which never looks at the file.
      await whenFree(() => connection.database.pragma('schema_version'))
    },
    async unwrap() {
      const { drizzle } = await loadDriver('drizzle-orm', () => import('drizzle-orm/better-sqlite3'))
      // The cast: it is the driver's own.
      return { database: connection.database, drizzle: drizzle(connection.database as never) }
    },
    async close() {
      scope.check()
      closed = true
      closing ??= end()
      await closing
    },
  }
}

async function open(options: SqliteEngineOptions, target: string): Promise<Connection> {
  const { database, mustExist = false, synchronous = 'NORMAL', patience = PATIENCE, hooks } = options
  let connection: Connection | undefined
  try {
    if (database === undefined) {
      if (mustExist && target !== ':memory:' && !existsSync(target)) {
        throw new MigrationError(`${target} does not exist; open it once with \`migrate: 'auto'\` to make it`)
      }
      const Sqlite = await loadBetterSqlite3()
      const attempt = () => openConnection(Sqlite, target, { synchronous, mustExist })
      connection = await patiently(attempt, { patience, onBusy: hooks?.retry })
    } else {
      connection = wrapConnection(database)
    }
    await options.migrate?.(sqliteMigrations(connection))
    return connection
  } catch (error) {
    if (database === undefined) connection?.close()
    throw translate(error, undefined, target)
  }
}

function targetOf({ path = ':memory:', database }: SqliteEngineOptions): string {
  if (database !== undefined) return database.memory ? ':memory:' : resolve(database.name)
  return path === ':memory:' ? path : resolve(path)
}
