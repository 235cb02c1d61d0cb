/** Writes conditions, orders, page borders and assignments as SQL. */

import type { ColumnDef, Table } from '../../schema/dsl/table.ts'
import type { Assignment, Condition, Expression, Operand, Order, Test } from '../shape.ts'
import { type Dialect, literal, quote } from './dialect.ts'
import type { Writer } from './statement.ts'

const SIGNS = { eq: '=', ne: '<>', lt: '<', lte: '<=', gt: '>', gte: '>=' } as const

/** Columns are always qualified: `ON CONFLICT DO UPDATE` and sub-selects have two rows in sight. */
export function columnText(table: Table, column: ColumnDef): string {
  return `${quote(table.sqlName)}.${quote(column.sqlName)}`
}

export function conditionText(dialect: Dialect, writer: Writer, table: Table, condition: Condition): string {
  const alternatives = condition.map((tests) =>
    tests.length === 0 ? 'true' : tests.map((test) => testText(dialect, writer, table, test)).join(' and '),
  )
  if (alternatives.length === 0) return 'false'
  return alternatives.length === 1
    ? alternatives[0]!
    : `(${alternatives.map((text) => `(${text})`).join(' or ')})`
}

export function orderText(table: Table, order: readonly Order[]): string {
  const terms = order.map(({ column, direction }) => {
    const nulls = column.optional ? (direction === 'asc' ? ' nulls last' : ' nulls first') : ''
    return `${columnText(table, column)}${direction === 'desc' ? ' desc' : ''}${nulls}`
  })
  return ` order by ${terms.join(', ')}`
}

/** Rows strictly after the border, in this order. */
export function afterText(
  dialect: Dialect,
  writer: Writer,
  table: Table,
  order: readonly Order[],
  after: readonly Operand[],
): string {
  const direction = order[0]!.direction
  const simple = order.every(({ column }, i) => !column.optional && order[i]!.direction === direction)
  if (simple) {
    // A row comparison is what an index can be entered with.
    const left = order.map(({ column }) => columnText(table, column)).join(', ')
    const right = after.map((operand) => operandText(dialect, writer, operand)).join(', ')
    return `(${left}) ${direction === 'asc' ? '>' : '<'} (${right})`
  }
  const alternatives = order.map((_, depth) => {
    const equal = order.slice(0, depth).map(({ column }, i) => {
      const operand = after[i]!
      const name = columnText(table, column)
      return isNull(operand) ? `${name} is null` : `${name} = ${operandText(dialect, writer, operand)}`
    })
    const { column, direction } = order[depth]!
    return [
      ...equal,
      beyond(dialect, writer, columnText(table, column), column, direction, after[depth]!),
    ].join(' and ')
  })
  return `(${alternatives.map((text) => `(${text})`).join(' or ')})`
}

export function assignmentText(
  dialect: Dialect,
  writer: Writer,
  table: Table,
  assignments: readonly Assignment[],
): string {
  return assignments
    .map(
      ({ column, to }) => `${quote(column.sqlName)} = ${expressionText(dialect, writer, table, column, to)}`,
    )
    .join(', ')
}

/**
 * A reference between two tables of a workspace, kept within it: a row of another workspace is as absent as
 * no row. Empty text is no id, so the foreign key refuses it, in the same statement. `value` is never null.
 */
export function withinWorkspace(column: ColumnDef, value: string, workspace: string): string {
  const target = column.references!.table()
  const key = `"r".${quote(target.primaryKey[0]!.sqlName)}`
  const inside = `"r".${quote(target.columns.workspaceId!.sqlName)} = ${workspace}`
  return `coalesce((select ${key} from ${quote(target.sqlName)} "r" where ${key} = ${value} and ${inside}), '')`
}

/** Whether both tables of a reference belong to workspaces. */
export function staysWithinWorkspace(table: Table, column: ColumnDef): boolean {
  return (
    column.references !== undefined &&
    table.columns.workspaceId !== undefined &&
    column.references.table().columns.workspaceId !== undefined
  )
}

function testText(dialect: Dialect, writer: Writer, table: Table, test: Test): string {
  if (test.op === 'never') return 'false'
  const name = columnText(table, test.column)
  switch (test.op) {
    case 'null':
      return `${name} is null`
    case 'notNull':
      return `${name} is not null`
    case 'ne': {
      const text = `${name} <> ${operandText(dialect, writer, test.operand)}`
      return test.column.optional ? `(${text} or ${name} is null)` : text
    }
    case 'eq':
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return `${name} ${SIGNS[test.op]} ${comparedText(dialect, writer, test.operand)}`
    case 'in':
      return dialect.isAmong(name, writer.param(test.index), test.column)
    case 'among':
      return `${name} in (${test.values.map((value) => literalText(dialect, value)).join(', ')})`
    case 'contains':
      if (test.by === undefined) return dialect.contains(name, writer.param(test.index))
      // What is common is found otherwise than what is rare: each text is worth a plan of its own.
      writer.plansAnew = true
      return dialect.containsBy(test.by, table, name, () => writer.param(test.index))
    case 'hasKey':
      return dialect.hasKey(name, writer.param(test.index))
    case 'inTable': {
      const inner = conditionText(dialect, writer, test.table, test.where)
      return `${name} in (select ${columnText(test.table, test.select)} from ${quote(test.table.sqlName)} where ${inner})`
    }
    case 'asSeen':
      return dialect.asSeen(table)
  }
}

/** The value that an assignment gives a column. */
export function expressionText(
  dialect: Dialect,
  writer: Writer,
  table: Table,
  column: ColumnDef,
  expression: Expression,
): string {
  const name = columnText(table, column)
  switch (expression.is) {
    case 'param':
    case 'literal': {
      const value = operandText(dialect, writer, expression)
      return staysWithinWorkspace(table, column) && expression.is === 'param'
        ? withinWorkspace(column, value, columnText(table, table.columns.workspaceId!))
        : value
    }
    case 'ref': {
      const value = () => operandText(dialect, writer, expression)
      if (!staysWithinWorkspace(table, column)) return value()
      const workspace = columnText(table, table.columns.workspaceId!)
      const heads = writer.headWithin?.(column, expression.column, workspace)
      if (heads !== undefined) return heads
      return `case when ${value()} is null then null else ${withinWorkspace(column, value(), workspace)} end`
    }
    case 'increment':
      return `${name} + ${writer.param(expression.index)}`
    case 'merge':
      return dialect.mergeJson(name, writer.param(expression.index))
    case 'choose': {
      const branches = expression.branches.map(
        ({ when, to }) =>
          `when ${conditionText(dialect, writer, table, when)} then ${expressionText(dialect, writer, table, column, to)}`,
      )
      const otherwise =
        expression.otherwise === undefined
          ? name
          : expressionText(dialect, writer, table, column, expression.otherwise)
      return branches.length === 0 ? otherwise : `case ${branches.join(' ')} else ${otherwise} end`
    }
  }
}

function beyond(
  dialect: Dialect,
  writer: Writer,
  name: string,
  column: ColumnDef,
  direction: 'asc' | 'desc',
  border: Operand,
): string {
  if (isNull(border)) return direction === 'asc' ? 'false' : `${name} is not null`
  const value = operandText(dialect, writer, border)
  if (direction === 'desc') return `${name} < ${value}`
  return column.optional ? `(${name} > ${value} or ${name} is null)` : `${name} > ${value}`
}

function isNull(operand: Operand): boolean {
  return operand.is === 'literal' && operand.value === null
}

function comparedText(dialect: Dialect, writer: Writer, operand: Operand): string {
  const text = operandText(dialect, writer, operand)
  return operand.is === 'param' ? dialect.given(text) : text
}

function operandText(dialect: Dialect, writer: Writer, operand: Operand): string {
  switch (operand.is) {
    case 'param':
      return writer.param(operand.index)
    case 'literal':
      return operand.value === null ? 'null' : literalText(dialect, operand.value)
    case 'ref':
      return writer.ref(operand.column, operand.offset)
  }
}

function literalText(dialect: Dialect, value: string | boolean): string {
  return typeof value === 'boolean' ? dialect.booleanLiteral(value) : literal(value)
}
