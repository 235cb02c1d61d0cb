/** What a command may touch of its process: handed in, so that tests run commands without one. */

export interface Io {
  /** Filled from `.env` files; what drivers read beside it is the process's own. */
  readonly env: Record<string, string | undefined>
  readonly cwd: string
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: Sink
  readonly stderr: Sink
}

export interface Sink {
  write(text: string): unknown
  /** A terminal, where a line may be written over. */
  readonly isTTY?: boolean | undefined
  on?(event: 'error', handler: (error: Error) => void): unknown
}

export function processIo(): Io {
  const { env, stdin, stdout, stderr } = process
  return { env, cwd: process.cwd(), stdin, stdout, stderr }
}
