/**
 * A table as one transaction has changed it. Rows and trees are the committed table's until they are changed:
 * of a changed row there is then a copy, and of a tree in which a row moves a fork. All other trees still have
 * the committed row, in its right place, because nothing that they order by has changed.
 */

import type { Cell, Stored } from './cells.ts'
import { addToTrees, changeInTrees, removeFromTrees } from './moves.ts'
import type { TableData } from './table-data.ts'

export interface Changed {
  readonly row: Cell[]
  /** How many of the trees have this row itself rather than the committed one. */
  inTrees: 'none' | 'some' | 'all'
}

export interface Fork extends TableData {
  /** Rows by key; undefined for one that was removed. */
  readonly changes: ReadonlyMap<Cell, Changed | undefined>
}

export function createFork(base: TableData): Fork {
  const { layout } = base
  const { keyOf } = layout
  const changes = new Map<Cell, Changed | undefined>()
  const trees = [...base.trees]
  const isForked = trees.map(() => false)

  function treeAt(i: number) {
    if (!isForked[i]) {
      trees[i] = trees[i]!.fork()
      isForked[i] = true
    }
    return trees[i]!
  }

  /** The transaction's own copy of a row. */
  function own(key: Cell): Changed {
    let changed = changes.get(key)
    if (changed === undefined) {
      changed = { row: base.get(key)!.slice(), inTrees: 'none' }
      changes.set(key, changed)
    }
    return changed
  }

  function get(key: Cell): Stored | undefined {
    const changed = changes.get(key)
    return changed === undefined && !changes.has(key) ? base.get(key) : changed?.row
  }

  return {
    layout,
    trees,
    changes,
    get,
    current: (row) => changes.get(keyOf(row))?.row ?? row,
    change(from, to) {
      if (from === undefined) {
        const row = to!.slice()
        addToTrees(layout, treeAt, row)
        changes.set(keyOf(row), { row, inTrees: 'all' })
        return
      }
      const key = keyOf(from)
      if (to === undefined) {
        removeFromTrees(layout, treeAt, get(key)!)
        changes.set(key, undefined)
        return
      }
      const changed = own(key)
      const moved = changeInTrees(layout, treeAt, changed.row, to)
      if (moved && changed.inTrees === 'none') changed.inTrees = 'some'
      const after = keyOf(changed.row)
      if (after !== key) {
        changes.set(key, undefined)
        changes.set(after, changed)
      }
    },
  }
}
