/**
 * A TCP proxy in front of a Postgres that counts what crosses the wire, and can hold or cut it.
 *
 * A round trip is a wait for the server: it begins with the first Query or Sync that a client sends after a
 * ReadyForQuery has reached it. Further ones sent before the next ReadyForQuery, as in pipeline mode, travel
 * along and cost nothing. Connecting is not counted as round trips, but `connections()` tells. The count is
 * exact for batches of up to about a megabyte; the rest of a larger one leaves the client only when the server
 * has answered its beginning.
 *
 * Connections are unencrypted; a client that asks for encryption is told that there is none.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'

export interface WireStatements {
  /** How many times a statement was run: Execute and simple Query messages. */
  readonly executed: number
  /** What the server was given to parse, in order: the texts of Parse and simple Query messages. */
  readonly texts: readonly string[]
}

export interface Wire extends AsyncDisposable {
  readonly port: number
  /** Begins to count anew. */
  reset(): void
  roundTrips(): number
  statements(): WireStatements
  /** Connections opened. */
  connections(): number
  /** Resets all connections now; new ones are welcome. */
  cut(): void
  /** Stops forwarding, in both directions, as a network that drops every packet does. */
  pause(): void
  /** Forwards what was held, and everything after. */
  resume(): void
  stop(): Promise<void>
}

export async function startWire(target: { readonly host: string; readonly port: number }): Promise<Wire> {
  let roundTrips = 0
  let executed = 0
  let texts: string[] = []
  let connections = 0
  let held: { readonly until: Promise<void>; release(): void } | undefined
  const sockets = new Set<Socket>()

  /** What to do with the messages of one connection, in either direction. */
  function createCounter(): { readonly fromClient: Observer; readonly fromServer: Observer } {
    let isReady = false
    const ask = () => {
      if (isReady) roundTrips++
      isReady = false
    }
    const fromClient = createMessageReader({ startsWithStartup: true }, (type, body) => {
      if (type === 'Q' || type === 'E') executed++
      if (type === 'Q') texts.push(textAt(body, 0))
      if (type === 'P') texts.push(textAt(body, body.indexOf(0) + 1))
      if (type === 'Q' || type === 'S') ask()
    })
    const fromServer = createMessageReader({ startsWithStartup: false }, (type) => {
      if (type === 'Z') isReady = true
    })
    return { fromClient, fromServer }
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    connections++
    const database = connect({ ...target, allowHalfOpen: true, noDelay: true })
    const counter = createCounter()
    const requests = pipeline(
      client,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          await held?.until
          if (asksForEncryption(chunk)) {
            client.write('N')
          } else {
            counter.fromClient(chunk)
            yield chunk
          }
        }
      },
      database,
    )
    const answers = pipeline(
      database,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          await allReadFrom(client)
          await held?.until
          counter.fromServer(chunk)
          yield chunk
        }
      },
      client,
    )
    sockets.add(client).add(database)
    // A failure destroys both sockets; client and server each see their own connection go.
    void Promise.allSettled([requests, answers]).then(() => {
      sockets.delete(client)
      sockets.delete(database)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // A server that listens on a port has an address of this kind, never the name of a pipe.
  const { port } = server.address() as AddressInfo

  function cut(): void {
    for (const socket of sockets) socket.resetAndDestroy()
  }

  function pause(): void {
    if (held !== undefined) return
    let release = () => {}
    const until = new Promise<void>((resolve) => {
      release = resolve
    })
    held = { until, release }
  }

  function resume(): void {
    held?.release()
    held = undefined
  }

  async function stop(): Promise<void> {
    cut()
    resume()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  return {
    port,
    reset: () => {
      roundTrips = 0
      executed = 0
      texts = []
      connections = 0
    },
    roundTrips: () => roundTrips,
    statements: () => ({ executed, texts: [...texts] }),
    connections: () => connections,
    cut,
    pause,
    resume,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/**
 * What a client has sent without waiting for an answer has to be seen before that answer is let through: as
 * long as one turn of the event loop brings bytes, the next may bring more.
 */
async function allReadFrom(client: Socket): Promise<void> {
  let read: number
  do {
    read = client.bytesRead
    await setImmediate()
  } while (client.bytesRead !== read)
}

type Observer = (chunk: Buffer) => void

/**
 * Puts the messages of one direction together from the chunks they arrive in. A message is a type (one byte),
 * its length without the type (four) and its body; only the first that a client sends has no type.
 */
function createMessageReader(
  { startsWithStartup }: { readonly startsWithStartup: boolean },
  onMessage: (type: string, body: Buffer) => void,
): Observer {
  let typeLength = startsWithStartup ? 0 : 1
  let chunks: Buffer[] = []
  let received = 0
  let needed = 0
  return (chunk) => {
    chunks.push(chunk)
    received += chunk.length
    if (received < needed) return
    let bytes = Buffer.concat(chunks)
    for (;;) {
      needed = typeLength + 4
      if (bytes.length < needed) break
      needed = typeLength + bytes.readUInt32BE(typeLength)
      if (bytes.length < needed) break
      onMessage(bytes.toString('latin1', 0, typeLength), bytes.subarray(typeLength + 4, needed))
      bytes = bytes.subarray(needed)
      typeLength = 1
    }
    chunks = [bytes]
    received = bytes.length
  }
}

/** SSLRequest and GSSENCRequest: eight bytes that a client sends alone, because it has to wait for the answer. */
function asksForEncryption(chunk: Buffer): boolean {
  if (chunk.length !== 8 || chunk.readUInt32BE(0) !== 8) return false
  const code = chunk.readUInt32BE(4)
  return code === 80_877_103 || code === 80_877_104
}

function textAt(body: Buffer, start: number): string {
  return body.toString('utf8', start, body.indexOf(0, start))
}
