/** Writers are killed where they stand; whatever was acknowledged to them is there afterwards, exactly once. */

import { describe, expect, test } from 'vitest'
import { createTestDatabase } from '../support/databases.ts'
import { tempDir } from '../support/temp.ts'
import { selectedTiers } from '../support/tiers.ts'
import { crashCampaign } from './crash-campaign.ts'

const seed = Number(process.env.TERRACE_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** One process at a time on PGlite, which takes seconds to open. */
/** A few: `npm run test:crash` is for more. */
const kills = { sqlite: 12, postgres: 10, pglite: 2 }

describe.concurrent('notes whose writers are killed', () => {
  test.runIf(selectedTiers().includes('sqlite'))('lose nothing on sqlite', async () => {
    await using folder = await tempDir()
    const target = { tier: 'sqlite', path: `${folder.path}/crash.db` } as const
    const report = await crashCampaign({ target, seed, kills: kills.sqlite })
    expect(report.kills).toBe(kills.sqlite)
    expect(report.acknowledged).toBeGreaterThan(kills.sqlite)
  })

  test.runIf(selectedTiers().includes('postgres'))('lose nothing on postgres', async () => {
    const database = await createTestDatabase()
    try {
      const target = { tier: 'postgres', url: database.url } as const
      const report = await crashCampaign({ target, seed, kills: kills.postgres })
      expect(report.kills).toBe(kills.postgres)
      expect(report.acknowledged).toBeGreaterThan(kills.postgres)
    } finally {
      await database.drop()
    }
  })

  test.runIf(selectedTiers().includes('pglite'))('lose nothing on pglite', async () => {
    await using folder = await tempDir()
    const target = { tier: 'pglite', path: `${folder.path}/db` } as const
    const report = await crashCampaign({ target, seed, kills: kills.pglite })
    expect(report.kills).toBe(kills.pglite)
    expect(report.acknowledged).toBeGreaterThan(kills.pglite)
  })
})
