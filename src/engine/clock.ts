/**
 * The clock of an engine. An injected one is taken at its word, so that tests may set it back; the default
 * one never steps back, whatever the system's clock or its alignment with a server does.
 */

import { ConfigError } from '../errors.ts'

export type Clock = () => Date

export interface ClockOptions {
  readonly clock?: Clock | undefined
  /** Milliseconds to add to the default clock, asked each time: how far a server's clock is ahead of ours. */
  readonly offset?: (() => number) | undefined
}

export function createClock({ clock, offset }: ClockOptions = {}): Clock {
  // A copy: what a caller does to the date is not the clock's concern.
  if (clock !== undefined) {
    if (typeof clock !== 'function' || !(clock() instanceof Date)) {
      throw new ConfigError('the clock has to be a function that answers a Date')
    }
    return () => new Date(clock().getTime())
  }
  let last = Number.NEGATIVE_INFINITY
  return () => {
    const now = Math.trunc(Date.now() + (offset?.() ?? 0))
    if (now > last) last = now
    return new Date(last)
  }
}
