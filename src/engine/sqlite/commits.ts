/**
 * Notices what others commit to the file: SQLite counts it, and the count is read in microseconds. It is looked at
 * every few milliseconds while there is something to see, and less often when there has not been for a while.
 */

import type { Database } from './driver.ts'

export interface Commits {
  listen(handler: () => void): () => Promise<void>
  close(): void
}

const BUSY_MS = 5
const QUIET_MS = 25
/** Milliseconds without anything new after which it is quiet. */
const PATIENCE = 2000

export function createCommits(database: Database): Commits {
  const handlers = new Set<() => void>()
  let timer: NodeJS.Timeout | undefined
  let version: unknown
  let changedAt = 0

  function read(): unknown {
    return database.pragma('data_version', { simple: true })
  }

  function look(): void {
    try {
      const now = read()
      if (now !== version) {
        version = now
        changedAt = performance.now()
        for (const handler of handlers) handler()
      }
    } catch {
      // The file is busy or gone; whoever uses it will hear of that.
    }
    schedule()
  }

  function schedule(): void {
    if (handlers.size === 0) return
    timer = setTimeout(look, performance.now() - changedAt < PATIENCE ? BUSY_MS : QUIET_MS)
    timer.unref()
  }

  return {
    listen(handler) {
      const mine = () => handler()
      handlers.add(mine)
      if (handlers.size === 1) {
        version = read()
        changedAt = performance.now()
        schedule()
      }
      return async () => {
        handlers.delete(mine)
        if (handlers.size === 0) clearTimeout(timer)
      }
    },
    close() {
      handlers.clear()
      clearTimeout(timer)
    },
  }
}
