/** Which database servers the migrations were written for. */

import { MigrationError } from '../errors.ts'
import type { MigrationTarget } from './target.ts'

const OLDEST_POSTGRES = 15

/** Throws a sentence, not a stack, for a server that cannot keep the schema. */
export async function requireSupported({ dialect, query }: MigrationTarget): Promise<void> {
  if (dialect !== 'postgres') return
  const [row] = await query(
    `select current_setting('server_version_num') as number, split_part(version(), ' on ', 1) as name`,
  )
  const major = Math.floor(Number(row?.number) / 10_000)
  if (major >= OLDEST_POSTGRES) return
  throw new MigrationError(`Terrace needs Postgres ${OLDEST_POSTGRES} or newer; this server is ${row?.name}`)
}
