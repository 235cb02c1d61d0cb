/** `npm run db:drift`: says how the live database differs from the schema, and fails if it does. */

import { isMissing, withDatabase } from '../src/cli/database.ts'
import { ConfigError } from '../src/errors.ts'
import { drift } from '../src/migrations/drift.ts'
import { warnOfSearches } from '../src/migrations/searches.ts'
import { main, resolveDatabase } from './database.ts'
import { readFlags } from './flags.ts'

const values = readFlags('db:drift', { sqlite: { type: 'boolean', default: false } })

await main(async () => {
  const resolved = resolveDatabase(values)
  // To open a database that is kept in files is to make it.
  if (isMissing(resolved)) {
    throw new ConfigError(`There is no such database: ${resolved.target}. \`npm run db:migrate\` makes it.`)
  }
  const [differences, warnings] = await withDatabase(resolved, (target) =>
    Promise.all([drift(target), warnOfSearches(target)]),
  )
  for (const { message } of differences) console.log(message)
  for (const warning of warnings) console.log(warning)
  if (differences.length === 0) console.log('The database is as the schema wants it.')
  else process.exitCode = 1
})
