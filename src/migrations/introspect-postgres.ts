/** Describes the tables in the current schema of a live Postgres, 15 to 18. */

import {
  addForeignKey,
  addIndex,
  emptyTable,
  type SchemaDescription,
  type TableDescription,
} from './description.ts'
import { normalise } from './sql-text.ts'
import type { Query } from './target.ts'

/** Whatever a driver parses, these rows are text. */
type Row = Readonly<Record<string, unknown>>

/** `isWanted` is an SQL condition on a table's name. */
export async function introspectPostgres(
  query: Query,
  isWanted: (name: string) => string,
): Promise<SchemaDescription> {
  const wanted = `t.relnamespace = current_schema()::regnamespace and t.relkind in ('r', 'p') and ${isWanted('t.relname')}`
  const tables: Record<string, TableDescription> = {}
  const tableOf = (row: Row): TableDescription => {
    tables[String(row.table)] ??= emptyTable()
    return tables[String(row.table)]!
  }

  for (const row of await query(columnsSql(wanted))) {
    tableOf(row).columns[String(row.name)] = { type: String(row.type), nullable: row.required === 'false' }
  }
  for (const row of await query(constraintsSql(wanted))) addConstraint(tableOf(row), row)
  const parts = await query(indexPartsSql(wanted))
  for (const ofIndex of Map.groupBy(parts, ({ name }) => name).values()) {
    addIndexParts(tableOf(ofIndex[0]!), ofIndex)
  }
  return { dialect: 'postgres', tables }
}

const columnsSql = (wanted: string) => `
  select t.relname::text as "table", a.attname::text as name, a.attnotnull::text as required,
    format_type(a.atttypid, a.atttypmod) ||
      case when l.collname <> 'default' then ' collate "' || l.collname || '"' else '' end as type
  from pg_class t
  join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  left join pg_collation l on l.oid = a.attcollation
  where ${wanted}
  order by t.relname, a.attnum`

// Unique constraints are told as indexes, and NOT NULL, a constraint since Postgres 18, as columns.
const constraintsSql = (wanted: string) => `
  select t.relname::text as "table", c.conname::text as name, c.contype::text as kind,
    ${columnNames('c.conkey', 'c.conrelid')} as columns,
    f.relname::text as target, ${columnNames('c.confkey', 'c.confrelid')} as "targetColumns",
    c.confdeltype::text as "onDelete", c.confupdtype::text as "onUpdate",
    pg_get_constraintdef(c.oid) as definition
  from pg_class t
  join pg_constraint c on c.conrelid = t.oid and c.contype in ('p', 'f', 'c')
  left join pg_class f on f.oid = c.confrelid
  where ${wanted}
  order by t.relname, c.conname`

const columnNames = (numbers: string, table: string) => `(
      select string_agg(a.attname, ', ' order by n.place) from unnest(${numbers}) with ordinality n(number, place)
      join pg_attribute a on a.attrelid = ${table} and a.attnum = n.number)`

// Bits of an option: 1 is descending, 2 is nulls first.
const indexPartsSql = (wanted: string) => `
  select t.relname::text as "table", n.relname::text as name, m.amname::text as method,
    i.indisunique::text as is_unique, i.indisvalid::text as is_valid, i.indnullsnotdistinct::text as nulls_alike,
    pg_get_expr(i.indpred, i.indrelid) as predicate,
    (p.place <= i.indnkeyatts)::text as is_key, i.indoption[p.place - 1]::text as option,
    pg_get_indexdef(i.indexrelid, p.place, true) as part
  from pg_class t
  join pg_index i on i.indrelid = t.oid and not i.indisprimary
  join pg_class n on n.oid = i.indexrelid
  join pg_am m on m.oid = n.relam
  cross join generate_series(1, i.indnatts) p(place)
  where ${wanted}
  order by t.relname, n.relname, p.place`

const ACTIONS: Readonly<Record<string, string>> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
}

function addConstraint(table: TableDescription, row: Row): void {
  const definition = String(row.definition)
  if (row.kind === 'p') table.primaryKey = String(row.columns)
  else if (row.kind === 'c') table.checks[String(row.name)] = normalise(definition.replace(/^CHECK /, ''))
  else {
    addForeignKey(table, {
      columns: String(row.columns),
      target: String(row.target),
      targetColumns: String(row.targetColumns),
      onDelete: ACTIONS[String(row.onDelete)]!,
      onUpdate: ACTIONS[String(row.onUpdate)]!,
      rest: /\b(?:MATCH|DEFERRABLE|NOT VALID|NOT ENFORCED)\b.*/.exec(definition)?.[0].toLowerCase(),
    })
  }
}

function addIndexParts(table: TableDescription, parts: readonly Row[]): void {
  const { name, method, is_unique, is_valid, nulls_alike, predicate } = parts[0]!
  const included = parts.filter(({ is_key }) => is_key === 'false').map(({ part }) => part)
  addIndex(table, String(name), {
    unique: is_unique === 'true',
    columns: parts.filter(({ is_key }) => is_key === 'true').map(partText),
    where: normalise(String(predicate ?? '')),
    rest: [
      method === 'btree' ? '' : `using ${method}`,
      included.length === 0 ? '' : `include (${included.join(', ')})`,
      nulls_alike === 'true' ? 'nulls not distinct' : '',
      // What is left when CREATE INDEX CONCURRENTLY fails.
      is_valid === 'true' ? '' : 'invalid',
    ]
      .filter(Boolean)
      .join(' '),
  })
}

/** Nulls are mentioned where they are not as `ORDER BY` has them: last when ascending, else first. */
function partText({ part, option }: Row): string {
  const name = String(part).replaceAll('"', '')
  return `${name}${['', ' desc nulls last', ' nulls first', ' desc'][Number(option)]}`
}
