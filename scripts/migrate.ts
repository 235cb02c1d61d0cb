/**
 * `npm run db:migrate`: applies what is pending to the database that the app means. `--sqlite` means SQLite
 * whatever else is set; `--print` changes nothing and writes the SQL for an empty database instead.
 */

import { loadEnvFiles } from '../src/config/env-files.ts'
import { resolve } from '../src/config.ts'
import { printSql } from '../src/migrations/print.ts'
import { migrate } from '../src/migrations/runner.ts'
import { completeSearches, warnOfSearches } from '../src/migrations/searches.ts'
import { main, resolveDatabase, withDatabase } from './database.ts'
import { readFlags } from './flags.ts'

const values = readFlags('db:migrate', {
  sqlite: { type: 'boolean', default: false },
  print: { type: 'boolean', default: false },
})

await main(async () => {
  if (values.print) {
    loadEnvFiles()
    const isSqlite = values.sqlite || resolve().tier === 'sqlite'
    process.stdout.write(printSql(isSqlite ? 'sqlite' : 'postgres'))
    return
  }
  const resolved = resolveDatabase(values)
  const { applied, adopted, version, completed, warnings } = await withDatabase(resolved, async (target) => ({
    ...(await migrate(target, { mode: 'auto', now: new Date() })),
    completed: await completeSearches(target),
    warnings: await warnOfSearches(target),
  }))
  if (adopted) console.log(`The tables were as they should be, and are now recorded as ${version}.`)
  else if (applied.length > 0) console.log(`Applied ${applied.join(', ')}.`)
  else if (completed.length > 0) console.log(`Made ${completed.join(', ')}.`)
  else console.log(`Nothing to do; the database is at ${version}.`)
  for (const warning of warnings) console.error(warning)
})
