/** The migrations as one script, for those who let nothing but `psql` or `sqlite3` change their database. */

import type { SqlDialect } from '../schema/constraints.ts'
import { migrations as ownMigrations } from './generated.ts'
import { createLedgerSql, recordSql } from './ledger.ts'
import { MIGRATION_LOCK, type Migration } from './target.ts'

/** What the runner would do to an empty database: all or nothing, and recorded, so that it has nothing left to do. */
export function printSql(
  dialect: SqlDialect,
  migrations: readonly Migration[] = ownMigrations[dialect],
): string {
  const { head, appliedAt } = FRAMES[dialect]
  const body = [
    createLedgerSql(dialect),
    ...migrations.flatMap(({ statements }) => statements),
    recordSql(dialect, migrations, appliedAt),
    'commit',
  ]
  return `${head}\n\n${body.map((statement) => `${statement};\n`).join('\n')}`
}

const FRAMES: Readonly<Record<SqlDialect, { head: string; appliedAt: string }>> = {
  postgres: {
    head: `\\set ON_ERROR_STOP on\nbegin;\nselect pg_advisory_xact_lock(${MIGRATION_LOCK});`,
    appliedAt: 'now()',
  },
  sqlite: {
    head: '.bail on\npragma foreign_keys = off;\nbegin immediate;',
    appliedAt: "cast(strftime('%s', 'now') as integer) * 1000",
  },
}
