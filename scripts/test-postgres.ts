/**
 * `npm run test:postgres`: what concerns Postgres, on every major that Terrace supports, over TLS, on a server
 * that is given by its URL, and behind a pooler. Each run is `vitest` itself, on a server of its own.
 */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPgBouncer, startPgBouncer } from '../test/support/pgbouncer.ts'
import { startPostgres } from '../test/support/postgres-server.ts'
import { tempDir } from '../test/support/temp.ts'

interface Run {
  readonly name: string
  readonly files: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

const suite = ['test/conformance/postgres.test.ts']
const everything = [
  ...suite,
  'test/conformance/neon.test.ts',
  'test/faults/postgres.test.ts',
  'test/faults/postgres-opening.test.ts',
  'test/wire.test.ts',
  'test/tls.test.ts',
  'test/migrations.test.ts',
  'test/drift.test.ts',
  'test/pgbouncer.test.ts',
]

const majors = ['15', '16', '17', '18'].map((major): Run => {
  const env = { TERRACE_TEST_TIERS: 'postgres,neon' }
  // The newest is the one that `npm test` uses as well.
  const chosen = major === '18' ? env : { ...env, TERRACE_TEST_POSTGRES_MAJOR: major }
  return { name: `Postgres ${major}`, files: everything, env: chosen }
})

const tls = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'].map(
  (mode): Run => ({
    name: `Postgres 18 with TLS, PGSSLMODE=${mode}`,
    files: suite,
    env: { TERRACE_TEST_TIERS: 'postgres', TERRACE_TEST_POSTGRES_TLS: '1', TERRACE_TEST_SSLMODE: mode },
  }),
)

execute('npm', ['ci', '--prefix', 'test/postgres-majors', '--silent'], {})
await using own = await startPostgres()
const given: Run = {
  name: 'a server given by its URL',
  files: ['test/conformance/server.test.ts', 'test/system/lifetime.test.ts'],
  env: { TERRACE_TEST_TIERS: 'server', TERRACE_TEST_POSTGRES_URL: own.url() },
}

const pgbouncer = findPgBouncer()
await using bouncer = pgbouncer === undefined ? null : await startPgBouncer(pgbouncer, own.url())
const pooled = bouncer && {
  name: 'behind PgBouncer, in transaction mode',
  files: ['test/conformance/server.test.ts'],
  env: { TERRACE_TEST_TIERS: 'server', TERRACE_TEST_POSTGRES_URL: bouncer.url() },
}

await using folder = await tempDir()
const results = [...majors, ...tls, given, ...(pooled ? [pooled] : [])].map(({ name, files, env }, i) => {
  console.log(`\n── ${name}`)
  const startedAt = performance.now()
  const report = join(folder.path, `${i}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const passed = execute('vitest', ['run', ...reporters, ...files], env)
  const seconds = (performance.now() - startedAt) / 1000
  return { name, passed, seconds, failures: passed ? [] : failuresIn(report) }
})

console.log('')
for (const { name, passed, seconds, failures } of results) {
  console.log(`${passed ? 'passed' : 'FAILED'}  ${name.padEnd(45)} ${seconds.toFixed(0).padStart(4)} s`)
  for (const failure of failures) console.log(`        ${failure}`)
}
if (pooled === null)
  console.log('left out  behind PgBouncer: it is not installed (apt-get install pgbouncer)')
if (results.some(({ passed }) => !passed)) process.exitCode = 1

function execute(command: string, args: readonly string[], env: Readonly<Record<string, string>>): boolean {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  if (error !== undefined) throw error
  if (status !== 0 && command === 'npm') throw new Error('the older servers could not be installed')
  return status === 0
}

/** What a run that failed says in a line each, so that the end of a long output tells what to look at. */
function failuresIn(report: string): string[] {
  // The cast: what vitest writes.
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: {
      name: string
      message: string
      assertionResults: { status: string; title: string; failureMessages: string[] }[]
    }[]
  }
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed')
    const lines = failed.map(({ title, failureMessages }) => `${title}\n            ${failureMessages[0]}`)
    return message === '' ? lines : [...lines, `${name}: ${message}`]
  })
}
