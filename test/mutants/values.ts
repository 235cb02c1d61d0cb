/** What goes in comes out: kinds, times, ids, JSON, copies. */

import { isDeepStrictEqual } from 'node:util'
import type { Engine, UpdateQuery } from '../../src/engine/engine.ts'
import { isOperator, OPERATOR } from '../../src/engine/query.ts'
import { ValidationError } from '../../src/errors.ts'
import type { Row, Table } from '../../src/schema/dsl/table.ts'
import { answers, giveWay, type Loose, type Mutant, questions, schema, verbs } from './mutant.ts'

export const valueMutants: readonly Mutant[] = [
  {
    id: 'times-in-seconds',
    breaks: 'Keeps times to the second',
    scenario: 'values.times-exact',
    engine: questions({ row: inSeconds, set: inSeconds }),
  },
  {
    id: 'times-as-text',
    breaks: 'Answers times as text',
    scenario: 'values.times-exact',
    engine: answers((row) =>
      mapValues(row, (value) => (value instanceof Date ? value.toISOString() : value)),
    ),
  },
  {
    id: 'own-clock',
    breaks: 'Takes the time from a clock of its own',
    scenario: 'values.clock',
    also: ['notes.label', 'notes.history-by-actor'],
    engine: (engine) => {
      let time = Date.UTC(2031, 0, 1)
      return verbs(() => ({ now: () => new Date(time++) }))(engine)
    },
  },
  {
    id: 'ids-fall',
    breaks: 'Makes ids that do not rise in the order of creation',
    scenario: 'ids.made-by-the-library',
    engine: (engine) => {
      let left = 0xffffffff
      return verbs((inner) => ({
        newId: () => `${inner.newId().slice(0, 14)}7fff-bfff-0000${(left--).toString(16)}`,
      }))(engine)
    },
  },
  {
    id: 'ids-repeat',
    breaks: 'Makes ids of the clock alone',
    scenario: 'ids.distinct-under-load',
    engine: verbs((inner) => ({ newId: () => `at ${inner.now().getTime()}` })),
  },
  {
    id: 'booleans-as-numbers',
    breaks: 'Answers booleans as 0 and 1',
    scenario: 'values.booleans',
    engine: answers((row) => mapValues(row, (value) => (typeof value === 'boolean' ? Number(value) : value))),
  },
  {
    id: 'integers-of-32-bits',
    breaks: 'Keeps the lower 32 bits of integers',
    scenario: 'values.integers',
    engine: questions({ row: narrow, set: narrow }),
  },
  {
    id: 'text-trimmed',
    breaks: 'Trims text',
    scenario: 'values.text-exact',
    engine: questions({
      row: (row) => mapValues(row, (value) => (typeof value === 'string' ? value.trim() : value)),
    }),
  },
  {
    id: 'kinds-converted',
    breaks: 'Converts values to the kind of their column',
    scenario: 'values.kinds',
    engine: questions({ row: converted, set: converted }),
  },
  {
    id: 'enums-unchecked',
    breaks: 'Takes a word that it does not know for one that it knows',
    scenario: 'values.enums',
    engine: questions({ row: knownWords, set: knownWords }),
  },
  {
    id: 'unknown-columns-dropped',
    breaks: 'Drops columns that a table does not have',
    scenario: 'values.unknown-columns',
    engine: questions({ row: knownColumns, set: knownColumns, match: knownColumns }),
  },
  {
    id: 'required-filled-in',
    breaks: 'Makes up what is required and not given',
    scenario: 'values.required',
    engine: questions({
      row: (row, table) => ({
        ...Object.fromEntries(
          table.visible
            .filter(
              (column) => column.kind === 'text' && !column.optional && column.defaultValue === undefined,
            )
            .map((column) => [column.key, 'unknown']),
        ),
        ...row,
      }),
    }),
  },
  {
    id: 'json-stringified',
    breaks: 'Keeps of JSON what JSON.stringify makes of it',
    scenario: 'values.json-refused',
    engine: questions({ row: stringified }),
  },
  {
    id: 'merge-deep',
    breaks: 'Merges nested objects instead of replacing them',
    scenario: 'values.json-patch',
    engine: merging((before, patch) => deepMerge(before, patch) as Loose),
  },
  {
    id: 'merge-keeps-null',
    breaks: 'Keeps null as a value where a patch removes a key',
    scenario: 'values.json-patch',
    engine: merging((before, patch) => ({ ...before, ...patch })),
  },
  {
    id: 'merge-replaces',
    breaks: 'Replaces an object by the patch to it',
    scenario: 'values.json-patch',
    engine: merging((_before, patch) => withoutNulls(patch)),
  },
  {
    id: 'merge-reads-first',
    breaks: 'Reads an object, patches it and writes it back',
    scenario: 'values.json-patches-race',
    engine: merging((before, patch) => withoutNulls({ ...before, ...patch }), giveWay),
  },
  {
    id: 'rows-leaked',
    breaks: 'Answers the same object again as long as the row is the same',
    scenario: 'copies.out',
    engine: leaking,
  },
  {
    id: 'reads-shared',
    breaks: 'Gives one object to all who read a row at the same moment',
    scenario: 'copies.shared-reads',
    engine: sharing,
  },
  {
    id: 'defaults-shared',
    breaks: 'Answers one and the same object for every empty one',
    scenario: 'copies.defaults',
    engine: (engine) => {
      const empty = {}
      return answers((row) => mapValues(row, (value) => (isDeepStrictEqual(value, {}) ? empty : value)))(
        engine,
      )
    },
  },
  {
    id: 'input-read-late',
    breaks: 'Looks at what it was given after the caller has gone on',
    scenario: 'copies.in',
    engine: verbs((inner) => ({
      insert: async (table, rows, options) => {
        await giveWay()
        return inner.insert(table, rows, options)
      },
      update: async (table, query, options) => {
        await giveWay()
        return inner.update(table, query, options)
      },
    })),
  },
  {
    id: 'questions-read-late',
    breaks: 'Looks at a question after the caller has gone on',
    scenario: 'copies.of-questions',
    engine: verbs((inner) => ({
      find: async (table, query, options) => {
        await giveWay()
        return inner.find(table, query, options)
      },
    })),
  },
  {
    id: 'sums-as-text',
    breaks: 'Answers counts and sums as text',
    scenario: 'engine.aggregates',
    engine: verbs((inner) => ({
      aggregate: async (table, query, options) => {
        const found = await inner.aggregate(table, query, options)
        // The cast: text for numbers is the point.
        const text = (sum: Loose) => mapValues(sum, String) as Record<string, number>
        return found.map((each) => ({ ...each, sum: text(each.sum) }))
      },
    })),
  },
  {
    id: 'sums-rounded',
    breaks: 'Answers a sum that is no safe integer any more',
    scenario: 'values.sums-exact',
    engine: verbs((inner) => ({
      aggregate: async (table, query = {}, options) => {
        const { sum: _sum, ...rest } = query
        return inner.aggregate(table, query, options).catch(async () => {
          const found = await inner.aggregate(table, rest, options)
          const sum = Object.fromEntries((query.sum ?? []).map((key) => [key, Number.MAX_SAFE_INTEGER]))
          return found.map((each) => ({ ...each, sum }))
        })
      },
    })),
  },
  {
    id: 'nothing-sums-to-null',
    breaks: 'Answers null for the sum of no rows, as SQL does',
    scenario: 'engine.aggregates-of-none',
    engine: verbs((inner) => ({
      aggregate: async (table, query, options) => {
        const found = await inner.aggregate(table, query, options)
        return found.map((each) => {
          if (each.count > 0) return each
          // The cast: null for a number is the point.
          return { ...each, sum: mapValues(each.sum, () => null) as unknown as Record<string, number> }
        })
      },
    })),
  },
  {
    id: 'counts-capped',
    breaks: 'Counts no further than a page',
    scenario: 'lists.count',
    engine: verbs((inner) => ({
      aggregate: async (table, query, options) => {
        const found = await inner.aggregate(table, query, options)
        return found.map((each) => ({ ...each, count: Math.min(each.count, 3) }))
      },
    })),
  },
  {
    id: 'text-cut',
    breaks: 'Cuts text that is too long',
    scenario: 'values.text-limits',
    engine: questions({ row: cut, set: cut }),
  },
  {
    id: 'times-clamped',
    breaks: 'Takes a time that cannot be kept for the nearest one that can',
    scenario: 'values.times-refused',
    engine: questions({ row: clamped, set: clamped, match: clamped }),
  },
  {
    id: 'json-shallow',
    breaks: 'Refuses JSON that is nested deeper than a hundred levels',
    scenario: 'values.json-depth',
    engine: questions({
      row: (row, table) => {
        for (const [key, value] of Object.entries(row)) {
          if (table.columns[key]?.kind === 'json' && depthOf(value) > 100) {
            throw new ValidationError(`${table.name}.${key} is nested too deeply`, table.name, key)
          }
        }
        return row
      },
    }),
  },
  {
    id: 'json-of-this-realm',
    breaks: 'Takes objects that another realm made for instances of a class',
    scenario: 'values.json-of-another-realm',
    engine: questions({
      row: (row, table) => {
        for (const [key, value] of Object.entries(row)) {
          if (table.columns[key]?.kind !== 'json' || !isObject(value)) continue
          if (!(value instanceof Object)) throw new ValidationError(`${table.name}.${key}`, table.name, key)
        }
        return row
      },
    }),
  },
  {
    id: 'json-of-any-shape',
    breaks: 'Keeps an object where lists are kept, and anything where objects are',
    scenario: 'values.json-shapes',
    engine: schema((table) => ({
      ...table,
      columnList: table.columnList.map((column) => ({ ...column, shape: undefined })),
    })),
  },
]

function mapValues(row: Loose, change: (value: unknown, key: string) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, change(value, key)]))
}

function inSeconds(row: Loose): Loose {
  return mapValues(row, (value) =>
    value instanceof Date ? new Date(Math.floor(value.getTime() / 1000) * 1000) : value,
  )
}

function narrow(row: Loose): Loose {
  return mapValues(row, (value) => (Number.isSafeInteger(value) ? Number(value) | 0 : value))
}

function cut(row: Loose, table: Table): Loose {
  return mapValues(row, (value, key) => {
    const { kind, max = 0 } = table.columns[key] ?? {}
    return kind === 'text' && typeof value === 'string' && value.length > max
      ? Array.from(value).slice(0, max).join('')
      : value
  })
}

function clamped(row: Loose): Loose {
  const [first, last] = ['0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'].map(Date.parse) as [
    number,
    number,
  ]
  return mapValues(row, (value) =>
    value instanceof Date
      ? new Date(Math.min(Math.max(Number.isNaN(value.getTime()) ? 0 : value.getTime(), first), last))
      : value,
  )
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

function converted(row: Loose, table: Table): Loose {
  return mapValues(row, (value, key) => {
    if (value == null || isOperator(value)) return value
    switch (table.columns[key]?.kind) {
      case 'text':
        return typeof value === 'number' ? String(value) : value
      case 'integer':
        return typeof value === 'string' ? Number(value) : value
      case 'boolean':
        return typeof value === 'number' ? value !== 0 : value
      case 'timestamp':
        return typeof value === 'string' ? new Date(value) : value
      default:
        return value
    }
  })
}

function knownWords(row: Loose, table: Table): Loose {
  return mapValues(row, (value, key) => {
    const words = table.columns[key]?.values
    return words !== undefined && typeof value === 'string' && !words.includes(value) ? words[0] : value
  })
}

function knownColumns(row: Loose, table: Table): Loose {
  return Object.fromEntries(Object.entries(row).filter(([key]) => table.columns[key] !== undefined))
}

function stringified(row: Loose, table: Table): Loose {
  return mapValues(row, (value, key) => {
    if (table.columns[key]?.kind !== 'json' || typeof value !== 'object') return value
    return JSON.parse(JSON.stringify(value))
  })
}

const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function withoutNulls(value: Loose): Loose {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null))
}

function deepMerge(before: unknown, patch: unknown): unknown {
  if (!isObject(before) || !isObject(patch)) return patch
  const keys = [...new Set([...Object.keys(before), ...Object.keys(patch)])]
  return withoutNulls(
    Object.fromEntries(
      keys.map((key) => [key, key in patch ? deepMerge(before[key], patch[key]) : before[key]]),
    ),
  )
}

/** Patches of JSON worked out here, from the first row that the update is about. */
function merging(apply: (before: Loose, patch: Loose) => Loose, pause?: () => Promise<void>) {
  return verbs((inner) => ({
    async update<T extends Table>(
      table: T,
      query: UpdateQuery<T>,
      options?: Parameters<Engine['update']>[2],
    ): Promise<Row<T>[]> {
      const set = query.set as Loose
      const patches = Object.entries(set).filter(
        ([, value]) => isOperator(value) && value[OPERATOR] === 'merge',
      )
      if (patches.length === 0) return inner.update(table, query, options)
      const [row] = await inner.find(table, { where: query.where, limit: 1 }, options)
      await pause?.()
      const replaced = patches.map(([key, value]) => {
        const before = (row as Loose | undefined)?.[key]
        const { patch } = value as { readonly patch: Loose }
        return [key, apply(isObject(before) ? before : {}, patch)]
      })
      // The cast: the same columns, with values of the same kind.
      const own = { ...set, ...Object.fromEntries(replaced) } as typeof query.set
      return inner.update(table, { ...query, set: own }, options)
    },
  }))
}

function leaking(engine: Parameters<NonNullable<Mutant['engine']>>[0]) {
  const given = new Map<string, { readonly row: Loose; readonly copy: Loose }>()
  return answers((row, table) => {
    const key = `${table.name} ${table.primaryKey.map((column) => row[column.key]).join(' ')}`
    const known = given.get(key)
    if (known !== undefined && isDeepStrictEqual(known.copy, row)) return known.row
    given.set(key, { row, copy: structuredClone(row) })
    return row
  })(engine)
}

function sharing(engine: Parameters<NonNullable<Mutant['engine']>>[0]) {
  return verbs((inner) => {
    const underWay = new Map<string, Promise<unknown>>()
    return {
      async get<T extends Table>(
        table: T,
        id: string,
        options?: Parameters<Engine['get']>[2],
      ): Promise<Row<T> | null> {
        const key = `${table.name} ${id}`
        const call = underWay.get(key) ?? inner.get(table, id, options).finally(() => underWay.delete(key))
        underWay.set(key, call)
        // The cast: the key has the table's name.
        return call as Promise<Row<T> | null>
      },
    }
  })(engine)
}
