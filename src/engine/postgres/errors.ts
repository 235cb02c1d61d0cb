/** Turns what the Postgres drivers throw into Terrace's errors, by SQLSTATE and by the names of constraints. */

import {
  AlreadyExistsError,
  ConfigError,
  InvalidReferenceError,
  MigrationError,
  TerraceError,
  UnavailableError,
  ValidationError,
} from '../../errors.ts'
import type { Table } from '../../schema/dsl/table.ts'
import { checkViolation, uniqueColumns } from '../sql/constraints.ts'

interface PostgresError extends Error {
  readonly code?: string
  readonly table?: string
  readonly column?: string
  readonly constraint?: string
  readonly detail?: string
}

const stateOf = (error: unknown): string => String((error as PostgresError | undefined)?.code ?? '')

/** The transaction lost against another and may simply be run again. */
export function isSerializationFailure(error: unknown): boolean {
  const state = stateOf(causeOf(error))
  return state === '40001' || state === '40P01'
}

/** A prepared statement does not fit the schema any more, or the pooler has lost it. */
export function isStalePlan(error: unknown): boolean {
  const state = stateOf(error)
  return (
    state === '26000' ||
    state === '42P05' ||
    (state === '0A000' && (error as Error).message.includes('cached plan'))
  )
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  '57P01',
  '57P02',
  '57P03',
  '57P04',
  '57P05',
  '25P03',
  '25P04',
  '53300',
])

/** The connection broke or was never made. */
export function isConnectionError(error: unknown): boolean {
  const state = stateOf(error)
  if (CONNECTION_CODES.has(state) || state.startsWith('08')) return true
  if (error instanceof AggregateError) return error.errors.some(isConnectionError)
  // A WebSocket that breaks rejects with an event.
  if (!(error instanceof Error)) return true
  return /connection terminated|connection ended|connection closed|timeout exceeded when trying to connect|timeout expired|socket|not queryable|PGlite is closed/i.test(
    error.message,
  )
}

/** The connection broke under way; not one that could not be made in good time, which is an `UnavailableError`. */
export function isLostConnection(error: unknown): boolean {
  return !(error instanceof TerraceError) && isConnectionError(error)
}

/** How `pg` says that the server has no TLS. */
export const LACKS_TLS = /does not support SSL/

/** The server has no TLS or cannot prove who it is. */
function isUntrusted(error: unknown): boolean {
  return (
    LACKS_TLS.test((error as Error | undefined)?.message ?? '') ||
    /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/.test(stateOf(error))
  )
}

/** A name, a password or a right that will be as wrong the next time. */
export function isRefused(error: unknown): boolean {
  const state = stateOf(error)
  return state.startsWith('28') || state === '3D000' || state === '42501'
}

export function translate(
  error: unknown,
  table: Table | undefined,
  tables: ReadonlyMap<string, Table>,
  target: string,
): unknown {
  if (error instanceof TerraceError) return error
  // Not everything that is thrown is an error: a WebSocket that breaks rejects with an event.
  const fields: Partial<PostgresError> = Object(error)
  const { code, constraint = '' } = fields
  const message = fields.message || 'the connection broke'
  const options = { cause: error }
  const where = tables.get(fields.table ?? '') ?? table
  switch (code) {
    case '23505':
      if (where !== undefined) {
        const columns = uniqueColumns(where, constraint) ?? detailColumns(where, error as PostgresError)
        return new AlreadyExistsError(where.name, columns, options)
      }
      break
    case '23503':
    case '23001':
      if (where !== undefined) return new InvalidReferenceError(where.name, undefined, options)
      break
    case '21000':
      // Twins are refused before: these refer to nothing, each of them.
      if (where !== undefined) return new InvalidReferenceError(where.name, undefined, options)
      break
    case '23502':
      if (where !== undefined) {
        const { column: sqlName } = error as PostgresError
        const key = where.columnList.find((column) => column.sqlName === sqlName)?.key
        return new ValidationError(`${where.name}.${key} is required`, where.name, key, options)
      }
      break
    case '23514':
    case '22003':
      if (where !== undefined) return checkViolation(where, constraint, options)
      break
    case '40001':
    case '40P01':
      return new UnavailableError(
        `${target} is contended: the same rows are being changed at once; try again`,
        options,
      )
    case '57014':
      return new UnavailableError(`${target} cancelled the statement`, options)
    case '53100':
      return new UnavailableError(`the disk of ${target} is full`, options)
    case '25006':
      return new UnavailableError(`${target} is read-only: connect to the primary`, options)
    case '42P01':
    case '42703':
      return new MigrationError(`${target} lacks a table or column: ${message}; run the migrations`, options)
  }
  if (isRefused(error)) {
    return new ConfigError(
      `${target} refuses: ${message}; check user, password, database and rights`,
      options,
    )
  }
  if (isUntrusted(error)) {
    return new ConfigError(
      `${target} does not give the TLS that PGSSLMODE or sslmode asks for: ${message}`,
      options,
    )
  }
  if (isConnectionError(error)) {
    return new UnavailableError(`${target} cannot be reached or closed the connection: ${message}`, options)
  }
  return new UnavailableError(`${target} failed: ${message}`, options)
}

function causeOf(error: unknown): unknown {
  return error instanceof TerraceError ? error.cause : error
}

/** `Key (workspace_id, slug)=(…) already exists.` */
function detailColumns(table: Table, { detail = '' }: PostgresError): string[] {
  const names = /^Key \((.*?)\)=/.exec(detail)?.[1]?.split(', ') ?? []
  return names.map((name) => table.columnList.find((column) => column.sqlName === name)?.key ?? name)
}
