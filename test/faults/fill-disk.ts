/**
 * Fills a disk through a System, makes room and goes on; what came of it. As a program it does so in a folder
 * that is a small disk: `node fill-disk.ts <folder>`.
 */

import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type BetterSqlite from 'better-sqlite3'
import { TerraceError } from '../../src/errors.ts'
import { createSystem, type System } from '../../src/system.ts'

export interface Filled {
  /** The codes of the errors of writes, and of a transaction, that did not fit. */
  readonly refused: readonly string[]
  readonly transaction: string
  /** Whether there are as many rows as were acknowledged: after the writes, and after the transaction. */
  readonly complete: readonly boolean[]
  /** Whether the next write, with room, got the next number. */
  readonly goesOn: boolean
  readonly integrity: unknown
}

export async function fillDisk(system: System, makeRoom: () => Promise<void>): Promise<Filled> {
  const { id: workspaceId } = await system.workspaces.create({ title: 'Full' })
  const { id } = await system.conversations.create({ workspaceId })
  const append = (on: Pick<System, 'messages'>) =>
    on.messages.append(id, { role: 'user', content: 'x'.repeat(10_000) })
  let acknowledged = 0
  const refused: string[] = []
  while (refused.length === 0) {
    for (const each of await Promise.allSettled([append(system), append(system)])) {
      if (each.status === 'fulfilled') acknowledged++
      else refused.push(codeOf(each.reason))
    }
  }
  const complete = [(await system.messages.count(id)) === acknowledged]
  const transaction = await system
    .transaction(async (tx) => {
      for (;;) await append(tx)
    })
    .catch(codeOf)
  complete.push((await system.messages.count(id)) === acknowledged)
  await makeRoom()
  const goesOn = (await append(system)).seq === acknowledged + 1
  const { database } = (await system.engine.unwrap()) as { database: BetterSqlite.Database }
  return { refused, transaction, complete, goesOn, integrity: database.pragma('integrity_check') }
}

function codeOf(error: unknown): string {
  return error instanceof TerraceError ? error.code : String(error)
}

const [folder] = process.argv.slice(2)
if (import.meta.main && folder !== undefined) {
  const ballast = join(folder, 'ballast')
  await writeFile(ballast, Buffer.alloc(1024 * 1024))
  await using system = await createSystem({ driver: 'sqlite', path: join(folder, 'a.db'), env: {} })
  console.log(JSON.stringify(await fillDisk(system, () => rm(ballast))))
}
