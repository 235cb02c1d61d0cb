/** Workers are killed where they stand; every job is done, and none is run twice under one lease. */

import { describe, expect, test } from 'vitest'
import { createTestDatabase } from '../support/databases.ts'
import { tempDir } from '../support/temp.ts'
import { selectedTiers } from '../support/tiers.ts'
import { storm } from './storm.ts'

const seed = Number(process.env.TERRACE_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** A few: `npm run test:storm` is for more. */
const SHORT = { jobs: 400, workers: 3, kills: 3, seed }

describe('jobs whose workers are killed', () => {
  test.runIf(selectedTiers().includes('sqlite'))('are all done on sqlite', async () => {
    await using folder = await tempDir()
    const report = await storm({ ...SHORT, target: { tier: 'sqlite', path: `${folder.path}/storm.db` } })
    expect(report.killed).toBe(SHORT.kills)
    expect(report.begun).toBeGreaterThanOrEqual(SHORT.jobs)
  })

  test.runIf(selectedTiers().includes('postgres'))('are all done on postgres', async () => {
    const database = await createTestDatabase()
    try {
      const report = await storm({ ...SHORT, target: { tier: 'postgres', url: database.url } })
      expect(report.killed).toBe(SHORT.kills)
      expect(report.begun).toBeGreaterThanOrEqual(SHORT.jobs)
    } finally {
      await database.drop()
    }
  })
})
