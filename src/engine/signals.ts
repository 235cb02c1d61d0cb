/** Notifications within a process, for the databases that have none of their own; and what all of them take. */

import { ValidationError } from '../errors.ts'
import { isStorableText } from '../schema/dsl/values.ts'

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

/** What Postgres carries, and so every tier. */
const LONGEST_PAYLOAD = 7999

/** Throws `ValidationError`. */
export function checkChannel(channel: unknown): void {
  if (!isStorableText(channel) || channel === '')
    throw new ValidationError('a channel is text, and not empty')
}

/** Throws `ValidationError`. */
export function checkNotice(channel: unknown, payload: unknown): void {
  checkChannel(channel)
  if (!isStorableText(payload) || Buffer.byteLength(payload) > LONGEST_PAYLOAD) {
    throw new ValidationError(
      `a notification is text of at most ${LONGEST_PAYLOAD} bytes; send an id instead`,
    )
  }
}
