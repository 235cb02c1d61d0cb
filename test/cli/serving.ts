/** `terrace serve` as a process, and how it is talked to. */

import type { Serving } from '../../src/cli/serve/serve.ts'
import { type Child, type ChildOptions, startChild } from '../support/child.ts'

export const MAIN = new URL('../../src/cli/main.ts', import.meta.url)

export interface Served extends AsyncDisposable {
  readonly child: Child
  readonly serving: Serving
  /** With the token, and JSON both ways. */
  call(path: string, args?: readonly unknown[]): Promise<{ readonly status: number; readonly body: unknown }>
}

/** What a process has that knows nothing but where its programs are. */
export const bare = (env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  DATABASE_URL: undefined,
  TERRACE_DB_DRIVER: undefined,
  SQLITE_DB_PATH: undefined,
  TERRACE_TOKEN: undefined,
  CRON_SECRET: undefined,
  NODE_ENV: undefined,
  ...env,
})

export async function serve(args: readonly string[], options: ChildOptions = {}): Promise<Served> {
  const child = startChild(MAIN, { ...options, args: ['serve', ...args], env: bare(options.env) })
  const serving: Serving = JSON.parse(await child.line())
  return {
    child,
    serving,
    call: (path, body) => call(serving, options.env?.TERRACE_TOKEN ?? serving.token!, path, body),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
}

export async function call(
  { url }: Pick<Serving, 'url'>,
  token: string | undefined,
  path: string,
  args?: readonly unknown[],
) {
  const response = await fetch(`${url}${path}`, {
    method: args === undefined ? 'GET' : 'POST',
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(args !== undefined && { 'content-type': 'application/json' }),
    },
    ...(args !== undefined && { body: JSON.stringify(args) }),
  })
  const text = await response.text()
  const body: unknown = text === '' ? null : JSON.parse(text)
  return { status: response.status, body, headers: response.headers }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
