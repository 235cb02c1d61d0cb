/** The rows of one table as statements read and change them, committed or in a transaction. */

import type { Cell, Stored } from './cells.ts'
import type { Layout } from './layout.ts'
import type { Sorted } from './sorted.ts'

export interface TableData {
  readonly layout: Layout
  /** Aligned with `layout.trees`. */
  readonly trees: readonly Sorted<Stored>[]
  /** The row with this key, as `layout.keyOf` makes it. It is only to be looked at. */
  get(key: Cell): Stored | undefined
  /** What a row that was found in a tree is now; undefined where trees have the rows themselves. */
  readonly current: ((row: Stored) => Stored) | undefined
  /**
   * A new row (`from` undefined), a removed one (`to` undefined) or a changed one, which `from` names by its
   * key. When a unique constraint is violated, throws an `AlreadyExistsError` that names the first one, and
   * nothing has changed.
   */
  change(from: Stored | undefined, to: Stored | undefined): void
}
