/**
 * Takes queries apart into a shape and its values. The shape decides the SQL text or the plan, is told apart
 * by a key and is compiled once; the values are checked here, the same for every tier, and bound each time.
 *
 * Null, booleans and the words of `oneOf` columns belong to the shape: a bound `status = $1` cannot use a
 * partial index, and `= NULL` is never true.
 */

import { InvalidReferenceError, ValidationError } from '../errors.ts'
import type { Kind } from '../schema/dsl/columns.ts'
import { fold } from '../schema/dsl/fold.ts'
import {
  type ColumnDef,
  type Direction,
  type IndexDef,
  parameterColumn,
  searchedColumn,
  type Table,
} from '../schema/dsl/table.ts'
import {
  checkJsonPatch,
  checkRow,
  checkValue,
  isStorableText,
  refuse,
  refuseUnknown,
  type Value,
} from '../schema/dsl/values.ts'
import type { AggregateQuery, Step, Write } from './engine.ts'
import { type Branch, isOperator, OPERATOR, type Operator, type Where } from './query.ts'

/** A checked value, or a list of them for `in`. */
export type Bound = Value | readonly Value[]

/** How a bound value is encoded: as its column, or as a list of such. */
export interface Binding {
  readonly column: ColumnDef
  readonly list: boolean
}

export type Operand =
  | { readonly is: 'param'; readonly index: number }
  | { readonly is: 'literal'; readonly value: string | boolean | null }
  | { readonly is: 'ref'; readonly column: ColumnDef; readonly offset: number }

export type Test =
  | {
      readonly op: 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte'
      readonly column: ColumnDef
      readonly operand: Operand
    }
  | { readonly op: 'null' | 'notNull'; readonly column: ColumnDef }
  | { readonly op: 'in'; readonly column: ColumnDef; readonly index: number }
  | { readonly op: 'among'; readonly column: ColumnDef; readonly values: readonly (string | boolean)[] }
  | {
      readonly op: 'contains'
      readonly column: ColumnDef
      readonly index: number
      /** An index that may find it: not one for so short a text. */
      readonly by: IndexDef | undefined
    }
  | { readonly op: 'hasKey'; readonly column: ColumnDef; readonly index: number }
  | {
      readonly op: 'inTable'
      readonly column: ColumnDef
      readonly table: Table
      readonly select: ColumnDef
      readonly where: Condition
    }
  | { readonly op: 'asSeen'; readonly column: ColumnDef }
  | { readonly op: 'never' }

/** Any of these alternatives, each of which is all of its tests. */
export type Condition = readonly (readonly Test[])[]

export type Expression =
  | Operand
  | { readonly is: 'increment'; readonly index: number }
  | { readonly is: 'merge'; readonly index: number }
  | {
      readonly is: 'choose'
      readonly branches: readonly { readonly when: Condition; readonly to: Expression }[]
      readonly otherwise: Expression | undefined
    }

export interface Assignment {
  readonly column: ColumnDef
  readonly to: Expression
}

export interface Order {
  readonly column: ColumnDef
  readonly direction: Direction
}

/** Rows of an insert: by column either values of the caller's, or the head's column plus an offset. */
export interface RowsShape {
  readonly columns: readonly { readonly column: ColumnDef; readonly ref: ColumnDef | undefined }[]
  readonly rows: readonly (readonly Value[])[]
}

export class Shape {
  key: string
  readonly values: Bound[] = []
  readonly bindings: Binding[] = []
  readonly #head: Table | undefined

  /** `head`: the table whose new row `ref` speaks of. */
  constructor(key: string, head?: Table) {
    this.key = key
    this.#head = head
  }

  bind(column: ColumnDef, value: Bound, list = false): number {
    this.bindings.push({ column, list })
    return this.values.push(value) - 1
  }

  where(table: Table, where: unknown): Condition {
    // A new one each time: what is compiled of a condition is kept by it.
    if (where === undefined) return [[]]
    const alternatives = Array.isArray(where) ? where : [where]
    // None of no alternatives matches: not to be taken for no condition, which all rows match.
    if (alternatives.length === 0) this.key += '?x'
    return alternatives.map((match, i) => {
      this.key += i === 0 ? '?' : '|'
      refuseUnknown(table, match)
      const tests: Test[] = []
      for (const key in match) {
        const value = match[key]
        if (value === undefined) continue
        const column = table.columns[key]!
        this.key += `${column.position}`
        tests.push(
          isOperator(value)
            ? this.#operator(table, column, value as Operator)
            : this.#equals(table, column, value),
        )
        this.key += ','
      }
      return tests
    })
  }

  set(table: Table, set: object): readonly Assignment[] {
    refuseUnknown(table, set)
    const assignments: Assignment[] = []
    for (const [key, value] of Object.entries(set)) {
      if (value === undefined) continue
      const column = table.columns[key]!
      // Its references were looked up there, and those of rows that refer to it.
      if (key === 'workspaceId') throw refuse(table, column, 'cannot change: a row stays in its workspace')
      this.key += `!${column.position}`
      assignments.push({ column, to: this.#expression(table, column, value) })
      for (const folded of table.columnList) {
        if (folded.foldOf === key) {
          this.key += `!${folded.position}`
          assignments.push({ column: folded, to: this.#folded(folded, column, value) })
        }
      }
    }
    if (assignments.length === 0)
      throw new ValidationError(`${table.name}: a change must name a column`, table.name)
    return assignments
  }

  /** The order asked for, made total by the primary key. */
  order(table: Table, orderBy: readonly (readonly [string, Direction])[] = []): readonly Order[] {
    const order: Order[] = []
    for (const [key, direction] of orderBy) {
      const column = table.columns[key]
      if (column === undefined || column.foldOf !== undefined) {
        throw new ValidationError(
          `${table.name}: there is no column ${JSON.stringify(key)} to order by`,
          table.name,
          key,
        )
      }
      if (direction !== 'asc' && direction !== 'desc') {
        throw new ValidationError(
          `${table.name}.${key} is ordered 'asc' or 'desc', not ${JSON.stringify(direction)}`,
          table.name,
          key,
        )
      }
      if (column.kind === 'json' || column.kind === 'bytes') throw refuse(table, column, 'has no order')
      order.push({ column, direction })
    }
    const last = order.at(-1)?.direction ?? 'asc'
    for (const column of table.primaryKey) {
      if (!order.some((part) => part.column === column)) order.push({ column, direction: last })
    }
    for (const { column, direction } of order)
      this.key += `${direction === 'asc' ? '+' : '-'}${column.position}`
    return order
  }

  /** Where a page begins: the values of the order's columns in the last row before it. */
  after(table: Table, order: readonly Order[], after: readonly unknown[]): readonly Operand[] {
    if (after.length !== order.length) {
      throw new ValidationError(`${table.name}: this cursor belongs to another list`, table.name)
    }
    this.key += '>'
    return order.map(({ column }, i) => {
      const value = after[i]
      if (value === null || value === undefined) {
        // Nothing comes after what cannot be there.
        if (!column.optional)
          throw refuse(table, column, 'is never null; this cursor belongs to another list')
        this.key += 'n'
        return { is: 'literal', value: null }
      }
      this.key += 'v'
      return { is: 'param', index: this.bind(column, checkValue(table, column, value)) }
    })
  }

  /** Columns by name, of these kinds if any are given. */
  columns(table: Table, keys: readonly string[] = [], kinds?: readonly Kind[]): readonly ColumnDef[] {
    this.key += '@'
    return keys.map((key) => {
      const column = table.columns[key]
      if (column === undefined || column.foldOf !== undefined) {
        throw new ValidationError(`${table.name}: there is no column ${JSON.stringify(key)}`, table.name, key)
      }
      if (kinds?.includes(column.kind) === false) throw refuse(table, column, `is not ${kinds.join(' or ')}`)
      this.key += `${column.position},`
      return column
    })
  }

  /** What an aggregate is grouped by and computes: columns of the kinds of which all tiers say the same. */
  aggregated(table: Table, { groupBy, sum, max }: AggregateQuery<Table>) {
    return {
      groupBy: this.columns(table, groupBy, ['text', 'oneOf', 'integer', 'boolean', 'timestamp']),
      sum: this.columns(table, sum, ['integer']),
      max: this.columns(table, max, ['integer', 'text', 'timestamp']),
    }
  }

  /** What `write` asks of its parts, so that it means the same as one statement and step by step. */
  checkWrite(write: Write): void {
    const { steps } = write
    const head = 'update' in write.head ? write.head.update : write.head.insert
    if ('update' in write.head) refuseVague(head, write.head.where)
    const targets = steps.map(targetOf)
    if (new Set(targets).size < targets.length) {
      throw new ValidationError('no two steps of a write may be on the same table')
    }
    // What goes along with the removed rows might be the head, or what the head refers to.
    if (steps.some((step) => 'remove' in step && step.remove === head)) {
      throw new ValidationError(`a step may not remove from ${head.name}, the head's own table`)
    }
    const inserts = steps.filter((step) => 'insert' in step)
    const fresh = new Map(inserts.map((step) => [step.insert, keysOf(step.insert, step.rows)]))
    refuseFresh(head, ['insert' in write.head ? write.head.row : write.head.set], fresh)
    if ('insert' in write.head) fresh.set(head, keysOf(head, [write.head.row]))
    for (const step of steps) {
      if ('insert' in step) refuseFresh(step.insert, step.rows, fresh)
      else if ('update' in step) refuseFresh(step.update, [step.set], fresh)
    }
    const changed = new Set<Table>([head, ...targets])
    for (const step of steps) {
      if (!('where' in step)) continue
      for (const match of [step.where].flat()) {
        for (const value of Object.values(match ?? {})) {
          if (isOperator(value) && 'table' in value && changed.has(value.table)) {
            throw new ValidationError(
              `a step may not look into ${value.table.name}, which the same write changes`,
            )
          }
        }
      }
    }
  }

  /** Rows to insert, in full. `orSet` is what is set in those that they give way to. */
  rows(table: Table, rows: readonly object[], orSet?: object): RowsShape {
    if (table.columnList.some(({ references }) => references?.table() === table)) {
      refuseFresh(
        table,
        orSet === undefined ? rows : [...rows, orSet],
        new Map([[table, keysOf(table, rows)]]),
      )
    }
    const refs = new Map<ColumnDef, ColumnDef>()
    const offsetsByRow = rows.map((): Map<ColumnDef, number> => new Map())
    const checked = rows.map((row, i) => {
      const offsets = offsetsByRow[i]!
      const values = checkRow(table, this.#withoutRefs(table, row, refs, offsets))
      return table.columnList.map((column) => offsets.get(column) ?? values[column.key]!)
    })
    for (const column of refs.keys()) {
      if (offsetsByRow.some((offsets) => !offsets.has(column)))
        throw refuse(table, column, 'refers to the head in some rows only')
    }
    this.key += '['
    if (refs.size === 0) return { columns: ownColumns(table), rows: checked }
    const columns = table.columnList.map((column) => {
      const source = refs.get(column)
      if (source !== undefined) this.key += `${column.position}=${source.position},`
      return { column, ref: source }
    })
    return { columns, rows: checked }
  }

  /** The row, with placeholders for its refs, which are noted. */
  #withoutRefs(
    table: Table,
    row: object,
    refs: Map<ColumnDef, ColumnDef>,
    offsets: Map<ColumnDef, number>,
  ): object {
    // A copy only where there is a ref: most rows have none.
    let plain: Record<string, unknown> | undefined
    for (const key of Object.keys(row ?? {})) {
      const value = (row as Readonly<Record<string, unknown>>)[key]
      const column = table.columns[key]
      if (column === undefined) refuseUnknown(table, row)
      else if (isOperator(value) && value[OPERATOR] === 'ref') {
        const source = this.#refColumn(value.column)
        if ((refs.get(column) ?? source) !== source)
          throw refuse(table, column, 'refers to two columns of the head')
        refs.set(column, source)
        offsets.set(column, value.offset)
        plain ??= { ...row }
        plain[key] = placeholderFor(table, column, source)
      }
    }
    return plain ?? row
  }

  #equals(table: Table, column: ColumnDef, value: unknown): Test {
    if (value === null) {
      this.key += 'n'
      return { op: 'null', column }
    }
    if (column.kind === 'text' && typeof value === 'string' && !isStorableText(value)) return this.#never()
    if (column.kind === 'json') throw refuse(table, column, 'cannot be compared; test its keys instead')
    return { op: 'eq', column, operand: this.#operand(table, column, value, '=') }
  }

  /** A value as a literal of the shape or as a parameter, by its column. */
  #operand(table: Table, column: ColumnDef, value: unknown, mark: string): Operand {
    // Length is no concern of a condition: what is too long is not there.
    const checked = checkValue(
      table,
      column.kind === 'text' ? { ...column, min: 0, max: Infinity } : column,
      value,
    )
    if (column.kind === 'oneOf' || column.kind === 'boolean') {
      // Quoted: a word may look like whatever comes before or after it.
      this.key += mark + JSON.stringify(checked)
      // The cast: columns of these kinds have no other values.
      return { is: 'literal', value: checked as string | boolean }
    }
    this.key += mark
    return { is: 'param', index: this.bind(column, checked) }
  }

  #operator(table: Table, column: ColumnDef, operator: Operator): Test {
    switch (operator[OPERATOR]) {
      case 'compare': {
        const { comparison, value } = operator
        if (value === null) {
          if (comparison !== 'ne')
            throw refuse(table, column, `cannot be compared with null by ${comparison}`)
          this.key += 'N'
          return { op: 'notNull', column }
        }
        if (column.kind === 'json' || (column.kind === 'bytes' && comparison !== 'ne')) {
          throw refuse(table, column, 'has no order')
        }
        return { op: comparison, column, operand: this.#operand(table, column, value, comparison) }
      }
      case 'in':
        return this.#in(table, column, operator.values)
      case 'contains': {
        const folded = searchedColumn(table.columnList, column.key)
        if (folded === undefined) throw refuse(table, column, 'is not kept for searching')
        if (typeof operator.text !== 'string') throw refuse(table, column, 'is searched for text')
        if (!isStorableText(operator.text)) return this.#never()
        const text = fold(operator.text)
        const by = isIndexable(text) ? containsIndexOf(table, folded) : undefined
        this.key += by === undefined ? '~' : '~i'
        return { op: 'contains', column: folded, index: this.bind(folded, text), by }
      }
      case 'hasKey':
        if (column.kind !== 'json') throw refuse(table, column, 'has no keys')
        if (!isStorableText(operator.key)) return this.#never()
        this.key += 'k'
        return { op: 'hasKey', column, index: this.bind(KEY_COLUMN, operator.key) }
      case 'ref':
        this.key += '=r'
        return { op: 'eq', column, operand: this.#ref(operator) }
      case 'inTable': {
        const select = operator.table.columns[operator.column]
        if (select === undefined) {
          throw refuse(table, column, `is looked up in ${operator.table.name}, which has no such column`)
        }
        this.key += `(${operator.table.sqlName}.${select.position}`
        const where = this.where(operator.table, operator.where)
        this.key += ')'
        return { op: 'inTable', column, table: operator.table, select, where }
      }
      case 'asSeen':
        this.key += 's'
        return { op: 'asSeen', column }
    }
  }

  #in(table: Table, column: ColumnDef, values: readonly unknown[]): Test {
    if (!Array.isArray(values)) throw refuse(table, column, 'is compared with a list')
    if (column.kind === 'json') throw refuse(table, column, 'cannot be compared; test its keys instead')
    const possible =
      column.kind === 'text'
        ? values.filter((value) => typeof value !== 'string' || isStorableText(value))
        : values
    const loose = { ...column, min: 0, max: Number.POSITIVE_INFINITY, optional: false }
    const checked = [...new Set(possible.map((value) => checkValue(table, loose, value)))]
    if (checked.length === 0) return this.#never()
    if (column.kind === 'oneOf' || column.kind === 'boolean') {
      // The cast: columns of these kinds have no other values.
      const words = (checked as (string | boolean)[]).sort()
      this.key += JSON.stringify(words)
      return { op: 'among', column, values: words }
    }
    this.key += '{}'
    return { op: 'in', column, index: this.bind(column, checked, true) }
  }

  #never(): Test {
    this.key += 'x'
    return { op: 'never' }
  }

  #ref(operator: { readonly column: string; readonly offset: number }): Operand {
    const column = this.#refColumn(operator.column)
    this.key += `${column.position}${operator.offset < 0 ? '' : '+'}${operator.offset}`
    return { is: 'ref', column, offset: operator.offset }
  }

  #refColumn(key: string): ColumnDef {
    const column = this.#head?.columns[key]
    if (column === undefined)
      throw new ValidationError(`ref(${JSON.stringify(key)}) names no column of a head`)
    return column
  }

  #expression(table: Table, column: ColumnDef, value: unknown): Expression {
    if (value === null) {
      checkValue(table, column, null)
      this.key += 'n'
      return { is: 'literal', value: null }
    }
    if (!isOperator(value)) {
      this.key += 'v'
      return { is: 'param', index: this.bind(column, checkValue(table, column, value)) }
    }
    switch (value[OPERATOR]) {
      case 'increment':
        if (column.kind !== 'integer') throw refuse(table, column, 'is not an integer')
        this.key += 'i'
        return {
          is: 'increment',
          index: this.bind(column, checkValue(table, { ...column, optional: false }, value.by)),
        }
      case 'merge':
        if (column.kind !== 'json') throw refuse(table, column, 'is not JSON')
        if (column.shape === 'list') throw refuse(table, column, 'is a list, and is replaced whole')
        this.key += 'm'
        return { is: 'merge', index: this.bind(column, checkJsonPatch(table, column, value.patch)) }
      case 'choose':
        return this.#choose(table, column, value.branches, value.otherwise)
      case 'ref':
        this.key += 'r'
        return this.#ref(value)
      default:
        throw refuse(table, column, 'is set to a condition')
    }
  }

  #choose(table: Table, column: ColumnDef, branches: readonly Branch[], otherwise: unknown): Expression {
    this.key += '<'
    const compiled = branches.map((branch) => {
      const when = this.where(table, branch.when)
      this.key += ':'
      return { when, to: this.#expression(table, column, branch.to) }
    })
    this.key += '>'
    return {
      is: 'choose',
      branches: compiled,
      otherwise: otherwise === undefined ? undefined : this.#expression(table, column, otherwise),
    }
  }

  #folded(folded: ColumnDef, column: ColumnDef, value: unknown): Expression {
    if (isOperator(value))
      throw new ValidationError(`${column.key} is searched, and can only be set to plain text`)
    if (value === null) {
      this.key += 'n'
      return { is: 'literal', value: null }
    }
    this.key += 'v'
    return { is: 'param', index: this.bind(folded, fold(value as string)) }
  }
}

function containsIndexOf(table: Table, column: ColumnDef): IndexDef | undefined {
  return table.indexes.find((index) => index.contains && index.columns[0]!.column === column)
}

/** Both databases look for three characters at a time. */
function isIndexable(text: string): boolean {
  const [, , third] = text
  return third !== undefined
}

/** `hasKey` binds a text that belongs to no column. */
const KEY_COLUMN = parameterColumn('text')

/** The head decides by one row, in each of its alternatives. */
function refuseVague({ name, primaryKey }: Table, where: Where<Table>): void {
  for (const match of [where].flat()) {
    for (const { key } of primaryKey) {
      if (match?.[key] === undefined || match[key] === null || isOperator(match[key])) {
        throw new ValidationError(`${name}: the head of a write names its row by the whole primary key`, name)
      }
    }
  }
}

/** What may give way to another row is a unique constraint's to say: an index's or the primary key's. */
export function refuseNoConstraint(
  { name, primaryKey, indexes }: Table,
  columns: readonly ColumnDef[],
): void {
  const unique = indexes.filter((index) => index.unique)
  const constraints = [primaryKey, ...unique.map((index) => index.columns.map(({ column }) => column))]
  const isSame = (others: readonly ColumnDef[]) =>
    others.length === columns.length && others.every((column) => columns.includes(column))
  if (constraints.some(isSame)) return
  const keys = columns.map(({ key }) => key)
  throw new ValidationError(`${name}: ${keys.join(' + ') || 'nothing'} is no unique constraint`, name)
}

/** `get` is by a key of one column. */
export function refuseCompositeKey({ name, primaryKey }: Table): void {
  if (primaryKey.length === 1) return
  throw new ValidationError(`${name} has a key of several columns: find its rows instead`, name)
}

export function targetOf(step: Step): Table {
  if ('insert' in step) return step.insert
  return 'update' in step ? step.update : step.remove
}

/** The primary keys of rows to insert; of a key of several columns, to which nothing refers, none. */
function keysOf(table: Table, rows: readonly object[]): ReadonlySet<unknown> {
  const [column, another] = table.primaryKey
  if (another !== undefined) return new Set()
  return new Set(rows.map((row) => (row as Readonly<Record<string, unknown>> | null)?.[column!.key]))
}

/**
 * Refuses references to rows that the same statement inserts: some databases find them already, others do not.
 * Of the head's row, `ref` may speak.
 */
function refuseFresh(
  table: Table,
  rows: readonly object[],
  fresh: ReadonlyMap<Table, ReadonlySet<unknown>>,
): void {
  for (const { key, references } of table.columnList) {
    const keys = references === undefined ? undefined : fresh.get(references.table())
    if (keys === undefined) continue
    for (const row of rows) {
      const value = (row as Readonly<Record<string, unknown>> | null)?.[key]
      const found = possible(value).find((each) => typeof each === 'string' && keys.has(each))
      if (found === undefined) continue
      throw new InvalidReferenceError(
        table.name,
        `${table.name}.${key}: ${JSON.stringify(found)} is inserted by the same call; insert it before, or use ref`,
      )
    }
  }
}

/** The values that a column may be given: more than one by a choice. */
function possible(value: unknown): readonly unknown[] {
  if (!isOperator(value) || value[OPERATOR] !== 'choose') return [value]
  const { branches, otherwise } = value
  return [...branches.map(({ to }) => to), otherwise].flatMap(possible)
}

const ownColumnsOf = new WeakMap<Table, RowsShape['columns']>()

/** The columns of rows without refs; the same list each time. */
function ownColumns(table: Table): RowsShape['columns'] {
  let columns = ownColumnsOf.get(table)
  if (columns === undefined) {
    columns = table.columnList.map((column) => ({ column, ref: undefined }))
    ownColumnsOf.set(table, columns)
  }
  return columns
}

/** Stands in for a value that only the database knows, while the rest of the row is checked. */
function placeholderFor(table: Table, column: ColumnDef, source: ColumnDef): unknown {
  if (column.kind !== source.kind) throw refuse(table, column, `cannot take the head's ${source.key}`)
  return column.kind === 'integer' ? 0 : column.kind === 'timestamp' ? new Date(0) : 'x'
}
