/**
 * An engine confined to one workspace: stores over it find nothing of any other, and are refused when they
 * would write there. What serves one tenant or one agent gets this, never the whole.
 *
 * Every condition gets the workspace added, also those on other tables (`inTable`), which would tell what is
 * there otherwise; and every new row must be of it.
 */

import type { CallOptions, Engine, OnConflict } from './engine/engine.ts'
import { isOperator, OPERATOR, type Operator, oneOfThese, type SetFor, type Where } from './engine/query.ts'
import { wrappedCall } from './engine/transaction.ts'
import { InvalidReferenceError, ValidationError } from './errors.ts'
import type { Table } from './schema/dsl/table.ts'
import { workspaces } from './schema/workspaces.ts'

/** Rows, conditions and changes of any table. */
type Loose = Readonly<Record<string, unknown>>

/** By confined engine: the engine beneath, and the workspace. */
const confinements = new WeakMap<Engine, { readonly whole: Engine; readonly workspaceId: string }>()

/** The engine that this one confines to a workspace, or undefined if it is not confined. */
export function wholeOf(engine: Engine): Engine | undefined {
  return confinements.get(engine)?.whole
}

/** The workspace that the engine is confined to, or undefined if it is not confined. */
export function workspaceOf(engine: Engine): string | undefined {
  return confinements.get(engine)?.workspaceId
}

export function confine(engine: Engine, workspaceId: string): Engine {
  if (typeof workspaceId !== 'string') {
    throw new ValidationError(`a System is confined to a workspace by its id, not by ${String(workspaceId)}`)
  }

  /** The condition, for rows of the workspace only. */
  function within<T extends Table>(table: T, where: Where<T> | undefined, head?: Table): Where<T> {
    const key = placeOf(table)
    const add = (match: Loose) => ({
      ...withinOthers(match, head),
      [key]: narrowed(table, key, match[key], head),
    })
    // The casts: the columns stay what they are, but for the one that every such table has.
    return (Array.isArray(where) ? where.map(add) : add((where ?? {}) as Loose)) as Where<T>
  }

  /** The condition as it is, but for its looks into other tables. */
  function withinOthers(match: Loose, head: Table | undefined): Loose {
    let own = match
    for (const [key, value] of Object.entries(match)) {
      if (!isOperator(value) || !('table' in value)) continue
      own = { ...own, [key]: { ...value, where: within(value.table, value.where, head) } }
    }
    return own
  }

  /** The same for the branches of a choice. */
  function withinChoice(value: unknown): unknown {
    if (!isOperator(value) || value[OPERATOR] !== 'choose') return value
    const branches = value.branches.map(({ when, to }) => ({
      when: [when].flat().map((match) => withinOthers(match, undefined)),
      to: withinChoice(to),
    }))
    return { ...value, branches, otherwise: withinChoice(value.otherwise) }
  }

  /** One column cannot be tested twice, so what is asked of it is decided here. */
  function narrowed(table: Table, key: string, asked: unknown, head: Table | undefined): unknown {
    if (asked === undefined || asked === workspaceId) return workspaceId
    if (!isOperator(asked)) return NEVER
    // The cast: a change is refused below, as what it is not.
    const operator = asked as Operator
    if (operator[OPERATOR] === 'in') return operator.values.includes(workspaceId) ? workspaceId : NEVER
    if (operator[OPERATOR] === 'compare' && operator.comparison === 'ne') {
      return operator.value === workspaceId ? NEVER : workspaceId
    }
    if (isOfHead(operator, head)) return workspaceId
    throw new ValidationError(
      `${table.name}.${key} cannot be tested so in a confined System`,
      table.name,
      key,
    )
  }

  /** As JSON, in which no two pairs look the same. */
  const ownChannel = (channel: string) => JSON.stringify([workspaceId, channel])

  function ownRow<T extends Table, R extends object>(table: T, row: R, head?: Table): R {
    const given = (row as Loose)[placeOf(table)]
    if (isWorkspaces(table)) throw foreign(table)
    if (given === undefined) return { ...row, workspaceId }
    if (given === workspaceId || (isOperator(given) && isOfHead(given as Operator, head))) return row
    throw foreign(table)
  }

  /** Rows stay where they are. */
  function ownSet<T extends Table>(table: T, set: SetFor<T>): SetFor<T> {
    const given = (set as Loose)[placeOf(table)]
    if (given !== undefined && given !== workspaceId) throw foreign(table)
    let own = set
    for (const [key, value] of Object.entries(set)) {
      const to = withinChoice(value)
      if (to !== value) own = { ...own, [key]: to }
    }
    return own
  }

  function ownConflict<T extends Table>(table: T, conflict: OnConflict<T>): OnConflict<T> {
    if (conflict.set === undefined) return conflict
    return { ...conflict, set: ownSet(table, conflict.set), where: within(table, conflict.where) }
  }

  /** Within a transaction, a refusal here dooms it like any other. */
  const call = <R>(options: CallOptions | undefined, verb: () => Promise<R>) =>
    wrappedCall(engine, options, verb)

  const confined: Engine = {
    now: () => engine.now(),
    newId: () => engine.newId(),

    find: (table, query, options) =>
      call(options, async () =>
        engine.find(table, { ...query, where: within(table, query?.where) }, options),
      ),

    get: (table, id, options) =>
      call(options, async () => {
        const key = placeOf(table)
        const row = await engine.get(table, id, options)
        return row !== null && (row as Loose)[key] === workspaceId ? row : null
      }),

    insert: (table, rows, options) =>
      call(options, async () => {
        const own = rows.map((row) => ownRow(table, row))
        if (options?.onConflict === undefined) return engine.insert(table, own, options)
        return engine.insert(table, own, { ...options, onConflict: ownConflict(table, options.onConflict) })
      }),

    update: (table, query, options) =>
      call(options, async () => {
        const { where, set } = query
        return engine.update(
          table,
          { ...query, where: within(table, where), set: ownSet(table, set) },
          options,
        )
      }),

    remove: (table, query, options) =>
      call(options, async () => engine.remove(table, { where: within(table, query.where) }, options)),

    write: ({ head, steps }, options) =>
      call(options, async () => {
        const headTable = 'update' in head ? head.update : head.insert
        const ownHead =
          'update' in head
            ? {
                update: head.update,
                where: within(head.update, head.where),
                set: ownSet(head.update, head.set),
              }
            : {
                ...head,
                row: ownRow(head.insert, head.row),
                ...(head.onConflict && { onConflict: ownConflict(head.insert, head.onConflict) }),
              }
        const ownSteps = steps.map((step) => {
          if ('insert' in step) {
            return { ...step, rows: step.rows.map((row) => ownRow(step.insert, row, headTable)) }
          }
          if ('remove' in step) return { ...step, where: within(step.remove, step.where, headTable) }
          return {
            update: step.update,
            where: within(step.update, step.where, headTable),
            set: ownSet(step.update, step.set),
          }
        })
        return engine.write({ head: ownHead, steps: ownSteps }, options)
      }),

    aggregate: (table, query, options) =>
      call(options, async () =>
        engine.aggregate(table, { ...query, where: within(table, query?.where) }, options),
      ),

    transaction: (work, options) => engine.transaction((tx) => work(confine(tx, workspaceId)), options),
    notify: (channel, payload, options) => engine.notify(ownChannel(channel), payload, options),
    listen: (channel, handler) => engine.listen(ownChannel(channel), handler),
    onCommit: (handler) => engine.onCommit(handler),
  }
  confinements.set(confined, { whole: engine, workspaceId })
  return confined
}

const NEVER = oneOfThese([])

/** The column that tells a row's workspace. */
function placeOf(table: Table): string {
  if (isWorkspaces(table)) return 'id'
  if (table.columns.workspaceId !== undefined) return 'workspaceId'
  throw new ValidationError(
    `${table.name} has no workspaceId, so a confined System cannot use it; use the whole System`,
    table.name,
  )
}

function isWorkspaces(table: Table): boolean {
  return table === workspaces
}

/** Whether it refers to the workspace of the head's row, which is confined like any other. */
function isOfHead(operator: Operator, head: Table | undefined): boolean {
  return operator[OPERATOR] === 'ref' && head !== undefined && operator.column === placeOf(head)
}

function foreign(table: Table): InvalidReferenceError {
  return new InvalidReferenceError(
    table.name,
    `${table.name}: this System is confined to its workspace and cannot write to another`,
  )
}
