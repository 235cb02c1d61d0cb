/** Databases that several processes can be told of, made for a test and gone after it. */

import { cp } from 'node:fs/promises'
import { PGlite } from '@electric-sql/pglite'
import { inject } from 'vitest'
import pglite from '../../node_modules/@electric-sql/pglite/package.json' with { type: 'json' }
import { cachedFolder } from '../support/cached-folder.ts'
import { createTestDatabase } from '../support/databases.ts'
import { tempDir } from '../support/temp.ts'
import type { Target } from './crash-orders.ts'

/** For tests that take processes by the dozen or minutes of work on a machine that is busy. */
export const PATIENCE = { timeout: 600_000 }

export interface Place extends AsyncDisposable {
  readonly target: Target
}

export async function makePlace(tier: Target['tier']): Promise<Place> {
  if (tier === 'postgres' || tier === 'neon') {
    const { url, drop } = await createTestDatabase()
    const target = tier === 'neon' ? { tier, url, proxy: inject('neonProxy')! } : { tier, url }
    return { target, [Symbol.asyncDispose]: drop }
  }
  const folder = await tempDir()
  const path = `${folder.path}/notes.db`
  if (tier === 'pglite') await cp(await emptyPglite(), path, { recursive: true })
  return { target: { tier, path }, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

/** To be copied: PGlite takes several times as long to make a folder as to open one. */
function emptyPglite(): Promise<string> {
  return cachedFolder(`pglite-${pglite.version}`, async (folder) => {
    await (await PGlite.create(folder)).close()
  })
}
