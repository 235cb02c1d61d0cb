/** Between Node's own http and `Request` and `Response`. */

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { type Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'

/**
 * For Node's http server: `createServer(nodeListener(handler))`. Whoever is at the other end is added to
 * `x-forwarded-for`, as a proxy would.
 */
export function nodeListener({ fetch }: { fetch(request: Request): Promise<Response> }) {
  return (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    void respond(fetch, incoming, outgoing)
  }
}

async function respond(
  fetch: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const abort = new AbortController()
  outgoing.on('close', () => abort.abort())
  const request = requestOf(incoming, abort.signal)
  const response = request === null ? new Response(null, { status: 400 }) : await fetch(request)
  const { status, headers, body } = response
  outgoing.writeHead(status, Object.fromEntries(headers))
  if (body === null) return void outgoing.end()
  outgoing.flushHeaders()
  // The cast: one class of Node's under two names. Who leaves early, leaves.
  await pipeline(Readable.fromWeb(body as ReadableStream), outgoing).catch(() => {})
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
    // The cast: as above.
    const body = hasBody ? (Readable.toWeb(incoming) as globalThis.ReadableStream<Uint8Array>) : null
    return new Request(url, { method, headers, signal, body, duplex: 'half' })
  } catch {
    return null
  }
}

/** By the host that is asked for; what is no path of it is null. */
export function urlOf({ url = '', headers: { host = 'localhost' } }: IncomingMessage): URL | null {
  return url.startsWith('/') ? URL.parse(`http://${host}${url}`) : null
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
