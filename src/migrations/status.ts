/** What a database has had of the migrations, and what is otherwise than it should be. Reads only. */

import { reasonOf } from '../errors.ts'
import type { Table } from '../schema/dsl/table.ts'
import { tables as ownTables } from '../schema/tables.ts'
import { compare } from './compare.ts'
import { describe } from './describe.ts'
import { introspect } from './drift.ts'
import { migrations as ownMigrations } from './generated.ts'
import { readLedger } from './ledger.ts'
import { plan } from './plan.ts'
import { warnOfSearches } from './searches.ts'
import type { Migration, MigrationTarget } from './target.ts'

export interface SchemaStatus {
  /** Tags, in their order; of a newer version of the code, too. */
  readonly applied: readonly string[]
  readonly pending: readonly string[]
  /** Whether there are tables of Terrace, but no record of migrations: made by `db:push` or by hand. */
  readonly unrecorded: boolean
  /** Why this code cannot live with the database, if it cannot. */
  readonly conflict: string | null
  /** How the tables differ; empty while migrations are pending, which may be why. */
  readonly drift: readonly string[]
  /** What the database can do without, and tables that may be the app's own. */
  readonly notes: readonly string[]
}

export async function readStatus(
  target: MigrationTarget,
  migrations: readonly Migration[] = ownMigrations[target.dialect],
  tables: readonly Table[] = ownTables,
): Promise<SchemaStatus> {
  const ledger = (await readLedger(target)) ?? []
  const applied = ledger.map(({ tag }) => tag)
  const { pending, conflict } = judge(migrations, ledger)
  const actual = await introspect(target, tables)
  const unrecorded = ledger.length === 0 && tables.some(({ sqlName }) => sqlName in actual.tables)
  const comparable = conflict === null && (pending.length === 0 || unrecorded)
  const differences = comparable ? compare(describe(tables, target.dialect), actual) : []
  // Postgres can do without what speeds up searching, and `warnOfSearches` says more about it.
  const minor = ['extra table', ...(target.dialect === 'postgres' ? ['search'] : [])]
  const extra = differences.filter(({ kind }) => kind === 'extra table')
  return {
    applied,
    pending: pending.map(({ tag }) => tag),
    unrecorded,
    conflict,
    drift: differences.filter(({ kind }) => !minor.includes(kind)).map(({ message }) => message),
    notes: [
      ...extra.map(({ message }) => message),
      ...(comparable ? await warnOfSearches(target, tables) : []),
    ],
  }
}

function judge(migrations: readonly Migration[], ledger: Parameters<typeof plan>[1]) {
  try {
    return { pending: plan(migrations, ledger).pending, conflict: null }
  } catch (error) {
    return { pending: [], conflict: reasonOf(error) }
  }
}
