/** Walks along a chosen path: through one stretch of a tree, or to one row by its key. */

import type { Cell, Stored } from './cells.ts'
import type { Path } from './path.ts'
import type { Run } from './run.ts'
import type { TableData } from './table-data.ts'

type Test = (row: Stored) => boolean

/** What the pinned parts equal, for each stretch that the path goes through. */
export function stretches({ pins, list }: Path, run: Run): readonly (readonly Cell[])[] {
  const given = pins.map((value) => value(run))
  return list === undefined ? [given] : Array.from(list(run), (cell) => [...given, cell])
}

/**
 * Visits the rows of a stretch until `visit` answers false. `isAfter` may leave out the first rows in the
 * path's direction, and only those.
 */
export function scan(
  data: TableData,
  path: Path,
  pins: readonly Cell[],
  run: Run,
  isAfter: Test | undefined,
  visit: Test,
): void {
  if (path.byKey) {
    const row = data.get(data.layout.key(pins))
    if (row !== undefined && isAfter?.(row) !== false) visit(row)
  } else if (data.current === undefined) {
    walk(data, path, pins, run, isAfter, visit)
  } else {
    const { current } = data
    const isAfterNow = isAfter && ((row: Stored) => isAfter(current(row)))
    walk(data, path, pins, run, isAfterNow, (row) => visit(current(row)))
  }
}

/** Through the stretch as the tree has it, where only what it orders by is sure to be up to date. */
function walk(
  data: TableData,
  path: Path,
  pins: readonly Cell[],
  run: Run,
  isAfter: Test | undefined,
  visit: Test,
): void {
  const { parts } = data.layout.trees[path.tree]!
  const tree = data.trees[path.tree]!
  const next = parts[pins.length]
  const low = path.low?.value(run)
  const high = path.high?.value(run)

  /** Negative before the stretch, positive after it. */
  function side(row: Stored): number {
    for (let i = 0; i < pins.length; i++) {
      const { position, compare, sign } = parts[i]!
      const order = compare(row[position]!, pins[i]!)
      if (order !== 0) return order * sign
    }
    return 0
  }
  /** Below the low border, or above the high one. */
  function isBelow(row: Stored): boolean {
    if (low === undefined) return false
    const order = next!.compare(row[next!.position]!, low) * next!.sign
    return path.low!.inclusive ? order < 0 : order <= 0
  }
  function isAbove(row: Stored): boolean {
    if (high === undefined) return false
    const order = next!.compare(row[next!.position]!, high) * next!.sign
    return path.high!.inclusive ? order > 0 : order >= 0
  }

  // Backward, what `isAfter` leaves out lies at the end of the stretch.
  const before = (row: Stored) => {
    const order = side(row)
    return order === 0 ? isBelow(row) || (!path.backward && isAfter?.(row) === false) : order < 0
  }
  const beyond = (row: Stored) => {
    const order = side(row)
    return order === 0 ? isAbove(row) || (path.backward && isAfter?.(row) === false) : order > 0
  }
  const isWhole = pins.length === 0 && low === undefined && high === undefined && isAfter === undefined
  const stretch = isWhole ? {} : { before, beyond }
  if (path.backward) tree.descend(stretch, visit)
  else tree.ascend(stretch, visit)
}
