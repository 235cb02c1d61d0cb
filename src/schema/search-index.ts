/**
 * What a `contains` index is made of, which drizzle cannot express.
 *
 * On Postgres: an index of the extension pg_trgm, where that can be had.
 *
 * On SQLite: an FTS5 table that keeps which three characters are in which text, and no text; a table that gives
 * each row a number that stays, which `VACUUM` and the rebuilding of a table do not warrant for a table's own;
 * and triggers that keep both. FTS5 has tables of its own behind the first.
 */

import { searchRowsName } from './constraints.ts'
import type { ColumnDef, IndexDef, Table } from './dsl/table.ts'

/** A part of it: a table or a trigger. */
export interface SearchPart {
  readonly kind: 'table' | 'trigger'
  readonly name: string
  readonly sql: string
}

export const containsIndexes = ({ indexes }: Table): readonly IndexDef[] =>
  indexes.filter(({ contains }) => contains)

/** In the order in which they are made. */
export function sqliteSearchParts(table: Table, index: IndexDef): readonly SearchPart[] {
  const { name } = index
  const text = `"${index.columns[0]!.column.sqlName}"`
  const rows = searchRowsName(index)
  const keys = table.primaryKey.map(({ sqlName }) => `"${sqlName}"`)
  const columns = keys.join(', ')
  const values = (row: 'new' | 'old') => keys.map((key) => `${row}.${key}`).join(', ')
  const is = (row: 'new' | 'old') => keys.map((key) => `${key} = ${row}.${key}`).join(' and ')
  const number = (row: 'new' | 'old') => `(select "fts_rowid" from "${rows}" where ${is(row)})`
  const trigger = (verb: string, event: string, ...statements: readonly string[]): SearchPart => ({
    kind: 'trigger',
    name: `${name}_${verb}`,
    sql: `CREATE TRIGGER "${name}_${verb}" AFTER ${event} ON "${table.sqlName}" BEGIN\n\t${statements.join(';\n\t')};\nEND`,
  })
  return [
    {
      kind: 'table',
      name,
      // `detail=none`: a third of the size, because places are looked for in the text itself.
      sql: `CREATE VIRTUAL TABLE "${name}" USING fts5("text", content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1')`,
    },
    {
      kind: 'table',
      name: rows,
      sql: `CREATE TABLE "${rows}" ("fts_rowid" integer PRIMARY KEY NOT NULL, ${table.primaryKey.map(rowsColumn).join(', ')}, UNIQUE (${columns}))`,
    },
    trigger(
      'insert',
      'INSERT',
      `INSERT INTO "${rows}" (${columns}) VALUES (${values('new')})`,
      `INSERT INTO "${name}" (rowid, "text") VALUES (${number('new')}, new.${text})`,
    ),
    trigger(
      'update',
      `UPDATE OF ${columns}, ${text}`,
      `UPDATE "${rows}" SET (${columns}) = (${values('new')}) WHERE ${is('old')}`,
      `UPDATE "${name}" SET "text" = new.${text} WHERE rowid = ${number('new')}`,
    ),
    trigger(
      'delete',
      'DELETE',
      `DELETE FROM "${name}" WHERE rowid = ${number('old')}`,
      `DELETE FROM "${rows}" WHERE ${is('old')}`,
    ),
  ]
}

function rowsColumn({ sqlName, kind }: ColumnDef): string {
  const type = kind === 'bytes' ? 'blob' : ['text', 'oneOf', 'json'].includes(kind) ? 'text' : 'integer'
  return `"${sqlName}" ${type} NOT NULL`
}

/** Brings in what the table holds already. */
export function fillSqliteSearch(table: Table, index: IndexDef): readonly string[] {
  const rows = searchRowsName(index)
  const text = `"t"."${index.columns[0]!.column.sqlName}"`
  const keys = table.primaryKey.map(({ sqlName }) => `"${sqlName}"`)
  const same = keys.map((key) => `"r".${key} = "t".${key}`).join(' and ')
  return [
    `INSERT INTO "${rows}" (${keys.join(', ')}) SELECT ${keys.join(', ')} FROM "${table.sqlName}"`,
    `INSERT INTO "${index.name}" (rowid, "text") SELECT "r"."fts_rowid", ${text} FROM "${table.sqlName}" "t" JOIN "${rows}" "r" ON ${same}`,
  ]
}

/** Makes the index, and the extension it needs; where that cannot be had, it warns and does nothing. */
export function postgresSearchIndex(table: Table, { name, columns }: IndexDef): string {
  // The extension may be in whichever schema.
  return `DO $$
DECLARE
	place text;
	reason text;
BEGIN
	BEGIN
		CREATE EXTENSION IF NOT EXISTS pg_trgm;
	EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_file THEN
		reason := SQLERRM;
	END;
	SELECT n.nspname INTO place FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm';
	IF place IS NULL THEN
		RAISE WARNING '${table.sqlName} is searched without an index, because there is no extension pg_trgm: %', reason;
	ELSE
		EXECUTE format('CREATE INDEX IF NOT EXISTS "${name}" ON "${table.sqlName}" USING gin ("${columns[0]!.column.sqlName}" %I.gin_trgm_ops)', place);
	END IF;
END $$`
}
