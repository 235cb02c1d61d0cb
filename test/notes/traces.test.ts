/** People's typing, recorded or made up (see `trace.ts`), ends in the very text that it ended in for them. */

import { expect, test } from 'vitest'
import { createSystem } from '../../src/system.ts'
import { type Child, startChild } from '../support/child.ts'
import { bundleProgram } from '../support/program.ts'
import { selectedTiers } from '../support/tiers.ts'
import { openTarget, type Target } from './crash-orders.ts'
import { makePlace, PATIENCE } from './places.ts'
import { createRandom } from './random.ts'
import { CONCURRENT, inRuns, readTrace, SINGLE, type Trace } from './trace.ts'
import { updatesOf } from './trace-player.ts'
import type { Stretch, TypistOrders } from './trace-writer.ts'

/** Of traces that are made up. */
const SIZE = 20_000
const STRETCHES = 8
const PERSISTENT = ['sqlite', 'postgres', 'pglite', 'neon'] as const

const single = readTrace(SINGLE, SIZE)

for (const tier of PERSISTENT) {
  test.runIf(selectedTiers().includes(tier))(
    `one author's typing, in stretches by two processes, ends in the author's text on ${tier} (${told(single)})`,
    PATIENCE,
    async () => {
      await using place = await makePlace(tier)
      const { target } = place
      const noteId = await newNote(target)
      const program = await bundleProgram(new URL('./trace-writer.ts', import.meta.url))
      const args = [JSON.stringify({ target, noteId, size: SIZE } satisfies TypistOrders)]
      const start = async () => {
        const child = startChild(program, { args })
        expect(await child.line()).toBe('ready')
        return child
      }
      const type = async (typist: Child, stretch: Stretch) => {
        typist.say(JSON.stringify(stretch))
        expect(await typist.line()).toBe('typed')
      }
      const end = async (typist: Child) => {
        typist.hangUp()
        expect(await typist.ended).toMatchObject({ code: 0, stderr: '' })
      }
      const stretches = stretchesOf(single.transactions.length)
      if (tier === 'pglite') {
        // A folder has one process at a time: one takes over from the other.
        for (const half of [stretches.slice(0, STRETCHES / 2), stretches.slice(STRETCHES / 2)]) {
          const typist = await start()
          for (const stretch of half) await type(typist, stretch)
          await end(typist)
        }
      } else {
        const typists = [await start(), await start()] as const
        for (const [i, stretch] of stretches.entries()) await type(typists[i % 2 === 0 ? 0 : 1], stretch)
        for (const typist of typists) await end(typist)
      }

      await using system = await createSystem({ engine: await openTarget(target) })
      expect((await system.notes.read(noteId)).text === single.endContent).toBe(true)
      await system.notes.compact(noteId)
      expect((await system.notes.read(noteId)).text === single.endContent).toBe(true)
    },
  )
}

for (const [name, order] of [
  [CONCURRENT[0], 'in order'],
  [CONCURRENT[1], 'out of order'],
] as const) {
  const trace = inRuns(readTrace(name, SIZE))
  const title = `the typing of several authors at once ends in their text, heard ${order}`
  let updates: ReturnType<typeof updatesOf> | undefined

  for (const tier of ['memory', ...PERSISTENT] as const) {
    test.runIf(selectedTiers().includes(tier))(
      `${title}, on ${tier} (${told(trace)})`,
      PATIENCE,
      async () => {
        updates ??= updatesOf(trace)
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
      },
    )
  }
}

/** Which trace it is. */
function told({ name, transactions }: Trace): string {
  return `${name}, ${transactions.length} transactions`
}

async function newNote(target: Target): Promise<string> {
  await using system = await createSystem({ engine: await openTarget(target) })
  const { id: workspaceId } = await system.workspaces.create({ title: 'Traces' })
  return (await system.notes.create({ workspaceId, title: 'Typed' })).id
}

/** One of each process's is typed into the live document; the others as clients send them, which takes less time. */
function stretchesOf(total: number): Stretch[] {
  return Array.from({ length: STRETCHES }, (_, i) => ({
    from: Math.floor((total * i) / STRETCHES),
    to: Math.floor((total * (i + 1)) / STRETCHES),
    by: i === 0 || i === 5 ? 'document' : 'updates',
  }))
}

/** Each a few places from where it was, so that many come before what they build on. */
function shuffledNearby<T>(items: readonly T[]): T[] {
  const random = createRandom(3)
  const keyed = items.map((item, i) => [i + random.below(20), item] as const)
  return keyed.sort(([a], [b]) => a - b).map(([, item]) => item)
}
