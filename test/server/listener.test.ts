/** Node's http in front of `Request` and `Response`: what a client sees of it, also one that misbehaves. */

import { Agent, createServer, type RequestOptions, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeListener } from '../../src/server/index.ts'

type Fetch = (request: Request) => Promise<Response>
let fetch: Fetch
const errors: unknown[] = []
const server = createServer(nodeListener({ fetch: (asked) => fetch(asked) }, (error) => errors.push(error)))
let port: number
beforeEach(async () => {
  errors.length = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterEach(async () => {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await closed
})

function ask(options: RequestOptions, body?: string | Buffer) {
  return new Promise<{ status: number; text: string; headers: NodeJS.Dict<string | string[]> }>(
    (resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, ...options }, (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('end', () => {
          const { statusCode = 0, headers } = answer
          resolve({ status: statusCode, text: Buffer.concat(parts).toString(), headers })
        })
      })
      asked.on('error', reject)
      asked.setTimeout(5000, () => asked.destroy(new Error('no answer')))
      asked.end(body)
    },
  )
}

it('passes on method, path, headers and body, and the answer with all its headers', async () => {
  fetch = async (asked) => {
    const { pathname, search } = new URL(asked.url)
    const headers = new Headers({ 'x-place': pathname + search })
    headers.append('set-cookie', 'a=1')
    headers.append('set-cookie', 'b=2')
    return new Response(`${asked.method} ${asked.headers.get('x-two')} ${(await asked.bytes()).length}`, {
      headers,
    })
  }
  const body = Buffer.alloc(1_000_000, 7)
  const headers = { 'x-two': ['1', '2'] }
  const answer = await ask({ method: 'POST', path: '//double?q=1', headers }, body)
  expect(answer).toMatchObject({ status: 200, text: 'POST 1, 2 1000000' })
  expect(answer.headers).toMatchObject({ 'x-place': '//double?q=1', 'set-cookie': ['a=1', 'b=2'] })
  expect(await ask({ method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
})

it('a body that is refused, unread or half-way, leaves the connection fit for the next request', async () => {
  const half: Fetch = async (asked) => {
    const reader = asked.body!.getReader()
    const { value } = await reader.read()
    if (value!.length < 100) return new Response('short')
    await reader.cancel()
    return new Response(null, { status: 413 })
  }
  for (const refuse of [half, async () => new Response(null, { status: 413 })]) {
    fetch = refuse
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const post = { method: 'POST', agent }
    expect((await ask(post, Buffer.alloc(3_000_000))).status).toBe(413)
    fetch = async (asked) => new Response(await asked.text())
    expect((await ask(post, 'short')).text).toBe('short')
    agent.destroy()
  }
})

it('whoever leaves is noticed: the request is aborted, and a stream is cancelled', async () => {
  const aborted = Promise.withResolvers<void>()
  const cancelled = Promise.withResolvers<void>()
  fetch = async ({ signal }) => {
    signal.addEventListener('abort', () => aborted.resolve())
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('first')),
      cancel: () => cancelled.resolve(),
    })
    return new Response(body)
  }
  const asked = request({ host: '127.0.0.1', port })
  asked.on('error', () => {})
  asked.end()
  await new Promise((resolve) => asked.once('response', resolve))
  asked.destroy()
  await Promise.all([aborted.promise, cancelled.promise])
  expect(errors).toEqual([])
})

it('what is no request is refused, and never reaches anybody', async () => {
  let reached = 0
  fetch = async () => {
    reached += 1
    return new Response()
  }
  const raw = (text: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.end(text))
      const parts: string[] = []
      socket.setEncoding('utf8').on('data', (part: string) => parts.push(part))
      socket.on('error', () => {}).on('close', () => resolve(parts.join('')))
    })
  for (const head of [
    'GET http://other.example/ HTTP/1.1\r\nhost: a',
    'GET / HTTP/1.1\r\nhost: a/b',
    'GET / HTTP/1.1\r\nhost: a b',
    'GET / HTTP/1.1\r\nhost: user@a',
    'GET / HTTP/1.1\r\nhost: a\r\nhost: b',
    'TRACE / HTTP/1.1\r\nhost: a',
  ]) {
    expect(await raw(`${head}\r\nconnection: close\r\n\r\n`), head).toMatch(/^HTTP\/1\.1 400 /)
  }
  expect(reached).toBe(0)
})

it('a failure is told here, and the connection is cut rather than left hanging', async () => {
  fetch = async () => {
    throw new Error('unforeseen')
  }
  await expect(ask({})).rejects.toThrow()
  expect(errors).toEqual([new Error('unforeseen')])
})
