/** People's typing, recorded or made up (see `trace.ts`), ends in the very text that it ended in for them. */

import { expect, test } from 'vitest'
import { buildDocument, textOf } from '../../src/notes/codec.ts'
import { createNoteLog } from '../../src/notes/log.ts'
import { createSystem, type System } from '../../src/system.ts'
import { type Child, startChild } from '../support/child.ts'
import { bundleProgram } from '../support/program.ts'
import { selectedTiers } from '../support/tiers.ts'
import { flagsFor, openTarget, type Target } from './crash-orders.ts'
import { makePlace, PATIENCE } from './places.ts'
import { createRandom } from './random.ts'
import { CONCURRENT, firstOf, inRuns, readTrace, SINGLE, type Trace } from './trace.ts'
import { updatesOf } from './trace-player.ts'
import type { Stretch, TypistOrders } from './trace-writer.ts'

/** Of traces that are made up. */
const SIZE = 20_000
const STRETCHES = 8
const PERSISTENT = ['sqlite', 'postgres', 'pglite', 'neon'] as const

const whole = readTrace(SINGLE, SIZE)
const beginning = firstOf(whole, 10_000)

for (const tier of PERSISTENT) {
  // PGlite takes minutes for the whole, and Neon's driver adds nothing to it.
  const single = tier === 'pglite' || tier === 'neon' ? beginning : whole
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
        const child = startChild(program, { args, execArgv: flagsFor(target) })
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
      await expectText(system, noteId, single.endContent)
      await system.notes.compact(noteId)
      await expectText(system, noteId, single.endContent)
    },
  )
}

const several = CONCURRENT.map((name) => inRuns(readTrace(name, SIZE)))
/** By the trace: every tier is sent the same. */
const updates = new Map<Trace, ReturnType<typeof updatesOf>>()

for (const tier of ['memory', ...PERSISTENT] as const) {
  // What comes before what it builds on takes longer, and is the same code on all.
  const order = tier === 'memory' ? 'out of order' : 'in order'
  const traces = several.map(told).join('; ')
  test.runIf(selectedTiers().includes(tier))(
    `the typing of several authors at once ends in their text, heard ${order}, on ${tier} (${traces})`,
    PATIENCE,
    async () => {
      await using place = tier === 'memory' ? undefined : await makePlace(tier)
      await using system = await createSystem(
        place === undefined ? { driver: 'memory', env: {} } : { engine: await openTarget(place.target) },
      )
      const { id: workspaceId } = await system.workspaces.create({ title: 'Traces' })
      for (const trace of several) {
        const { id } = await system.notes.create({ workspaceId, title: trace.name })
        const made = updates.get(trace) ?? updatesOf(trace)
        updates.set(trace, made)
        const sent = order === 'in order' ? made : shuffledNearby(made)
        for (let i = 0; i < sent.length; i += 64) {
          await Promise.all(
            sent
              .slice(i, i + 64)
              .map(({ agent, update }) => system.notes.applyUpdate(id, update, { actor: `author ${agent}` })),
          )
        }
        await expectText(system, id, trace.endContent)
        expect(await system.notes.compact(id)).toBe(true)
        await expectText(system, id, trace.endContent)
        const { edits } = await system.notes.history(id)
        expect(new Set(edits.map(({ actor }) => actor)).size).toBe(trace.agents)
      }
    },
  )
}

/** What is read, which may be stored or live here; and what the log itself comes to. */
async function expectText(system: System, noteId: string, text: string): Promise<void> {
  const { snapshot, updates } = await createNoteLog(system.engine).load(noteId)
  const parts = { gc: true, snapshot: snapshot?.data, updates: updates.map(({ data }) => data) }
  const doc = buildDocument(parts)
  // Not by `toBe`, which would print both, a hundred pages each.
  expect({ logged: textOf(doc) === text, read: (await system.notes.read(noteId)).text === text }).toEqual({
    logged: true,
    read: true,
  })
  doc.destroy()
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
