/** How Postgres says it. Values travel as text, with a cast by column, so that no driver guesses a type. */

import type { ColumnDef } from '../../schema/dsl/table.ts'
import { type Convert, type Dialect, quote } from '../sql/dialect.ts'
import { encodeBytes } from './values.ts'

const TYPES = {
  text: 'text',
  oneOf: 'text',
  integer: 'bigint',
  boolean: 'boolean',
  timestamp: 'timestamptz',
  json: 'jsonb',
  bytes: 'bytea',
} as const

function typeOf(column: ColumnDef): string {
  return TYPES[column.kind]
}

function encodeOne(column: ColumnDef): Convert {
  switch (column.kind) {
    case 'integer':
    case 'boolean':
      return (value: number | boolean) => String(value)
    case 'timestamp':
      return (value: Date) => value.toISOString()
    case 'json':
      return (value: unknown) => JSON.stringify(value)
    case 'bytes':
      return encodeBytes
    default:
      return (value: string) => value
  }
}

export const postgresDialect: Dialect = {
  numbered: true,
  placeholder: (position, column, list) => `$${position}::${list ? 'text[]' : 'text'}${castOf(column, list)}`,
  encoder(column, list) {
    const encode = encodeOne(column)
    return list
      ? (values: readonly unknown[]) =>
          arrayText(values.map((value) => (value === null ? null : encode(value))))
      : encode
  },
  // The drivers decode by type, with the parsers of `values.ts`.
  decoder: () => undefined,
  selected: (text) => text,
  byPosition: false,
  given: (param) => param,
  booleanLiteral: (value) => (value ? 'true' : 'false'),
  isAmong: (column, list) => `${column} = any(${list})`,
  contains: (text, part) => `strpos(${text}, ${part}) > 0`,
  // With an escape of its own, because a backslash in a literal depends on settings.
  containsBy: (_index, _table, text, part) =>
    `${text} like '%' || replace(replace(replace(${part()}, '!', '!!'), '%', '!%'), '_', '!_') || '%' escape '!'`,
  // `jsonb_exists` also finds elements of arrays and whole strings.
  hasKey: (column, key) => `(jsonb_typeof(${column}) = 'object' and jsonb_exists(${column}, ${key}))`,
  mergeJson: (column, patch) =>
    `((case when jsonb_typeof(${column}) = 'object' then ${column} else '{}' end || ${patch}) - ` +
    `(select coalesce(array_agg("key"), '{}') from jsonb_each(${patch}) where "value" = 'null'))`,
  sum: (column) => `sum(${column})`,
  namesAnyViolation: false,
  removesRowByRow: false,
  // After waiting for a row's lock, conditions are tried again on the row as it is then, but sub-selects still see
  // what was there at the beginning. A changed row has another place.
  asSeen({ sqlName, primaryKey }) {
    const own = quote(sqlName)
    const same = primaryKey.map(({ sqlName: key }) => `"seen".${quote(key)} = ${own}.${quote(key)}`)
    return `${own}.ctid = (select "seen".ctid from ${own} "seen" where ${same.join(' and ')})`
  },
  lock: (skipLocked) => ` for update${skipLocked ? ' skip locked' : ''}`,
  // An array is evaluated once, before the update; a plain sub-select may be run again and exceed its limit.
  claimed: (keys, select) =>
    keys.length === 1 ? `${keys[0]} = any(array(${select}))` : `(${keys.join(', ')}) in (${select})`,
}

/** PGlite drops a byte order mark from the beginning of what it answers, so something else begins it. */
export const pgliteDialect: Dialect = {
  ...postgresDialect,
  decoder: ({ kind }) => (kind === 'text' ? (raw: string) => raw.slice(1) : undefined),
  selected: (text, { kind }) => (kind === 'text' ? `'.' || ${text}` : text),
}

/** Text needs no second cast; a list is cast as a whole. */
function castOf(column: ColumnDef, list: boolean): string {
  const type = typeOf(column)
  return type === 'text' ? '' : `::${type}${list ? '[]' : ''}`
}

/** An array as Postgres writes it. */
function arrayText(values: readonly unknown[]): string {
  const items = values.map((value) =>
    value === null ? 'NULL' : `"${String(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
  )
  return `{${items.join(',')}}`
}
