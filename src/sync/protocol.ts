/**
 * The messages, as y-protocols and `y-websocket` have them, and what Hocuspocus adds: a name before each of
 * them, a token, acknowledgements.
 */

import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'

export const MESSAGE = {
  sync: 0,
  awareness: 1,
  auth: 2,
  queryAwareness: 3,
  stateless: 5,
  close: 7,
  syncStatus: 8,
  ping: 9,
  pong: 10,
} as const

export const SYNC = { step1: 0, step2: 1, update: 2 } as const

/** Of Hocuspocus; y-protocols has a denial alone, under the number 0. */
export const AUTH = { token: 0, denied: 1, authenticated: 2 } as const

type Encoder = encoding.Encoder

function message(type: number, write: (encoder: Encoder) => void): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, type)
    write(encoder)
  })
}

function syncMessage(step: number, bytes: Uint8Array): Uint8Array {
  return message(MESSAGE.sync, (encoder) => {
    encoding.writeVarUint(encoder, step)
    encoding.writeVarUint8Array(encoder, bytes)
  })
}

/** What the document has; whoever gets it answers with the rest. */
export function syncStep1(doc: Y.Doc): Uint8Array {
  return syncMessage(SYNC.step1, Y.encodeStateVector(doc))
}

/** What the other one lacks. */
export function syncStep2(doc: Y.Doc, stateVector: Uint8Array): Uint8Array {
  return syncMessage(SYNC.step2, Y.encodeStateAsUpdate(doc, stateVector))
}

export function syncUpdate(update: Uint8Array): Uint8Array {
  return syncMessage(SYNC.update, update)
}

export function awarenessMessage(update: Uint8Array): Uint8Array {
  return message(MESSAGE.awareness, (encoder) => encoding.writeVarUint8Array(encoder, update))
}

/** Of y-protocols. */
export function denied(reason: string): Uint8Array {
  return message(MESSAGE.auth, (encoder) => {
    encoding.writeVarUint(encoder, 0)
    encoding.writeVarString(encoder, reason)
  })
}

/** Of Hocuspocus: what came of a token. */
export function authAnswer(kind: 'denied' | 'authenticated', text: string): Uint8Array {
  return message(MESSAGE.auth, (encoder) => {
    encoding.writeVarUint(encoder, AUTH[kind])
    encoding.writeVarString(encoder, text)
  })
}

/** Of Hocuspocus: whether an update is durable. */
export function syncStatus(isSaved: boolean): Uint8Array {
  return message(MESSAGE.syncStatus, (encoder) => encoding.writeVarInt(encoder, isSaved ? 1 : 0))
}

/** Of Hocuspocus: this note is over, the connection is not. */
export function closeMessage(reason: string): Uint8Array {
  return message(MESSAGE.close, (encoder) => encoding.writeVarString(encoder, reason))
}

// ---------------------------------------------------------------- awareness

/** One client's presence. */
export interface Presence {
  readonly client: number
  readonly clock: number
  /** JSON; `null` says that it is gone. */
  readonly state: string
}

export const GONE = 'null'

/** Throws for what is none. */
export function readAwareness(update: Uint8Array): Presence[] {
  const decoder = decoding.createDecoder(update)
  const presences: Presence[] = []
  for (let left = decoding.readVarUint(decoder); left > 0; left--) {
    const client = decoding.readVarUint(decoder)
    const clock = decoding.readVarUint(decoder)
    const state = decoding.readVarString(decoder)
    const value: unknown = JSON.parse(state)
    if (typeof value !== 'object') throw new Error('a presence is an object')
    presences.push({ client, clock, state })
  }
  return presences
}

export function writeAwareness(presences: readonly Presence[]): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, presences.length)
    for (const { client, clock, state } of presences) {
      encoding.writeVarUint(encoder, client)
      encoding.writeVarUint(encoder, clock)
      encoding.writeVarString(encoder, state)
    }
  })
}

/** Says nothing, and keeps a connection from looking dead. */
export const NOBODY = writeAwareness([])
