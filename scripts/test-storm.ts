/**
 * `npm run test:storm`: the storm of `test/work`, at length: 8 processes, 20,000 jobs, 60 kills, on SQLite and on
 * Postgres. `TERRACE_JOBS` and `TERRACE_KILLS` make it another size, `TERRACE_TEST_TIERS` chooses the databases, and
 * `TERRACE_SEED` plays a plan again.
 */

import { startPostgres } from '../test/support/postgres-server.ts'
import { tempDir } from '../test/support/temp.ts'
import { selectedTiers } from '../test/support/tiers.ts'
import { storm } from '../test/work/storm.ts'

const jobs = numberFrom('TERRACE_JOBS', 20_000)
const kills = numberFrom('TERRACE_KILLS', 60)
const seed = numberFrom('TERRACE_SEED', Math.floor(Math.random() * 2 ** 31))
const WORKERS = 8

console.log(`${WORKERS} processes, ${jobs} jobs, ${kills} kills, TERRACE_SEED=${seed}`)
for (const tier of ['sqlite', 'postgres'] as const) {
  if (!selectedTiers().includes(tier)) continue
  await using folder = await tempDir()
  await using server = tier === 'postgres' ? await startPostgres() : undefined
  let said = 0
  const report = await storm({
    target:
      server === undefined
        ? { tier: 'sqlite', path: `${folder.path}/storm.db` }
        : { tier: 'postgres', url: server.url() },
    jobs,
    workers: WORKERS,
    kills,
    seed,
    progress(left, killed) {
      const tenth = Math.floor(((jobs - left) * 10) / jobs)
      if (tenth === said) return
      said = tenth
      console.log(`${tier}: ${jobs - left} of ${jobs} jobs done, ${killed} processes killed`)
    },
  })
  const { killed, begun, seconds } = report
  console.log(
    `${tier}: ${jobs} jobs done, begun ${begun} times, ${killed} processes killed, none lost, none doubled, ${seconds.toFixed(0)} s`,
  )
}

function numberFrom(name: string, otherwise: number): number {
  const value = Number(process.env[name] ?? otherwise)
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name}: a whole number from 1`)
  return value
}
