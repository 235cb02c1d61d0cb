/** What this package says about itself. */

import { readFileSync } from 'node:fs'

export interface Manifest {
  readonly version: string
  readonly engines: { readonly node: string }
  readonly peerDependencies: Readonly<Record<string, string>>
}

/** Two folders up from `src/cli` and from all that is built of it: `dist/cli` and `dist/chunks`. */
export function readManifest(): Manifest {
  // The cast: it is our own.
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Manifest
}
