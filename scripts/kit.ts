/** Runs drizzle-kit. */

import { type SpawnSyncOptions, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { SqlDialect } from '../src/schema/constraints.ts'
import { kit, projectFolder } from './kit-config.ts'

/** In the project's folder; throws when it fails. */
export function runKit(args: readonly string[], options: Pick<SpawnSyncOptions, 'stdio'> = {}): void {
  const program = join(projectFolder, 'node_modules/drizzle-kit/bin.cjs')
  const { status, error, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: projectFolder,
    stdio: 'inherit',
    encoding: 'utf8',
    ...options,
  })
  if (status !== 0) {
    throw new Error(`drizzle-kit ${args[0]} failed\n${stdout ?? ''}${stderr ?? ''}`, { cause: error })
  }
}

/** Has drizzle-kit write the next migration into `out`, if there is anything to migrate. */
export function generate(
  dialect: SqlDialect,
  out: string,
  args: readonly string[],
  options?: Pick<SpawnSyncOptions, 'stdio'>,
): void {
  const { dialect: name, schema } = kit[dialect]
  runKit(['generate', `--dialect=${name}`, `--schema=${schema}`, `--out=${out}`, ...args], options)
}
