/** `npm run test:browser`: the example app in a real browser, on memory, SQLite and Postgres. */

import { spawnSync } from 'node:child_process'

const { status } = spawnSync('vitest', ['run', 'test/browser', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, TERRACE_TEST_BROWSER: '1' },
})
process.exitCode = status ?? 1
