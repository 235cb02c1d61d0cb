/** Order, pages, limits, filters and search. */

import type { Engine, FindQuery } from '../../src/engine/engine.ts'
import { isOperator, OPERATOR } from '../../src/engine/query.ts'
import { NotFoundError, ValidationError } from '../../src/errors.ts'
import { compareScalars, type Scalar } from '../../src/schema/dsl/order.ts'
import type { Row, Table } from '../../src/schema/dsl/table.ts'
import { type Loose, type Mutant, questions, stores, verbs } from './mutant.ts'

export const listMutants: readonly Mutant[] = [
  {
    id: 'ties-unstable',
    breaks: 'Answers rows that tie in another order each time',
    scenario: 'lists.total-order',
    engine: (engine) => {
      let calls = 0
      return sorting({ ties: () => (calls++ % 2 === 0 ? 1 : -1) })(engine)
    },
  },
  {
    id: 'order-by-utf-16',
    breaks: 'Orders text by UTF-16 units',
    scenario: 'lists.order-of-text',
    engine: sorting({
      compare: (a, b) =>
        typeof a === 'string' && typeof b === 'string' ? (a < b ? -1 : a > b ? 1 : 0) : compareScalars(a, b),
    }),
  },
  {
    id: 'order-by-language',
    breaks: 'Orders text as a dictionary does',
    scenario: 'lists.order-of-text',
    engine: sorting({
      compare: (a, b) =>
        typeof a === 'string' && typeof b === 'string' ? a.localeCompare(b, 'en') : compareScalars(a, b),
    }),
  },
  {
    id: 'order-of-numbers-as-text',
    breaks: 'Orders numbers as text',
    scenario: 'lists.order-of-values',
    engine: sorting({
      compare: (a, b) =>
        typeof a === 'number' && typeof b === 'number'
          ? compareScalars(`${a}`, `${b}`)
          : compareScalars(a, b),
    }),
  },
  {
    id: 'nulls-first',
    breaks: 'Orders null before everything else',
    scenario: 'lists.nulls',
    engine: sorting({
      compare: (a, b) => (a === null || b === null ? -compareScalars(a, b) : compareScalars(a, b)),
    }),
  },
  {
    id: 'cursor-without-tiebreak',
    breaks: 'Goes on after all rows that tie with the last one',
    scenario: 'lists.pages',
    engine: sorting({ after: (order, keys) => order.slice(0, order.length - keys) }),
  },
  {
    id: 'cursor-inclusive',
    breaks: 'Begins a page with the last row of the one before',
    scenario: 'lists.pages',
    engine: sorting({ inclusive: true }),
  },
  {
    id: 'pages-by-offset',
    breaks: 'Goes on after as many rows as were seen, wherever they are by now',
    scenario: 'lists.pages-of-what-changes',
    engine: byOffset,
  },
  {
    id: 'limit-one-more',
    breaks: 'Answers one row more than asked for',
    scenario: 'lists.limits',
    engine: verbs((inner) => ({
      find: async (table, query, options) =>
        inner.find(table, query?.limit === undefined ? query : { ...query, limit: query.limit + 1 }, options),
    })),
  },
  {
    id: 'limit-one-less',
    breaks: 'Answers one row less than asked for',
    scenario: 'lists.end',
    engine: verbs((inner) => ({
      find: async (table, query, options) =>
        inner.find(
          table,
          query?.limit === undefined ? query : { ...query, limit: Math.max(1, query.limit - 1) },
          options,
        ),
    })),
  },
  {
    id: 'limits-unchecked',
    breaks: 'Takes any limit for the nearest one that is allowed',
    scenario: 'lists.limits',
    system: stores(({ workspaces, teams, agents, tasks }) => {
      const limit = (asked: number | undefined) => Math.min(Math.max(Math.trunc(asked ?? 50) || 1, 1), 1000)
      return {
        workspaces: {
          list: (filter, options) => workspaces.list(filter, { ...options, limit: limit(options?.limit) }),
        },
        teams: {
          list: (filter, options) => teams.list(filter, { ...options, limit: limit(options?.limit) }),
        },
        agents: {
          list: (filter, options) => agents.list(filter, { ...options, limit: limit(options?.limit) }),
        },
        tasks: {
          list: (filter, options) => tasks.list(filter, { ...options, limit: limit(options?.limit) }),
        },
      }
    }),
  },
  {
    id: 'cursors-unchecked',
    breaks: 'Begins anew when a cursor is not of the list',
    scenario: 'lists.cursor-of-another',
    system: stores(({ workspaces, teams, agents, tasks, roles, messages, settings }) => ({
      workspaces: { list: (filter, options) => anew(options, (own) => workspaces.list(filter, own)) },
      teams: { list: (filter, options) => anew(options, (own) => teams.list(filter, own)) },
      agents: { list: (filter, options) => anew(options, (own) => agents.list(filter, own)) },
      tasks: { list: (filter, options) => anew(options, (own) => tasks.list(filter, own)) },
      roles: { list: (filter, options) => anew(options, (own) => roles.list(filter, own)) },
      messages: { list: (id, options) => anew(options, (own) => messages.list(id, own)) },
      settings: { list: (scope, options) => anew(options, (own) => settings.list(scope, own)) },
    })),
  },
  {
    id: 'null-filters-nothing',
    breaks: 'Takes a filter by null for no filter',
    scenario: 'lists.filters',
    engine: questions({ match: (match) => without(match, (value) => value === null) }),
  },
  {
    id: 'empty-list-filters-nothing',
    breaks: 'Takes a filter by an empty list for no filter',
    scenario: 'lists.filters',
    engine: questions({
      match: (match) =>
        without(
          match,
          (value) =>
            isOperator(value) &&
            value[OPERATOR] === 'in' &&
            (value as { readonly values: readonly unknown[] }).values.length === 0,
        ),
    }),
  },
  {
    id: 'impossible-text-refused',
    breaks: 'Refuses to filter by text that no row can have',
    scenario: 'lists.filters-of-impossible-text',
    engine: questions({
      match: (match, table) => {
        for (const [key, value] of Object.entries(match)) {
          if (typeof value === 'string' && (value === '' || value.includes('\0'))) {
            throw new ValidationError(`${table.name}.${key} cannot be that`, table.name, key)
          }
        }
        return match
      },
    }),
  },
  {
    id: 'unknown-id-throws',
    breaks: 'Fails when an id names no row',
    scenario: 'ids.unknown-is-found-nowhere',
    engine: verbs((inner) => ({
      get: async (table, id, options) => {
        const row = await inner.get(table, id, options)
        if (row === null) throw new NotFoundError(table.name, id)
        return row
      },
    })),
  },
  {
    id: 'ids-without-case',
    breaks: 'Finds a row by its id in any case',
    scenario: 'ids.given',
    engine: verbs((inner) => ({
      get: async (table, id, options) =>
        inner.get(table, typeof id === 'string' ? id.toLowerCase() : id, options),
    })),
  },
  {
    id: 'undefined-id-means-all',
    breaks: 'Removes every row when the id is missing',
    scenario: 'ids.undefined-is-no-id',
    system: stores(({ teams, engine }) => ({
      teams: {
        delete: async (id, options) => {
          if (id !== undefined) return teams.delete(id, options)
          const { teams: table } = await import('../../src/schema/teams.ts')
          return (await engine.remove(table, { where: {} }, options)).length > 0
        },
      },
    })),
  },
  {
    id: 'many-in-any-order',
    breaks: 'Answers many rows in the order of their ids',
    scenario: 'ids.many',
    system: stores((scope) => ({
      workspaces: { getMany: async (ids, options) => byId(await scope.workspaces.getMany(ids, options)) },
      teams: { getMany: async (ids, options) => byId(await scope.teams.getMany(ids, options)) },
      roles: { getMany: async (ids, options) => byId(await scope.roles.getMany(ids, options)) },
      tasks: { getMany: async (ids, options) => byId(await scope.tasks.getMany(ids, options)) },
      agents: { getMany: async (ids, options) => byId(await scope.agents.getMany(ids, options)) },
    })),
  },
  {
    id: 'ne-skips-null',
    breaks: 'Finds no null among what is not equal, as SQL does',
    scenario: 'engine.conditions',
    engine: only('compare', (value, operator) => operator.comparison !== 'ne' || value !== null),
  },
  {
    id: 'search-with-case',
    breaks: 'Searches for text in the case given',
    scenario: 'search.folded',
    also: [
      'notes.search',
      'notes.search-any-text',
      'notes.search-by-verbs',
      'notes.search-what-is-there-now',
    ],
    engine: only('contains', (value, operator) => String(value).includes(String(operator.text))),
  },
  {
    id: 'search-at-the-start',
    breaks: 'Searches at the start of a text only',
    scenario: 'search.anywhere',
    also: ['notes.search-any-part'],
    engine: only('contains', (value, operator) =>
      String(value).toLowerCase().startsWith(String(operator.text).toLowerCase()),
    ),
  },
  {
    id: 'search-with-wildcards',
    breaks: 'Takes % and _ in a search for wildcards',
    scenario: 'search.literal',
    engine: questions({
      match: (match) =>
        Object.fromEntries(
          Object.entries(match).map(([key, value]) =>
            isOperator(value) && value[OPERATOR] === 'contains'
              ? [key, { ...value, text: (value as { text: string }).text.replaceAll(/[%_]/g, '') }]
              : [key, value],
          ),
        ),
    }),
  },
  {
    id: 'orders-guessed',
    breaks: 'Leaves out of an order what has none, and takes any direction for the usual one',
    scenario: 'lists.order-refused',
    engine: verbs((inner) => ({
      find: async (table, query, options) => {
        const known = query?.orderBy?.filter(([key]) => (table as Table).columns[key]?.kind !== 'json')
        const orderBy = known?.map(([key, way]) => [key, way === 'desc' ? way : 'asc'] as const)
        return inner.find(table, query && { ...query, orderBy }, options)
      },
    })),
  },
  {
    id: 'keys-among-items',
    breaks: 'Finds a key among the items of a list and in a text, as Postgres does',
    scenario: 'engine.keys-of-json',
    engine: verbs((inner) => ({
      find: async (table, query, options) => {
        const where = (query?.where ?? {}) as Loose
        const isKeyTest = (value: unknown) => isOperator(value) && value[OPERATOR] === 'hasKey'
        const tests = Object.entries(where).filter(([, value]) => isKeyTest(value))
        if (tests.length === 0) return inner.find(table, query, options)
        // The cast: less of the same condition.
        const rest = without(where, isKeyTest) as typeof query & object
        const rows = await inner.find(table, { ...query, where: rest } as typeof query, options)
        const has = (value: unknown, key: string) =>
          Array.isArray(value) || typeof value !== 'object' || value === null
            ? [value].flat().includes(key)
            : Object.hasOwn(value, key)
        return rows.filter((row) =>
          tests.every(([column, test]) => has((row as Loose)[column], (test as { key: string }).key)),
        )
      },
    })),
  },
  {
    id: 'looks-shared',
    breaks: 'Looks, without a condition, into whatever table was looked into first',
    scenario: 'engine.looks-everywhere',
    engine: (engine) => {
      let first: unknown
      return questions({
        match: (match) =>
          Object.fromEntries(
            Object.entries(match).map(([key, value]) => {
              if (!isOperator(value) || !('table' in value) || value.where !== undefined) return [key, value]
              first ??= value
              return [key, first]
            }),
          ),
      })(engine)
    },
  },
]

function without(match: Loose, drop: (value: unknown) => boolean): Loose {
  return Object.fromEntries(Object.entries(match).filter(([, value]) => !drop(value)))
}

const byId = <R extends { readonly id: string }>(rows: R[]): R[] =>
  rows.sort((a, b) => compareScalars(a.id, b.id))

/** The list from its start, when it cannot go on. */
async function anew<O extends { readonly after?: string | null | undefined }, R>(
  options: O | undefined,
  list: (options: O | undefined) => Promise<R>,
): Promise<R> {
  try {
    return await list(options)
  } catch (error) {
    if (options?.after == null || !(error instanceof ValidationError)) throw error
    return list({ ...options, after: null })
  }
}

/** Of the rows found by an operator, those that this says yes to. */
function only(kind: string, keeps: (value: unknown, operator: Loose) => boolean) {
  return verbs((inner) => ({
    find: async (table, query, options) => {
      const rows = await inner.find(table, query, options)
      const tests = [query?.where ?? {}]
        .flat()
        .flatMap((match) => Object.entries(match))
        .filter(([, value]) => isOperator(value) && value[OPERATOR] === kind)
      // The cast: an operator is an object of its parts.
      return rows.filter((row) => tests.every(([key, value]) => keeps((row as Loose)[key], value as Loose)))
    },
  }))
}

interface Sorting {
  readonly compare?: (a: Scalar, b: Scalar) => number
  /** The sign by which the primary key breaks ties. */
  readonly ties?: () => 1 | -1
  /** The part of the order that a cursor is compared by; the last `keys` are the primary key's. */
  readonly after?: (order: Order, keys: number) => Order
  readonly inclusive?: boolean
}
type Order = readonly (readonly [key: string, sign: number])[]

/** Finds everything and sorts it here, by rules of its own. */
function sorting({ compare = compareScalars, ties, after: part, inclusive = false }: Sorting) {
  return verbs((inner) => ({
    async find<T extends Table>(
      table: T,
      query: FindQuery<T> = {},
      options?: Parameters<Engine['find']>[2],
    ): Promise<Row<T>[]> {
      // Whatever would be refused still is.
      await inner.find(table, query, options)
      const { where, orderBy = [], limit, after } = query
      const rows = await inner.find(table, { where }, options)
      const given: Order = orderBy.map(([key, direction]) => [key, direction === 'asc' ? 1 : -1])
      const sign = (given.at(-1)?.[1] ?? 1) * (ties?.() ?? 1)
      const keys = table.primaryKey.filter((column) => !given.some(([key]) => key === column.key))
      const order: Order = [...given, ...keys.map((column) => [column.key, sign] as const)]
      const values = (row: object) => order.map(([key]) => (row as Loose)[key] as Scalar)
      const by = (parts: Order) => (a: readonly Scalar[], b: readonly Scalar[]) => {
        for (const [i, [, sign]] of parts.entries()) {
          const difference = compare(a[i]!, b[i]!)
          if (difference !== 0) return difference * sign
        }
        return 0
      }
      const sorted = rows.sort((a, b) => by(order)(values(a), values(b)))
      const beyond = by(part?.(order, keys.length) ?? order)
      const from =
        after === undefined
          ? sorted
          : sorted.filter((row) => {
              const difference = beyond(values(row), after as readonly Scalar[])
              return difference > 0 || (inclusive && difference === 0)
            })
      return limit === undefined ? from : from.slice(0, limit)
    },
  }))
}

/** Remembers how many rows came before each one, and goes on by that number. */
function byOffset(engine: Parameters<NonNullable<Mutant['engine']>>[0]) {
  const seen = new Map<string, number>()
  return verbs((inner) => ({
    async find<T extends Table>(
      table: T,
      query: FindQuery<T> = {},
      options?: Parameters<Engine['find']>[2],
    ): Promise<Row<T>[]> {
      const { after, limit, orderBy = [], ...rest } = query
      const keys = [...new Set([...orderBy.map(([key]) => key), ...table.primaryKey.map(({ key }) => key)])]
      const place = (values: readonly unknown[]) => JSON.stringify([table.name, orderBy, values])
      const offset = after === undefined ? 0 : seen.get(place(after))
      if (offset === undefined) return inner.find(table, query, options)
      const rows = await inner.find(table, { ...rest, orderBy, limit: limit && limit + offset }, options)
      const page = rows.slice(offset)
      for (const [i, row] of page.entries()) {
        seen.set(place(keys.map((key) => (row as Loose)[key])), offset + i + 1)
      }
      return page
    },
  }))(engine)
}
