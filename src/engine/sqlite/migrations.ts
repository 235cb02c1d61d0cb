/** SQLite's side of the migration runner. */

import type { MigrationTarget } from '../../migrations/target.ts'
import type { Connection } from './connection.ts'

export type Migrate = (target: MigrationTarget) => Promise<unknown>

/** How long another process's migration is waited for, in milliseconds. */
const PATIENCE = 60_000

export function sqliteMigrations({ database }: Connection): MigrationTarget {
  return {
    dialect: 'sqlite',
    async query(sql, params = []) {
      const statement = database.prepare<unknown[], Record<string, unknown>>(sql)
      if (statement.reader) return statement.all(...params)
      statement.run(...params)
      return []
    },
    async exclusive(work) {
      // Rebuilding a table drops it, and with foreign keys on that would delete the rows that refer to it.
      // The setting is ignored inside a transaction, hence outside.
      database.pragma('foreign_keys = OFF')
      database.pragma(`busy_timeout = ${PATIENCE}`)
      try {
        database.exec('begin immediate')
        try {
          const result = await work()
          database.exec('commit')
          return result
        } catch (error) {
          if (database.inTransaction) database.exec('rollback')
          throw error
        }
      } finally {
        database.pragma('busy_timeout = 0')
        database.pragma('foreign_keys = ON')
      }
    },
  }
}
