/** How SQLite says it: JSON as text, moments as milliseconds, booleans as 0 and 1. */

import { searchRowsName } from '../../schema/constraints.ts'
import type { ColumnDef } from '../../schema/dsl/table.ts'
import { type Convert, type Dialect, quote } from '../sql/dialect.ts'

/** Functions that `connection.ts` defines on every connection. */
export const MERGE_FUNCTION = 'terrace_merge'
export const HAS_KEY_FUNCTION = 'terrace_has_key'
export const TRIGRAMS_FUNCTION = 'terrace_trigrams'

const same = (value: unknown) => value

function encodeOne(column: ColumnDef): Convert {
  switch (column.kind) {
    case 'boolean':
      return (value: boolean) => (value ? 1 : 0)
    case 'timestamp':
      return (value: Date) => value.getTime()
    case 'json':
      return (value: unknown) => JSON.stringify(value)
    default:
      return same
  }
}

function hexOf(value: Uint8Array): string {
  return Buffer.from(value).toString('hex').toUpperCase()
}

export const sqliteDialect: Dialect = {
  numbered: false,
  placeholder: () => '?',
  encoder(column, list) {
    const encode = encodeOne(column)
    if (!list) return encode
    // JSON has no bytes.
    const encodeItem = column.kind === 'bytes' ? hexOf : encode
    return (values: readonly unknown[]) => JSON.stringify(values.map(encodeItem))
  },
  decoder(column) {
    switch (column.kind) {
      case 'boolean':
        return (raw: number) => raw === 1
      case 'timestamp':
        return (raw: number) => new Date(raw)
      case 'json':
        return (raw: string) => JSON.parse(raw)
      case 'bytes':
        // better-sqlite3 gives a Buffer, which Yjs and structuredClone treat differently.
        return (raw: Uint8Array) => new Uint8Array(raw)
      default:
        return undefined
    }
  },
  selected: (text) => text,
  byPosition: true,
  // A value that SQLite's planner has looked at (a limit, or what might be the value that a partial index is about) makes
  // it prepare the statement anew each time it is bound: three times the cost of a claim, or of a short list. It does not
  // look behind a sign.
  given: (param) => `+${param}`,
  booleanLiteral: (value) => (value ? '1' : '0'),
  isAmong(text, list, { kind }) {
    const among = `in (select value from json_each(${list}))`
    // `hex` makes the empty text of null, as it does of no bytes.
    return kind === 'bytes' ? `(${text} is not null and hex(${text}) ${among})` : `${text} ${among}`
  },
  contains: (text, part) => `instr(${text}, ${part}) > 0`,
  // The index only proposes rows: it knows which three characters are in a text, and not where.
  containsBy(index, table, text, part) {
    const [fts, rows] = [quote(index.name), quote(searchRowsName(index))]
    const keys = (of: string) => table.primaryKey.map(({ sqlName }) => `${of}.${quote(sqlName)}`).join(', ')
    const proposed =
      `select ${keys('"s"')} from ${fts} join ${rows} "s" on "s"."fts_rowid" = ${fts}.rowid` +
      ` where ${fts} match ${TRIGRAMS_FUNCTION}(${part()})`
    return `(${keys(quote(table.sqlName))}) in (${proposed}) and instr(${text}, ${part()}) > 0`
  },
  hasKey: (column, key) => `${HAS_KEY_FUNCTION}(${column}, ${key})`,
  mergeJson: (column, patch) => `${MERGE_FUNCTION}(${column}, ${patch})`,
  // By halves, because a sum that passes 2^63 on its way is an error; joined, they turn to REAL instead.
  sum: (column) => `sum(${column} >> 26) * 67108864 + sum(${column} & 67108863)`,
  namesAnyViolation: true,
  removesRowByRow: true,
  // There is one writer, and a statement of its begins when it is its turn.
  asSeen: () => 'true',
  lock: () => '',
  claimed: (keys, select) =>
    keys.length === 1 ? `${keys[0]} in (${select})` : `(${keys.join(', ')}) in (${select})`,
}
