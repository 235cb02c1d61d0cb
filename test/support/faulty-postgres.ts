/**
 * A Postgres of one's own behind a wire that can be held and cut, reached by either driver: what is done to it
 * is done to no other test.
 */

import { createSystem, type System, type SystemOptions } from '../../src/system.ts'
import { startNeonProxy, useNeonProxy } from './neon-proxy.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { startWire, type Wire } from './wire.ts'

export const drivers = ['pg', 'neon'] as const
export type ServerDriver = (typeof drivers)[number]

export interface FaultyPostgres extends AsyncDisposable {
  readonly server: PostgresServer
  readonly wire: Wire
  /** The server's own database, by way of the wire. */
  readonly url: string
  /** A System that talks over the wire, with a small pool. */
  open(driver: ServerDriver, options?: SystemOptions): Promise<System>
}

export async function startFaultyPostgres(): Promise<FaultyPostgres> {
  const server = await startPostgres()
  const wire = await startWire({ host: '127.0.0.1', port: server.port })
  const proxy = await startNeonProxy({ host: '127.0.0.1', port: wire.port })
  useNeonProxy(proxy.wsProxy)
  const url = server.url().replace(`:${server.port}/`, `:${wire.port}/`)
  return {
    server,
    wire,
    url,
    open: (driver, options) =>
      createSystem({ url, driver, env: { PGSSLMODE: 'disable', DATABASE_POOL_MAX: '4' }, ...options }),
    async [Symbol.asyncDispose]() {
      await proxy.stop()
      await wire.stop()
      await server.stop()
    },
  }
}
