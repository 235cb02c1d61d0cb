/**
 * What Neon puts in front of its databases, in small: a WebSocket server that carries each connection's bytes
 * to a Postgres and back. It lets `@neondatabase/serverless` be tested against an ordinary server.
 */
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { neonConfig } from '@neondatabase/serverless'
import { createWebSocketStream, WebSocketServer } from 'ws'

export interface NeonProxy extends AsyncDisposable {
  readonly port: number
  /** For `useNeonProxy`. */
  readonly wsProxy: string
  /** Cuts whatever is connected. */
  stop(): Promise<void>
}

export async function startNeonProxy(target: {
  readonly host: string
  readonly port: number
}): Promise<NeonProxy> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/v2' })
  server.on('connection', (webSocket) => {
    const client = createWebSocketStream(webSocket)
    const database = connect({ ...target, noDelay: true })
    // Piping waits for a slow reader on either side and passes an orderly end on.
    client.pipe(database)
    database.pipe(client)
    // Any other end: the database's becomes a proper close of the WebSocket, because a bare cut reaches some
    // WebSocket clients as an error without a message; the client's lets the database have what was sent before.
    database.on('close', () => client.end())
    client.on('close', () => database.destroySoon())
    // The failure itself is the driver's to report, which sees its connection go.
    database.on('error', () => {})
    client.on('error', () => {})
  })
  await once(server, 'listening')
  // A WebSocketServer that listens on a port has an address of this kind, never the name of a pipe.
  const { port } = server.address() as AddressInfo

  async function stop(): Promise<void> {
    for (const webSocket of server.clients) webSocket.terminate()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  return { port, wsProxy: `127.0.0.1:${port}/v2`, stop, [Symbol.asyncDispose]: stop }
}

/** From now on, Neon's driver goes there whatever the host of its URL. */
export function useNeonProxy(address: string): void {
  neonConfig.useSecureWebSocket = false
  neonConfig.pipelineTLS = false
  neonConfig.wsProxy = () => address
}
