/** A source over a pool with the interface of `pg`, which Neon's driver shares. */

import { UnavailableError } from '../../errors.ts'
import type { EngineHooks } from '../hooks.ts'
import { isConnectionError, isRefused } from './errors.ts'
import type { Client, RawRows, Source, SqlText } from './source.ts'

/** The part of `pg`'s client and pool that is used; Neon's are alike. */
export interface PoolClient {
  query(config: object): Promise<{ rows: unknown[] }>
  release(error?: Error | boolean): void
  on(event: string, handler: (...args: never[]) => void): unknown
  removeAllListeners(event: string): unknown
}
export interface Pool {
  connect(): Promise<PoolClient>
  end(): Promise<void>
  on(event: 'error', handler: () => void): unknown
}

export interface PoolSourceOptions {
  readonly target: string
  readonly pool: Pool
  readonly drizzle: () => Promise<unknown>
  /** Whether a named statement lasts: not behind a pooler that hands out another server each time. */
  readonly named: boolean
  /** A pool that goes past the pooler, for what needs a session: LISTEN and migrations. */
  readonly direct: Pool | undefined
  readonly listens: boolean
  /** Milliseconds for which a server that is asleep or restarting is waited for. */
  readonly patience: number
  readonly owned: boolean
  readonly hooks: EngineHooks | undefined
}

/** Values as Postgres writes them: decoding is ours. */
const asText = { getTypeParser: () => (value: unknown) => value }

export function createPoolSource(options: PoolSourceOptions): Source {
  const { pool, direct = pool, named, target } = options
  // A connection that breaks while idle is replaced on the next use; there is nobody to tell.
  pool.on('error', () => {})

  const connect = async (): Promise<Client> => wrap(await patiently(() => pool.connect(), options), named)
  return {
    target,
    driver: pool,
    drizzle: options.drizzle,
    connect,
    connectDirect: async () => wrap(await patiently(() => direct.connect(), options), named),
    async query(statement, values) {
      const client = await connect()
      try {
        const rows = await client.query(statement, values)
        client.release(false)
        return rows
      } catch (error) {
        client.release(isConnectionError(error))
        throw error
      }
    },
    async listen(channel, handler) {
      if (!options.listens) return async () => {}
      const client = await patiently(() => direct.connect(), options)
      // The hint is lost with the connection; whoever listens also polls.
      client.on('error', () => {})
      client.on('notification', (message: { channel: string; payload?: string }) => {
        if (message.channel === channel) handler(message.payload ?? '')
      })
      await client.query({ text: `listen ${quoteChannel(channel)}` })
      return async () => {
        client.removeAllListeners('notification')
        client.release(true)
      }
    },
    async close() {
      if (!options.owned) return
      await pool.end()
      if (direct !== pool) await direct.end()
    },
  }
}

/** Clients that are known to be broken; every client ever lent is in here. */
const broken = new WeakMap<PoolClient, boolean>()

function wrap(client: PoolClient, named: boolean): Client {
  if (!broken.has(client)) {
    broken.set(client, false)
    // For good: a connection that breaks says so more than once, also after it was given back, and an error
    // that nobody listens to ends the process.
    client.on('error', () => broken.set(client, true))
  }
  return {
    async query({ text, name }: SqlText, values: readonly unknown[]): Promise<RawRows> {
      const config = { text, values, rowMode: 'array', types: asText }
      const { rows } = await client.query(named && name !== undefined ? { ...config, name } : config)
      return rows as RawRows
    },
    release(bad) {
      client.release(bad || broken.get(client))
    },
  }
}

/** Nothing has been sent yet, so trying again is safe: Neon wakes, a server restarts. */
async function patiently<T>(
  attempt: () => Promise<T>,
  { patience, target, hooks }: PoolSourceOptions,
): Promise<T> {
  const deadline = Date.now() + patience
  for (let delay = 20; ; delay = Math.min(delay * 2, 500)) {
    try {
      return await attempt()
    } catch (error) {
      if (isRefused(error) || !isConnectionError(error)) throw error
      if (Date.now() + delay > deadline) {
        throw new UnavailableError(
          `${target} cannot be reached: ${(error as Error).message || 'connection refused'}`,
          {
            cause: error,
          },
        )
      }
      hooks?.retry?.(error)
      await new Promise((resolve) => setTimeout(resolve, delay * (0.5 + Math.random() / 2)))
    }
  }
}

function quoteChannel(channel: string): string {
  return `"${channel.replaceAll('"', '""')}"`
}
