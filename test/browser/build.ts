/** The example app as it is deployed: built once, and anew only when the package or the app has changed. */

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const app = join(root, 'examples/next')
/** Beneath the app, where Next.js wants it, and not the one that `npm run build` makes there. */
export const DIST = '.next-test'
export const next = join(root, 'node_modules/next/dist/bin/next')

const SOURCES = ['src', 'examples/next', 'scripts/build.ts', 'scripts/bundle.ts', 'package-lock.json']

export async function buildApp(): Promise<void> {
  const stamp = join(app, DIST, 'sources.sha256')
  const now = await hashOf(SOURCES)
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === now) return
  await run([join(root, 'scripts/build.ts')], root)
  await run([next, 'build'], app)
  await writeFile(stamp, now)
}

async function run(args: readonly string[], cwd: string): Promise<void> {
  // A build is one for production, whoever asks for it.
  const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', WORKBENCH_DIST: DIST }
  await promisify(execFile)(process.execPath, args, { cwd, env, maxBuffer: 10_000_000 })
}

async function hashOf(places: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of (await Promise.all(places.map(filesOf))).flat()) {
    hash.update(`${path}\n`).update(await readFile(join(root, path)))
  }
  return hash.digest('hex')
}

async function filesOf(place: string): Promise<string[]> {
  if (/\.(ts|json)$/.test(place)) return [place]
  const entries = await readdir(join(root, place), { withFileTypes: true })
  // What is made there begins with a dot, or is named.
  const own = entries.filter(({ name }) => !/^\.|^node_modules$|^next-env\.d\.ts$/.test(name))
  const files = own.map((entry) => {
    const path = join(place, entry.name)
    return entry.isDirectory() ? filesOf(path) : [path]
  })
  return (await Promise.all(files)).flat().sort()
}
