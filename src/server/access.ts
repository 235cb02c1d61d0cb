/** Who may do what: the application decides, for each request; and without a word from it, nobody may do anything. */

import { ConfigError } from '../errors.ts'
import type { ConfinedSystem, System } from '../system.ts'
import { hostOf, isLoopback } from './gate.ts'
import { HttpRefusal } from './refusals.ts'

/** What is asked for. */
export type Action =
  | { readonly kind: 'read' | 'write'; readonly store: string; readonly verb: string }
  /** What happens in the workspace, from now on. */
  | { readonly kind: 'events' }
  /** Which tier, how quick it answers, and which migration it is at. */
  | { readonly kind: 'health' }
  /** A note, live. `token` is what Hocuspocus's provider sends as its own. */
  | { readonly kind: 'sync'; readonly noteId: string; readonly token: string | undefined }

export type Access = (
  | {
      /** All that is seen and written is of this workspace. */
      readonly workspaceId: string
    }
  | {
      /** All workspaces, and what belongs to none. */
      readonly everything: true
    }
) & {
  /** Who it is: what is written to notes is kept under this name, and under no other. */
  readonly actor?: string | undefined
  /** False unless said otherwise. */
  readonly write?: boolean | undefined
}

export interface AuthorizeRequest {
  readonly request: Request
  readonly action: Action
}

/** Answers null to whoever has no business here. What it throws is an internal error. */
export type Authorize = (
  asked: AuthorizeRequest,
) => Access | null | undefined | Promise<Access | null | undefined>

export interface Granted {
  readonly scope: ConfinedSystem
  /** Undefined for everything. */
  readonly workspaceId: string | undefined
  readonly actor: string | undefined
  readonly mayWrite: boolean
}

/** Throws an `HttpRefusal` when it is not granted. */
export type Grant = (request: Request, action: Action) => Promise<Granted>

export function createGrant(
  opened: () => Promise<System>,
  authorize: Authorize | undefined,
  isDevelopment: boolean,
): Grant {
  const decide = authorize ?? (isDevelopment ? allowLocal : undefined)
  return async (request, action) => {
    if (decide === undefined) {
      throw new HttpRefusal('FORBIDDEN', 'nobody may do anything here before `authorize` is given')
    }
    const access = await decide({ request, action })
    if (access === null || access === undefined) throw refused(request.headers)
    const { actor, write = false } = access
    if (action.kind === 'write' && !write) throw new HttpRefusal('FORBIDDEN', 'you may read, and not write')
    const system = await opened()
    if ('everything' in access && access.everything === true) {
      return { scope: system, workspaceId: undefined, actor, mayWrite: write }
    }
    const { workspaceId } = access as { readonly workspaceId?: unknown }
    if (typeof workspaceId !== 'string' || workspaceId === '') {
      throw new ConfigError('authorize has to answer null, a `workspaceId`, or `everything: true`')
    }
    return { scope: system.in(workspaceId), workspaceId, actor, mayWrite: write }
  }
}

/** Who shows nothing may have forgotten to; who shows something is known, and not welcome. */
function refused(headers: Headers): HttpRefusal {
  if (headers.has('authorization') || headers.has('cookie')) return new HttpRefusal('FORBIDDEN')
  return new HttpRefusal('UNAUTHENTICATED', undefined, { 'www-authenticate': 'Bearer' })
}

/** While an application is written: whoever sits at this machine. */
function allowLocal({ request }: AuthorizeRequest): Access {
  if (isLocal(request)) return { everything: true, write: true }
  throw new HttpRefusal('FORBIDDEN', 'before `authorize` is given, only this machine itself may ask')
}

/** Where a proxy says from. */
const FORWARDED = ['x-forwarded-for', 'x-real-ip']

export function isLocal({ headers, url }: Pick<Request, 'headers' | 'url'>): boolean {
  if (!isLoopback(hostOf(headers, new URL(url)))) return false
  const froms = FORWARDED.flatMap((name) => headers.get(name)?.split(',') ?? [])
  return !headers.has('forwarded') && froms.every((from) => isLoopbackAddress(from.trim()))
}

export function isLoopbackAddress(address: string): boolean {
  return /^(::ffff:)?127\.\d+\.\d+\.\d+$|^\[?::1\]?$|^localhost$/.test(address)
}
