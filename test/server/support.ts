/** Requests to a handler, and its stores as somebody far away has them. */

import { expect } from 'vitest'
import type { Calls } from '../../src/conformance/verbs.ts'
import { encode } from '../../src/server/codec.ts'
import { createHandler, type Handler, type HandlerOptions } from '../../src/server/index.ts'
import { surface } from '../../src/server/surface.ts'
import type { Scope } from '../../src/system.ts'
import { createTestSystem } from '../../src/testing/index.ts'

export const HOST = 'http://localhost:3000'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

/** What is asked, and what is answered, taken apart. */
export async function ask(
  handler: Pick<Handler, 'fetch'>,
  path: string,
  init: RequestInit = {},
): Promise<Answer> {
  const response = await handler.fetch(new Request(`${HOST}${path}`, init))
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== '' ? JSON.parse(text) : text,
  }
}

export function post(args: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(encode(args)),
  }
}

/** The error of an answer, or of what an answer became. */
export function codeOf({ body }: Answer): string | undefined {
  return (body as { readonly error?: { readonly code: string } } | null)?.error?.code
}

/** A handler over a System of its own, which has told nothing to `onError` when it is over. */
export async function serve(options: Partial<HandlerOptions> = {}) {
  const test = await createTestSystem()
  const errors: unknown[] = []
  const handler = createHandler({ system: test.system, onError: (error) => errors.push(error), ...options })
  return {
    ...test,
    handler,
    errors,
    async [Symbol.asyncDispose]() {
      await handler.close()
      await test[Symbol.asyncDispose]()
      if (errors.length > 0) throw errors[0]
    },
  }
}

/** A refusal as it comes back. */
export class Refused extends Error {
  readonly status: number
  readonly code: string
  constructor({ status, body }: Answer) {
    const { code, message } = (
      body as { readonly error: { readonly code: string; readonly message: string } }
    ).error
    super(`${status} ${code}: ${message}`)
    this.status = status
    this.code = code
  }
}

/** Stores whose verbs are asked for by HTTP. Answers are as JSON has them; verbs that are not served are absent. */
export function remote(handler: Pick<Handler, 'fetch'>, headers: Record<string, string> = {}): Scope {
  const stores = Object.entries(surface).map(([store, { verbs }]) => [
    store,
    Object.fromEntries(
      Object.keys(verbs).map((verb) => [
        verb,
        async (...args: unknown[]) => {
          const answer = await ask(
            handler,
            `/stores/${store}/${verb}`,
            post(trimmed(`${store}.${verb}`, args), headers),
          )
          if (answer.status !== 200) throw new Refused(answer)
          return answer.body
        },
      ]),
    ),
  ])
  // The cast: of a scope it has what is called here.
  return Object.fromEntries(stores) as Scope
}

/** What the calls give along though it is no option: at home it is not looked at, and from afar it is refused. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  'leases.acquire': ['name', 'fence'],
  'fileLocks.check': ['agentId'],
  'timers.cancel': ['workspaceId'],
}

/** Options of nothing are left out, as JSON leaves out what is undefined. */
function trimmed(name: string, args: readonly unknown[]): readonly unknown[] {
  const last = args.at(-1)
  if (last === undefined) return args.slice(0, -1)
  const beside = BESIDE[name]
  if (beside === undefined) return args
  const kept = Object.entries(Object(last)).filter(([key]) => !beside.includes(key))
  return [...args.slice(0, -1), Object.fromEntries(kept)]
}

/** Of all calls, those that are served. */
export function servedCalls(calls: Calls): [name: string, call: () => Promise<unknown>][] {
  return Object.entries(calls).flatMap(([store, verbs]) =>
    Object.entries(verbs)
      .filter(([verb]) => surface[store]?.verbs[verb] !== undefined)
      .map(([verb, call]): [string, () => Promise<unknown>] => [`${store}.${verb}`, call]),
  )
}

/** What an EventSource does. */
export async function follow(handler: Pick<Handler, 'fetch'>, path: string) {
  const response = await handler.fetch(new Request(`${HOST}${path}`))
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const events: { name: string; data: Record<string, unknown> }[] = []
  let comments = 0
  const stream = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  const ended = read()

  async function read(): Promise<void> {
    let rest = ''
    for (;;) {
      const { done, value } = await stream.read()
      if (done) return
      const parts = (rest + value).split('\n\n')
      rest = parts.pop()!
      for (const part of parts) take(part)
    }
  }

  function take(part: string): void {
    if (part.startsWith(':')) comments++
    const name = /^event: (.*)$/m.exec(part)?.[1]
    if (name !== undefined) events.push({ name, data: JSON.parse(/^data: (.*)$/m.exec(part)![1]!) })
  }

  return {
    ended,
    names: () => events.map(({ name }) => name),
    comments: () => comments,
    all: () =>
      events.map(({ name, data }) => [name, data.store ?? data.noteId, data.kind].filter(Boolean).join(' ')),
    [Symbol.asyncDispose]: () => stream.cancel(),
  }
}
