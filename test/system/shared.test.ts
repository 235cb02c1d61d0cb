/** `getSystem()`: one System for a process, whoever asks for it and however often its module is loaded. */

import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ClosedError } from '../../src/errors.ts'
import { getSystem } from '../../src/shared-system.ts'
import { runChild } from '../support/child.ts'
import { type TempDir, tempDir } from '../support/temp.ts'

let folder: TempDir
let env: Record<string, string>
let path: string

beforeEach(async () => {
  vi.spyOn(console, 'info').mockImplementation(() => {})
  folder = await tempDir()
  path = join(folder.path, 'data', 'shared.db')
  env = { DATABASE_URL: `file:${path}` }
})

afterEach(async () => {
  await getSystem({ env }).close()
  await folder[Symbol.asyncDispose]()
  vi.restoreAllMocks()
})

test('calls that mean the same database get the same System, however they say it', () => {
  const system = getSystem({ env })
  expect(getSystem({ env: { ...env } })).toBe(system)
  expect(getSystem({ env: { ...env, UNRELATED: 'yes' } })).toBe(system)
  expect(getSystem({ env: { DATABASE_URL: `file:${path}.other` } })).not.toBe(system)
})

test('a module that is loaded twice, as by hot reloads and route bundles, shares it', async () => {
  const { lines, stderr } = await runChild(
    `
      const first = await import('./src/shared-system.ts?bundle=1')
      const second = await import('./src/shared-system.ts?bundle=2')
      const env = { DATABASE_URL: ${JSON.stringify(env.DATABASE_URL)} }
      const systems = [first.getSystem({ env }), second.getSystem({ env })]
      const { id } = await systems[0].workspaces.create({ title: 'Shared' })
      console.log(first.getSystem !== second.getSystem, systems[0] === systems[1])
      console.log((await systems[1].workspaces.get(id)).title)
      await systems[1].close()`,
    { cwd: fileURLToPath(new URL('../..', import.meta.url)) },
  )
  expect({ lines: lines.slice(-2), stderr }).toEqual({ lines: ['true true', 'Shared'], stderr: '' })
})

test('nothing is opened until it is used, and then once for all who ask at the same time', async () => {
  const system = getSystem({ env })
  const confined = system.in('somewhere')
  const { workspaces } = system
  expect(existsSync(dirname(path))).toBe(false)
  const created = await Promise.all(['a', 'b', 'c'].map((title) => workspaces.create({ title })))
  expect(existsSync(path)).toBe(true)
  expect(await system.workspaces.count()).toBe(3)
  expect(await confined.workspaces.list()).toMatchObject({ items: [] })
  const mine = system.in(created[0]!.id)
  expect(await mine.tasks.create({ title: 'Mine', workspaceId: created[0]!.id })).toMatchObject({
    title: 'Mine',
  })
  expect(await system.transaction((tx) => tx.tasks.count({ title: 'Mine' }))).toBe(1)
})

test('it can be awaited without being opened', async () => {
  expect(await getSystem({ env })).toBe(getSystem({ env }))
  expect(existsSync(path)).toBe(false)
})

test('opening that failed is tried again by the next call', async () => {
  await writeFile(join(folder.path, 'data'), 'in the way')
  const system = getSystem({ env })
  for (let i = 0; i < 2; i++)
    await expect(system.workspaces.count()).rejects.toMatchObject({ code: 'CONFIG' })
  expect(getSystem({ env })).toBe(system)
  await rm(join(folder.path, 'data'))
  expect(await system.workspaces.count()).toBe(0)
})

test('health answers even where opening fails, and never rejects', async () => {
  await writeFile(join(folder.path, 'data'), 'in the way')
  const system = getSystem({ env })
  const broken = {
    status: 'error',
    tier: 'sqlite',
    driver: 'sqlite',
    target: path,
    reason: 'DATABASE_URL names a SQLite database.',
    schema: null,
    latencyMs: expect.any(Number),
    error: expect.stringContaining(`the folder ${dirname(path)} for the database cannot be made`),
  }
  expect(await system.health()).toEqual(broken)
  expect(await system.in('somewhere').health()).toEqual(broken)
  await rm(join(folder.path, 'data'))
  expect(await system.health()).toMatchObject({ status: 'ok', target: path })
})

test('a configuration that makes no sense is refused at once', () => {
  expect(() => getSystem({ env: { DATABASE_URL: 'mysql://ada:secret@localhost/shop' } })).toThrow(
    'DATABASE_URL begins with mysql:, which is not supported',
  )
})

test('after close there is a fresh one, and the old one stays closed', async () => {
  const first = getSystem({ env })
  await first.workspaces.create({ title: 'kept' })
  await first.close()
  await expect(first.workspaces.count()).rejects.toThrow(ClosedError)
  expect(await first.health()).toMatchObject({ status: 'error', error: expect.stringContaining('closed') })

  const second = getSystem({ env })
  expect(second).not.toBe(first)
  expect(await second.workspaces.count()).toBe(1)
  // Closing what is closed does not make the process forget the one in use.
  await first.close()
  expect(getSystem({ env })).toBe(second)
  expect(await second.workspaces.count()).toBe(1)
})

test('one that was closed before it was used never opens', async () => {
  const system = getSystem({ env })
  await system.close()
  await expect(system.workspaces.create({ title: 'late' })).rejects.toThrow(ClosedError)
  expect(existsSync(path)).toBe(false)
})

test('closing while it opens waits for what was asked of it', async () => {
  const system = getSystem({ env })
  const call = system.workspaces.create({ title: 'early' })
  await system.close()
  expect(await call).toMatchObject({ title: 'early' })
  await expect(system.workspaces.count()).rejects.toThrow(ClosedError)
})

test('`await using` closes it', async () => {
  let kept: ReturnType<typeof getSystem>
  {
    await using system = getSystem({ env })
    kept = system
    await system.workspaces.create({ title: 'scoped' })
  }
  await expect(kept.workspaces.count()).rejects.toThrow(ClosedError)
})
