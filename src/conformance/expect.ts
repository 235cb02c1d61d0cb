/** The few things that scenarios share, on top of `node:assert`. */

import assert from 'node:assert/strict'
import type { Engine } from '../engine/engine.ts'
import type { ErrorCode } from '../errors.ts'
import { TerraceError } from '../errors.ts'
import { tables } from '../schema/tables.ts'
import type { Scope } from '../system.ts'

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

/** Calls that were made at once all reject with this code. */
export async function allRefused(code: ErrorCode, calls: readonly Promise<unknown>[]): Promise<void> {
  await Promise.all(calls.map((call) => refused(code, call)))
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

/** The id of a new workspace. */
export async function newWorkspace(scope: Scope, title = 'W'): Promise<string> {
  return (await scope.workspaces.create({ title })).id
}

/** Every row of every table, to show that a call changed nothing. */
export async function everything(engine: Engine): Promise<Record<string, unknown[]>> {
  const rows: Record<string, unknown[]> = {}
  for (const table of tables) rows[table.name] = await engine.find(table)
  return rows
}

/** `number` numbers from 0, for rows and for what becomes of them. */
export function range(number: number): number[] {
  return Array.from({ length: number }, (_, index) => index)
}

/** Lets nobody have a turn for longer than calls may follow one another. */
export function keepBusy(milliseconds = 25): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}
