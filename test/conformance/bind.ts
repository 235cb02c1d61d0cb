/** The binding of the suite to vitest: one tier, every scenario. */

import { afterAll, beforeAll, describe, test } from 'vitest'
import { runScenario, scenarios } from '../../src/conformance/index.ts'
import { createHarness, type TierHarness } from '../support/harness.ts'
import { selectedTiers, type Tier } from '../support/tiers.ts'

export function bind(tier: Tier): void {
  describe.runIf(selectedTiers().includes(tier))(tier, () => {
    let harness: TierHarness
    beforeAll(async () => {
      harness = await createHarness(tier)
    })
    afterAll(() => harness?.stop())
    for (const scenario of scenarios) {
      test(`${scenario.id}: ${scenario.guarantee}`, () => runScenario(scenario, harness))
    }
  })
}
