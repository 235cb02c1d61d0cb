/**
 * Terrace over HTTP, for whatever speaks `Request` and `Response`: health, stores, events, live notes, and a cron to
 * ring. What each place asks of a request is in the files beside this one; here is in which order.
 */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { ClosedError, NotFoundError, ValidationError } from '../errors.ts'
import type { SharedSystem } from '../shared-system.ts'
import type { SyncLimits } from '../sync/index.ts'
import type { System } from '../system.ts'
import type { RunDueOptions } from '../work/run-due.ts'
import { type Authorize, createGrant, isLoopbackAddress } from './access.ts'
import { checkType, jsonOf } from './body.ts'
import { call, servedBy, verbOf } from './call.ts'
import { createChanges, followed } from './changes.ts'
import { createCron } from './cron.ts'
import { createEvents } from './events.ts'
import { createGate } from './gate.ts'
import { DEFAULT_LIMITS, type HandlerLimits } from './limits.ts'
import { decline, headersOf, urlOf } from './node.ts'
import { createLiveNotes } from './notes.ts'
import { listArgs } from './query.ts'
import { answerOf, HttpRefusal } from './refusals.ts'

export interface HandlerOptions {
  /** One of `createSystem()`, or the shared one of `getSystem()`. */
  readonly system: System | SharedSystem
  /**
   * Who may do what. Without it nobody may do anything; while `NODE_ENV` is `development` or `test`, this machine
   * itself may do everything.
   */
  readonly authorize?: Authorize | undefined
  /** What stands before every path, like `/api/terrace`; nothing unless told. */
  readonly basePath?: string | undefined
  /** Pages of which other origins may ask, each as browsers name it: `https://app.example.org`. */
  readonly origins?: readonly string[] | undefined
  readonly limits?: Partial<HandlerLimits> | undefined
  /** Bounds of live notes. */
  readonly syncLimits?: Partial<SyncLimits> | undefined
  /** What `/cron` has to be shown; `CRON_SECRET` of the environment unless given. */
  readonly cronSecret?: string | undefined
  /** What `/cron` runs: handlers by kind of job, and within how many milliseconds. */
  readonly due?: RunDueOptions<Record<string, never>> | undefined
  /** Whether nothing is allowed that only serves development; by `NODE_ENV` unless told. */
  readonly production?: boolean | undefined
  /** Errors that are nobody's fault at the other end. Written to the console unless told. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface Handler extends AsyncDisposable {
  /** Never rejects. */
  fetch(request: Request): Promise<Response>
  /**
   * For the `upgrade` event of Node's http server: live notes, which need the packages `ws` and `yjs`. Answers false,
   * and leaves the socket alone, if the URL is not theirs.
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Ends streams and connections, and waits for what is under way. The System stays open. */
  close(): Promise<void>
}

/** A request on its way through. */
interface Asked {
  readonly request: Request
  readonly url: URL
  /** What follows the place, decoded. */
  readonly rest: readonly string[]
  /** GET, too, for a HEAD, whose answer is the same without its body. */
  readonly method: string
  /** Of the call, which may take so long; a stream outlives it. */
  readonly signal: AbortSignal
}

const STREAM = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

/** Throws `ConfigError` for options that make no sense. */
export function createHandler(options: HandlerOptions): Handler {
  const { system } = options
  const limits: HandlerLimits = { ...DEFAULT_LIMITS, ...options.limits }
  const onError = safely(options.onError ?? ((error) => console.error('terrace/server:', error)))
  const basePath = `/${options.basePath ?? ''}`.replace(/\/+/g, '/').replace(/\/$/, '')
  const isDevelopment = options.production === undefined ? isDevelopmentHere() : options.production === false
  const gate = createGate({ origins: options.origins ?? [], isDevelopment })
  const grant = createGrant(opened, options.authorize, isDevelopment)
  const changes = createChanges({ pollMs: limits.pollMs, onError })
  const cron = createCron({
    system,
    secret: options.cronSecret ?? process.env.CRON_SECRET,
    isDevelopment,
    due: options.due,
  })
  const live = createLiveNotes({
    path: `${basePath}/notes`,
    grant,
    limits: options.syncLimits,
    heartbeatMs: limits.heartbeatMs,
    onError,
  })
  const underWay = new Set<Promise<Response>>()
  const streams = new Set<AbortController>()
  let isClosed = false

  const places = new Map<string | undefined, (asked: Asked) => Promise<Response>>([
    ['health', health],
    ['stores', stores],
    ['events', events],
    ['notes', notes],
    ['cron', ring],
  ])

  async function opened(): Promise<System> {
    return isShared(system) ? system.opened() : system
  }

  async function answer(request: Request): Promise<Response> {
    const url = new URL(request.url)
    gate.check(request.headers, url)
    if (isClosed) throw new ClosedError('this server is closing')
    if (underWay.size >= limits.requests) throw new HttpRefusal('TOO_MANY')
    if (request.method === 'OPTIONS') return gate.preflight(request.headers)
    const [place, ...rest] = pathOf(url.pathname, basePath)
    const go = places.get(place)
    if (go === undefined) throw new HttpRefusal('NO_ROUTE')
    const method = request.method === 'HEAD' ? 'GET' : request.method
    // A ring has a budget of its own, and says itself what took too long.
    if (go === ring || place === 'health') return go({ request, url, rest, method, signal: request.signal })
    return withinTime(request.signal, limits.timeoutMs, (signal) =>
      go({ request, url, rest, method, signal }),
    )
  }

  async function health({ request, rest, method }: Asked): Promise<Response> {
    if (rest.length > 1 || (rest.length === 1 && rest[0] !== 'db')) throw new HttpRefusal('NO_ROUTE')
    checkMethod(method, 'GET')
    if (rest.length === 1) return databaseHealth(request)
    const { workspaceId } = await grant(request, { kind: 'health' })
    const { status, tier, driver, latencyMs, schema, ...inner } = await system.health()
    const shown = { status, tier, driver, latencyMs, schema }
    return Response.json(workspaceId === undefined ? { ...shown, ...inner } : shown)
  }

  /** For whoever watches over the process, in the same words whatever is wrong. */
  async function databaseHealth(request: Request): Promise<Response> {
    const wrong = { status: 'error', database: 'disconnected' }
    try {
      const asking = () => system.health()
      const { status, tier, driver, error } = await withinTime(request.signal, limits.timeoutMs, asking)
      if (status === 'ok') return Response.json({ status, database: 'connected' })
      return Response.json({ ...wrong, tier, driver, reason: error }, { status: 503 })
    } catch (error) {
      if (!(error instanceof HttpRefusal)) throw error
      return Response.json(
        { ...wrong, reason: `no answer within ${limits.timeoutMs} milliseconds` },
        { status: 503 },
      )
    }
  }

  async function stores({ request, url, rest, method, signal }: Asked): Promise<Response> {
    const [store, ...names] = rest
    if (store === undefined) throw new HttpRefusal('NO_ROUTE')
    const served = servedBy(store)
    if (method === 'POST' && names.length === 1) {
      const verb = names[0]!
      const { isWrite } = verbOf(store, verb)
      checkType(request.headers, 'application/json')
      const granted = await grant(request, { kind: isWrite ? 'write' : 'read', store, verb })
      const args = await jsonOf(request, limits.bodyBytes)
      if (!Array.isArray(args)) throw new HttpRefusal('MALFORMED', 'the body is a list of arguments')
      const answer = await call({ store, verb, args }, granted, limits, signal)
      if (isWrite) changes.poke(granted.workspaceId)
      return Response.json(answer)
    }
    checkMethod(method, names.length === 1 ? 'GET, POST' : 'GET')
    const verb = names.length === 0 ? 'list' : 'get'
    if (verb === 'get' && verbOf(store, 'get').args.length !== names.length) throw new HttpRefusal('NO_ROUTE')
    const granted = await grant(request, { kind: 'read', store, verb })
    const args = verb === 'list' ? listArgs(served, url.searchParams) : names
    const answer = await call({ store, verb, args }, granted, limits, signal)
    if (answer === null) throw new NotFoundError(store, names.join('/'))
    return Response.json(answer)
  }

  async function events({ request, url, rest, method }: Asked): Promise<Response> {
    if (rest.length > 0) throw new HttpRefusal('NO_ROUTE')
    checkMethod(method, 'GET')
    const granted = await grant(request, { kind: 'events' })
    const asked = url.searchParams.get('workspaceId') ?? undefined
    const workspaceId = granted.workspaceId ?? asked
    if (workspaceId === undefined)
      throw new ValidationError('events are those of a workspace: ?workspaceId=…')
    if (asked !== undefined && asked !== workspaceId) throw new NotFoundError('workspaces', asked)
    const wanted = url.searchParams.getAll('store')
    const unknown = wanted.find((store) => !followed.includes(store))
    if (unknown !== undefined) throw new ValidationError(`there are no events of ${JSON.stringify(unknown)}`)
    const scope = (await opened()).in(workspaceId)
    // What is not there is said by the status, not by the stream.
    if ((await scope.workspaces.get(workspaceId)) === null) throw new NotFoundError('workspaces', workspaceId)
    if (isClosed) throw new ClosedError('this server is closing')
    if (streams.size >= limits.streams) throw new HttpRefusal('TOO_MANY', 'too many streams at once')
    const abort = new AbortController()
    const leave = () => abort.abort()
    streams.add(abort)
    request.signal.addEventListener('abort', leave, { once: true })
    if (request.signal.aborted) leave()
    const stream = createEvents({
      scope,
      workspaceId,
      stores: wanted.length > 0 ? wanted : followed,
      changes,
      heartbeatMs: limits.heartbeatMs,
      signal: abort.signal,
      async recheck() {
        const again = await grant(request, { kind: 'events' })
        // What is told is of the first one.
        if (again.workspaceId !== granted.workspaceId) throw new HttpRefusal('FORBIDDEN')
      },
      onError,
      onEnd() {
        request.signal.removeEventListener('abort', leave)
        streams.delete(abort)
      },
    })
    return new Response(stream, { headers: STREAM })
  }

  async function notes({ request, rest, method }: Asked): Promise<Response> {
    if (rest.length !== 2) throw new HttpRefusal('NO_ROUTE')
    checkMethod(method, 'GET, POST')
    if (method === 'POST') checkType(request.headers, 'application/octet-stream')
    return live.fetch(request)
  }

  async function ring({ request, rest, method }: Asked): Promise<Response> {
    if (rest.length > 0) throw new HttpRefusal('NO_ROUTE')
    checkMethod(method, 'GET, POST')
    // A HEAD would do it all, and say nothing.
    checkMethod(request.method, 'GET, POST')
    return cron(request)
  }

  async function respond(request: Request): Promise<Response> {
    let response: Response
    try {
      response = await answer(request)
    } catch (error) {
      response = answerOf(error, onError)
    }
    gate.finish(request.headers, response)
    if (request.method !== 'HEAD') return response
    await response.body?.cancel()
    return new Response(null, response)
  }

  /** Throws `HttpRefusal`. */
  function checkUpgrade(headers: Headers, url: URL, socket: Duplex): void {
    gate.check(headers, url)
    if (isClosed) throw new ClosedError('this server is closing')
    const { remoteAddress } = socket as { readonly remoteAddress?: string }
    if (options.authorize === undefined && !isLoopbackAddress(remoteAddress ?? '')) {
      throw new HttpRefusal('FORBIDDEN')
    }
  }

  async function close(): Promise<void> {
    isClosed = true
    for (const stream of streams) stream.abort()
    changes.close()
    await Promise.all([...underWay])
    await live.close()
  }

  return {
    async fetch(request) {
      const responding = respond(request)
      underWay.add(responding)
      try {
        return await responding
      } finally {
        underWay.delete(responding)
      }
    },

    upgrade(incoming, socket, head) {
      const url = urlOf(incoming)
      const path = `${basePath}/notes`
      if (url === null || (url.pathname !== path && !url.pathname.startsWith(`${path}/`))) return false
      // Until it is a WebSocket, nobody else looks after it.
      const ignore = () => {}
      socket.on('error', ignore)
      const refuse = (error: unknown) => decline(socket, answerOf(error, onError))
      try {
        checkUpgrade(headersOf(incoming), url, socket)
      } catch (error) {
        refuse(error)
        return true
      }
      live
        .server()
        .then((server) => {
          if (!server.upgrade(incoming, socket, head)) throw new HttpRefusal('NO_ROUTE')
          socket.off('error', ignore)
        })
        .catch(refuse)
      return true
    },

    close,
    [Symbol.asyncDispose]: close,
  }
}

function isDevelopmentHere(): boolean {
  const { NODE_ENV } = process.env
  return NODE_ENV === 'development' || NODE_ENV === 'test'
}

function isShared(system: System | SharedSystem): system is SharedSystem {
  return typeof (system as Partial<SharedSystem>).opened === 'function'
}

/** Whoever is told of errors has not to make more of them. */
function safely(tell: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      tell(error)
    } catch (another) {
      console.error('terrace/server: onError threw', another)
    }
  }
}

/** What follows the base, taken apart. Throws `HttpRefusal`. */
function pathOf(pathname: string, basePath: string): string[] {
  if (!pathname.startsWith(`${basePath}/`)) throw new HttpRefusal('NO_ROUTE')
  try {
    return pathname
      .slice(basePath.length + 1)
      .replace(/\/$/, '')
      .split('/')
      .map(decodeURIComponent)
  } catch {
    throw new HttpRefusal('MALFORMED', 'the path is not in UTF-8')
  }
}

function checkMethod(method: string, allowed: string): void {
  if (allowed.split(', ').includes(method)) return
  throw new HttpRefusal('METHOD', `${method} is not for this place; ${allowed} is`, { allow: allowed })
}

/** The caller may leave, or lose patience; what is done by then is done. */
async function withinTime<R>(
  caller: AbortSignal,
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<R>,
): Promise<R> {
  const abort = new AbortController()
  const { promise: over, reject } = Promise.withResolvers<never>()
  const stop = () => {
    reject(new HttpRefusal('TIMEOUT'))
    abort.abort()
  }
  const timer = setTimeout(stop, milliseconds)
  caller.addEventListener('abort', stop, { once: true })
  if (caller.aborted) stop()
  try {
    return await Promise.race([over, work(abort.signal)])
  } finally {
    clearTimeout(timer)
    caller.removeEventListener('abort', stop)
  }
}
