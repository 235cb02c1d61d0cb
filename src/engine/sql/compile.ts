/** Writes one statement per verb and shape. */

import type { ColumnDef, Table } from '../../schema/dsl/table.ts'
import type { Value } from '../../schema/dsl/values.ts'
import type { Condition, Shape } from '../shape.ts'
import {
  afterText,
  assignmentText,
  columnText,
  conditionText,
  expressionText,
  orderText,
  staysWithinWorkspace,
  withinWorkspace,
} from './conditions.ts'
import { uniqueConstraints } from './constraints.ts'
import { clearsItself, type Dialect, literal, quote } from './dialect.ts'
import { cellsDecoder, type Draft, rowDecoder, type Statement, Writer } from './statement.ts'
import type { AggregateShape, ConflictShape, FindShape, InsertRows, UpdateShape } from './take-apart.ts'

export function compileFind(dialect: Dialect, table: Table, shape: Shape, find: FindShape): Draft {
  const writer = new Writer(dialect, shape.bindings)
  let text = `select ${visibleColumns(dialect, table)} from ${quote(table.sqlName)} where ${conditionText(dialect, writer, table, find.where)}`
  if (find.after !== undefined) text += ` and ${afterText(dialect, writer, table, find.order, find.after)}`
  if (find.order.length > 0) text += orderText(table, find.order)
  if (find.limit !== undefined) text += ` limit ${dialect.given(writer.param(find.limit))}`
  return finish(dialect, writer, table, text, false)
}

/** The row with one id, or the rows with a list of them. */
export function compileGet(dialect: Dialect, table: Table, list: boolean): Draft {
  const key = table.primaryKey[0]!
  const writer = new Writer(dialect, [{ column: key, list }])
  const name = columnText(table, key)
  const test = list ? dialect.isAmong(name, writer.param(0), key) : `${name} = ${writer.param(0)}`
  const text = `select ${visibleColumns(dialect, table)} from ${quote(table.sqlName)} where ${test}`
  return finish(dialect, writer, table, text, false)
}

/**
 * One row, whose values are bound in the order of the table's columns, from index 0. References that are null
 * need no look-up and are part of the shape: `rowKey` tells such shapes apart.
 */
export function compileInsertRow(
  dialect: Dialect,
  { table, conflict, shape }: InsertRows,
  row: readonly Value[],
): Draft {
  const writer = new Writer(dialect, shape.bindings)
  const values = table.columnList.map((column, i) => {
    if (!staysWithinWorkspace(table, column)) return writer.param(i)
    if (row[i] === null) return 'null'
    return withinWorkspace(column, writer.param(i), writer.param(table.columns.workspaceId!.position))
  })
  const text =
    `insert into ${quote(table.sqlName)} (${allColumns(table)}) values (${values.join(', ')})` +
    conflictText(dialect, writer, table, conflict) +
    ` returning ${visibleColumns(dialect, table)}`
  return finish(dialect, writer, table, text, true)
}

export function rowKey({ table, shape }: InsertRows, row: readonly Value[]): string {
  let key = shape.key
  for (const column of table.columnList) {
    if (column.references !== undefined && row[column.position] === null) key += `${column.position}.`
  }
  return key
}

export function compileUpdate(dialect: Dialect, table: Table, shape: Shape, update: UpdateShape): Draft {
  const writer = new Writer(dialect, shape.bindings)
  const text = `${updateText(dialect, writer, table, update)} returning ${visibleColumns(dialect, table)}`
  const statement = finish(dialect, writer, table, text, true)
  if (!dialect.namesAnyViolation) return statement
  return { ...statement, probes: updateProbes(dialect, table, shape, update) }
}

/** Which unique constraints the update touches, and whether one of its rows would then equal another row. */
function updateProbes(
  dialect: Dialect,
  table: Table,
  shape: Shape,
  update: UpdateShape,
): Statement['probes'] {
  const changed = new Set(update.set.map(({ column }) => column))
  const constraints = uniqueConstraints(table).filter(({ columns, where }) =>
    [...columns, ...where.map(({ column }) => column)].some((column) => changed.has(column)),
  )
  if (constraints.length < 2) return undefined
  return constraints.map(({ columns, where }) => {
    const writer = new Writer(dialect, shape.bindings)
    const other = (column: ColumnDef) => `"other".${quote(column.sqlName)}`
    const becomes = (column: ColumnDef) => {
      const assignment = update.set.find((each) => each.column === column)
      if (assignment === undefined) return columnText(table, column)
      return expressionText(dialect, writer, table, column, assignment.to)
    }
    const condition = conditionText(dialect, writer, table, update.where)
    const itself = table.primaryKey.map((column) => `${other(column)} = ${columnText(table, column)}`)
    const equal = columns.map((column) => `${other(column)} = ${becomes(column)}`)
    const covered = where.flatMap(({ column, value }) => {
      const literalText = typeof value === 'boolean' ? dialect.booleanLiteral(value) : literal(value)
      return [`${other(column)} = ${literalText}`, `${becomes(column)} = ${literalText}`]
    })
    const name = quote(table.sqlName)
    const text =
      `select 1 from ${name} where ${condition} and exists (select 1 from ${name} "other"` +
      ` where not (${itself.join(' and ')}) and ${[...equal, ...covered].join(' and ')}) limit 1`
    const statement = {
      ...finish(dialect, writer, table, text, false),
      decode: undefined,
      fromCells: undefined,
      name: undefined,
    }
    return { columns: columns.map((column) => column.key), statement }
  })
}

export function compileRemove(dialect: Dialect, table: Table, shape: Shape, where: Condition): Draft {
  const writer = new Writer(dialect, shape.bindings)
  const text = `delete from ${quote(table.sqlName)} where ${conditionText(dialect, writer, table, where)} returning ${visibleColumns(dialect, table)}`
  const statement = finish(dialect, writer, table, text, true)
  if (!dialect.removesRowByRow || !clearsItself(table)) return statement
  const find = { where, order: [], after: undefined, limit: undefined }
  return { ...statement, before: { ...compileFind(dialect, table, shape, find), name: undefined } }
}

export function compileAggregate(
  dialect: Dialect,
  table: Table,
  shape: Shape,
  aggregate: AggregateShape,
): Draft {
  const writer = new Writer(dialect, shape.bindings)
  const groups = aggregate.groupBy.map((column) => columnText(table, column))
  const terms = [
    ...aggregate.groupBy.map(
      (column, i) => `${dialect.selected(groups[i]!, column)} as ${quote(`group ${column.key}`)}`,
    ),
    'count(*) as "count"',
    ...aggregate.sum.map(
      (column) => `${dialect.sum(columnText(table, column))} as ${quote(`sum ${column.key}`)}`,
    ),
    ...aggregate.max.map((column) => {
      const max = dialect.selected(`max(${columnText(table, column)})`, column)
      return `${max} as ${quote(`max ${column.key}`)}`
    }),
  ]
  let text = `select ${terms.join(', ')} from ${quote(table.sqlName)} where ${conditionText(dialect, writer, table, aggregate.where)}`
  if (groups.length > 0) text += ` group by ${groups.join(', ')}`
  const decode = aggregateDecoder(dialect, aggregate)
  return { ...finish(dialect, writer, table, text, false), decode, fromCells: undefined }
}

/** An update, but for its RETURNING. */
export function updateText(dialect: Dialect, writer: Writer, table: Table, update: UpdateShape): string {
  const set = assignmentText(dialect, writer, table, update.set)
  const where = conditionText(dialect, writer, table, update.where)
  if (update.limit === undefined) return `update ${quote(table.sqlName)} set ${set} where ${where}`
  const keys = table.primaryKey.map((column) => columnText(table, column))
  const isOne = update.limit === 'one'
  const select =
    `select ${keys.join(', ')} from ${quote(table.sqlName)} where ${where}` +
    orderText(table, update.order!) +
    ` limit ${update.limit === 'one' ? 1 : dialect.given(writer.param(update.limit))}${dialect.lock(update.skipLocked)}`
  const claimed = isOne ? `(${keys.join(', ')}) = (${select})` : dialect.claimed(keys, select)
  return `update ${quote(table.sqlName)} set ${set} where ${claimed}`
}

export function conflictText(
  dialect: Dialect,
  writer: Writer,
  table: Table,
  conflict: ConflictShape | undefined,
): string {
  if (conflict === undefined) return ''
  const columns = conflict.columns.map((column) => quote(column.sqlName)).join(', ')
  const target = ` on conflict (${columns})${partialTarget(dialect, table, conflict.columns)}`
  if (conflict.set === undefined) return `${target} do nothing`
  const set = assignmentText(dialect, writer, table, conflict.set)
  const where =
    conflict.where === undefined ? '' : ` where ${conditionText(dialect, writer, table, conflict.where)}`
  return `${target} do update set ${set}${where}`
}

export function allColumns(table: Table): string {
  return table.columnList.map((column) => quote(column.sqlName)).join(', ')
}

/** Named by their keys, so that rows need no renaming. */
export function visibleColumns(dialect: Dialect, table: Table, from = quote(table.sqlName)): string {
  const columns = table.visible.map((column) => {
    return `${dialect.selected(`${from}.${quote(column.sqlName)}`, column)} as ${quote(column.key)}`
  })
  return columns.join(', ')
}

export function finish(dialect: Dialect, writer: Writer, table: Table, text: string, writes: boolean): Draft {
  const { slots, encoders, plansAnew } = writer
  const decode = dialect.byPosition ? undefined : rowDecoder(dialect, table.visible)
  const fromCells = dialect.byPosition ? cellsDecoder(dialect, table.visible) : undefined
  return { table, text, slots, encoders, decode, fromCells, writes, plansAnew }
}

/** A partial unique index arbitrates only when the statement repeats its predicate. */
function partialTarget(dialect: Dialect, table: Table, columns: readonly ColumnDef[]): string {
  const index = table.indexes.find(
    (candidate) =>
      candidate.unique &&
      candidate.where.length > 0 &&
      candidate.columns.length === columns.length &&
      candidate.columns.every(({ column }) => columns.includes(column)),
  )
  if (index === undefined) return ''
  const tests = index.where.map(({ column, value }) => {
    const text = typeof value === 'boolean' ? dialect.booleanLiteral(value) : literal(value)
    return `${quote(column.sqlName)} = ${text}`
  })
  return ` where ${tests.join(' and ')}`
}

function aggregateDecoder(
  dialect: Dialect,
  { groupBy, sum, max }: AggregateShape,
): NonNullable<Statement['decode']> {
  const take = (columns: readonly ColumnDef[], prefix: string, row: Record<string, unknown>) =>
    Object.fromEntries(
      columns.map((column) => {
        const value = row[`${prefix}${column.key}`]
        const decode = dialect.decoder(column)
        return [column.key, value === null || decode === undefined ? value : decode(value)]
      }),
    )
  return (row) => ({
    group: take(groupBy, 'group ', row),
    count: row.count,
    sum: Object.fromEntries(sum.map((column) => [column.key, row[`sum ${column.key}`] ?? 0])),
    max: take(max, 'max ', row),
  })
}
