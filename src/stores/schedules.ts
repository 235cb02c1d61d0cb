/**
 * What comes again and again. Each tick of a schedule is fired once, over any number of instances: whoever moves the
 * schedule on from that tick has it, and the same statement enqueues its job.
 *
 * A schedule only moves forward. Clocks may jump: a tick that was fired or passed over does not come again.
 */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { lte } from '../engine/query.ts'
import {
  AlreadyExistsError,
  InvalidReferenceError,
  ValidationError,
  VersionConflictError,
} from '../errors.ts'
import { backgroundTasks } from '../schema/background-tasks.ts'
import { isJsonObject, mergeJson } from '../schema/dsl/json.ts'
import { checkRow } from '../schema/dsl/values.ts'
import { type Schedule, schedules } from '../schema/schedules.ts'
import { errorText } from '../work/error-text.ts'
import { tellDue, tellEnqueued } from '../work/wake.ts'
import {
  checkNumber,
  invalid,
  type JobRow,
  later,
  type NewJob,
  newJob,
} from './background-tasks-definition.ts'
import { firstTick, ticksAfter, tickUpTo } from './cron.ts'
import { after } from './duration.ts'
import {
  ATTEMPTS,
  changes,
  checkLimit,
  checkObject,
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
  owned: ['nextRunAt', 'lastRunAt', 'error'],
})

/**
 * The job of a schedule: as it is enqueued, but that it is of the schedule's workspace and runs at the tick, or
 * `delayMs` after it. Its `metadata` gets `scheduleId` and `tick` in addition.
 */
export type ScheduledJob = Omit<NewJob, 'id' | 'workspaceId' | 'dependsOn' | 'runAt'>

export type NewSchedule = Omit<NewOf<typeof definition>, 'job'> & { readonly job: ScheduledJob }
export type SchedulePatch = PatchOf<typeof definition>
export type ScheduleFilter = Filter<typeof schedules>

/** Ticks of a schedule that were fired together. */
export interface Firing {
  /** As it was found. */
  readonly schedule: Schedule
  /** Oldest first; one, unless it catches up with all. */
  readonly ticks: readonly Date[]
  /** Of the jobs that were enqueued: one for each tick, or one in all with a unique key; none where there is an error. */
  readonly jobIds: readonly string[]
  /** Why nothing was enqueued: its agent is gone, say, or its unique key is taken. The schedule says so, too. */
  readonly error: Error | null
}

export interface ScheduleStore
  extends StoreVerbs<typeof schedules, NewSchedule, SchedulePatch, ScheduleFilter> {
  /**
   * As everywhere. Throws `ValidationError` for an expression or a zone that is none, or that never comes round, and
   * for a job that could not be enqueued.
   */
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
   * A job that is refused is not enqueued, and its schedule goes on to the next tick. With any other error the schedule
   * stays due, the others are fired, and then the error is thrown.
   */
  claimDue(options?: CallOptions & { readonly limit?: number | undefined }): Promise<Firing[]>
  /**
   * Fires once, now, beside its rhythm and whether it is enabled or not. Throws `NotFoundError`, and what `enqueue`
   * throws, or `AlreadyExistsError` for a unique key that is taken.
   */
  fire(id: string, options?: CallOptions): Promise<Firing>
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
  async function fireDue(schedule: Schedule, now: Date, options: CallOptions): Promise<Firing | null> {
    const { id, version, nextRunAt } = schedule
    const { ticks, next } = dueTicks(schedule, now)
    const where = { id, version, nextRunAt }
    const moveOn = (rows: readonly JobRow[], error: Error | null) =>
      engine.write(
        {
          head: {
            update: schedules,
            where,
            set: {
              nextRunAt: next,
              lastRunAt: ticks.at(-1),
              ...(ticks.length > 0 && { error: error && errorText(error) }),
            },
          },
          steps: rows.length === 0 ? [] : [{ insert: backgroundTasks, rows }],
        },
        options,
      )
    let rows: readonly JobRow[] = []
    let error: Error | null = null
    let moved: Schedule | null
    try {
      rows = jobsOf(engine, schedule, ticks)
      moved = await moveOn(rows, null)
    } catch (caught) {
      if (!isRefusal(caught)) throw caught
      rows = []
      error = caught
      moved = await moveOn([], caught)
    }
    if (moved === null || ticks.length === 0) return null
    await tell(rows, options)
    return { schedule, ticks, jobIds: rows.map(({ id }) => id), error }
  }

  async function tell(rows: readonly JobRow[], options: CallOptions | undefined): Promise<void> {
    const queues = new Set(rows.map(({ queue = 'default' }) => queue))
    for (const queue of queues) await tellEnqueued(engine, queue, options)
  }

  async function telling(change: Promise<Schedule>, options: CallOptions | undefined): Promise<Schedule> {
    const schedule = await change
    if (schedule.nextRunAt !== null) await tellDue(engine, options)
    return schedule
  }

  return {
    ...verbs,

    async create(input, options) {
      checkObject(schedules, input)
      // The cast: what a job is, is checked below.
      const row = newRow(engine, definition, input as NewOf<typeof definition>)
      checkJob(engine, row.job)
      if (row.timeZone === undefined) row.timeZone = 'UTC'
      const { cron, timeZone } = row
      const first = firstTick({ cron, timeZone }, row.createdAt)
      if (row.enabled !== false) row.nextRunAt = first
      const inserted = engine.insert(schedules, [row], options).then(([schedule]) => schedule!)
      return telling(inserted, options)
    },

    async update(id, patch, options = {}) {
      const set = changes(schedules, patch, definition.closed)
      const isOther = set?.cron !== undefined || set?.timeZone !== undefined
      if (!isOther && set?.job === undefined) return verbs.update(id, patch, options)
      const changed = change(
        id,
        (schedule) => {
          const { cron = schedule.cron, timeZone = schedule.timeZone } = patch
          if (isJsonObject(patch.job)) checkJob(engine, mergeJson(schedule.job, patch.job))
          const first = isOther ? firstTick({ cron, timeZone }, beginning(schedule)) : undefined
          const isSame = cron === schedule.cron && timeZone === schedule.timeZone
          return { ...set, ...(schedule.enabled && !isSame && { nextRunAt: first }) }
        },
        options,
      )
      return telling(changed, options)
    },

    async enable(id, options) {
      const enabled = change(
        id,
        (schedule) => {
          if (schedule.enabled) return undefined
          const [nextRunAt = null] = ticksAfter(schedule, beginning(schedule), 1)
          return { enabled: true, nextRunAt }
        },
        options,
      )
      return telling(enabled, options)
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

    async claimDue({ limit, signal } = {}) {
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
      const outcomes = await Promise.allSettled(due.map((schedule) => fireDue(schedule, now, { signal })))
      const failed = outcomes.find((outcome) => outcome.status === 'rejected')
      if (failed !== undefined) throw failed.reason
      return outcomes.flatMap((outcome) =>
        outcome.status === 'fulfilled' && outcome.value !== null ? [outcome.value] : [],
      )
    },

    async fire(id, options) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const schedule = await present(id, options)
        const now = engine.now()
        const rows = jobsOf(engine, schedule, [now])
        const where = { id, version: schedule.version }
        const head = { update: schedules, where, set: { updatedAt: now } }
        const fired = await engine.write({ head, steps: [{ insert: backgroundTasks, rows }] }, options)
        if (fired === null) continue
        await tell(rows, options)
        return { schedule, ticks: [now], jobIds: rows.map(({ id }) => id), error: null }
      }
      throw contended(schedules, id)
    },
  }
}

/** What a schedule may not say of its job. */
const CLOSED = ['id', 'workspaceId', 'dependsOn', 'runAt'] as const

/** The jobs of some ticks. Of one with a unique key there is only one at a time. */
function jobsOf(engine: Engine, schedule: Schedule, ticks: readonly Date[]): JobRow[] {
  const hasKey = schedule.job.uniqueKey !== undefined && schedule.job.uniqueKey !== ''
  return ticks.slice(hasKey ? -1 : 0).map((tick) => jobOf(engine, schedule, tick))
}

function jobOf(
  engine: Engine,
  { id, workspaceId, job }: Pick<Schedule, 'id' | 'workspaceId' | 'job'>,
  tick: Date,
): JobRow {
  try {
    for (const key of CLOSED) if (key in job) throw invalid(key, 'is the schedule’s to say')
    const { delayMs = 0, metadata = {}, ...columns } = job
    // The casts: `newJob` and `checkRow` see to what is in it.
    const runAt = later(tick, checkNumber('delayMs', delayMs, 0))
    const added = isJsonObject(metadata)
      ? { ...metadata, scheduleId: id, tick: tick.toISOString() }
      : metadata
    const { row } = newJob(engine, { ...columns, workspaceId, runAt, metadata: added } as unknown as NewJob)
    checkRow(backgroundTasks, row)
    return row
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    throw new ValidationError(`schedules.job cannot be enqueued: ${error.message}`, schedules.name, 'job')
  }
}

/** Refuses what could not be enqueued at any tick. */
function checkJob(engine: Engine, job: unknown): void {
  if (isJsonObject(job)) jobOf(engine, { id: 'schedule', workspaceId: 'workspace', job }, engine.now())
}

/** Another tick would be refused as well. */
function isRefusal(error: unknown): error is Error {
  return (
    error instanceof ValidationError ||
    error instanceof InvalidReferenceError ||
    error instanceof AlreadyExistsError
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
