/** Commands, run within this process: what they say, and how they end. */

import { PassThrough } from 'node:stream'
import { run } from '../../src/cli/program.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd: string
  /** As if stderr were a terminal. */
  readonly isTTY?: boolean
}

/** In an environment that has nothing but what is given. */
export async function terrace(args: readonly string[], options: RunOptions): Promise<Ran> {
  const [stdout, stderr]: [string[], string[]] = [[], []]
  const code = await run(args, {
    env: { ...options.env },
    cwd: options.cwd,
    stdin: new PassThrough(),
    stdout: { write: (text) => stdout.push(text) },
    stderr: { write: (text) => stderr.push(text), isTTY: options.isTTY },
  })
  return { code, stdout: stdout.join(''), stderr: stderr.join('') }
}

/** With `--json`: the one line, read. */
export async function terraceJson(args: readonly string[], options: RunOptions) {
  const ran = await terrace([...args, '--json'], options)
  const lines = ran.stdout.trimEnd().split('\n')
  if (lines.length !== 1) throw new Error(`not one line: ${ran.stdout}${ran.stderr}`)
  // The cast: tests look at what they know to be there.
  return { ...ran, data: JSON.parse(lines[0]!) as Record<string, unknown> }
}
