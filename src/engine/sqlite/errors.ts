/** Turns what better-sqlite3 throws into Terrace's errors. The driver's error stays the `cause`. */

import {
  AlreadyExistsError,
  ClosedError,
  ConfigError,
  InvalidReferenceError,
  MigrationError,
  TerraceError,
  UnavailableError,
  ValidationError,
} from '../../errors.ts'
import type { Table } from '../../schema/dsl/table.ts'
import { checkViolation } from '../sql/constraints.ts'

interface SqliteError extends Error {
  readonly code: string
}

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_')
}

/** better-sqlite3 looks for the folder itself, and complains as if of a wrong argument. */
function isMissingFolder(error: unknown): boolean {
  return error instanceof TypeError && error.message.includes('directory does not exist')
}

/** Another connection holds the lock; the same call may succeed in a moment. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && (error.code.startsWith('SQLITE_BUSY') || error.code === 'SQLITE_LOCKED')
}

export function translate(error: unknown, table: Table | undefined, target: string): unknown {
  if (error instanceof TerraceError) return error
  if (isMissingFolder(error)) {
    return new ConfigError(`${target} cannot be opened: its folder does not exist`, { cause: error })
  }
  if (error instanceof TypeError && error.message.includes('connection is not open')) {
    return new ClosedError(`${target} was closed; open it again`)
  }
  if (!isSqliteError(error)) return error
  const { code } = error
  const options = { cause: error }
  if (table !== undefined) {
    if (code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY') {
      return new AlreadyExistsError(table.name, violatedColumns(table, error.message), options)
    }
    // RESTRICT arrives as a trigger's error.
    if (code === 'SQLITE_CONSTRAINT_FOREIGNKEY' || code === 'SQLITE_CONSTRAINT_TRIGGER') {
      return new InvalidReferenceError(table.name, undefined, options)
    }
    if (code === 'SQLITE_CONSTRAINT_NOTNULL') {
      const [key] = violatedColumns(table, error.message)
      return new ValidationError(`${table.name}.${key} is required`, table.name, key, options)
    }
    if (code === 'SQLITE_CONSTRAINT_CHECK') {
      return checkViolation(table, /CHECK constraint failed: (.*)$/.exec(error.message)?.[1] ?? '', options)
    }
  }
  switch (code.split('_').slice(0, 2).join('_')) {
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return new UnavailableError(`${target} is being written by another process; try again`, options)
    case 'SQLITE_READONLY':
      return new ConfigError(
        `${target} is read-only: allow this process to write the file and its folder`,
        options,
      )
    case 'SQLITE_CANTOPEN':
      return new ConfigError(
        `${target} cannot be opened: check that its folder exists and may be written`,
        options,
      )
    case 'SQLITE_NOTADB':
    case 'SQLITE_CORRUPT':
      return new ConfigError(
        `${target} is damaged or no SQLite database: restore it from a backup, or name another file`,
        options,
      )
    case 'SQLITE_FULL':
      return new UnavailableError(`the disk that holds ${target} is full`, options)
    default:
      if (/^no such (?:table|column)/.test(error.message)) {
        return new MigrationError(
          `${target} lacks a table or column: ${error.message}; run the migrations`,
          options,
        )
      }
      return new UnavailableError(`${target} failed: ${error.message}`, options)
  }
}

/** `UNIQUE constraint failed: terrace_tasks.workspace_id, terrace_tasks.crew`, and the like for NOT NULL. */
function violatedColumns(table: Table, message: string): string[] {
  const names = message.slice(message.indexOf(': ') + 2).split(', ')
  return names.map((name) => {
    const sqlName = name.slice(name.indexOf('.') + 1)
    return table.columnList.find((column) => column.sqlName === sqlName)?.key ?? sqlName
  })
}
