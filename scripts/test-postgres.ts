/**
 * `npm run test:postgres`: the Postgres and Neon tiers on the majors that Terrace supports, and the Postgres tier
 * over TLS. Each run is `vitest` itself on a server of its own.
 */

import { spawnSync } from 'node:child_process'

interface Run {
  readonly name: string
  readonly tiers: string
  readonly env: Readonly<Record<string, string>>
}

const tls = { TERRACE_TEST_POSTGRES_TLS: '1' }
const runs: readonly Run[] = [
  ...['15', '16', '17'].map((major) => ({
    name: `Postgres ${major}`,
    tiers: 'postgres,neon',
    env: { TERRACE_TEST_POSTGRES_MAJOR: major },
  })),
  { name: 'Postgres 18', tiers: 'postgres,neon', env: {} },
  ...['prefer', 'require', 'verify-full'].map((mode) => ({
    name: `Postgres 18, TLS, PGSSLMODE=${mode}`,
    tiers: 'postgres',
    env: { ...tls, PGSSLMODE: mode },
  })),
]

run('npm', ['ci', '--prefix', 'test/postgres-majors', '--silent'], {})

const results = runs.map(({ name, tiers, env }) => {
  console.log(`\n── ${name}`)
  const startedAt = performance.now()
  const files = tiers.split(',').map((tier) => `test/conformance/${tier}.test.ts`)
  const passed = run('vitest', ['run', '--reporter=dot', ...files], { ...env, TERRACE_TEST_TIERS: tiers })
  return { name, passed, seconds: (performance.now() - startedAt) / 1000 }
})

console.log('')
for (const { name, passed, seconds } of results) {
  console.log(`${passed ? 'passed' : 'FAILED'}  ${name.padEnd(40)} ${seconds.toFixed(0)} s`)
}
if (results.some(({ passed }) => !passed)) process.exitCode = 1

function run(command: string, args: readonly string[], env: Readonly<Record<string, string>>): boolean {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  if (error !== undefined) throw error
  if (status !== 0 && command === 'npm') throw new Error('the older servers could not be installed')
  return status === 0
}
