/** Who gets in: every place, asked by those who may and those who may not. Nothing leaks, and nothing is changed. */

import { afterEach, describe, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { everything } from '../../src/conformance/expect.ts'
import { everyCall, type Seed, seed } from '../../src/conformance/verbs.ts'
import type { Authorize } from '../../src/server/access.ts'
import { createHandler, type HandlerOptions } from '../../src/server/index.ts'
import { surface } from '../../src/server/surface.ts'
import { ask, codeOf, HOST, post, Refused, remote, serve, servedCalls } from './support.ts'

afterEach(() => vi.unstubAllEnvs())

/** Every place that there is, with a request that means something. */
function places(at: Seed): [name: string, path: string, init: RequestInit][] {
  const octets = { 'content-type': 'application/octet-stream' }
  const update = Y.encodeStateAsUpdate(new Y.Doc()) as Uint8Array<ArrayBuffer>
  const ofStores = Object.keys(surface).flatMap((store): [string, string, RequestInit][] => [
    [`list of ${store}`, `/stores/${store}`, {}],
    [`row of ${store}`, `/stores/${store}/${at.taskId}`, {}],
    ...Object.keys(surface[store]!.verbs).map((verb): [string, string, RequestInit] => [
      `${store}.${verb}`,
      `/stores/${store}/${verb}`,
      post([]),
    ]),
  ])
  return [
    ['health', '/health', {}],
    ['events', `/events?workspaceId=${at.workspaceId}`, {}],
    ['events of a note', `/notes/${at.noteId}/events`, {}],
    ['state of a note', `/notes/${at.noteId}/state`, {}],
    ['updates of a note', `/notes/${at.noteId}/updates`, { method: 'POST', headers: octets, body: update }],
    [
      'awareness of a note',
      `/notes/${at.noteId}/awareness`,
      { method: 'POST', headers: octets, body: update },
    ],
    ['cron', '/cron', { method: 'POST' }],
    ...ofStores,
  ]
}

interface Case {
  readonly who: string
  readonly options: Partial<HandlerOptions>
  readonly headers: Record<string, string>
  readonly status: number
  readonly code: string
}

const everybody: Authorize = () => ({ everything: true, write: true })
const cases: Case[] = [
  {
    who: 'nobody in particular',
    options: { authorize: () => null },
    headers: {},
    status: 401,
    code: 'UNAUTHENTICATED',
  },
  {
    who: 'somebody who is not welcome',
    options: { authorize: () => null },
    headers: { cookie: 'session=1' },
    status: 403,
    code: 'FORBIDDEN',
  },
  {
    who: 'anybody, without `authorize`',
    options: { production: true },
    headers: {},
    status: 403,
    code: 'FORBIDDEN',
  },
  {
    who: 'a page of another origin',
    options: { authorize: everybody },
    headers: { origin: 'https://evil.example', cookie: 'session=1' },
    status: 403,
    code: 'ORIGIN',
  },
  {
    who: 'a page without an origin',
    options: { authorize: everybody },
    headers: { origin: 'null' },
    status: 403,
    code: 'ORIGIN',
  },
  {
    who: 'an image or a link of another site',
    options: { authorize: everybody },
    headers: { 'sec-fetch-site': 'cross-site', cookie: 'session=1' },
    status: 403,
    code: 'ORIGIN',
  },
  {
    who: 'a page of a name that was made to lead here',
    options: { authorize: everybody },
    headers: {
      host: 'evil.example:3000',
      origin: 'http://evil.example:3000',
      'sec-fetch-site': 'same-origin',
    },
    status: 403,
    code: 'HOST',
  },
  {
    who: 'another machine, in development, through a proxy',
    options: {},
    headers: { 'x-forwarded-for': '192.0.2.1' },
    status: 403,
    code: 'FORBIDDEN',
  },
]

describe.each(cases)('$who', ({ options, headers, status, code }) => {
  test('gets nothing anywhere', async () => {
    await using far = await serve({ cronSecret: 's3cret', ...options })
    const at = await seed(far.system)
    const before = await everything(far.system.engine)
    for (const [name, path, init] of places(at)) {
      // Asked for itself, without the secret.
      if (name === 'cron' && code !== 'ORIGIN' && code !== 'HOST') continue
      const all = { ...init, headers: { ...init.headers, ...headers } } as RequestInit
      const answer = await ask(far.handler, path, all)
      const isRow = name.startsWith('row of') && answer.status === 404 && codeOf(answer) === 'NO_ROUTE'
      if (!isRow) expect([answer.status, codeOf(answer)], name).toEqual([status, code])
      const error = JSON.stringify(answer.body)
      for (const id of Object.values(at)) expect(error.includes(`"${id}"`), name).toBe(false)
      expect(answer.headers.get('access-control-allow-origin'), name).toBe(null)
    }
    expect(await everything(far.system.engine)).toEqual(before)
  })
})

describe('of another workspace', () => {
  /** What finds nothing answers so, and so does what would be deleted. */
  const NOTHING = [null, false, 0, [], { items: [], next: null }].map((value) => JSON.stringify(value))

  test('every verb finds nothing or is refused, and changes nothing', async () => {
    let workspaceId = ''
    await using far = await serve({ authorize: () => ({ workspaceId, write: true }) })
    const [mine, theirs] = [await seed(far.system, 'Mine'), await seed(far.system, 'Theirs')]
    const before = await everything(far.system.engine)
    for (workspaceId of [mine.workspaceId, 'nobody']) {
      for (const [name, call] of servedCalls(everyCall(remote(far.handler), theirs))) {
        const answer: unknown = await call().catch((error: unknown) => error)
        const isRefused = answer instanceof Refused && ['NOT_FOUND', 'REFERENCE'].includes(answer.code)
        expect(isRefused || NOTHING.includes(JSON.stringify(answer)), `${name}: ${answer}`).toBe(true)
      }
    }
    expect(await everything(far.system.engine)).toEqual(before)
  })

  test('rows, lists, notes and events are not there', async () => {
    let workspaceId = ''
    await using far = await serve({ authorize: () => ({ workspaceId, write: true }) })
    const [mine, theirs] = [await seed(far.system, 'Mine'), await seed(far.system, 'Theirs')]
    workspaceId = mine.workspaceId
    const before = await everything(far.system.engine)
    const notThere = [
      `/stores/tasks/${theirs.taskId}`,
      `/stores/workspaces/${theirs.workspaceId}`,
      `/stores/settings/${theirs.scope}/theme`,
      `/events?workspaceId=${theirs.workspaceId}`,
      `/notes/${theirs.noteId}/events`,
      `/notes/${theirs.noteId}/state`,
    ]
    for (const path of notThere) expect((await ask(far.handler, path)).status, path).toBe(404)
    const update = { method: 'POST', headers: { 'content-type': 'application/octet-stream' } }
    const written = await ask(far.handler, `/notes/${theirs.noteId}/updates`, {
      ...update,
      body: someUpdate(),
    })
    expect(written.status).toBe(404)
    const empty = `/stores/tasks?workspaceId=${theirs.workspaceId}`
    expect((await ask(far.handler, empty)).body).toEqual({ items: [], next: null })
    expect(await everything(far.system.engine)).toEqual(before)
  })
})

test('`authorize` is told what is asked for, and what it grants is all there is', async () => {
  const asked: unknown[] = []
  await using far = await serve({
    authorize({ action, request }) {
      asked.push(action)
      return { workspaceId: request.headers.get('x-workspace')!, actor: 'ada' }
    },
  })
  const at = await seed(far.system)
  const headers = { 'x-workspace': at.workspaceId }
  expect((await ask(far.handler, '/stores/tasks', { headers })).status).toBe(200)
  expect((await ask(far.handler, '/stores/tasks/start', post([at.taskId], headers))).status).toBe(403)
  expect((await ask(far.handler, '/stores/tasks/get', post([at.taskId], headers))).status).toBe(200)
  expect((await ask(far.handler, `/notes/${at.noteId}/state`, { headers })).status).toBe(200)
  const octets = { ...headers, 'content-type': 'application/octet-stream' }
  const update = { method: 'POST', headers: octets, body: someUpdate() }
  expect((await ask(far.handler, `/notes/${at.noteId}/updates`, update)).status).toBe(403)
  const { body } = await ask(far.handler, '/health', { headers })
  expect(Object.keys(body as object).toSorted()).toEqual(['driver', 'latencyMs', 'schema', 'status', 'tier'])
  const sync = { kind: 'sync', noteId: at.noteId, token: undefined }
  expect(asked).toEqual([
    { kind: 'read', store: 'tasks', verb: 'list' },
    { kind: 'write', store: 'tasks', verb: 'start' },
    { kind: 'read', store: 'tasks', verb: 'get' },
    sync,
    sync,
    { kind: 'health' },
  ])
})

test('nobody writes under another’s name', async () => {
  await using far = await serve({ authorize: () => ({ everything: true, write: true, actor: 'ada' }) })
  const { noteId } = await seed(far.system)
  const append = (options: object) => ask(far.handler, '/stores/notes/append', post([noteId, '!', options]))
  expect((await append({ actor: 'bob' })).status).toBe(403)
  expect((await append({})).status).toBe(200)
  expect((await append({ actor: 'ada' })).status).toBe(200)
  const { edits } = await far.system.notes.history(noteId)
  expect(edits.map(({ actor }) => actor)).toEqual([null, 'ada'])
})

test.each([
  ['throws', () => Promise.reject(new Error('postgres://ada:s3cret@db/app'))],
  ['grants nothing in particular', () => ({ write: true }) as never],
  ['grants an empty workspace', () => ({ workspaceId: '' })],
  ['grants no workspace', () => ({ workspaceId: undefined as never })],
])('an `authorize` that %s lets nobody in, and tells this side alone', async (_how, authorize) => {
  const errors: unknown[] = []
  await using far = await serve({ authorize, onError: (error) => errors.push(error) })
  const at = await seed(far.system)
  for (const path of [
    '/stores/tasks',
    `/events?workspaceId=${at.workspaceId}`,
    `/notes/${at.noteId}/state`,
  ]) {
    const answer = await ask(far.handler, path)
    expect(answer.status).toBeGreaterThanOrEqual(500)
    expect(JSON.stringify(answer.body)).not.toMatch(/s3cret|stack|authorize/)
  }
  expect(errors).toHaveLength(3)
})

describe('without `authorize`', () => {
  test.each(['development', 'test'])('in %s, this machine may do everything', async (env) => {
    vi.stubEnv('NODE_ENV', env)
    await using far = await serve()
    for (const host of ['localhost:3000', '127.0.0.1', '[::1]:3000', 'app.localhost']) {
      expect((await ask(far.handler, '/stores/tasks', { headers: { host } })).status, host).toBe(200)
    }
    for (const host of [
      'example.org',
      '192.168.0.2:3000',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '',
    ]) {
      expect((await ask(far.handler, '/stores/tasks', { headers: { host } })).status, host).toBe(403)
    }
  })

  test.each(['production', '', undefined])('where NODE_ENV is %s, nobody may', async (env) => {
    vi.stubEnv('NODE_ENV', env)
    await using far = await serve()
    expect((await ask(far.handler, '/stores/tasks')).status).toBe(403)
    expect((await ask(far.handler, '/health/db')).status).toBe(200)
  })

  test('a named origin opens no more than its pages', async () => {
    await using far = await serve({ origins: ['https://tunnel.example'] })
    const headers = { host: 'tunnel.example' }
    expect((await ask(far.handler, '/stores/tasks', { headers })).status).toBe(403)
  })
})

describe('a page of a named origin', () => {
  const headers = { origin: 'https://app.example' }
  const options = { authorize: everybody, origins: ['https://app.example', 'tauri://localhost'] }

  test('may ask, and read the answer, also when that is a refusal', async () => {
    await using far = await serve(options)
    for (const path of ['/stores/tasks', '/stores/tasks/nothing', '/health/db', '/nothing']) {
      const answer = await ask(far.handler, path, { headers: { ...headers, 'sec-fetch-site': 'cross-site' } })
      expect(answer.headers.get('access-control-allow-origin'), path).toBe('https://app.example')
      expect(answer.headers.get('access-control-allow-credentials'), path).toBe('true')
      expect(answer.headers.get('vary'), path).toBe('origin')
    }
    const shell = await ask(far.handler, '/stores/tasks', { headers: { origin: 'tauri://localhost' } })
    expect(shell.headers.get('access-control-allow-origin')).toBe('tauri://localhost')
  })

  test('asks before it posts, without being known', async () => {
    await using far = await serve({ ...options, authorize: () => null })
    const asked = { ...headers, 'access-control-request-headers': 'authorization, content-type' }
    const answer = await ask(far.handler, '/stores/tasks/create', { method: 'OPTIONS', headers: asked })
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-methods')).toContain('POST')
    expect(answer.headers.get('access-control-allow-headers')).toBe('authorization, content-type')
    const foreign = await ask(far.handler, '/stores/tasks/create', {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example' },
    })
    expect([foreign.status, foreign.headers.get('access-control-allow-methods')]).toEqual([403, null])
  })

  test('its own server’s origin needs no name', async () => {
    await using far = await serve({ authorize: everybody })
    const { noteId } = await seed(far.system)
    for (const path of ['/stores/tasks', `/notes/${noteId}/state`]) {
      const answer = await ask(far.handler, path, { headers: { origin: HOST } })
      expect([answer.status, answer.headers.get('access-control-allow-origin')], path).toEqual([200, null])
    }
  })

  test.each(['*', 'app.example', 'https://app.example/', 'https://*.example', ''])(
    'is named as browsers name it, and not as %j',
    async (origin) => {
      await using far = await serve()
      expect(() => createHandler({ system: far.system, origins: [origin] })).toThrow(/origins: /)
    },
  )
})

describe('what a form could send', () => {
  test.each([
    ['a form', 'application/x-www-form-urlencoded'],
    ['a form with files', 'multipart/form-data'],
    ['text', 'text/plain;charset=UTF-8'],
    ['JSON that calls itself text', 'text/json'],
    ['no type', ''],
    ['another encoding', 'application/json; charset=utf-16'],
  ])('is refused: %s', async (_what, type) => {
    await using far = await serve({ authorize: everybody })
    const at = await seed(far.system)
    const before = await everything(far.system.engine)
    const init = { method: 'POST', headers: { 'content-type': type }, body: JSON.stringify([at.taskId]) }
    const answer = await ask(far.handler, '/stores/tasks/delete', init)
    expect([answer.status, codeOf(answer)]).toEqual([415, 'MEDIA_TYPE'])
    const update = { ...init, body: someUpdate() }
    expect((await ask(far.handler, `/notes/${at.noteId}/updates`, update)).status).toBe(415)
    expect(await everything(far.system.engine)).toEqual(before)
  })

  test('is refused when it is compressed', async () => {
    await using far = await serve({ authorize: everybody })
    const answer = await ask(far.handler, '/stores/tasks/list', post([], { 'content-encoding': 'gzip' }))
    expect(answer.status).toBe(415)
  })
})

function someUpdate(): Uint8Array<ArrayBuffer> {
  const doc = new Y.Doc()
  doc.getText('content').insert(0, 'x')
  return Y.encodeStateAsUpdate(doc) as Uint8Array<ArrayBuffer>
}
