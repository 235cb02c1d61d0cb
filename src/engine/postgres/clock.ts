/**
 * How far the server's clock is ahead of ours, so that instances with skewed clocks agree on leases and
 * schedules. Read on opening, and again now and then, when there is traffic anyway.
 */

import type { Client } from './source.ts'

export interface ServerClock {
  /** Milliseconds to add to ours. */
  readonly offset: () => number
  /** Asks, unless it is known from another query already. */
  readonly learn: () => Promise<void>
  /** What the server's clock said, in milliseconds, between two moments of ours. */
  observe(sentAt: number, serverTime: number, answeredAt: number): void
}

/** The server's clock as an SQL expression. */
export const SERVER_TIME = '(extract(epoch from clock_timestamp()) * 1000)'

const REFRESH = 5 * 60_000

export function createServerClock(connect: () => Promise<Client>): ServerClock {
  let offset = 0
  let askedAt = Number.NEGATIVE_INFINITY

  async function measure(): Promise<void> {
    askedAt = performance.now()
    // Beforehand, because making a connection takes several round trips and would count as one.
    const client = await connect()
    let broken = true
    try {
      const sentAt = Date.now()
      const [row] = await client.query({ text: `select ${SERVER_TIME} as "now"`, name: undefined }, [])
      broken = false
      observe(sentAt, Number(row!.now), Date.now())
    } finally {
      client.release(broken)
    }
  }

  function observe(sentAt: number, serverTime: number, answeredAt: number): void {
    askedAt = performance.now()
    // The answer is from somewhere in between; a slow one says little.
    if (answeredAt - sentAt < 1000) offset = serverTime - (sentAt + answeredAt) / 2
  }

  return {
    observe,
    async learn() {
      if (askedAt === Number.NEGATIVE_INFINITY) await measure()
    },
    offset() {
      // Nobody waits for it, and a server that is away will be noticed by others.
      if (performance.now() - askedAt > REFRESH && askedAt !== Number.NEGATIVE_INFINITY)
        measure().catch(() => {})
      return offset
    },
  }
}
