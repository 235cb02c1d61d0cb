/** Neon's driver: Postgres over a WebSocket, where TCP is slow to open or not to be had. */

import { loadDriver } from '../drivers.ts'
import { createPostgresEngine, type PostgresEngine } from './engine.ts'
import type { PgEngineOptions } from './pg.ts'
import type { Pool } from './pool.ts'
import { createPoolSource, PATIENCE } from './pool-source.ts'
import { withoutTls } from './tls.ts'

export type NeonEngineOptions = Omit<PgEngineOptions, 'sslMode' | 'rootCertificate'>

export async function neonEngine(options: NeonEngineOptions): Promise<PostgresEngine> {
  const driver = await loadDriver('@neondatabase/serverless', () => import('@neondatabase/serverless'))
  // Gathering writes for up to a millisecond costs five times the latency; we gather by tick.
  driver.neonConfig.coalesceWrites = false
  // Sends the password before it is asked for, which only some ways to authenticate forgive.
  driver.neonConfig.pipelineConnect = false
  const patience = options.patience ?? PATIENCE
  const idleMs = options.attaching?.idleMs
  const open = (url: string, size = options.poolSize ?? { min: 0, max: 10 }): Pool => {
    const opened = new driver.Pool({
      connectionString: withoutTls(url),
      max: size.max,
      min: size.min,
      ...(idleMs !== undefined && { idleTimeoutMillis: idleMs }),
      allowExitOnIdle: true,
    })
    // The pool's own setting would also end the wait for a connection that others are using.
    opened.Client = class extends driver.Client {
      constructor(config?: ConstructorParameters<typeof driver.Client>[0]) {
        super({ ...Object(config), connectionTimeoutMillis: patience })
      }
    }
    options.attaching?.attach(opened)
    return opened
  }
  const pool = options.pool ?? open(options.url ?? '')
  const pooled = options.pooled ?? false
  const direct =
    options.directUrl === undefined || options.directUrl === options.url
      ? undefined
      : open(options.directUrl, { min: 0, max: 2 })
  const source = createPoolSource({
    target: options.target ?? 'Neon',
    pool,
    direct,
    named: !pooled,
    listens: direct !== undefined || !pooled,
    patience,
    owned: options.pool === undefined,
    hooks: options.hooks,
    drizzle: async () => {
      const { drizzle } = await loadDriver('drizzle-orm', () => import('drizzle-orm/neon-serverless'))
      // The cast: it is the driver's own, or one that was given to stand for it.
      return drizzle(pool as never)
    },
  })
  return createPostgresEngine(source, options)
}
