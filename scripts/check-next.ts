/**
 * `npm run check:next`: the packed tarball in fresh Next.js apps. They are developed, with routes that change under
 * them, built and served, by Turbopack and by webpack, on memory with no driver installed, and with each driver, from the
 * standalone output in another place. `npm run check:next -- webpack` runs the cases with one of these in their names.
 */

import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNeonProxy } from '../test/support/neon-proxy.ts'
import { startPostgres } from '../test/support/postgres-server.ts'
import { installApp } from './next/app.ts'
import { CASES, type Case } from './next/cases.ts'
import { type Places, placesOn } from './next/places.ts'

/** Turbopack uses every core by itself, webpack hardly more than one. */
const LANES = 2

interface Result {
  readonly name: string
  readonly seconds: number
  readonly error: unknown
}

const words = process.argv.slice(2)
const isChosen = (name: string) => words.length === 0 || words.some((word) => name.includes(word))
const chosen = CASES.filter(({ name }) => isChosen(name))
const results: Result[] = []
const root = mkdtempSync(join(tmpdir(), 'terrace-next-'))
// However it ends; what was served from there ends before.
process.once('exit', () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }))
{
  await using postgres = await startPostgres()
  await using proxy = await startNeonProxy({ host: '127.0.0.1', port: postgres.port })
  await using untouched = await startUntouched()
  say('npm pack')
  const tarball = pack()
  say('npm install, without any driver')
  const bare = join(root, 'bare')
  installApp(bare, tarball)
  await runAll(bare, placesOn(postgres, proxy.wsProxy, untouched.url))
  if (untouched.knocks() > 0) {
    results.push({ name: 'builds', seconds: 0, error: new Error('a build asked the database') })
  }
}
report()

async function runAll(bare: string, places: Places): Promise<void> {
  const waiting = [...chosen]
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next, bare, places)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

async function run({ name, run }: Case, bare: string, places: Places): Promise<void> {
  const startedAt = performance.now()
  const error = await run(join(root, name), bare, places).then(
    () => undefined,
    (error: unknown) => error ?? new Error('it failed'),
  )
  results.push({ name, seconds: (performance.now() - startedAt) / 1000, error })
  say(error === undefined ? `${name}: as it should be` : `${name}: ${error}`)
}

function report(): void {
  console.log()
  for (const { name, seconds, error } of results) {
    console.log(`${error === undefined ? 'ok    ' : 'FAILED'} ${name.padEnd(40)} ${seconds.toFixed(0)} s`)
  }
  const failed = results.filter(({ error }) => error !== undefined)
  for (const { name, error } of failed) console.error(`\n${name}:`, error)
  console.log(`\n${results.length - failed.length} of ${results.length}, ${elapsed()} s`)
  if (failed.length > 0 || results.length === 0) process.exitCode = 1
}

/** It builds the package first. */
function pack(): string {
  const args = ['pack', '--json', '--loglevel=error', '--pack-destination', root]
  const output = execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  const [{ filename }]: [{ filename: string }] = JSON.parse(output.slice(output.indexOf('[\n')))
  return join(root, filename)
}

/** What builds are told is the database: whoever knocks is counted and sent away. */
async function startUntouched() {
  let count = 0
  const server = createServer((socket) => {
    count++
    socket.destroy()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo
  return {
    url: `postgres://nobody:none@127.0.0.1:${port}/none`,
    knocks: () => count,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function say(text: string): void {
  console.log(`${elapsed().padStart(4)} s  ${text}`)
}

function elapsed(): string {
  return (performance.now() / 1000).toFixed(0)
}
