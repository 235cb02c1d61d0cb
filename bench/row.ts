/** One line of the results: a target, what was measured, and what that means. */

import type { Samples, Spread } from './measure.ts'
import { spread } from './measure.ts'

/** `null`: shown for orientation. */
export type Target = { readonly atLeast: number } | { readonly atMost: number } | null

export interface Row {
  readonly work: string
  /** What the ratio is of: `× raw better-sqlite3`, `round trips`. */
  readonly unit: string
  readonly target: Target
  readonly measured: Spread
  /** Microseconds per call, for orientation: ours first. */
  readonly absolute?: readonly { readonly name: string; readonly microseconds: number }[]
  /** What a reader should know of how this was measured. */
  readonly note?: string
  /** Why it is missed, if it is. */
  readonly ifMissed?: string
}

export interface Group {
  readonly title: string
  /** What holds for all of its rows. */
  readonly method: string
  readonly rows: readonly Row[]
}

/** Undefined where there is no target. */
export function isMet({ target, measured }: Row): boolean | undefined {
  if (target === null) return undefined
  return 'atLeast' in target ? measured.median >= target.atLeast : measured.median <= target.atMost
}

/** A figure that is counted and not timed, so that it has no spread. */
export const exactly = (count: number): Spread => ({ median: count, min: count, max: count })

export function absolute(...samples: readonly Samples[]): NonNullable<Row['absolute']> {
  return samples.map(({ name, rounds }) => ({ name, microseconds: spread(rounds).median }))
}
