/** What a database has otherwise than it should, in words. */

import type { SchemaDescription, TableDescription } from './description.ts'

export type DifferenceKind =
  | 'missing table'
  | 'extra table'
  | 'column'
  | 'type'
  | 'nullability'
  | 'primary key'
  | 'foreign key'
  | 'index'
  | 'check'
  | 'search'

export interface Difference {
  readonly kind: DifferenceKind
  readonly table: string
  /** A line for people, such as `terrace_tasks: column scope is missing`. */
  readonly message: string
}

export function compare(expected: SchemaDescription, actual: SchemaDescription): readonly Difference[] {
  const differences: Difference[] = []
  for (const [name, table] of Object.entries(expected.tables)) {
    const found = actual.tables[name]
    if (found !== undefined) differences.push(...compareTable(name, table, found))
    else differences.push({ kind: 'missing table', table: name, message: `${name}: the table is missing` })
  }
  for (const name of Object.keys(actual.tables)) {
    if (expected.tables[name] !== undefined) continue
    differences.push({ kind: 'extra table', table: name, message: `${name}: the schema has no such table` })
  }
  return differences
}

function compareTable(
  name: string,
  expected: TableDescription,
  actual: TableDescription,
): readonly Difference[] {
  const differences: Difference[] = []
  function report(kind: DifferenceKind, message: string): void {
    differences.push({ kind, table: name, message: `${name}: ${message}` })
  }

  compareKeys(expected.columns, actual.columns, {
    missing: (column, { type }) => report('column', `column ${column} (${type}) is missing`),
    extra: (column) => report('column', `the schema has no column ${column}`),
    both: (column, wanted, found) => {
      if (wanted.type !== found.type) report('type', `column ${column} is ${found.type}, not ${wanted.type}`)
      if (wanted.nullable === found.nullable) return
      report('nullability', `column ${column} ${found.nullable ? 'may' : 'may not'} be null`)
    },
  })
  if (expected.primaryKey !== actual.primaryKey) {
    const found =
      actual.primaryKey === '' ? 'there is no primary key' : `the primary key is (${actual.primaryKey})`
    report('primary key', `${found}, not (${expected.primaryKey})`)
  }
  for (const [kind, wanted, found] of [
    ['foreign key', expected.foreignKeys, actual.foreignKeys],
    ['index', expected.indexes, actual.indexes],
    ['check', expected.checks, actual.checks],
  ] as const) {
    compareKeys(wanted, found, {
      missing: (key, text) => report(kind, `${kind} ${key} is missing: ${text}`),
      extra: (key, text) => report(kind, `the schema has no ${kind} ${key}: ${text}`),
      both: (key, a, b) => {
        if (a !== b) report(kind, `${kind} ${key} is ${b}, not ${a}`)
      },
    })
  }
  // Not in full: on SQLite these are whole triggers.
  compareKeys(expected.searches, actual.searches, {
    missing: (key) => report('search', `search index ${key} is missing`),
    extra: (key) => report('search', `the schema has no search index ${key}`),
    both: (key, wanted, found) => {
      if (wanted !== found) report('search', `search index ${key} is not as the schema has it`)
    },
  })
  return differences
}

function compareKeys<V>(
  expected: Readonly<Record<string, V>>,
  actual: Readonly<Record<string, V>>,
  on: {
    missing(key: string, value: V): void
    extra(key: string, value: V): void
    both(key: string, expected: V, actual: V): void
  },
): void {
  for (const [key, value] of Object.entries(expected)) {
    const found = actual[key]
    if (found === undefined) on.missing(key, value)
    else on.both(key, value, found)
  }
  for (const [key, value] of Object.entries(actual)) {
    if (expected[key] === undefined) on.extra(key, value)
  }
}
