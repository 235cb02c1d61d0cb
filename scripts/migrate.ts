/**
 * `npm run db:migrate`: applies what is pending to the database that the app means. `--sqlite` means SQLite
 * whatever else is set; `--print` changes nothing and writes the SQL for an empty database instead.
 */

import { withDatabase } from '../src/cli/database.ts'
import { bringUp, sayBroughtUp } from '../src/cli/migrate.ts'
import { loadEnvFiles } from '../src/config/env-files.ts'
import { resolve } from '../src/config.ts'
import { printSql } from '../src/migrations/print.ts'
import { main, resolveDatabase } from './database.ts'
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
  // While developing, what `db:push` made may be taken over without a word.
  const result = await withDatabase(resolved, (target) => bringUp(target, true))
  console.log(sayBroughtUp(result))
  for (const warning of result.warnings) console.error(warning)
})
