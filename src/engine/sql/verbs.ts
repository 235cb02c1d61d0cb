/**
 * The verbs that both SQL databases share: take the query apart, find or compile its statement, bind, run.
 * How a statement reaches the database, alone or gathered or inside a transaction, is the backend's business.
 */

import { ValidationError } from '../../errors.ts'
import { compareScalars, type Scalar } from '../../schema/dsl/order.ts'
import type { ColumnDef, Table } from '../../schema/dsl/table.ts'
import { isStorableText } from '../../schema/dsl/values.ts'
import { breathing } from '../breather.ts'
import type {
  AggregateQuery,
  CallOptions,
  Engine,
  FindQuery,
  OnConflict,
  UpdateQuery,
  Write,
} from '../engine.ts'
import { type Bound, type Order, refuseCompositeKey, Shape } from '../shape.ts'
import type { StatementCache } from './cache.ts'
import { compileAggregate, compileFind, compileRemove, compileUpdate } from './compile.ts'
import type { Dialect } from './dialect.ts'
import type { Statement } from './statement.ts'
import {
  bindLimit,
  type InsertRows,
  takeApartInsert,
  takeApartUpdate,
  takeApartWrite,
  type UpdateCall,
  type WriteShape,
} from './take-apart.ts'

export type AnyRow = Record<string, unknown>
export type MaybePromise<T> = T | Promise<T>

export interface Backend {
  readonly dialect: Dialect
  readonly cache: StatementCache
  /** Throws unless a call is welcome. Comes first: what a closed engine was asked is nobody's concern. */
  enter(options: CallOptions | undefined): void
  /** One statement, atomic; the decoded rows. */
  run(
    statement: Statement,
    values: readonly Bound[],
    options: CallOptions | undefined,
  ): MaybePromise<AnyRow[]>
  get(table: Table, id: string, options: CallOptions | undefined): MaybePromise<AnyRow | null>
  /** A `run` of an update, where these may share a statement. */
  update?(statement: Statement, call: UpdateCall, options: CallOptions | undefined): MaybePromise<AnyRow[]>
  /** Whether `insert` answers rows in the order given. */
  readonly insertsInOrder: boolean
  /** In any order, but each row as the database returned it. */
  insert(insert: InsertRows, options: CallOptions | undefined): MaybePromise<AnyRow[]>
  write(write: WriteShape, options: CallOptions | undefined): MaybePromise<AnyRow | null>
}

export type Verbs = Pick<Engine, 'find' | 'get' | 'insert' | 'update' | 'remove' | 'write' | 'aggregate'>

export function createVerbs(backend: Backend): Verbs {
  const { dialect, cache, enter } = backend
  // Rows are checked on the way in and decoded by the table's own columns: that is what makes a row a `Row<T>`.
  return breathing({
    async find(table: Table, query: FindQuery<Table> = {}, options?: CallOptions) {
      enter(options)
      const shape = new Shape(`find ${table.sqlName} `)
      const where = shape.where(table, query.where)
      const order = shape.order(table, query.orderBy)
      const after = query.after === undefined ? undefined : shape.after(table, order, query.after)
      const limit = bindLimit(shape, table, query.limit)
      if (query.limit === 0) return []
      const statement = cache.statement(shape.key, () =>
        compileFind(dialect, table, shape, { where, order, after, limit }),
      )
      return backend.run(statement, shape.values, options)
    },

    async get(table: Table, id: string, options?: CallOptions) {
      enter(options)
      refuseCompositeKey(table)
      return isStorableText(id) ? backend.get(table, id, options) : null
    },

    async insert(
      table: Table,
      rows: readonly object[],
      options?: CallOptions & { readonly onConflict?: OnConflict<Table> },
    ) {
      enter(options)
      if (rows.length === 0) return []
      const insert = takeApartInsert(table, rows, options?.onConflict)
      const inserted = await backend.insert(insert, options)
      return rows.length === 1 || backend.insertsInOrder ? inserted : inGivenOrder(insert, inserted)
    },

    async update(table: Table, query: UpdateQuery<Table>, options?: CallOptions) {
      enter(options)
      const shape = new Shape(`update ${table.sqlName} `)
      const update = takeApartUpdate(shape, table, query)
      if (query.limit === 0) return []
      const statement = cache.statement(shape.key, () => compileUpdate(dialect, table, shape, update))
      const rows = await (backend.update === undefined
        ? backend.run(statement, shape.values, options)
        : backend.update(statement, { table, shape, update }, options))
      return sorted(rows, update.order ?? primaryOrder(table))
    },

    async remove(table: Table, query: { readonly where: unknown }, options?: CallOptions) {
      enter(options)
      const shape = new Shape(`remove ${table.sqlName} `)
      const where = shape.where(table, query.where)
      const statement = cache.statement(shape.key, () => compileRemove(dialect, table, shape, where))
      return sorted(await backend.run(statement, shape.values, options), primaryOrder(table))
    },

    async write(write: Write, options?: CallOptions) {
      enter(options)
      return backend.write(takeApartWrite(write), options)
    },

    async aggregate(table: Table, query: AggregateQuery<Table> = {}, options?: CallOptions) {
      enter(options)
      const shape = new Shape(`aggregate ${table.sqlName} `)
      const where = shape.where(table, query.where)
      const aggregated = shape.aggregated(table, query)
      const statement = cache.statement(shape.key, () =>
        compileAggregate(dialect, table, shape, { where, ...aggregated }),
      )
      const results = await backend.run(statement, shape.values, options)
      // The casts: so are the results that `compileAggregate` has decoded.
      for (const result of results) checkSums(table, result.sum as Record<string, number>)
      return results.sort((a, b) => compareGroups(aggregated.groupBy, a.group as AnyRow, b.group as AnyRow))
    },
    // The generic signatures of `Engine`, over the untyped rows above: TypeScript cannot follow a row type through SQL.
  }) as unknown as Verbs
}

/**
 * RETURNING promises no order. Rows are found by the columns they would have collided on, unless those have
 * changed, by their primary key, and where that has changed, too, one after the other.
 */
function inGivenOrder({ table, rows, conflict }: InsertRows, inserted: readonly AnyRow[]): AnyRow[] {
  const arbiter = conflict?.columns ?? []
  const isKept = conflict?.set?.some(({ column }) => arbiter.includes(column)) !== true
  const left = new Set(inserted)
  const places = rows.rows.map((): AnyRow | undefined => undefined)
  for (const columns of [isKept ? arbiter : [], table.primaryKey]) {
    if (columns.length === 0) continue
    const keyOf = (value: (column: ColumnDef) => unknown) => JSON.stringify(columns.map(value))
    const byKey = new Map([...left].map((row) => [keyOf((column) => row[column.key]), row]))
    for (const [i, values] of rows.rows.entries()) {
      if (places[i] !== undefined) continue
      const row = byKey.get(keyOf((column) => values[column.position]))
      if (row !== undefined && left.delete(row)) places[i] = row
    }
  }
  const rest = left.values()
  return places.flatMap((row): AnyRow[] => {
    const found = row ?? rest.next().value
    return found === undefined ? [] : [found]
  })
}

function primaryOrder(table: Table): readonly Order[] {
  return table.primaryKey.map((column) => ({ column, direction: 'asc' as const }))
}

function sorted(rows: AnyRow[], order: readonly Order[]): AnyRow[] {
  if (rows.length < 2) return rows
  return rows.sort((a, b) => {
    for (const { column, direction } of order) {
      const sign = compareScalars(a[column.key] as Scalar, b[column.key] as Scalar)
      if (sign !== 0) return direction === 'asc' ? sign : -sign
    }
    return 0
  })
}

function compareGroups(columns: readonly ColumnDef[], a: AnyRow, b: AnyRow): number {
  for (const column of columns) {
    const sign = compareScalars(a[column.key] as Scalar, b[column.key] as Scalar)
    if (sign !== 0) return sign
  }
  return 0
}

function checkSums(table: Table, sums: Record<string, number>): void {
  for (const [key, sum] of Object.entries(sums)) {
    if (!Number.isSafeInteger(sum)) {
      throw new ValidationError(
        `${table.name}.${key} has a sum that leaves the safe integers`,
        table.name,
        key,
      )
    }
  }
}
