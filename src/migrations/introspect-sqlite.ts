/** Describes the tables of a live SQLite database. */

import {
  addForeignKey,
  addIndex,
  emptyTable,
  type SchemaDescription,
  type TableDescription,
} from './description.ts'
import { checksIn, normalise, tokensOf } from './sql-text.ts'
import type { Query } from './target.ts'

/** `isWanted` is an SQL condition on a table's name. */
export async function introspectSqlite(
  query: Query,
  isWanted: (name: string) => string,
): Promise<SchemaDescription> {
  // A virtual table's rows are in tables of its own making, which are nobody else's affair.
  const isShadow = `t.name in (select name from pragma_table_list where type = 'shadow')`
  const wanted = `t.type = 'table' and not ${isShadow} and ${isWanted('t.name')}`
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
  await takeSearches(query, isWanted, tables)
  return { dialect: 'sqlite', tables }
}

/** Gives each table what keeps an index of its texts, which is no table of the schema's. */
async function takeSearches(
  query: Query,
  isWanted: (name: string) => string,
  tables: Record<string, TableDescription>,
): Promise<void> {
  const rows = await query(`
    select t.type, t.name, t.tbl_name as "table", t.sql from sqlite_schema t
    where t.type in ('table', 'trigger') and ${isWanted('t.name')} order by t.name`)
  const indexes = rows.filter(({ sql }) => /^create virtual table\b.*\busing fts5\b/is.test(String(sql)))
  const own = new Set(indexes.flatMap(({ name }) => [String(name), `${name}_rows`]))
  // Its tables do not say whose texts they are about; their names begin with that of the table.
  const ownerOf = (part: string) =>
    Object.keys(tables)
      .filter((name) => !own.has(name) && part.startsWith(`${name}_`))
      .sort((a, b) => b.length - a.length)[0]
  for (const row of rows) {
    const name = String(row.name)
    if (row.type === 'table' && !own.has(name)) continue
    const owner = tables[row.type === 'trigger' ? String(row.table) : (ownerOf(name) ?? '')]
    if (owner !== undefined) owner.searches[name] = tokensOf(String(row.sql)).join(' ')
  }
  for (const name of own) if (ownerOf(name) !== undefined) delete tables[name]
}
