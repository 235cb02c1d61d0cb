/** Writers are killed where they stand; whatever was acknowledged to them is there afterwards, exactly once. */

import { expect, test } from 'vitest'
import { selectedTiers } from '../support/tiers.ts'
import { crashCampaign } from './crash-campaign.ts'
import { makePlace, PATIENCE } from './places.ts'

const seed = Number(process.env.TERRACE_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** `npm run test:crash` is for more, of PGlite above all, which takes seconds to open. */
const kills = { sqlite: 25, postgres: 25, pglite: 5 }

for (const tier of ['sqlite', 'postgres', 'pglite'] as const) {
  test.runIf(selectedTiers().includes(tier))(
    `notes whose writers are killed lose nothing on ${tier}`,
    PATIENCE,
    async () => {
      await using place = await makePlace(tier)
      const report = await crashCampaign({ target: place.target, seed, kills: kills[tier] })
      expect(report.kills).toBe(kills[tier])
      expect(report.acknowledged).toBeGreaterThan(kills[tier])
    },
  )
}
