/** Databases that several processes can be told of, made for a test and gone after it. */

import { createTestDatabase } from '../support/databases.ts'
import { tempDir } from '../support/temp.ts'
import type { Target } from './crash-orders.ts'

export interface Place extends AsyncDisposable {
  readonly target: Target
}

export async function makePlace(tier: Target['tier']): Promise<Place> {
  if (tier === 'postgres') {
    const { url, drop } = await createTestDatabase()
    return { target: { tier, url }, [Symbol.asyncDispose]: drop }
  }
  const folder = await tempDir()
  return {
    target: { tier, path: `${folder.path}/notes.db` },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}
