/** The stores of this app's server, by `fetch`: the verbs are those of `System`, and so are their types. */

import type { System } from 'terrace'

export const BASE = '/api/terrace'

/** What a verb answers, as JSON keeps it: times are texts in ISO 8601, and bytes are base64. */
export type Json<T> = T extends Date | Uint8Array
  ? string
  : T extends readonly (infer Item)[]
    ? Json<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Json<T[Key]> }
      : T

type StoreName = 'workspaces' | 'agents' | 'tasks' | 'backgroundTasks' | 'notes'
type Answer<F> = F extends (...args: never[]) => Promise<infer R> ? Json<R> : never
type Args<F> = F extends (...args: infer A) => unknown ? A : never

export type Row<S extends StoreName> = NonNullable<Answer<System[S]['get']>>

/** A refusal of the server, or `OFFLINE`: there was no answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: string
  readonly status: number
  constructor(code: string, status: number, message: string) {
    super(message)
    this.code = code
    this.status = status
  }
}

/** Calls a verb. Throws `ApiError`. */
export async function call<S extends StoreName, V extends keyof System[S] & string>(
  store: S,
  verb: V,
  ...args: Args<System[S][V]>
): Promise<Answer<System[S][V]>> {
  return ask(`/stores/${store}/${verb}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(args),
  })
}

/** Rows by what a URL can say of them: `{ status: 'ready', order: '-createdAt' }`. Throws `ApiError`. */
export async function list<S extends StoreName>(
  store: S,
  query: Readonly<Record<string, string>>,
): Promise<Row<S>[]> {
  const { items } = await ask<{ items: Row<S>[] }>(`/stores/${store}?${new URLSearchParams(query)}`)
  return items
}

export interface Health {
  readonly status: 'ok' | 'error'
  readonly tier: string
  readonly driver: string
  readonly latencyMs: number
  readonly target?: string
  readonly reason?: string
  readonly error?: string
}

export function health(): Promise<Health> {
  return ask('/health')
}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  let response: Response
  try {
    response = await fetch(`${BASE}${path}`, { cache: 'no-store', ...init })
  } catch {
    throw new ApiError('OFFLINE', 0, 'the server does not answer')
  }
  // A proxy in between may answer something else.
  const body = await response.json().catch(() => null)
  if (response.ok) return body
  const { code = 'UNKNOWN', message = response.statusText } = body?.error ?? {}
  throw new ApiError(code, response.status, message)
}
