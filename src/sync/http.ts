/**
 * The same over plain HTTP, for hosts without WebSockets: what happens to a note as server-sent events, whose ids
 * are cursors, and what a client writes by POST.
 */

import { checkOrigin, type Grant, type Granted, type Origins } from './access.ts'
import { createEvents } from './events.ts'
import { createBuckets, type SyncLimits } from './limits.ts'
import { GONE, readAwareness } from './protocol.ts'
import { Refusal, reading, refusalOf } from './refusals.ts'
import { PRESENCE_TTL } from './room.ts'

export interface HttpOptions {
  readonly path: string
  readonly limits: SyncLimits
  readonly grant: Grant
  readonly origins: Origins | undefined
  readonly heartbeatMs: number
  readonly onError: (error: unknown) => void
  /** Whether one more connection is within the limit. */
  readonly hasRoom: () => boolean
}

export interface Http {
  fetch(request: Request): Promise<Response>
  /** Streams of events at present. */
  readonly streams: number
  close(): Promise<void>
}

interface Call {
  readonly request: Request
  readonly noteId: string
  readonly granted: Granted
}

/** Where the log stood: after a POST, with what was posted. */
const CURSOR = 'terrace-cursor'

export function createHttp(options: HttpOptions): Http {
  const { path, limits, grant, origins, heartbeatMs, onError, hasRoom } = options
  const requests = createBuckets(limits.requests)
  const streams = new Set<AbortController>()
  let isClosed = false

  const routes: Readonly<
    Record<string, readonly [method: string, handle: (call: Call) => Promise<Response>]>
  > = {
    events: ['GET', events],
    state: ['GET', state],
    updates: ['POST', updates],
    awareness: ['POST', awareness],
  }

  async function answer(request: Request): Promise<Response> {
    const { noteId, verb } = placeOf(new URL(request.url), path)
    checkOrigin(request, origins)
    const [method, handle] = routes[verb] ?? []
    if (handle === undefined) throw new Refusal('unknown', 'there is nothing here')
    if (request.method === 'OPTIONS') return new Response(null, { status: 204 })
    if (request.method !== method) throw new Refusal('method')
    if (isClosed) throw new Refusal('closing')
    const granted = await grant({ noteId, request, token: undefined, isRecheck: false })
    requests.take(granted.actor ?? noteId)
    return handle({ request, noteId, granted })
  }

  async function events({ request, noteId, granted }: Call): Promise<Response> {
    const { notes } = granted
    if (!hasRoom()) throw new Refusal('unavailable')
    // What is not there is said by the status, not by the stream.
    await notes.cursor(noteId)
    const url = new URL(request.url)
    // A client that comes back has the same URL, and knows better by now.
    const after = request.headers.get('last-event-id') ?? url.searchParams.get('after')
    const abort = new AbortController()
    const end = () => {
      streams.delete(abort)
      abort.abort()
    }
    streams.add(abort)
    request.signal.addEventListener('abort', end, { once: true })
    const stream = createEvents({
      notes,
      noteId,
      after,
      heartbeatMs,
      signal: abort.signal,
      recheck: () => grant({ noteId, request, token: undefined, isRecheck: true }),
      onError,
      onEnd() {
        request.signal.removeEventListener('abort', end)
        end()
      },
    })
    return new Response(stream, {
      headers: {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
      },
    })
  }

  async function state({ request, noteId, granted }: Call): Promise<Response> {
    const known = request.headers.get('if-none-match')
    if (known !== null && known === `"${await granted.notes.cursor(noteId)}"`) {
      return new Response(null, { status: 304, headers: { etag: known } })
    }
    const { cursor, updates } = await granted.notes.since(noteId, null)
    // The cast: one update there is, and its bytes are of an ordinary buffer.
    const body = updates[0]!.update
    return new Response(body, {
      headers: {
        'content-type': 'application/octet-stream',
        'cache-control': 'private, no-cache',
        etag: `"${cursor}"`,
        [CURSOR]: cursor,
      },
    })
  }

  async function updates({ request, noteId, granted: { notes, actor, mayWrite } }: Call): Promise<Response> {
    const update = await bodyOf(request, limits.messageBytes)
    if (!(await mayWrite(update))) throw new Refusal('forbidden', 'this client may not write')
    await notes.applyUpdate(noteId, update, { actor })
    const cursor = await notes.cursor(noteId)
    return Response.json({ cursor }, { headers: { [CURSOR]: cursor } })
  }

  /** A client that speaks for itself is a place of its own; it says so again before that expires. */
  async function awareness({ request, noteId, granted: { notes } }: Call): Promise<Response> {
    if (notes.presence === undefined) throw new Refusal('unsupported')
    const update = await bodyOf(request, limits.awarenessBytes)
    const presences = reading(() => readAwareness(update))
    const [first] = presences
    if (first === undefined || presences.length > 1) {
      throw new Refusal('malformed', 'a client speaks for itself: one presence')
    }
    const data = first.state === GONE ? null : update
    await notes.presence.tell(noteId, `client ${first.client}`, data, PRESENCE_TTL)
    return new Response(null, { status: 204 })
  }

  return {
    async fetch(request) {
      let response: Response
      try {
        response = await answer(request)
      } catch (error) {
        const refusal = refusalOf(error)
        if (refusal.kind === 'internal') onError(error)
        const { status, kind, message } = refusal
        response = Response.json({ error: { code: kind, message } }, { status })
        if (refusal.kind === 'origin') return response
      }
      allow(response, request, origins)
      return response
    },
    get streams() {
      return streams.size
    },
    async close() {
      isClosed = true
      for (const stream of streams) stream.abort()
      streams.clear()
    },
  }
}

function placeOf({ pathname }: URL, path: string): { noteId: string; verb: string } {
  const [, noteId, verb] = pathname.startsWith(path)
    ? (/^\/([^/]+)\/([^/]+)$/.exec(pathname.slice(path === '/' ? 0 : path.length)) ?? [])
    : []
  if (noteId === undefined || verb === undefined) throw new Refusal('unknown', 'there is nothing here')
  return { noteId: reading(() => decodeURIComponent(noteId)), verb }
}

async function bodyOf(request: Request, limit: number): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw new Refusal('tooLarge')
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of request.body ?? []) {
    size += part.length
    if (size > limit) throw new Refusal('tooLarge')
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}

/** Lets a page of another origin read the answer, if it is one that may. */
function allow({ headers }: Response, request: Request, origins: Origins | undefined): void {
  const origin = request.headers.get('origin')
  if (origin === null) return
  headers.append('vary', 'origin')
  headers.set('access-control-allow-origin', origins === '*' ? '*' : origin)
  if (origins !== '*') headers.set('access-control-allow-credentials', 'true')
  headers.set('access-control-expose-headers', `${CURSOR}, etag`)
  if (request.method !== 'OPTIONS') return
  headers.set('access-control-allow-methods', 'GET, POST')
  headers.set('access-control-allow-headers', 'authorization, content-type, last-event-id, if-none-match')
  headers.set('access-control-max-age', '600')
}
