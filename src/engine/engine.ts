/**
 * What every tier is made of: a few verbs over typed rows, each one atomic. Stores are written against this
 * and nothing else; an engine knows tables, rows and conditions, and no domain.
 */

import type { ColumnKey, Direction, Insert, Row, Table } from '../schema/dsl/table.ts'
import type { SetFor, Where } from './query.ts'

export interface CallOptions {
  /** Ends the call early: nothing more is sent, waited for or retried. What was sent may still happen. */
  readonly signal?: AbortSignal | undefined
}

/** Later columns break ties; the primary key, in the last direction, always breaks the rest. */
export type OrderBy<T extends Table> = readonly (readonly [ColumnKey<T>, Direction])[]

export interface FindQuery<T extends Table> {
  readonly where?: Where<T> | undefined
  readonly orderBy?: OrderBy<T> | undefined
  readonly limit?: number | undefined
  /** Values of the `orderBy` columns and then the primary key: rows strictly after these. */
  readonly after?: readonly unknown[] | undefined
}

export interface OnConflict<T extends Table> {
  /** The columns of the unique index or primary key that arbitrates. */
  readonly columns: readonly ColumnKey<T>[]
  /** What the row that is in the way becomes; without it, the new row is dropped and not returned. */
  readonly set?: SetFor<T> | undefined
  /** Only such a row is updated; another is left alone and not returned. */
  readonly where?: Where<T> | undefined
}

export interface UpdateQuery<T extends Table> {
  readonly where: Where<T>
  readonly set: SetFor<T>
  /** With a limit: an atomic claim of the first rows in this order. */
  readonly orderBy?: OrderBy<T> | undefined
  readonly limit?: number | undefined
  /** Rows that another statement is changing are passed over rather than waited for. */
  readonly skipLocked?: boolean | undefined
}

export interface AggregateQuery<T extends Table> {
  readonly where?: Where<T> | undefined
  readonly groupBy?: readonly ColumnKey<T>[] | undefined
  readonly sum?: readonly ColumnKey<T>[] | undefined
  readonly max?: readonly ColumnKey<T>[] | undefined
}

/** `group` has the groupBy columns; sums of no rows are 0, a maximum of none is null. */
export interface Aggregate {
  readonly group: Readonly<Record<string, unknown>>
  readonly count: number
  readonly sum: Readonly<Record<string, number>>
  readonly max: Readonly<Record<string, unknown>>
}

/** The row that guards a `write`: an update of at most one row, by its whole primary key, or one insert. */
export type Head =
  | { readonly update: Table; readonly where: Where<Table>; readonly set: SetFor<Table> }
  | { readonly insert: Table; readonly row: object; readonly onConflict?: OnConflict<Table> }

/**
 * What a `write` does once its head holds. Values and conditions may use `ref(column)` of the head's new row.
 * No two steps may name one table. One on the head's own table removes nothing, and leaves the head's row alone.
 */
export type Step =
  | { readonly insert: Table; readonly rows: readonly object[] }
  | { readonly update: Table; readonly where: Where<Table>; readonly set: SetFor<Table> }
  | { readonly remove: Table; readonly where: Where<Table> }

export interface Write {
  readonly head: Head
  readonly steps: readonly Step[]
}

export interface TransactionOptions extends CallOptions {
  /** Milliseconds after which a transaction whose callback hangs is rolled back; 30,000 unless told. */
  readonly timeout?: number | undefined
}

export interface Engine {
  /** The injected clock; whole milliseconds, never stepping back. */
  now(): Date
  /** A new id, in the order of creation within a process. */
  newId(): string
  /** At most `limit` rows that match, in a total order. */
  find<T extends Table>(table: T, query?: FindQuery<T>, options?: CallOptions): Promise<Row<T>[]>
  /**
   * The row with this primary key (of one column), or null. What `find` would answer, but concurrent calls
   * may share one statement.
   */
  get<T extends Table>(table: T, id: string, options?: CallOptions): Promise<Row<T> | null>
  /** All rows or none; the rows as stored, in the order given, less those that a conflict dropped. */
  insert<T extends Table>(
    table: T,
    rows: readonly Insert<T>[],
    options?: CallOptions & { readonly onConflict?: OnConflict<T> },
  ): Promise<Row<T>[]>
  /** The rows changed, as they are now; with `orderBy`, in that order. A row stays in its workspace. */
  update<T extends Table>(table: T, query: UpdateQuery<T>, options?: CallOptions): Promise<Row<T>[]>
  /** The rows removed. */
  remove<T extends Table>(
    table: T,
    query: { readonly where: Where<T> },
    options?: CallOptions,
  ): Promise<Row<T>[]>
  /** Head and steps at once. Null, and nothing written, when the head's guard matches no row. */
  write<T extends Table>(
    write: {
      readonly head:
        | { readonly update: T; readonly where: Where<T>; readonly set: SetFor<T> }
        | { readonly insert: T; readonly row: Insert<T>; readonly onConflict?: OnConflict<T> }
      readonly steps: readonly Step[]
    },
    options?: CallOptions,
  ): Promise<Row<T> | null>
  aggregate<T extends Table>(table: T, query?: AggregateQuery<T>, options?: CallOptions): Promise<Aggregate[]>
  /**
   * Runs `work` with an engine of its own: all or nothing, serializable among transactions. It may run more
   * than once, so it should do nothing but use that engine. Any error inside dooms it.
   */
  transaction<R>(work: (tx: Engine) => Promise<R>, options?: TransactionOptions): Promise<R>
  /** A hint to listeners, sent on commit. It may never arrive: whoever listens also polls. */
  notify(channel: string, payload: string, options?: CallOptions): Promise<void>
  /** Resolves once listening; call the answer to stop. */
  listen(channel: string, handler: (payload: string) => void): Promise<() => Promise<void>>
  /**
   * Calls back soon after another process has committed, where the database tells at next to no cost: SQLite. On
   * others it never does, and nothing may hang on it. Resolves once it looks; call the answer to stop.
   */
  onCommit(handler: () => void): Promise<() => Promise<void>>
}

/** An engine that owns its database, as the factories return it. */
export interface RootEngine extends Engine {
  readonly tier: 'memory' | 'sqlite' | 'postgres'
  /** One round trip to the database. */
  ping(): Promise<void>
  /** The drizzle database and the driver beneath, for what Terrace does not do; undefined in memory. */
  unwrap(): Promise<unknown>
  close(): Promise<void>
}
