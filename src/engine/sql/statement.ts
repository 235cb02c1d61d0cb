/** A compiled statement: SQL text, how its values are bound and how its rows are read. Made once per shape. */

import type { ColumnDef, Table } from '../../schema/dsl/table.ts'
import type { Binding, Bound } from '../shape.ts'
import type { Convert, Dialect } from './dialect.ts'

/** A bound value: one of the call's, or a column of the head's row in a `write` that runs step by step. */
export type Slot = number | { readonly ref: ColumnDef; readonly offset: number }

export interface Statement {
  /** Whose rows it answers, and who is named when it fails. */
  readonly table: Table
  readonly text: string
  /**
   * For databases that keep prepared statements by name; none once too many shapes have been seen, and none where
   * the best plan depends on the values.
   */
  readonly name: string | undefined
  readonly slots: readonly Slot[]
  readonly encoders: readonly Convert[]
  /** Finishes a row of the driver's, whose columns are named by their keys. */
  readonly decode: ((row: Record<string, unknown>) => Record<string, unknown>) | undefined
  /** Makes a row of the driver's cells, for drivers that hand them over by position; then `decode` has no part. */
  readonly fromCells?: ((cells: readonly unknown[]) => Record<string, unknown>) | undefined
  /** Whether it changes anything. */
  readonly writes: boolean
  /** Reads the rows that it is about to change, and answers them in its place. */
  readonly before?: Statement | undefined
  /** By unique constraint, in the order of the schema: finds a row if the statement violates it. */
  readonly probes?:
    | readonly { readonly columns: readonly string[]; readonly statement: Statement }[]
    | undefined
}

/** As written; `others` are further tables that errors of it may speak of. */
export type Draft = Omit<Statement, 'name'> & {
  readonly others?: readonly Table[]
  readonly plansAnew?: boolean
}

/** Collects the text's parameters while it is written. */
export class Writer {
  readonly slots: Slot[] = []
  readonly encoders: Convert[] = []
  readonly #dialect: Dialect
  readonly #bindings: readonly Binding[]
  readonly #before: number
  readonly #positions = new Map<number, number>()
  /** The statement is to be planned for the values of each call. */
  plansAnew = false
  /** What `ref` becomes; set by whoever writes a `write`. */
  refText: ((column: ColumnDef, offset: number) => string) | undefined
  /**
   * What a `ref` becomes in a reference that stays within this workspace, where the head's row cannot be looked
   * up as others can; undefined for refs that speak of another row.
   */
  headWithin: ((column: ColumnDef, ref: ColumnDef, workspace: string) => string | undefined) | undefined

  /** `before`: how many parameters come before these in the text. */
  constructor(dialect: Dialect, bindings: readonly Binding[], before = 0) {
    this.#dialect = dialect
    this.#bindings = bindings
    this.#before = before
  }

  /** The placeholder of a bound value. */
  param(index: number): string {
    const { column, list } = this.#bindings[index]!
    const known = this.#dialect.numbered ? this.#positions.get(index) : undefined
    const position = known ?? this.#push(index, column, list)
    this.#positions.set(index, position)
    return this.#dialect.placeholder(position, column, list)
  }

  ref(column: ColumnDef, offset: number): string {
    if (this.refText !== undefined) return this.refText(column, offset)
    return this.#dialect.placeholder(this.#push({ ref: column, offset }, column, false), column, false)
  }

  #push(slot: Slot, column: ColumnDef, list: boolean): number {
    this.encoders.push(this.#dialect.encoder(column, list))
    return this.#before + this.slots.push(slot)
  }
}

/** The values of one call, as the driver takes them. `head` is the row that refs speak of. */
export function bindValues(
  statement: Statement,
  values: readonly Bound[],
  head?: Readonly<Record<string, unknown>>,
): unknown[] {
  const { slots, encoders } = statement
  const bound = new Array<unknown>(slots.length)
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i]!
    const value = typeof slot === 'number' ? values[slot] : refValue(slot, head!)
    bound[i] = value === null ? null : encoders[i]!(value)
  }
  return bound
}

function refValue(
  slot: { ref: ColumnDef; offset: number },
  head: Readonly<Record<string, unknown>>,
): unknown {
  const value = head[slot.ref.key]
  return slot.offset === 0 || value === null ? value : (value as number) + slot.offset
}

/**
 * Turns the values that the driver does not give as they are meant; undefined when there are none. Rows are
 * changed in place: the driver has made them for us.
 */
export function rowDecoder(dialect: Dialect, columns: readonly ColumnDef[]): Statement['decode'] {
  const changes = columns.flatMap((column) => {
    const decode = dialect.decoder(column)
    return decode === undefined ? [] : [{ key: column.key, decode }]
  })
  if (changes.length === 0) return undefined
  return writtenOut(changes) ?? looped(changes)
}

/** Makes rows of cells that come in the order of these columns. */
export function cellsDecoder(
  dialect: Dialect,
  columns: readonly ColumnDef[],
): NonNullable<Statement['fromCells']> {
  const decoders = columns.map((column) => dialect.decoder(column))
  const values = columns.map(({ key, optional }, i) => {
    const cell = `cells[${i}]`
    const decoded = decoders[i] === undefined ? cell : `d${i}(${cell})`
    const isPlain = decoders[i] === undefined || !optional
    return `${JSON.stringify(key)}: ${isPlain ? decoded : `${cell} === null ? null : ${decoded}`}`
  })
  const names = columns.map((_, i) => `d${i}`)
  try {
    // One literal, as one would write it by hand.
    return new Function(...names, `return (cells) => ({ ${values.join(', ')} })`)(...decoders)
  } catch {
    // Code made of text is forbidden here.
    return (cells) => {
      const row: Record<string, unknown> = {}
      for (let i = 0; i < columns.length; i++) {
        const [cell, decode] = [cells[i], decoders[i]]
        row[columns[i]!.key] = cell === null || decode === undefined ? cell : decode(cell)
      }
      return row
    }
  }
}

interface CellChange {
  readonly key: string
  readonly decode: Convert
}

/** A line of code for each column, as one would write it by hand: fixed keys are looked up much faster. */
function writtenOut(changes: readonly CellChange[]): Statement['decode'] {
  const lines = changes.map(({ key }, i) => {
    const cell = `row[${JSON.stringify(key)}]`
    return `if (${cell} !== null) ${cell} = d${i}(${cell})`
  })
  const names = changes.map((_, i) => `d${i}`)
  try {
    const make = new Function(...names, `return (row) => {\n${lines.join('\n')}\nreturn row\n}`)
    return make(...changes.map(({ decode }) => decode))
  } catch {
    // Code made of text is forbidden here.
    return undefined
  }
}

function looped(changes: readonly CellChange[]): NonNullable<Statement['decode']> {
  return (row) => {
    for (const { key, decode } of changes) {
      const value = row[key]
      if (value !== null) row[key] = decode(value)
    }
    return row
  }
}
