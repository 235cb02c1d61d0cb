/** The rows of one table with their indexes, all changed together. */

import { AlreadyExistsError } from '../../errors.ts'
import type { Cell, Stored } from './cells.ts'
import { createKeyed, type Keyed } from './keyed.ts'
import { covers, type Layout, type TreeLayout, treeOrder } from './layout.ts'
import { createSorted, type Sorted } from './sorted.ts'

export interface TableData {
  readonly layout: Layout
  /** Aligned with `layout.trees`. */
  readonly trees: readonly Sorted<Stored>[]
  /** The row with this key, as `layout.keyOf` makes it. */
  get(key: Cell): Stored | undefined
  /**
   * A new row (`from` undefined), a removed one (`to` undefined) or a changed one. When a unique constraint is
   * violated, throws an `AlreadyExistsError` that names the first one, and nothing has changed.
   */
  change(from: Stored | undefined, to: Stored | undefined): void
  /** A copy that shares everything until it is changed. */
  fork(): TableData
  /** Becomes what this fork has become. Nothing else may have changed since. */
  adopt(fork: TableData): void
}

export function createTableData(layout: Layout): TableData {
  const trees = layout.trees.map((tree) => createSorted(treeOrder(tree)))
  return tableOver(layout, createKeyed(), trees)
}

interface Forked extends TableData {
  readonly rows: Keyed
}

function tableOver(layout: Layout, rows: Keyed, start: readonly Sorted<Stored>[]): Forked {
  let trees = start

  function change(from: Stored | undefined, to: Stored | undefined): void {
    for (let i = 0; i < trees.length; i++) {
      const tree = layout.trees[i]!
      if (!move(tree, trees[i]!, from, to)) {
        while (--i >= 0) move(layout.trees[i]!, trees[i]!, to, from)
        throw new AlreadyExistsError(layout.table.name, tree.columns)
      }
    }
    const { keyOf } = layout
    if (to === undefined) rows.delete(keyOf(from!))
    else {
      const key = keyOf(to)
      if (from !== undefined && keyOf(from) !== key) rows.delete(keyOf(from))
      rows.set(key, to)
    }
  }

  return {
    layout,
    rows,
    get trees() {
      return trees
    },
    get: rows.get,
    change,
    fork: () =>
      tableOver(
        layout,
        rows.fork(),
        trees.map((tree) => tree.fork()),
      ),
    adopt(fork) {
      rows.adopt((fork as Forked).rows)
      trees = fork.trees
    },
  }
}

/** Moves a row within one tree; false, and nothing changed, when another row is in its way. */
function move(
  tree: TreeLayout,
  rows: Sorted<Stored>,
  from: Stored | undefined,
  to: Stored | undefined,
): boolean {
  const before = from !== undefined && covers(tree, from) ? from : undefined
  const after = to !== undefined && covers(tree, to) ? to : undefined
  if (before !== undefined && after !== undefined && sameParts(tree, before, after)) {
    rows.replace(after)
    return true
  }
  if (before !== undefined) rows.delete(before)
  if (after === undefined || rows.add(after) === undefined) return true
  if (before !== undefined) rows.add(before)
  return false
}

function sameParts({ parts }: TreeLayout, a: Stored, b: Stored): boolean {
  for (const { position, compare } of parts) if (compare(a[position]!, b[position]!) !== 0) return false
  return true
}
