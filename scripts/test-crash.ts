/**
 * `npm run test:crash`: the crash campaign of `test/notes`, at length. `TERRACE_KILLS` is how many processes are killed
 * in all, 2,000 unless told; `TERRACE_TEST_TIERS` chooses tiers, and `TERRACE_SEED` plays a plan again.
 */

import { crashCampaign } from '../test/notes/crash-campaign.ts'
import type { Target } from '../test/notes/crash-orders.ts'
import { startPostgres } from '../test/support/postgres-server.ts'
import { tempDir } from '../test/support/temp.ts'
import { selectedTiers } from '../test/support/tiers.ts'

const kills = Number(process.env.TERRACE_KILLS ?? 2000)
const seed = Number(process.env.TERRACE_SEED ?? Math.floor(Math.random() * 2 ** 31))
if (!Number.isSafeInteger(kills) || kills < 1)
  throw new Error('TERRACE_KILLS: a number of processes, 1 or more')
if (!Number.isSafeInteger(seed)) throw new Error('TERRACE_SEED: a whole number')

/** A PGlite folder takes seconds to open, and serves one process at a time. */
const shares: readonly (readonly [tier: Target['tier'], share: number])[] = [
  ['sqlite', 0.63],
  ['postgres', 0.35],
  ['pglite', 0.02],
]
const chosen = shares.filter(([tier]) => selectedTiers().includes(tier))
const whole = chosen.reduce((sum, [, share]) => sum + share, 0)

console.log(`${kills} kills, TERRACE_SEED=${seed}`)
// Side by side; what one of them finds does not keep the others from looking.
const results = await Promise.allSettled(
  chosen.map(([tier, share]) => run(tier, Math.max(1, Math.round((kills * share) / whole)))),
)
for (const result of results) if (result.status === 'rejected') console.error(result.reason)
if (results.some(({ status }) => status === 'rejected')) process.exitCode = 1

async function run(tier: Target['tier'], count: number): Promise<void> {
  await using folder = await tempDir()
  await using server = tier === 'postgres' ? await startPostgres() : undefined
  const target: Target =
    server === undefined
      ? { tier: tier as 'sqlite' | 'pglite', path: `${folder.path}/crash.db` }
      : { tier: 'postgres', url: server.url() }
  const startedAt = performance.now()
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(0)
  let said = 0
  const report = await crashCampaign({
    target,
    kills: count,
    seed,
    progress({ kills, acknowledged }) {
      const tenth = Math.floor((kills * 10) / count)
      if (tenth === said) return
      said = tenth
      const lost = `${acknowledged} edits acknowledged, 0 lost`
      console.log(`${tier}: ${kills} of ${count} killed, ${lost}, ${seconds()} s`)
    },
  })
  const stops = Object.entries(report.stops).map(([stop, times]) => `${stop} ${times}`)
  console.log(`${tier}: killed at ${stops.join(', ')}`)
}
