/** What one call does to the database: one statement, or several that hold or fall together. All synchronous. */

import { AlreadyExistsError, InvalidReferenceError } from '../../errors.ts'
import type { ColumnDef, Table } from '../../schema/dsl/table.ts'
import { refuse, type Value } from '../../schema/dsl/values.ts'
import type { Reporter } from '../hooks.ts'
import type { Bound, RowsShape } from '../shape.ts'
import type { StatementCache } from '../sql/cache.ts'
import { compileGet, compileInsertRow, finish, rowKey, updateText, visibleColumns } from '../sql/compile.ts'
import { columnText, conditionText } from '../sql/conditions.ts'
import { type UniqueConstraint, uniqueConstraints } from '../sql/constraints.ts'
import { literal, quote } from '../sql/dialect.ts'
import { bindValues, type Statement, Writer } from '../sql/statement.ts'
import { type InsertRows, takeApartInsert, type WriteShape } from '../sql/take-apart.ts'
import type { AnyRow } from '../sql/verbs.ts'
import type { Connection } from './connection.ts'
import { sqliteDialect as dialect } from './dialect.ts'
import { translate } from './errors.ts'

export interface SqliteCalls {
  run(statement: Statement, values: readonly Bound[]): AnyRow[]
  get(table: Table, id: string): AnyRow | null
  insert(insert: InsertRows): AnyRow[]
  write(write: WriteShape): AnyRow | null
}

export function createSqliteCalls(
  connection: Connection,
  cache: StatementCache,
  target: string,
  report?: Reporter,
): SqliteCalls {
  const gets = new Map<Table, Statement>()

  /** While several statements make up one call: the first reference that led nowhere. */
  let together: { missing?: InvalidReferenceError } | undefined

  function run(statement: Statement, values: readonly Bound[], head?: AnyRow): AnyRow[] {
    const work = () => connection.run(statement, bindValues(statement, values, head))
    const before = statement.before === undefined ? undefined : run(statement.before, values, head)
    try {
      const rows = execute(statement, work)
      return before ?? rows
    } catch (error) {
      if (error instanceof AlreadyExistsError) {
        const first = statement.probes?.find((probe) => run(probe.statement, values, head).length > 0)
        throw first === undefined
          ? error
          : new AlreadyExistsError(error.table, first.columns, { cause: error.cause })
      }
      if (together === undefined || together.missing || !(error instanceof InvalidReferenceError)) throw error
      together.missing = error
      connection.database.pragma('defer_foreign_keys = on')
      return execute(statement, work)
    }
  }

  /**
   * Statements that are one to the caller, within a transaction: as in one, references are the last thing to
   * be wrong. Whatever else is, in a later statement, is said first.
   */
  function asOne<T>(work: () => T): T {
    if (together !== undefined) return work()
    together = {}
    try {
      const answer = work()
      if (together.missing !== undefined) throw together.missing
      return answer
    } finally {
      if (together.missing !== undefined) connection.database.pragma('defer_foreign_keys = off')
      together = undefined
    }
  }

  function execute<T>(statement: Statement, work: () => T): T {
    const startedAt = report === undefined ? 0 : performance.now()
    try {
      const answer = work()
      report?.(
        statement.text,
        startedAt,
        Array.isArray(answer) ? answer.length : Number(answer !== undefined),
      )
      return answer
    } catch (error) {
      throw translate(error, statement.table, target)
    }
  }

  function get(table: Table, id: string): AnyRow | null {
    let statement = gets.get(table)
    if (statement === undefined) {
      statement = cache.statement(`get ${table.sqlName}`, () => compileGet(dialect, table, false))
      gets.set(table, statement)
    }
    return execute(statement, () => connection.first(statement, [id])) ?? null
  }

  /** Row by row: to SQLite, in one transaction, that is as fast as many at once. */
  function insert(insert: InsertRows): AnyRow[] {
    const { table, rows, shape, conflict } = insert
    const inserted: AnyRow[] = []
    for (const row of rows.rows) {
      const statement = cache.statement(rowKey(insert, row), () => compileInsertRow(dialect, insert, row))
      const values = row === rows.rows[0] ? shape.values : [...row, ...shape.values.slice(row.length)]
      try {
        for (const stored of run(statement, values)) inserted.push(stored)
      } catch (error) {
        if (!(error instanceof AlreadyExistsError)) throw error
        // What the row gave way to was updated, and what that violates is no matter of the row's.
        if (
          conflict?.set !== undefined &&
          isTaken(connection, table, arbiterOf(table, conflict.columns), row)
        )
          throw error
        const columns = firstViolation(connection, table, row) ?? error.columns
        throw new AlreadyExistsError(table.name, columns, { cause: error.cause })
      }
    }
    return inserted
  }

  function write({ head, steps, shape }: WriteShape): AnyRow | null {
    const table = head.kind === 'update' ? head.table : head.insert.table
    const [row] =
      head.kind === 'insert'
        ? insert(head.insert)
        : run(
            cache.statement(`${shape.key} head`, () => {
              const writer = new Writer(dialect, shape.bindings)
              const text = `${updateText(dialect, writer, table, head.update)} returning ${visibleColumns(dialect, table)}`
              return finish(dialect, writer, table, text, true)
            }),
            shape.values,
          )
    if (row === undefined) return null
    for (const [i, step] of steps.entries()) {
      if (step.kind === 'insert') {
        if (step.rows.rows.length > 0)
          insert(takeApartInsert(step.table, withRefs(step.table, step.rows, row), undefined))
        continue
      }
      const statement = cache.statement(`${shape.key} step ${i}`, () => {
        const writer = new Writer(dialect, shape.bindings)
        const text =
          step.kind === 'update'
            ? updateText(dialect, writer, step.table, step.update) + notTheHead(writer, table, step.table)
            : `delete from ${quote(step.table.sqlName)} where ${conditionText(dialect, writer, step.table, step.where)}`
        return finish(dialect, writer, step.table, text, true)
      })
      run(statement, shape.values, row)
    }
    return row
  }

  return {
    run,
    get,
    insert: (rows) => (rows.rows.rows.length === 1 ? insert(rows) : asOne(() => insert(rows))),
    write: (parts) => asOne(() => write(parts)),
  }
}

/** A step on the head's own table leaves the head's row alone, as one statement on Postgres would have to. */
function notTheHead(writer: Writer, head: Table, table: Table): string {
  if (table !== head) return ''
  const tests = head.primaryKey.map((column) => `${columnText(table, column)} = ${writer.ref(column, 0)}`)
  return ` and not (${tests.join(' and ')})`
}

/** The rows as objects, with what comes from the head filled in. */
function withRefs(table: Table, rows: RowsShape, head: AnyRow): AnyRow[] {
  return rows.rows.map((values) => {
    const row: AnyRow = {}
    for (const { column, ref } of rows.columns) {
      if (column.foldOf === undefined)
        row[column.key] =
          ref === undefined
            ? values[column.position]
            : fromHead(table, column, ref, head, values[column.position]!)
    }
    return row
  })
}

function fromHead(table: Table, column: ColumnDef, ref: ColumnDef, head: AnyRow, offset: Value): unknown {
  const value = head[ref.key]
  if (ref.kind !== 'integer' || value === null) return value
  const sum = (value as number) + (offset as number)
  if (!Number.isSafeInteger(sum)) throw refuse(table, column, 'leaves the safe integers')
  return sum
}

/**
 * With two constraints violated at once, databases differ in which one they report. The first in the order of
 * the schema is what every tier says.
 */
function firstViolation(connection: Connection, table: Table, row: readonly Value[]): string[] | undefined {
  const constraints = uniqueConstraints(table)
  if (constraints.length === 1) return undefined
  const first = constraints.find((constraint) => isTaken(connection, table, constraint, row))
  return first?.columns.map((column) => column.key)
}

/** The constraint that a conflict is about. */
function arbiterOf(table: Table, columns: readonly ColumnDef[]): UniqueConstraint {
  const arbiter = uniqueConstraints(table).find(
    (each) =>
      each.columns.length === columns.length && each.columns.every((column) => columns.includes(column)),
  )
  // Checked when the call was taken apart.
  return arbiter!
}

/** Whether another row has what this constraint wants for this one. */
function isTaken(
  { database }: Connection,
  table: Table,
  { columns, where }: UniqueConstraint,
  row: readonly Value[],
): boolean {
  if (!where.every(({ column, value }) => row[column.position] === value)) return false
  const tests = columns.map((column) => `${quote(column.sqlName)} = ?`)
  const literals = where.map(
    ({ column, value }) =>
      `${quote(column.sqlName)} = ${typeof value === 'boolean' ? dialect.booleanLiteral(value) : literal(value)}`,
  )
  const bound = columns.map((column) => {
    const value = row[column.position]!
    return value === null ? null : dialect.encoder(column, false)(value)
  })
  const sql = `select 1 from ${quote(table.sqlName)} where ${[...tests, ...literals].join(' and ')}`
  return database.prepare(sql).get(bound) !== undefined
}
