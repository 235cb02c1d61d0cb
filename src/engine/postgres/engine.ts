/**
 * The Postgres engine, over any of the three drivers. A call is one statement; calls of one tick that differ
 * only in their values share one. Transactions are SERIALIZABLE and are run again when Postgres asks for it.
 */

import { createHash } from 'node:crypto'
import {
  AlreadyExistsError,
  ClosedError,
  InvalidReferenceError,
  UnavailableError,
  ValidationError,
} from '../../errors.ts'
import type { Table } from '../../schema/dsl/table.ts'
import { type Clock, createClock } from '../clock.ts'
import type { CallOptions, Engine, RootEngine, TransactionOptions } from '../engine.ts'
import { createReporter, type EngineHooks } from '../hooks.ts'
import { createIds } from '../ids.ts'
import { checkChannel, checkNotice } from '../signals.ts'
import { createStatementCache } from '../sql/cache.ts'
import type { Statement } from '../sql/statement.ts'
import type { InsertRows } from '../sql/take-apart.ts'
import { type AnyRow, createVerbs } from '../sql/verbs.ts'
import { createTransactionScope, runTransaction } from '../transaction.ts'
import { createPostgresCalls, type Send } from './calls.ts'
import { createServerClock } from './clock.ts'
import { postgresDialect } from './dialect.ts'
import {
  isConnectionError,
  isLostConnection,
  isSerializationFailure,
  isStalePlan,
  translate,
} from './errors.ts'
import { createGathering } from './gather.ts'
import { type Migrate, postgresMigrations } from './migrations.ts'
import type { Client, Rows, Source, SqlText } from './source.ts'
import { createUpdates } from './updates.ts'

export interface PostgresEngineOptions {
  /** Takes part in every time and id; without it, the server's clock is followed. */
  readonly clock?: Clock | undefined
  readonly newId?: (() => string) | undefined
  readonly migrate?: Migrate | undefined
  readonly hooks?: EngineHooks | undefined
}

export interface PostgresEngine extends RootEngine {
  readonly tier: 'postgres'
  unwrap(): Promise<{ readonly pool: unknown; readonly drizzle: unknown }>
}

/** How often a transaction, or a lone statement in a deadlock, is tried again. */
const MOST_ATTEMPTS = 30

/** How often a read is sent when connections break: after a restart, several of the pool may have. */
const MOST_READS = 5

export async function createPostgresEngine(
  source: Source,
  options: PostgresEngineOptions = {},
): Promise<PostgresEngine> {
  const { dialect = postgresDialect } = source
  const cache = createStatementCache()
  const scope = createTransactionScope()
  const serverClock = createServerClock(() => source.connect())
  const clock = createClock({ clock: options.clock, offset: serverClock.offset })
  const newId = options.newId ?? createIds(clock)
  const report = createReporter(options.hooks)
  let closed = false
  let closing: Promise<void> | undefined

  /** A lone statement: sent again only when it cannot have had an effect. */
  const send: Send = async (statement, bound) => {
    for (let attempts = 1; ; attempts++) {
      try {
        return await reported(statement, () => source.query(statement, bound))
      } catch (error) {
        if (attempts >= MOST_ATTEMPTS) throw failure(error, statement)
        if (isStalePlan(error)) cache.rename()
        else if (isSerializationFailure(error)) await pause(attempts)
        else if (statement.writes || attempts >= MOST_READS || !isLostConnection(error)) {
          throw failure(error, statement)
        }
        options.hooks?.retry?.(error)
        // A renamed statement would be prepared under its old name again.
        statement = isStalePlan(error) ? { ...statement, name: undefined } : statement
      }
    }
  }

  async function reported(statement: SqlText, query: () => Promise<Rows>): Promise<Rows> {
    if (report === undefined) return query()
    const startedAt = performance.now()
    const rows = await query()
    report(statement.text, startedAt, rows.length)
    return rows
  }

  function failure(error: unknown, statement: Statement | undefined): unknown {
    const translated = translate(error, statement?.table, cache.tables, source.target)
    // What was under way when the engine was closed may have lost its connection by that.
    return closed && translated instanceof UnavailableError ? new ClosedError() : translated
  }

  const calls = createPostgresCalls(dialect, cache, send)
  // A lost connection leaves open whether the rows were written, so only refusals of rows are repeated.
  const mayRepeat = (error: unknown) =>
    error instanceof AlreadyExistsError ||
    error instanceof InvalidReferenceError ||
    error instanceof ValidationError
  const gets = createGathering<{ table: Table; id: string }, AnyRow | null>(
    ({ table, id }) => calls.get(table, id),
    async (together) => {
      const { table } = together[0]!
      const rows = await calls.getMany(table, [...new Set(together.map(({ id }) => id))])
      const key = table.primaryKey[0]!.key
      const byId = new Map(rows.map((row) => [row[key], row]))
      const taken = new Set<string>()
      return together.map(({ id }) => {
        const row = byId.get(id) ?? null
        // Two callers get a copy each.
        if (row === null || !taken.has(id)) {
          taken.add(id)
          return row
        }
        return structuredClone(row)
      })
    },
    mayRepeat,
  )
  const inserts = createGathering<InsertRows, AnyRow[]>(
    (insert) => calls.insert(insert),
    async (together) => {
      const { table, rows, shape } = together[0]!
      const all = together.flatMap((insert) => insert.rows.rows)
      // Lists are bound after the first row's values; start from that row alone, whatever was bound since.
      const merged = { table, rows: { columns: rows.columns, rows: all }, conflict: undefined, shape }
      const stored = await calls.insert(merged)
      const key = table.primaryKey.map((column) => column.key)
      const keyOf = (row: AnyRow) => JSON.stringify(key.map((name) => row[name]))
      const byKey = new Map(stored.map((row) => [keyOf(row), row]))
      return together.map((insert) =>
        insert.rows.rows.map(
          (row) => byKey.get(JSON.stringify(table.primaryKey.map((column) => row[column.position])))!,
        ),
      )
    },
    mayRepeat,
  )

  const updates = createUpdates(calls, mayRepeat)

  function enter(options: CallOptions | undefined): void {
    options?.signal?.throwIfAborted()
    if (closed) throw new ClosedError()
    scope.check()
  }

  const verbs = createVerbs({
    dialect,
    cache,
    insertsInOrder: false,
    enter,
    run(statement, values, options) {
      return orAborted(calls.run(statement, values), options?.signal)
    },
    get(table, id, options) {
      return orAborted(gets.submit(table, { table, id }), options?.signal)
    },
    update(statement, call, options) {
      return orAborted(updates.run(statement, call), options?.signal)
    },
    insert(insert, options) {
      const gatherable = insert.conflict === undefined && insert.rows.rows.length === 1
      return orAborted(
        gatherable ? inserts.submit(insert.table, insert) : calls.insert(insert),
        options?.signal,
      )
    },
    write(write, options) {
      return orAborted(calls.write(write), options?.signal)
    },
  })

  interface Session {
    readonly client: Client
    broken: boolean
    released: boolean
    begun: Promise<unknown>
    /** What its commit tells. */
    readonly notices: [channel: string, payload: string][]
  }

  async function sendInside(
    session: Session,
    statement: SqlText,
    bound: readonly unknown[],
    table?: Table,
  ): Promise<Rows> {
    try {
      const rows = await reported(statement, () => session.client.query(statement, bound))
      await session.begun
      return rows
    } catch (error) {
      if (isConnectionError(error)) session.broken = true
      if (isStalePlan(error)) cache.rename()
      throw translate(error, table, cache.tables, source.target)
    }
  }

  await prepare()

  async function prepare(): Promise<void> {
    try {
      await options.migrate?.(postgresMigrations(source, serverClock))
      if (options.clock === undefined) await serverClock.learn()
    } catch (error) {
      await source.close()
      throw translate(error, undefined, cache.tables, source.target)
    }
  }

  return {
    tier: 'postgres',
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
            const connecting = source.connect()
            let client: Client
            try {
              client = await orAborted(connecting, signal)
            } catch (error) {
              // Every connection may be taken for long, and one that comes too late is still to be given back.
              if (signal.aborted) connecting.then((late) => late.release(false)).catch(() => {})
              throw signal.aborted ? signal.reason : failure(error, undefined)
            }
            // Not awaited: it travels with the first statement.
            const begun = client.query({ text: 'begin isolation level serializable', name: undefined }, [])
            begun.catch(() => {})
            return { client, broken: false, released: false, begun, notices: [] }
          },
          engine(session) {
            const inside = createPostgresCalls(dialect, cache, (statement, bound) =>
              sendInside(session, statement, bound, statement.table),
            )
            return {
              now: clock,
              newId,
              ...createVerbs({
                dialect,
                cache,
                insertsInOrder: false,
                enter: (inner) => inner?.signal?.throwIfAborted(),
                run: (statement, values) => inside.run(statement, values),
                get: (table, id) => inside.get(table, id),
                insert: (insert) => inside.insert(insert),
                write: (write) => inside.write(write),
              }),
              async notify(channel, payload) {
                await sendInside(session, notifyStatement, [shortChannel(channel), payload])
                session.notices.push([channel, payload])
              },
            }
          },
          async commit(session) {
            try {
              await session.begun
              await session.client.query({ text: 'commit', name: undefined }, [])
            } catch (error) {
              if (isConnectionError(error)) session.broken = true
              throw failure(error, undefined)
            }
            session.released = true
            session.client.release(false)
            for (const [channel, payload] of session.notices)
              source.notified?.(shortChannel(channel), payload)
          },
          async rollback(session) {
            if (session.released) return
            session.released = true
            if (session.broken) return session.client.release(true)
            // A statement that hangs would keep the rollback waiting; the server undoes what a lost client left.
            const done = await Promise.race([
              session.client.query({ text: 'rollback', name: undefined }, []).then(
                () => true,
                () => false,
              ),
              new Promise<false>((resolve) => setTimeout(resolve, 1000, false).unref()),
            ])
            session.client.release(!done)
          },
          retryAfter(error, attempts) {
            const cause = error instanceof UnavailableError ? error.cause : error
            if (attempts >= MOST_ATTEMPTS) return undefined
            if (!isSerializationFailure(cause) && !isStalePlan(cause)) return undefined
            options.hooks?.retry?.(cause)
            return Math.random() * Math.min(2 ** attempts, 100)
          },
        },
        work,
        transactionOptions,
      )
    },
    async notify(channel, payload, options) {
      enter(options)
      checkNotice(channel, payload)
      try {
        await source.query(notifyStatement, [shortChannel(channel), payload])
        source.notified?.(shortChannel(channel), payload)
      } catch (error) {
        throw failure(error, undefined)
      }
    },
    async listen(channel, handler) {
      enter(undefined)
      checkChannel(channel)
      try {
        return await source.listen(shortChannel(channel), handler)
      } catch (error) {
        throw failure(error, undefined)
      }
    },
    async onCommit() {
      enter(undefined)
      return async () => {}
    },
    async ping() {
      enter(undefined)
      for (let attempts = 1; ; attempts++) {
        try {
          // Whoever asks how the database is wants to know how it is now.
          await source.query(pingStatement, [], 0)
          return
        } catch (error) {
          if (attempts >= MOST_READS || !isLostConnection(error)) throw failure(error, undefined)
        }
      }
    },
    async unwrap() {
      return { pool: source.driver, drizzle: await source.drizzle() }
    },
    async close() {
      scope.check()
      closed = true
      // Calls of this tick are gathered first.
      closing ??= new Promise((resolve) => setImmediate(resolve)).then(() => source.close())
      await closing
    },
  }
}

const pingStatement = { text: 'select 1', name: undefined }
const notifyStatement = { text: 'select pg_notify($1::text, $2::text)', name: undefined }

/** Postgres has names of at most 63 bytes: a longer channel goes by its hash. */
function shortChannel(channel: string): string {
  return Buffer.byteLength(channel) <= 63
    ? channel
    : createHash('sha256').update(channel).digest('hex').slice(0, 63)
}

function pause(attempts: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(2 ** attempts, 100)))
}

/** What was sent may still happen; the caller just does not wait for it any longer. */
async function orAborted<T>(call: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return call
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason)
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave, { once: true })
    call.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
