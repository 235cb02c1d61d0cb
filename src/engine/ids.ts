/**
 * New ids: UUIDv7 of the injected clock. Each sorts after the one before, also when the clock stands still or
 * is set back; otherwise ties in `createdAt` would be broken differently from tier to tier.
 */

import { randomFillSync } from 'node:crypto'

import { v7 } from 'uuid'

import type { Clock } from './clock.ts'

export interface IdOptions {
  /** Fills the array with random bytes. */
  readonly random?: ((bytes: Uint8Array) => void) | undefined
}

/** Asking the system for random bytes costs more than an id, so they are fetched for many at once. */
const POOL = 4096
const PER_ID = 16

export function createIds(
  clock: Clock,
  { random = (bytes) => void randomFillSync(bytes) }: IdOptions = {},
): () => string {
  const pool = new Uint8Array(POOL)
  let used = POOL
  let msecs = Number.NEGATIVE_INFINITY
  let seq = 0
  return () => {
    if (used === POOL) {
      random(pool)
      used = 0
    }
    const bytes = pool.subarray(used, used + PER_ID)
    used += PER_ID
    // UUIDv7 has no room for times before 1970.
    const now = Math.max(0, clock().getTime())
    if (now > msecs) {
      msecs = now
      // Random, so that two processes do not collide; the highest bit is left free for counting up.
      seq = ((bytes[6]! & 0x7f) << 24) | (bytes[7]! << 16) | (bytes[8]! << 8) | bytes[9]!
    } else {
      seq = (seq + 1) | 0
      if (seq === 0) msecs++
    }
    return v7({ msecs, seq, random: bytes })
  }
}
