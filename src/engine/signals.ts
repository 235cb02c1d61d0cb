/** Notifications within a process, for the databases that have none of their own. */

export interface Signals {
  /** Delivered later, never within the caller's turn. */
  notify(channel: string, payload: string): void
  listen(channel: string, handler: (payload: string) => void): () => Promise<void>
  clear(): void
}

export function createSignals(): Signals {
  const handlers = new Map<string, Set<(payload: string) => void>>()
  return {
    notify(channel, payload) {
      for (const handler of handlers.get(channel) ?? []) queueMicrotask(() => handler(payload))
    },
    listen(channel, handler) {
      const mine = (payload: string) => handler(payload)
      const set = handlers.get(channel) ?? new Set()
      handlers.set(channel, set.add(mine))
      return async () => {
        set.delete(mine)
      }
    },
    clear: () => handlers.clear(),
  }
}
