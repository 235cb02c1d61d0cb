/**
 * Vercel suspends an instance as soon as nothing is asked of it, and connections that are open then are left to the
 * server. What is attached keeps the instance awake until the pool has closed its idle ones.
 */

import { reasonOf } from '../../errors.ts'
import { warnOnce } from '../../warnings.ts'
import { loadPeer } from '../drivers.ts'

/** What a host does with a pool that was opened: `attachDatabasePool` of `@vercel/functions`. */
export type Attach = (pool: AttachedPool) => void

/** The part of `pg`'s pool that it looks at. */
export interface AttachedPool {
  readonly options: { readonly idleTimeoutMillis?: number | null }
  on(event: 'release', listener: (...args: never[]) => void): unknown
}

export interface Attaching {
  readonly attach: Attach
  /** Milliseconds after which an idle connection is closed; an instance is kept awake, and paid for, for as long. */
  readonly idleMs: number
}

/** Undefined, with a warning, where the package is not installed: the app works, and holds on to connections. */
export async function attachingToVercel(): Promise<Attaching | undefined> {
  try {
    const { attachDatabasePool } = await loadPeer(
      '@vercel/functions',
      'a pool of connections on Vercel',
      () => import('@vercel/functions/db-connections'),
    )
    return { attach: attachDatabasePool, idleMs: 5000 }
  } catch (error) {
    warnOnce([`idle connections outlive a suspended instance: ${reasonOf(error)}`])
    return undefined
  }
}
