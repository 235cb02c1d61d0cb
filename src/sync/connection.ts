/**
 * One WebSocket: keeps its bounds, finds the note that a message is for, and ends cleanly. A URL with a note in it
 * speaks as `y-websocket` does, one without as Hocuspocus's provider: the name is in each message.
 */

import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { type Channel, type ChannelOptions, createChannel, isOfTheNote } from './channel.ts'
import { createBucket, type SyncLimits } from './limits.ts'
import { AUTH, MESSAGE } from './protocol.ts'
import { Refusal, reading, refusalOf } from './refusals.ts'

/** What is used of a WebSocket of `ws`. */
export interface Socket {
  readonly bufferedAmount: number
  send(data: Uint8Array): void
  ping(): void
  pause(): void
  resume(): void
  close(code: number, reason: string): void
  terminate(): void
  on(event: 'message', handler: (data: Uint8Array, isBinary: boolean) => void): unknown
  on(event: 'pong' | 'close', handler: () => void): unknown
  on(event: 'error', handler: (error: Error) => void): unknown
}

export interface Connection {
  /** Ends what has not answered since the last time, and asks again. */
  beat(): void
  /** Looks again whether it may be here. */
  recheck(): Promise<void>
  close(refusal: Refusal): void
  /** Resolves when the socket is closed and all that came by it is dealt with. */
  readonly ended: Promise<void>
}

export interface ConnectionOptions {
  readonly socket: Socket
  /** The note in the URL. */
  readonly noteId: string | undefined
  readonly limits: SyncLimits
  readonly grant: (
    noteId: string,
    ...rest: Parameters<ChannelOptions['grant']>
  ) => ReturnType<ChannelOptions['grant']>
  readonly enter: ChannelOptions['enter']
  readonly onError: (error: unknown) => void
}

/** Milliseconds for which a closed socket may still be read from at the other end. */
const GRACE = 1000

export function createConnection(options: ConnectionOptions): Connection {
  const { socket, noteId, limits, grant, enter, onError } = options
  /** By what stands before their messages. */
  const channels = new Map<string, Channel>()
  const leaving = new Set<Promise<void>>()
  const messages = createBucket(limits.messages)
  const bytes = createBucket(limits.bytes)
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  let pending = 0
  let isPaused = false
  let isAlive = true
  let isClosed = false
  let ending: NodeJS.Timeout | undefined

  socket.on('message', (data, isBinary) => {
    if (isClosed) return
    try {
      messages.take(1)
      bytes.take(data.length)
      if (!isBinary) throw new Refusal('malformed')
      // A copy: what is kept of it outlives the buffer that it came in.
      route(new Uint8Array(data))
    } catch (error) {
      close(refusalOf(error))
    }
  })
  socket.on('pong', () => {
    isAlive = true
  })
  // Whatever it is, the socket closes after it.
  socket.on('error', () => {})
  socket.on('close', () => {
    isClosed = true
    clearTimeout(ending)
    for (const name of [...channels.keys()]) drop(name)
    void Promise.all(leaving).then(() => resolve())
  })

  if (noteId !== undefined) open('', noteId)

  function route(data: Uint8Array): void {
    if (noteId !== undefined) {
      channels.get('')?.receive(data)
      return
    }
    if (data.length === 1 && (data[0] === MESSAGE.ping || data[0] === MESSAGE.pong)) {
      if (data[0] === MESSAGE.ping) send('', Uint8Array.of(MESSAGE.pong))
      return
    }
    const { name, message } = reading(() => {
      const decoder = decoding.createDecoder(data)
      const name = decoding.readVarString(decoder)
      return { name, message: decoding.readTailAsUint8Array(decoder) }
    })
    // Who was refused, or said goodbye, may have sent more before hearing of it.
    const channel = channels.get(name) ?? (isToken(message) ? open(name, nameOf(name)) : undefined)
    channel?.receive(message)
  }

  function open(name: string, id: string): Channel {
    if (channels.size >= limits.notes) throw new Refusal('tooMany')
    const channel = createChannel({
      noteId: id,
      dialect: noteId === undefined ? 'hocuspocus' : 'y-websocket',
      grant: (token, isRecheck) => grant(id, token, isRecheck),
      enter,
      send: (message) => send(name, message),
      held,
      refused(refusal) {
        drop(name)
        if (refusal.kind === 'internal') onError(refusal.cause)
        if (noteId !== undefined || !isOfTheNote(refusal)) close(refusal)
      },
      left: () => drop(name),
    })
    channels.set(name, channel)
    return channel
  }

  function drop(name: string): void {
    const channel = channels.get(name)
    if (channel === undefined) return
    channels.delete(name)
    const left = channel.leave().catch(onError)
    leaving.add(left)
    void left.finally(() => leaving.delete(left))
  }

  function send(name: string, message: Uint8Array): void {
    if (isClosed) return
    if (socket.bufferedAmount > limits.bufferedBytes) close(new Refusal('slow'))
    else socket.send(name === '' ? message : named(name, message))
  }

  /** A writer that is faster than the store is read from more slowly. */
  function held(size: number): void {
    pending += size
    if (isClosed) return
    if (!isPaused && pending > limits.pendingBytes) {
      isPaused = true
      socket.pause()
    } else if (isPaused && pending <= limits.pendingBytes / 2) {
      isPaused = false
      isAlive = true
      socket.resume()
    }
  }

  function close(refusal: Refusal): void {
    if (isClosed) return
    isClosed = true
    // It must hear the other end's goodbye.
    if (isPaused) socket.resume()
    socket.close(refusal.close, shortened(refusal.message))
    ending = setTimeout(() => socket.terminate(), GRACE).unref()
    for (const name of [...channels.keys()]) drop(name)
  }

  return {
    beat() {
      if (!isAlive && !isPaused) return socket.terminate()
      isAlive = false
      socket.ping()
    },
    async recheck() {
      await Promise.all([...channels.values()].map((channel) => channel.recheck()))
    },
    close,
    ended,
  }
}

/** Hocuspocus puts a session after the name, if one socket has the same note twice. */
function nameOf(name: string): string {
  const end = name.indexOf('\0')
  return end === -1 ? name : name.slice(0, end)
}

function isToken([type, kind]: Uint8Array): boolean {
  return type === MESSAGE.auth && kind === AUTH.token
}

function named(name: string, message: Uint8Array): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarString(encoder, name)
    encoding.writeUint8Array(encoder, message)
  })
}

/** A close frame has room for 123 bytes. */
function shortened(reason: string): string {
  const bytes = new TextEncoder().encode(reason)
  return bytes.length <= 123
    ? reason
    : new TextDecoder().decode(bytes.subarray(0, 120)).replace(/\ufffd$/, '')
}
