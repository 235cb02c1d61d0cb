/** Over plain HTTP: a client that has `fetch` and nothing else. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import type { RootEngine } from '../../src/engine/engine.ts'
import { createSyncServer, type SyncServerOptions } from '../../src/sync/index.ts'
import { createSystem, type System } from '../../src/system.ts'
import { createTestClock } from '../../src/testing/clock.ts'
import { createTestSystem } from '../../src/testing/index.ts'
import { createHarness, type TierHarness } from '../support/harness.ts'
import { selectedTiers } from '../support/tiers.ts'
import { typing } from './raw.ts'
import { aNote, everybody, host, yWebsocket } from './support.ts'

const BASE = 'http://example.test/notes'

describe.each(selectedTiers())('on %s', (tier) => {
  let harness: TierHarness
  beforeAll(async () => {
    harness = await createHarness(tier)
  })
  afterAll(() => harness.stop())

  async function open() {
    const clock = createTestClock()
    const { engine } = await harness.open({ clock })
    // What was compacted is forgotten at once.
    const system = await createSystem({ engine: engine as RootEngine, notes: { retainMs: 0 } })
    const note = await aNote(system)
    return { ...note, system, clock, sync: serve(system), second: () => harness.openSecond({ clock }) }
  }

  test('a client follows by events and writes by POST, with others over another server', async () => {
    const { system, sync, id, second } = await open()
    await using _system = system
    await using other = await second()
    await using _sync = sync
    await using there = await host(other)
    using b = yWebsocket(there, id)
    await expect.poll(() => b.isSynced).toBe(true)
    await using a = reader(await sync.fetch(new Request(`${BASE}/${id}/events`)))
    await expect.poll(() => a.text()).toBe('Hello')
    expect(a.names()).toEqual(['resync'])
    a.doc.getText('content').insert(0, 'A: ')
    const posted = await sync.fetch(post(`${id}/updates`, Y.encodeStateAsUpdate(a.doc)))
    const { cursor } = (await posted.json()) as { cursor: string }
    expect(posted.status).toBe(200)
    expect(cursor).toBe(await system.notes.cursor(id))
    await expect.poll(() => b.text.toString()).toBe('A: Hello')
    b.text.insert(b.text.length, ', B')
    await expect.poll(() => a.text()).toBe('A: Hello, B')
    expect((await system.notes.read(id)).text).toBe('A: Hello, B')
    const { edits } = await system.notes.history(id)
    expect(edits.length).toBeGreaterThan(0)
  })

  test('who comes back gets what it missed, and nothing twice', async () => {
    const { system, sync, id } = await open()
    await using _system = system
    await using _sync = sync
    const cursor = await system.notes.cursor(id)
    await system.notes.append(id, '1')
    await system.notes.append(id, '2')
    await using a = reader(await sync.fetch(new Request(`${BASE}/${id}/events?after=${cursor}`)))
    await expect.poll(() => a.names()).toEqual(['update', 'update'])
    // The header is what a browser knows by now; the URL is from the beginning.
    const headers = { 'last-event-id': a.events[0]!.id! }
    await using again = reader(
      await sync.fetch(new Request(`${BASE}/${id}/events?after=${cursor}`, { headers })),
    )
    await expect.poll(() => again.events).toEqual([a.events[1]])
    await system.notes.append(id, '3')
    await expect.poll(() => again.names()).toEqual(['update', 'update'])
    expect(again.events.at(-1)?.id).toBe(await system.notes.cursor(id))
  })

  test('a cursor that leads nowhere any more gets the whole document, and is told so', async () => {
    const { system, sync, id, workspaceId } = await open()
    await using _system = system
    await using _sync = sync
    const cursor = await system.notes.cursor(id)
    await system.notes.append(id, ', world')
    expect(await system.notes.compact(id)).toBe(true)
    await using a = reader(await sync.fetch(new Request(`${BASE}/${id}/events?after=${cursor}`)))
    await expect.poll(() => a.text()).toBe('Hello, world')
    expect(a.names()).toEqual(['resync'])

    const old = await system.notes.cursor(id)
    await system.notes.delete(id)
    await expect.poll(() => a.names()).toEqual(['resync', 'deleted'])
    await a.ended
    await system.notes.create({ id, workspaceId, title: 'Again', text: 'Another' })
    const ahead = `${await system.notes.cursor(id)}999`
    for (const after of [old, cursor, ahead, 'nonsense']) {
      await using b = reader(await sync.fetch(new Request(`${BASE}/${id}/events?after=${after}`)))
      await expect.poll(() => b.text()).toBe('Another')
      expect(b.names()).toEqual(['resync'])
    }
  })

  test('presence comes by events and goes by POST, and is gone when it was not said again', async () => {
    const { system, sync, id, clock, second } = await open()
    await using _system = system
    await using other = await second()
    await using _sync = sync
    await using there = await host(other)
    using b = yWebsocket(there, id)
    b.show({ name: 'Bob' })
    await using a = reader(await sync.fetch(new Request(`${BASE}/${id}/events`)))
    await expect.poll(() => a.others()).toEqual([{ name: 'Bob' }])
    const own = new Awareness(new Y.Doc())
    own.setLocalState({ name: 'Ada' })
    const said = () => encodeAwarenessUpdate(own, [own.clientID])
    expect((await sync.fetch(post(`${id}/awareness`, said()))).status).toBe(204)
    await expect.poll(() => b.others()).toEqual([{ name: 'Ada' }])
    own.setLocalState({ name: 'Ada', cursor: 1 })
    await sync.fetch(post(`${id}/awareness`, said()))
    await expect.poll(() => b.others()).toEqual([{ name: 'Ada', cursor: 1 }])
    clock.advance(31_000)
    await expect.poll(() => b.others()).toEqual([])
    own.destroy()
  })
})

/** What has nothing to do with the tier. */
async function openOne(options: Partial<SyncServerOptions> = {}) {
  const { system, seeded, ...test } = await createTestSystem({ seed: aNote })
  const sync = serve(system, options)
  return {
    system,
    sync,
    id: seeded.id,
    async [Symbol.asyncDispose]() {
      await sync.close()
      await test[Symbol.asyncDispose]()
    },
  }
}

test('the state is the whole document, and is not sent to who has it', async () => {
  await using test = await openOne()
  const { system, sync, id } = test
  const url = `${BASE}/${id}/state`
  const response = await sync.fetch(new Request(url))
  const doc = new Y.Doc()
  Y.applyUpdate(doc, await response.bytes())
  expect(doc.getText('content').toString()).toBe('Hello')
  const etag = response.headers.get('etag')!
  expect(response.headers.get('terrace-cursor')).toBe(await system.notes.cursor(id))
  const again = () => sync.fetch(new Request(url, { headers: { 'if-none-match': etag } }))
  expect((await again()).status).toBe(304)
  await system.notes.append(id, '!')
  expect((await again()).status).toBe(200)
})

test('what is refused has a status and a reason, and changes nothing', async () => {
  await using test = await openOne({ limits: { messageBytes: 1000 } })
  const { system, sync, id } = test
  await using readers = serve(system, { authorize: () => ({ write: false }) })
  await using nobody = serve(system, { authorize: () => null })
  await using few = serve(system, { limits: { requests: { perSecond: 0, burst: 1 } } })
  const status = async (request: Request, server = sync) => {
    const response = await server.fetch(request)
    const { error } = (await response.json()) as { error: { code: string; message: string } }
    expect(error.message).not.toBe('')
    return [response.status, error.code]
  }
  const big = new Uint8Array(2000)
  expect(await status(new Request(`${BASE}/nothing/state`))).toEqual([404, 'unknown'])
  expect(await status(new Request(`${BASE}/nothing/events`))).toEqual([404, 'unknown'])
  expect(await status(new Request(`${BASE}/${id}/else`))).toEqual([404, 'unknown'])
  expect(await status(new Request('http://example.test/other'))).toEqual([404, 'unknown'])
  expect(await status(post(`${id}/state`, big))).toEqual([405, 'method'])
  expect(await status(post(`${id}/updates`, new Uint8Array([1, 2, 3])))).toEqual([400, 'malformed'])
  expect(await status(post(`${id}/updates`, big))).toEqual([413, 'tooLarge'])
  expect(await status(post(`${id}/awareness`, new Uint8Array([0])))).toEqual([400, 'malformed'])
  expect(await status(post(`${id}/updates`, typing('x')), readers)).toEqual([403, 'forbidden'])
  expect(await status(new Request(`${BASE}/${id}/state`), nobody)).toEqual([403, 'forbidden'])
  const foreign = { headers: { origin: 'https://evil.example' } }
  expect(await status(new Request(`${BASE}/${id}/state`, foreign))).toEqual([403, 'origin'])
  await few.fetch(new Request(`${BASE}/${id}/state`))
  expect(await status(new Request(`${BASE}/${id}/state`), few)).toEqual([429, 'tooMany'])
  await sync.close()
  expect(await status(new Request(`${BASE}/${id}/state`))).toEqual([503, 'closing'])
  expect((await system.notes.read(id)).text).toBe('Hello')
})

test('a page of an origin that was named may read the answers', async () => {
  await using test = await openOne({ origins: ['https://app.example'] })
  const { sync, id } = test
  const headers = { origin: 'https://app.example' }
  const asked = await sync.fetch(new Request(`${BASE}/${id}/updates`, { method: 'OPTIONS', headers }))
  expect(asked.status).toBe(204)
  expect(asked.headers.get('access-control-allow-methods')).toBe('GET, POST')
  const answer = await sync.fetch(new Request(`${BASE}/${id}/state`, { headers }))
  expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example')
})

test('a quiet stream shows signs of life, and ends when its reader may not be there any more', async () => {
  let isWelcome = true
  await using test = await openOne({
    heartbeatMs: 10,
    authorize: () => (isWelcome ? {} : null),
  })
  const { sync, id } = test
  await using a = reader(await sync.fetch(new Request(`${BASE}/${id}/events`)))
  await expect.poll(() => a.comments()).toBeGreaterThan(1)
  expect(sync.connections).toBe(1)
  isWelcome = false
  await a.ended
  expect(a.names()).toEqual(['resync', 'refused'])
  await expect.poll(() => sync.connections).toBe(0)
})

test('streams end with the server, and with their reader', async () => {
  await using test = await openOne()
  const { sync, id } = test
  const a = reader(await sync.fetch(new Request(`${BASE}/${id}/events`)))
  const b = reader(await sync.fetch(new Request(`${BASE}/${id}/events`)))
  await expect.poll(() => a.text() + b.text()).toBe('HelloHello')
  await a[Symbol.asyncDispose]()
  await expect.poll(() => sync.connections).toBe(1)
  await sync.close()
  await b.ended
  await expect.poll(() => sync.connections).toBe(0)
})

function serve(system: System, options: Partial<SyncServerOptions> = {}) {
  return createSyncServer({ notes: system.notes, authorize: everybody, ...options })
}

function post(path: string, body: Uint8Array): Request {
  // The cast: the bytes are of an ordinary buffer.
  return new Request(`${BASE}/${path}`, { method: 'POST', body: body as Uint8Array<ArrayBuffer> })
}

interface ServerEvent {
  readonly id: string | undefined
  readonly name: string
  readonly data: Uint8Array
}

/** What an EventSource does, and a document that takes in what comes. */
function reader(response: Response) {
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const doc = new Y.Doc()
  const awareness = new Awareness(doc)
  const events: ServerEvent[] = []
  let comments = 0
  const stream = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  const ended = read()

  async function read(): Promise<void> {
    let rest = ''
    for (;;) {
      const { done, value } = await stream.read()
      if (done) return
      const parts = (rest + value).split('\n\n')
      rest = parts.pop()!
      for (const part of parts) take(part)
    }
  }

  function take(part: string): void {
    if (part.startsWith(':')) comments++
    const fields = new Map(part.split('\n').map((line) => line.split(': ') as [string, string]))
    const name = fields.get('event')
    if (name === undefined) return
    const data = new Uint8Array(Buffer.from(fields.get('data') ?? '', 'base64'))
    if (name === 'awareness') applyAwarenessUpdate(awareness, data, 'stream')
    else events.push({ id: fields.get('id'), name, data })
    if (name === 'update' || name === 'resync') Y.applyUpdate(doc, data)
  }

  return {
    doc,
    events,
    ended,
    names: () => events.map(({ name }) => name),
    text: () => doc.getText('content').toString(),
    comments: () => comments,
    others: () => [...awareness.getStates()].filter(([id]) => id !== doc.clientID).map(([, state]) => state),
    async [Symbol.asyncDispose]() {
      await stream.cancel()
      doc.destroy()
    },
  }
}
