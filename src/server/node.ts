/** Between Node's own http and `Request` and `Response`. */

import { type IncomingMessage, type RequestListener, type ServerResponse, STATUS_CODES } from 'node:http'
import { type Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'

type Fetch = (request: Request) => Promise<Response>

/**
 * For Node's http server: `createServer(nodeListener(handler))`. Whoever is at the other end is added to
 * `x-forwarded-for`, as a proxy would. `onError` is told of what could be told to nobody else; written to the console
 * unless given.
 */
export function nodeListener(
  { fetch }: { fetch(request: Request): Promise<Response> },
  onError: (error: unknown) => void = (error) => console.error('terrace/server:', error),
): RequestListener {
  return (incoming, outgoing) => {
    answer(fetch, incoming, outgoing).catch((error: unknown) => {
      if (!isGone(error)) onError(error)
      outgoing.destroy()
    })
  }
}

async function answer(fetch: Fetch, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  const request = requestOf(incoming, gone.signal)
  const response = request === null ? new Response(null, { status: 400 }) : await fetch(request)
  outgoing.statusCode = response.status
  outgoing.setHeaders(response.headers)
  if (response.body === null || incoming.method === 'HEAD') {
    await response.body?.cancel()
    outgoing.end()
    return
  }
  // At once: the first event of a stream may be a while in coming.
  outgoing.flushHeaders()
  // The cast: the same streams, by the types of another module.
  await pipeline(Readable.fromWeb(response.body as NodeReadableStream), outgoing)
}

/** Null for what no client of good will sends. */
function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request | null {
  const { method = 'GET', socket } = incoming
  const url = urlOf(incoming)
  if (url === null) return null
  const hasBody = method !== 'GET' && method !== 'HEAD'
  try {
    const headers = headersOf(incoming)
    headers.append('x-forwarded-for', socket.remoteAddress ?? 'unknown')
    return new Request(url, {
      method,
      headers,
      signal,
      ...(hasBody && { body: bodyOf(incoming), duplex: 'half' as const }),
    })
  } catch {
    return null
  }
}

/**
 * Not by `Readable.toWeb`: to cancel that is to destroy the connection, and whoever refuses a long body could not say so.
 * Nothing is read before somebody asks; what nobody asked for Node throws away after the answer.
 */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let isRead = false
  let isCancelled = false
  function begin(controller: ReadableStreamDefaultController<Uint8Array>): void {
    isRead = true
    incoming.on('data', (chunk: Buffer) => {
      if (isCancelled) return
      controller.enqueue(chunk)
      incoming.pause()
    })
    incoming.once('end', () => {
      if (!isCancelled) controller.close()
    })
    incoming.once('error', (error) => {
      if (!isCancelled) controller.error(error)
    })
  }
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (!isRead) begin(controller)
        incoming.resume()
      },
      cancel() {
        isCancelled = true
        incoming.resume()
      },
    },
    { highWaterMark: 0 },
  )
}

/** The other end hung up: its own affair. */
function isGone(error: unknown): boolean {
  const { code, name } = Object(error) as { readonly code?: unknown; readonly name?: unknown }
  return (
    name === 'AbortError' ||
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    code === 'ECONNRESET' ||
    code === 'EPIPE'
  )
}

/** By the host that is asked for; what is no path of it is null. A URL in the place of a path would be another host's. */
export function urlOf(incoming: IncomingMessage): URL | null {
  const { url = '' } = incoming
  // Of two hosts Node's own headers keep one.
  const place = URL.parse(`http://${headersOf(incoming).get('host') ?? 'localhost'}`)
  if (!url.startsWith('/') || place === null || place.href !== `http://${place.host}/`) return null
  return URL.parse(`http://${place.host}${url}`)
}

export function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers()
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!)
  return headers
}

/** Answers on a socket that is to become no WebSocket. */
export async function decline(socket: Duplex, response: Response): Promise<void> {
  const { status, headers } = response
  const body = await response.text()
  const lines = [...headers].map(([name, value]) => `${name}: ${value}`)
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'connection: close',
      `content-length: ${Buffer.byteLength(body)}`,
      ...lines,
      '',
      body,
    ].join('\r\n'),
  )
}
