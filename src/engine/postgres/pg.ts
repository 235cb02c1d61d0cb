/** The `pg` driver: TCP, TLS by PGSSLMODE, prepared statements by name, pipelining inside transactions. */

import { loadDriver } from '../drivers.ts'
import { createPostgresEngine, type PostgresEngine, type PostgresEngineOptions } from './engine.ts'
import { createPoolSource, type Pool } from './pool-source.ts'
import { type SslMode, tlsOf, withoutTls } from './tls.ts'

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
}

const loadPg = async () => (await loadDriver('pg', () => import('pg'))).default

export async function pgEngine(options: PgEngineOptions): Promise<PostgresEngine> {
  const pooled = options.pooled ?? false
  const pool = options.pool ?? (await openPool(options.url ?? '', options))
  const direct =
    options.directUrl === undefined || options.directUrl === options.url
      ? undefined
      : await openPool(options.directUrl, { ...options, poolSize: { min: 0, max: 2 } })
  const source = createPoolSource({
    target: options.target ?? 'Postgres',
    pool,
    direct,
    named: !pooled,
    listens: direct !== undefined || !pooled,
    patience: options.patience ?? 10_000,
    owned: options.pool === undefined,
    hooks: options.hooks,
    drizzle: async () => {
      const { drizzle } = await import('drizzle-orm/node-postgres')
      return drizzle(pool as never)
    },
  })
  return createPostgresEngine(source, options)
}

async function openPool(
  url: string,
  { sslMode = 'prefer', rootCertificate, poolSize }: PgEngineOptions,
): Promise<Pool> {
  const { Pool } = await loadPg()
  const { ssl, orPlain } = tlsOf(sslMode, rootCertificate)
  const pool = new Pool({
    connectionString: withoutTls(url),
    ssl,
    min: poolSize?.min ?? 0,
    max: poolSize?.max ?? 10,
    // A script that forgets to close still ends.
    allowExitOnIdle: true,
    // Statements of a transaction are sent without waiting for the answer to BEGIN.
    pipeline: true,
  })
  if (orPlain) plainIfRefused(pool)
  return pool
}

/** Once a server says that it has no TLS, the pool goes on without. */
function plainIfRefused(pool: { options: { ssl?: unknown }; connect: Pool['connect'] }): void {
  const connect = pool.connect.bind(pool)
  pool.connect = async () => {
    try {
      return await connect()
    } catch (error) {
      if (!/does not support SSL/i.test((error as Error).message)) throw error
      pool.options.ssl = false
      return connect()
    }
  }
}
