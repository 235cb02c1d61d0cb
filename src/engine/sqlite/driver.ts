/**
 * The part of `better-sqlite3` that is used. As types of our own, so that those who have not installed it can
 * compile against Terrace.
 */

export interface Driver {
  new (path: string, options: DriverOptions): Database
}

export interface DriverOptions {
  /** Milliseconds for which the event loop is blocked while another process is in the way. */
  readonly timeout: number
  readonly readonly: boolean
  readonly fileMustExist?: boolean
}

export interface Database {
  readonly name: string
  readonly memory: boolean
  readonly inTransaction: boolean
  prepare(sql: string): Prepared
  exec(sql: string): unknown
  pragma(sql: string, options?: { readonly simple?: boolean }): unknown
  function(
    name: string,
    options: { readonly deterministic: boolean },
    call: (...cells: never[]) => unknown,
  ): unknown
  close(): unknown
}

export interface Prepared {
  /** Whether it answers rows. */
  readonly reader: boolean
  /** Rows as lists of cells, from now on. */
  raw(toggle: boolean): unknown
  run(...bound: readonly unknown[]): unknown
  get(...bound: readonly unknown[]): unknown
  all(...bound: readonly unknown[]): unknown[]
}
