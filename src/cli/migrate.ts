/** `terrace migrate`: applies what is pending, says what would be, or prints the SQL for somebody else to run. */

import { migrations } from '../migrations/generated.ts'
import { printSql } from '../migrations/print.ts'
import { type MigrateResult, migrate } from '../migrations/runner.ts'
import { completeSearches, warnOfSearches } from '../migrations/searches.ts'
import type { MigrationTarget } from '../migrations/target.ts'
import type { SqlDialect } from '../schema/constraints.ts'
import { isMissing, noDatabase, requireDatabase, withDatabase } from './database.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { type Flags, readFlags } from './flags.ts'
import type { Io } from './io.ts'
import type { Output } from './output.ts'
import { withProgress } from './progress.ts'
import { statusCommand } from './status.ts'

export interface MigrateFlags extends Flags {
  readonly print?: true
  readonly adopt?: true
  readonly verify?: true
}

export async function migrateCommand(flags: MigrateFlags, io: Io, output: Output): Promise<ExitCode> {
  if (flags.verify) return statusCommand(flags, io, output)
  const { resolved } = readFlags(flags, io)
  if (flags.print) {
    // For whoever has no database at hand, and will run it elsewhere: that is Postgres, as a rule.
    const dialect: SqlDialect = resolved.tier === 'sqlite' ? 'sqlite' : 'postgres'
    const sql = printSql(dialect)
    output.answer({ dialect, migrations: migrations[dialect].map(({ tag }) => tag), sql }, () => sql)
    return EXIT.ok
  }
  requireDatabase(resolved)
  // The one command that may make a database has to know where.
  if (resolved.target === 'memory') throw noDatabase(resolved)
  const created = isMissing(resolved)
  const { driver, target } = resolved
  const result = await withProgress(io, `migrating ${target}`, () =>
    withDatabase({ ...resolved, migrate: 'auto' }, (on) => bringUp(on, flags.adopt ?? false), io.env),
  )
  for (const warning of [...resolved.warnings, ...result.warnings]) output.note(warning)
  output.answer({ driver, target, created, ...result }, () => sayBroughtUp(result))
  return EXIT.ok
}

export interface BroughtUp extends MigrateResult {
  /** Search indexes that could not be made before. */
  readonly completed: readonly string[]
}

/** All that can be done about a database at hand; `adopt` as for `migrate`. */
export async function bringUp(target: MigrationTarget, adopt: boolean): Promise<BroughtUp> {
  return {
    ...(await migrate(target, { mode: 'auto', now: new Date(), adopt })),
    completed: await completeSearches(target),
    warnings: await warnOfSearches(target),
  }
}

export function sayBroughtUp({ applied, adopted, version, completed }: BroughtUp): string {
  if (adopted) return `The tables were as they should be, and are now recorded as ${version}.`
  if (applied.length > 0) return `Applied ${applied.join(', ')}.`
  if (completed.length > 0) return `Made ${completed.join(', ')}.`
  return `Nothing to do; the database is at ${version}.`
}
