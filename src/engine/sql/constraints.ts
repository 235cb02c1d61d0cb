/** Reads the names that the schema gives to constraints. */

import { ValidationError } from '../../errors.ts'
import { primaryKeyName } from '../../schema/constraints.ts'
import { type ColumnDef, type IndexDef, shortName, type Table } from '../../schema/dsl/table.ts'

export interface UniqueConstraint {
  readonly columns: readonly ColumnDef[]
  /** Rows that it is about: all, if empty. */
  readonly where: IndexDef['where']
}

/** In the order in which violated ones are named. */
export function uniqueConstraints({ primaryKey, indexes }: Table): readonly UniqueConstraint[] {
  const unique = indexes.filter((index) => index.unique)
  return [
    { columns: primaryKey, where: [] },
    ...unique.map(({ columns, where }) => ({ columns: columns.map(({ column }) => column), where })),
  ]
}

/** The columns of a unique constraint, by the name of its index. */
export function uniqueColumns(table: Table, name: string): string[] | undefined {
  const index = table.indexes.find((candidate) => candidate.name === name)
  if (index !== undefined) return index.columns.map(({ column }) => column.key)
  if (name === primaryKeyName(table)) return table.primaryKey.map((column) => column.key)
  return undefined
}

/** What a violated check, which is named `<table>_<column>_check`, says of its column. */
export function checkViolation(table: Table, name: string, options: ErrorOptions): ValidationError {
  const column = table.columnList.find(
    ({ sqlName }) => name === shortName(`${table.sqlName}_${sqlName}_check`),
  )
  if (column === undefined) {
    return new ValidationError(
      `${table.name} is outside what the database allows`,
      table.name,
      undefined,
      options,
    )
  }
  const { key, kind } = column
  // Integers have been checked one by one: it was their sum.
  const reason = kind === 'integer' ? 'leaves the safe integers' : 'is outside what the database allows'
  return new ValidationError(`${table.name}.${key} ${reason}`, table.name, key, options)
}
