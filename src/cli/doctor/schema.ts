/** Opens the database: who it is, whether it can be written, and whether its tables are as they should be. */

import type { Env, Resolved } from '../../config.ts'
import { TerraceError } from '../../errors.ts'
import { readStatus } from '../../migrations/status.ts'
import { requireSupported } from '../../migrations/supported.ts'
import type { MigrationTarget } from '../../migrations/target.ts'
import { isMissing, withDatabase } from '../database.ts'
import { COMPARE, judge } from '../status.ts'
import { forPeople } from '../words.ts'
import type { Finding } from './finding.ts'

export async function schemaFindings(resolved: Resolved, env: Env): Promise<readonly Finding[]> {
  if (resolved.target === 'memory') {
    const says = 'kept in memory: gone when the process ends, and nothing to migrate'
    return [{ about: 'migrations', state: 'ok', says }]
  }
  if (isMissing(resolved)) {
    // Opened for the first time, it is made and migrated, unless somebody said otherwise.
    const state = resolved.migrate === 'auto' ? 'note' : 'problem'
    const says = 'there is no such database yet'
    return [{ about: 'migrations', state, says, fix: 'npx terrace migrate' }]
  }
  try {
    return await withDatabase({ ...resolved, migrate: 'verify' }, look, env)
  } catch (error) {
    return [unopened(error, resolved)]
  }
}

async function look(target: MigrationTarget): Promise<readonly Finding[]> {
  await requireSupported(target)
  const server = await serverFindings(target)
  const status = { exists: true, ...(await readStatus(target)) }
  const { state, says, fix } = judge(status)
  const schema: Finding = {
    about: 'migrations',
    state: state === 'ok' ? 'ok' : 'problem',
    says: says((_style, text) => text),
    ...(fix !== undefined && { fix }),
  }
  return [
    ...server,
    schema,
    ...status.drift.map((line): Finding => ({ about: 'drift', state: 'problem', says: line, fix: COMPARE })),
    ...status.notes.map(
      (line): Finding => ({ about: 'schema', state: 'warning', says: line, fix: remedyOf(line) }),
    ),
  ]
}

function remedyOf(note: string): string {
  return note.includes('pg_trgm') ? 'create extension pg_trgm; -- then: npx terrace migrate' : COMPARE
}

async function serverFindings({ dialect, query, exclusive }: MigrationTarget): Promise<readonly Finding[]> {
  if (dialect === 'sqlite') {
    const [row] = await query('select sqlite_version() as version')
    // Takes the lock that every write takes, and gives it back.
    await exclusive(async () => {})
    return [{ about: 'server', state: 'ok', says: `SQLite ${row?.version}, and it can be written` }]
  }
  const [row] = await query(
    `select split_part(version(), ' on ', 1) as version, current_user::text as who,
      current_setting('transaction_read_only') = 'on' as "readOnly",
      has_schema_privilege(current_schema(), 'create') as "mayCreate", current_schema()::text as schema`,
  )
  const { version, who, readOnly, mayCreate, schema } = row ?? {}
  if (readOnly === true) {
    const fix = 'DATABASE_URL=postgres://user:password@primary:5432/database'
    return [{ about: 'server', state: 'problem', says: `${version} is read-only: no primary`, fix }]
  }
  const server: Finding = { about: 'server', state: 'ok', says: `${version}, as ${who}` }
  if (mayCreate === true) return [server]
  const says = `${who} may not make tables in the schema ${schema}, as migrating does`
  const fix = `grant create on schema "${schema}" to "${who}"; -- or let another role migrate`
  return [server, { about: 'rights', state: 'warning', says, fix }]
}

/** Its message says what to do; the line for it depends on who said no. */
function unopened(error: unknown, { driver, target }: Resolved): Finding {
  const about = 'opening'
  if (!(error instanceof TerraceError)) throw error
  const says = forPeople(error.message)
  const fix = lineFor(error, driver, target)
  return { about, state: 'problem', says, fix }
}

function lineFor(error: TerraceError, driver: string, target: string): string {
  const state = String(Object(error.cause).code ?? '')
  const database = target.slice(target.lastIndexOf('/') + 1)
  if (state === '3D000') return `createdb ${database}   # on that server`
  if (state.startsWith('28')) return 'DATABASE_URL=postgres://user:password@host:5432/database'
  const install = /run `([^`]+)`/.exec(error.message)?.[1]
  if (install !== undefined) return install
  if (error.code === 'UNAVAILABLE') return 'npx terrace doctor   # once more, in a moment'
  if (/TLS/.test(error.message)) return 'PGSSLMODE=prefer'
  if (driver === 'sqlite') return 'SQLITE_DB_PATH=./another.db'
  return 'npx terrace doctor --json'
}
