/** Where the data of a case is, for each driver, and what tells an app so. */

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { DRIVER_PACKAGES } from '../../src/engine/drivers.ts'
import type { PostgresServer } from '../../test/support/postgres-server.ts'
import type { Asked } from './ask.ts'

export type Driver = keyof typeof DRIVER_PACKAGES
// The cast: its keys, and no others.
export const DRIVERS = Object.keys(DRIVER_PACKAGES) as readonly Driver[]

export interface Place {
  readonly env: Readonly<Record<string, string>>
  readonly asked: Asked
}

export interface Places {
  of(driver: Driver | 'memory', folder: string): Promise<Place>
  /** A database of Postgres, and how many are connected to it. */
  counted(): Promise<{ readonly url: string; connections(): Promise<number> }>
  /** A URL where nobody must knock. */
  readonly untouched: string
}

const SOCKET = fileURLToPath(new URL('./neon-socket.js', import.meta.url))

export function placesOn(server: PostgresServer, neonProxy: string, untouched: string): Places {
  const database = () => server.createDatabase(`fresh_${randomBytes(4).toString('hex')}`)
  return {
    untouched,
    async of(driver, folder) {
      switch (driver) {
        case 'memory':
          return { env: {}, asked: { tier: 'memory', driver } }
        case 'sqlite':
          return {
            env: { TERRACE_DB_DRIVER: 'sqlite', SQLITE_DB_PATH: join(folder, 'fresh.db') },
            asked: { tier: 'sqlite', driver },
          }
        case 'pglite':
          return {
            env: { DATABASE_URL: `pglite:${join(folder, 'pglite')}` },
            asked: { tier: 'postgres', driver },
          }
        case 'pg':
          return { env: { DATABASE_URL: await database() }, asked: { tier: 'postgres', driver } }
        case 'neon': {
          const env = neonEnvironment(await database(), neonProxy)
          return { env, asked: { tier: 'postgres', driver } }
        }
      }
    },
    async counted() {
      const url = await database()
      return { url, connections: () => countConnections(server.adminUrl, new URL(url).pathname.slice(1)) }
    },
  }
}

/** As Vercel's integration sets them: the pooler's host and the direct one, both of which lead to the proxy. */
export function neonEnvironment(url: string, neonProxy: string): Record<string, string> {
  const at = (host: string) => {
    const neon = new URL(url)
    neon.host = `${host}.eu-central-1.aws.neon.tech`
    neon.port = ''
    return neon.href
  }
  return {
    DATABASE_URL: at('ep-fresh-1-pooler'),
    DATABASE_URL_UNPOOLED: at('ep-fresh-1'),
    NEON_PROXY: neonProxy,
    NODE_OPTIONS: `--import ${SOCKET}`,
  }
}

async function countConnections(adminUrl: string, name: string): Promise<number> {
  const client = new pg.Client({ connectionString: adminUrl, ssl: false })
  await client.connect()
  try {
    const { rows } = await client.query(
      'select count(*)::int as count from pg_stat_activity where datname = $1',
      [name],
    )
    return rows[0].count
  } finally {
    await client.end()
  }
}
