/** What the crash campaign tells its writers, and how both open the database. */

import { resolve } from '../../src/config.ts'
import type { RootEngine } from '../../src/engine/engine.ts'
import type { EngineHooks } from '../../src/engine/hooks.ts'
import { neonEngine, pgliteEngine, postgresEngine, sqliteEngine } from '../../src/engines.ts'

export type Target =
  | { readonly tier: 'sqlite' | 'pglite'; readonly path: string }
  | { readonly tier: 'postgres'; readonly url: string }
  | { readonly tier: 'neon'; readonly url: string; readonly proxy: string }

/**
 * Where a writer stops, the next time it comes there: `appended` and `installed` when the write is in the database
 * and nobody was told, `installing` when a snapshot was made of a log that others go on writing to, `deleting` within
 * the write that installs it (on SQLite within its transaction), and `removing` before older snapshots are removed.
 */
export const STOPS = ['appended', 'installing', 'deleting', 'installed', 'removing'] as const
export type Stop = (typeof STOPS)[number]

export interface WriterOrders {
  readonly target: Target
  /** Begins every marker of this writer. */
  readonly name: string
  readonly noteIds: readonly string[]
  readonly seed: number
  readonly stop: Stop | null
}

/** What a writer says: a marker that was acknowledged, `done` in its second form; or where it has stopped. */
export type Said = { readonly m: string; readonly done: boolean } | { readonly stopped: Stop }

/** For Node: what V8 would do about a program as large as PGlite pays later than a short process gets. */
export const flagsFor = ({ tier }: Target): string[] =>
  tier === 'pglite' ? ['--liftoff-only', '--wasm-lazy-compilation'] : []

export async function openTarget(target: Target, hooks?: EngineHooks): Promise<RootEngine> {
  switch (target.tier) {
    case 'sqlite':
      return sqliteEngine({ hooks, path: target.path })
    case 'pglite':
      return pgliteEngine({ hooks, path: target.path })
    case 'postgres':
      // Every connection costs the server a process.
      return postgresEngine({
        ...{ hooks, url: target.url, sslMode: 'disable', poolSize: { min: 0, max: 3 } },
        pooled: resolve({ url: target.url }, {}).pooled,
      })
    case 'neon': {
      const { useNeonProxy } = await import('../support/neon-proxy.ts')
      useNeonProxy(target.proxy)
      return neonEngine({ hooks, url: target.url, poolSize: { min: 0, max: 3 } })
    }
  }
}
