/** A database of its own for each test file. */

import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'

export interface TestDatabase {
  readonly url: string
  query(sql: string): Promise<unknown>
  drop(): Promise<void>
}

/** On `server`, or on the run's own. */
export async function createTestDatabase(
  server: string | null = inject('postgresUrl'),
): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  if (server === null) throw new Error('this run covers no Postgres; see TERRACE_TEST_TIERS')
  // PGSSLMODE is meant for what is tested, and for a server of the user's own.
  const isOwn = server !== inject('postgresUrl')
  const settings = { max: 1, ...(isOwn ? {} : { ssl: false }) }
  const admin = new pg.Pool({ ...settings, connectionString: server })
  await admin.query(`create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  const own = new pg.Pool({ ...settings, connectionString: url.href })
  // Dropping the database may cut off a connection that is just saying goodbye.
  own.on('error', () => {})
  return {
    url: url.href,
    query: (sql) => own.query(sql),
    async drop() {
      await own.end()
      await admin.query(`drop database ${name} with (force)`).catch(async (error: unknown) => {
        // An autovacuum worker is nobody's to terminate but a superuser's; a drop without force sends it away by itself.
        if ((error as { code?: string }).code !== '42501') throw error
        await admin.query(`drop database ${name}`)
      })
      await admin.end()
    },
  }
}
