/** The figures as they were measured: one JSON file per group. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Machine } from './machine.ts'
import type { Group } from './row.ts'

export interface Result extends Group {
  /** ISO 8601. */
  readonly date: string
  readonly quick: boolean
  readonly machine: Machine
}

const folder = fileURLToPath(new URL('results/', import.meta.url))

export const resultFile = (name: string): string => `${folder}${name}`

export function keepResult(name: string, result: Result): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(resultFile(`${name}.json`), `${JSON.stringify(result, null, 2)}\n`)
}

/** Undefined for a group that was never measured. */
export function readResult(name: string): Result | undefined {
  const file = resultFile(`${name}.json`)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}
