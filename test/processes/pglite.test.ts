/** A PGlite folder belongs to one process, and is free again the moment that process has ended, however it did. */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSystem, type System, type SystemOptions } from '../../src/system.ts'
import { type Child, startChild } from '../support/child.ts'
import { type TempDir, tempDir } from '../support/temp.ts'
import { selectedTiers } from '../support/tiers.ts'
import type { Order } from './worker.ts'

describe.runIf(selectedTiers().includes('pglite'))('a PGlite folder', () => {
  let temporary: TempDir
  let folder: string
  let options: SystemOptions
  let holder: Child
  let conversationId: string

  beforeAll(async () => {
    temporary = await tempDir()
    folder = join(temporary.path, 'db')
    options = { driver: 'pglite', path: folder, env: {} }
    await using system = await createSystem(options)
    const { id: workspaceId } = await system.workspaces.create({ title: 'Kept' })
    conversationId = (await system.conversations.create({ workspaceId })).id
    await system.close()
    holder = startChild(new URL('./worker.ts', import.meta.url), { args: [JSON.stringify(options)] })
    expect(JSON.parse(await holder.line())).toMatchObject({ status: 'ok', driver: 'pglite', target: folder })
  })

  afterAll(async () => {
    await holder[Symbol.asyncDispose]()
    await temporary[Symbol.asyncDispose]()
  })

  const inUse = (pid: number) => ({
    code: 'CONFIG',
    message: expect.stringContaining(
      `${folder} is in use by process ${pid}: PGlite serves one process at a time`,
    ),
  })

  test('that another process has is CONFIG, and the message names that process', async () => {
    await expect(createSystem(options)).rejects.toMatchObject(inUse(holder.pid))
  })

  test('whose process was killed in the middle of writes is taken over, with all that was acknowledged', async () => {
    holder.say(JSON.stringify({ task: 'append', conversationId } satisfies Order))
    const acknowledged: number[] = []
    for (let i = 0; i < 10; i++) acknowledged.push(...JSON.parse(await holder.line()))
    holder.kill('SIGKILL')
    await holder.ended
    for (const line of holder.lines) acknowledged.push(...JSON.parse(line))

    await using system = await createSystem(options)
    const seqs = await seqsOf(system)
    expect(seqs).toEqual(seqs.map((_, i) => i + 1))
    expect(seqs).toEqual(expect.arrayContaining(acknowledged))
    // This process has it now, and it too may open it only once.
    await expect(createSystem(options)).rejects.toMatchObject(inUse(process.pid))
  })

  test('whose lock names a process of the same number that began at another time is free', async () => {
    // As in a container, where a program has the same number after each restart.
    await writeFile(`${folder}.lock`, `${process.pid} 1`)
    await using system = await createSystem(options)
    expect((await seqsOf(system)).length).toBeGreaterThan(0)
  })

  async function seqsOf(system: System): Promise<number[]> {
    return (await system.messages.range(conversationId, 1, 1000)).map(({ seq }) => seq)
  }
})
