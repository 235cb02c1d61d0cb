/**
 * `npm run bench` measures everything, `npm run bench engines` or `npm run bench sqlite wire` a part. Each
 * group's figures go to `results/<group>.json`; `RESULTS.md` and the plots are made from all that are there.
 * `BENCH_QUICK=1` takes a fraction of the time, for figures that say no more than that it runs.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { selectGroups } from './groups.ts'
import { writeReport } from './report.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const selected = selectGroups(process.argv.slice(2))
if (selected.some(({ peers }) => peers)) installPeers()

let failed = false
for (const { name } of selected) {
  const startedAt = performance.now()
  const { status } = spawnSync(process.execPath, [`${folder}group.ts`, name], { stdio: 'inherit' })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
  console.log(status === 0 ? `${name}: ${seconds} s` : `${name}: failed after ${seconds} s`)
  failed ||= status !== 0
}
writeReport()
if (failed) process.exitCode = 1

/** As the lock file has them; again only when that has changed. */
function installPeers(): void {
  const installed = `${folder}node_modules/.package-lock.json`
  const lock = `${folder}package-lock.json`
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return
  execFileSync('npm', ['ci', '--silent', '--no-audit', '--no-fund', '--ignore-scripts'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
}
