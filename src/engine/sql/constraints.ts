/** Reads the names that the schema gives to constraints. */

import { primaryKeyName } from '../../schema/constraints.ts'
import { shortName, type Table } from '../../schema/dsl/table.ts'

/** The columns of a unique constraint, by the name of its index. */
export function uniqueColumns(table: Table, name: string): string[] | undefined {
  const index = table.indexes.find((candidate) => candidate.name === name)
  if (index !== undefined) return index.columns.map(({ column }) => column.key)
  if (name === primaryKeyName(table)) return table.primaryKey.map((column) => column.key)
  return undefined
}

/** The column of a check, which is named `<table>_<column>_check`. */
export function constraintColumn(table: Table, name: string): string | undefined {
  return table.columnList.find((column) => name === shortName(`${table.sqlName}_${column.sqlName}_check`))
    ?.key
}
