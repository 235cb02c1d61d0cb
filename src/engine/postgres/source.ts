/** What the Postgres engine needs of a driver. `pg.ts`, `neon.ts` and `pglite.ts` each provide it. */

import type { Dialect } from '../sql/dialect.ts'

/** Rows by column name, decoded by the parsers of `values.ts`. */
export type Rows = Record<string, unknown>[]

export interface SqlText {
  readonly text: string
  /** A prepared statement of the connection's, where the connection lasts. */
  readonly name: string | undefined
}

export interface Client {
  query(statement: SqlText, values: readonly unknown[]): Promise<Rows>
  /** Back to the pool; a `broken` one is thrown away. */
  release(broken: boolean): void
}

export interface Source {
  /** What a person is shown: host and database, never a password. */
  readonly target: string
  /** One statement, on any connection. `patience`: milliseconds that a server which is away is waited for. */
  query(statement: SqlText, values: readonly unknown[], patience?: number): Promise<Rows>
  /** A connection of one's own. */
  connect(): Promise<Client>
  /** A connection that does not go through a pooler, if there is a way. */
  connectDirect(): Promise<Client>
  /** Hears this process alone where notifications do not work: behind a transaction-mode pooler. */
  listen(channel: string, handler: (payload: string) => void): Promise<() => Promise<void>>
  /** Is told what this process has notified, where no connection would hear of it. */
  notified?(channel: string, payload: string): void
  /** The driver's own object, for `unwrap`. */
  readonly driver: unknown
  /** What this driver wants to be said otherwise. */
  readonly dialect?: Dialect
  /** The drizzle database over it. */
  drizzle(): Promise<unknown>
  close(): Promise<void>
}
