/** Compiled selections: the rows that match a condition, in order, from a border on, at most so many. */

import type { Bound, Condition, Order } from '../shape.ts'
import type { Cell, Stored } from './cells.ts'
import { allOf, type Predicate, predicateOf } from './conditions.ts'
import { type Layout, type Part, partOf, rowOrder } from './layout.ts'
import { bestPath, type Path } from './path.ts'
import type { Run } from './run.ts'
import { scan, stretches } from './scan.ts'
import type { State } from './state.ts'

export interface Select {
  /**
   * The rows themselves, to be looked at before anything changes. `border`: cells of the order's columns; only
   * rows strictly after them are found.
   */
  rows(run: Run, limit?: number, border?: readonly Cell[]): Stored[]
  /** The order that was asked for. */
  readonly compare: (a: Stored, b: Stored) => number
}

/** An empty order leaves it open. */
export function createSelect(layout: Layout, where: Condition, order: readonly Order[]): Select {
  const parts = order.map(({ column, direction }) => partOf(column, direction))
  const compare = rowOrder(parts)
  const branches = branchesFor(layout, where, order)
  return {
    compare,
    rows(run, limit = Number.POSITIVE_INFINITY, border) {
      const data = run.state.read(layout.table)
      const isAfter = border === undefined ? undefined : (row: Stored) => isBeyond(parts, row, border)
      const found: Stored[] = []
      // A row may match several alternatives.
      const seen = branches.length > 1 ? new Set<Stored>() : undefined
      const enough = limit * 2 + 64
      let inOrder = true
      let isFirst = true
      for (const { path, matches } of branches) {
        for (const pins of stretches(path, run)) {
          inOrder = path.ordered && isFirst
          isFirst = false
          let left = limit
          scan(data, path, pins, run, path.seekable ? isAfter : undefined, (row) => {
            if (matches?.(row, run) === false || (!path.seekable && isAfter?.(row) === false)) return true
            if (seen === undefined || !seen.has(row)) {
              seen?.add(row)
              // Only the first rows matter; the others need not pile up.
              if (found.push(row) >= enough) keepFirst(found, compare, limit)
            }
            return !path.ordered || --left > 0
          })
        }
      }
      if (!inOrder) keepFirst(found, compare, limit)
      return found
    },
  }
}

/** Compiled subqueries; each lives as long as the compiled query that has its condition. */
const subqueries = new WeakMap<Condition, Select>()

/** `values` as `boundCells` gives them. */
export function createRun(state: State, values: readonly Bound[], head?: Stored): Run {
  let made: Map<object, unknown> | undefined
  const run: Run = {
    state,
    values,
    head,
    look(table, where) {
      let select = subqueries.get(where)
      if (select === undefined) {
        select = createSelect(state.read(table).layout, where, [])
        subqueries.set(where, select)
      }
      return select.rows(run)
    },
    once<T>(key: object, make: () => T): T {
      made ??= new Map()
      // What is kept for a key is what its one `make` returned.
      let value = made.get(key) as T | undefined
      if (value === undefined) {
        value = make()
        made.set(key, value)
      }
      return value
    },
  }
  return run
}

interface Branch {
  readonly path: Path
  /** What the path leaves to be tested, if anything. */
  readonly matches: Predicate | undefined
}

/** A path for each alternative, if each leaves out something; otherwise one along which all are tested. */
function branchesFor(layout: Layout, where: Condition, order: readonly Order[]): Branch[] {
  const possible = where.filter((tests) => tests.every(({ op }) => op !== 'never'))
  const branches = possible.map((tests): Branch => {
    const path = bestPath(layout, tests, order)
    return { path, matches: path.rest.length === 0 ? undefined : allOf(path.rest) }
  })
  if (branches.length < 2 || branches.every(({ path }) => path.worth > 0)) return branches
  return [{ path: bestPath(layout, [], order), matches: predicateOf(possible) }]
}

function isBeyond(parts: readonly Part[], row: Stored, border: readonly Cell[]): boolean {
  for (let i = 0; i < parts.length; i++) {
    const { position, compare, sign } = parts[i]!
    const order = compare(row[position]!, border[i]!) * sign
    if (order !== 0) return order > 0
  }
  return false
}

function keepFirst(rows: Stored[], compare: (a: Stored, b: Stored) => number, limit: number): void {
  rows.sort(compare)
  if (rows.length > limit) rows.length = limit
}
