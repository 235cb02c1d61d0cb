/**
 * One note over one WebSocket: lets it in, answers its messages in their order, and writes what it says. In
 * y-websocket's dialect a connection has one of these, in Hocuspocus's one for each name.
 */

import * as decoding from 'lib0/decoding'
import * as Y from 'yjs'
import type { Granted } from './access.ts'
import {
  AUTH,
  authAnswer,
  closeMessage,
  denied,
  MESSAGE,
  SYNC,
  syncStatus,
  syncStep1,
  syncStep2,
} from './protocol.ts'
import { Refusal, type RefusalKind, reading, refusalOf } from './refusals.ts'
import type { Member, Room } from './room.ts'

export interface Channel {
  readonly noteId: string
  /** Takes a message, without a name before it. */
  receive(message: Uint8Array): void
  /** Looks again whether it may be here. */
  recheck(): Promise<void>
  /** Leaves the room; resolves when all that it said is dealt with. */
  leave(): Promise<void>
}

export interface Stay {
  readonly room: Room
  /** Leaves the room at once, and gives back the document. */
  end(): Promise<void>
}

export interface ChannelOptions {
  readonly noteId: string
  readonly dialect: 'y-websocket' | 'hocuspocus'
  /** Throws a `Refusal`. */
  readonly grant: (token: string | undefined, isRecheck: boolean) => Promise<Granted>
  /** Joins the note's room. */
  readonly enter: (granted: Granted, noteId: string, member: Member) => Promise<Stay>
  readonly send: (message: Uint8Array) => void
  /** Bytes that came, and are dealt with. */
  readonly held: (bytes: number) => void
  /** It is over. What concerns this note alone need not end a connection that has others. */
  readonly refused: (refusal: Refusal) => void
  /** The other end says goodbye to the note. */
  readonly left: () => void
}

/** What ends a note, and not the connection that has others beside it. */
const OF_THE_NOTE: readonly RefusalKind[] = ['forbidden', 'unknown', 'deleted']

export function isOfTheNote({ kind }: Refusal): boolean {
  return OF_THE_NOTE.includes(kind)
}

export function createChannel(options: ChannelOptions): Channel {
  const { noteId, dialect, grant, enter, held, refused } = options
  const isHocuspocus = dialect === 'hocuspocus'
  const writing = new Set<Promise<void>>()
  let token: string | undefined
  let granted: Granted | undefined
  let stay: Stay | undefined
  let isOver = false
  let leaving: Promise<void> | undefined
  let work = Promise.resolve()

  const member: Member = {
    send(message) {
      if (!isOver) options.send(message)
    },
    ended: fail,
  }

  /** One thing after the other. */
  function queue(task: () => void | Promise<void>): Promise<void> {
    work = work.then(() => (isOver ? undefined : task())).catch(fail)
    return work
  }

  async function open(): Promise<void> {
    granted = await grant(token, false)
    stay = await enter(granted, noteId, member)
    const { room } = stay
    if (isHocuspocus) member.send(authAnswer('authenticated', granted.isWriter ? 'read-write' : 'readonly'))
    member.send(syncStep1(room.doc))
    const everybody = room.everybody()
    if (everybody !== undefined) member.send(everybody)
  }

  async function handle(message: Uint8Array): Promise<void> {
    const decoder = decoding.createDecoder(message)
    const type = reading(() => decoding.readVarUint(decoder))
    if (type === MESSAGE.auth && isHocuspocus) return authenticate(decoder)
    if (type === MESSAGE.close && isHocuspocus) return options.left()
    if (stay === undefined || granted === undefined) throw new Refusal('forbidden')
    const { room } = stay
    switch (type) {
      case MESSAGE.sync:
        return handleSync(decoder, room, granted)
      case MESSAGE.awareness:
        return room.receive(
          member,
          reading(() => decoding.readVarUint8Array(decoder)),
        )
      case MESSAGE.queryAwareness: {
        const everybody = room.everybody()
        if (everybody !== undefined) member.send(everybody)
        return
      }
      case MESSAGE.stateless:
        // Between applications; this server has nothing to say to it.
        if (isHocuspocus) return
    }
    throw new Refusal('malformed')
  }

  /** Hocuspocus says who it is first; and again, when its token is renewed. */
  async function authenticate(decoder: decoding.Decoder): Promise<void> {
    token = reading(() => {
      if (decoding.readVarUint(decoder) !== AUTH.token) throw new Refusal('malformed')
      return decoding.readVarString(decoder)
    })
    if (stay === undefined) return open()
    granted = { ...(await grant(token, true)), notes: granted!.notes }
  }

  async function handleSync(decoder: decoding.Decoder, room: Room, granted: Granted): Promise<void> {
    const [step, bytes] = reading(
      () => [decoding.readVarUint(decoder), decoding.readVarUint8Array(decoder)] as const,
    )
    switch (step) {
      case SYNC.step1:
        return member.send(reading(() => syncStep2(room.doc, bytes)))
      case SYNC.step2:
      case SYNC.update: {
        const may = granted.mayWrite(bytes)
        if (await may) return write(granted, bytes)
        if (!reading(() => Y.snapshotContainsUpdate(Y.snapshot(room.doc), bytes))) return deny()
        return acknowledge()
      }
    }
    throw new Refusal('malformed')
  }

  /** The next message is not kept waiting: updates that come together become durable together. */
  function write({ notes, actor }: Granted, update: Uint8Array): void {
    held(update.length)
    const written = notes
      .applyUpdate(noteId, update, { actor })
      .then(acknowledge, (error: unknown) => {
        const refusal = refusalOf(error)
        fail(refusal.kind === 'unknown' ? new Refusal('deleted') : refusal)
      })
      .finally(() => {
        held(-update.length)
        writing.delete(written)
      })
    writing.add(written)
  }

  function acknowledge(): void {
    if (isHocuspocus) member.send(syncStatus(true))
  }

  /** The connection stays: it may read on. */
  function deny(): void {
    member.send(isHocuspocus ? syncStatus(false) : denied('this connection may not write'))
  }

  function fail(error: unknown): void {
    if (isOver) return
    const refusal = refusalOf(error)
    if (isHocuspocus) {
      member.send(stay === undefined ? authAnswer('denied', refusal.message) : closeMessage(refusal.message))
    } else if (refusal.kind === 'forbidden') {
      member.send(denied(refusal.message))
    }
    void leave()
    refused(refusal)
  }

  function leave(): Promise<void> {
    isOver = true
    leaving ??= end()
    return leaving
  }

  async function end(): Promise<void> {
    const ended = stay?.end()
    // It may be about to come in.
    await work
    await (ended ?? stay?.end())
    await Promise.all(writing)
  }

  if (!isHocuspocus) void queue(open)

  return {
    noteId,
    receive(message) {
      held(message.length)
      void queue(() => handle(message)).finally(() => held(-message.length))
    },
    async recheck() {
      if (granted === undefined || isOver) return
      const before = granted
      await queue(async () => {
        granted = { ...(await grant(token, true)), notes: before.notes }
      })
    },
    leave,
  }
}
