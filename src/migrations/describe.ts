/** Describes the neutral schema as a database of one dialect must have it. */

import { checksOf, predicateOf, type SqlDialect } from '../schema/constraints.ts'
import type { Kind } from '../schema/dsl/columns.ts'
import type { Table } from '../schema/dsl/table.ts'
import { containsIndexes, sqliteSearchParts } from '../schema/search-index.ts'
import {
  addForeignKey,
  addIndex,
  emptyTable,
  type SchemaDescription,
  type TableDescription,
} from './description.ts'
import { normalise, tokensOf } from './sql-text.ts'

const TYPES: Readonly<Record<SqlDialect, Readonly<Record<Kind, string>>>> = {
  postgres: {
    text: 'text collate "C"',
    oneOf: 'text collate "C"',
    integer: 'bigint',
    boolean: 'boolean',
    timestamp: 'timestamp(3) with time zone',
    json: 'jsonb',
    bytes: 'bytea',
  },
  sqlite: {
    text: 'text',
    oneOf: 'text',
    integer: 'integer',
    boolean: 'integer',
    timestamp: 'integer',
    json: 'text',
    bytes: 'blob',
  },
}

export function describe(tables: readonly Table[], dialect: SqlDialect): SchemaDescription {
  return {
    dialect,
    tables: Object.fromEntries(tables.map((table) => [table.sqlName, describeTable(table, dialect)])),
  }
}

function describeTable(table: Table, dialect: SqlDialect): TableDescription {
  const described = emptyTable()
  for (const { sqlName, kind, optional, references } of table.columnList) {
    described.columns[sqlName] = { type: TYPES[dialect][kind], nullable: optional }
    if (references === undefined) continue
    const target = references.table()
    addForeignKey(described, {
      columns: sqlName,
      target: target.sqlName,
      targetColumns: target.primaryKey[0]!.sqlName,
      onDelete:
        dialect === 'sqlite' && references.onDelete === 'restrict' ? 'no action' : references.onDelete,
    })
  }
  described.primaryKey = table.primaryKey.map(({ sqlName }) => sqlName).join(', ')
  for (const index of containsIndexes(table)) {
    if (dialect === 'sqlite') {
      for (const { name, sql } of sqliteSearchParts(table, index)) {
        described.searches[name] = tokensOf(sql).join(' ')
      }
    } else {
      const columns = index.columns.map(({ column }) => column.sqlName)
      addIndex(described, index.name, { unique: false, columns, where: undefined, rest: 'using gin' })
    }
  }
  for (const index of table.indexes.filter(({ contains }) => !contains)) {
    addIndex(described, index.name, {
      unique: index.unique,
      columns: index.columns.map(({ column, direction }) =>
        direction === 'desc' ? `${column.sqlName} desc` : column.sqlName,
      ),
      where: normalise(predicateOf(index, dialect) ?? ''),
    })
  }
  for (const { name, sql } of checksOf(table, dialect)) described.checks[name] = normalise(sql)
  return described
}
