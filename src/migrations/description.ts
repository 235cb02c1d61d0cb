/**
 * A schema in words: where two descriptions say the same, the databases are the same. `describe` makes one
 * from the neutral schema, `introspect` from a live database, and `compare` tells them apart.
 */

import type { SqlDialect } from '../schema/constraints.ts'

export interface SchemaDescription {
  readonly dialect: SqlDialect
  /** By name: tables that are, or by their names could be, Terrace's. */
  readonly tables: Readonly<Record<string, TableDescription>>
}

/** SQL defaults are left out: the library applies its own, and never leaves a column to the database. */
export interface TableDescription {
  /** By name. */
  readonly columns: Record<string, ColumnDescription>
  /** `scope, key` */
  primaryKey: string
  /** By `task_id references terrace_tasks (id)`, because SQLite keeps no names: `on delete cascade`. */
  readonly foreignKeys: Record<string, string>
  /** By name: `unique (workspace_id, priority desc) where status = 'ready'`. */
  readonly indexes: Record<string, string>
  /** By name, as `normalise` spells it: `status in 'open', 'done'`. */
  readonly checks: Record<string, string>
  /**
   * What speeds up searching, by name: an index on Postgres, `(text) using gin`; tables and triggers on SQLite, as
   * they were written.
   */
  readonly searches: Record<string, string>
}

export interface ColumnDescription {
  /** As the database calls it: `timestamp(3) with time zone`, `text collate "C"`, `integer`. */
  readonly type: string
  readonly nullable: boolean
}

export function emptyTable(): TableDescription {
  return { columns: {}, primaryKey: '', foreignKeys: {}, indexes: {}, checks: {}, searches: {} }
}

export function addForeignKey(
  table: TableDescription,
  parts: {
    readonly columns: string
    readonly target: string
    readonly targetColumns: string
    readonly onDelete: string
    readonly onUpdate?: string
    /** Whatever else there is to say, such as `not valid`. */
    readonly rest?: string | undefined
  },
): void {
  const name = `${parts.columns} references ${parts.target} (${parts.targetColumns})`
  const update =
    parts.onUpdate === undefined || parts.onUpdate === 'no action' ? '' : `on update ${parts.onUpdate}`
  table.foreignKeys[name] = words(`on delete ${parts.onDelete}`, update, parts.rest)
}

export function addIndex(
  table: TableDescription,
  name: string,
  parts: {
    readonly unique: boolean
    /** Each with its direction, if that is not the usual one. */
    readonly columns: readonly string[]
    readonly where: string | undefined
    /** Whatever else there is to say, such as `using gin`. */
    readonly rest?: string
  },
): void {
  const kept = parts.rest?.startsWith('using gin') ? table.searches : table.indexes
  kept[name] = words(
    parts.unique ? 'unique' : '',
    `(${parts.columns.join(', ')})`,
    parts.rest,
    parts.where && `where ${parts.where}`,
  )
}

function words(...parts: readonly (string | undefined)[]): string {
  return parts.filter(Boolean).join(' ')
}
