/** Who may do what: the application decides, for each connection and each note. */

import type { SyncNotes } from './notes.ts'
import { Refusal } from './refusals.ts'

export interface AccessRequest {
  readonly noteId: string
  /** The request, or the one that the WebSocket began with: for its headers and its URL. */
  readonly request: Request
  /** What Hocuspocus's provider sends as its token. */
  readonly token: string | undefined
  /** It was let in before, and is looked at again. */
  readonly isRecheck: boolean
}

export interface Access {
  /** The store to use for this connection, such as one confined to a workspace; the server's own unless given. */
  readonly notes?: SyncNotes | undefined
  /** True unless said otherwise. */
  readonly read?: boolean | undefined
  /** False unless said otherwise. A function is asked for each update. */
  readonly write?: boolean | ((update: Uint8Array) => boolean | Promise<boolean>) | undefined
  /** Who writes; kept with each update. */
  readonly actor?: string | null | undefined
}

/** Answers null to whoever has no business here. What it throws is an internal error. */
export type Authorize = (request: AccessRequest) => Access | null | Promise<Access | null>

export interface Granted {
  readonly notes: SyncNotes
  readonly actor: string | null
  /** Whether anything may be written at all. */
  readonly isWriter: boolean
  mayWrite(update: Uint8Array): boolean | Promise<boolean>
}

export type Grant = (request: AccessRequest) => Promise<Granted>

/** Throws a `Refusal` when it is not granted. */
export function createGrant(authorize: Authorize, notes: SyncNotes | undefined): Grant {
  return async (request) => {
    const access = await authorize(request)
    const store = access?.notes ?? notes
    if (access === null || access.read === false || store === undefined) throw new Refusal('forbidden')
    const { write = false, actor = null } = access
    return {
      notes: store,
      actor,
      isWriter: write !== false,
      mayWrite: typeof write === 'function' ? write : () => write,
    }
  }
}

export type Origins = readonly string[] | '*' | ((origin: string, request: Request) => boolean)

/** Throws a `Refusal`. Who sends no origin is no browser, and is let in. */
export function checkOrigin(request: Request, origins: Origins | undefined): void {
  const origin = request.headers.get('origin')
  if (origin === null || origins === '*') return
  if (typeof origins === 'function') {
    if (origins(origin, request)) return
  } else if (origins !== undefined) {
    if (origins.includes(origin)) return
  } else if (URL.parse(origin)?.host === (request.headers.get('host') ?? new URL(request.url).host)) {
    return
  }
  throw new Refusal('origin')
}
