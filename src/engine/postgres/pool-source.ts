/** A source over a pool with the interface of `pg`, which Neon's driver shares. */

import { UnavailableError } from '../../errors.ts'
import type { EngineHooks } from '../hooks.ts'
import { createSignals } from '../signals.ts'
import { isConnectionError, isRefused } from './errors.ts'
import { createListener } from './listener.ts'
import type { Pool, PoolClient } from './pool.ts'
import type { Client, Rows, Source, SqlText } from './source.ts'
import { parsers } from './values.ts'

/** Milliseconds for which a server that is away is waited for, unless told. */
export const PATIENCE = 10_000

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
  /** After a failure to connect: whether something was changed, so that the next attempt may fare better. */
  readonly mend?: ((error: unknown) => boolean) | undefined
  readonly owned: boolean
  readonly hooks: EngineHooks | undefined
}

const asIs = (value: string) => value
const types = { getTypeParser: (oid: number) => parsers[oid] ?? asIs }

export function createPoolSource(options: PoolSourceOptions): Source {
  const { pool, direct = pool, named, target } = options
  for (const each of [pool, direct]) calm(each)
  let closing = false
  /** Clients that are in use, or are being waited for. */
  let busy = 0
  let onQuiet = () => {}
  const leave = () => {
    busy--
    if (busy === 0) onQuiet()
  }

  /** Nothing has been sent yet, so trying again is safe: Neon wakes, a server restarts. */
  async function lend(from: Pool, patience = options.patience): Promise<PoolClient> {
    const deadline = Date.now() + patience
    for (let delay = 20; ; delay = Math.min(delay * 2, 500)) {
      try {
        return await from.connect()
      } catch (error) {
        if (options.mend?.(error)) continue
        if (isRefused(error) || !isConnectionError(error)) throw error
        if (closing || Date.now() + delay > deadline) throw unreachable(target, error)
        options.hooks?.retry?.(error)
        await new Promise((resolve) => setTimeout(resolve, delay * (0.5 + Math.random() / 2)))
      }
    }
  }

  async function connect(from: Pool, patience?: number): Promise<Client> {
    busy++
    try {
      const client = wrap(await lend(from, patience), named)
      return {
        query: client.query,
        release(bad) {
          client.release(bad)
          leave()
        },
      }
    } catch (error) {
      leave()
      throw error
    }
  }

  const listener = createListener(async () => {
    busy++
    return lend(direct).finally(leave)
  }, options.hooks)
  const signals = createSignals()
  return {
    target,
    driver: pool,
    drizzle: options.drizzle,
    connect: () => connect(pool),
    connectDirect: () => connect(direct),
    async query(statement, values, patience) {
      const client = await connect(pool, patience)
      try {
        const rows = await client.query(statement, values)
        client.release(false)
        return rows
      } catch (error) {
        client.release(isConnectionError(error))
        throw error
      }
    },
    listen: async (channel, handler) =>
      options.listens ? listener.listen(channel, handler) : signals.listen(channel, handler),
    ...(!options.listens && { notified: signals.notify }),
    async close() {
      closing = true
      listener.close()
      signals.clear()
      // A pool that has ended forgets those who wait for a connection, and they would wait for ever.
      if (busy > 0) {
        await new Promise<void>((resolve) => {
          onQuiet = resolve
        })
      }
      if (!options.owned) return
      await pool.end()
      if (direct !== pool) await direct.end()
    },
  }
}

/** Pools whose errors are heard: one that was given may serve many engines, one after the other. */
const calmed = new WeakSet<Pool>()

/** A connection that breaks while idle is replaced on the next use; there is nobody to tell. */
function calm(pool: Pool): void {
  if (calmed.has(pool)) return
  calmed.add(pool)
  pool.on('error', () => {})
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
    async query({ text, name }: SqlText, values: readonly unknown[]): Promise<Rows> {
      const config = { text, values, types }
      const { rows } = await client.query(named && name !== undefined ? { ...config, name } : config)
      // The cast: rows are objects, unless one asks for lists.
      return rows as Rows
    },
    release(bad) {
      client.release(bad || broken.get(client))
    },
  }
}

function unreachable(target: string, cause: unknown): UnavailableError {
  const reason = (cause as Error | undefined)?.message || 'the connection was refused'
  return new UnavailableError(`${target} cannot be reached: ${reason}`, { cause })
}
