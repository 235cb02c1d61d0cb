/** What the engine works out once about a table: how rows are keyed, indexed, copied and tied to other tables. */

import type { OnDelete } from '../../schema/dsl/columns.ts'
import type { ColumnDef, Direction, IndexDef, Table } from '../../schema/dsl/table.ts'
import { type Cell, cellOrder, comparable, type Stored } from './cells.ts'
import { type AnyRow, rowCopier } from './copies.ts'

/** A column's part in an order. */
export interface Part {
  readonly position: number
  readonly compare: (a: Cell, b: Cell) => number
  /** 1 ascending, -1 descending. */
  readonly sign: 1 | -1
}

/** A tree of rows: the primary key's or an index's. */
export interface TreeLayout {
  /** As errors name it. */
  readonly columns: readonly string[]
  readonly unique: boolean
  /** The index's own columns, and then what is missing of the primary key. */
  readonly parts: readonly Part[]
  /** How many of the parts are the index's own. */
  readonly width: number
  /** What a row must equal to be in a partial index. */
  readonly where: readonly { readonly position: number; readonly value: Cell }[]
}

export interface ReferenceLayout {
  readonly position: number
  readonly onDelete: OnDelete
  readonly optional: boolean
  /** Whether it is part of a unique constraint. */
  readonly isUnique: boolean
  readonly target: Table
  /** Where both rows keep their workspace, which must be the same; undefined when either table has none. */
  readonly workspace: { readonly mine: number; readonly theirs: number } | undefined
}

export interface Layout {
  readonly table: Table
  /** The primary key's tree and then the indexes', in the order of the schema: the order constraints are checked in. */
  readonly trees: readonly TreeLayout[]
  /** The primary key as one value, equal for equal keys: of its cells in order, and of a row. */
  readonly key: (cells: readonly Cell[]) => Cell
  readonly keyOf: (row: Stored) => Cell
  readonly copy: (row: Stored) => AnyRow
  /** Positions of the columns that hold times. */
  readonly times: readonly number[]
  /** Worked out on first use: tables may refer to tables of files that are still being loaded. */
  readonly references: () => readonly ReferenceLayout[]
}

const layouts = new WeakMap<Table, Layout>()

export function layoutOf(table: Table): Layout {
  let layout = layouts.get(table)
  if (layout === undefined) {
    layout = createLayout(table)
    layouts.set(table, layout)
  }
  return layout
}

export function partOf(column: ColumnDef, direction: Direction): Part {
  return {
    position: column.position,
    compare: cellOrder(column.kind),
    sign: direction === 'asc' ? 1 : -1,
  }
}

/** The order of rows by these parts. */
export function rowOrder(parts: readonly Part[]): (a: Stored, b: Stored) => number {
  return (a, b) => {
    for (const { position, compare, sign } of parts) {
      const order = compare(a[position]!, b[position]!)
      if (order !== 0) return order * sign
    }
    return 0
  }
}

/**
 * The order within a tree. In a unique one, rows with the same columns are equal, so that the tree itself finds
 * what violates it; but nulls equal nothing.
 */
export function treeOrder({ parts, unique, width }: TreeLayout): (a: Stored, b: Stored) => number {
  if (!unique) return rowOrder(parts)
  return (a, b) => {
    let nulls = false
    for (let i = 0; i < parts.length; i++) {
      if (i === width && !nulls) return 0
      const { position, compare, sign } = parts[i]!
      const cell = a[position]!
      const order = compare(cell, b[position]!)
      if (order !== 0) return order * sign
      if (cell === null) nulls = true
    }
    return 0
  }
}

export function covers({ where }: TreeLayout, row: Stored): boolean {
  for (const { position, value } of where) if (row[position] !== value) return false
  return true
}

function createLayout(table: Table): Layout {
  let references: readonly ReferenceLayout[] | undefined
  const key = keyFunction(table)
  const positions = table.primaryKey.map(({ position }) => position)
  const [only] = positions
  return {
    table,
    // What contains a text is found by looking at all rows.
    trees: [
      primaryTree(table),
      ...table.indexes.filter(({ contains }) => !contains).map((index) => indexTree(table, index)),
    ],
    key,
    keyOf: (row) => (positions.length === 1 ? key([row[only!]!]) : key(positions.map((i) => row[i]!))),
    copy: rowCopier(table),
    times: table.columnList.filter(({ kind }) => kind === 'timestamp').map(({ position }) => position),
    references: () => (references ??= table.columnList.flatMap((column) => referenceOf(table, column))),
  }
}

function primaryTree({ primaryKey }: Table): TreeLayout {
  return {
    columns: primaryKey.map(({ key }) => key),
    unique: true,
    parts: primaryKey.map((column) => partOf(column, 'asc')),
    width: primaryKey.length,
    where: [],
  }
}

function indexTree({ primaryKey }: Table, { columns, unique, where }: IndexDef): TreeLayout {
  const last = columns.at(-1)!.direction
  const rest = primaryKey.filter((key) => !columns.some(({ column }) => column === key))
  return {
    columns: columns.map(({ column }) => column.key),
    unique,
    parts: [
      ...columns.map(({ column, direction }) => partOf(column, direction)),
      ...rest.map((column) => partOf(column, last)),
    ],
    width: columns.length,
    where: where.map(({ column, value }) => ({ position: column.position, value })),
  }
}

function keyFunction({ primaryKey }: Table): (cells: readonly Cell[]) => Cell {
  const isText = primaryKey.every(({ kind }) => kind !== 'bytes')
  if (primaryKey.length === 1 && isText) return (cells) => cells[0]!
  // No text contains NUL, so keys of several columns are equal only if all columns are.
  return (cells) => cells.map((cell) => (cell === null ? '\0' : String(comparable(cell)))).join('\0')
}

function referenceOf(table: Table, column: ColumnDef): ReferenceLayout[] {
  if (column.references === undefined) return []
  const target = column.references.table()
  const mine = table.columns.workspaceId?.position
  const theirs = target.columns.workspaceId?.position
  return [
    {
      position: column.position,
      onDelete: column.references.onDelete,
      optional: column.optional,
      isUnique:
        table.primaryKey.includes(column) ||
        table.indexes.some(({ unique, columns }) => unique && columns.some((part) => part.column === column)),
      target,
      workspace: mine === undefined || theirs === undefined ? undefined : { mine, theirs },
    },
  ]
}
