/** A list as it is asked for in a URL: `?status=ready&status=running&order=-priority,createdAt&limit=20&after=…` */

import { ValidationError } from '../errors.ts'
import type { Served } from './surface.ts'

/** Names that are no filters. */
const OPTIONS = ['limit', 'after', 'order']

/** The arguments of `list`, as JSON would have them. Throws `ValidationError`. */
export function listArgs(served: Served, query: URLSearchParams): unknown[] {
  return [firstArg(served, query), optionsOf(served, query)]
}

function firstArg(served: Served, query: URLSearchParams): unknown {
  const names = [...new Set(query.keys())].filter((name) => !OPTIONS.includes(name))
  const { listOf, table } = served
  if (listOf === undefined) return filterOf(served, names, query)
  const other = names.find((name) => name !== listOf)
  const [value, ...more] = query.getAll(listOf)
  if (other === undefined && value !== undefined && more.length === 0) return value
  throw new ValidationError(`${table.name} are listed by one ${listOf}: ?${listOf}=…`, table.name, listOf)
}

function filterOf(served: Served, names: readonly string[], query: URLSearchParams): object {
  return Object.fromEntries(
    names.map((name) => {
      const values = query.getAll(name).map((text) => valueFrom(served, name, text))
      return [name, values.length === 1 ? values[0] : values]
    }),
  )
}

/** A column's value; where it may be null, an empty text is that. The store refuses what it is not. */
function valueFrom({ table, filters }: Served, name: string, text: string): unknown {
  const column = table.columns[name]
  if (column?.optional === true && text === '') return null
  switch (column?.kind ?? (Object.hasOwn(filters, name) ? filters[name] : undefined)) {
    case 'integer':
      return /^-?\d{1,16}$/.test(text) ? Number(text) : text
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text
    default:
      return text
  }
}

function optionsOf({ table }: Served, query: URLSearchParams): object {
  const one = (name: string) => {
    const values = query.getAll(name)
    if (values.length <= 1) return values[0]
    throw new ValidationError(`${table.name}: ${name} is given once`, table.name)
  }
  const limit = one('limit')
  const order = one('order')
  return {
    limit: limit === undefined ? undefined : /^\d{1,9}$/.test(limit) ? Number(limit) : limit,
    after: one('after'),
    order: order === undefined ? undefined : Object.fromEntries(order.split(',').map(direction)),
  }
}

function direction(name: string): [string, 'asc' | 'desc'] {
  return name.startsWith('-') ? [name.slice(1), 'desc'] : [name, 'asc']
}
