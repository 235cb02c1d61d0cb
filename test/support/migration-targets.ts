/** Databases to migrate, by the bare drivers, with every query written down. */

import Database from 'better-sqlite3'
import pg from 'pg'
import type { MigrationTarget, Query } from '../../src/migrations/target.ts'
import { MIGRATION_LOCK } from '../../src/migrations/target.ts'
import type { SqlDialect } from '../../src/schema/constraints.ts'
import { createTestDatabase } from './databases.ts'
import { tempDir } from './temp.ts'

export interface LoggedTarget extends MigrationTarget {
  /** What was asked so far. */
  readonly log: string[]
}

export interface MigrationDatabase extends AsyncDisposable {
  /** The file or URL. */
  readonly place: string
  /** Another connection. */
  connect(): LoggedTarget
}

export async function createMigrationDatabase(dialect: SqlDialect): Promise<MigrationDatabase> {
  return dialect === 'sqlite' ? createSqliteFile() : createPostgresDatabase()
}

async function createSqliteFile(): Promise<MigrationDatabase> {
  const folder = await tempDir()
  const place = `${folder.path}/test.db`
  const open: Database.Database[] = []
  return {
    place,
    connect() {
      const database = new Database(place, { timeout: 0 })
      database.pragma('foreign_keys = ON')
      open.push(database)
      return sqliteTarget(database)
    },
    async [Symbol.asyncDispose]() {
      for (const database of open) database.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

function sqliteTarget(database: Database.Database): LoggedTarget {
  const log: string[] = []
  const query: Query = async (sql, params = []) => {
    log.push(sql)
    const statement = database.prepare<unknown[], Record<string, unknown>>(sql)
    if (statement.reader) return statement.all(...params)
    statement.run(...params)
    return []
  }
  return {
    dialect: 'sqlite',
    log,
    query,
    async exclusive(work) {
      database.pragma('foreign_keys = OFF')
      while (!database.inTransaction) {
        try {
          database.exec('begin immediate')
        } catch (error) {
          if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error
          // Whoever has the lock may be in this very process, so waiting must not block.
          await new Promise((resume) => setTimeout(resume, 5))
        }
      }
      try {
        const result = await work()
        database.exec('commit')
        return result
      } catch (error) {
        database.exec('rollback')
        throw error
      } finally {
        database.pragma('foreign_keys = ON')
      }
    },
  }
}

async function createPostgresDatabase(): Promise<MigrationDatabase> {
  const { url, drop } = await createTestDatabase()
  const pools: pg.Pool[] = []
  return {
    place: url,
    connect() {
      const pool = new pg.Pool({ connectionString: url, max: 1 })
      // A pool has ended before its connections have, and dropping the database cuts them off.
      pool.on('error', () => {})
      pool.on('connect', (client) => client.on('error', () => {}))
      pools.push(pool)
      return postgresTarget(pool)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(pools.map((pool) => pool.end()))
      await drop()
    },
  }
}

/** The pool has one connection, so that a transaction's queries meet in it. */
function postgresTarget(pool: pg.Pool): LoggedTarget {
  const log: string[] = []
  const query: Query = async (sql, params = []) => {
    log.push(sql)
    return (await pool.query<Record<string, unknown>>(sql, [...params])).rows
  }
  return {
    dialect: 'postgres',
    log,
    query,
    async exclusive(work) {
      await pool.query('begin')
      try {
        await pool.query(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`)
        const result = await work()
        await pool.query('commit')
        return result
      } catch (error) {
        await pool.query('rollback')
        throw error
      }
    },
  }
}
