/**
 * What comes again and again. Each tick of a schedule is fired once, over any number of instances: whoever moves the
 * schedule on from that tick has it, and what the tick brings about is written by the same statement.
 *
 * A schedule only moves forward. Clocks may jump: a tick that was fired or passed over does not come again.
 */

import type { CallOptions, Engine, Step } from '../engine/engine.ts'
import { lte } from '../engine/query.ts'
import { ValidationError, VersionConflictError } from '../errors.ts'
import { type Schedule, schedules } from '../schema/schedules.ts'
import { firstTick, ticksAfter, tickUpTo } from './cron.ts'
import { after } from './duration.ts'
import {
  ATTEMPTS,
  changes,
  checkLimit,
  contended,
  defineStore,
  type Filter,
  idOf,
  type NewOf,
  newRow,
  notFound,
  type PatchOf,
  type StoreVerbs,
  stamped,
  storeVerbs,
  type UpdateOptions,
} from './store.ts'

const definition = defineStore(schedules, {
  fixed: ['enabled'],
  owned: ['nextRunAt', 'lastRunAt'],
})

export type NewSchedule = NewOf<typeof definition>
export type SchedulePatch = PatchOf<typeof definition>
export type ScheduleFilter = Filter<typeof schedules>

/** Ticks of a schedule that were fired together. */
export interface Firing {
  /** As it was found. */
  readonly schedule: Schedule
  /** Oldest first; one, unless it catches up with all. */
  readonly ticks: readonly Date[]
}

/** What a firing brings about, as steps of the write that moves the schedule on: they may use `ref` of its row. */
export type StepsFor = (firing: Firing) => readonly Step[]

export interface ScheduleStore
  extends StoreVerbs<typeof schedules, NewSchedule, SchedulePatch, ScheduleFilter> {
  /** As everywhere. Throws `ValidationError` for an expression or a zone that is none, or that never comes round. */
  create(input: NewSchedule, options?: CallOptions): Promise<Schedule>
  /** As everywhere. Another rhythm begins after now, and after what was fired already. */
  update(id: string, patch: SchedulePatch, options?: UpdateOptions): Promise<Schedule>
  /** Goes on with the next tick from now; those in between were not missed. Throws `NotFoundError`. */
  enable(id: string, options?: CallOptions): Promise<Schedule>
  /** Fires no more until it is enabled. Throws `NotFoundError`. */
  disable(id: string, options?: CallOptions): Promise<Schedule>
  /** The next `count` times from now, 1 to 1,000, whether enabled or not. Throws `NotFoundError`. */
  next(id: string, count: number, options?: CallOptions): Promise<Date[]>
  /**
   * Fires schedules that are due, at most `limit`, the longest due first, and answers what this call fired. Of ticks
   * that have come since the last time, `all` fires each, a hundred in one go; `once` fires the newest alone; and
   * `skip` does so too, unless that is more than a minute ago.
   *
   * When one fails, the others are fired, and then its error is thrown; it stays due.
   */
  claimDue(
    stepsFor: StepsFor,
    options?: CallOptions & { readonly limit?: number | undefined },
  ): Promise<Firing[]>
  /** Fires once, now, beside its rhythm and whether it is enabled or not. Throws `NotFoundError`. */
  fire(id: string, stepsFor: StepsFor, options?: CallOptions): Promise<Firing>
}

export function createScheduleStore(engine: Engine): ScheduleStore {
  const verbs = storeVerbs(engine, definition)

  async function present(id: string, options: CallOptions | undefined): Promise<Schedule> {
    return (await engine.get(schedules, idOf(schedules, id), options)) ?? notFound(schedules, id)
  }

  /** What a rhythm that begins, or begins again, comes after: now, and what was fired. */
  function beginning({ lastRunAt }: Schedule): Date {
    const now = engine.now()
    return lastRunAt !== null && lastRunAt > now ? lastRunAt : now
  }

  /** Changes a schedule by what it is like, as long as it stays so. */
  async function change(
    id: string,
    setFor: (schedule: Schedule) => Record<string, unknown> | undefined,
    { ifVersion, signal }: UpdateOptions = {},
  ): Promise<Schedule> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await present(id, { signal })
      const { version, lastRunAt } = found
      if (ifVersion !== undefined && ifVersion !== version) {
        throw new VersionConflictError(schedules.name, id, ifVersion, version)
      }
      const set = setFor(found)
      if (set === undefined) return found
      const where = { id, version, lastRunAt }
      const [changed] = await engine.update(
        schedules,
        { where, set: stamped<typeof schedules>(engine, set) },
        { signal },
      )
      if (changed !== undefined) return changed
    }
    throw contended(schedules, id)
  }

  /** One write: null when others have moved or changed the schedule, or there is nothing to fire. */
  async function fireDue(
    schedule: Schedule,
    now: Date,
    stepsFor: StepsFor,
    options: CallOptions,
  ): Promise<Firing | null> {
    const { id, version, nextRunAt } = schedule
    const { ticks, next } = dueTicks(schedule, now)
    const firing = { schedule, ticks }
    const moved = await engine.write(
      {
        head: {
          update: schedules,
          where: { id, version, nextRunAt },
          set: { nextRunAt: next, lastRunAt: ticks.at(-1) },
        },
        steps: ticks.length === 0 ? [] : stepsFor(firing),
      },
      options,
    )
    return moved === null || ticks.length === 0 ? null : firing
  }

  return {
    ...verbs,

    async create(input, options) {
      const row = newRow(engine, definition, input)
      if (row.timeZone === undefined) row.timeZone = 'UTC'
      const { cron, timeZone } = row
      const first = firstTick({ cron, timeZone }, row.createdAt)
      if (row.enabled !== false) row.nextRunAt = first
      const [schedule] = await engine.insert(schedules, [row], options)
      return schedule!
    },

    async update(id, patch, options = {}) {
      const set = changes(schedules, patch, definition.closed)
      if (set?.cron === undefined && set?.timeZone === undefined) return verbs.update(id, patch, options)
      return change(
        id,
        (schedule) => {
          const { cron = schedule.cron, timeZone = schedule.timeZone } = patch
          const first = firstTick({ cron, timeZone }, beginning(schedule))
          const isSame = cron === schedule.cron && timeZone === schedule.timeZone
          return { ...set, ...(schedule.enabled && !isSame && { nextRunAt: first }) }
        },
        options,
      )
    },

    async enable(id, options) {
      return change(
        id,
        (schedule) => {
          if (schedule.enabled) return undefined
          const [nextRunAt = null] = ticksAfter(schedule, beginning(schedule), 1)
          return { enabled: true, nextRunAt }
        },
        options,
      )
    },

    async disable(id, options) {
      return change(
        id,
        (schedule) => (schedule.enabled ? { enabled: false, nextRunAt: null } : undefined),
        options,
      )
    },

    async next(id, count, options) {
      const most = checkLimit(schedules, count)
      return ticksAfter(await present(id, options), engine.now(), most)
    },

    async claimDue(stepsFor, { limit, signal } = {}) {
      checkStepsFor(stepsFor)
      const now = engine.now()
      const due = await engine.find(
        schedules,
        {
          where: { nextRunAt: lte(now) },
          orderBy: [['nextRunAt', 'asc']],
          limit: checkLimit(schedules, limit),
        },
        { signal },
      )
      const outcomes = await Promise.allSettled(
        due.map((schedule) => fireDue(schedule, now, stepsFor, { signal })),
      )
      const failed = outcomes.find((outcome) => outcome.status === 'rejected')
      if (failed !== undefined) throw failed.reason
      return outcomes.flatMap((outcome) =>
        outcome.status === 'fulfilled' && outcome.value !== null ? [outcome.value] : [],
      )
    },

    async fire(id, stepsFor, options) {
      checkStepsFor(stepsFor)
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const schedule = await present(id, options)
        const now = engine.now()
        const firing = { schedule, ticks: [now] }
        const where = { id, version: schedule.version }
        const head = { update: schedules, where, set: { updatedAt: now } }
        const fired = await engine.write({ head, steps: stepsFor(firing) }, options)
        if (fired !== null) return firing
      }
      throw contended(schedules, id)
    },
  }
}

function checkStepsFor(stepsFor: unknown): void {
  if (typeof stepsFor === 'function') return
  throw new ValidationError(
    `schedules: what a tick brings about is a function, not ${String(stepsFor)}`,
    schedules.name,
  )
}

/** The most ticks that one write catches up with. */
const MOST_TICKS = 100
/** Whoever skips what was missed looks no further back than this. */
const LATE = 60_000

/** What is to be fired of a schedule that is due, and when it is due again. */
function dueTicks(schedule: Schedule, now: Date): { readonly ticks: Date[]; readonly next: Date | null } {
  const ticks = [schedule.nextRunAt!]
  let next = ticksAfter(schedule, ticks[0]!, 1)[0] ?? null
  if (schedule.catchUp === 'all') {
    while (next !== null && next <= now && ticks.length < MOST_TICKS) {
      ticks.push(next)
      next = ticksAfter(schedule, next, 1)[0] ?? null
    }
    return { ticks, next }
  }
  if (next !== null && next <= now) {
    ticks[0] = tickUpTo(schedule, now) ?? next
    next = ticksAfter(schedule, now, 1)[0] ?? null
  }
  if (schedule.catchUp === 'skip' && ticks[0]! < after(now, -LATE)) ticks.pop()
  return { ticks, next }
}
