/** What a storm tells its workers, and what they say. */

import type { Target } from '../notes/crash-orders.ts'

export interface StormOrders {
  readonly target: Target
  readonly seed: number
  readonly concurrency: number
  readonly leaseMs: number
}

/** Moments are of the machine's clock, which all share, in milliseconds; `until` is the lease's, of the engine's. */
export type Said =
  | { readonly ready: string }
  | {
      readonly begun: string
      readonly fence: number
      readonly key: string
      readonly at: number
      readonly until: number
    }
  | { readonly ended: string; readonly fence: number; readonly at: number }
