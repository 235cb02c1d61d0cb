/**
 * Engines whose n-th statement fails, on every tier. In SQL it is a statement of the driver's, BEGIN and COMMIT among
 * them; in memory, where there are none, it is a verb of the engine.
 */

import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { Client as NeonClient, Pool as NeonPool } from '@neondatabase/serverless'
import BetterSqlite from 'better-sqlite3'
import pg from 'pg'
import { inject } from 'vitest'
import type { Engine, RootEngine } from '../../src/engine/engine.ts'
import { createMemoryEngine } from '../../src/engine/memory/engine.ts'
import { neonEngine } from '../../src/engine/postgres/neon.ts'
import { pgEngine } from '../../src/engine/postgres/pg.ts'
import { type PgliteDatabase, pgliteEngine } from '../../src/engine/postgres/pglite.ts'
import { configure } from '../../src/engine/sqlite/connection.ts'
import type { Database, Prepared } from '../../src/engine/sqlite/driver.ts'
import { sqliteEngine } from '../../src/engine/sqlite/engine.ts'
import { UnavailableError } from '../../src/errors.ts'
import { migrate } from '../../src/migrations/runner.ts'
import type { MigrationTarget } from '../../src/migrations/target.ts'
import { createTestDatabase } from './databases.ts'
import { useNeonProxy } from './neon-proxy.ts'
import { tempDir } from './temp.ts'

/**
 * `refused`: the database answers with an error. `unsent`: the connection is lost before the database has the
 * statement. `unanswered`: it is lost when the statement was carried out, and nobody is told.
 */
export const FAULTS = ['refused', 'unsent', 'unanswered'] as const
export type Fault = (typeof FAULTS)[number]

/** Counts statements, and says when one is to fail. */
export class Trap {
  seen = 0
  #at = Number.POSITIVE_INFINITY
  #fault: Fault = 'refused'

  set(at: number, fault: Fault): void {
    this.seen = 0
    this.#at = at
    this.#fault = fault
  }

  release(): void {
    this.#at = Number.POSITIVE_INFINITY
  }

  /** The fault of the statement that is about to be sent. */
  next(): Fault | undefined {
    return ++this.seen === this.#at ? this.#fault : undefined
  }

  get fault(): Fault {
    return this.#fault
  }
}

/** What every engine of a run is given: times and ids that are the same every time. */
export interface Given {
  readonly clock: () => Date
  readonly newId: () => string
}

export interface FaultyTier {
  readonly faults: readonly Fault[]
  readonly trap: Trap
  /** One that nothing happens to, over the same data. */
  readonly sound: RootEngine
  /** Another that falls into the trap; closing it is up to the caller. */
  open(): Promise<RootEngine>
  stop(): Promise<void>
}

export const faultyTiers = ['memory', 'sqlite', 'pglite', 'postgres', 'neon'] as const

const apply = (target: MigrationTarget) => migrate(target, { mode: 'auto', now: new Date() })

export async function createFaultyTier(
  tier: (typeof faultyTiers)[number],
  given: Given,
): Promise<FaultyTier> {
  const trap = new Trap()
  switch (tier) {
    case 'memory': {
      const sound = createMemoryEngine(given)
      // What belongs to an engine, such as its lock, is shared; what is closed is only what is in front of it.
      const open = async () => ({ ...failing(sound, trap), close: async () => {} })
      return { faults: ['refused', 'unanswered'], trap, sound, open, stop: () => sound.close() }
    }
    case 'sqlite': {
      const folder = await tempDir()
      const path = `${folder.path}/faulty.db`
      const sound = await sqliteEngine({ path, ...given, migrate: apply })
      const databases: BetterSqlite.Database[] = []
      const open = async () => {
        const database = new BetterSqlite(path, { timeout: 0 })
        databases.push(database)
        configure(database, {})
        return sqliteEngine({ database: trapSqlite(database, trap), ...given })
      }
      const stop = async () => {
        await sound.close()
        for (const database of databases) database.close()
        await folder[Symbol.asyncDispose]()
      }
      // What is carried out in this process is answered.
      return { faults: ['refused', 'unsent'], trap, sound, open, stop }
    }
    case 'pglite': {
      const database = await PGlite.create({ extensions: { pg_trgm } })
      const sound = await pgliteEngine({ database, ...given, migrate: apply })
      const trapped = trapPglite(database, trap)
      const open = () => pgliteEngine({ database: trapped, ...given })
      const stop = async () => {
        await sound.close()
        await database.close()
      }
      // There is no connection to be lost.
      return { faults: ['refused'], trap, sound, open, stop }
    }
    case 'postgres':
    case 'neon': {
      const { url, drop } = await createTestDatabase()
      const sound = await pgEngine({ url, sslMode: 'disable', ...given, migrate: apply })
      const pool = tier === 'neon' ? neonPool(url, trap) : pgPool(url, trap)
      const open = () => (tier === 'neon' ? neonEngine({ pool, ...given }) : pgEngine({ pool, ...given }))
      const stop = async () => {
        await sound.close()
        await pool.end()
        await drop()
      }
      // What statements are refused, and which get lost on the way, is the same for both.
      return { faults: tier === 'neon' ? ['unanswered'] : FAULTS, trap, sound, open, stop }
    }
  }
}

/** Verbs that fail as a database's do: with an error, and having done nothing, or everything. */
function failing<E extends Engine>(engine: E, trap: Trap): E {
  const trapped =
    (verb: (...args: never[]) => Promise<unknown>) =>
    async (...args: never[]): Promise<unknown> => {
      const fault = trap.next()
      if (fault === 'unanswered') await verb(...args)
      if (fault !== undefined) throw new UnavailableError('it was trapped')
      return verb(...args)
    }
  const verbs = ['find', 'get', 'insert', 'update', 'remove', 'write', 'aggregate'] as const
  return {
    ...engine,
    ...Object.fromEntries(verbs.map((verb) => [verb, trapped(engine[verb] as never)])),
    transaction: ((work, options) =>
      engine.transaction((tx) => work(failing(tx, trap)), options)) satisfies Engine['transaction'],
  }
}

function trapSqlite(database: BetterSqlite.Database, trap: Trap): Database {
  function spring(): void {
    const fault = trap.next()
    if (fault === 'refused') throw new BetterSqlite.SqliteError('disk I/O error', 'SQLITE_IOERR')
    // The driver says what is to be said about that.
    if (fault !== undefined) database.close()
  }
  return {
    get name() {
      return database.name
    },
    get memory() {
      return database.memory
    },
    get inTransaction() {
      return database.inTransaction
    },
    prepare(sql) {
      // The cast: bound values are of types that the driver knows.
      const prepared = database.prepare(sql) as unknown as Prepared
      const each = (verb: 'run' | 'get' | 'all') => (bound?: readonly unknown[]) => {
        spring()
        return bound === undefined ? prepared[verb]() : prepared[verb](bound)
      }
      return {
        reader: prepared.reader,
        raw: (toggle) => prepared.raw(toggle),
        run: each('run'),
        get: each('get'),
        all: each('all') as Prepared['all'],
      }
    },
    exec: (sql) => database.exec(sql),
    pragma: (sql, options) => database.pragma(sql, options),
    function: (name, options, call) => database.function(name, options, call as never),
    close: () => database.close(),
  }
}

/** What any Postgres refuses, and a transaction does not survive. */
const REFUSED = 'select 1 / 0'

/** A server does not refuse to begin, and who listens or tells beside a verb is not the verb. */
function isCounted(text: string, isInside: boolean): boolean {
  return !text.startsWith('listen ') && (isInside || !text.includes('pg_notify('))
}

function trapPglite(database: PGlite, trap: Trap): PgliteDatabase {
  let isInside = false
  return {
    async query<T>(text: string, values?: unknown[], options?: object) {
      const counts = isCounted(text, isInside) && !text.startsWith('begin')
      if (text.startsWith('begin')) isInside = true
      if (text === 'commit' || text === 'rollback') isInside = false
      return counts && trap.next() !== undefined
        ? database.query<T>(REFUSED)
        : database.query<T>(text, values, options)
    },
    onNotification: (handler) => database.onNotification(handler),
    close: () => database.close(),
  }
}

interface Sent {
  readonly text: string
}

/** `send` goes on as the driver would; `cut` resets the connection. */
function createSender(trap: Trap, cut: () => void) {
  let isInside = false
  return async (config: Sent, send: (config: Sent) => Promise<unknown>): Promise<unknown> => {
    const { text } = config
    const isBegin = text.startsWith('begin')
    const counts = isCounted(text, isInside) && !(isBegin && trap.fault === 'refused')
    if (isBegin) isInside = true
    if (text === 'commit' || text === 'rollback') isInside = false
    const fault = counts ? trap.next() : undefined
    if (fault === undefined) return send(config)
    if (fault === 'refused') return send({ text: REFUSED })
    if (fault === 'unanswered') await send(config)
    cut()
    throw new Error('Connection terminated unexpectedly')
  }
}

/** The casts: of what the drivers keep to themselves, only the socket is touched. */
interface WithSocket {
  readonly connection: { readonly stream: { destroy(): void } }
}

function pgPool(url: string, trap: Trap): pg.Pool {
  class Client extends pg.Client {
    #send = createSender(trap, () => (this as unknown as WithSocket).connection.stream.destroy())
    override query(...args: never[]): never {
      const [config] = args as unknown as [Sent]
      const go = (changed: Sent) => super.query(changed) as unknown as Promise<unknown>
      return this.#send(config, go) as never
    }
  }
  return new pg.Pool({ connectionString: url, ssl: false, max: 4, Client, pipeline: true })
}

function neonPool(url: string, trap: Trap): NeonPool {
  useNeonProxy(inject('neonProxy')!)
  const pool = new NeonPool({ connectionString: url, max: 4 })
  pool.Client = class extends NeonClient {
    #send = createSender(trap, () => (this as unknown as WithSocket).connection.stream.destroy())
    override query(...args: never[]): never {
      const [config] = args as unknown as [Sent]
      const go = (changed: Sent) => super.query(changed as never) as unknown as Promise<unknown>
      return this.#send(config, go) as never
    }
  }
  return pool
}
