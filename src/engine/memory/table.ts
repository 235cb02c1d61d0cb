/** The committed rows of one table, by their key and in the order of each index. */

import type { Cell, Stored } from './cells.ts'
import type { Fork } from './fork.ts'
import { covers, type Layout, treeOrder } from './layout.ts'
import { addToTrees, changeInTrees, overwrite, removeFromTrees } from './moves.ts'
import { createSorted, type Sorted } from './sorted.ts'
import type { TableData } from './table-data.ts'

export interface CommittedTable extends TableData {
  /** Takes over what a fork has changed. Nothing else may have changed since it was made. */
  adopt(fork: Fork): void
}

export function createTable(layout: Layout): CommittedTable {
  const { keyOf } = layout
  const rows = new Map<Cell, Cell[]>()
  let trees: readonly Sorted<Stored>[] = layout.trees.map((tree) => createSorted(treeOrder(tree)))
  const treeAt = (i: number) => trees[i]!

  return {
    layout,
    get trees() {
      return trees
    },
    get: (key) => rows.get(key),
    current: undefined,
    change(from, to) {
      const row = from === undefined ? to!.slice() : rows.get(keyOf(from))!
      const before = keyOf(row)
      if (from === undefined) addToTrees(layout, treeAt, row)
      else if (to === undefined) removeFromTrees(layout, treeAt, row)
      else changeInTrees(layout, treeAt, row, to)
      const after = keyOf(row)
      if (to === undefined || before !== after) rows.delete(before)
      if (to !== undefined && (from === undefined || before !== after)) rows.set(after, row)
    },
    adopt(fork) {
      trees = [...fork.trees]
      for (const [key, changed] of fork.changes) {
        if (changed === undefined) {
          rows.delete(key)
        } else if (changed.inTrees === 'none') {
          overwrite(rows.get(key)!, changed.row)
        } else {
          rows.set(key, changed.row)
          if (changed.inTrees === 'all') continue
          for (const [i, tree] of layout.trees.entries())
            if (covers(tree, changed.row)) treeAt(i).replace(changed.row)
        }
      }
    },
  }
}
