import type { Binding } from '../shape.ts'
import { finish, updateText, visibleColumns } from '../sql/compile.ts'
import { assignmentText, columnText, conditionText } from '../sql/conditions.ts'
import { type Dialect, quote } from '../sql/dialect.ts'
import { type Draft, Writer } from '../sql/statement.ts'
import type { UpdateCall } from '../sql/take-apart.ts'

/** Tells the claimed rows from the others, in a column that no schema has. */
export const IS_CLAIMED = 'is claimed'

/**
 * `key` is where the updated row's key is bound. Rows that are locked are passed over: one of them would keep all the
 * others waiting, locked in their turn. A `claim` on the same table, whose values come after, goes with them: it finds
 * what it would have found by itself. A lone update is bound as it is: lists would have it planned anew each time, because
 * Postgres takes those that it has not seen for longer ones.
 */
export function compileUpdateEach(
  dialect: Dialect,
  { table, shape, update: { set, where } }: UpdateCall,
  key: number,
  claim: UpdateCall | undefined,
  isLone: boolean,
): Draft {
  const bindings = isLone ? shape.bindings : shape.bindings.map(({ column }) => ({ column, list: true }))
  const lists = isLone ? undefined : new Map<number, string>()
  const writer =
    lists === undefined ? new Writer(dialect, bindings) : new ListWriter(dialect, bindings, lists)
  const name = quote(table.sqlName)
  const primary = table.primaryKey[0]!
  const head = `update ${name} set ${assignmentText(dialect, writer, table, set)}`
  const condition = conditionText(dialect, writer, table, where)
  const own = `"own".${quote(primary.sqlName)}`
  const wanted = lists === undefined ? `= ${writer.param(key)}` : `= any(${lists.get(key)!})`
  const free = `select ${own} from ${name} "own" where ${own} ${wanted}${dialect.lock(true)}`
  const names = [...(lists?.keys() ?? [])].map((index) => `"c${index}"`)
  const from =
    lists === undefined
      ? ''
      : `from unnest(${[...lists.values()].join(', ')}) as "each"(${names.join(', ')}) `
  const returning = `returning ${visibleColumns(dialect, table)}`
  const each = `${head} ${from}where ${condition} and ${dialect.claimed([columnText(table, primary)], free)} ${returning}`
  if (claim === undefined) return finish(dialect, writer, table, each, true)

  const claiming = new Writer(dialect, claim.shape.bindings, writer.slots.length)
  const text =
    `with "changed" as (${each}), ` +
    `"claimed" as (${updateText(dialect, claiming, table, claim.update)} ${returning}) ` +
    `select false as ${quote(IS_CLAIMED)}, * from "changed" union all select true, * from "claimed"`
  const draft = finish(dialect, writer, table, text, true)
  const later = claiming.slots.map((slot) => (typeof slot === 'number' ? slot + shape.bindings.length : slot))
  return {
    ...draft,
    slots: [...draft.slots, ...later],
    encoders: [...draft.encoders, ...claiming.encoders],
  }
}

/** Binds lists, and writes the columns that they become. */
class ListWriter extends Writer {
  readonly #lists: Map<number, string>

  constructor(dialect: Dialect, bindings: readonly Binding[], lists: Map<number, string>) {
    super(dialect, bindings)
    this.#lists = lists
  }

  override param(index: number): string {
    this.#lists.set(index, super.param(index))
    return `"each"."c${index}"`
  }
}
