/** Schedules: when they come round, and each tick once. */

import { wholeOf } from '../../src/confine.ts'
import { isOperator, lt, lte } from '../../src/engine/query.ts'
import { UnavailableError, ValidationError } from '../../src/errors.ts'
import { schedules } from '../../src/schema/schedules.ts'
import { createScheduleStore, type ScheduleStore } from '../../src/stores/schedules.ts'
import type { Scope } from '../../src/system.ts'
import { answers, giveWay, less, type Mutant, questions, stores, verbs } from './mutant.ts'

export const scheduleMutants: readonly Mutant[] = [
  {
    id: 'schedules-in-one-zone',
    breaks: 'Reads every expression in the time of Greenwich',
    scenario: 'schedules.calendar',
    system: schedulesWith((_scope, own) => ({
      async update(id, patch, options) {
        if (patch?.timeZone == null || patch.timeZone === 'Mars/Base') return own.update(id, patch, options)
        return own.update(id, { ...patch, timeZone: 'UTC' }, options)
      },
    })),
  },
  {
    id: 'schedules-of-any-expression',
    breaks: 'Takes what is no expression for every day',
    scenario: 'schedules.bad-rhythm',
    system: schedulesWith((_scope, own) => ({
      create: (input, options) =>
        own.create(input, options).catch((error: unknown) => {
          if (!(error instanceof ValidationError) || error.column !== 'cron') throw error
          return own.create({ ...input, cron: '@daily' }, options)
        }),
    })),
  },
  {
    id: 'schedules-late',
    breaks: 'Fires a millisecond after the tick',
    scenario: 'schedules.due',
    engine: questions({
      match: (match, table) =>
        table === schedules && isOperator(match.nextRunAt) && 'value' in match.nextRunAt
          ? { ...match, nextRunAt: lt(match.nextRunAt.value) }
          : match,
    }),
  },
  {
    id: 'schedules-fired-by-all',
    breaks: 'Brings a tick about, and then moves the schedule on',
    scenario: 'schedules.each-once',
    system: schedulesWith(({ engine, backgroundTasks }, own) => ({
      async claimDue(options) {
        const due = await engine.find(schedules, { where: { nextRunAt: lte(engine.now()) } })
        await giveWay()
        const fired = await own.claimDue(options)
        const missed = due.filter(({ id }) => !fired.some(({ schedule }) => schedule.id === id))
        for (const schedule of missed) {
          const metadata = { scheduleId: schedule.id, tick: schedule.nextRunAt!.toISOString() }
          await backgroundTasks.enqueue({ workspaceId: schedule.workspaceId, kind: 'k', metadata })
        }
        return fired
      },
    })),
  },
  {
    id: 'schedules-never-caught-up',
    breaks: 'Catches up with the newest tick alone',
    scenario: 'schedules.catch-up',
    engine: answers((row, table) =>
      table === schedules && row.catchUp === 'all' ? { ...row, catchUp: 'once' } : row,
    ),
  },
  {
    id: 'schedules-caught-up-in-one-part',
    breaks: 'Forgets what one write does not catch up with',
    scenario: 'schedules.catch-up-in-parts',
    system: schedulesWith(({ engine }, own) => ({
      async claimDue(options) {
        const fired = await own.claimDue(options)
        for (const { schedule, ticks } of fired) {
          if (ticks.length < 100) continue
          const nextRunAt = new Date(engine.now().getTime() + 1000)
          await engine.update(schedules, { where: { id: schedule.id }, set: { nextRunAt } })
        }
        return fired
      },
    })),
  },
  {
    id: 'schedules-planned-from-now',
    breaks: 'Plans anew when the clock has gone back',
    scenario: 'schedules.clock-jumps',
    system: schedulesWith(({ engine }, own) => ({
      async claimDue(options) {
        const now = engine.now()
        for (const { id, nextRunAt } of await engine.find(schedules)) {
          const isAhead = nextRunAt !== null && nextRunAt.getTime() - now.getTime() > 1000
          if (isAhead) await engine.update(schedules, { where: { id }, set: { nextRunAt: now } })
        }
        return own.claimDue(options)
      },
    })),
  },
  {
    id: 'schedules-missed-while-disabled',
    breaks: 'Goes on with what was missed while it was disabled',
    scenario: 'schedules.enable',
    system: schedulesWith(({ engine }, own) => ({
      async enable(id, options) {
        const before = await own.get(String(id))
        const enabled = await own.enable(id, options)
        if (before?.enabled !== false || before.lastRunAt === null) return enabled
        const nextRunAt = new Date(before.lastRunAt.getTime() + 3_600_000)
        await engine.update(schedules, { where: { id }, set: { nextRunAt } })
        return { ...enabled, nextRunAt }
      },
    })),
  },
  {
    id: 'schedules-in-the-old-rhythm',
    breaks: 'Leaves the next tick as it is when the rhythm changes',
    scenario: 'schedules.new-rhythm',
    engine: questions({
      set: (set, table) => (table === schedules && 'cron' in set ? less(set, 'nextRunAt') : set),
    }),
  },
  {
    id: 'schedules-with-an-old-job',
    breaks: 'Fires a schedule as it was found, whatever has become of it',
    scenario: 'schedules.change-races',
    engine: questions({
      match: (match, table) => (table === schedules && 'nextRunAt' in match ? less(match, 'version') : match),
    }),
  },
  {
    id: 'schedules-stuck',
    breaks: 'Leaves a schedule due whose job is refused',
    scenario: 'schedules.refused-job',
    engine: verbs((inner) => ({
      write: async (write, options) => {
        const isMoved = 'update' in write.head && write.head.update.name === schedules.name
        if (isMoved && write.steps.length === 0) throw new UnavailableError('it stays due')
        return inner.write(write, options)
      },
    })),
  },
  {
    id: 'schedules-newest-due-first',
    breaks: 'Fires what is due for the shortest time first',
    scenario: 'schedules.longest-due-first',
    engine: verbs((inner) => ({
      find: (table, query, options) => {
        const isDue = table.name === schedules.name && query?.orderBy?.[0]?.[0] === 'nextRunAt'
        const orderBy = isDue ? query!.orderBy!.map(([key]) => [key, 'desc'] as const) : query?.orderBy
        return inner.find(table, { ...query, orderBy }, options)
      },
    })),
  },
  {
    id: 'schedules-moved-by-hand',
    breaks: 'Moves the rhythm when a schedule is fired by hand',
    scenario: 'schedules.fire',
    system: schedulesWith(({ engine }, own) => ({
      async fire(id, options) {
        const firing = await own.fire(id, options)
        await engine.update(schedules, { where: { id }, set: { lastRunAt: engine.now() } })
        return firing
      },
    })),
  },
  {
    id: 'schedules-of-every-workspace',
    breaks: 'Fires from a confined System what is due anywhere',
    scenario: 'schedules.confined',
    system: schedulesWith(({ engine }, own) => ({
      claimDue: (options) => {
        const whole = wholeOf(engine)
        const store = whole === undefined ? own : createScheduleStore(whole)
        return store.claimDue(options)
      },
    })),
  },
]

function schedulesWith(overrides: (scope: Scope, own: ScheduleStore) => Partial<ScheduleStore>) {
  return stores((scope) => ({ schedules: overrides(scope, scope.schedules) }))
}
