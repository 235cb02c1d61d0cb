/** Node's http in front of what speaks `Request` and `Response`. */

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'

export type Fetch = (request: Request) => Promise<Response>

/** `onError` is told of what could be told to nobody else. */
export function createListener(fetch: Fetch, onError: (error: unknown) => void): RequestListener {
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
  const response = request === undefined ? new Response(null, { status: 400 }) : await fetch(request)
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

/** Undefined for what a `Request` cannot be. */
function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = 'GET', url = '/', rawHeaders } = incoming
  // A URL in the place of a path would be another host's.
  if (!url.startsWith('/')) return undefined
  try {
    const headers = new Headers()
    for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!)
    const host = headers.get('host') ?? 'localhost'
    const place = new URL(`http://${host}`)
    if (place.href !== `http://${place.host}/`) return undefined
    const hasBody = method !== 'GET' && method !== 'HEAD'
    return new Request(`http://${place.host}${url}`, {
      method,
      headers,
      signal,
      ...(hasBody && { body: bodyOf(incoming), duplex: 'half' as const }),
    })
  } catch {
    return undefined
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
