/** What comes due by itself, and has to be looked after by somebody: by whoever sweeps. */

import type { Engine } from '../engine/engine.ts'
import { gt } from '../engine/query.ts'
import { backgroundTasks } from '../schema/background-tasks.ts'
import type { FileLock } from '../schema/file-locks.ts'
import { schedules } from '../schema/schedules.ts'
import { type Timer, timers } from '../schema/timers.ts'
import { after, type Duration, milliseconds } from '../stores/duration.ts'
import type { Lease } from '../stores/leases.ts'
import type { Firing } from '../stores/schedules.ts'
import type { Stores } from '../stores/stores.ts'

/** What a sweep has done. Of several that sweep at once, each answers what was its own doing. */
export interface Swept {
  readonly firings: readonly Firing[]
  /** In the mailboxes of their agents now. */
  readonly timers: readonly Timer[]
  /** Ran out without being given back; `holder` had them. */
  readonly leases: readonly (Lease & { readonly holder: string })[]
  readonly fileLocks: readonly FileLock[]
  /** Jobs that were deleted. */
  readonly purged: number
}

export interface SweepOptions {
  /** Deletes jobs that ended so long ago; as milliseconds, or as in `'7d'`. None are deleted unless told. */
  readonly keepJobs?: Duration | undefined
}

/** Rows that one step of a sweep takes at once. */
const BATCH = 100

/**
 * Sweeps until nothing is due, or `mayGoOn` says no. When a step fails the others are made, and then `onError` is told
 * of each error; what it was about is due still.
 */
export async function sweep(
  stores: Stores & { readonly engine: Engine },
  { keepJobs }: SweepOptions,
  onError: (error: unknown) => void,
  mayGoOn: () => boolean = () => true,
): Promise<Swept> {
  const limit = BATCH
  const swept = {
    firings: [] as Firing[],
    timers: [] as Timer[],
    leases: [] as Swept['leases'][number][],
    fileLocks: [] as FileLock[],
  }
  let purged = 0

  async function all<R>(step: () => Promise<R[]>, into: R[]): Promise<void> {
    try {
      while (mayGoOn()) {
        const some = await step()
        into.push(...some)
        if (some.length === 0) return
      }
    } catch (error) {
      onError(error)
    }
  }

  // One after the other: a sweep is not to take the connections that others wait for.
  await all(() => stores.schedules.claimDue({ limit }), swept.firings)
  await all(() => stores.timers.deliverDue({ limit }), swept.timers)
  await all(() => stores.leases.reap({ limit }), swept.leases)
  await all(() => stores.fileLocks.reap({ limit }), swept.fileLocks)
  if (keepJobs !== undefined) {
    const before = after(stores.engine.now(), -checkSpan(keepJobs))
    await all(async () => {
      purged += await stores.backgroundTasks.purge({ before })
      return []
    }, [])
  }
  return { ...swept, purged }
}

/** When the first timer or schedule comes due that does so after a moment, or null. */
export async function nextDue(engine: Engine, moment: Date): Promise<Date | null> {
  const later = gt(moment)
  const [[schedule], [timer]] = await Promise.all([
    engine.find(schedules, { where: { nextRunAt: later }, orderBy: [['nextRunAt', 'asc']], limit: 1 }),
    engine.find(timers, { where: { dueAt: later }, orderBy: [['dueAt', 'asc']], limit: 1 }),
  ])
  const times = [schedule?.nextRunAt, timer?.dueAt].filter((time) => time != null)
  return times.length === 0 ? null : new Date(Math.min(...times.map((time) => time.getTime())))
}

/** In milliseconds. */
export function checkSpan(keepJobs: Duration): number {
  return milliseconds(backgroundTasks, 'keepJobs', keepJobs)
}
