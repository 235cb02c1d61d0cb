/** Postgres' side of the migration runner. */

import { MIGRATION_LOCK, type MigrationTarget } from '../../migrations/target.ts'
import type { Client, Source } from './source.ts'

export type Migrate = (target: MigrationTarget) => Promise<unknown>

export function postgresMigrations(source: Source): MigrationTarget {
  let client: Client | undefined

  return {
    dialect: 'postgres',
    async query(sql, params = []) {
      // Columns by name, from a query that may be anything: let Postgres name them.
      const text = /^\s*(select|with)\b/i.test(sql) ? `select row_to_json("q") from (${sql}) "q"` : sql
      const statement = { text, name: undefined }
      const rows =
        client === undefined ? await source.query(statement, params) : await client.query(statement, params)
      return text === sql ? [] : rows.map(([row]) => JSON.parse(row!))
    },
    async exclusive(work) {
      client = await source.connectDirect()
      let broken = true
      try {
        await client.query({ text: 'begin', name: undefined }, [])
        try {
          // Of the transaction, not the session: behind a pooler a session is nobody's.
          await client.query({ text: `select pg_advisory_xact_lock(${MIGRATION_LOCK})`, name: undefined }, [])
          const result = await work()
          await client.query({ text: 'commit', name: undefined }, [])
          broken = false
          return result
        } catch (error) {
          await client.query({ text: 'rollback', name: undefined }, [])
          broken = false
          throw error
        }
      } finally {
        client.release(broken)
        client = undefined
      }
    },
  }
}
