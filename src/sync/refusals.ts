/** Every way in which the server says no: one table for HTTP's statuses and for WebSocket's close codes. */

/**
 * Codes of 4400 to 4499 tell clients that trying again is no use, and `y-websocket` then doesn't; after all others
 * they come back.
 */
const REFUSALS = {
  malformed: { status: 400, close: 4400, reason: 'malformed message' },
  forbidden: { status: 403, close: 4403, reason: 'not authorized' },
  origin: { status: 403, close: 4403, reason: 'origin not allowed' },
  unknown: { status: 404, close: 4404, reason: 'there is no such note' },
  method: { status: 405, close: 4405, reason: 'method not allowed' },
  deleted: { status: 410, close: 4410, reason: 'the note was deleted' },
  tooLarge: { status: 413, close: 1009, reason: 'message too big' },
  tooMany: { status: 429, close: 1008, reason: 'too many messages' },
  slow: { status: 408, close: 1013, reason: 'too slow a reader' },
  internal: { status: 500, close: 1011, reason: 'internal error' },
  unsupported: { status: 501, close: 1011, reason: 'not supported by this store' },
  unavailable: { status: 503, close: 1013, reason: 'try again later' },
  closing: { status: 503, close: 1001, reason: 'going away' },
} as const satisfies Record<string, { status: number; close: number; reason: string }>

export type RefusalKind = keyof typeof REFUSALS

/** Terrace's own errors, by their code. */
const KINDS: Readonly<Record<string, RefusalKind>> = {
  VALIDATION: 'malformed',
  NOT_FOUND: 'unknown',
  UNAVAILABLE: 'unavailable',
  CLOSED: 'closing',
}

export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly kind: RefusalKind
  readonly status: number
  readonly close: number
  constructor(kind: RefusalKind, message: string = REFUSALS[kind].reason, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
    this.status = REFUSALS[kind].status
    this.close = REFUSALS[kind].close
  }
}

/** What a client may hear of an error: nothing that is not meant for it. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown }
  const kind = typeof code === 'string' ? KINDS[code] : undefined
  if (kind === undefined) return new Refusal('internal', undefined, { cause: error })
  return new Refusal(kind, kind === 'malformed' ? String(message) : undefined, { cause: error })
}

/** Runs what reads a stranger's bytes. */
export function reading<R>(read: () => R): R {
  try {
    return read()
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw new Refusal('malformed', undefined, { cause: error })
  }
}
