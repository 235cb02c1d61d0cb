/**
 * One note as it is open at this server: its live document, who is at it, and the members that hear of both. It
 * begins with the first member and ends with the last.
 */

import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from 'y-protocols/awareness'
import * as Y from 'yjs'
import type { SyncLimits } from './limits.ts'
import type { SyncNotes } from './notes.ts'
import { createPlaces } from './places.ts'
import { awarenessMessage, GONE, NOBODY, readAwareness, syncUpdate, writeAwareness } from './protocol.ts'
import { Refusal, reading, refusalOf } from './refusals.ts'

/** A note over one connection. */
export interface Member {
  send(message: Uint8Array): void
  /** The room is closed. */
  ended(refusal: Refusal): void
}

export interface Room {
  readonly doc: Y.Doc
  join(member: Member): void
  leave(member: Member): void
  /** Everybody who is here, as an awareness message; undefined if nobody is. */
  everybody(): Uint8Array | undefined
  /** Takes in what a member says of itself. */
  receive(member: Member, update: Uint8Array): void
  /** Says again who is here, before what was told elsewhere expires; and something to members, at least. */
  refresh(): void
  /** Resolves when other servers were told that nobody is here any more. */
  settled(): Promise<void>
}

/** Milliseconds for which others believe who is here without hearing again. */
export const PRESENCE_TTL = 30_000
/** Milliseconds for which changes of presence are gathered: each is a small write. */
const GATHER = 50
/** Milliseconds between updates that members are sent: where many write, what comes meanwhile goes together. */
const BETWEEN = 30
/** Updates merged at a time: merging takes more than linear time. */
const MERGED = 32
/** Marks what other servers have told. */
const ELSEWHERE = Symbol('terrace.elsewhere')

export interface RoomOptions {
  readonly noteId: string
  readonly doc: Y.Doc
  /** Of the first member; all that have this document agree on what it is. */
  readonly notes: SyncNotes
  /** This server's name among those that tell presence. */
  readonly place: string
  readonly limits: SyncLimits
  readonly onError: (error: unknown) => void
  readonly onEmpty: () => void
}

export function createRoom({ noteId, doc, notes, place, limits, onError, onEmpty }: RoomOptions): Room {
  const members = new Set<Member>()
  /** Whose presence comes from whom. */
  const owners = new Map<number, Member>()
  // With a document of its own, for it never stops listening to the one that it is given.
  const awareness = new Awareness(new Y.Doc())
  // The server itself is not at the note.
  awareness.setLocalState(null)
  const places = createPlaces({
    place: (other) => other === place,
    client: (client) => owners.has(client),
  })
  let gathering: NodeJS.Timeout | undefined
  let telling = Promise.resolve()
  let hasTold = false
  let following: Promise<() => void> | undefined
  let isOver = false

  let updates: Uint8Array[] = []
  let sentAt = Number.NEGATIVE_INFINITY
  let sending: { stop(): void } | undefined

  function onUpdate(update: Uint8Array): void {
    updates.push(update)
    sending ??= soon(sentAt + BETWEEN - performance.now(), send)
  }

  function send(): void {
    sending?.stop()
    sending = undefined
    for (let i = 0; i < updates.length; i += MERGED) {
      const part = updates.slice(i, i + MERGED)
      broadcast(syncUpdate(part.length === 1 ? part[0]! : Y.mergeUpdates(part)))
    }
    updates = []
    sentAt = performance.now()
  }

  const onDestroy = () => void end()
  doc.on('update', onUpdate)
  doc.on('destroy', onDestroy)

  awareness.on('update', ({ added, updated, removed }: Changed, origin: unknown) => {
    if (members.has(origin as Member)) {
      // The cast: only members are in the set.
      for (const client of [...added, ...updated]) owners.set(client, origin as Member)
    }
    const isOurs = [...added, ...updated, ...removed].some((client) => owners.has(client))
    for (const client of removed) owners.delete(client)
    broadcast(awarenessMessage(encodeAwarenessUpdate(awareness, [...added, ...updated, ...removed])))
    if (isOurs && origin !== ELSEWHERE) gather()
  })

  function broadcast(message: Uint8Array): void {
    for (const member of members) member.send(message)
  }

  /** The document is gone, and with it the note, the store, or just this reading of it. */
  async function end(): Promise<void> {
    send()
    const refusal = await notes.cursor(noteId).then(
      () => new Refusal('closing'),
      (error: unknown) => {
        const { kind } = refusalOf(error)
        return new Refusal(kind === 'unknown' ? 'deleted' : 'closing')
      },
    )
    for (const member of [...members]) member.ended(refusal)
  }

  // ---------------------------------------------------------------- other servers

  function gather(): void {
    if (notes.presence === undefined) return
    gathering ??= setTimeout(tell, GATHER).unref()
  }

  function tell(): void {
    clearTimeout(gathering)
    gathering = undefined
    telling = telling
      .then(async () => {
        const clients = [...owners.keys()]
        if (clients.length === 0 && !hasTold) return
        hasTold = clients.length > 0
        const data = hasTold ? encodeAwarenessUpdate(awareness, clients) : null
        await notes.presence?.tell(noteId, place, data, PRESENCE_TTL)
      })
      // It is told again before long; a note that was deleted has nobody at it.
      .catch((error: unknown) => {
        if (refusalOf(error).kind === 'internal') onError(error)
      })
  }

  function follow(): void {
    following ??= notes.presence?.follow(noteId, (told) => {
      if (isOver) return
      const update = places.take(told)
      if (update !== undefined) applyAwarenessUpdate(awareness, update, ELSEWHERE)
    })
    following?.catch(() => {
      // The next refresh tries again.
      following = undefined
    })
  }

  return {
    doc,

    join(member) {
      members.add(member)
      follow()
    },

    leave(member) {
      if (!members.delete(member)) return
      const left = [...owners].filter(([, owner]) => owner === member).map(([client]) => client)
      removeAwarenessStates(awareness, left, member)
      if (members.size > 0) return
      isOver = true
      sending?.stop()
      doc.off('update', onUpdate)
      doc.off('destroy', onDestroy)
      tell()
      awareness.doc.destroy()
      following?.then((stop) => stop()).catch(() => {})
      onEmpty()
    },

    everybody() {
      const clients = [...awareness.getStates().keys()]
      return clients.length === 0 ? undefined : awarenessMessage(encodeAwarenessUpdate(awareness, clients))
    },

    receive(member, update) {
      if (update.length > limits.awarenessBytes) throw new Refusal('tooLarge')
      const presences = reading(() => readAwareness(update))
      // Clients repeat what they hear of others, which says nothing new. Who comes by another connection does.
      const own = presences.filter(({ client, clock }) => {
        const owner = owners.get(client) ?? member
        return owner === member || clock > (awareness.meta.get(client)?.clock ?? 0)
      })
      const held = [...owners.values()].filter((owner) => owner === member).length
      const more = own.filter(({ client }) => !owners.has(client) && !awareness.states.has(client)).length
      if (held + more > limits.presences) throw new Refusal('tooMany')
      const comers = own.filter(({ client, state }) => !awareness.states.has(client) && state !== GONE)
      applyAwarenessUpdate(awareness, writeAwareness(own), member)
      // Who comes back does so by the clock with which he was seen to leave, and nobody would hear him before
      // his next sign of life: told that he is gone, a client moves its clock and says otherwise.
      if (comers.length === 0) return
      const gone = comers.map(({ client, clock }) => ({
        client,
        clock: Math.max(clock, awareness.meta.get(client)?.clock ?? 0),
        state: GONE,
      }))
      member.send(awarenessMessage(writeAwareness(gone)))
    },

    refresh() {
      broadcast(awarenessMessage(NOBODY))
      follow()
      if (owners.size > 0) gather()
    },

    async settled() {
      if (gathering !== undefined) tell()
      await telling
    },
  }
}

/** After so many milliseconds; at the end of this turn if there are none to wait. */
function soon(milliseconds: number, work: () => void): { stop(): void } {
  if (milliseconds <= 0) {
    const immediate = setImmediate(work)
    return { stop: () => clearImmediate(immediate) }
  }
  const timer = setTimeout(work, milliseconds)
  return { stop: () => clearTimeout(timer) }
}

/** What y-protocols tells of. */
interface Changed {
  readonly added: readonly number[]
  readonly updated: readonly number[]
  readonly removed: readonly number[]
}
