/** Counts, sums and maxima of the rows that match, by group. */

import type { ColumnDef } from '../../schema/dsl/table.ts'
import { refuse } from '../../schema/dsl/values.ts'
import type { Aggregate } from '../engine.ts'
import { type Cell, cellOrder, type Stored } from './cells.ts'
import { copyCell } from './copies.ts'
import { type Layout, partOf, rowOrder } from './layout.ts'
import type { Run } from './run.ts'
import type { Select } from './select.ts'

export interface AggregatePlan {
  readonly select: Select
  readonly groupBy: readonly ColumnDef[]
  readonly sum: readonly ColumnDef[]
  readonly max: readonly ColumnDef[]
}

interface Group {
  readonly first: Stored
  count: number
  readonly sums: (number | bigint)[]
  readonly maxima: Cell[]
}

export function runAggregate({ table }: Layout, plan: AggregatePlan, run: Run): Aggregate[] {
  const { groupBy, sum, max } = plan
  const orders = max.map(({ kind }) => cellOrder(kind))
  const groups = new Map<unknown, Group>()
  for (const row of plan.select.rows(run)) {
    const key = groupKey(groupBy, row)
    let group = groups.get(key)
    if (group === undefined) {
      group = emptyGroup(plan, row)
      groups.set(key, group)
    }
    group.count++
    for (let i = 0; i < sum.length; i++) group.sums[i] = add(group.sums[i]!, row[sum[i]!.position]!)
    for (let i = 0; i < max.length; i++) {
      const cell = row[max[i]!.position]!
      const most = group.maxima[i]!
      if (cell !== null && (most === null || orders[i]!(cell, most) > 0)) group.maxima[i] = cell
    }
  }
  // Without groups there is always one answer, also for no rows.
  if (groupBy.length === 0 && groups.size === 0) groups.set('', emptyGroup(plan, []))
  const compare = rowOrder(groupBy.map((column) => partOf(column, 'asc')))
  return [...groups.values()]
    .sort((a, b) => compare(a.first, b.first))
    .map(({ first, count, sums, maxima }) => ({
      group: record(groupBy, (column) => copyCell(column, first[column.position]!)),
      count,
      sum: record(sum, (column, i) => {
        const total = Number(sums[i])
        if (!Number.isSafeInteger(total))
          throw refuse(table, column, 'has a sum that leaves the safe integers')
        return total
      }),
      max: record(max, (column, i) => copyCell(column, maxima[i]!)),
    }))
}

function emptyGroup({ sum, max }: AggregatePlan, first: Stored): Group {
  return { first, count: 0, sums: sum.map(() => 0), maxima: max.map(() => null) }
}

/** Equal for rows of one group. No text contains NUL, so it can stand for null and between columns. */
function groupKey(columns: readonly ColumnDef[], row: Stored): unknown {
  if (columns.length === 1) return row[columns[0]!.position]
  let key = ''
  for (const { position } of columns) key += row[position] === null ? '\0n\0' : `${String(row[position])}\0`
  return key
}

/** Exact, also where a partial sum leaves the safe integers and a later one returns. */
function add(sum: number | bigint, cell: Cell): number | bigint {
  if (cell === null) return sum
  const number = cell as number
  if (typeof sum === 'bigint') return sum + BigInt(number)
  const total = sum + number
  return Number.isSafeInteger(total) ? total : BigInt(sum) + BigInt(number)
}

function record<T>(
  columns: readonly ColumnDef[],
  value: (column: ColumnDef, i: number) => T,
): Record<string, T> {
  return Object.fromEntries(columns.map((column, i) => [column.key, value(column, i)]))
}
