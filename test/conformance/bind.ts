/** The binding of the suite to vitest: one tier, every scenario. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runScenario, scenarios } from '../../src/conformance/index.ts'
import { createHarness, type TierHarness } from '../support/harness.ts'
import { selectedTiers, type Tier } from '../support/tiers.ts'
import { SCENARIOS } from './pinned.ts'

export function bind(tier: Tier): void {
  describe.runIf(selectedTiers().includes(tier))(tier, () => {
    let harness: TierHarness
    let ran = 0
    beforeAll(async () => {
      harness = await createHarness(tier)
    })
    afterAll(async () => {
      await harness?.stop()
      console.log(`${tier}: ${ran} scenarios run, ${scenarios.length - ran} left out`)
    })
    for (const scenario of scenarios) {
      test(`${scenario.id}: ${scenario.guarantee}`, async () => {
        ran++
        await runScenario(scenario, harness)
      })
    }
    // After the others, which run in the order they are bound; a run that was asked for a few has asked for fewer.
    test('every scenario there is has run', ({ task }) => {
      const isWhole = task.suite!.tasks.every(({ mode }) => mode === 'run')
      expect(scenarios.length).toBe(SCENARIOS)
      if (isWhole) expect(ran).toBe(SCENARIOS)
    })
  })
}
