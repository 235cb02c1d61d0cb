/**
 * How far the server's clock is ahead of ours, so that instances with skewed clocks agree on leases and
 * schedules. Asked on opening, and again now and then, when there is traffic anyway.
 */

import type { RawRows } from './source.ts'

export interface ServerClock {
  /** Milliseconds to add to ours. */
  readonly offset: () => number
  measure(): Promise<void>
}

const REFRESH = 5 * 60_000

export function createServerClock(query: (text: string) => Promise<RawRows>): ServerClock {
  let offset = 0
  let measuredAt = Number.NEGATIVE_INFINITY

  async function measure(): Promise<void> {
    measuredAt = performance.now()
    const before = Date.now()
    const rows = await query('select (extract(epoch from clock_timestamp()) * 1000)::text')
    const after = Date.now()
    // The answer is from somewhere in between; a slow one says little.
    if (after - before < 1000) offset = Number(rows[0]![0]) - (before + after) / 2
  }

  return {
    measure,
    offset() {
      if (performance.now() - measuredAt > REFRESH) {
        // Nobody waits for it, and a server that is away will be noticed by others.
        if (measuredAt !== Number.NEGATIVE_INFINITY) measure().catch(() => {})
      }
      return offset
    },
  }
}
