/** Over real sockets: Node's http, browsers' `fetch` and editors' WebSockets. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { seed } from '../../src/conformance/verbs.ts'
import { type HandlerOptions, nodeListener } from '../../src/server/index.ts'
import { hocuspocus, yWebsocket } from '../sync/support.ts'
import { serve } from './support.ts'

/** A handler with a server of Node's around it. */
async function host(options: Partial<HandlerOptions> = {}) {
  const far = await serve(options)
  const server = createServer(nodeListener(far.handler))
  server.on('upgrade', (request, socket, head) => {
    if (!far.handler.upgrade(request, socket, head)) socket.destroy()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const place = `127.0.0.1:${port}${options.basePath ?? ''}`
  return {
    ...far,
    port,
    http: `http://${place}`,
    ws: `ws://${place}/notes`,
    async [Symbol.asyncDispose]() {
      await far.handler.close()
      server.closeAllConnections()
      server.close()
      await far[Symbol.asyncDispose]()
    },
  }
}

test('stores, events and live notes over one port, beneath a base path', async () => {
  await using here = await host({ basePath: '/api/terrace' })
  const at = await seed(here.system)
  const events = await fetch(`${here.http}/events?workspaceId=${at.workspaceId}`)
  const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader()
  expect((await reader.read()).value).toContain('event: ready')
  using a = yWebsocket(here, at.noteId)
  using b = hocuspocus(here, at.noteId)
  await expect.poll(() => a.isSynced && b.isSynced).toBe(true)
  a.text.insert(0, 'A: ')
  await expect.poll(() => b.text.toString()).toBe('A: Ship on Friday')
  const appended = await fetch(`${here.http}/stores/notes/append`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: `http://127.0.0.1:${here.port}` },
    body: JSON.stringify([at.noteId, '!']),
  })
  expect(appended.status).toBe(200)
  await expect.poll(() => a.text.toString()).toBe('A: Ship on Friday!')
  expect((await reader.read()).value).toContain('event: note')
  await reader.cancel()
})

test('who is at the other end is told as a proxy would', async () => {
  const from: unknown[] = []
  await using here = await host({
    authorize({ request }) {
      from.push(request.headers.get('x-forwarded-for'))
      return null
    },
  })
  const headers = { 'x-forwarded-for': '192.0.2.1' }
  expect((await fetch(`${here.http}/stores/tasks`)).status).toBe(401)
  expect((await fetch(`${here.http}/stores/tasks`, { headers })).status).toBe(401)
  expect(from).toEqual(['127.0.0.1', '192.0.2.1, 127.0.0.1'])
})

test('a body that is too big is refused, and the connection serves on', async () => {
  await using here = await host({ limits: { bodyBytes: 1000 } })
  const big = await fetch(`${here.http}/stores/tasks/get`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(['x'.repeat(500_000)]),
  })
  expect(big.status).toBe(413)
  expect((await fetch(`${here.http}/health/db`)).status).toBe(200)
})

test('a reader who leaves frees its stream', async () => {
  await using here = await host({ limits: { streams: 1 } })
  const { workspaceId } = await seed(here.system)
  for (let i = 0; i < 3; i++) {
    const abort = new AbortController()
    await expect
      .poll(async () => (await fetch(`${here.http}/events?workspaceId=${workspaceId}`, abort)).status)
      .toBe(200)
    abort.abort()
  }
})

describe('what no client of good will sends', () => {
  const raw = async (port: number, lines: readonly string[]) => {
    const socket = connect(port, '127.0.0.1')
    socket.end(`${lines.join('\r\n')}\r\n\r\n`)
    return text(socket)
  }

  test.each([
    ['a path of another host', ['GET //evil.example/health/db HTTP/1.1', 'host: localhost'], 404],
    ['a whole URL', ['GET http://evil.example/health/db HTTP/1.1', 'host: localhost'], 400],
    ['a host that is none', ['GET /health/db HTTP/1.1', 'host: a b'], 400],
    ['a method of its own', ['TRACE /health/db HTTP/1.1', 'host: localhost'], 400],
    ['a host that is not ours', ['GET /health/db HTTP/1.1', 'host: evil.example'], 403],
  ])('%s', async (_what, lines, status) => {
    await using here = await host()
    const answer = await raw(here.port, [...lines, 'connection: close'])
    expect(answer.split('\r\n')[0]).toContain(` ${status} `)
  })
})

describe('a WebSocket', () => {
  /** The status that it was refused with; 101 when it was not. */
  async function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
    const socket = new WebSocket(url, { headers })
    try {
      return await new Promise((resolve, reject) => {
        socket.on('open', () => resolve(101))
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode!))
        socket.on('error', reject)
      })
    } finally {
      socket.terminate()
    }
  }

  test('is refused to pages of other origins and under other names', async () => {
    await using here = await host({ origins: ['https://app.example'] })
    const { noteId } = await seed(here.system)
    const url = `${here.ws}/${noteId}`
    expect(await statusOf(url)).toBe(101)
    expect(await statusOf(url, { origin: `http://127.0.0.1:${here.port}` })).toBe(101)
    expect(await statusOf(url, { origin: 'https://app.example' })).toBe(101)
    expect(await statusOf(url, { origin: 'https://evil.example' })).toBe(403)
    expect(await statusOf(url, { origin: 'null' })).toBe(403)
    expect(await statusOf(url, { host: 'evil.example', origin: 'http://evil.example' })).toBe(403)
    await here.handler.close()
    expect(await statusOf(url)).toBe(503)
  })

  test('that is for something else is left alone', async () => {
    await using here = await host()
    for (const path of ['/other', '/notesy/n', '/stores/tasks']) {
      await expect(statusOf(`ws://127.0.0.1:${here.port}${path}`)).rejects.toThrow(/hang up|ECONNRESET/)
    }
  })

  test('gets a note of its own workspace, and no other', async () => {
    let workspaceId = ''
    await using here = await host({ authorize: () => ({ workspaceId }) })
    const [mine, theirs] = [await seed(here.system), await seed(here.system)]
    workspaceId = mine.workspaceId
    using own = yWebsocket(here, mine.noteId)
    await expect.poll(() => own.isSynced).toBe(true)
    own.text.insert(0, 'Not mine to write: ')
    const socket = new WebSocket(`${here.ws}/${theirs.noteId}`)
    const [code] = await once(socket, 'close')
    expect(code).toBe(4404)
    expect((await here.system.notes.read(mine.noteId)).text).toBe('Ship on Friday')
  })

  test('is nobody’s without a word from `authorize`', async () => {
    await using here = await host({ authorize: () => null })
    const { noteId } = await seed(here.system)
    const [code] = await once(new WebSocket(`${here.ws}/${noteId}`), 'close')
    expect(code).toBe(4403)
  })
})
