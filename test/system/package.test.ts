/** The package as it is published: bundled, and still able to start what is a file of its own. */

import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { startChild } from '../support/child.ts'
import { tempDir } from '../support/temp.ts'

/** Below `node_modules`, so that its dependencies are found. */
const FOLDER = 'node_modules/.cache/terrace-package-test'

beforeAll(() => {
  mkdirSync(FOLDER, { recursive: true })
  execFileSync('node', ['scripts/build.ts', join(FOLDER, 'dist')], { stdio: 'pipe' })
  copyFileSync('package.json', join(FOLDER, 'package.json'))
})

test('notes are compacted by the worker that the package brings along', async () => {
  await using place = await tempDir()
  const entry = JSON.stringify(join(process.cwd(), FOLDER, 'dist/index.js'))
  await using child = startChild(
    `const { createSystem } = await import(${entry})
    const system = await createSystem({ env: {}, path: ${JSON.stringify(join(place.path, 'a.db'))} })
    const { id: workspaceId } = await system.workspaces.create({ title: 'W' })
    // More than is dealt with without a worker.
    const { id } = await system.notes.create({ workspaceId, title: 'N', text: 'x'.repeat(20_000) })
    await system.notes.append(id, 'end')
    console.log(await system.notes.compact(id), (await system.notes.read(id)).text.length)
    await system.close()`,
  )
  expect(await child.line()).toBe('true 20003')
  expect(await child.ended).toMatchObject({ code: 0 })
})

test('its program runs, and knows which version it is', async () => {
  await using place = await tempDir()
  const program = join(process.cwd(), FOLDER, manifest.bin.terrace)
  const terrace = (...args: string[]) =>
    execFileSync('node', [program, ...args], { cwd: place.path, encoding: 'utf8' })
  expect(terrace('--version')).toBe(`${manifest.version}\n`)
  expect(terrace('migrate', '--path', 'a.db')).toMatch(/^Applied /)
  expect(JSON.parse(terrace('doctor', '--path', 'a.db', '--json'))).toMatchObject({ problems: 0 })
  // As a command of its own it is started by its first line.
  expect(execFileSync('head', ['-1', program], { encoding: 'utf8' })).toBe('#!/usr/bin/env node\n')
})
