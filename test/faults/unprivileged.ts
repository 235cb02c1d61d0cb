/**
 * Opens SQLite files as a user who may not write them, and says what each call came to:
 * `node unprivileged.ts <file> …`. For root nothing is read-only, so it stops being root once all is loaded.
 */

import 'better-sqlite3'
import '../../src/engine/sqlite/engine.ts'
import '../../src/migrations/runner.ts'
import { TerraceError } from '../../src/errors.ts'
import { createSystem } from '../../src/system.ts'

const NOBODY = 65534

if (process.getuid?.() === 0) {
  process.setgid?.(NOBODY)
  process.setuid?.(NOBODY)
}

async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
    return 'done'
  } catch (error) {
    return error instanceof TerraceError ? `${error.code} ${error.message}` : `untyped: ${error}`
  }
}

async function use(path: string): Promise<void> {
  await using system = await createSystem({ driver: 'sqlite', path, env: {} })
  console.log('read', await outcome(() => system.workspaces.list()))
  console.log('create', await outcome(() => system.workspaces.create({ title: 'no' })))
  const several = ['a', 'b'].map((title) => system.workspaces.create({ title }))
  for (const each of several) console.log('one of two', await outcome(() => each))
  const inside = () => system.transaction((tx) => tx.workspaces.create({ title: 'no' }))
  console.log('transaction', await outcome(inside))
  console.log('count', await system.workspaces.count())
}

for (const path of process.argv.slice(2)) console.log('open', await outcome(() => use(path)))
