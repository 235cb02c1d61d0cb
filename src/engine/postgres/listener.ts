/**
 * LISTEN over one connection, whatever the number of channels. It is taken with the first channel and given up
 * with the last; one that breaks is replaced, and what was said meanwhile is lost: whoever listens also polls.
 */

import type { EngineHooks } from '../hooks.ts'
import type { PoolClient } from './pool.ts'

export interface Listener {
  listen(channel: string, handler: (payload: string) => void): Promise<() => Promise<void>>
  close(): void
}

/** The longest pause between two attempts to replace a connection, in milliseconds. */
const LONGEST_PAUSE = 5000

export function createListener(connect: () => Promise<PoolClient>, hooks: EngineHooks | undefined): Listener {
  const handlers = new Map<string, Set<(payload: string) => void>>()
  let attached: Promise<PoolClient> | undefined
  /** Gives the connection back, if there is one. */
  let detach = () => {}
  let reattaching = false

  function connection(): Promise<PoolClient> {
    if (attached !== undefined) return attached
    const mine = attach().catch((error: unknown) => {
      if (attached === mine) attached = undefined
      throw error
    })
    attached = mine
    return mine
  }

  /** A connection that listens to all channels. */
  async function attach(): Promise<PoolClient> {
    const client = await connect()
    let left = false
    const leave = () => {
      if (left) return
      left = true
      attached = undefined
      detach = () => {}
      client.release(true)
    }
    const onLoss = () => {
      if (left) return
      leave()
      void reattach()
    }
    client.on('error', onLoss)
    client.on('end', onLoss)
    client.on('notification', ({ channel, payload }: { channel: string; payload?: string }) => {
      if (!left) for (const handler of handlers.get(channel) ?? []) handler(payload ?? '')
    })
    detach = leave
    try {
      for (const channel of handlers.keys()) await client.query({ text: `listen ${quoteChannel(channel)}` })
    } catch (error) {
      leave()
      throw error
    }
    // Whoever wanted it has gone while it was made.
    if (handlers.size === 0) leave()
    return client
  }

  async function reattach(): Promise<void> {
    // A connection that breaks while it is made says so twice.
    if (reattaching) return
    reattaching = true
    for (let delay = 100; handlers.size > 0; delay = Math.min(delay * 2, LONGEST_PAUSE)) {
      try {
        await connection()
        break
      } catch (error) {
        hooks?.retry?.(error)
        const pause = delay
        await new Promise((resolve) => setTimeout(resolve, pause).unref())
      }
    }
    reattaching = false
  }

  return {
    async listen(channel, handler) {
      const known = handlers.get(channel)
      const all = known ?? new Set()
      if (known === undefined) handlers.set(channel, all)
      // One of its own, because the same function may listen twice.
      const mine = (payload: string) => handler(payload)
      all.add(mine)

      async function stop(): Promise<void> {
        if (!all.delete(mine) || all.size > 0) return
        handlers.delete(channel)
        if (handlers.size === 0) return detach()
        const client = await attached?.catch(() => undefined)
        await client?.query({ text: `unlisten ${quoteChannel(channel)}` }).catch(() => {})
      }

      try {
        const isNew = attached === undefined
        const client = await connection()
        // A new connection has begun with all channels.
        if (known === undefined && !isNew) await client.query({ text: `listen ${quoteChannel(channel)}` })
      } catch (error) {
        await stop()
        throw error
      }
      return stop
    },
    close() {
      handlers.clear()
      detach()
    },
  }
}

function quoteChannel(channel: string): string {
  return `"${channel.replaceAll('"', '""')}"`
}
