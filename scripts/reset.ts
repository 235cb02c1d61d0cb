/**
 * `npm run db:reset`: drops every `terrace_` table with its rows and migrates anew. For development only: in
 * production and on serverless hosts it refuses, and elsewhere it asks first, unless `--yes` is given. Other tables
 * in the same database stay.
 */

import { withDatabase } from '../src/cli/database.ts'
import { serverlessSign } from '../src/config.ts'
import { ConfigError } from '../src/errors.ts'
import { migrate } from '../src/migrations/runner.ts'
import type { MigrationTarget } from '../src/migrations/target.ts'
import { confirm } from './confirm.ts'
import { main, resolveDatabase } from './database.ts'
import { readFlags } from './flags.ts'

const values = readFlags('db:reset', {
  sqlite: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
})

await main(async () => {
  const resolved = resolveDatabase(values)
  // After the .env files, which may say so as well.
  const sign = serverlessSign(process.env)
  const deployed = process.env.NODE_ENV === 'production' ? 'NODE_ENV is production' : sign && `${sign} is set`
  if (deployed) throw new ConfigError(`db:reset is for development: ${deployed}.`)
  const tables = await withDatabase(resolved, tablesOf)
  if (tables.length > 0 && !values.yes) {
    await confirm(`Drop ${tables.join(', ')} in ${resolved.target}, with all their rows?`, '--yes')
  }
  const { applied } = await withDatabase(resolved, async (target) => {
    await target.exclusive(() => drop(target, tables))
    return migrate(target, { mode: 'auto', now: new Date() })
  })
  console.log(`Dropped ${tables.length} tables and applied ${applied.join(', ')}.`)
})

async function tablesOf({ dialect, query }: MigrationTarget): Promise<readonly string[]> {
  const rows = await query(
    dialect === 'postgres'
      ? `select tablename as name from pg_tables where schemaname = current_schema() and starts_with(tablename, 'terrace_') order by 1`
      : // A virtual table's own tables go with it.
        `select name from pragma_table_list where schema = 'main' and type in ('table', 'virtual') and substr(name, 1, 8) = 'terrace_' order by 1`,
  )
  return rows.map(({ name }) => String(name))
}

async function drop({ dialect, query }: MigrationTarget, tables: readonly string[]): Promise<void> {
  // An app's table that refers to one of ours keeps its rows and loses the reference.
  for (const table of tables) await query(`drop table "${table}"${dialect === 'postgres' ? ' cascade' : ''}`)
}
