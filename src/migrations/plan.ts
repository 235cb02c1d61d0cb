/** Compares the migrations that the code knows with those that the database had: pure, and the only judge. */

import { MigrationError } from '../errors.ts'
import type { LedgerRow } from './ledger.ts'
import type { Migration } from './target.ts'

export interface Plan {
  readonly pending: readonly Migration[]
  /** The newest migration once the pending ones are applied. */
  readonly version: string
}

/** Throws `MigrationError` when the code cannot live with the database. */
export function plan(known: readonly Migration[], ledger: readonly LedgerRow[]): Plan {
  const applied = new Map(ledger.map((row) => [row.tag, row]))
  for (const { tag, checksum } of known) {
    const row = applied.get(tag)
    if (row !== undefined && row.checksum !== checksum) {
      throw new MigrationError(
        `migration ${tag} was edited after it was applied to this database; ` +
          'restore it and put the change into a new migration',
      )
    }
  }

  const tags = new Set(known.map(({ tag }) => tag))
  const unknown = ledger.filter(({ tag }) => !tags.has(tag))
  const breaking = unknown.filter(({ compatible }) => !compatible)
  if (breaking.length > 0) {
    throw new MigrationError(
      `the database is newer than this code, which does not know ${list(breaking)}; upgrade the code`,
    )
  }

  const pending = known.filter(({ tag }) => !applied.has(tag))
  const first = pending[0]?.tag
  const last = ledger.map(({ tag }) => tag).reduce(later, '')
  if (first !== undefined && first < last) {
    throw new MigrationError(
      `migration ${first} was never applied to this database, but ${last}, which comes after it, was; ` +
        'it belongs to another line of the code',
    )
  }
  return { pending, version: known.map(({ tag }) => tag).reduce(later, last) }
}

export function list(migrations: readonly { readonly tag: string }[]): string {
  return migrations.map(({ tag }) => tag).join(', ')
}

function later(a: string, b: string): string {
  return a > b ? a : b
}
