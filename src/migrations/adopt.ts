/** Tables without a record of migrations: made by `db:push` or by hand. */

import { MigrationError } from '../errors.ts'
import type { Table } from '../schema/dsl/table.ts'
import { compare } from './compare.ts'
import { describe } from './describe.ts'
import { introspect } from './drift.ts'
import type { MigrationTarget } from './target.ts'

/**
 * True when the database has these tables just as the schema wants them, false when it has none of them.
 * Anything else is for a person to decide. Further tables may be the app's own.
 */
export async function canAdopt(target: MigrationTarget, tables: readonly Table[]): Promise<boolean> {
  const actual = await introspect(target, tables)
  if (!tables.some(({ sqlName }) => actual.tables[sqlName] !== undefined)) return false
  // Postgres can do without what speeds up searching, and a migration would have gone on without it, too.
  const mayDiffer = target.dialect === 'postgres' ? ['extra table', 'search'] : ['extra table']
  const differences = compare(describe(tables, target.dialect), actual).filter(
    ({ kind }) => !mayDiffer.includes(kind),
  )
  if (differences.length === 0) return true
  throw new MigrationError(
    [
      'the database has tables of Terrace but no record of migrations, and they are not as this version wants them:',
      ...differences.map(({ message }) => `  - ${message}`),
      'Correct them (in development `npm run db:push` does), or start with an empty database.',
    ].join('\n'),
  )
}
