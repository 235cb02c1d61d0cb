import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Campaigns of minutes have a script of their own: `npm run test:campaigns`.
    exclude: process.env.TERRACE_CAMPAIGNS === '1' ? [] : ['test/notes/{crash,traces,leaks}.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Generous: how long something takes is a benchmark's concern, and machines are busy.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Things are awaited until they happen; a busy machine takes its time.
    expect: { poll: { timeout: 20_000 } },
    // Two cores, and some who wait for processes and timers.
    maxWorkers: 3,
  },
})
