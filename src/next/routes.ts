/**
 * The handler as the exports of a route. Nothing of it is loaded before the first request: a build asks for no
 * database, and the edge runtime, which has no Node beneath, gets a sentence instead of a crash.
 */

import type { Handler, HandlerOptions } from '../server/index.ts'
import type { SharedSystem } from '../shared-system.ts'
import type { System } from '../system.ts'
import { unsupported } from './unsupported.ts'

export interface RoutesOptions extends Omit<HandlerOptions, 'system'> {
  /** That of `getSystem()` unless given. */
  readonly system?: System | SharedSystem | undefined
}

/** What Next hands to a route besides the request: the parts of the path that the catch-all stands for. */
export interface RouteContext {
  readonly params: Promise<Readonly<Record<string, string | string[] | undefined>>>
}

export type Route = (request: Request, context: RouteContext) => Promise<Response>

export interface Routes {
  readonly GET: Route
  readonly HEAD: Route
  readonly POST: Route
  readonly OPTIONS: Route
}

/**
 * @example
 * // app/api/terrace/[...path]/route.ts
 * export const { GET, POST, OPTIONS } = createRoutes({
 *   authorize: async ({ request }) => ({ workspaceId: await workspaceOf(request), write: true }),
 * })
 */
export function createRoutes(options: RoutesOptions = {}): Routes {
  let handler: Promise<Handler> | undefined

  const route: Route = async (request, context) => {
    if (process.env.NEXT_RUNTIME === 'edge') return unsupported()
    const path = await pathOf(context)
    handler ??= open(options, basePathOf(request, path))
    try {
      return (await handler).fetch(request)
    } catch (error) {
      handler = undefined
      return misconfigured(path, error, options.onError)
    }
  }
  return { GET: route, HEAD: route, POST: route, OPTIONS: route }
}

async function open(options: RoutesOptions, basePath: string): Promise<Handler> {
  const { createHandler } = await import('../server/index.ts')
  const system = options.system ?? (await import('../shared-system.ts')).getSystem()
  return createHandler({ basePath, ...options, system })
}

async function pathOf({ params }: RouteContext): Promise<readonly string[]> {
  const parts = Object.values(await params).find((value) => Array.isArray(value))
  return parts ?? []
}

/** Where the route is: what the path has before the parts that the catch-all stands for. */
function basePathOf({ url }: Request, path: readonly string[]): string {
  const parts = new URL(url).pathname.replace(/\/$/, '').split('/')
  return parts.slice(0, parts.length - path.length).join('/')
}

/** There is no handler; who asks for health is told why, as ever. */
async function misconfigured(
  path: readonly string[],
  error: unknown,
  onError: RoutesOptions['onError'] = (error) => console.error('terrace/next:', error),
): Promise<Response> {
  const { answerOf } = await import('../server/refusals.ts')
  const answer = answerOf(error, onError)
  if (path.join('/') !== 'health/db') return answer
  const { reasonOf } = await import('../errors.ts')
  return Response.json(
    { status: 'error', database: 'disconnected', reason: reasonOf(error) },
    { status: 503 },
  )
}
