/** Next's programs as processes of their own, which end with this one. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../../test/support/free-port.ts'

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) end(child, 'SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

export interface Program {
  readonly cwd: string
  /** For Node. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Resolves with what it said; rejects with it, if it fails. */
export async function runProgram(program: Program): Promise<string> {
  const { child, said } = start(program)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${program.args.join(' ')} ended with ${code}:\n${said()}`)
  return said()
}

export interface Server extends AsyncDisposable {
  readonly url: string
  said(): string
}

/** A server that is told its port by `PORT` and answers once it listens. */
export async function startServer(program: Program): Promise<Server> {
  const port = await freePort()
  const env = { ...program.env, PORT: String(port), HOSTNAME: '127.0.0.1' }
  const { child, said } = start({ ...program, env })
  const url = `http://127.0.0.1:${port}`
  const deadline = Date.now() + 60_000
  for (;;) {
    const answered = await fetch(url).then(
      () => true,
      () => false,
    )
    if (answered) break
    if (child.exitCode !== null || Date.now() > deadline) {
      end(child, 'SIGKILL')
      throw new Error(`${program.args.join(' ')} does not answer:\n${said()}`)
    }
    await setTimeout(100)
  }
  return {
    url,
    said,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close')
      end(child, 'SIGTERM')
      const late = globalThis.setTimeout(() => end(child, 'SIGKILL'), 5000)
      await ended
      clearTimeout(late)
    },
  }
}

function start({ cwd, args, env }: Program) {
  const child = spawn(process.execPath, args, {
    cwd,
    // `next dev` serves from a child of its own.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment(), ...env },
  })
  running.add(child)
  child.once('close', () => running.delete(child))
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  return { child, said: () => text }
}

function end(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal)
  } catch {
    // It has ended already.
  }
}

/** Of ours, only what says where programs and temporary files are: nothing that chooses a database. */
function environment(): Record<string, string> {
  const { PATH = '', HOME = '', TMPDIR } = process.env
  return {
    PATH: `${dirname(process.execPath)}:${PATH}`,
    HOME,
    ...(TMPDIR !== undefined && { TMPDIR }),
    NEXT_TELEMETRY_DISABLED: '1',
    NO_COLOR: '1',
  }
}
