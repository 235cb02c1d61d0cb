/** What may be asked for. */

import type { Desktop } from './paths.ts'

export type Driver = 'memory' | 'sqlite' | 'pg' | 'neon' | 'pglite'
/** `postgres` leaves it to the URL which of the Postgres drivers is used. */
export type DriverChoice = Driver | 'postgres'
export type Fallback = 'memory' | 'sqlite' | 'pglite'
export type MigrateMode = 'auto' | 'verify' | 'off'

export interface ResolveOptions {
  /** Names the app's variables (`<APP>_DB_DRIVER`), files and folders; `terrace` by default. */
  readonly app?: string | undefined
  /** What is used when nothing is configured: memory by default, SQLite for a desktop app. */
  readonly fallback?: Fallback | undefined
  /** Keeps SQLite in the folder that the operating system has for this application. */
  readonly desktop?: Desktop | undefined
  readonly url?: string | undefined
  readonly driver?: DriverChoice | undefined
  /** The SQLite file or PGlite folder. Alone it chooses SQLite, or PGlite where that is the fallback. */
  readonly path?: string | undefined
  readonly migrate?: MigrateMode | undefined
  /** Tells several PGlite databases of one app apart; `default` by default. */
  readonly instance?: string | undefined
  readonly platform?: string | undefined
  readonly home?: string | undefined
  readonly cwd?: string | undefined
}
