/** `npm run db:drift`: says how the live database differs from the schema, and fails if it does. */

import { parseArgs } from 'node:util'
import { drift } from '../src/migrations/drift.ts'
import { main, resolveDatabase, withDatabase } from './database.ts'

const { values } = parseArgs({ options: { sqlite: { type: 'boolean', default: false } } })

await main(async () => {
  const differences = await withDatabase(resolveDatabase(values), (target) => drift(target))
  for (const { message } of differences) console.log(message)
  if (differences.length === 0) console.log('The database is as the schema wants it.')
  else process.exitCode = 1
})
