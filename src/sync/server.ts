/**
 * The sync server: any Yjs client over WebSockets (`upgrade`), or over plain HTTP where there are none (`fetch`).
 * It holds no documents of its own; they are the store's, and so is what makes them durable.
 */

import { randomUUID } from 'node:crypto'
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type * as Y from 'yjs'
import { loadPeer } from '../engine/drivers.ts'
import { type Authorize, checkOrigin, createGrant, type Granted, type Origins } from './access.ts'
import type { Stay } from './channel.ts'
import { type Connection, createConnection, type Socket } from './connection.ts'
import { createHttp } from './http.ts'
import { DEFAULT_LIMITS, type SyncLimits } from './limits.ts'
import type { SyncNotes } from './notes.ts'
import { Refusal, refusalOf } from './refusals.ts'
import { createRoom, type Member, type Room } from './room.ts'

export interface SyncServerOptions {
  /** `system.notes`, or whatever has these verbs. `authorize` may choose another one for each connection. */
  readonly notes?: SyncNotes | undefined
  /** Who may read and write which note. */
  readonly authorize: Authorize
  /** Pages of which origins may connect: their own server's, unless told. */
  readonly origins?: Origins | undefined
  /** Where it is: notes are beneath it. `/notes` unless told. */
  readonly path?: string | undefined
  readonly limits?: Partial<SyncLimits> | undefined
  /** Milliseconds between signs of life on a quiet connection; 15,000 unless told. */
  readonly heartbeatMs?: number | undefined
  /** Milliseconds after which `authorize` is asked again about those who are connected; 60,000 unless told. */
  readonly recheckMs?: number | undefined
  /** Errors that are nobody's fault at the other end. Written to the console unless told. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface SyncServer extends AsyncDisposable {
  /**
   * For the `upgrade` event of Node's http server. Answers false, and leaves the socket alone, if the URL is not
   * the sync server's. A URL with a note speaks as `y-websocket` does, the path itself as Hocuspocus's provider.
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Answers any request beneath the path; everything else is 404. */
  fetch(request: Request): Promise<Response>
  /** Connections at present, of both kinds. */
  readonly connections: number
  /** Says goodbye to everybody, and waits for what they wrote. */
  close(): Promise<void>
}

export function createSyncServer(options: SyncServerOptions): SyncServer {
  const limits: SyncLimits = { ...DEFAULT_LIMITS, ...options.limits }
  const { origins, heartbeatMs = 15_000, recheckMs = 60_000 } = options
  const onError = options.onError ?? ((error: unknown) => console.error('terrace/sync:', error))
  const path = `/${(options.path ?? '/notes').replace(/^\/+|\/+$/g, '')}`
  const grant = createGrant(options.authorize, options.notes)
  const place = randomUUID()
  const rooms = new Map<Y.Doc, Room>()
  /** They are over, and have yet to tell others. */
  const settling = new Set<Promise<void>>()
  const connections = new Set<Connection>()
  let accept: Promise<Accept> | undefined
  let isClosed = false
  const http = createHttp({ path, limits, grant, origins, heartbeatMs, onError, hasRoom })

  const timers = [
    setInterval(() => {
      for (const connection of connections) connection.beat()
      for (const room of rooms.values()) room.refresh()
    }, heartbeatMs),
    setInterval(() => {
      for (const connection of connections) connection.recheck().catch(onError)
    }, recheckMs),
  ]
  for (const timer of timers) timer.unref()

  function hasRoom(): boolean {
    return connections.size + http.streams < limits.connections
  }

  async function enter({ notes }: Granted, noteId: string, member: Member): Promise<Stay> {
    const doc = await notes.open(noteId)
    // From here to its end in one go: a room is over when its last member leaves.
    let room = rooms.get(doc)
    if (room === undefined) {
      const made = createRoom({ noteId, doc, notes, place, limits, onError, onEmpty: () => empty(doc, made) })
      room = made
      rooms.set(doc, room)
    }
    const joined = room
    joined.join(member)
    return {
      room: joined,
      async end() {
        joined.leave(member)
        await notes.close(noteId).catch((error: unknown) => {
          if (refusalOf(error).kind === 'internal') onError(error)
        })
      },
    }
  }

  function empty(doc: Y.Doc, room: Room): void {
    rooms.delete(doc)
    const settled = room.settled()
    settling.add(settled)
    void settled.finally(() => settling.delete(settled))
  }

  function connect(socket: Socket, request: Request, noteId: string | undefined): void {
    const connection = createConnection({
      socket,
      noteId,
      limits,
      grant: (id, token, isRecheck) => grant({ noteId: id, request, token, isRecheck }),
      enter,
      onError,
    })
    connections.add(connection)
    void connection.ended.then(() => connections.delete(connection))
    if (isClosed) connection.close(new Refusal('closing'))
  }

  return {
    upgrade(incoming, socket, head) {
      const url = URL.parse(incoming.url ?? '', 'http://localhost')
      const noteId = url === null ? null : noteOf(url.pathname, path)
      if (noteId === null) return false
      // Until it is a WebSocket, nobody else looks after it.
      const ignore = () => {}
      socket.on('error', ignore)
      try {
        const request = requestOf(incoming)
        checkOrigin(request, origins)
        if (isClosed || !hasRoom()) throw new Refusal(isClosed ? 'closing' : 'unavailable')
        accept ??= loadAccept(limits.messageBytes)
        accept.then(
          (accept) =>
            accept(incoming, socket, head, (webSocket) => {
              socket.off('error', ignore)
              connect(webSocket, request, noteId)
            }),
          (error: unknown) => {
            accept = undefined
            onError(error)
            decline(socket, new Refusal('unsupported'))
          },
        )
      } catch (error) {
        decline(socket, refusalOf(error))
      }
      return true
    },

    fetch: http.fetch,

    get connections() {
      return connections.size + http.streams
    },

    close,
    [Symbol.asyncDispose]: close,
  }

  async function close(): Promise<void> {
    isClosed = true
    for (const timer of timers) clearInterval(timer)
    for (const connection of connections) connection.close(new Refusal('closing'))
    await http.close()
    await Promise.all([...connections].map(({ ended }) => ended))
    await Promise.all(settling)
  }
}

/** The note of a URL; undefined for the path itself, and null for what is not beneath it. */
function noteOf(pathname: string, path: string): string | undefined | null {
  if (pathname === path || pathname === `${path}/`) return undefined
  if (!pathname.startsWith(path === '/' ? path : `${path}/`)) return null
  const rest = pathname.slice(path === '/' ? 1 : path.length + 1)
  if (rest.includes('/')) return null
  try {
    return decodeURIComponent(rest)
  } catch {
    return null
  }
}

/** For `authorize`, which is asked the same way whatever the transport. */
function requestOf({ headers, url, rawHeaders }: IncomingMessage): Request {
  const all = new Headers()
  try {
    for (let i = 0; i < rawHeaders.length; i += 2) all.append(rawHeaders[i]!, rawHeaders[i + 1]!)
    return new Request(new URL(url ?? '/', `http://${headers.host ?? 'localhost'}`), { headers: all })
  } catch (error) {
    throw new Refusal('malformed', undefined, { cause: error })
  }
}

type Accept = (request: IncomingMessage, socket: Duplex, head: Buffer, done: (socket: Socket) => void) => void

async function loadAccept(maxPayload: number): Promise<Accept> {
  const { WebSocketServer } = await loadPeer('ws', 'a WebSocket server', () => import('ws'))
  const server = new WebSocketServer({ noServer: true, maxPayload, clientTracking: false })
  return (request, socket, head, done) =>
    server.handleUpgrade(request, socket, head, (webSocket) => done(webSocket))
}

function decline(socket: Duplex, { status, message }: Refusal): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: text/plain\r\n` +
      `content-length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
  )
}
