/**
 * What every store is made of. `defineStore` says which columns of a table its callers may give, change and
 * filter by; `storeVerbs` makes the verbs from that which all stores share. A store adds its own beside them.
 */

import type { CallOptions, Engine, OrderBy } from '../engine/engine.ts'
import {
  increment,
  isOperator,
  merge,
  type Operator,
  oneOfThese,
  type SetFor,
  type Where,
} from '../engine/query.ts'
import { NotFoundError, UnavailableError, ValidationError, VersionConflictError } from '../errors.ts'
import { isJsonObject, JSON_DEPTH } from '../schema/dsl/json.ts'
import type { Scalar } from '../schema/dsl/order.ts'
import type { ColumnKey, Direction, Insert, Row, Table } from '../schema/dsl/table.ts'
import { checkValue, refuse, refuseUnknown, show } from '../schema/dsl/values.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'

export interface StoreVerbs<T extends Table, N, P, F> {
  /**
   * Stores a row and answers it as stored. Without an `id` it gets one.
   *
   * Throws `ValidationError`, `AlreadyExistsError`, and `InvalidReferenceError` when it names a row that is
   * absent or of another workspace.
   */
  create(input: N, options?: CallOptions): Promise<Row<T>>
  /** The row, or null. Any text may be looked up. */
  get(id: string, options?: CallOptions): Promise<Row<T> | null>
  /** The rows there are, once each, in the order in which `ids` first names them. */
  getMany(ids: readonly string[], options?: CallOptions): Promise<Row<T>[]>
  /**
   * A page of the rows that match. A value must be equal, a list means any of its values, null means none is
   * set, and undefined means nothing. `next` continues the list, and is null at its end.
   *
   * Throws `ValidationError` for a cursor of another list.
   */
  list(filter?: F, options?: ListOptions<T>): Promise<Page<Row<T>>>
  /** How many rows match. */
  count(filter?: F, options?: CallOptions): Promise<number>
  /**
   * Changes what the patch names and answers the row as it is then. `undefined` leaves a column alone, `null`
   * clears it. An object given for a JSON column replaces its top-level keys, where `null` removes one;
   * lists are replaced. Without a change the row is answered as it is.
   *
   * Throws `NotFoundError`, `VersionConflictError` when `ifVersion` is not the row's, and those of `create`.
   */
  update(id: string, patch: P, options?: UpdateOptions): Promise<Row<T>>
  /** Whether there was a row to delete. What belongs to it goes along. */
  delete(id: string, options?: CallOptions): Promise<boolean>
}

export interface ListOptions<T extends Table> extends CallOptions {
  /** The most rows a page has: 1 to 1,000, and 50 unless told. */
  readonly limit?: number | undefined
  /** The `next` of the page before. */
  readonly after?: string | null | undefined
  /** Columns to order by, the first one first. Ties fall back to the store's own order. */
  readonly order?: { readonly [K in ScalarKey<T>]?: Direction | undefined } | undefined
}

export interface UpdateOptions extends CallOptions {
  /** Change the row only if it still is at this version. */
  readonly ifVersion?: number | undefined
}

export interface Page<R> {
  readonly items: R[]
  readonly next: string | null
}

/** Columns that have an order and can be compared: all but JSON and bytes. */
export type ScalarKey<T extends Table> = {
  [K in ColumnKey<T>]: K extends keyof Row<T> ? (Row<T>[K] extends Scalar ? K : never) : never
}[ColumnKey<T>]

/** Filters by column: equal to the value, or to any of a list. */
export type Filter<T extends Table> = {
  readonly [K in ScalarKey<T>]?:
    | Row<T>[K & keyof Row<T>]
    | readonly NonNullable<Row<T>[K & keyof Row<T>]>[]
    | undefined
}

/** What `create` takes: an insert less what the store's verbs keep. */
export type New<T extends Table, Owned extends string = never> = {
  readonly [K in keyof Omit<Insert<T>, 'id' | Stamp | Owned>]: Given<Insert<T>[K]>
} & { readonly id?: string | undefined }

/** What `update` takes: the columns that are neither fixed nor owned. */
export type Patch<T extends Table, Closed extends string = never> = {
  readonly [K in Exclude<keyof Row<T>, 'id' | 'workspaceId' | Stamp | Closed>]?: Given<Row<T>[K]> | undefined
}

type Stamp = 'version' | 'createdAt' | 'updatedAt'
/** Lists are never changed, so readonly ones will do. */
type Given<V> = V extends readonly (infer I)[] ? readonly I[] : V

export interface Definition<T extends Table, N, P, F> {
  readonly table: T
  /** What `list` orders by unless told. */
  readonly order: OrderBy<T>
  /** Columns that `create` refuses. */
  readonly owned: ReadonlySet<string>
  /** Columns that `update` refuses. */
  readonly closed: ReadonlySet<string>
  readonly where: (filter: F) => Where<T>
  /** Types only; absent at run time. */
  readonly '~types'?: { readonly new: N; readonly patch: P }
}

type Typed<N, P> = { readonly '~types'?: { readonly new: N; readonly patch: P } }
export type NewOf<D> = D extends Typed<infer N, unknown> ? N : never
export type PatchOf<D> = D extends Typed<unknown, infer P> ? P : never

/** Made once per store, when its module is loaded. */
export function defineStore<
  T extends Table,
  const Fixed extends ColumnKey<T> = never,
  const Owned extends ColumnKey<T> = never,
  F = Filter<T>,
>(
  table: T,
  rules: {
    /** Given when a row is created and never changed, as `id` and `workspaceId` are everywhere. */
    readonly fixed?: readonly Fixed[]
    /** Kept by the store's own verbs, as `version`, `createdAt` and `updatedAt` are everywhere. */
    readonly owned?: readonly Owned[]
    /** By `createdAt` unless told. The primary key breaks ties. */
    readonly order?: OrderBy<T>
    /** Filters beyond those by column; see `matching`. */
    readonly where?: (filter: F) => Where<T>
  } = {},
): Definition<T, New<T, Owned>, Patch<T, Fixed | Owned>, F> {
  const owned = ['version', 'createdAt', 'updatedAt', ...(rules.owned ?? [])]
  return {
    table,
    // The cast: a table without `createdAt` has to give an order, and the engine refuses it otherwise.
    order: rules.order ?? ([['createdAt', 'asc']] as unknown as OrderBy<T>),
    owned: new Set(owned),
    closed: new Set([...owned, 'id', 'workspaceId', ...(rules.fixed ?? [])]),
    // The cast: without filters of its own, `F` is the one by column.
    where: rules.where ?? ((filter) => where<T>(matching(table, filter as object))),
  }
}

export function storeVerbs<T extends Table, N extends object, P extends object, F extends object>(
  engine: Engine,
  definition: Definition<T, N, P, F>,
): StoreVerbs<T, N, P, F> {
  const { table } = definition
  return {
    async create(input, options) {
      const [row] = await engine.insert(table, [newRow(engine, definition, input)], options)
      return row!
    },

    get: (id, options) => engine.get(table, id, options),

    async getMany(ids, options) {
      const distinct = [...new Set(checkList(table, ids))]
      if (distinct.length === 0) return []
      const rows = await engine.find(table, { where: where<T>({ id: oneOfThese(distinct) }) }, options)
      const rowsById = new Map(rows.map((row) => [(row as { readonly id?: unknown }).id, row]))
      return distinct.flatMap((id) => rowsById.get(id) ?? [])
    },

    // The casts: every filter may be left empty.
    async list(filter = {} as F, options = {}) {
      checkObject(table, filter)
      return listPage(engine, table, definition.where(filter), filter, definition.order, options)
    },

    async count(filter = {} as F, options) {
      checkObject(table, filter)
      return countRows(engine, table, definition.where(filter), options)
    },

    async update(id, patch, options = {}) {
      const { ifVersion } = options
      if (ifVersion !== undefined) checkValue(table, table.columns.version!, ifVersion)
      const set = changes(table, patch, definition.closed)
      if (set !== undefined) {
        const guard =
          ifVersion === undefined ? { id: idOf(table, id) } : { id: idOf(table, id), version: ifVersion }
        const [row] = await engine.update(
          table,
          { where: where<T>(guard), set: stamped<T>(engine, set) },
          options,
        )
        if (row !== undefined) return row
        if (ifVersion === undefined) return notFound(table, id)
      }
      const row = (await engine.get(table, idOf(table, id), options)) ?? notFound(table, id)
      const { version } = row as { readonly version?: number }
      if (set === undefined && (ifVersion === undefined || ifVersion === version)) return row
      throw new VersionConflictError(table.name, id, ifVersion!, version!)
    },

    async delete(id, options) {
      const rows = await engine.remove(table, { where: where<T>({ id: idOf(table, id) }) }, options)
      return rows.length > 0
    },
  }
}

// ---------------------------------------------------------------- for the stores' own verbs

/** Set in every change of a row, but for signs of life: a stale `ifVersion` is noticed by it. */
export const BUMP = increment()

/** How often a verb tries again when others change what it is about to change. */
export const ATTEMPTS = 20

/**
 * An input as it is now, for verbs that look at it again after they have waited: the caller may go on changing
 * the original. What is no plain data is left for the engine to refuse.
 */
export function detached<T>(table: Table, input: T, depth = 0): T {
  if (typeof input !== 'object' || input === null) return input
  if (depth > JSON_DEPTH) {
    throw new ValidationError(
      `${table.name}: the input is cyclic or nested deeper than ${JSON_DEPTH} levels`,
      table.name,
    )
  }
  const copy = (value: unknown) => detached(table, value, depth + 1)
  // The casts: a copy has the properties of the original.
  if (input instanceof Date) return new Date(input) as T
  if (Array.isArray(input)) return Array.from(input, copy) as T
  const prototype: unknown = Object.getPrototypeOf(input)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return input
  // A copy would be without them, and that of an operator would pass for JSON.
  if (Object.getOwnPropertySymbols(input).length > 0) return input
  return Object.fromEntries(Object.entries(input).map(([key, value]) => [key, copy(value)])) as T
}

/** A checked input as a row to insert: with an id and its times. The caller may add to it. */
export function newRow<T extends Table>(
  engine: Engine,
  definition: Pick<Definition<T, never, never, never>, 'table' | 'owned'>,
  input: object,
): Insert<T> {
  refuseColumns(definition.table, input, definition.owned, 'is set by its own verbs')
  const row: Record<string, unknown> = { ...input }
  if (row.id === undefined) row.id = engine.newId()
  row.createdAt = row.updatedAt = engine.now()
  // The cast: the engine checks every column, and refuses those it does not know.
  return row as Insert<T>
}

/** A patch in the engine's language, or undefined if it changes nothing. */
export function changes(
  table: Table,
  patch: object,
  closed: ReadonlySet<string>,
): Record<string, unknown> | undefined {
  refuseUnknown(table, patch)
  refuseColumns(table, patch, closed, 'cannot be changed by an update')
  let set: Record<string, unknown> | undefined
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue
    const column = table.columns[key]!
    if (isOperator(value)) throw refuse(table, column, 'must be a value, not an operator')
    set ??= {}
    set[key] = column.kind === 'json' && isJsonObject(value) ? merge(value) : value
  }
  return set
}

/** Conditions to which a store may add. */
export type Conditions<T extends Table> = {
  -readonly [K in ColumnKey<T>]?: Row<T>[K & keyof Row<T>] | Operator | undefined
}

/** Conditions by column: equal to a value, or to any of a list. */
export function matching<T extends Table>(table: T, filter: object): Conditions<T> {
  refuseUnknown(table, filter)
  const conditions: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(filter)) {
    if (value === undefined) continue
    const column = table.columns[key]!
    if (isOperator(value)) throw refuse(table, column, 'is filtered by values, not by operators')
    if (Array.isArray(value) && value.includes(null)) {
      throw refuse(table, column, 'is filtered by null alone, not by null within a list')
    }
    conditions[key] = Array.isArray(value) ? oneOfThese(value) : value
  }
  // The cast: the keys were just checked; the engine checks the values.
  return conditions as Conditions<T>
}

/** A page of a list; `identity` tells the list from others, so that their cursors are refused. */
export async function listPage<T extends Table>(
  engine: Engine,
  table: T,
  where: Where<T>,
  identity: object,
  order: OrderBy<T>,
  options: ListOptions<T>,
): Promise<Page<Row<T>>> {
  const limit = checkLimit(table, options.limit)
  const orderBy = orderOf(table, order, options.order)
  const after = options.after == null ? undefined : decodeCursor(table, orderBy, identity, options.after)
  // One more than asked for tells whether there is a next page.
  const items = await engine.find(table, { where, orderBy, limit: limit + 1, after }, options)
  if (items.length <= limit) return { items, next: null }
  items.pop()
  return { items, next: encodeCursor(table, orderBy, identity, items.at(-1)!) }
}

export async function countRows<T extends Table>(
  engine: Engine,
  table: T,
  where: Where<T>,
  options: CallOptions | undefined,
): Promise<number> {
  const [total] = await engine.aggregate(table, { where }, options)
  return total?.count ?? 0
}

export function checkLimit(table: Table, limit = 50, least = 1): number {
  if (Number.isInteger(limit) && limit >= least && limit <= 1000) return limit
  throw new ValidationError(`${table.name}: a limit is ${least} to 1000, not ${show(limit)}`, table.name)
}

/** What a change sets besides: a new version and the time. */
export function stamped<T extends Table>(engine: Engine, set: Record<string, unknown>): SetFor<T> {
  set.version = BUMP
  set.updatedAt = engine.now()
  // The cast: the engine checks every column.
  return set as SetFor<T>
}

export function checkList<V>(table: Table, values: readonly V[]): readonly V[] {
  if (Array.isArray(values)) return values
  throw new ValidationError(`${table.name}: expected a list, not ${show(values)}`, table.name)
}

/** For stores that take an input apart before they check it. */
export function checkObject(table: Table, input: unknown): void {
  if (typeof input === 'object' && input !== null) return
  throw new ValidationError(`${table.name}: expected an object, not ${show(input)}`, table.name)
}

/** An id as it may stand in a condition, where `undefined` would match every row. */
export function idOf(table: Table, id: unknown): string {
  if (typeof id === 'string') return id
  throw new ValidationError(
    `${table.name}: an id is text, not ${id === null ? 'null' : typeof id}`,
    table.name,
  )
}

export function notFound(table: Table, id: string): never {
  throw new NotFoundError(table.name, id)
}

/** After `ATTEMPTS` times. */
export function contended(table: Table, id: string): UnavailableError {
  return new UnavailableError(`${table.name}: ${JSON.stringify(id)} kept being changed by others; try again`)
}

// ---------------------------------------------------------------- helpers

/** The order asked for, and then the store's own. */
function orderOf<T extends Table>(table: T, own: OrderBy<T>, asked: ListOptions<T>['order']): OrderBy<T> {
  if (asked === undefined) return own
  refuseUnknown(table, asked)
  const order = Object.entries(asked).filter(([, direction]) => direction !== undefined)
  for (const [key, direction] of own) {
    if (!order.some(([other]) => other === key)) order.push([key, direction])
  }
  // The cast: the keys were just checked; the engine checks the directions.
  return order as unknown as OrderBy<T>
}

function refuseColumns(table: Table, input: object, refused: ReadonlySet<string>, reason: string): void {
  checkObject(table, input)
  for (const key in input) {
    if (refused.has(key) && (input as Readonly<Record<string, unknown>>)[key] !== undefined) {
      throw refuse(table, table.columns[key]!, reason)
    }
  }
}

/** The cast: conditions on columns that every store's table has, or that were checked before. */
function where<T extends Table>(conditions: Readonly<Record<string, unknown>>): Where<T> {
  return conditions as Where<T>
}
