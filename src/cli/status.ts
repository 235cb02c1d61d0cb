/** `terrace status`: which migrations the database has had, which are to come, and whether it is as it should be. */

import type { Resolved } from '../config.ts'
import { migrations } from '../migrations/generated.ts'
import { readStatus, type SchemaStatus } from '../migrations/status.ts'
import type { SqlDialect } from '../schema/constraints.ts'
import { isMissing, withDatabase } from './database.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { type Flags, readFlags } from './flags.ts'
import type { Io } from './io.ts'
import type { Output } from './output.ts'
import { withProgress } from './progress.ts'
import { forPeople, type Paint, plural } from './words.ts'

export interface DatabaseStatus extends SchemaStatus {
  /** False where it is kept in files that nobody has made yet. */
  readonly exists: boolean
}

export async function statusCommand(flags: Flags, io: Io, output: Output): Promise<ExitCode> {
  const { resolved } = readFlags(flags, io)
  for (const warning of resolved.warnings) output.note(warning)
  const { tier, driver, target } = resolved
  const reason = forPeople(resolved.reason)
  if (target === 'memory') {
    const nothing = { tier, driver, target, reason, exists: true, ...NOTHING }
    output.answer({ ...nothing, state: 'ok' }, () => `memory: nothing to migrate. ${reason}`)
    return EXIT.ok
  }
  const status = await withProgress(io, `asking ${target}`, () => statusOf(resolved, io.env))
  const verdict = judge(status)
  output.answer({ tier, driver, target, reason, ...status, state: verdict.state }, (paint) =>
    [
      `${paint('bold', driver)} ${target}`,
      paint('dim', reason),
      ...status.applied.map((tag) => `  ${paint('green', 'applied')}  ${tag}`),
      ...status.pending.map((tag) => `  ${paint('yellow', 'pending')}  ${tag}`),
      ...status.drift.map((line) => `  ${paint('red', 'differs')}  ${line}`),
      ...status.notes.map((line) => `  ${paint('dim', 'note')}     ${line}`),
      '',
      verdict.says(paint),
    ].join('\n'),
  )
  return verdict.code
}

/** Opens the database to read, and makes none. */
export async function statusOf(resolved: Resolved, env: Io['env']): Promise<DatabaseStatus> {
  if (!isMissing(resolved)) {
    const status = await withDatabase({ ...resolved, migrate: 'verify' }, (on) => readStatus(on), env)
    return { exists: true, ...status }
  }
  const dialect: SqlDialect = resolved.tier === 'sqlite' ? 'sqlite' : 'postgres'
  return { exists: false, ...NOTHING, pending: migrations[dialect].map(({ tag }) => tag) }
}

const NOTHING: SchemaStatus = {
  applied: [],
  pending: [],
  unrecorded: false,
  conflict: null,
  drift: [],
  notes: [],
}

export interface Verdict {
  readonly state: 'ok' | 'missing' | 'pending' | 'unrecorded' | 'conflict' | 'drift'
  readonly code: ExitCode
  says(paint: Paint): string
  /** The line that puts it right, or helps to. */
  readonly fix?: string
}

export const COMPARE = 'npx terrace migrate --print   # what the tables should be'

export function judge({ exists, applied, pending, unrecorded, conflict, drift }: DatabaseStatus): Verdict {
  if (conflict !== null) {
    const fix = 'npm install terrace@latest   # or the version that migrated it'
    return { state: 'conflict', code: EXIT.schema, says: (paint) => paint('red', conflict), fix }
  }
  if (!exists) {
    const says = () => 'There is no such database yet; `terrace migrate` makes it.'
    return { state: 'missing', code: EXIT.schema, says, fix: 'npx terrace migrate' }
  }
  if (unrecorded && drift.length === 0) {
    const says = () =>
      'All tables are there, but no record of migrations; `terrace migrate --adopt` records them.'
    return { state: 'unrecorded', code: EXIT.schema, says, fix: 'npx terrace migrate --adopt' }
  }
  if (drift.length > 0) {
    const says = (paint: Paint) =>
      paint(
        'red',
        `The tables differ from what this version wants in ${plural(drift.length, 'place')}. Correct them, or begin with an empty database.`,
      )
    return { state: 'drift', code: EXIT.drift, says, fix: COMPARE }
  }
  if (pending.length > 0) {
    const says = () =>
      `${plural(pending.length, 'migration')} pending; \`terrace migrate\` applies ${pending.length === 1 ? 'it' : 'them'}.`
    return { state: 'pending', code: EXIT.schema, says, fix: 'npx terrace migrate' }
  }
  const says = (paint: Paint) =>
    paint('green', `Up to date at ${applied.at(-1)}, and as the schema wants it.`)
  return { state: 'ok', code: EXIT.ok, says }
}
