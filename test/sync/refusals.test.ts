/** Whoever may not, or does not behave, is refused in so many words; everybody else goes on. */

import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { createMemoryEngine } from '../../src/engine/memory/engine.ts'
import { UnavailableError } from '../../src/errors.ts'
import { createSyncServer, type SyncNotes } from '../../src/sync/index.ts'
import { createSystem } from '../../src/system.ts'
import { createTestSystem } from '../../src/testing/index.ts'
import { declined, message, rawClient, typing } from './raw.ts'
import { aNote, hocuspocus, hocuspocusSocket, host, yWebsocket } from './support.ts'

const SYNC = 0
const AWARENESS = 1
const AUTH = 2
const STEP_1 = 0
const STEP_2 = 1
const UPDATE = 2

async function open() {
  const test = await createTestSystem({ seed: aNote })
  const { system, seeded } = test
  const { id, workspaceId } = seeded
  const note = (text: string) => system.notes.create({ workspaceId, title: 'N', text })
  return { test, system, workspaceId, id, note }
}

describe('who may not', () => {
  test('a client without permission is told so, and closed', async () => {
    const { test, system, id } = await open()
    await using _test = test
    await using at = await host(system, { authorize: () => null })
    using client = await rawClient(`${at.ws}/${id}`)
    expect(await client.closed).toEqual({ code: 4403, reason: 'not authorized' })
    expect(client.messages).toEqual([message(AUTH, 0, 'not authorized')])
  })

  test('a Hocuspocus client is let in by its token, and refused for one note only', async () => {
    const { test, system, id, note } = await open()
    await using _test = test
    const secret = await note('secret')
    await using at = await host(system, {
      authorize: ({ token, noteId }) =>
        token === 'good' && noteId !== secret.id ? { write: true, actor: 'ada' } : null,
    })
    const socket = hocuspocusSocket(at)
    const failures: string[] = []
    const onAuthenticationFailed = ({ reason }: { reason: string }) => void failures.push(reason)
    using a = hocuspocus(socket, secret.id, { token: 'good', onAuthenticationFailed })
    using b = hocuspocus(socket, id, { token: async () => 'good' })
    await expect.poll(() => b.isSaved).toBe(true)
    await expect.poll(() => failures).toEqual(['not authorized'])
    b.text.insert(5, '!')
    await expect.poll(() => b.isSaved).toBe(true)
    expect(a.text.toString()).toBe('')
    expect(b.provider.authorizedScope).toBe('read-write')
    const { edits } = await system.notes.history(id)
    expect(edits.map(({ actor }) => actor)).toEqual([null, 'ada'])
    socket.destroy()
  })

  test('a store confined to a workspace has no notes of another', async () => {
    const { test, system, id } = await open()
    await using _test = test
    const { id: elsewhere } = await system.workspaces.create({ title: 'Other' })
    await using at = await host(system, {
      authorize: () => ({ notes: system.in(elsewhere).notes, write: true }),
    })
    using client = await rawClient(`${at.ws}/${id}`)
    expect(await client.closed).toEqual({ code: 4404, reason: 'there is no such note' })
  })

  test('a reader may say what is known, is refused what is new, and reads on', async () => {
    const { test, system, id } = await open()
    await using _test = test
    await using at = await host(system, { authorize: () => ({ write: false }) })
    using client = await rawClient(`${at.ws}/${id}`)
    const { updates } = await system.notes.since(id, null)
    client.socket.send(message(SYNC, STEP_2, updates[0]!.update))
    client.socket.send(message(SYNC, UPDATE, typing('mine')))
    await system.notes.append(id, '!')
    // The server's own step 1, the refusal of the second update alone, and what the other one wrote.
    await expect.poll(() => client.messages.length).toBe(3)
    expect(client.messages[1]).toEqual(message(AUTH, 0, 'this connection may not write'))
    const doc = new Y.Doc()
    Y.applyUpdate(doc, updates[0]!.update)
    Y.applyUpdate(doc, client.messages[2]!.subarray(3))
    expect(doc.getText('content').toString()).toBe('Hello!')
    expect((await system.notes.read(id)).text).toBe('Hello!')
  })

  test('a Hocuspocus reader sees that its changes are not saved', async () => {
    const { test, system, id } = await open()
    await using _test = test
    await using at = await host(system, { authorize: () => ({ write: false }) })
    using client = hocuspocus(at, id)
    await expect.poll(() => client.isSaved).toBe(true)
    expect(client.provider.authorizedScope).toBe('readonly')
    client.text.insert(0, 'x')
    using other = hocuspocus(at, id)
    await expect.poll(() => other.isSaved).toBe(true)
    expect(client.provider.hasUnsyncedChanges).toBe(true)
    expect((await system.notes.read(id)).text).toBe('Hello')
  })

  test('permission is asked for each update where a function gives it, and again later for the whole', async () => {
    const { test, system, id } = await open()
    await using _test = test
    let isWelcome = true
    await using at = await host(system, {
      recheckMs: 10,
      authorize: () => (isWelcome ? { write: (update) => update.length < 40 } : null),
    })
    using client = await rawClient(`${at.ws}/${id}`)
    client.socket.send(message(SYNC, UPDATE, typing('a'.repeat(100))))
    client.socket.send(message(SYNC, UPDATE, typing('b')))
    await expect.poll(async () => (await system.notes.read(id)).text.length).toBe(6)
    isWelcome = false
    expect((await client.closed).code).toBe(4403)
  })

  test('a page of another origin is not connected, unless it was named', async () => {
    const { test, system, id } = await open()
    await using _test = test
    await using own = await host(system)
    await using open_ = await host(system, { origins: ['https://app.example'] })
    const foreign = { origin: 'https://evil.example' }
    expect(await declined(`${own.ws}/${id}`, foreign)).toBe(403)
    expect(await declined(`${open_.ws}/${id}`, foreign)).toBe(403)
    using same = await rawClient(`${own.ws}/${id}`, { origin: `http://127.0.0.1:${own.port}` })
    using named = await rawClient(`${open_.ws}/${id}`, { origin: 'https://app.example' })
    await expect.poll(() => same.messages.length + named.messages.length).toBe(2)
  })
})

describe('what is not there', () => {
  test('an unknown note closes the connection for good', async () => {
    const { test, system } = await open()
    await using _test = test
    await using at = await host(system)
    using client = yWebsocket(at, 'nothing')
    const closed = await new Promise((resolve) => client.provider.on('closed', resolve))
    expect(closed).toEqual({ code: 4404, reason: 'there is no such note' })
  })

  test('a note that is deleted closes those who edit it, and nobody else', async () => {
    const { test, system, id, note } = await open()
    await using _test = test
    const { id: otherId } = await note('Other')
    await using at = await host(system)
    using client = await rawClient(`${at.ws}/${id}`)
    using other = yWebsocket(at, otherId)
    const socket = hocuspocusSocket(at)
    let goodbyes = 0
    using gone = hocuspocus(socket, id, { onClose: () => void goodbyes++ })
    using stays = hocuspocus(socket, otherId)
    await expect.poll(() => gone.isSaved && stays.isSaved && other.isSynced).toBe(true)
    await system.notes.delete(id)
    expect(await client.closed).toEqual({ code: 4410, reason: 'the note was deleted' })
    await expect.poll(() => goodbyes).toBe(1)
    other.text.insert(0, 'An')
    await expect.poll(() => stays.text.toString()).toBe('AnOther')
    await expect.poll(() => at.sync.connections).toBe(2)
    socket.destroy()
  })

  test('an upgrade elsewhere is left to others', async () => {
    const sync = createSyncServer({ authorize: () => null, path: '/api/notes/' })
    await using _sync = sync
    const socket = { on: () => expect.unreachable() }
    for (const url of ['/', '/_next/webpack-hmr', '/api/notes/a/b', '/api/notesx', '/api/notes/%ff']) {
      // The cast: nothing of either is looked at.
      expect(sync.upgrade({ url } as never, socket as never, Buffer.alloc(0))).toBe(false)
    }
  })
})

describe('who does not behave', () => {
  const hostile: Record<string, { frames: (Uint8Array | string)[]; code: number }> = {
    'text frames': { frames: ['hello'], code: 4400 },
    'an empty frame': { frames: [new Uint8Array()], code: 4400 },
    'an unknown type': { frames: [message(77, 'x')], code: 4400 },
    'an unknown step': { frames: [message(SYNC, 9, new Uint8Array())], code: 4400 },
    'a truncated message': { frames: [message(SYNC, UPDATE, typing('abc')).subarray(0, 9)], code: 4400 },
    'an update that is none': { frames: [message(SYNC, UPDATE, new Uint8Array(50).fill(255))], code: 4400 },
    'a state vector that is none': {
      frames: [message(SYNC, STEP_1, new Uint8Array(9).fill(255))],
      code: 4400,
    },
    'presence that is no JSON': { frames: [message(AWARENESS, message(1, 5, 1, '{'))], code: 4400 },
    'presence of too many': {
      frames: [
        message(AWARENESS, message(40, ...Array.from({ length: 40 }, (_, i) => [i + 1, 1, '{}']).flat())),
      ],
      code: 1008,
    },
    'a presence that is too large': {
      frames: [message(AWARENESS, message(1, 5, 1, JSON.stringify('x'.repeat(70_000))))],
      code: 1009,
    },
    'a frame that is too large': { frames: [message(SYNC, UPDATE, new Uint8Array(20_000))], code: 1009 },
    'a flood': { frames: Array.from({ length: 200 }, () => message(3)), code: 1008 },
  }

  test.each(Object.entries(hostile))('%s: closed, while others go on', async (name, { frames, code }) => {
    const { test, system, id } = await open()
    await using _test = test
    await using at = await host(system, {
      limits: {
        messageBytes: name.startsWith('a presence') ? 100_000 : 10_000,
        messages: { perSecond: 1, burst: 100 },
      },
    })
    using other = yWebsocket(at, id)
    await expect.poll(() => other.isSynced).toBe(true)
    using client = await rawClient(`${at.ws}/${id}`)
    for (const frame of frames) client.socket.send(frame)
    expect((await client.closed).code).toBe(code)
    other.text.insert(0, 'I go on. ')
    await expect.poll(async () => (await system.notes.read(id)).text).toBe('I go on. Hello')
    await expect.poll(() => at.sync.connections).toBe(1)
  })

  test('a connection that asks for too many notes is closed', async () => {
    const { test, system, note } = await open()
    await using _test = test
    await using at = await host(system, { limits: { notes: 2 } })
    using client = await rawClient(at.ws)
    for (let i = 0; i < 3; i++) {
      client.socket.send(message((await note(`${i}`)).id, AUTH, 0, 'token'))
    }
    expect((await client.closed).code).toBe(1008)
  })

  test('one connection too many is declined', async () => {
    const { test, system, id } = await open()
    await using _test = test
    await using at = await host(system, { limits: { connections: 1 } })
    using first = await rawClient(`${at.ws}/${id}`)
    await expect.poll(() => first.messages.length).toBe(1)
    expect(await declined(`${at.ws}/${id}`)).toBe(503)
  })

  test('a reader that reads nothing is closed at the bound, and holds nobody up', async () => {
    const { test, system, id } = await open()
    await using _test = test
    await using at = await host(system, { limits: { bufferedBytes: 100_000 } })
    using slow = await rawClient(`${at.ws}/${id}`)
    using other = yWebsocket(at, id)
    await expect.poll(() => slow.messages.length > 0 && other.isSynced).toBe(true)
    slow.socket.pause()
    let length = 5
    // The kernel buffers some megabytes of its own first.
    while (at.sync.connections === 2) {
      await system.notes.append(id, 'x'.repeat(900_000))
      length += 900_000
      if (length > 20_000_000) break
    }
    await expect.poll(() => at.sync.connections).toBe(1)
    await expect.poll(() => other.text.length).toBe(length)
  })

  test('a writer that is faster than the store is not read from meanwhile, and nothing of it is lost', async () => {
    const { test, system, id } = await open()
    await using _test = test
    const { promise: gate, resolve: openGate } = Promise.withResolvers<void>()
    let calls = 0
    const notes: SyncNotes = {
      ...system.notes,
      async applyUpdate(...args) {
        // The others say that they have nothing to say.
        if (args[1].length < 1000) return
        calls++
        await gate
        return system.notes.applyUpdate(...args)
      },
    }
    await using at = await host(system, { notes, limits: { pendingBytes: 50_000 } })
    using client = await rawClient(`${at.ws}/${id}`)
    for (let i = 0; i < 300; i++) client.socket.send(message(SYNC, UPDATE, typing('x'.repeat(20_000))))
    await expect.poll(() => calls).toBeGreaterThan(1)
    // As long as it takes another client to come, and to go, some times over.
    for (let i = 0; i < 5; i++) {
      using other = yWebsocket(at, id)
      await expect.poll(() => other.isSynced).toBe(true)
    }
    expect(calls).toBeLessThan(50)
    openGate()
    await expect.poll(() => calls).toBe(300)
    await expect.poll(async () => (await system.notes.read(id)).text.length).toBe(6_000_005)
  })

  test('a connection that dies without a word is noticed', async () => {
    const { test, system, id } = await open()
    await using _test = test
    await using at = await host(system, { heartbeatMs: 20 })
    const { port } = new URL(at.ws)
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(
      `GET /notes/${id} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    )
    // It reads, and answers no ping.
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.resume()
    await closed
    await expect.poll(() => at.sync.connections).toBe(0)
  })
})

describe('what was said', () => {
  test('nothing is acknowledged before it is durable', async () => {
    const { test, system, id } = await open()
    await using _test = test
    const { promise: gate, resolve: openGate } = Promise.withResolvers<void>()
    const notes: SyncNotes = {
      ...system.notes,
      async applyUpdate(...args) {
        await system.notes.applyUpdate(...args)
        await gate
      },
    }
    await using at = await host(system, { notes })
    using client = hocuspocus(at, id)
    using other = yWebsocket(at, id)
    await expect.poll(() => client.text.toString()).toBe('Hello')
    client.text.insert(5, '!')
    // It has arrived, for others see it.
    await expect.poll(() => other.text.toString()).toBe('Hello!')
    expect(client.provider.hasUnsyncedChanges).toBe(true)
    openGate()
    await expect.poll(() => client.isSaved).toBe(true)
  })

  test('an update that comes again is not acknowledged before the first of it is durable', async () => {
    const { promise: gate, resolve: openGate } = Promise.withResolvers<void>()
    const engine = createMemoryEngine({})
    let isHeld = false
    const write: typeof engine.write = async (...args) => {
      if (isHeld) await gate
      return engine.write(...args)
    }
    await using system = await createSystem({ engine: { ...engine, write } })
    const { id: workspaceId } = await system.workspaces.create({ title: 'W' })
    const { id } = await system.notes.create({ workspaceId, title: 'N', text: 'Hello' })
    const order: string[] = []
    const update = typing('again')
    isHeld = true
    const first = system.notes.applyUpdate(id, update).then(() => order.push('first'))
    const second = system.notes.applyUpdate(id, update).then(() => order.push('second'))
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
    order.push('gate')
    openGate()
    await Promise.all([first, second])
    expect(order).toEqual(['gate', 'first', 'second'])
  })

  test('a store that fails is not passed over in silence: the client comes back and says it again', async () => {
    const { test, system, id } = await open()
    await using _test = test
    let failures = 0
    const notes: SyncNotes = {
      ...system.notes,
      async applyUpdate(...args) {
        if (failures++ === 0) throw new UnavailableError('the database is away')
        return system.notes.applyUpdate(...args)
      },
    }
    await using at = await host(system, { notes })
    using client = yWebsocket(at, id)
    await expect.poll(() => client.isSynced).toBe(true)
    client.text.insert(client.text.length, '!')
    await expect.poll(async () => (await system.notes.read(id)).text).toBe('Hello!')
    expect(failures).toBeGreaterThan(1)
  })

  test('what was sent just before the connection closed is written all the same', async () => {
    const { test, system, id } = await open()
    await using _test = test
    await using at = await host(system)
    using client = await rawClient(`${at.ws}/${id}`)
    client.socket.send(message(SYNC, UPDATE, typing('Last words. ')))
    client.socket.close()
    await client.closed
    await at.sync.close()
    expect((await system.notes.read(id)).text).toContain('Last words. ')
  })
})

test('after close nothing is left behind', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const timersBefore = timers()
  const { test, system, id } = await open()
  await using _test = test
  const doc = await system.notes.open(id)
  const before = { update: listeners(doc, 'update'), destroy: listeners(doc, 'destroy') }
  const at = await host(system)
  const a = yWebsocket(at, id)
  const b = hocuspocus(at, id)
  a.show({ name: 'Ada' })
  await expect.poll(() => b.others()).toEqual([{ name: 'Ada' }])
  expect(listeners(doc, 'update')).toBeGreaterThan(before.update)
  a[Symbol.dispose]()
  b[Symbol.dispose]()
  await at.close()
  expect(at.sync.connections).toBe(0)
  expect(listeners(doc, 'update')).toBe(before.update)
  expect(listeners(doc, 'destroy')).toBe(before.destroy)
  await system.notes.close(id)
  // Without `expect.poll`, which has a timer of its own.
  for (let tries = 0; tries < 200 && timers() > timersBefore; tries++) await sleep(20)
  expect(timers()).toBeLessThanOrEqual(timersBefore)
  expect(await system.engine.aggregate((await import('../../src/schema/notes.ts')).notePresence)).toEqual([
    expect.objectContaining({ count: 0 }),
  ])
})

function listeners(doc: Y.Doc, name: string): number {
  return doc._observers.get(name)?.size ?? 0
}
