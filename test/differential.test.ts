/**
 * Random programs over all stores and the engine beneath must come out word for word the same on every tier.
 *
 * `TERRACE_RUNS=10000` runs more programs than usual; a failure says how to replay it.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { check } from './differential/check.ts'
import { createRig, type Rig } from './differential/rigs.ts'
import { selectedTiers, type Tier } from './support/tiers.ts'

const selected = selectedTiers()
/** Long campaigns are for whoever asks for them. */
const time = process.env.TERRACE_RUNS === undefined ? 20_000 : 3_600_000

describe.runIf(selected.length > 1)('programs', () => {
  const rigs: Rig[] = []
  beforeAll(async () => {
    for (const tier of selected) rigs.push(await createRig(tier))
  })
  afterAll(async () => {
    for (const rig of rigs) await rig.stop()
  })

  const quick: readonly Tier[] = selected.filter((tier) => tier === 'memory' || tier === 'sqlite')
  test.runIf(quick.length > 1)('answer the same on memory and SQLite', { timeout: 2 * time }, async () => {
    const two = rigs.filter(({ tier }) => quick.includes(tier))
    expect(await check(two, { runs: 1000, time })).toBeGreaterThan(0)
  })

  const all = `answer the same on ${selected.join(', ')}`
  test.runIf(selected.length > quick.length)(all, { timeout: 2 * time }, async () => {
    expect(await check(rigs, { runs: 100, time })).toBeGreaterThan(0)
  })
})
