/** Bounds of the server, and the buckets that keep a rate. */

import { Refusal } from './refusals.ts'

export interface Rate {
  readonly perSecond: number
  /** So many at once, after a quiet time. */
  readonly burst: number
}

export interface SyncLimits {
  /** Connections of all kinds. */
  readonly connections: number
  /** Notes over one WebSocket. */
  readonly notes: number
  /** Bytes of one message or body. The store has a bound of its own for an update. */
  readonly messageBytes: number
  /** Messages of one WebSocket. `y-websocket` says again whatever it hears of others' presence. */
  readonly messages: Rate
  /** Bytes of one WebSocket. */
  readonly bytes: Rate
  /** HTTP requests of one actor. */
  readonly requests: Rate
  /** Bytes that one WebSocket has sent and that are not dealt with yet; it is not read from meanwhile. */
  readonly pendingBytes: number
  /** Bytes that wait to be read by one WebSocket, before it is closed. */
  readonly bufferedBytes: number
  /** Bytes of one awareness message. */
  readonly awarenessBytes: number
  /** Presences that one connection may hold at a note. */
  readonly presences: number
}

export const DEFAULT_LIMITS: SyncLimits = {
  connections: 10_000,
  notes: 100,
  messageBytes: 1_100_000,
  messages: { perSecond: 1000, burst: 5000 },
  bytes: { perSecond: 2_000_000, burst: 16_000_000 },
  requests: { perSecond: 50, burst: 200 },
  pendingBytes: 4_000_000,
  bufferedBytes: 16_000_000,
  awarenessBytes: 64_000,
  presences: 32,
}

export interface Bucket {
  /** Throws a `Refusal` when there is not so much left. */
  take(amount: number): void
  /** As good as new. */
  readonly isFull: boolean
}

export function createBucket({ perSecond, burst }: Rate): Bucket {
  let level = burst
  let at = performance.now()
  function fill(): number {
    const now = performance.now()
    level = Math.min(burst, level + ((now - at) * perSecond) / 1000)
    at = now
    return level
  }
  return {
    take(amount) {
      if (fill() < amount) throw new Refusal('tooMany')
      level -= amount
    },
    get isFull() {
      return fill() >= burst
    },
  }
}

/** A bucket for each of many, of which only those in use are kept. */
export function createBuckets(rate: Rate): { take(key: string): void } {
  const buckets = new Map<string, Bucket>()
  let sweepAt = 1000
  return {
    take(key) {
      let bucket = buckets.get(key)
      if (bucket === undefined) {
        if (buckets.size >= sweepAt) {
          for (const [other, { isFull }] of buckets) if (isFull) buckets.delete(other)
          sweepAt = Math.max(1000, buckets.size * 2)
        }
        bucket = createBucket(rate)
        buckets.set(key, bucket)
      }
      bucket.take(1)
    },
  }
}
