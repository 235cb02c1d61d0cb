/**
 * Whichever statement of a verb fails, and however: the verb says so with an error of Terrace's or gets by, nothing is
 * half-written, and the same call goes through when it is made again.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import { TerraceError } from '../../src/errors.ts'
import { tables } from '../../src/schema/tables.ts'
import { createSystem, type System } from '../../src/system.ts'
import { createTestClock } from '../../src/testing/clock.ts'
import { resetSystem } from '../../src/testing/index.ts'
import { createFaultyTier, type Fault, type FaultyTier, faultyTiers } from '../support/faulty-tiers.ts'
import { selectedTiers } from '../support/tiers.ts'
import { type VerbCase, verbs } from './multi-statement-verbs.ts'

const START = '2026-01-01T00:00:00.000Z'

interface States {
  readonly before: string
  readonly after: string
}

describe.each(faultyTiers.filter((tier) => selectedTiers().includes(tier)))('on %s', (tier) => {
  const clock = createTestClock()
  let ids = 0
  let faulty: FaultyTier
  let sound: System

  beforeAll(async () => {
    const newId = () => `id-${String(++ids).padStart(4, '0')}`
    faulty = await createFaultyTier(tier, { clock, newId })
    sound = await createSystem({ engine: faulty.sound })
  })

  afterAll(() => faulty?.stop())

  /** From the same start every time, to the same ids and times: what differs is what happened. */
  async function seeded(verb: VerbCase): Promise<(system: System) => Promise<unknown>> {
    await resetSystem(sound)
    clock.set(START)
    ids = 0
    return verb.seed(sound, clock)
  }

  async function using<R>(work: (system: System) => Promise<R>): Promise<R> {
    const system = await createSystem({ engine: await faulty.open(), notes: { onError: () => {} } })
    try {
      return await work(system)
    } finally {
      // What is still to be saved may have nowhere to go.
      await system.close().catch((error: unknown) => expect(error).toBeInstanceOf(TerraceError))
    }
  }

  /** What there is. */
  const look = (verb: VerbCase) => (verb.look === undefined ? dump(sound.engine) : using(verb.look))

  /** Whether the statement was reached. */
  async function failAt(n: number, fault: Fault, verb: VerbCase, states: States): Promise<boolean> {
    const call = await seeded(verb)
    const { before, after } = states
    const firstId = ids
    let error: unknown
    faulty.trap.set(n, fault)
    await using(async (system) => {
      await call(system).catch((reason: unknown) => {
        error = reason
      })
      faulty.trap.release()
    })
    const where = `${verb.name}: statement ${n} ${fault}`
    const isReached = faulty.trap.seen >= n
    if (error !== undefined) expect(error, where).toBeInstanceOf(TerraceError)
    let left = await look(verb)
    const isBetween = left !== before && left !== after
    if (isBetween && verb.heal !== undefined) {
      await verb.heal(sound)
      left = await look(verb)
    }
    if (isBetween && verb.passes !== undefined) clock.advance(verb.passes)
    else expect([before, after], where).toContain(left)
    if (error === undefined) expect(left, where).toBe(after)
    // Who is refused has done nothing, as far as that can be known.
    if (fault === 'refused' && error !== undefined && verb.passes === undefined)
      expect(left, where).toBe(before)
    ids = firstId
    const again = await using((system) =>
      call(system).then(
        (value) => ({ value }),
        (reason: unknown) => ({ reason }),
      ),
    )
    if (left === after && 'reason' in again) {
      // It has happened already, which the verb may say.
      expect(again.reason, where).toBeInstanceOf(TerraceError)
      expect(again.reason, where).not.toMatchObject({ code: 'UNAVAILABLE' })
    } else if (left !== after) {
      expect(again, where).not.toHaveProperty('reason')
    }
    if (left === before) expect(await look(verb), where).toBe(after)
    if (verb.answers !== undefined && left !== after)
      expect(again, where).toMatchObject({ value: verb.answers })
    return isReached
  }

  test.each(verbs)('$name', async (verb) => {
    const call = await seeded(verb)
    const before = await look(verb)
    await using(call)
    const states = { before, after: await look(verb) }
    expect(states.after).not.toBe(before)
    for (const fault of faulty.faults) {
      let n = 1
      while (await failAt(n, fault, verb, states)) n++
      expect(n).toBeGreaterThan(1)
    }
  })
})

/** All rows, in one order; of bytes only that there are any, because what Yjs writes has a random number in it. */
async function dump(engine: Engine): Promise<string> {
  const all = await Promise.all(tables.map(async (table) => [table.name, await engine.find(table)] as const))
  return JSON.stringify(
    all,
    (key, value) => (value instanceof Uint8Array || key === 'tailBytes' ? 'bytes' : value),
    1,
  )
}
