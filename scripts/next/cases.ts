/** What is shown of a fresh app: each case has a folder of its own, and throws what it finds wrong. */

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { DRIVER_PACKAGES } from '../../src/engine/drivers.ts'
import {
  copyApp,
  npmInstall,
  secondRoute,
  write,
  writeApp,
  writeThreeLines,
  writeVercelFiles,
} from './app.ts'
import { askForAll, json, post, statusOf } from './ask.ts'
import { workOn } from './instances.ts'
import { DRIVERS, type Driver, type Places } from './places.ts'
import { runProgram, type Server, startServer } from './server.ts'

type Bundler = 'turbopack' | 'webpack'
type Routes = 'app' | 'src/app'

export interface Case {
  readonly name: string
  /** `folder` is this case's own, and not there yet; `bare` is an app with nothing optional installed. */
  run(folder: string, bare: string, places: Places): Promise<void>
}

export const CASES: readonly Case[] = [
  { name: 'webpack, withTerrace, all drivers', run: (...rest) => withAll('webpack', ...rest) },
  { name: 'webpack, no driver', run: (...rest) => withNone('webpack', ...rest) },
  { name: 'turbopack, withTerrace, all drivers', run: (...rest) => withAll('turbopack', ...rest) },
  { name: 'turbopack, no driver', run: (...rest) => withNone('turbopack', ...rest) },
  { name: 'turbopack, three instances on Neon', run: onVercel },
  ...DRIVERS.map(
    (driver): Case => ({ name: `turbopack, ${driver}`, run: (...rest) => withOne(driver, ...rest) }),
  ),
]

/** Said where the worker of notes is not in a bundle. */
const WITHOUT_WORKER = 'notes are compacted on the event loop'
const TERRACE = 'node_modules/terrace/dist/cli/main.js'
const NEXT = 'node_modules/next/dist/bin/next'
const EDITIONS = 4

const PLAIN = `import type { NextConfig } from 'next'

const nextConfig: NextConfig = { output: 'standalone' }

export default nextConfig
`
const WITH_TERRACE = `import { withTerrace } from 'terrace/next'

export default withTerrace(async () => ({ output: 'standalone' }))
`

type Rest = Parameters<Case['run']>

/** The three lines by hand, and nothing else. */
async function withNone(bundler: Bundler, ...[folder, bare, places]: Rest): Promise<void> {
  copyApp(bare, folder)
  writeApp(folder, { routes: 'app', config: ['next.config.ts', PLAIN] })
  writeThreeLines(folder)
  await develop(folder, { routes: 'app', bundler, env: {}, oneYjs: bundler === 'turbopack' })
  await build(folder, bundler, places)
  {
    await using server = await serve(folder, {})
    await askForAll(server.url, { tier: 'memory', driver: 'memory' })
    strictEqual(await statusOf(`${server.url}/api/terrace/stores/tasks`), 403)
    strictEqual(await statusOf(`${server.url}/api/edge/health/db`), 501)
    // Webpack loses the worker, which is said, and notes are compacted all the same.
    strictEqual(server.said().includes(WITHOUT_WORKER), bundler === 'webpack', server.said())
  }
  {
    await using server = await serve(folder, { TERRACE_DB_DRIVER: 'sqlite' })
    const { reason } = await json(`${server.url}/api/terrace/health/db`)
    match(`${reason} ${server.said()}`, /npm install better-sqlite3/)
  }
  if (bundler === 'turbopack') await askCopy(folder, 'memory', places)
}

/** One driver is there, and Next is told nothing of it. */
async function withOne(driver: Driver, ...[folder, bare, places]: Rest): Promise<void> {
  copyApp(bare, folder)
  npmInstall(folder, DRIVER_PACKAGES[driver])
  writeApp(folder, { routes: 'app', config: ['next.config.ts', PLAIN] })
  writeThreeLines(folder)
  await build(folder, 'turbopack', places)
  await askCopy(folder, driver, places)
}

/** By `terrace init`, with `withTerrace`: one build for whatever the environment says. */
async function withAll(bundler: Bundler, ...[folder, bare, places]: Rest): Promise<void> {
  copyApp(bare, folder)
  npmInstall(folder, ...Object.values(DRIVER_PACKAGES))
  writeApp(folder, { routes: 'src/app', config: ['next.config.mjs', WITH_TERRACE] })
  execFileSync(process.execPath, [TERRACE, 'init'], { cwd: folder })
  const { url, connections } = await places.counted()
  await develop(folder, { routes: 'src/app', bundler, env: { DATABASE_URL: url }, oneYjs: true }, connections)
  await build(folder, bundler, places)
  for (const driver of ['memory', ...DRIVERS] as const) await askCopy(folder, driver, places)
}

/** The files of docs/vercel.md, migrated in the build step, on three instances at once. */
async function onVercel(...[folder, bare, places]: Rest): Promise<void> {
  copyApp(bare, folder)
  npmInstall(folder, DRIVER_PACKAGES.neon, '@vercel/functions')
  writeApp(folder, { routes: 'app', config: ['next.config.ts', PLAIN] })
  writeVercelFiles(folder)
  // Vercel's own output is not to be had here; this is what it is made of.
  const config = readFileSync(join(folder, 'next.config.ts'), 'utf8')
  write(folder, 'next.config.ts', config.replace('= {}', "= { output: 'standalone' }"))
  const { env: database } = await places.of('neon', folder)
  const env = { ...database, VERCEL: '1', CRON_SECRET: 'for the cron', API_TOKEN: 'for the check' }
  const unmigrated = await runProgram({ cwd: folder, args: [TERRACE, 'status'], env }).catch(String)
  match(unmigrated, /pending/)
  await runProgram({ cwd: folder, args: [TERRACE, 'migrate'], env })
  await build(folder, 'turbopack', places, { VERCEL: '1' })
  const copy = `${folder}, copy`
  cpSync(join(folder, '.next/standalone'), copy, { recursive: true, verbatimSymlinks: true })
  const start = () => startServer({ cwd: copy, args: ['server.js'], env })
  await using first = await start()
  await using second = await start()
  await using third = await start()
  await workOn([first.url, second.url, third.url], env)
}

interface Developed {
  readonly routes: Routes
  readonly bundler: Bundler
  readonly env: Readonly<Record<string, string>>
  /** Whether routes share one instance of Yjs: unless webpack bundles it into each, in development. */
  readonly oneYjs: boolean
}

/** `next dev`, with a route that is edited while it is asked: one System, whose data stays, and one pool. */
async function develop(
  folder: string,
  { routes, bundler, env, oneYjs }: Developed,
  connections?: () => Promise<number>,
): Promise<void> {
  const args = [NEXT, 'dev', '-H', '127.0.0.1', ...(bundler === 'webpack' ? ['--webpack'] : [])]
  await using server = await startServer({ cwd: folder, args, env })
  const terrace = `${server.url}/api/terrace`
  deepStrictEqual(await json(`${terrace}/health/db`), { status: 'ok', database: 'connected' })
  await post(`${terrace}/stores/workspaces/create`, { id: 'w', title: 'W' })
  await post(`${terrace}/stores/tasks/create`, { workspaceId: 'w', title: 'kept' })
  await post(`${terrace}/stores/notes/create`, { id: 'n', workspaceId: 'w', title: 'N', text: 'Hello' })
  const before = await reloaded(server, 0)
  const open = await connections?.()
  for (let edition = 1; edition <= EDITIONS; edition++) {
    write(folder, join(routes, 'api/second/route.ts'), secondRoute(edition))
    deepStrictEqual(await reloaded(server, edition), { ...before, edition })
    strictEqual(await statusOf(`${terrace}/stores/tasks`), 200)
  }
  deepStrictEqual([before.titles, before.yours, before.systems], [['kept'], oneYjs, 1])
  const after = await connections?.()
  if (open !== undefined && after !== undefined) {
    ok(after <= open, `${open} connections before, and ${after} after ${EDITIONS} edits`)
  }
}

/** What the route answers once it is the edited one. */
async function reloaded({ url, said }: Server, edition: number): Promise<Record<string, unknown>> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const answer = await json(`${url}/api/second`)
    if (answer.edition === edition) return answer
    if (Date.now() > deadline) throw new Error(`edition ${edition} is not served:\n${said()}`)
    await setTimeout(100)
  }
}

/** A build asks no database, not even the one that it is told of. */
async function build(
  folder: string,
  bundler: Bundler,
  { untouched }: Places,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const args = [NEXT, 'build', ...(bundler === 'webpack' ? ['--webpack'] : [])]
  const said = await runProgram({ cwd: folder, args, env: { DATABASE_URL: untouched, ...more } })
  ok(!/warn/i.test(said), said)
}

function serve(cwd: string, env: Readonly<Record<string, string>>): Promise<Server> {
  return startServer({ cwd, args: [NEXT, 'start', '-H', '127.0.0.1'], env })
}

/** The standalone output, elsewhere, with nothing left where it was built. */
async function askCopy(folder: string, driver: Driver | 'memory', places: Places): Promise<void> {
  const copy = `${folder}, ${driver}`
  const gone = `${folder}, gone`
  cpSync(join(folder, '.next/standalone'), copy, { recursive: true, verbatimSymlinks: true })
  renameSync(folder, gone)
  try {
    const { env, asked } = await places.of(driver, copy)
    await using server = await startServer({ cwd: copy, args: ['server.js'], env })
    await askForAll(server.url, asked).catch((error: unknown) => {
      throw new Error(`${driver}: ${error}\n${server.said()}`, { cause: error })
    })
    ok(!server.said().includes(WITHOUT_WORKER), server.said())
  } finally {
    renameSync(gone, folder)
  }
}
