/** What a desktop shell will start: one folder with Node, the addon and the program, and nothing else of this machine. */

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Serving } from '../../src/cli/serve/serve.ts'
import { type TempDir, tempDir } from '../support/temp.ts'
import { call, isAlive } from './serving.ts'

let packed: TempDir
let data: TempDir
let node: string
let main: string
beforeAll(async () => {
  packed = await tempDir()
  data = await tempDir()
  execFileSync('node', ['scripts/pack-desktop.ts', join(packed.path, 'desktop')], { stdio: 'pipe' })
  const folder = join(packed.path, 'desktop')
  node = join(folder, 'node')
  main = join(folder, 'dist/cli/main.js')
})
afterAll(() => Promise.all([packed[Symbol.asyncDispose](), data[Symbol.asyncDispose]()]))

/** A shell that starts it as Tauri does, passes on what it says first, and can be killed. */
async function startShell(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const program = `
    const [node, main, env, ...args] = process.argv.slice(1)
    const child = require('node:child_process').spawn(node, [main, 'serve', '--parent-pid', String(process.pid), ...args],
      { env: JSON.parse(env), cwd: '/', stdio: ['pipe', 'pipe', 'inherit'] })
    child.stdout.pipe(process.stdout)
    setInterval(() => {}, 1000)`
  const shell = spawn(node, ['-e', program, node, main, JSON.stringify(env), ...args], {
    env: {},
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stderr: string[] = []
  shell.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text))
  const [line] = await Promise.race([
    once(createInterface({ input: shell.stdout }), 'line'),
    once(shell, 'exit').then(() => Promise.reject(new Error(stderr.join('')))),
  ])
  const serving: Serving = JSON.parse(line)
  return {
    shell,
    serving,
    call: async (path: string, body?: readonly unknown[]) =>
      (await call(serving, serving.token!, path, body)).body,
    async [Symbol.asyncDispose]() {
      shell.kill('SIGKILL')
      await expect.poll(() => isAlive(serving.pid)).toBe(false)
    },
  }
}

it('takes along what it needs and no more', () => {
  const folder = join(packed.path, 'desktop')
  expect(readdirSync(folder).sort()).toEqual(['LICENSE', 'dist', 'node', 'node_modules', 'package.json'])
  expect(readdirSync(join(folder, 'node_modules'))).toEqual(['better-sqlite3'])
  expect(readdirSync(join(folder, 'node_modules/better-sqlite3/prebuilds'))).toHaveLength(1)
})

it('serves from there with an empty environment, keeps what is written, and ends with its parent', async () => {
  const file = join(data.path, 'agents.db')
  let id: string
  {
    await using first = await startShell(['--path', file])
    expect(first.serving).toMatchObject({ tier: 'sqlite', target: file })
    // The casts: the rows that were made.
    const workspace = (await first.call('/stores/workspaces/create', [{ title: 'Kept' }])) as { id: string }
    id = workspace.id
    const note = (await first.call('/stores/notes/create', [
      { workspaceId: id, title: 'N', text: 'x'.repeat(20_000) },
    ])) as { id: string }
    await first.call('/stores/notes/append', [note.id, 'end'])
    // Big enough to be compacted by the worker, which is a file of its own.
    expect(await first.call('/stores/notes/compact', [note.id])).toBe(true)
    first.shell.kill('SIGKILL')
    await expect.poll(() => isAlive(first.serving.pid)).toBe(false)
  }
  // It has closed its database, rather than left it: there is nothing to recover.
  expect(readdirSync(data.path)).toEqual(['agents.db'])
  await using again = await startShell(['--path', file])
  expect(await again.call(`/stores/workspaces/${id}`)).toMatchObject({ title: 'Kept' })
})

it('keeps its data in the folder that the system has for the app, shared by two windows', async () => {
  const home = join(data.path, 'home')
  mkdirSync(home)
  const env = { HOME: home, APPDATA: join(home, 'AppData') }
  const start = () => startShell(['--identifier', 'com.example.agents'], env)
  const [a, b] = await Promise.all([start(), start()])
  await using _a = a
  await using _b = b
  expect(a.serving.target).toBe(b.serving.target)
  expect(a.serving.target.startsWith(home)).toBe(true)
  expect(a.serving.port).not.toBe(b.serving.port)
  const titles = Array.from({ length: 40 }, (_, i) => `${i}`)
  await Promise.all(titles.map((title, i) => (i % 2 ? a : b).call('/stores/workspaces/create', [{ title }])))
  for (const each of [a, b]) expect(await each.call('/stores/workspaces/count', [{}])).toBe(40)
})

it('runs from another place than where it was packed, with a space in its name', async () => {
  const moved = join(data.path, 'My Agents.app')
  cpSync(join(packed.path, 'desktop'), moved, { recursive: true })
  const options = { env: {}, cwd: '/', encoding: 'utf8' } as const
  const path = join(data.path, 'moved.db')
  const said = execFileSync(
    join(moved, 'node'),
    [join(moved, 'dist/cli/main.js'), 'doctor', '--path', path, '--json'],
    options,
  )
  expect(JSON.parse(said)).toMatchObject({ status: 'ok', problems: 0 })
})

it('says of a database whose driver was not taken along what to install', () => {
  const url = 'postgres://ada:geheim@127.0.0.1:1/agents'
  const run = (command: string) =>
    spawnSync(node, [main, command, '--url', url, '--json'], { env: {}, cwd: '/', encoding: 'utf8' })
  const examined = run('doctor')
  expect(examined.status).toBe(1)
  expect(JSON.parse(examined.stdout).findings).toContainEqual({
    about: 'driver',
    state: 'problem',
    says: 'pg is not installed',
    fix: 'npm install pg',
  })
  const status = run('status')
  expect(status.status).toBe(2)
  expect(JSON.parse(status.stdout).error).toMatchObject({
    code: 'CONFIG',
    message: expect.stringContaining('npm install pg'),
  })
})

it('is packed into no folder that holds something else', () => {
  const run = () => execFileSync('node', ['scripts/pack-desktop.ts', data.path], { stdio: 'pipe' })
  const before = readdirSync(data.path)
  expect(run).toThrow(/is not empty/)
  expect(readdirSync(data.path)).toEqual(before)
})
