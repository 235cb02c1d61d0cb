/** All tables of an engine, as committed or as one transaction sees them. */

import { ConfigError } from '../../errors.ts'
import type { Table } from '../../schema/dsl/table.ts'
import { createFork, type Fork } from './fork.ts'
import { layoutOf, type ReferenceLayout } from './layout.ts'
import { type CommittedTable, createTable } from './table.ts'
import type { TableData } from './table-data.ts'

export interface State {
  /** A table to look at. */
  read(table: Table): TableData
  /** A table to change; in a transaction, its own copy. */
  write(table: Table): TableData
  /** The references to a table from all tables that may have rows. */
  referrers(table: Table): readonly Referrer[]
}

export interface Referrer {
  readonly table: Table
  readonly reference: ReferenceLayout
}

export interface CommittedState extends State {
  read(table: Table): CommittedTable
}

/** The committed state. Tables appear with their first use; one that was never used has no rows. */
export function createState(): CommittedState {
  const tables = new Map<string, CommittedTable>()
  /** Several objects may define one table: a bundler may load a schema file twice. */
  const accepted = new WeakSet<Table>()
  let referrersByTable = new Map<string, readonly Referrer[]>()

  function data(table: Table): CommittedTable {
    let known = tables.get(table.sqlName)
    if (known === undefined) {
      known = createTable(layoutOf(table))
      tables.set(table.sqlName, known)
      referrersByTable = new Map()
    } else if (known.layout.table !== table && !accepted.has(table)) {
      refuseOther(known.layout.table, table)
      accepted.add(table)
    }
    return known
  }

  return {
    read: data,
    write: data,
    referrers({ sqlName }) {
      let referrers = referrersByTable.get(sqlName)
      if (referrers === undefined) {
        referrers = [...tables.values()].flatMap(({ layout }) =>
          layout
            .references()
            .filter(({ target }) => target.sqlName === sqlName)
            .map((reference) => ({ table: layout.table, reference })),
        )
        referrersByTable.set(sqlName, referrers)
      }
      return referrers
    },
  }
}

export interface Overlay extends State {
  /** Makes the changes part of the state beneath, which must not have changed since. */
  commit(): void
}

/**
 * A transaction's view: forks of the tables that it has changed, over the committed state. Nothing is copied to
 * begin with, and to roll back is to forget it.
 */
export function createOverlay(base: CommittedState): Overlay {
  const forks = new Map<string, Fork>()
  return {
    read: (table) => forks.get(table.sqlName) ?? base.read(table),
    write(table) {
      let fork = forks.get(table.sqlName)
      if (fork === undefined) {
        fork = createFork(base.read(table))
        forks.set(table.sqlName, fork)
      }
      return fork
    },
    referrers: base.referrers,
    commit() {
      for (const fork of forks.values()) base.read(fork.layout.table).adopt(fork)
    },
  }
}

/** Rows are kept by the position of columns, so two definitions of a table must be the same. */
function refuseOther(known: Table, other: Table): void {
  const outline = ({ columnList, indexes }: Table) =>
    JSON.stringify([
      columnList.map(({ key, kind, optional }) => [key, kind, optional]),
      indexes.map(({ name, columns }) => [name, columns.map(({ direction }) => direction)]),
    ])
  if (outline(known) !== outline(other)) {
    throw new ConfigError(
      `table ${other.name} was defined differently before; restart, because the rows in memory are of the older kind`,
    )
  }
}
