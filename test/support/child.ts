/** Other processes that take part in a test: Node running a program of ours, talked to by lines. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Most of what a short process does is to read its program. */
export const compileCache = fileURLToPath(new URL('../../node_modules/.cache/terrace-test', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

export interface Child extends AsyncDisposable {
  readonly pid: number
  /** What it has written so far that nobody has taken. */
  readonly lines: readonly string[]
  /** Takes its next line; rejects, with what it complained of, if it ends before. */
  line(): Promise<string>
  say(text: string): void
  /** Nothing more will be said. */
  hangUp(): void
  kill(signal: NodeJS.Signals): void
  readonly ended: Promise<Ended>
}

export interface ChildOptions {
  readonly args?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** For Node itself. */
  readonly execArgv?: readonly string[]
}

/** `program` is a file, or code to be run as a module. */
export function startChild(program: URL | string, options: ChildOptions = {}): Child {
  const { args = [], env, cwd, execArgv = [] } = options
  const what = program instanceof URL ? [fileURLToPath(program)] : ['--input-type=module', '-e', program]
  const child = spawn(process.execPath, [...execArgv, ...what, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  // It may end while something is said to it.
  child.stdin.on('error', () => {})
  const lines: string[] = []
  let onLine = () => {}
  const reader = createInterface({ input: child.stdout })
  reader.on('line', (line) => {
    lines.push(line)
    onLine()
  })
  const closed = Promise.all([once(child, 'close'), once(reader, 'close')])
  const ended = closed.then(([[code, signal]]): Ended => ({ code, signal, stderr }))
  let over = false
  void ended.then(() => {
    over = true
    onLine()
  })

  return {
    pid: child.pid!,
    lines,
    async line() {
      while (lines.length === 0) {
        if (over) throw new Error(`the process has ended: ${JSON.stringify(await ended)}`)
        const { promise, resolve } = Promise.withResolvers<void>()
        onLine = resolve
        await promise
      }
      return lines.shift()!
    },
    say: (text) => void child.stdin.write(`${text}\n`),
    hangUp: () => void child.stdin.end(),
    kill: (signal) => void child.kill(signal),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Runs it to its end. */
export async function runChild(
  program: URL | string,
  options?: ChildOptions,
): Promise<Ended & { readonly lines: readonly string[] }> {
  await using child = startChild(program, options)
  child.hangUp()
  return { ...(await child.ended), lines: [...child.lines] }
}
