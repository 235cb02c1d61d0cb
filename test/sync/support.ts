/** A sync server on a loopback port, and clients as they come from npm. */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { createSyncServer, type SyncServer, type SyncServerOptions } from '../../src/sync/index.ts'
import type { System } from '../../src/system.ts'

export interface Host extends AsyncDisposable {
  readonly sync: SyncServer
  readonly port: number
  /** `http://…/notes` */
  readonly http: string
  /** `ws://…/notes` */
  readonly ws: string
  close(): Promise<void>
}

export const everybody = () => ({ write: true })

/** A note that says `Hello`. */
export async function aNote(system: System) {
  const { id: workspaceId } = await system.workspaces.create({ title: 'W' })
  const { id } = await system.notes.create({ workspaceId, title: 'N', text: 'Hello' })
  return { id, workspaceId }
}

/** With `port` 0, a free one. */
export async function host(
  system: System,
  options: Partial<SyncServerOptions> = {},
  port = 0,
): Promise<Host> {
  const errors: unknown[] = []
  const sync = createSyncServer({
    notes: system.notes,
    authorize: everybody,
    onError: (error) => errors.push(error),
    ...options,
  })
  const server = createServer((request, response) => {
    void respond(sync, request, response)
  })
  server.on('upgrade', (request, socket, head) => {
    if (!sync.upgrade(request, socket, head)) socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address() as AddressInfo
  async function close(): Promise<void> {
    await sync.close()
    await stop(server)
    if (errors.length > 0) throw errors[0]
  }
  const place = `127.0.0.1:${address.port}/notes`
  return {
    sync,
    port: address.port,
    http: `http://${place}`,
    ws: `ws://${place}`,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Node's request to a `fetch` handler and back, as docs/sync.md has it. */
async function respond(
  sync: SyncServer,
  request: import('node:http').IncomingMessage,
  response: import('node:http').ServerResponse,
): Promise<void> {
  const { Readable } = await import('node:stream')
  const abort = new AbortController()
  response.on('close', () => abort.abort())
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD'
  const answer = await sync.fetch(
    new Request(`http://${request.headers.host}${request.url}`, {
      method: request.method ?? 'GET',
      headers: request.headers as Record<string, string>,
      signal: abort.signal,
      ...(hasBody && { body: Readable.toWeb(request) as ReadableStream, duplex: 'half' }),
    }),
  )
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  response.flushHeaders()
  if (answer.body === null) return void response.end()
  Readable.fromWeb(answer.body as import('node:stream/web').ReadableStream)
    .on('error', () => {})
    .pipe(response)
}

async function stop(server: Server): Promise<void> {
  const stopped = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await stopped
}

export interface Client extends Disposable {
  readonly doc: Y.Doc
  readonly text: Y.Text
  /** What it shows of itself. */
  show(state: Record<string, unknown>): void
  /** What others show, by any order. */
  others(): unknown[]
  readonly isSynced: boolean
  disconnect(): void
  connect(): void
}

export interface YWebsocketClient extends Client {
  readonly provider: WebsocketProvider
}

export function yWebsocket(
  { ws }: Pick<Host, 'ws'>,
  noteId: string,
  options: Partial<ConstructorParameters<typeof WebsocketProvider>[3]> = {},
): YWebsocketClient {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(ws, noteId, doc, {
    // The cast: of the browser's class it has what the provider uses.
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    disableBc: true,
    maxBackoffTime: 100,
    ...options,
  })
  return {
    provider,
    doc,
    text: doc.getText('content'),
    show: (state) => provider.awareness.setLocalState(state),
    others: () => othersOf(provider.awareness.getStates(), doc.clientID),
    get isSynced() {
      return provider.synced
    },
    connect: () => provider.connect(),
    disconnect: () => provider.disconnect(),
    [Symbol.dispose]() {
      provider.destroy()
      doc.destroy()
    },
  }
}

export interface HocuspocusClient extends Client {
  readonly provider: HocuspocusProvider
  /** Nothing is on its way, and all of it is durable. */
  readonly isSaved: boolean
}

export function hocuspocusSocket({ ws }: Pick<Host, 'ws'>): HocuspocusProviderWebsocket {
  return new HocuspocusProviderWebsocket({
    url: ws,
    WebSocketPolyfill: WebSocket,
    delay: 20,
    minDelay: 20,
    maxDelay: 100,
  })
}

/** Over a socket of its own, or one that others use too. */
export function hocuspocus(
  at: Pick<Host, 'ws'> | HocuspocusProviderWebsocket,
  noteId: string,
  options: Partial<ConstructorParameters<typeof HocuspocusProvider>[0]> = {},
): HocuspocusClient {
  const doc = new Y.Doc()
  const isShared = at instanceof HocuspocusProviderWebsocket
  const socket = isShared ? at : hocuspocusSocket(at)
  const provider = new HocuspocusProvider({
    name: noteId,
    document: doc,
    websocketProvider: socket,
    ...options,
  })
  provider.attach()
  return {
    provider,
    doc,
    text: doc.getText('content'),
    show: (state) => provider.awareness?.setLocalState(state),
    others: () => othersOf(provider.awareness?.getStates() ?? new Map(), doc.clientID),
    get isSynced() {
      return provider.isSynced
    },
    get isSaved() {
      return provider.isSynced && !provider.hasUnsyncedChanges
    },
    connect: () => void socket.connect(),
    disconnect: () => socket.disconnect(),
    [Symbol.dispose]() {
      provider.destroy()
      if (!isShared) socket.destroy()
      doc.destroy()
    },
  }
}

function othersOf(states: ReadonlyMap<number, unknown>, own: number): unknown[] {
  return [...states]
    .filter(([client, state]) => client !== own && Object.keys(Object(state)).length > 0)
    .map(([, state]) => state)
}
