/** Rows by primary key. A fork keeps its changes beside the map that it was forked from. */

import type { Cell, Stored } from './cells.ts'

export interface Keyed {
  get(key: Cell): Stored | undefined
  set(key: Cell, row: Stored): void
  delete(key: Cell): void
  fork(): Keyed
  /** Takes over a fork's changes. */
  adopt(fork: Keyed): void
}

export function createKeyed(): Keyed {
  const rows = new Map<Cell, Stored>()
  return {
    get: (key) => rows.get(key),
    set: (key, row) => void rows.set(key, row),
    delete: (key) => void rows.delete(key),
    fork() {
      return forkOf(this)
    },
    adopt(fork) {
      for (const [key, row] of (fork as Fork).changes) {
        if (row === undefined) rows.delete(key)
        else rows.set(key, row)
      }
    },
  }
}

interface Fork extends Keyed {
  /** What was set, or undefined for what was deleted. */
  readonly changes: ReadonlyMap<Cell, Stored | undefined>
}

function forkOf(base: Keyed): Fork {
  const changes = new Map<Cell, Stored | undefined>()
  return {
    changes,
    get(key) {
      const row = changes.get(key)
      return row === undefined && !changes.has(key) ? base.get(key) : row
    },
    set: (key, row) => void changes.set(key, row),
    delete: (key) => void changes.set(key, undefined),
    fork() {
      return forkOf(this)
    },
    adopt(fork) {
      for (const [key, row] of (fork as Fork).changes) changes.set(key, row)
    },
  }
}
