import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The app is built for it, and takes minutes: `npm run test:browser`.
    exclude: process.env.TERRACE_TEST_BROWSER === '1' ? [] : ['test/browser/**'],
    globalSetup: ['test/support/global-setup.ts'],
    // Generous: how long something takes is a benchmark's concern, and machines are busy.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Things are awaited until they happen; a busy machine takes its time.
    expect: { poll: { timeout: 20_000 } },
    // Two cores, and some who wait for processes and timers.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
  },
})
