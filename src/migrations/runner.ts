/**
 * Brings a database to the schema of this code: all pending migrations or none, once, however many processes
 * start together. A database that needs nothing is asked one question.
 */

import type { MigrateMode } from '../config/options.ts'
import { MigrationError, UnavailableError } from '../errors.ts'
import type { Table } from '../schema/dsl/table.ts'
import { tables as ownTables } from '../schema/tables.ts'
import { canAdopt } from './adopt.ts'
import { migrations as ownMigrations } from './generated.ts'
import { createLedgerSql, momentSql, readLedger, recordSql } from './ledger.ts'
import { list, plan } from './plan.ts'
import { warnOfSearches } from './searches.ts'
import { requireSupported } from './supported.ts'
import type { Migration, MigrationTarget } from './target.ts'

export interface MigrateOptions {
  /** `auto` applies what is pending, `verify` only says so, `off` does not ask the database at all. */
  readonly mode: MigrateMode
  readonly now: Date
  /** Whether tables without a record of migrations, just as the schema wants them, may be taken over. True unless told. */
  readonly adopt?: boolean | undefined
  /** Terrace's own, unless told. */
  readonly migrations?: readonly Migration[] | undefined
  /** The tables that these migrations lead to. */
  readonly tables?: readonly Table[] | undefined
}

export interface MigrateResult {
  /** Tags of the migrations that this call applied. */
  readonly applied: readonly string[]
  /** Whether tables without a record of migrations were found to match and taken over. */
  readonly adopted: boolean
  /** The newest migration in the database; `unchecked` when off. */
  readonly version: string
  /** What the database lacks and can do without; looked for when something was applied. */
  readonly warnings: readonly string[]
}

export async function migrate(target: MigrationTarget, options: MigrateOptions): Promise<MigrateResult> {
  const { mode, migrations = ownMigrations[target.dialect] } = options
  if (mode === 'off') return nothing('unchecked')
  const { pending, version } = plan(migrations, (await readLedger(target)) ?? [])
  if (pending.length === 0) return nothing(version)
  await requireSupported(target)
  if (mode === 'verify') {
    throw new MigrationError(
      `the database lacks ${list(pending)}; open it once with \`createSystem({ migrate: 'auto' })\`, as in the build step`,
    )
  }
  return target.exclusive(() => migrateAlone(target, migrations, options))
}

/** Reads the ledger anew: another process may have been faster. */
async function migrateAlone(
  target: MigrationTarget,
  migrations: readonly Migration[],
  { now, adopt = true, tables = ownTables }: MigrateOptions,
): Promise<MigrateResult> {
  const { dialect, query } = target
  await query(createLedgerSql(dialect))
  const ledger = (await readLedger(target)) ?? []
  const { pending, version } = plan(migrations, ledger)
  if (pending.length === 0) return nothing(version)

  const adopted = ledger.length === 0 && (await canAdopt(target, tables))
  if (adopted && !adopt) {
    throw new MigrationError(
      'the database has all tables of Terrace as they should be, but no record of migrations; ' +
        '`terrace migrate --adopt` records them as they are',
    )
  }
  if (!adopted) {
    for (const migration of pending) await apply(target, migration)
    await requireSoundReferences(target)
  }
  await query(recordSql(dialect, pending, momentSql(dialect, now)))
  const warnings = await warnOfSearches(target, tables)
  return { applied: adopted ? [] : pending.map(({ tag }) => tag), adopted, version, warnings }
}

const nothing = (version: string): MigrateResult => ({ applied: [], adopted: false, version, warnings: [] })

async function apply({ query }: MigrationTarget, { tag, statements }: Migration): Promise<void> {
  for (const statement of statements) {
    try {
      await query(statement)
    } catch (error) {
      // A connection that went away says nothing about the migration, and trying again may help.
      if (error instanceof UnavailableError) throw error
      const reason = reasonOf(error)
      throw new MigrationError(`migration ${tag} failed, and nothing was changed: ${reason}`, {
        cause: error,
      })
    }
  }
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  if (!message.includes('no such module: fts5')) return message
  return 'this SQLite was built without FTS5, which searching needs; use one that has it, as better-sqlite3 brings'
}

/** SQLite does not look while foreign keys are off, so that a rebuilt table can have lost its parents. */
async function requireSoundReferences({ dialect, query }: MigrationTarget): Promise<void> {
  if (dialect !== 'sqlite') return
  const violations = await query('pragma foreign_key_check')
  const ours = violations.filter(({ table, parent }) => isOurs(table) || isOurs(parent))
  if (ours.length === 0) return
  const pairs = new Set(
    ours.map(({ table, parent }) => `${table} refers to rows that ${parent} does not have`),
  )
  throw new MigrationError(
    `the migrated tables would contradict each other, and nothing was changed: ${[...pairs].join('; ')}`,
  )
}

/** Tables of the app in the same file are its own affair. */
function isOurs(table: unknown): boolean {
  return String(table).startsWith('terrace_')
}
