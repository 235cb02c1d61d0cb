/**
 * Tools to break things with. A mutant is an engine or a System with one rule broken on purpose, by which the
 * suite is tested: the scenario that names the rule has to fail.
 */

import type { AggregateQuery, Engine, FindQuery, RootEngine, Write } from '../../src/engine/engine.ts'
import { isOperator, OPERATOR, type Operator, type Where } from '../../src/engine/query.ts'
import type { Row, Table } from '../../src/schema/dsl/table.ts'
import type { Stores } from '../../src/stores/stores.ts'
import type { Scope, System } from '../../src/system.ts'
import type { SourceBreak } from './break-source.ts'

export interface Mutant {
  readonly id: string
  /** The rule, as a sentence about what it does wrong. */
  readonly breaks: string
  /** The scenario that it must fail at least. */
  readonly scenario: string
  /** Others that it must fail, beside what is pinned: of notes nothing is, but what is named here. */
  readonly also?: readonly string[]
  readonly engine?: (engine: RootEngine) => RootEngine
  readonly system?: (system: System) => System
  /** The code itself, in a process of its own. */
  readonly source?: SourceBreak
}

/** Rows, conditions and changes of any table. */
export type Loose = Readonly<Record<string, unknown>>

/** The same verbs outside and inside of transactions, less what is replaced. */
export function mutateVerbs<E extends Engine>(engine: E, overrides: (verbs: Engine) => Partial<Engine>): E {
  const transaction: Engine['transaction'] = (work, options) =>
    engine.transaction((tx) => work(mutateVerbs(tx, overrides)), options)
  return { ...engine, transaction, ...overrides(engine) }
}

export const verbs =
  (overrides: (verbs: Engine) => Partial<Engine>) =>
  (engine: RootEngine): RootEngine =>
    mutateVerbs(engine, overrides)

/** The same stores on a System, in its transactions and when confined, less what is replaced. */
export const stores =
  (overrides: (scope: Scope) => { [Name in keyof Stores]?: Partial<Stores[Name]> }) =>
  (system: System): System => {
    const within = <S extends Scope>(scope: S): S => {
      const replaced: Record<string, object> = {}
      for (const [name, verbs] of Object.entries(overrides(scope))) {
        replaced[name] = { ...scope[name as keyof Stores], ...verbs }
      }
      return { ...scope, ...replaced }
    }
    return {
      ...within(system),
      transaction: (work, options) => system.transaction((tx) => work(within(tx)), options),
      in: (workspaceId) => {
        const confined = system.in(workspaceId)
        return {
          ...within(confined),
          transaction: (work, options) => confined.transaction((tx) => work(within(tx)), options),
        }
      },
    }
  }

/** The condition or change with a column less. */
export const less = (given: Loose, column: string): Loose =>
  Object.fromEntries(Object.entries(given).filter(([key]) => key !== column))

/** Lets others go first, so that a read and the write after it are certain to be raced. */
export const giveWay = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Every row that is answered, as something else. */
export const answers = (change: (row: Loose, table: Table) => Loose) =>
  verbs((verbs) => {
    // The casts: what is wrong about the answers is the point.
    const one = <T extends Table>(table: T, row: Row<T>) => change(row as Loose, table) as Row<T>
    const all = <T extends Table>(table: T, rows: Row<T>[]) => rows.map((row) => one(table, row))
    return {
      find: async (table, query, options) => all(table, await verbs.find(table, query, options)),
      get: async (table, id, options) => {
        const row = await verbs.get(table, id, options)
        return row === null ? null : one(table, row)
      },
      insert: async (table, rows, options) => all(table, await verbs.insert(table, rows, options)),
      update: async (table, query, options) => all(table, await verbs.update(table, query, options)),
      remove: async (table, query, options) => all(table, await verbs.remove(table, query, options)),
    }
  })

/** How what an engine is asked is twisted. */
export interface Twist {
  readonly table?: (table: Table) => Table
  readonly row?: (row: Loose, table: Table) => Loose
  readonly set?: (set: Loose, table: Table) => Loose
  readonly match?: (match: Loose, table: Table) => Loose
  /** A reference to the head of a write. */
  readonly ref?: (ref: Extract<Operator, { readonly column: string; readonly offset: number }>) => Operator
}

/** Every question, as another one. */
export const questions = (twist: Twist) => verbs((verbs) => twisted(verbs, twist))

export function twisted(verbs: Engine, { table, row, set, match, ref }: Twist): Partial<Engine> {
  // The casts in this function: the twist keeps the types, or breaks them on purpose.
  const place = <T extends Table>(of: T): T => (table?.(of) ?? of) as T
  const value = (given: unknown): unknown => {
    if (!isOperator(given)) return given
    if ('table' in given)
      return { ...given, table: place(given.table), where: where(given.table, given.where) }
    if (given[OPERATOR] === 'ref' && ref !== undefined) {
      return ref(given as Parameters<NonNullable<Twist['ref']>>[0])
    }
    return given
  }
  const values = (given: Loose): Loose =>
    typeof given === 'object' && given !== null
      ? Object.fromEntries(Object.entries(given).map(([key, item]) => [key, value(item)]))
      : given
  const where = <T extends Table, W>(of: T, given: W): W => {
    const one = (each: Loose) => {
      const own = values(each)
      return match === undefined ? own : match(own, of)
    }
    if (typeof given !== 'object' || given === null) return given
    return (Array.isArray(given) ? given.map(one) : one(given as Loose)) as W
  }
  const stored = <T extends Table, R>(of: T, given: R): R => {
    const own = values(given as Loose)
    return (row === undefined || typeof own !== 'object' ? own : row(own, of)) as R
  }
  const changed = <T extends Table, S>(of: T, given: S): S => {
    const own = values(given as Loose)
    return (set === undefined || typeof own !== 'object' ? own : set(own, of)) as S
  }
  const query = <T extends Table, Q extends { readonly where?: Where<T> | undefined }>(of: T, given: Q): Q =>
    given?.where === undefined ? given : { ...given, where: where(of, given.where) }
  const conflict = <T extends Table, C extends { readonly set?: unknown; readonly where?: unknown }>(
    of: T,
    given: C,
  ): C => ({
    ...given,
    ...(given.set === undefined ? {} : { set: changed(of, given.set) }),
    ...(given.where === undefined ? {} : { where: where(of, given.where) }),
  })
  return {
    find: async (of, given, options) =>
      verbs.find(place(of), given && query(of, given as FindQuery<typeof of>), options),
    get: async (of, id, options) => verbs.get(place(of), id, options),
    insert: async (of, rows, options) =>
      verbs.insert(
        place(of),
        Array.isArray(rows) ? rows.map((each) => stored(of, each)) : rows,
        options?.onConflict === undefined
          ? options
          : { ...options, onConflict: conflict(of, options.onConflict) },
      ),
    update: async (of, given, options) =>
      verbs.update(place(of), { ...query(of, given), set: changed(of, given.set) }, options),
    remove: async (of, given, options) => verbs.remove(place(of), query(of, given), options),
    aggregate: async (of, given, options) =>
      verbs.aggregate(place(of), given && query(of, given as AggregateQuery<typeof of>), options),
    write: async (given, options) => {
      const { head, steps } = given as Write
      const own =
        'update' in head
          ? {
              update: place(head.update),
              where: where(head.update, head.where),
              set: changed(head.update, head.set),
            }
          : {
              ...head,
              insert: place(head.insert),
              row: stored(head.insert, head.row),
              ...(head.onConflict && { onConflict: conflict(head.insert, head.onConflict) }),
            }
      const rest = steps.map((step) => {
        if ('insert' in step) {
          return { insert: place(step.insert), rows: step.rows.map((each) => stored(step.insert, each)) }
        }
        if ('remove' in step) return { remove: place(step.remove), where: where(step.remove, step.where) }
        return {
          update: place(step.update),
          where: where(step.update, step.where),
          set: changed(step.update, step.set),
        }
      })
      return verbs.write({ head: own, steps: rest } as typeof given, options)
    },
  }
}

/** An engine over tables that are not quite those of the schema. */
export const schema = (alter: (table: Table) => Table) => (engine: RootEngine) => {
  const alteredBy = new Map<Table, Table>()
  const table = (of: Table): Table => {
    if (typeof of !== 'object' || of === null || !('columnList' in of)) return of
    const known = alteredBy.get(of)
    if (known !== undefined) return known
    // References lead to altered tables too.
    const altered = rebuilt(alter(of), table)
    alteredBy.set(of, altered)
    return altered
  }
  return questions({ table })(engine)
}

/** The table with its columns made anew, wherever they are named. */
function rebuilt(table: Table, target: (of: Table) => Table): Table {
  const columnList = table.columnList.map((column) => {
    const { references } = column
    if (references === undefined) return column
    return { ...column, references: { ...references, table: () => target(references.table()) } }
  })
  const at = ({ position }: { readonly position: number }) => columnList[position]!
  return {
    ...table,
    columns: Object.assign(
      Object.create(null),
      Object.fromEntries(columnList.map((column) => [column.key, column])),
    ),
    columnList,
    visible: table.visible.map(at),
    primaryKey: table.primaryKey.map(at),
    indexes: table.indexes.map((index) => ({
      ...index,
      columns: index.columns.map((part) => ({ ...part, column: at(part.column) })),
      where: index.where.map((part) => ({ ...part, column: at(part.column) })),
    })),
  }
}
