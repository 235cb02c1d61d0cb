/** Bounds of documents; each is refused with a `ValidationError` that names it. */

import { ValidationError } from '../errors.ts'
import { notes } from '../schema/notes.ts'

export interface NoteLimits {
  /** Bytes of one update. */
  readonly updateBytes: number
  /** Of one update: insertions that cannot be joined, and stretches that are deleted. They are what applying it takes. */
  readonly updateParts: number
  /** Bytes of a whole document, as the snapshot and what came after it. */
  readonly documentBytes: number
  /** Bytes that wait for updates they build on. */
  readonly pendingBytes: number
  /** Clients that have ever written to a document. */
  readonly clients: number
  /** Types within types, such as lists of an editor within its lists. */
  readonly nesting: number
}

export const DEFAULT_LIMITS: NoteLimits = {
  updateBytes: 1_000_000,
  updateParts: 25_000,
  documentBytes: 32_000_000,
  pendingBytes: 1_000_000,
  clients: 10_000,
  nesting: 500,
}

export function tooMuch(what: string, found: number, limit: number): ValidationError {
  return new ValidationError(`notes: ${what} ${found}, more than the limit of ${limit}`, notes.name)
}
