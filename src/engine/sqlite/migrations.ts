/** SQLite's side of the migration runner. */

import type { MigrationTarget } from '../../migrations/target.ts'
import type { Connection } from './connection.ts'
import { patiently } from './patience.ts'

export type Migrate = (target: MigrationTarget) => Promise<unknown>

/** How long another migration is waited for, in milliseconds. */
const patience = 60_000

export function sqliteMigrations({ database }: Connection): MigrationTarget {
  return {
    dialect: 'sqlite',
    query: (sql, params = []) =>
      patiently(
        () => {
          const statement = database.prepare(sql)
          // The cast: rows are by column unless told.
          if (statement.reader) return statement.all(...params) as Record<string, unknown>[]
          statement.run(...params)
          return []
        },
        { patience },
      ),
    async exclusive(work) {
      // Rebuilding a table drops it, and with foreign keys on that would delete the rows that refer to it.
      // The setting is ignored inside a transaction, hence outside.
      database.pragma('foreign_keys = OFF')
      try {
        await patiently(() => database.exec('begin immediate'), { patience })
        try {
          const result = await work()
          database.exec('commit')
          return result
        } catch (error) {
          if (database.inTransaction) database.exec('rollback')
          throw error
        }
      } finally {
        database.pragma('foreign_keys = ON')
      }
    },
  }
}
