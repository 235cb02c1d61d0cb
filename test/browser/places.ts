/** Where the app keeps what it keeps: nothing but variables of the environment tells the tiers apart. */

import { createTestDatabase } from '../support/databases.ts'
import { tempDir } from '../support/temp.ts'

export const tiers = ['memory', 'sqlite', 'postgres'] as const
export type Tier = (typeof tiers)[number]

export interface Place extends AsyncDisposable {
  readonly env: NodeJS.ProcessEnv
}

export async function createPlace(tier: Tier): Promise<Place> {
  switch (tier) {
    case 'memory':
      return { env: {}, [Symbol.asyncDispose]: () => Promise.resolve() }
    case 'sqlite': {
      const folder = await tempDir()
      return {
        env: { TERRACE_DB_DRIVER: 'sqlite', SQLITE_DB_PATH: `${folder.path}/workbench.db` },
        [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
      }
    }
    case 'postgres': {
      const database = await createTestDatabase()
      return { env: { DATABASE_URL: database.url }, [Symbol.asyncDispose]: () => database.drop() }
    }
  }
}
