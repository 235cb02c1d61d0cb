/**
 * Many editors in one process: `node editors.ts <EditorsOptions as JSON>` joins every note with so many clients, each of
 * which types so often. Prints what each waited for: from sending an edit until another client of its note has it.
 *
 * The clients are bare sockets that keep no document, so that they leave the machine to the server. They speak over a
 * WebSocket, or as a browser does without one: server-sent events one way, and a request for each edit the other.
 */

import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'
import * as Y from 'yjs'
import { CONTENT } from '../../src/notes/codec.ts'
import { syncUpdate } from '../../src/sync/protocol.ts'

export interface EditorsOptions {
  /** Of all notes; `ws:` or `http:`. */
  readonly url: string
  /** Below ten. Edits are numbered by process. */
  readonly process: number
  readonly noteIds: readonly string[]
  readonly perNote: number
  readonly editsPerSecond: number
  readonly seconds: number
}

/** Milliseconds that each edit took to be seen, by client. */
export type Waits = readonly (readonly number[])[]

const {
  url,
  process: own,
  noteIds,
  perNote,
  editsPerSecond,
  seconds,
}: EditorsOptions = JSON.parse(process.argv[2]!)
const MARK = Buffer.from('edit:')
/** `edit:`, and a number in eight digits. */
const LENGTH = MARK.length + 8

/** By the edit's number: when it was sent, and by whom. */
const sent: { readonly at: number; readonly by: number }[] = []
const waits: number[][] = []
const seen = new Set<number>()

function look(data: Buffer, client: number): void {
  for (let at = data.indexOf(MARK); at >= 0; at = data.indexOf(MARK, at + LENGTH)) {
    const number = Number(data.toString('latin1', at + MARK.length, at + LENGTH))
    const edit = number % 10 === own ? sent[(number - own) / 10] : undefined
    if (edit === undefined || edit.by === client || seen.has(number)) continue
    seen.add(number)
    waits[edit.by]!.push(performance.now() - edit.at)
  }
}

interface Connection {
  send(update: Uint8Array): void
}

/** Each client is somebody: servers limit what one may ask. */
const nameOf = (client: number) => ({ authorization: `Bearer ${own}-${client}` })

async function connectSocket(noteId: string, client: number, reads: boolean): Promise<Connection> {
  const socket = new WebSocket(`${url}/${noteId}`, { headers: nameOf(client) })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  if (reads) socket.on('message', (data: Buffer) => look(data, client))
  return { send: (update) => socket.send(syncUpdate(update)) }
}

async function connectStream(noteId: string, client: number, reads: boolean): Promise<Connection> {
  const agent = new Agent({ keepAlive: true })
  const headers = nameOf(client)
  const stream = await answerOf(request(`${url}/${noteId}/events`, { agent, headers }).end())
  let rest = ''
  if (reads) stream.setEncoding('latin1')
  stream.on('data', (data: string | Buffer) => {
    // Whoever does not read has taken it from the line, as others do.
    if (typeof data !== 'string') return
    const lines = (rest + data).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      if (line.startsWith('data:')) look(Buffer.from(line.slice(5), 'base64'), client)
    }
  })
  const post = { agent, method: 'POST', headers: { ...headers, 'content-type': 'application/octet-stream' } }
  // As a browser does, the next goes when the last was acknowledged.
  let sending = Promise.resolve()
  return {
    send(update) {
      sending = sending.then(async () => {
        const answer = await answerOf(request(`${url}/${noteId}/updates`, post).end(update))
        answer.resume()
      })
    },
  }
}

async function answerOf(asked: ClientRequest): Promise<IncomingMessage> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.once('response', resolve).once('error', reject)
  })
  if (answer.statusCode !== 200) throw new Error(`the server answers ${answer.statusCode}`)
  return answer
}

const connect = url.startsWith('ws') ? connectSocket : connectStream

async function join(noteId: string, reads: boolean): Promise<() => void> {
  const client = waits.push([]) - 1
  // Two of each note look at what comes: each sees what the other sends.
  const connection = await connect(noteId, client, reads)
  const doc = new Y.Doc()
  const text = doc.getText(CONTENT)
  let update: Uint8Array | undefined
  doc.on('update', (emitted: Uint8Array) => {
    update = emitted
  })
  return () => {
    const number = sent.length * 10 + own
    text.insert(text.length, `edit:${String(number).padStart(8, '0')}`)
    sent.push({ at: performance.now(), by: client })
    connection.send(update!)
  }
}

const editors: (() => void)[] = []
for (let i = 0; i < perNote; i++) {
  editors.push(...(await Promise.all(noteIds.map((noteId) => join(noteId, i < 2)))))
}
process.stdout.write('here\n')
for await (const _ of process.stdin) break

const end = performance.now() + seconds * 1000
await Promise.all(
  editors.map(async (type) => {
    await sleep((Math.random() * 1000) / editsPerSecond)
    for (let next = performance.now(); next < end; next += 1000 / editsPerSecond) {
      type()
      await sleep(Math.max(0, next + 1000 / editsPerSecond - performance.now()))
    }
  }),
)
const last = performance.now() + 30_000
while (seen.size < sent.length && performance.now() < last) await sleep(20)
// What has not come by then counts as long.
for (const [i, { at, by }] of sent.entries()) {
  if (!seen.has(i * 10 + own)) waits[by]!.push(performance.now() - at)
}
process.stdout.write(`${JSON.stringify(waits)}\n`, () => process.exit())
