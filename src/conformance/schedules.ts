import assert from 'node:assert/strict'
import { UnavailableError } from '../errors.ts'
import { backgroundTasks } from '../schema/background-tasks.ts'
import type { Schedule } from '../schema/schedules.ts'
import type { NewSchedule } from '../stores/schedules.ts'
import { createSystem, type Scope, type System } from '../system.ts'
import { newWorkspace, range, refused } from './expect.ts'
import { idsOf, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'
import { storeVerbScenarios } from './store-verbs.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const JOB = { kind: 'report' }

const sweep = ({ schedules }: Scope, limit?: number) => schedules.claimDue({ limit })

/** The ticks that have brought a job about, in order. */
async function ticksOf({ engine }: System, { id }: Pick<Schedule, 'id'>): Promise<string[]> {
  const jobs = await engine.find(backgroundTasks)
  return jobs
    .filter(({ metadata }) => metadata.scheduleId === id)
    .map(({ metadata }) => String(metadata.tick))
    .sort()
}

async function aSchedule(system: System, given: Partial<NewSchedule>): Promise<Schedule> {
  const workspaceId = await newWorkspace(system)
  return system.schedules.create({ workspaceId, cron: '@hourly', job: JOB, ...given })
}

const isOf = (where: object, { id }: Schedule) => 'id' in where && where.id === id

/** Every tick of a second, both ends included. */
function secondsBetween(from: number, to: number): string[] {
  return range((to - from) / SECOND + 1).map((i) => new Date(from + i * SECOND).toISOString())
}

/** What `enqueue` would refuse, and what is the schedule's to say. */
const BAD_JOBS: readonly object[] = [
  {},
  { kind: '' },
  { kind: 7 },
  { kind: 'k', queue: '' },
  { kind: 'k', priority: 'highest' },
  { kind: 'k', delayMs: -1 },
  { kind: 'k', maxAttempts: 0 },
  { kind: 'k', metadata: [] },
  { kind: 'k', status: 'done' },
  { kind: 'k', unknown: 1 },
  { kind: 'k', id: 'x' },
  { kind: 'k', workspaceId: 'w' },
  { kind: 'k', runAt: '2026-01-01' },
  { kind: 'k', dependsOn: [] },
]

/** The next times after a moment. */
const CALENDAR: readonly (readonly [cron: string, timeZone: string, from: string, ...times: string[]])[] = [
  ['0 9 * * MON', 'Europe/Berlin', '2026-01-01', '2026-01-05T08:00Z', '2026-01-12T08:00Z'],
  ['0 9 * * mon-fri/2', 'UTC', '2026-01-01', '2026-01-02T09:00Z', '2026-01-05T09:00Z', '2026-01-07T09:00Z'],
  [
    '0 9-17/4 * JAN,jul *',
    'UTC',
    '2026-01-31T12:00Z',
    '2026-01-31T13:00Z',
    '2026-01-31T17:00Z',
    '2026-07-01T09:00Z',
  ],
  ['*/20 5 1 * *', 'UTC', '2026-01-01T05:10Z', '2026-01-01T05:20Z', '2026-01-01T05:40Z', '2026-02-01T05:00Z'],
  ['0 0 29 2 *', 'UTC', '2026-01-01', '2028-02-29T00:00Z', '2032-02-29T00:00Z'],
  // Either day will do when both are given.
  ['0 9 13 * FRI', 'UTC', '2026-01-08', '2026-01-09T09:00Z', '2026-01-13T09:00Z', '2026-01-16T09:00Z'],
  ['@daily', 'America/New_York', '2026-01-01T05:00Z', '2026-01-02T05:00Z'],
  ['30 15 10 * * *', 'Asia/Kathmandu', '2026-01-01T04:30Z', '2026-01-01T04:30:30Z', '2026-01-02T04:30:30Z'],
  // Put forward: a fixed time that is skipped comes right after the gap, also one of several.
  ['30 2 * * *', 'America/New_York', '2026-03-08T00:00Z', '2026-03-08T07:00Z', '2026-03-09T06:30Z'],
  [
    '0 2,14 * * *',
    'Europe/Berlin',
    '2026-03-29T00:00Z',
    '2026-03-29T01:00Z',
    '2026-03-29T12:00Z',
    '2026-03-30T00:00Z',
  ],
  ['0 0 * * *', 'America/Santiago', '2026-09-05T12:00Z', '2026-09-06T04:00Z', '2026-09-07T03:00Z'],
  // Put back: a fixed time comes once, and intervals go on.
  ['30 1 * * *', 'America/New_York', '2026-11-01T00:00Z', '2026-11-01T05:30Z', '2026-11-02T06:30Z'],
  ['30 2 * * *', 'Europe/Berlin', '2026-10-25T00:00Z', '2026-10-25T00:30Z', '2026-10-26T01:30Z'],
  [
    '*/30 * * * *',
    'America/New_York',
    '2026-11-01T05:10Z',
    '2026-11-01T05:30Z',
    '2026-11-01T06:00Z',
    '2026-11-01T06:30Z',
    '2026-11-01T07:00Z',
  ],
]

export const scheduleScenarios: readonly Scenario[] = [
  ...storeVerbScenarios({
    name: 'schedules',
    verbs: (scope) => scope.schedules,
    inWorkspace: true,
    least: (workspaceId) => ({ workspaceId, cron: '0 9 * * *', job: JOB }),
    defaults: (_id, now) => ({
      title: '',
      timeZone: 'UTC',
      catchUp: 'once',
      enabled: true,
      nextRunAt: new Date(now.getTime() + 9 * HOUR),
      lastRunAt: null,
      error: null,
      metadata: {},
    }),
    whole: async (_scope, workspaceId) => ({
      given: {
        id: 's',
        workspaceId,
        title: 'Bericht 🤖',
        cron: '*/10 0 9 * * MON-FRI',
        timeZone: 'Europe/Berlin',
        catchUp: 'all',
        job: { kind: 'report', payload: { a: [1] } },
        enabled: false,
        metadata: { a: 1, b: { c: [null] } },
      },
      kept: { nextRunAt: null, lastRunAt: null, error: null },
    }),
    patch: {
      title: '',
      catchUp: 'skip',
      timeZone: 'UTC',
      job: { payload: null, title: 'Other' },
      metadata: { a: null },
    },
    patched: {
      title: '',
      catchUp: 'skip',
      timeZone: 'UTC',
      job: { kind: 'report', title: 'Other' },
      metadata: { b: { c: [null] } },
    },
    owned: { nextRunAt: new Date(0), lastRunAt: new Date(0), error: 'x' },
    fixed: { enabled: false },
    bad: {
      id: ['', 7, 'x'.repeat(129)],
      cron: [
        '',
        null,
        7,
        'x',
        '* * * *',
        '60 * * * *',
        '* * * * * * *',
        '0 0 31 2 *',
        '5-1 * * * *',
        '*/0 * * * *',
      ],
      timeZone: ['', null, 7, 'Mars/Base', '+02:00', 'Europe/berlin berlin'],
      catchUp: ['never', null],
      job: [null, 'x', [1], { kind: 'k', payload: Number.NaN }],
    },
    refers: {},
  }),
  {
    id: 'schedules.calendar',
    guarantee:
      'Times are those of the calendar and of the zone, with names, ranges and steps, where clocks are put forward or back as well',
    async run({ system, clock }) {
      const { id } = await aSchedule(system, {})
      for (const [cron, timeZone, from, ...times] of CALENDAR) {
        clock.set(from)
        const { nextRunAt } = await system.schedules.update(id, { cron, timeZone })
        const expected = times.map((time) => new Date(time))
        assert.deepEqual(nextRunAt, expected[0], `${cron} in ${timeZone}`)
        assert.deepEqual(await system.schedules.next(id, times.length), expected, `${cron} in ${timeZone}`)
      }
      for (const count of [0, 1001, 1.5]) await refused('VALIDATION', system.schedules.next(id, count))
    },
  },
  {
    id: 'schedules.bad-rhythm',
    guarantee:
      'An expression that is none, or never comes round, and a zone that is none are refused, saying which',
    async run({ system }) {
      const schedule = await aSchedule(system, {})
      const { id, workspaceId } = schedule
      const bad = [
        '@reboot',
        '2026-02-01T00:00:00',
        'a * * * *',
        '0 24 * * *',
        '* * * XYZ *',
        '1-a * * * *',
        '* *',
      ]
      for (const cron of bad) {
        const fields = { table: 'schedules', column: 'cron' }
        await refused('VALIDATION', system.schedules.create({ workspaceId, cron, job: JOB }), fields)
        await refused('VALIDATION', system.schedules.update(id, { cron }), fields)
      }
      const zone = system.schedules.update(id, { cron: '@daily', timeZone: 'Mars/Base' })
      await refused('VALIDATION', zone, { column: 'timeZone' })
      assert.deepEqual((await system.schedules.list()).items, [schedule])
    },
  },
  {
    id: 'schedules.bad-job',
    guarantee: 'A job that no tick could enqueue is refused when it is given, saying why',
    async run({ system }) {
      const schedule = await aSchedule(system, {})
      const { id, workspaceId } = schedule
      const fields = { table: 'schedules', column: 'job' }
      for (const job of BAD_JOBS as readonly NewSchedule['job'][]) {
        await refused('VALIDATION', system.schedules.create({ workspaceId, cron: '@daily', job }), fields)
        // What is left out stays as it is.
        if ('kind' in job) await refused('VALIDATION', system.schedules.update(id, { job }), fields)
      }
      await refused('VALIDATION', system.schedules.update(id, { job: { kind: null } }), fields)
      assert.deepEqual((await system.schedules.list()).items, [schedule])
    },
  },
  {
    id: 'schedules.due',
    guarantee: 'A tick is fired at its millisecond and not before, with its job, and the schedule moves on',
    async run({ system, clock }) {
      const job = { kind: 'k', payload: [1], priority: 'high', delayMs: 5, metadata: { a: 1 } } as const
      const schedule = await aSchedule(system, { cron: '0 * * * *', job })
      clock.advance(HOUR - 1)
      assert.deepEqual(await sweep(system), [])
      clock.advance(1)
      const tick = clock()
      const [firing, ...others] = await sweep(system)
      const { jobIds, ...rest } = firing!
      assert.deepEqual([rest, others], [{ schedule, ticks: [tick], error: null }, []])
      assert.deepEqual(await sweep(system), [])
      const [{ id, workspaceId, payload, priority, status, runAt, metadata } = assert.fail()] = (
        await system.backgroundTasks.list()
      ).items
      assert.deepEqual(
        { ids: [id], workspaceId, payload, priority, status, runAt, metadata },
        {
          ids: jobIds,
          workspaceId: schedule.workspaceId,
          payload: [1],
          priority: 10,
          status: 'scheduled',
          runAt: new Date(tick.getTime() + 5),
          metadata: { a: 1, scheduleId: schedule.id, tick: tick.toISOString() },
        },
      )
      assert.deepEqual(await ticksOf(system, schedule), [tick.toISOString()])
      const moved = { ...schedule, lastRunAt: tick, nextRunAt: new Date(tick.getTime() + HOUR) }
      assert.deepEqual(await system.schedules.get(schedule.id), moved)
      // Late, the next one is still that of the calendar.
      clock.advance(HOUR + 59 * MINUTE)
      await sweep(system)
      assert.deepEqual(
        (await system.schedules.get(schedule.id))?.nextRunAt,
        new Date(tick.getTime() + 2 * HOUR),
      )
    },
  },
  {
    id: 'schedules.each-once',
    guarantee: 'Over any number of instances, each tick brings its job about once',
    async run({ system, second, clock }) {
      const systems = [system, await second()]
      const [a, b] = [
        await aSchedule(system, { cron: '* * * * * *' }),
        await aSchedule(system, { cron: '*/2 * * * * *' }),
      ]
      const start = clock().getTime()
      for (let i = 1; i <= 4; i++) {
        clock.advance(SECOND)
        await Promise.all(race(6, systems, (each) => sweep(each)))
      }
      assert.deepEqual(await ticksOf(system, a), secondsBetween(start + SECOND, start + 4 * SECOND))
      assert.equal((await ticksOf(system, b)).length, 2)
    },
  },
  {
    id: 'schedules.catch-up',
    guarantee:
      'Of ticks that nobody was there for, all are fired, or the newest once, or it is skipped when that is long ago',
    async run({ system, clock }) {
      const start = clock().getTime()
      const at = (minutes: number) => new Date(start + minutes * MINUTE).toISOString()
      const made = async (catchUp: Schedule['catchUp']) =>
        aSchedule(system, { cron: '*/10 * * * *', catchUp })
      const [all, once, skip] = [await made('all'), await made('once'), await made('skip')]
      const fired = async () => [
        await ticksOf(system, all),
        await ticksOf(system, once),
        await ticksOf(system, skip),
      ]
      clock.set(new Date(start + 35 * MINUTE))
      await sweep(system)
      assert.deepEqual(await fired(), [[at(10), at(20), at(30)], [at(30)], []])
      // A minute late is not long ago.
      clock.set(new Date(start + 51 * MINUTE))
      await sweep(system)
      assert.deepEqual(await fired(), [[at(10), at(20), at(30), at(40), at(50)], [at(30), at(50)], [at(50)]])
      clock.set(new Date(start + 61 * MINUTE + 1))
      await sweep(system)
      assert.equal((await ticksOf(system, skip)).length, 1)
      for (const { id } of [all, once, skip])
        assert.deepEqual((await system.schedules.get(id))?.nextRunAt?.toISOString(), at(70))
      assert.deepEqual((await system.schedules.get(skip.id))?.lastRunAt?.toISOString(), at(50))
    },
  },
  {
    id: 'schedules.catch-up-in-parts',
    guarantee: 'However long nobody was there, all ticks are fired, a hundred in one write, and none twice',
    async run({ system, second, clock }) {
      const systems = [system, await second()]
      const schedule = await aSchedule(system, { cron: '* * * * * *', catchUp: 'all' })
      const start = clock().getTime()
      clock.advance(150 * SECOND)
      const [first] = await sweep(system)
      assert.equal(first?.ticks.length, 100)
      await Promise.all(race(4, systems, (each) => sweep(each)))
      assert.deepEqual(await ticksOf(system, schedule), secondsBetween(start + SECOND, start + 150 * SECOND))
      assert.deepEqual(await sweep(system), [])
    },
  },
  {
    id: 'schedules.clock-jumps',
    guarantee:
      'However the clock jumps, back and forth, a tick is not fired twice, and of all none is left out',
    async run({ system, second, clock }) {
      const systems = [system, await second()]
      const made = async (catchUp: Schedule['catchUp']) => aSchedule(system, { cron: '* * * * * *', catchUp })
      const [all, once, skip] = [await made('all'), await made('once'), await made('skip')]
      const start = clock().getTime()
      for (const jump of [1, 1, -2, 5, -30, 31, 1, -1, 2, 10, -3600, 3601]) {
        clock.advance(jump * SECOND)
        await Promise.all(race(3, systems, (each) => sweep(each)))
      }
      const end = clock().getTime()
      // A tick at most is fired of what is once or skipped, each time that the clock is where it has not been.
      assert.deepEqual(await ticksOf(system, all), secondsBetween(start + SECOND, end))
      const reached = [1, 2, 5, 6, 7, 8, 18, 19].map((seconds) =>
        new Date(start + seconds * SECOND).toISOString(),
      )
      assert.deepEqual(await ticksOf(system, once), reached)
      assert.deepEqual(await ticksOf(system, skip), reached)
    },
  },
  {
    id: 'schedules.enable',
    guarantee:
      'A schedule that is disabled fires nothing, and enabled goes on after now, and after what it has fired',
    async run({ system, clock }) {
      const schedule = await aSchedule(system, { cron: '0 * * * *', catchUp: 'all' })
      const start = clock().getTime()
      const at = (minutes: number) => new Date(start + minutes * MINUTE)
      clock.set(at(61))
      await sweep(system)
      const disabled = await system.schedules.disable(schedule.id)
      assert.deepEqual([disabled.enabled, disabled.nextRunAt, disabled.version], [false, null, 2])
      assert.deepEqual(await system.schedules.disable(schedule.id), disabled)
      clock.set(at(200))
      assert.deepEqual(await sweep(system), [])
      const enabled = await system.schedules.enable(schedule.id)
      assert.deepEqual([enabled.enabled, enabled.nextRunAt, enabled.version], [true, at(240), 3])
      assert.deepEqual(await system.schedules.enable(schedule.id), enabled)
      clock.set(at(240))
      await sweep(system)
      assert.deepEqual(
        await ticksOf(system, schedule),
        [at(60), at(240)].map((tick) => tick.toISOString()),
      )
      // Set back, the clock passes what was fired once more.
      clock.set(at(100))
      await system.schedules.disable(schedule.id)
      assert.deepEqual((await system.schedules.enable(schedule.id)).nextRunAt, at(300))
      for (const verb of ['enable', 'disable'] as const)
        await refused('NOT_FOUND', system.schedules[verb](UNKNOWN), { id: UNKNOWN })
    },
  },
  {
    id: 'schedules.new-rhythm',
    guarantee:
      'A new rhythm begins after now, and after what was fired; any other change leaves the rhythm alone',
    async run({ system, clock }) {
      const schedule = await aSchedule(system, { cron: '0 * * * *', catchUp: 'all' })
      const { id, nextRunAt } = schedule
      const start = clock().getTime()
      const at = (minutes: number) => new Date(start + minutes * MINUTE)
      clock.set(at(30))
      for (const patch of [
        { title: 'Other' },
        { cron: '0 * * * *' },
        { timeZone: 'UTC', catchUp: 'all' },
      ] as const)
        assert.deepEqual((await system.schedules.update(id, patch)).nextRunAt, nextRunAt)
      assert.deepEqual((await system.schedules.update(id, { cron: '*/20 * * * *' })).nextRunAt, at(40))
      assert.deepEqual((await system.schedules.update(id, { cron: '0 6 * * *' })).nextRunAt, at(360))
      const zoned = await system.schedules.update(id, { timeZone: 'Europe/Berlin' }, { ifVersion: 6 })
      assert.deepEqual([zoned.nextRunAt, zoned.version], [at(300), 7])
      const late = system.schedules.update(id, { cron: '@daily' }, { ifVersion: 6 })
      await refused('VERSION_CONFLICT', late, { expected: 6, current: 7 })
      clock.set(at(300))
      await sweep(system)
      clock.set(at(100))
      assert.deepEqual((await system.schedules.update(id, { cron: '0 * * * *' })).nextRunAt, at(360))
      const disabled = await system.schedules.disable(id)
      assert.deepEqual((await system.schedules.update(id, { cron: '@daily' })).nextRunAt, null)
      assert.deepEqual(disabled.lastRunAt, at(300))
    },
  },
  {
    id: 'schedules.change-races',
    guarantee:
      'A schedule that is changed while it is due fires the job that it had then, or the new one after that',
    async run({ system, second, clock }) {
      const other = await second()
      const schedule = await aSchedule(system, { cron: '* * * * * *', job: { kind: 'k', payload: 0 } })
      for (let round = 1; round <= 12; round++) {
        clock.advance(SECOND)
        const change = () =>
          other.schedules.update(schedule.id, { cron: '*/1 * * * * *', job: { payload: round } })
        const changing = change()
        // A little later each time, so that every order of their steps is met.
        for (let i = 0; i < round; i++) await null
        const [changed, firings] = await Promise.all([changing, sweep(system)])
        for (const firing of firings) {
          // Whoever changed it after the firing saw that it had been fired.
          const isNew = changed.lastRunAt?.getTime() !== firing.ticks[0]!.getTime()
          assert.deepEqual(firing.schedule.job, { kind: 'k', payload: isNew ? round : round - 1 })
          const job = await system.backgroundTasks.get(firing.jobIds[0]!)
          assert.deepEqual(job?.payload, isNew ? round : round - 1)
        }
        await sweep(system)
      }
      const ticks = await ticksOf(system, schedule)
      assert.equal(new Set(ticks).size, ticks.length)
    },
  },
  {
    id: 'schedules.together-with-its-job',
    guarantee: 'A schedule moves on with its job or not at all; when one fails, the others are fired',
    async run({ system, clock }) {
      const [bad, good] = [await aSchedule(system, {}), await aSchedule(system, {})]
      clock.advance(HOUR)
      const failing = await createSystem({
        engine: {
          ...system.engine,
          write: (write, options) => {
            if (!('update' in write.head) || isOf(write.head.where, good) || write.steps.length === 0)
              return system.engine.write(write, options)
            return system.engine.transaction(async (tx) => {
              await tx.write(write)
              throw new UnavailableError('the line is dead')
            })
          },
          close: async () => {},
        },
      })
      await refused('UNAVAILABLE', sweep(failing))
      assert.deepEqual([(await ticksOf(system, bad)).length, (await ticksOf(system, good)).length], [0, 1])
      assert.deepEqual(await system.schedules.get(bad.id), bad)
      const rolledBack = system.transaction(async (tx) => {
        assert.equal((await sweep(tx)).length, 1)
        throw new Error('changed my mind')
      })
      await assert.rejects(rolledBack, /changed my mind/)
      assert.deepEqual(idsOf((await sweep(system)).map(({ schedule }) => schedule)), [bad.id])
      assert.equal((await ticksOf(system, bad)).length, 1)
    },
  },
  {
    id: 'schedules.refused-job',
    guarantee:
      'A schedule whose job is refused says why and goes on to the next tick, and others are fired as if nothing had been',
    async run({ system, clock }) {
      const good = await aSchedule(system, {})
      const { workspaceId } = good
      const { id: agentId } = await system.agents.create({ workspaceId, name: 'Ada', role: 'lead' })
      const orphan = await aSchedule(system, { workspaceId, job: { kind: 'k', agentId } })
      const unique = await aSchedule(system, {
        workspaceId,
        job: { kind: 'k', uniqueKey: 'u' },
        catchUp: 'all',
      })
      await system.agents.delete(agentId)
      clock.advance(2 * HOUR)
      const errors = async () => {
        const fired = new Map((await sweep(system)).map(({ schedule, error }) => [schedule.id, error]))
        const kept = await Promise.all([good, orphan, unique].map(({ id }) => system.schedules.get(id)))
        for (const each of kept) assert.equal(each?.error, fired.get(each!.id)?.message ?? null)
        return [good, orphan, unique].map(
          ({ id }) => (fired.get(id) as { code?: string } | null)?.code ?? null,
        )
      }
      assert.deepEqual(await errors(), [null, 'REFERENCE', null])
      // Of several ticks at once, too, there is one job.
      assert.equal((await ticksOf(system, unique)).length, 1)
      assert.deepEqual(await sweep(system), [])
      clock.advance(HOUR)
      assert.deepEqual(await errors(), [null, 'REFERENCE', 'ALREADY_EXISTS'])
      const [job] = await system.backgroundTasks.claim({ kinds: ['k'] })
      await system.backgroundTasks.complete(job!)
      await system.schedules.update(orphan.id, { job: { agentId: null } })
      clock.advance(HOUR)
      assert.deepEqual(await errors(), [null, null, null])
      const counts = [good, orphan, unique].map(async (each) => (await ticksOf(system, each)).length)
      assert.deepEqual(await Promise.all(counts), [3, 1, 2])
      await refused('ALREADY_EXISTS', system.schedules.fire(unique.id), { table: 'backgroundTasks' })
    },
  },
  {
    id: 'schedules.longest-due-first',
    guarantee: 'At most as many schedules as are asked for are fired, those that have been due longest first',
    async run({ system, clock }) {
      const made: Schedule[] = []
      for (const minute of [3, 1, 2]) made.push(await aSchedule(system, { cron: `${minute} * * * *` }))
      const [third, first, second] = made
      clock.advance(10 * MINUTE)
      const fired = async (limit: number) =>
        idsOf((await sweep(system, limit)).map(({ schedule }) => schedule))
      assert.deepEqual(
        [await fired(2), await fired(2), await fired(2)],
        [[first!.id, second!.id], [third!.id], []],
      )
      for (const limit of [0, 1001]) await refused('VALIDATION', sweep(system, limit))
    },
  },
  {
    id: 'schedules.fire',
    guarantee:
      'Fired by hand, a schedule brings its job about now, enabled or not, and its rhythm is left alone',
    async run({ system, second, clock }) {
      const systems = [system, await second()]
      const schedule = await aSchedule(system, { enabled: false })
      clock.advance(5)
      const firings = await Promise.all(race(4, systems, (each) => each.schedules.fire(schedule.id)))
      for (const { ticks } of firings) assert.deepEqual(ticks, [clock()])
      assert.deepEqual(await ticksOf(system, schedule), Array(4).fill(clock().toISOString()))
      assert.deepEqual(await system.schedules.get(schedule.id), { ...schedule, updatedAt: clock() })
      await refused('NOT_FOUND', system.schedules.fire(UNKNOWN), { id: UNKNOWN })
    },
  },
  {
    id: 'schedules.confined',
    guarantee: 'A confined System fires what is due in its workspace, and nothing of another',
    async run({ system, clock }) {
      const [mine, theirs] = [await aSchedule(system, {}), await aSchedule(system, {})]
      clock.advance(HOUR)
      const confined = system.in(mine.workspaceId)
      const fired = await sweep(confined)
      assert.deepEqual(idsOf(fired.map(({ schedule }) => schedule)), [mine.id])
      assert.deepEqual(await system.schedules.get(theirs.id), theirs)
      await refused('NOT_FOUND', confined.schedules.fire(theirs.id))
    },
  },
]
