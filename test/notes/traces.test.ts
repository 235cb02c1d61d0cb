/** People's typing, recorded or made up (see `trace.ts`), ends in the very text that it ended in for them. */

import { describe, expect, test } from 'vitest'
import { createSystem } from '../../src/system.ts'
import { startChild } from '../support/child.ts'
import { selectedTiers } from '../support/tiers.ts'
import { openTarget, type Target } from './crash-orders.ts'
import { makePlace } from './places.ts'
import { createRandom } from './random.ts'
import { CONCURRENT, readTrace, SINGLE } from './trace.ts'
import { updatesOf } from './trace-player.ts'
import type { Stretch, TypistOrders } from './trace-writer.ts'

/** Of traces that are made up. */
const SIZE = 4000
const STRETCHES = 8

async function newNote(target: Target): Promise<string> {
  await using system = await createSystem({ engine: await openTarget(target) })
  const { id: workspaceId } = await system.workspaces.create({ title: 'Traces' })
  return (await system.notes.create({ workspaceId, title: 'Typed' })).id
}

for (const tier of ['sqlite', 'postgres', 'pglite'] as const) {
  test.runIf(selectedTiers().includes(tier))(
    `one author's typing, in stretches by two processes, ends in the author's text on ${tier}`,
    async () => {
      await using place = await makePlace(tier)
      const { target } = place
      const trace = readTrace(SINGLE, SIZE)
      const noteId = await newNote(target)
      const args = [JSON.stringify({ target, noteId, size: SIZE } satisfies TypistOrders)]
      const start = async () => {
        const child = startChild(new URL('./trace-writer.ts', import.meta.url), { args })
        expect(await child.line()).toBe('ready')
        return child
      }
      const total = trace.transactions.length
      // A PGlite folder has one process at a time: there, the two take over from each other.
      const isShared = tier !== 'pglite'
      const stretches = Array.from(
        { length: isShared ? STRETCHES : 2 },
        (_, i, all = isShared ? STRETCHES : 2) => ({
          from: Math.floor((total * i) / all),
          to: Math.floor((total * (i + 1)) / all),
          by: i % 4 < 2 === (i % 2 === 0) ? ('document' as const) : ('updates' as const),
        }),
      )
      const typists = isShared ? [await start(), await start()] : []
      for (const [i, stretch] of stretches.entries()) {
        const typist = typists[i % 2] ?? (await start())
        typist.say(JSON.stringify(stretch satisfies Stretch))
        expect(await typist.line()).toBe('typed')
        if (isShared) continue
        typist.hangUp()
        expect(await typist.ended).toMatchObject({ code: 0, stderr: '' })
      }
      for (const typist of typists) typist.hangUp()
      for (const typist of typists) expect(await typist.ended).toMatchObject({ code: 0, stderr: '' })

      await using system = await createSystem({ engine: await openTarget(target) })
      expect((await system.notes.read(noteId)).text === trace.endContent).toBe(true)
      await system.notes.compact(noteId)
      expect((await system.notes.read(noteId)).text === trace.endContent).toBe(true)
    },
  )
}

describe.each(CONCURRENT)('the typing of several authors at once (%s)', (name) => {
  const trace = readTrace(name, SIZE / 4)
  const updates = updatesOf(trace)

  for (const tier of ['memory', 'sqlite', 'postgres'] as const) {
    for (const order of ['in order', 'out of order'] as const) {
      test.runIf(selectedTiers().includes(tier))(`ends in their text on ${tier}, ${order}`, async () => {
        await using place = tier === 'memory' ? undefined : await makePlace(tier)
        await using system = await createSystem(
          place === undefined ? { driver: 'memory', env: {} } : { engine: await openTarget(place.target) },
        )
        const { id: workspaceId } = await system.workspaces.create({ title: 'Traces' })
        const { id } = await system.notes.create({ workspaceId, title: name })
        const sent = order === 'in order' ? updates : shuffledNearby(updates)
        for (let i = 0; i < sent.length; i += 64) {
          await Promise.all(
            sent
              .slice(i, i + 64)
              .map(({ agent, update }) => system.notes.applyUpdate(id, update, { actor: `author ${agent}` })),
          )
        }
        expect((await system.notes.read(id)).text === trace.endContent).toBe(true)
        expect(await system.notes.compact(id)).toBe(true)
        expect((await system.notes.read(id)).text === trace.endContent).toBe(true)
        const { edits } = await system.notes.history(id)
        expect(new Set(edits.map(({ actor }) => actor)).size).toBe(trace.agents)
      })
    }
  }
})

/** Each a few places from where it was, so that many come before what they build on. */
function shuffledNearby<T>(items: readonly T[]): T[] {
  const random = createRandom(3)
  const keyed = items.map((item, i) => [i + random.below(20), item] as const)
  return keyed.sort(([a], [b]) => a - b).map(([, item]) => item)
}
