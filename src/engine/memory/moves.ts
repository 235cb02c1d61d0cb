/**
 * Rows in the trees of their table. A row changes in place, and moves only within the trees that order it by
 * what was changed: most updates touch none, which is most of what makes them fast.
 */

import { AlreadyExistsError } from '../../errors.ts'
import type { Cell, Stored } from './cells.ts'
import { covers, type Layout, type TreeLayout } from './layout.ts'
import type { Sorted } from './sorted.ts'

/** The tree at a place of the layout, to be changed. */
export type TreeAt = (i: number) => Sorted<Stored>

/** Adds a row to all trees or, when a unique constraint is violated, throws and adds it to none. */
export function addToTrees(layout: Layout, treeAt: TreeAt, row: Stored): void {
  for (let i = 0; i < layout.trees.length; i++) {
    const tree = layout.trees[i]!
    if (covers(tree, row) && treeAt(i).add(row) !== undefined) {
      while (--i >= 0) if (covers(layout.trees[i]!, row)) treeAt(i).delete(row)
      throw violation(layout, tree)
    }
  }
}

export function removeFromTrees(layout: Layout, treeAt: TreeAt, row: Stored): void {
  for (let i = 0; i < layout.trees.length; i++) if (covers(layout.trees[i]!, row)) treeAt(i).delete(row)
}

/** Makes a row what `to` is. Answers whether it moved; throws, and has changed nothing, when it may not. */
export function changeInTrees(layout: Layout, treeAt: TreeAt, row: Cell[], to: Stored): boolean {
  const moved: number[] = []
  for (let i = 0; i < layout.trees.length; i++) if (!staysPut(layout.trees[i]!, row, to)) moved.push(i)
  for (const i of moved) if (covers(layout.trees[i]!, row)) treeAt(i).delete(row)
  for (const i of moved) {
    const tree = layout.trees[i]!
    if (tree.unique && covers(tree, to) && treeAt(i).find(to) !== undefined) {
      for (const j of moved) if (covers(layout.trees[j]!, row)) treeAt(j).add(row)
      throw violation(layout, tree)
    }
  }
  // In no tree that would notice.
  overwrite(row, to)
  for (const i of moved) if (covers(layout.trees[i]!, row)) treeAt(i).add(row)
  return moved.length > 0
}

export function overwrite(row: Cell[], cells: Stored): void {
  for (let i = 0; i < cells.length; i++) row[i] = cells[i]!
}

function staysPut(tree: TreeLayout, row: Stored, to: Stored): boolean {
  const isIn = covers(tree, row)
  if (isIn !== covers(tree, to)) return false
  if (!isIn) return true
  for (const { position, compare } of tree.parts)
    if (compare(row[position]!, to[position]!) !== 0) return false
  return true
}

function violation({ table }: Layout, { columns }: TreeLayout): AlreadyExistsError {
  return new AlreadyExistsError(table.name, columns)
}
