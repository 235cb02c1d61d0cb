/** What the exit code of a command says, for scripts that branch on it. `docs/cli.md` lists them. */

import { TerraceError } from '../errors.ts'

export const EXIT = {
  ok: 0,
  /** Something is wrong that has no code of its own. */
  failed: 1,
  /** The command line or the configuration makes no sense; nothing was tried. */
  usage: 2,
  /** Migrations are pending, or the database and this code do not fit together. */
  schema: 3,
  /** All migrations are applied, and still the tables are not as they should be. */
  drift: 4,
  /** The database cannot be reached, or is busy. */
  unavailable: 5,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof TerraceError)) return EXIT.failed
  switch (error.code) {
    case 'CONFIG':
    case 'VALIDATION':
      return EXIT.usage
    case 'MIGRATION':
      return EXIT.schema
    case 'UNAVAILABLE':
      return EXIT.unavailable
    default:
      return EXIT.failed
  }
}
