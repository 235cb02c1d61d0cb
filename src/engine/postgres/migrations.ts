/** Postgres' side of the migration runner. */

import { UnavailableError } from '../../errors.ts'
import { MIGRATION_LOCK, type MigrationTarget } from '../../migrations/target.ts'
import { SERVER_TIME, type ServerClock } from './clock.ts'
import { isConnectionError, translate } from './errors.ts'
import type { Client, Rows, Source } from './source.ts'

export type Migrate = (target: MigrationTarget) => Promise<unknown>

/** What is asked here also tells the server's time, so that opening need not ask for it. */
export function postgresMigrations(source: Source, clock: Pick<ServerClock, 'observe'>): MigrationTarget {
  let alone: Client | undefined

  async function send(client: Client, text: string, params: readonly unknown[]): Promise<Rows> {
    try {
      const sentAt = Date.now()
      const rows = await client.query({ text, name: undefined }, params)
      const now = rows[0]?.now
      if (now !== undefined) clock.observe(sentAt, Number(now), Date.now())
      return rows
    } catch (error) {
      // A server that goes away says nothing about the migration.
      throw isConnectionError(error) ? translate(error, undefined, new Map(), source.target) : error
    }
  }

  async function lent<R>(connect: () => Promise<Client>, work: (client: Client) => Promise<R>): Promise<R> {
    const client = await connect()
    let broken = false
    try {
      return await work(client)
    } catch (error) {
      broken = error instanceof UnavailableError
      throw error
    } finally {
      client.release(broken)
    }
  }

  return {
    dialect: 'postgres',
    async query(sql, params = []) {
      // Columns by name, from a query that may be anything: let Postgres name them.
      const reads = /^\s*(select|with)\b/i.test(sql)
      const text = reads ? `select row_to_json("q") as "q", ${SERVER_TIME} as "now" from (${sql}) "q"` : sql
      const rows =
        alone === undefined
          ? await lent(source.connect, (client) => send(client, text, params))
          : await send(alone, text, params)
      return reads ? rows.map(({ q }) => q as Record<string, unknown>) : []
    },
    exclusive: (work) =>
      lent(source.connectDirect, async (client) => {
        await send(client, 'begin', [])
        try {
          // Of the transaction, not the session: behind a pooler a session is nobody's.
          await send(client, `select pg_advisory_xact_lock(${MIGRATION_LOCK})`, [])
          alone = client
          const result = await work()
          await send(client, 'commit', [])
          return result
        } catch (error) {
          // The connection may be what was lost; the first error tells why.
          await send(client, 'rollback', []).catch(() => {})
          throw error
        } finally {
          alone = undefined
        }
      }),
  }
}
