/**
 * Pushes to a PGlite folder. `drizzle-kit push` opens such a folder by itself, without the extension that the
 * search indexes need.
 */

import { pushSchema } from 'drizzle-kit/api'
import { drizzle } from 'drizzle-orm/pglite'
import type { Resolved } from '../src/config.ts'
import { pgliteEngine } from '../src/engine/postgres/pglite.ts'
import { toPostgres } from '../src/schema/drizzle/postgres.ts'
import { tables } from '../src/schema/tables.ts'
import { confirm } from './confirm.ts'
import { kitConfig } from './kit-config.ts'

export async function pushPglite(resolved: Resolved, force: boolean): Promise<void> {
  const engine = await pgliteEngine({ path: resolved.path })
  try {
    const { pool } = await engine.unwrap()
    // The casts: it is the driver's own, and any drizzle database of Postgres will do.
    const database = drizzle(pool as never) as never
    const { tablesFilter } = kitConfig(resolved)
    const push = await pushSchema(
      { ...tables.map(toPostgres) },
      database,
      ['public'],
      [tablesFilter ?? []].flat(),
    )
    if (push.hasDataLoss && !force) await confirm(push.warnings.join('\n'), '--force')
    await push.apply()
  } finally {
    await engine.close()
  }
}
