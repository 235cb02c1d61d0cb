/** What one call sends: always one statement, through whatever runs statements. */

import type { Table } from '../../schema/dsl/table.ts'
import type { Value } from '../../schema/dsl/values.ts'
import type { Bound } from '../shape.ts'
import type { StatementCache } from '../sql/cache.ts'
import { compileGet, compileInsertRow, rowKey } from '../sql/compile.ts'
import type { Dialect } from '../sql/dialect.ts'
import { bindValues, type Statement } from '../sql/statement.ts'
import type { InsertRows, UpdateCall, WriteShape } from '../sql/take-apart.ts'
import type { AnyRow } from '../sql/verbs.ts'
import type { Rows } from './source.ts'
import { compileUpdateEach, IS_CLAIMED } from './update-each.ts'
import { bindDiffering, bindLists, compileInsertMany, compileWrite } from './write.ts'

export interface PostgresCalls {
  run(statement: Statement, values: readonly Bound[]): Promise<AnyRow[]>
  get(table: Table, id: string): Promise<AnyRow | null>
  getMany(table: Table, ids: readonly string[]): Promise<AnyRow[]>
  insert(insert: InsertRows): Promise<AnyRow[]>
  /**
   * Updates of one shape, each of another row, whose key is bound at this index, and a claim. Answers the rows that were
   * changed at once: others do not match, or are being changed by somebody else.
   */
  updateEach(
    updates: readonly UpdateCall[],
    key: number,
    claim: UpdateCall | undefined,
  ): Promise<{ changed: AnyRow[]; claimed: AnyRow[] }>
  write(write: WriteShape): Promise<AnyRow | null>
}

/** Sends a statement; rejects with Terrace's errors. */
export type Send = (statement: Statement, bound: readonly unknown[]) => Promise<Rows>

export function createPostgresCalls(dialect: Dialect, cache: StatementCache, send: Send): PostgresCalls {
  async function run(statement: Statement, values: readonly Bound[]): Promise<AnyRow[]> {
    const rows = await send(statement, bindValues(statement, values))
    return statement.decode === undefined ? rows : rows.map(statement.decode)
  }

  return {
    run,
    async get(table, id) {
      const statement = cache.statement(`get ${table.sqlName}`, () => compileGet(dialect, table, false))
      return (await run(statement, [id]))[0] ?? null
    },
    getMany(table, ids) {
      const statement = cache.statement(`get many ${table.sqlName}`, () => compileGet(dialect, table, true))
      return run(statement, [ids])
    },
    insert(insert) {
      const { rows, shape } = insert
      const [first] = rows.rows
      if (rows.rows.length === 1) {
        return run(
          cache.statement(rowKey(insert, first!), () => compileInsertRow(dialect, insert, first!)),
          shape.values,
        )
      }
      const lists = bindDiffering(shape, insert.table, rows)
      const differing = lists.map((list) => Number(list !== undefined)).join('')
      return run(
        cache.statement(`${shape.key} many ${differing}`, () => compileInsertMany(dialect, insert, lists)),
        shape.values,
      )
    },
    async updateEach(updates, key, claim) {
      const [first] = updates
      const { shape } = first!
      const isLone = updates.length === 1
      const name = `${shape.key} ${isLone ? 'one' : 'each'}${claim === undefined ? '' : ` and ${claim.shape.key}`}`
      const statement = cache.statement(name, () => compileUpdateEach(dialect, first!, key, claim, isLone))
      // The cast: none of these binds a list itself.
      const lists = shape.bindings.map((_, i) => updates.map((each) => each.shape.values[i]) as Value[])
      const own = isLone ? shape.values : lists
      const rows = await run(statement, [...own, ...(claim?.shape.values ?? [])])
      if (claim === undefined) return { changed: rows, claimed: [] }
      const parts: { changed: AnyRow[]; claimed: AnyRow[] } = { changed: [], claimed: [] }
      for (const { [IS_CLAIMED]: isClaimed, ...row } of rows) {
        parts[isClaimed === true ? 'claimed' : 'changed'].push(row)
      }
      return parts
    },
    async write(write) {
      const { steps, shape } = write
      const lists = steps.flatMap((step) => (step.kind === 'insert' ? [bindLists(shape, step.rows)] : []))
      const statement = cache.statement(shape.key, () => compileWrite(dialect, write, lists))
      return (await run(statement, shape.values))[0] ?? null
    },
  }
}
