/** PGlite: Postgres inside this process. It has one connection, and its folder belongs to one process. */

import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ConfigError, TerraceError } from '../../errors.ts'
import { loadDriver } from '../drivers.ts'
import { createLock, type Lock } from '../lock.ts'
import { pgliteDialect } from './dialect.ts'
import { createPostgresEngine, type PostgresEngine, type PostgresEngineOptions } from './engine.ts'
import { lockFolder } from './folder-lock.ts'
import type { Client, Rows, Source, SqlText } from './source.ts'
import { parsers } from './values.ts'

export interface PgliteEngineOptions extends PostgresEngineOptions {
  /** A folder, made if it is not there; in memory without one. */
  readonly path?: string | undefined
  /**
   * A database that is open already; its closing is left to you. Searches use an index if it has the extension
   * `pg_trgm`, of `@electric-sql/pglite/contrib/pg_trgm`.
   */
  readonly database?: PgliteDatabase
}

/** The part of PGlite that is used. */
export interface PgliteDatabase {
  query<T>(text: string, values?: unknown[], options?: object): Promise<{ rows: T[] }>
  onNotification(handler: (channel: string, payload: string) => void): () => void
  close(): Promise<void>
}

export async function pgliteEngine(options: PgliteEngineOptions = {}): Promise<PostgresEngine> {
  const { database, target, close } = await open(options)
  const turns = turnsOf(database)

  const query = async ({ text }: SqlText, values: readonly unknown[]): Promise<Rows> => {
    const { rows } = await database.query<Record<string, unknown>>(text, [...values], { parsers })
    return rows
  }
  const connect = async (): Promise<Client> => {
    await turns.acquire()
    let released = false
    return {
      query,
      release() {
        if (!released) turns.release()
        released = true
      },
    }
  }
  const source: Source = {
    target,
    driver: database,
    dialect: pgliteDialect,
    async drizzle() {
      const { drizzle } = await loadDriver('drizzle-orm', () => import('drizzle-orm/pglite'))
      // The cast: it is the driver's own.
      return drizzle(database as never)
    },
    connect,
    connectDirect: connect,
    // There is one connection: outside a transaction means before or after it.
    async query(statement, values) {
      if (!turns.tryAcquire()) await turns.acquire()
      try {
        return await query(statement, values)
      } finally {
        turns.release()
      }
    },
    // Not by `database.listen`: it cannot take back a name that needs quotes, and would slip into a transaction.
    // The database is left listening, because others over it may listen too, and what nobody hears costs nothing.
    async listen(channel, handler) {
      await source.query({ text: `listen "${channel.replaceAll('"', '""')}"`, name: undefined }, [])
      const ignore = database.onNotification((from, payload) => {
        if (from === channel) handler(payload)
      })
      return async () => ignore()
    },
    async close() {
      await turns.acquire()
      turns.release()
      await close()
    },
  }
  return createPostgresEngine(source, options)
}

/** Every engine over a database takes its turn in the same queue: there is but one connection. */
function turnsOf(database: PgliteDatabase): Lock {
  const known = queues.get(database)
  if (known !== undefined) return known
  const turns = createLock()
  queues.set(database, turns)
  return turns
}

const queues = new WeakMap<PgliteDatabase, Lock>()

interface Opened {
  readonly database: PgliteDatabase
  readonly target: string
  close(): Promise<void>
}

async function open({ path, database }: PgliteEngineOptions): Promise<Opened> {
  if (database !== undefined) return { database, target: 'PGlite', close: async () => {} }
  const [{ PGlite }, { pg_trgm }] = await loadDriver('@electric-sql/pglite', () =>
    Promise.all([import('@electric-sql/pglite'), import('@electric-sql/pglite/contrib/pg_trgm')]),
  )
  const extensions = { pg_trgm }
  if (path === undefined || path.startsWith('memory:')) {
    const inMemory = await PGlite.create({ extensions })
    return { database: inMemory, target: 'PGlite in memory', close: () => inMemory.close() }
  }
  const folder = resolve(path)
  let unlock = async () => {}
  try {
    await mkdir(dirname(folder), { recursive: true })
    // Two processes on one folder damage it, silently.
    unlock = await lockFolder(folder)
    const opened = await PGlite.create(folder, { extensions })
    return {
      database: opened,
      target: folder,
      async close() {
        await opened.close()
        await unlock()
      },
    }
  } catch (error) {
    await unlock()
    if (error instanceof TerraceError) throw error
    throw new ConfigError(`${folder} cannot be opened as a PGlite folder: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
