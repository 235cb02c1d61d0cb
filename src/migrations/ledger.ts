/** The record of what was applied: one row per migration in `terrace_migrations`. */

import { MigrationError } from '../errors.ts'
import type { SqlDialect } from '../schema/constraints.ts'
import type { Migration, MigrationTarget } from './target.ts'

export const LEDGER = 'terrace_migrations'

export type LedgerRow = Pick<Migration, 'tag' | 'checksum' | 'compatible'>

/** The rows by tag; undefined when there is no such table. One query. */
export async function readLedger({ query }: MigrationTarget): Promise<readonly LedgerRow[] | undefined> {
  try {
    const rows = await query(`select tag, checksum, compatible from ${LEDGER} order by tag`)
    return rows.map((row) => ({
      tag: String(row.tag),
      checksum: String(row.checksum),
      compatible: Boolean(row.compatible),
    }))
  } catch (error) {
    if (mentions(error, '42P01', `no such table: ${LEDGER}`)) return undefined
    if (mentions(error, '42703', 'no such column:')) {
      throw new MigrationError(
        `the table ${LEDGER} was not made by Terrace (drizzle-kit migrate makes one like it); ` +
          'rename or drop it, then migrate with Terrace',
        { cause: error },
      )
    }
    throw error
  }
}

export function createLedgerSql(dialect: SqlDialect): string {
  const [text, flag, time] =
    dialect === 'postgres'
      ? ['text COLLATE "C"', 'boolean', 'timestamp(3) with time zone']
      : ['text', 'integer', 'integer']
  return `create table if not exists ${LEDGER} (tag ${text} primary key not null, checksum text not null, compatible ${flag} not null, applied_at ${time} not null)`
}

/** `appliedAt` is an SQL expression. */
export function recordSql(dialect: SqlDialect, migrations: readonly Migration[], appliedAt: string): string {
  const rows = migrations.map(({ tag, checksum, compatible }) => {
    const flag = dialect === 'postgres' ? String(compatible) : Number(compatible)
    return `('${tag}', '${checksum}', ${flag}, ${appliedAt})`
  })
  return `insert into ${LEDGER} (tag, checksum, compatible, applied_at) values ${rows.join(', ')}`
}

/** A moment as an SQL expression, as the ledger keeps it. */
export function momentSql(dialect: SqlDialect, moment: Date): string {
  return dialect === 'postgres' ? `'${moment.toISOString()}'` : String(moment.getTime())
}

/** Whether an error, or what caused it, has this Postgres code or this SQLite message. */
function mentions(error: unknown, code: string, message: string): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && cause.code === code) return true
    if (cause.message.includes(message)) return true
  }
  return false
}
