/** The `pg` driver: TCP, TLS by PGSSLMODE, prepared statements by name, pipelining inside transactions. */

import type { ConnectionOptions } from 'node:tls'
import type { ClientConfig } from 'pg'
import { loadDriver } from '../drivers.ts'
import { createPostgresEngine, type PostgresEngine, type PostgresEngineOptions } from './engine.ts'
import { LACKS_TLS } from './errors.ts'
import type { Pool } from './pool.ts'
import { createPoolSource, PATIENCE } from './pool-source.ts'
import { type SslMode, tlsOf, withoutTls } from './tls.ts'
import type { AttachedPool, Attaching } from './vercel.ts'

export interface PgEngineOptions extends PostgresEngineOptions {
  readonly url?: string
  /** For LISTEN and migrations, past a pooler. */
  readonly directUrl?: string | undefined
  /** A pool that is open already; its closing is left to you. */
  readonly pool?: Pool
  /** What a person is shown instead of the URL, which may hold a password. */
  readonly target?: string | undefined
  readonly sslMode?: SslMode | undefined
  readonly rootCertificate?: string | undefined
  /** Whether the URL leads to a transaction-mode pooler, where nothing lasts beyond a transaction. */
  readonly pooled?: boolean | undefined
  readonly poolSize?: { readonly min: number; readonly max: number } | undefined
  /** Milliseconds for which a server that is asleep or restarting is waited for; 10,000 unless told. */
  readonly patience?: number | undefined
  /** For a host that wants to know of every pool that is opened here. */
  readonly attaching?: Attaching | undefined
}

export async function pgEngine(options: PgEngineOptions): Promise<PostgresEngine> {
  const pooled = options.pooled ?? false
  const patience = options.patience ?? PATIENCE
  const tls = tlsOf(options.sslMode ?? 'prefer', options.rootCertificate)
  const pools: TlsPool[] = []
  const open = async (url: string, size = options.poolSize ?? { min: 0, max: 10 }) => {
    const idleMs = options.attaching?.idleMs
    const opened = await openPool(url, { ...size, ssl: tls.ssl, patience, idleMs })
    pools.push(opened)
    options.attaching?.attach(opened)
    return opened
  }
  const pool = options.pool ?? (await open(options.url ?? ''))
  const direct =
    options.directUrl === undefined || options.directUrl === options.url
      ? undefined
      : await open(options.directUrl, { min: 0, max: 2 })
  const source = createPoolSource({
    target: options.target ?? 'Postgres',
    pool,
    direct,
    named: !pooled,
    listens: direct !== undefined || !pooled,
    patience,
    mend(error) {
      // What libpq calls `prefer`: a server without TLS is known by its answer, and asked again without.
      if (!tls.orPlain || !LACKS_TLS.test((error as Error | undefined)?.message ?? '')) return false
      for (const { options } of pools) options.ssl = false
      return true
    },
    owned: options.pool === undefined,
    hooks: options.hooks,
    drizzle: async () => {
      const { drizzle } = await loadDriver('drizzle-orm', () => import('drizzle-orm/node-postgres'))
      // The cast: it is the driver's own, or one that was given to stand for it.
      return drizzle(pool as never)
    },
  })
  return createPostgresEngine(source, options)
}

interface PoolSettings {
  readonly min: number
  readonly max: number
  readonly ssl: ConnectionOptions | false
  readonly patience: number
  readonly idleMs: number | undefined
}

/** Connections made from now on are made by these options. */
type TlsPool = Pool & AttachedPool & { readonly options: { ssl?: boolean | ConnectionOptions | undefined } }

async function openPool(url: string, settings: PoolSettings): Promise<TlsPool> {
  const { min, max, ssl, patience, idleMs } = settings
  const { default: pg } = await loadDriver('pg', () => import('pg'))
  return new pg.Pool({
    connectionString: withoutTls(url),
    ssl,
    min,
    max,
    ...(idleMs !== undefined && { idleTimeoutMillis: idleMs }),
    // Its own setting would also end the wait for a connection that others are using.
    Client: class extends pg.Client {
      constructor(config?: ClientConfig) {
        super({ ...config, connectionTimeoutMillis: patience })
      }
    },
    // A script that forgets to close still ends.
    allowExitOnIdle: true,
    // A peer that is gone without a word is noticed, sooner or later.
    keepAlive: true,
    // Statements of a transaction are sent without waiting for the answer to BEGIN.
    pipeline: true,
  })
}
