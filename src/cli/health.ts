/** `terrace health`: whether the database answers, and which it is. Makes none and migrates nothing. */

import { reasonOf } from '../errors.ts'
import { createSystem, type Health } from '../system.ts'
import { isMissing } from './database.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { type Flags, type Meant, readFlags } from './flags.ts'
import type { Io } from './io.ts'
import type { Output } from './output.ts'
import { withProgress } from './progress.ts'
import { forPeople } from './words.ts'

export async function healthCommand(flags: Flags, io: Io, output: Output): Promise<ExitCode> {
  const meant = readFlags(flags, io)
  const health = await withProgress(io, `asking ${meant.resolved.target}`, () => healthOf(meant))
  const { status, driver, target, reason, latencyMs, schema, error } = health
  output.answer(health, (paint) =>
    [
      status === 'ok'
        ? `${paint('green', 'ok')} ${driver}${driver === target ? '' : ` ${target}`}, ${latencyMs.toFixed(1)} ms${schema ? `, schema ${schema}` : ''}`
        : `${paint('red', 'error')} ${driver} ${target}: ${error}`,
      paint('dim', reason),
    ].join('\n'),
  )
  return status === 'ok' ? EXIT.ok : EXIT.failed
}

async function healthOf({ options, resolved }: Meant): Promise<Health> {
  const { tier, driver, target } = resolved
  const reason = forPeople(resolved.reason)
  const startedAt = performance.now()
  const failed = (error: string): Health => {
    const latencyMs = performance.now() - startedAt
    return { status: 'error', tier, driver, target, reason, latencyMs, schema: null, error: forPeople(error) }
  }
  if (isMissing(resolved)) return failed('there is no such database yet; `terrace migrate` makes it')
  try {
    // To look is not to migrate; an app that opens without a look at its migrations is looked at as it is.
    const migrate = resolved.migrate === 'off' ? 'off' : 'verify'
    const system = await createSystem({ ...options, migrate })
    try {
      return { ...(await system.health()), reason }
    } finally {
      await system.close()
    }
  } catch (error) {
    return failed(reasonOf(error))
  }
}
