/** Updates that differ only in their values, in one statement: each row of the bound lists has those of one update. */

import type { Table } from '../../schema/dsl/table.ts'
import type { Shape } from '../shape.ts'
import { finish, visibleColumns } from '../sql/compile.ts'
import { assignmentText, columnText, conditionText } from '../sql/conditions.ts'
import { type Dialect, quote } from '../sql/dialect.ts'
import { type Draft, Writer } from '../sql/statement.ts'
import type { UpdateShape } from '../sql/take-apart.ts'

/**
 * `key` is where the updated row's key is bound. Rows that are locked are passed over: one of them would keep all the
 * others waiting, locked in their turn.
 */
export function compileUpdateEach(
  dialect: Dialect,
  table: Table,
  shape: Shape,
  { set, where }: UpdateShape,
  key: number,
): Draft {
  const lists = new Map<number, string>()
  const writer = new (class extends Writer {
    override param(index: number): string {
      lists.set(index, super.param(index))
      return `"each"."c${index}"`
    }
  })(
    dialect,
    shape.bindings.map(({ column }) => ({ column, list: true })),
  )
  const name = quote(table.sqlName)
  const primary = table.primaryKey[0]!
  const head = `update ${name} set ${assignmentText(dialect, writer, table, set)}`
  const condition = conditionText(dialect, writer, table, where)
  const own = `"own".${quote(primary.sqlName)}`
  const free = `select ${own} from ${name} "own" where ${own} = any(${lists.get(key)!})${dialect.lock(true)}`
  const names = [...lists.keys()].map((index) => `"c${index}"`)
  const text =
    `${head} from unnest(${[...lists.values()].join(', ')}) as "each"(${names.join(', ')}) ` +
    `where ${condition} and ${dialect.claimed([columnText(table, primary)], free)} ` +
    `returning ${visibleColumns(dialect, table)}`
  return finish(dialect, writer, table, text, true)
}
