/**
 * A storm of ticks: ten Systems sweep the same schedules while their clock runs, stands still and jumps, and each tick
 * is fired once. `TERRACE_STORM_HOURS=6` makes it longer than the half hour of every second that it takes otherwise.
 */

import { describe, expect, test } from 'vitest'
import { newWorkspace, range } from '../src/conformance/expect.ts'
import { backgroundTasks } from '../src/schema/background-tasks.ts'
import type { System } from '../src/system.ts'
import { createTestClock } from '../src/testing/clock.ts'
import { createHarness } from './support/harness.ts'
import { selectedTiers, type Tier } from './support/tiers.ts'

const SYSTEMS = 10
const SECONDS = 3600 * Number(process.env.TERRACE_STORM_HOURS ?? 0.5)
const tiers = selectedTiers().filter((tier) => ['memory', 'sqlite', 'postgres'].includes(tier))

describe.runIf(tiers.length > 0)('a storm of ticks', () => {
  test.each(tiers)('on %s fires each tick once', { timeout: 600_000 }, async (tier: Tier) => {
    const harness = await createHarness(tier)
    // Hours before the clocks of Berlin are put back, and a week before those of New York.
    const clock = createTestClock('2026-10-24T21:00:00Z')
    const start = clock().getTime()
    const systems = [await harness.open({ clock })]
    while (systems.length < SYSTEMS) systems.push(await harness.openSecond({ clock }))
    try {
      const [system] = systems as [System, ...System[]]
      const workspaceId = await newWorkspace(system)
      const made = (title: string, cron: string, timeZone: string) =>
        system.schedules.create({
          workspaceId,
          title,
          cron,
          timeZone,
          catchUp: 'all',
          job: { kind: 'tick', title },
        })
      const seconds = await made('second', '* * * * * *', 'UTC')
      await made('berlin', '30 2 * * *', 'Europe/Berlin')
      await made('new york', '*/30 0-3 * * *', 'America/New_York')
      const sweep = () => Promise.all(systems.map((each) => each.schedules.claimDue()))

      // Steps of uneven length; now and then the clock is set back, as far as an hour, and put right again.
      for (let i = 0, at = 0; at < SECONDS; i++) {
        at = Math.min(SECONDS, at + [1, 7, 30, 90][i % 4]!)
        clock.set(new Date(start + at * 1000))
        await sweep()
        if (i % 5 === 4) {
          clock.advance(-1000 * [1, 60, 3600][i % 3]!)
          await sweep()
        }
      }
      await system.schedules.disable(seconds.id)
      for (const hours of range(9 * 12)) {
        clock.set(new Date(start + SECONDS * 1000 + hours * 2 * 3_600_000))
        await sweep()
      }

      const rows = await system.engine.find(backgroundTasks)
      const ticksOf = (title: string) =>
        rows
          .filter((row) => row.title === title)
          .map(({ metadata }) => String(metadata.tick))
          .sort()
      const every = range(SECONDS).map((i) => new Date(start + (i + 1) * 1000).toISOString())
      expect(ticksOf('second')).toEqual(every)
      const berlin = ticksOf('berlin')
      expect(berlin.slice(0, 2)).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z'])
      expect(berlin).toHaveLength(9)
      const newYork = ticksOf('new york')
      expect(new Set(newYork).size).toBe(newYork.length)
      // Eight half hours a day, and ten when the second of them comes again.
      const byDay = Map.groupBy(newYork, (tick) => tick.slice(0, 10))
      expect([...byDay.values()].map((ticks) => ticks.length)).toEqual([8, 8, 8, 8, 8, 8, 8, 10, 8])
    } finally {
      for (const system of systems.reverse()) await system.close()
      await harness.destroy()
      await harness.stop()
    }
  })
})
