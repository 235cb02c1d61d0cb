/** Databases of one's own for the tests of whole Systems, one of each kind that can be configured. */

import { join } from 'node:path'
import { inject } from 'vitest'
import type { SystemOptions } from '../../src/system.ts'
import { createTestDatabase } from '../support/databases.ts'
import { useNeonProxy } from '../support/neon-proxy.ts'
import { tempDir } from '../support/temp.ts'
import type { Tier } from '../support/tiers.ts'

export interface TestPlace extends AsyncDisposable {
  /** What `createSystem` takes to open it. */
  readonly options: SystemOptions
  /** What health says of it. */
  readonly target: string
  /** What nothing may ever say of it. */
  readonly password: string | undefined
}

export async function createPlace(tier: Tier): Promise<TestPlace> {
  switch (tier) {
    case 'memory':
      return {
        options: { env: {} },
        target: 'memory',
        password: undefined,
        [Symbol.asyncDispose]: async () => {},
      }
    case 'sqlite':
    case 'pglite': {
      const folder = await tempDir()
      const path = join(folder.path, 'place')
      return {
        options: { env: {}, driver: tier, path },
        target: path,
        password: undefined,
        [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
      }
    }
    case 'postgres':
    case 'neon':
    case 'server': {
      const { url, drop } = await createTestDatabase(
        tier === 'server' ? process.env.TERRACE_TEST_POSTGRES_URL : undefined,
      )
      if (tier === 'neon') useNeonProxy(inject('neonProxy')!)
      const { host, pathname, password } = new URL(url)
      return {
        options: { env: connection(), url, driver: tier === 'neon' ? 'neon' : 'pg' },
        target: `${host}${pathname}`,
        password,
        [Symbol.asyncDispose]: drop,
      }
    }
  }
}

/** How the run was told to reach its servers. */
function connection(): Record<string, string | undefined> {
  const { PGSSLMODE, PGSSLROOTCERT } = process.env
  return { PGSSLMODE, PGSSLROOTCERT }
}
