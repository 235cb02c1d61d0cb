/**
 * The closed set of errors that leave Terrace. Each has the same class, `code` and fields on every tier;
 * a driver's own error, where there was one, is the `cause`. Branch on `code`, not on the message.
 */

export type ErrorCode =
  | 'VALIDATION'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'REFERENCE'
  | 'VERSION_CONFLICT'
  | 'INVALID_TRANSITION'
  | 'LEASE_CONFLICT'
  | 'STALE_FENCE'
  | 'TRANSACTION_SCOPE'
  | 'UNAVAILABLE'
  | 'CONFIG'
  | 'MIGRATION'
  | 'CLOSED'

export abstract class TerraceError extends Error {
  abstract readonly code: ErrorCode
  abstract override readonly name: string
  /** What a log or an HTTP answer may show: never a secret, never the driver's error. */
  toJSON(): Record<string, unknown> {
    const { cause: _cause, stack: _stack, ...fields } = this
    return Object.assign(fields, { message: this.message })
  }
}

/** Input that no tier accepts. Nothing was written. */
export class ValidationError extends TerraceError {
  readonly code = 'VALIDATION'
  override readonly name = 'ValidationError'
  readonly table: string | undefined
  readonly column: string | undefined
  constructor(message: string, table?: string, column?: string, options?: ErrorOptions) {
    super(message, options)
    this.table = table
    this.column = column
  }
}

/** A verb that needs a row was given an id that names none. */
export class NotFoundError extends TerraceError {
  readonly code = 'NOT_FOUND'
  override readonly name = 'NotFoundError'
  readonly table: string
  readonly id: string
  constructor(table: string, id: string) {
    super(`${table}: there is no row with id ${JSON.stringify(id)}`)
    this.table = table
    this.id = id
  }
}

/** A unique constraint refused the row; `columns` are those of the constraint. */
export class AlreadyExistsError extends TerraceError {
  readonly code = 'ALREADY_EXISTS'
  override readonly name = 'AlreadyExistsError'
  readonly table: string
  readonly columns: readonly string[]
  constructor(table: string, columns: readonly string[], options?: ErrorOptions) {
    super(`${table}: a row with the same ${columns.join(' + ')} already exists`, options)
    this.table = table
    this.columns = columns
  }
}

/** A reference names a row that is absent, of another workspace, or still referred to (restrict). */
export class InvalidReferenceError extends TerraceError {
  readonly code = 'REFERENCE'
  override readonly name = 'InvalidReferenceError'
  readonly table: string
  constructor(
    table: string,
    message = `${table}: a referenced row does not exist in this workspace, or is still referred to`,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.table = table
  }
}

/** `ifVersion` did not match; `current` is the version in the store. Read the row again and decide anew. */
export class VersionConflictError extends TerraceError {
  readonly code = 'VERSION_CONFLICT'
  override readonly name = 'VersionConflictError'
  readonly table: string
  readonly id: string
  readonly expected: number
  readonly current: number
  constructor(table: string, id: string, expected: number, current: number) {
    super(
      `${table}: ${JSON.stringify(id)} is at version ${current}, not ${expected}; read it again and retry`,
    )
    this.table = table
    this.id = id
    this.expected = expected
    this.current = current
  }
}

/** The verb is not allowed from the row's present status. Nothing was changed. */
export class InvalidTransitionError extends TerraceError {
  readonly code = 'INVALID_TRANSITION'
  override readonly name = 'InvalidTransitionError'
  readonly table: string
  readonly id: string
  readonly verb: string
  readonly status: string
  readonly allowed: readonly string[]
  constructor(table: string, id: string, verb: string, status: string, allowed: readonly string[]) {
    super(`${table}: cannot ${verb} ${JSON.stringify(id)}: it is ${status}, not ${allowed.join(' or ')}`)
    this.table = table
    this.id = id
    this.verb = verb
    this.status = status
    this.allowed = allowed
  }
}

/** Somebody else holds the lease. */
export class LeaseConflictError extends TerraceError {
  readonly code = 'LEASE_CONFLICT'
  override readonly name = 'LeaseConflictError'
  readonly resource: string
  readonly holder: string
  constructor(resource: string, holder: string) {
    super(`${JSON.stringify(resource)} is held by ${JSON.stringify(holder)}`)
    this.resource = resource
    this.holder = holder
  }
}

/** The lease has ended, or was lost to a later holder; what was done under it must not be written. */
export class StaleFenceError extends TerraceError {
  readonly code = 'STALE_FENCE'
  override readonly name = 'StaleFenceError'
  readonly resource: string
  readonly fence: number
  constructor(resource: string, fence: number) {
    super(
      `${JSON.stringify(resource)}: fence ${fence} is stale; its lease has ended, or a later holder has taken over`,
    )
    this.resource = resource
    this.fence = fence
  }
}

/** A call crossed the border of a transaction: the outer system used within it, or its own after its end. */
export class TransactionScopeError extends TerraceError {
  readonly code = 'TRANSACTION_SCOPE'
  override readonly name = 'TransactionScopeError'
}

/** The database cannot be reached or is busy. Trying again later may work. */
export class UnavailableError extends TerraceError {
  readonly code = 'UNAVAILABLE'
  override readonly name = 'UnavailableError'
  readonly retryable = true
}

/** The configuration names something that cannot be opened; the message says which variable and what to do. */
export class ConfigError extends TerraceError {
  readonly code = 'CONFIG'
  override readonly name = 'ConfigError'
}

/** The database's schema and this version of the code do not fit together. */
export class MigrationError extends TerraceError {
  readonly code = 'MIGRATION'
  override readonly name = 'MigrationError'
}

/** The System or engine was closed. */
export class ClosedError extends TerraceError {
  readonly code = 'CLOSED'
  override readonly name = 'ClosedError'
  constructor(message = 'this System is closed; create a new one') {
    super(message)
  }
}

/** In one line, for people: what a typed error says, and of others their kind too. */
export function reasonOf(error: unknown): string {
  return error instanceof TerraceError ? error.message : String(error)
}
