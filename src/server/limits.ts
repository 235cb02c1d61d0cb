/** Bounds of the handler. What a store bounds by itself, such as the length of a text, is beneath these. */

export interface HandlerLimits {
  /** Bytes of a request's body. Notes have a bound of their own, in the sync server. */
  readonly bodyBytes: number
  /** Rows that a list may be asked for at once. */
  readonly listRows: number
  /** Streams of events at the same time. */
  readonly streams: number
  /** Requests under way at the same time, streams aside. */
  readonly requests: number
  /** Milliseconds that a request may take. */
  readonly timeoutMs: number
  /** Milliseconds between signs of life in a stream, with each of which `authorize` is asked again. */
  readonly heartbeatMs: number
  /** Milliseconds between looks for what has changed in a workspace, while somebody follows its events. */
  readonly pollMs: number
}

export const DEFAULT_LIMITS: HandlerLimits = {
  bodyBytes: 1_100_000,
  listRows: 1000,
  streams: 1000,
  requests: 1000,
  timeoutMs: 30_000,
  heartbeatMs: 15_000,
  pollMs: 1000,
}
