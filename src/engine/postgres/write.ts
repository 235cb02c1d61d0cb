/**
 * Many rows in one statement, and a whole `write` in one: `unnest` turns lists into rows, and each step is a
 * CTE that looks at the head's new row. One round trip, one commit.
 */

import { type ColumnDef, parameterColumn, type Table } from '../../schema/dsl/table.ts'
import type { Value } from '../../schema/dsl/values.ts'
import type { RowsShape, Shape } from '../shape.ts'
import { allColumns, conflictText, finish, updateText, visibleColumns } from '../sql/compile.ts'
import { columnText, conditionText, staysWithinWorkspace, withinWorkspace } from '../sql/conditions.ts'
import { type Dialect, quote } from '../sql/dialect.ts'
import { type Draft, Writer } from '../sql/statement.ts'
import type { InsertRows, WriteShape } from '../sql/take-apart.ts'

/**
 * Several rows; column by column, each a bound list, after what the shape has bound already: the first row. Where there is
 * no list, all rows have what that one has.
 */
export function compileInsertMany(
  dialect: Dialect,
  { table, rows, conflict, shape }: InsertRows,
  lists: readonly (number | undefined)[],
): Draft {
  const writer = new Writer(dialect, shape.bindings)
  const text =
    insertFromLists(writer, table, rows, lists, undefined) +
    conflictText(dialect, writer, table, conflict) +
    ` returning ${visibleColumns(dialect, table)}`
  return finish(dialect, writer, table, text, true)
}

/** Binds the rows as one list per column. */
export function bindLists(shape: Shape, rows: RowsShape): number[] {
  return rows.columns.map(({ column, ref }, i) =>
    shape.bind(
      ref === undefined ? column : OFFSET,
      rows.rows.map((row) => row[i] ?? null),
      true,
    ),
  )
}

/** Fewer rows are not worth a statement of their own. */
const FEW = 10

/**
 * Binds as lists only what differs: most columns of many rows that come together are the same, and a list is written,
 * sent and read value by value.
 */
export function bindDiffering(shape: Shape, table: Table, rows: RowsShape): (number | undefined)[] {
  const key = table.primaryKey[0]!
  const [first, ...others] = rows.rows
  return rows.columns.map(({ column }, i) => {
    const isSame =
      others.length >= FEW && column !== key && others.every((row) => isEqual(row[i]!, first![i]!))
    if (isSame) return undefined
    return shape.bind(
      column,
      rows.rows.map((row) => row[i] ?? null),
      true,
    )
  })
}

function isEqual(a: Value, b: Value): boolean {
  return a === b || (a instanceof Date && b instanceof Date && a.getTime() === b.getTime())
}

/** `lists` are those of the steps that insert, in order. */
export function compileWrite(
  dialect: Dialect,
  write: WriteShape,
  lists: readonly (readonly number[])[],
): Draft {
  const { head, steps, shape } = write
  const writer = new Writer(dialect, shape.bindings)
  const table = head.kind === 'update' ? head.table : head.insert.table
  const parts: string[] = []
  if (head.kind === 'update') {
    parts.push(
      `"head" as (${updateText(dialect, writer, table, head.update)} returning ${plainColumns(table)})`,
    )
  } else {
    const values = table.columnList.map((column, i) =>
      valueText(table, column, writer.param(i), () => writer.param(table.columns.workspaceId!.position)),
    )
    parts.push(
      `"head" as (insert into ${quote(table.sqlName)} (${allColumns(table)}) select ${values.join(', ')}` +
        `${conflictText(dialect, writer, table, head.insert.conflict)} returning ${plainColumns(table)})`,
    )
  }
  writer.refText = (column, offset) => {
    const value = `"head".${quote(column.sqlName)}`
    return `(select ${offset === 0 ? value : `${value} + ${offset}`} from "head")`
  }
  writer.headWithin = (column, ref, workspace) => headWithin(table, column, ref, workspace)
  let inserts = 0
  for (const [i, step] of steps.entries()) {
    const guard = 'exists (select 1 from "head")'
    const text =
      step.kind === 'insert'
        ? insertFromLists(writer, step.table, step.rows, lists[inserts++]!, table)
        : step.kind === 'update'
          ? `${updateText(dialect, writer, step.table, step.update)} and ${guard}${notTheHead(table, step.table)}`
          : `delete from ${quote(step.table.sqlName)} where ${conditionText(dialect, writer, step.table, step.where)} and ${guard}`
    parts.push(`"step${i}" as (${text})`)
  }
  const columns = visibleColumns(dialect, table, '"head"')
  const others = steps.map((step) => step.table)
  const draft = finish(dialect, writer, table, `with ${parts.join(', ')} select ${columns} from "head"`, true)
  return { ...draft, others }
}

/** Within a CTE, columns keep the database's names. */
function plainColumns(table: Table): string {
  return table.visible.map((column) => columnText(table, column)).join(', ')
}

function insertFromLists(
  writer: Writer,
  table: Table,
  rows: RowsShape,
  lists: readonly (number | undefined)[],
  head: Table | undefined,
): string {
  const names = lists.flatMap((list, i) => (list === undefined ? [] : [`"c${i}"`]))
  const cellAt = (i: number) => (lists[i] === undefined ? writer.param(i) : `"rows"."c${i}"`)
  const values = rows.columns.map(({ column, ref }, i) => {
    const cell = cellAt(i)
    const source = ref === undefined ? cell : `"head".${quote(ref.sqlName)}`
    if (ref !== undefined && column.kind === 'integer') return `${source} + ${cell}`
    if (!staysWithinWorkspace(table, column)) return source
    const place = rows.columns[table.columns.workspaceId!.position]!
    const workspace =
      place.ref === undefined ? cellAt(place.column.position) : `"head".${quote(place.ref.sqlName)}`
    if (ref === undefined || head === undefined) return valueText(table, column, source, () => workspace)
    if (isHeadsKey(head, column, ref) && place.ref === head.columns.workspaceId) return source
    return headWithin(head, column, ref, workspace) ?? valueText(table, column, source, () => workspace)
  })
  const bound = lists.flatMap((index) => (index === undefined ? [] : [writer.param(index)]))
  const from = `unnest(${bound.join(', ')}) as "rows"(${names.join(', ')})`
  return (
    `insert into ${quote(table.sqlName)} (${allColumns(table)}) select ${values.join(', ')} from ` +
    (head === undefined ? from : `"head", ${from}`)
  )
}

/** A value, looked up in its own workspace if it is a reference that can be null. */
function valueText(table: Table, column: ColumnDef, value: string, workspace: () => string): string {
  if (!staysWithinWorkspace(table, column)) return value
  return `case when ${value} is null then null else ${withinWorkspace(column, value, workspace())} end`
}

/** The head's own row, which a look-up in its table cannot see yet, if it is of this workspace. */
function headWithin(head: Table, column: ColumnDef, ref: ColumnDef, workspace: string): string | undefined {
  if (!isHeadsKey(head, column, ref)) return undefined
  const mine = `"head".${quote(head.columns.workspaceId!.sqlName)}`
  return `coalesce((select "head".${quote(ref.sqlName)} from "head" where ${mine} = ${workspace}), '')`
}

function isHeadsKey(head: Table, column: ColumnDef, ref: ColumnDef): boolean {
  return column.references!.table() === head && ref === head.primaryKey[0]
}

/** A step on the head's own table leaves the head's row alone: one statement may change a row only once. */
function notTheHead(head: Table, table: Table): string {
  if (table !== head) return ''
  const keys = table.primaryKey
  const mine = keys.map((column) => columnText(table, column)).join(', ')
  const heads = keys.map((column) => `"head".${quote(column.sqlName)}`).join(', ')
  return ` and (${mine}) not in (select ${heads} from "head")`
}

/** Lists of offsets, for columns that come from the head; a text column's are not read. */
const OFFSET = parameterColumn('integer')
