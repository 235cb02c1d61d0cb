/** Every way in which the handler says no, and what it says of errors. */

import { type ErrorCode, TerraceError } from '../errors.ts'

/** What HTTP adds to the errors of stores. */
const REFUSALS = {
  MALFORMED: { status: 400, message: 'the request cannot be read' },
  UNAUTHENTICATED: { status: 401, message: 'say who you are' },
  FORBIDDEN: { status: 403, message: 'this is not for you' },
  ORIGIN: { status: 403, message: 'pages of this origin may not ask; name it in `origins` if they should' },
  HOST: { status: 403, message: 'this host is not known; name it in `origins` if it should be' },
  NO_ROUTE: { status: 404, message: 'there is nothing here' },
  METHOD: { status: 405, message: 'this method is not for this place' },
  TOO_LARGE: { status: 413, message: 'the body is too big' },
  MEDIA_TYPE: { status: 415, message: 'a body is application/json in UTF-8, not compressed' },
  TOO_MANY: { status: 429, message: 'too many at once; try again in a moment' },
  INTERNAL: { status: 500, message: 'something went wrong here; the server’s log says what' },
  TIMEOUT: { status: 503, message: 'it took too long; whether it was done is not known' },
} as const satisfies Record<string, { status: number; message: string }>

export type RefusalCode = keyof typeof REFUSALS

/** Of the typed errors. What is absent is a mistake on this side, and is not told. */
const STATUSES: Readonly<Partial<Record<ErrorCode, number>>> = {
  VALIDATION: 400,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  VERSION_CONFLICT: 409,
  INVALID_TRANSITION: 409,
  LEASE_CONFLICT: 409,
  STALE_FENCE: 409,
  // Well formed, and of what may well come to be: the row that it names is not there.
  REFERENCE: 422,
  UNAVAILABLE: 503,
  CLOSED: 503,
}

/** They speak of this server's own configuration. */
const OWN: readonly ErrorCode[] = ['CONFIG', 'MIGRATION']

/** Seconds after which it is worth trying again. */
const RETRY_AFTER = '1'

export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal'
  readonly code: RefusalCode
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  constructor(
    code: RefusalCode,
    message: string = REFUSALS[code].message,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.code = code
    this.status = REFUSALS[code].status
    this.headers = headers
  }
}

/** `onError` is told of what the answer keeps to itself. */
export function answerOf(error: unknown, onError: (error: unknown) => void): Response {
  if (error instanceof HttpRefusal) {
    const { code, message, status, headers } = error
    return refusal(status, { code, message }, headers)
  }
  if (isTyped(error)) {
    const status = STATUSES[error.code]
    if (status !== undefined) return refusal(status, { code: error.code, ...error.toJSON() })
    if (OWN.includes(error.code)) {
      onError(error)
      return refusal(503, {
        code: error.code,
        message: 'this server is not set up for that; its log says why',
      })
    }
  }
  onError(error)
  const { status, message } = REFUSALS.INTERNAL
  return refusal(status, { code: 'INTERNAL', message })
}

function refusal(status: number, error: object, headers: Readonly<Record<string, string>> = {}): Response {
  const isTemporary = status === 503 || status === 429
  return Response.json(
    { error },
    { status, headers: { ...(isTemporary && { 'retry-after': RETRY_AFTER }), ...headers } },
  )
}

/** Of this module's class, or of another bundle's: by what they have in common. */
export function isTyped(error: unknown): error is TerraceError {
  if (error instanceof TerraceError) return true
  const { code, toJSON } = Object(error) as { readonly code?: unknown; readonly toJSON?: unknown }
  return error instanceof Error && typeof toJSON === 'function' && typeof code === 'string' && isCode(code)
}

function isCode(code: string): boolean {
  return Object.hasOwn(STATUSES, code) || OWN.some((own) => own === code)
}
