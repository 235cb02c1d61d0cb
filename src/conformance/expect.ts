/** The few assertions that scenarios share, on top of `node:assert`. */

import assert from 'node:assert/strict'
import type { ErrorCode } from '../errors.ts'
import { TerraceError } from '../errors.ts'

/** The call rejects with this code, and with these fields; the error, for more. */
export async function refused(
  code: ErrorCode,
  call: Promise<unknown>,
  fields: Record<string, unknown> = {},
): Promise<TerraceError> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if (!('error' in outcome))
    assert.fail(`expected ${code}, but it resolved with ${JSON.stringify(outcome.value)}`)
  const { error } = outcome
  if (!(error instanceof TerraceError)) throw error
  assert.equal(error.code, code, error.message)
  const actual = error as TerraceError & Record<string, unknown>
  for (const [name, value] of Object.entries(fields)) assert.deepEqual(actual[name], value, `${code}.${name}`)
  return error
}

/** What became of many calls at once. */
export async function settled<T>(calls: readonly Promise<T>[]): Promise<{ values: T[]; codes: string[] }> {
  const outcomes = await Promise.allSettled(calls)
  const values: T[] = []
  const codes: string[] = []
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') values.push(outcome.value)
    else if (outcome.reason instanceof TerraceError) codes.push(outcome.reason.code)
    else throw outcome.reason
  }
  return { values, codes }
}

/** `count` calls, made in one turn. */
export function many<T>(count: number, call: (index: number) => Promise<T>): Promise<T>[] {
  return Array.from({ length: count }, (_, index) => call(index))
}
