/** Describes the tables of a live SQLite database. */

import {
  addForeignKey,
  addIndex,
  emptyTable,
  type SchemaDescription,
  type TableDescription,
} from './description.ts'
import { checksIn, normalise } from './sql-text.ts'
import type { Query } from './target.ts'

/** `isWanted` is an SQL condition on a table's name. */
export async function introspectSqlite(
  query: Query,
  isWanted: (name: string) => string,
): Promise<SchemaDescription> {
  const wanted = `t.type = 'table' and ${isWanted('t.name')}`
  const tables: Record<string, TableDescription> = {}
  for (const row of await query(
    `select t.name, t.sql from sqlite_schema t where ${wanted} order by t.name`,
  )) {
    const table = emptyTable()
    Object.assign(table.checks, checksIn(String(row.sql)))
    tables[String(row.name)] = table
  }

  const columns = await query(`
    select t.name as "table", c.name, lower(c.type) as type, c."notnull" as required, c.pk
    from sqlite_schema t join pragma_table_xinfo(t.name) c
    where ${wanted} order by t.name, c.cid`)
  for (const row of columns) {
    const table = tables[String(row.table)]!
    table.columns[String(row.name)] = { type: String(row.type), nullable: Number(row.required) === 0 }
  }
  for (const row of columns.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a.pk) - Number(b.pk))) {
    const table = tables[String(row.table)]!
    table.primaryKey += `${table.primaryKey && ', '}${row.name}`
  }

  const keys = await query(`
    select t.name as "table", k.id, k."from", k."table" as target, k."to", lower(k.on_delete) as "onDelete",
      lower(k.on_update) as "onUpdate"
    from sqlite_schema t join pragma_foreign_key_list(t.name) k
    where ${wanted} order by t.name, k.id, k.seq`)
  for (const parts of Map.groupBy(keys, ({ table, id }) => `${table} ${id}`).values()) {
    const { table, target, onDelete, onUpdate } = parts[0]!
    addForeignKey(tables[String(table)]!, {
      columns: parts.map(({ from }) => from).join(', '),
      target: String(target),
      targetColumns: parts.map(({ to }) => to).join(', '),
      onDelete: String(onDelete),
      onUpdate: String(onUpdate),
    })
  }

  const indexParts = await query(`
    select t.name as "table", i.name as "index", i."unique", p.name, p."desc", p.coll, n.sql
    from sqlite_schema t join pragma_index_list(t.name) i join pragma_index_xinfo(i.name) p
    left join sqlite_schema n on n.type = 'index' and n.name = i.name
    where ${wanted} and i.origin <> 'pk' and p."key" = 1 order by t.name, i.name, p.seqno`)
  for (const parts of Map.groupBy(indexParts, ({ index }) => index).values()) {
    const { table, index, unique, sql } = parts[0]!
    addIndex(tables[String(table)]!, String(index), {
      unique: Number(unique) === 1,
      columns: parts.map(({ name, desc, coll }) =>
        [name ?? '(expression)', coll !== 'BINARY' && `collate ${coll}`, Number(desc) === 1 && 'desc']
          .filter(Boolean)
          .join(' '),
      ),
      // The predicate is in no pragma, only in what was once written.
      where: normalise(/\bwhere\b([\s\S]*)$/i.exec(String(sql ?? ''))?.[1] ?? ''),
    })
  }
  return { dialect: 'sqlite', tables }
}
