/** The tiers under test. Each keeps one database for a test file, emptied between scenarios. */

import { copyFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import type pg from 'pg'
import { inject } from 'vitest'
import { resolve } from '../../src/config.ts'
import type { Harness, HarnessOptions } from '../../src/conformance/index.ts'
import type { RootEngine } from '../../src/engine/engine.ts'
import { createMemoryEngine } from '../../src/engine/memory/engine.ts'
import { neonEngine } from '../../src/engine/postgres/neon.ts'
import { type PgEngineOptions, pgEngine } from '../../src/engine/postgres/pg.ts'
import { pgliteEngine } from '../../src/engine/postgres/pglite.ts'
import { sqliteEngine } from '../../src/engine/sqlite/engine.ts'
import { migrate } from '../../src/migrations/runner.ts'
import type { MigrationTarget } from '../../src/migrations/target.ts'
import { tables } from '../../src/schema/tables.ts'
import { createSystem, type System } from '../../src/system.ts'
import { rerunTransactions } from '../../src/testing/rerun.ts'
import { createTestDatabase } from './databases.ts'
import { useNeonProxy } from './neon-proxy.ts'
import { tempDir } from './temp.ts'
import type { Tier } from './tiers.ts'

export interface TierHarness extends Harness {
  readonly name: Tier
  /** Ends what the whole file shared. */
  stop(): Promise<void>
}

type Open = (options: HarnessOptions) => Promise<RootEngine>

const apply = (target: MigrationTarget) => migrate(target, { mode: 'auto', now: new Date() })

export async function createHarness(tier: Tier): Promise<TierHarness> {
  switch (tier) {
    case 'memory':
      return memoryHarness()
    case 'sqlite':
      return sqliteHarness()
    case 'pglite':
      return pgliteHarness()
    case 'postgres':
    case 'neon':
    case 'server':
      return serverHarness(tier)
  }
}

function memoryHarness(): TierHarness {
  let engine: RootEngine
  return {
    name: 'memory',
    async open(options) {
      engine = createMemoryEngine({ clock: options.clock })
      return over(engine, options)
    },
    // There are no connections: a second System over the same data is one over the same engine.
    openSecond: (options) => over({ ...engine, close: async () => {} }, options),
    destroy: async () => {},
    stop: async () => {},
  }
}

async function sqliteHarness(): Promise<TierHarness> {
  const folder = await tempDir()
  const template = `${folder.path}/template.db`
  await (await sqliteEngine({ path: template, migrate: apply })).close()
  let count = 0
  const open: Open = ({ clock }) => sqliteEngine({ path: `${folder.path}/${count}.db`, clock })
  return {
    name: 'sqlite',
    async open(options) {
      count++
      await copyFile(template, `${folder.path}/${count}.db`)
      return over(await open(options), options)
    },
    openSecond: async (options) => over(await open(options), options),
    destroy: async () => {},
    stop: async () => folder[Symbol.asyncDispose](),
  }
}

async function pgliteHarness(): Promise<TierHarness> {
  const database = await PGlite.create({ extensions: { pg_trgm } })
  await (await pgliteEngine({ database, migrate: apply })).close()
  const open: Open = ({ clock }) => pgliteEngine({ database, clock })
  return {
    name: 'pglite',
    async open(options) {
      await database.exec(empty)
      return over(await open(options), options)
    },
    openSecond: async (options) => over(await open(options), options),
    destroy: async () => {},
    stop: () => database.close(),
  }
}

async function serverHarness(tier: 'postgres' | 'neon' | 'server'): Promise<TierHarness> {
  const ownServer = tier === 'server' ? process.env.TERRACE_TEST_POSTGRES_URL! : inject('postgresUrl')
  const { url, query, drop } = await createTestDatabase(ownServer)
  if (tier === 'neon') useNeonProxy(inject('neonProxy')!)
  // `npm run test:postgres` sets it. Not PGSSLMODE itself, which `pg` would read in the tests' own connections.
  const { sslMode = 'disable', pooled } = resolve({ url }, { PGSSLMODE: process.env.TERRACE_TEST_SSLMODE })
  const server = { url, sslMode, pooled, rootCertificate: process.env.PGSSLROOTCERT || undefined }
  const engineOf = (options: PgEngineOptions) =>
    tier === 'neon' ? neonEngine({ url, ...options }) : pgEngine({ ...server, ...options })
  await (await pgEngine({ ...server, migrate: apply })).close()
  // A fresh connection takes Postgres longer than most scenarios: each side keeps its pool, made as an engine makes it.
  // Not on a server that is given, where every engine has its own.
  const owners = tier === 'server' ? [] : [await engineOf({}), await engineOf({})]
  const pools = await Promise.all(
    // The cast: the driver's own.
    owners.map(async (owner) => ((await owner.unwrap()) as { pool: pg.Pool }).pool),
  )
  const open = async (side: 0 | 1, options: HarnessOptions) =>
    over(await engineOf({ ...(pools[side] && { pool: pools[side] }), clock: options.clock }), options)
  return {
    name: tier,
    async open(options) {
      for (const pool of pools) await whenQuiet(pool)
      await query(empty)
      return open(0, options)
    },
    openSecond: (options) => open(1, options),
    destroy: async () => {},
    async stop() {
      for (const owner of owners) await owner.close()
      await drop()
    },
  }
}

/** What a caller did not wait for may still be under way, and would write into the next scenario. */
async function whenQuiet(pool: pg.Pool): Promise<void> {
  while (pool.idleCount < pool.totalCount || pool.waitingCount > 0) await setTimeout(1)
}

function over(
  engine: RootEngine,
  { rerunTransactions: rerun }: Pick<HarnessOptions, 'rerunTransactions'>,
): Promise<System> {
  return createSystem({ engine: rerun ? rerunTransactions(engine) : engine })
}

/** Those who refer before those they refer to. Of a few rows each, which TRUNCATE would take ten times as long for. */
const empty = tables
  .map((table) => `delete from ${table.sqlName};`)
  .toReversed()
  .join('')
