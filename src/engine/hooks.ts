/** What an application may listen to. A hook that throws is a bug of the application's, and is let through. */

export interface QueryEvent {
  /** The statement's text, with places for its values; never the values. */
  readonly sql: string
  readonly durationMs: number
  readonly rows: number
}

export interface EngineHooks {
  /** Every statement that reached the database. */
  readonly query?: (event: QueryEvent) => void
  /** A call is tried again: a lock was held, a server was away, a transaction lost a race. */
  readonly retry?: (error: unknown) => void
  /** Statements that took longer than `slowMs`. */
  readonly slow?: (event: QueryEvent) => void
  /** 200 unless told. */
  readonly slowMs?: number
}

/** Tells of one statement that has answered. */
export type Reporter = (sql: string, startedAt: number, rows: number) => void

/** Undefined when nobody listens, so that nothing is measured. */
export function createReporter(hooks: EngineHooks | undefined): Reporter | undefined {
  const { query, slow, slowMs = 200 } = hooks ?? {}
  if (query === undefined && slow === undefined) return undefined
  return (sql, startedAt, rows) => {
    const event = { sql, durationMs: performance.now() - startedAt, rows }
    query?.(event)
    if (event.durationMs > slowMs) slow?.(event)
  }
}
