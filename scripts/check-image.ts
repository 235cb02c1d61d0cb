/**
 * `npm run check:image`: does what the Dockerfile says where there is no container engine, in an empty folder and as a
 * user without rights; then starts what the image would start, and asks as its health check does. This Node stands for
 * the image's, and the folder for its root. Left out is what takes root: making /data, and giving it away.
 */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { type ImageStep, readDockerfile } from './dockerfile.ts'

const NOBODY = 65534
const isRoot = process.getuid?.() === 0
const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {}
const FOLDERS = ['build', 'app', 'tmp', 'data', 'home', 'context']

const root = mkdtempSync(join(tmpdir(), 'terrace-image-'))
try {
  for (const name of FOLDERS) mkdirSync(join(root, name))
  copyContext(join(root, 'context'))
  own(root)
  const { steps, environment, command, healthcheck } = readDockerfile(readFileSync('Dockerfile', 'utf8'))
  for (const step of steps) {
    console.log(`${step.instruction} ${step.args}`)
    if (step.instruction === 'COPY') copy(step)
    else runStep(step)
  }
  await start(command, healthcheck, envOf(environment))
  console.log('It builds, starts, migrates, is healthy, and stops when it is told to.')
} finally {
  rmSync(root, { recursive: true, force: true, maxRetries: 5 })
}

/** As an engine sends it: without what .dockerignore leaves out. */
function copyContext(to: string): void {
  const lines = readFileSync('.dockerignore', 'utf8').split('\n')
  for (const name of readdirSync('.')) {
    const isLeft = lines.includes(name) || /\.db(-\w+)?$|^\.env/.test(name)
    if (!isLeft) cpSync(name, join(to, name), { recursive: true, filter: isSource })
  }
}

/** What Next.js builds is within the example's folder. */
function isSource(path: string): boolean {
  return !/^\.next(-|$)/.test(basename(path))
}

function own(path: string): void {
  if (!isRoot) return
  for (const entry of ['.', ...readdirSync(path, { recursive: true, encoding: 'utf8' })]) {
    chownSync(join(path, entry), NOBODY, NOBODY)
  }
}

/** The image's folders, below the empty one. */
function here(text: string): string {
  return text.replaceAll(/(?<=^|[\s=])\/(build|app|tmp|data)\b/g, (path) => `${root}${path}`)
}

function copy({ args, workdir }: ImageStep): void {
  const words = args.split(/\s+/)
  const fromStage = words.some((word) => word.startsWith('--from='))
  const paths = words.filter((word) => !word.startsWith('--'))
  const to = resolve(here(workdir), here(paths.pop()!))
  for (const path of paths) {
    const from = fromStage ? here(path) : join(root, 'context', path)
    // All stages are one folder here: what goes to where it is needs no copy.
    if (from === to) continue
    cpSync(from, path === '.' || fromStage ? to : join(to, path), { recursive: true })
  }
  own(here(workdir))
}

function runStep({ args, workdir, environment }: ImageStep): void {
  const line = here(args).replaceAll(/&& (mkdir|chown) [^&]*/g, '')
  const options = { ...user, cwd: here(workdir), env: envOf(environment), encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', line], options)
  if (status !== 0) throw new Error(`it ended with ${status}:\n${stdout}${stderr}`)
}

/** What a container has, and what says where packages come from. */
function envOf(environment: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const fetching =
    /^(npm_config_(registry|cafile|\w*proxy)|(https?|no)_proxy|SSL_CERT_FILE|NODE_EXTRA_CA_CERTS)$/i
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => fetching.test(name))),
    PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    HOME: join(root, 'home'),
    TMPDIR: join(root, 'tmp'),
    ...Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, here(value)])),
  }
}

async function start(
  [file, ...args]: readonly string[],
  [check, ...checkArgs]: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  // Of this machine, only loopback is listened on.
  const words = args.map((word) => (word === '0.0.0.0' ? '127.0.0.1' : word))
  console.log(`CMD ${file} ${words.join(' ')}`)
  const options = { ...user, cwd: join(root, 'app'), env }
  const child = spawn(file!, words, { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  try {
    const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])
    const { target } = JSON.parse(String(line))
    if (target !== join(root, 'data/terrace/terrace.db')) throw new Error(`the database is ${target}`)
    console.log('HEALTHCHECK')
    const { status } = spawnSync(check!, checkArgs, options)
    if (status !== 0) throw new Error(`the health check ended with ${status}`)
  } finally {
    child.kill('SIGTERM')
  }
  const [code] = await ended
  if (code !== 0) throw new Error(`it ended with ${code}`)
}
