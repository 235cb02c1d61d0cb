/** Caretakers are killed where they stand: every tick has one job all the same, and every timer goes off once. */

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { backgroundTasks } from '../../src/schema/background-tasks.ts'
import { createSystem } from '../../src/system.ts'
import { openTarget } from '../notes/crash-orders.ts'
import { makePlace } from '../notes/places.ts'
import { type Child, startChild } from '../support/child.ts'
import { selectedTiers } from '../support/tiers.ts'

const KILLS = 4
const program = new URL('./caretaker.ts', import.meta.url)
const tiers = selectedTiers().filter((tier) => tier === 'sqlite' || tier === 'postgres')

describe.runIf(tiers.length > 0)('what comes due while caretakers are killed', () => {
  test.each(tiers)('on %s happens once', async (tier) => {
    await using place = await makePlace(tier)
    await using system = await createSystem({ engine: await openTarget(place.target) })
    const { id: workspaceId } = await system.workspaces.create({ title: 'W' })
    const { id: agentId } = await system.agents.create({ workspaceId, name: 'Ada', role: 'lead' })
    const schedule = await system.schedules.create({
      ...{ workspaceId, cron: '* * * * * *', catchUp: 'all' },
      job: { kind: 'tick' },
    })
    const timers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => system.timers.set({ agentId, label: `${i}`, in: 1 + i * 150 })),
    )

    const hire = () => startChild(program, { args: [JSON.stringify(place.target)] })
    const crew: Child[] = [hire(), hire()]
    for (let kill = 0; kill < KILLS; kill++) {
      // In the middle of things, as far as that can be hit.
      await crew[0]!.line()
      await sleep(Math.random() * 30)
      crew[0]!.kill('SIGKILL')
      await crew.shift()!.ended
      crew.push(hire())
    }
    await expect.poll(() => system.timers.count()).toBe(0)
    await system.schedules.disable(schedule.id)
    for (const child of crew) await child[Symbol.asyncDispose]()

    const jobs = await system.engine.find(backgroundTasks)
    const ticks = jobs.map(({ metadata }) => String(metadata.tick)).sort()
    const last = (await system.schedules.get(schedule.id))!.lastRunAt!.getTime()
    const every: string[] = []
    for (let at = schedule.nextRunAt!.getTime(); at <= last; at += 1000)
      every.push(new Date(at).toISOString())
    expect(ticks).toEqual(every)
    const mail = (await system.mailbox.list({ agentId }, { limit: 1000 })).items
    const sources = mail.map(({ source }) => source).sort()
    expect(sources).toEqual(timers.map(({ id }) => `timer:${id}`).sort())
  })
})
