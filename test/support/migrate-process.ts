/** A process that opens a SQLite file, as an app would on starting, and says what it had to apply. */

import { sqliteEngine } from '../../src/engine/sqlite/engine.ts'
import { migrate } from '../../src/migrations/runner.ts'

const engine = await sqliteEngine({
  path: process.argv[2]!,
  migrate: async (target) => {
    const { applied } = await migrate(target, { mode: 'auto', now: new Date() })
    console.log(applied.join(' '))
  },
})
await engine.close()
