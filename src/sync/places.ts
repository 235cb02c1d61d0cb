/** What other places tell of who is at a note, as awareness updates: who is not told of any more is gone. */

import { GONE, type Presence, readAwareness, writeAwareness } from './protocol.ts'

export interface Places {
  /** What changed since the last time, as an awareness update; undefined if nothing did. */
  take(told: ReadonlyMap<string, Uint8Array>): Uint8Array | undefined
}

/** `isOwn` tells places and clients that are known better here. */
export function createPlaces(isOwn: {
  place(place: string): boolean
  client(client: number): boolean
}): Places {
  let before = new Map<number, Presence>()

  return {
    take(told) {
      const now = new Map<number, Presence>()
      for (const [place, data] of told) {
        if (isOwn.place(place)) continue
        for (const presence of presencesOf(data)) {
          // Whoever went from one place to another is told of by both for a moment.
          const other = now.get(presence.client)
          if (other === undefined || other.clock < presence.clock) now.set(presence.client, presence)
        }
      }
      const changed: Presence[] = []
      for (const presence of now.values()) {
        const known = before.get(presence.client)
        if (known?.clock !== presence.clock || known.state !== presence.state) changed.push(presence)
      }
      for (const { client, clock } of before.values()) {
        if (!now.has(client)) changed.push({ client, clock, state: GONE })
      }
      before = now
      const foreign = changed.filter(({ client }) => !isOwn.client(client))
      return foreign.length === 0 ? undefined : writeAwareness(foreign)
    },
  }
}

function presencesOf(data: Uint8Array): Presence[] {
  try {
    return readAwareness(data)
  } catch {
    // Somebody else's row, which is of no use to anybody.
    return []
  }
}
