/** Health, cron, events, limits and the end of it all. */

import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { seed } from '../../src/conformance/verbs.ts'
import { UnavailableError } from '../../src/errors.ts'
import { createHandler } from '../../src/server/index.ts'
import { getSystem } from '../../src/shared-system.ts'
import { createSystem, type System } from '../../src/system.ts'
import { ask, codeOf, follow, HOST, post, serve } from './support.ts'

afterEach(() => vi.unstubAllEnvs())

const everything = () => ({ everything: true, write: true }) as const

describe('health', () => {
  test('is two words when all is well, for whoever asks', async () => {
    await using far = await serve({ authorize: () => null, production: true })
    const answer = await ask(far.handler, '/health/db', { headers: { host: 'app.example' } })
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok', database: 'connected' }])
    const head = await ask(far.handler, '/health/db', { method: 'HEAD' })
    expect([head.status, head.body]).toEqual([200, ''])
  })

  test('says why not, and no password; and so does what needs the database', async () => {
    const errors: unknown[] = []
    const url = 'postgres://ada:s3cret@127.0.0.1:1/app'
    await using shared = getSystem({ url, env: { NODE_ENV: 'test' } })
    await using handler = createHandler({ system: shared, onError: (error) => errors.push(error) })
    // Together, because it is tried for ten seconds.
    const [health, list] = await Promise.all([ask(handler, '/health/db'), ask(handler, '/stores/tasks')])
    expect(health.status).toBe(503)
    expect(health.body).toMatchObject({
      status: 'error',
      database: 'disconnected',
      tier: 'postgres',
      driver: 'pg',
      reason: expect.stringContaining('127.0.0.1'),
    })
    expect([list.status, codeOf(list)]).toEqual([503, 'UNAVAILABLE'])
    expect(JSON.stringify([health, list, errors])).not.toContain('s3cret')
  })

  test('says so when the database says nothing', async () => {
    await using far = await serve()
    const silent = { ...far.system, health: () => new Promise<never>(() => {}) }
    await using handler = createHandler({ system: silent, limits: { timeoutMs: 20 } })
    const { status, body } = await ask(handler, '/health/db')
    expect([status, body]).toMatchObject([503, { status: 'error', database: 'disconnected' }])
  })
})

describe('what cannot be done now', () => {
  const failing = (system: System, error: unknown): System => ({
    ...system,
    in: () => {
      throw error
    },
  })

  test('is worth another try: 503', async () => {
    await using far = await serve()
    const system = failing(far.system, new UnavailableError('the database is busy'))
    await using handler = createHandler({ system, authorize: () => ({ workspaceId: 'w' }) })
    const answer = await ask(handler, '/stores/tasks')
    expect([answer.status, codeOf(answer), answer.headers.get('retry-after')]).toEqual([
      503,
      'UNAVAILABLE',
      '1',
    ])
  })

  test('is not: 500, and what it was stays on this side', async () => {
    await using far = await serve()
    const errors: unknown[] = []
    const mistake = new TypeError('postgres://ada:s3cret@db')
    await using handler = createHandler({
      system: failing(far.system, mistake),
      authorize: () => ({ workspaceId: 'w' }),
      onError(error) {
        errors.push(error)
        throw new Error('and the log is full')
      },
    })
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
    const answer = await ask(handler, '/stores/tasks')
    expect([answer.status, codeOf(answer)]).toEqual([500, 'INTERNAL'])
    expect(JSON.stringify(answer.body)).not.toContain('s3cret')
    expect(errors).toEqual([mistake])
    expect(printed).toHaveBeenCalledOnce()
    printed.mockRestore()
  })
})

test('a shared System is opened by the first request that needs it', async () => {
  await using shared = getSystem({ env: { NODE_ENV: 'test' } })
  await using handler = createHandler({ system: shared })
  expect((await ask(handler, '/stores/workspaces/create', post([{ id: 'w', title: 'W' }]))).status).toBe(200)
  expect(await shared.workspaces.get('w')).toMatchObject({ title: 'W' })
})

describe('cron', () => {
  const bearer = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } })

  test('does what is due, for who knows the secret', async () => {
    const done: string[] = []
    const handlers = { build: async ({ payload }: { payload: unknown }) => void done.push(String(payload)) }
    await using far = await serve({
      cronSecret: 's3cret',
      production: true,
      due: { handlers, budgetMs: 5000 },
    })
    const { id: workspaceId } = await far.system.workspaces.create({ title: 'W' })
    await far.system.backgroundTasks.enqueue({ workspaceId, kind: 'build', payload: 'it' })
    for (const wrong of ['s3cre', 's3crets', '', 'S3CRET']) {
      expect((await ask(far.handler, '/cron', bearer(wrong))).status).toBe(401)
    }
    expect((await ask(far.handler, '/cron')).status).toBe(401)
    expect(done).toEqual([])
    const answer = await ask(far.handler, '/cron', bearer('s3cret'))
    expect([answer.status, answer.body]).toMatchObject([200, { jobs: 1, isIdle: true }])
    expect(done).toEqual(['it'])
    expect((await ask(far.handler, '/cron', { method: 'POST', ...bearer('s3cret') })).status).toBe(200)
    expect((await ask(far.handler, '/cron', { method: 'HEAD', ...bearer('s3cret') })).status).toBe(405)
  })

  test('has its secret from the environment', async () => {
    vi.stubEnv('CRON_SECRET', 'of the host')
    await using far = await serve({ production: true })
    expect((await ask(far.handler, '/cron', bearer('of the host'))).status).toBe(200)
    expect((await ask(far.handler, '/cron', bearer('another'))).status).toBe(401)
  })

  test.each([undefined, ''])(
    'without a secret (%j) nobody rings in production, and this machine elsewhere',
    async (cronSecret) => {
      vi.stubEnv('CRON_SECRET', '')
      await using far = await serve({ production: true, cronSecret })
      expect((await ask(far.handler, '/cron', bearer(''))).status).toBe(403)
      await using here = await serve({ cronSecret })
      expect((await ask(here.handler, '/cron')).status).toBe(200)
      const proxied = { headers: { 'x-forwarded-for': '192.0.2.1' } }
      expect((await ask(here.handler, '/cron', proxied)).status).toBe(403)
    },
  )
})

describe('events', () => {
  test('tell of notes at once and of rows soon, of this workspace alone', async () => {
    await using far = await serve({ authorize: everything, limits: { pollMs: 10 } })
    const { system, handler } = far
    const [at, other] = [await seed(system), await seed(system)]
    await using events = await follow(handler, `/events?workspaceId=${at.workspaceId}`)
    await expect.poll(() => events.names()).toEqual(['ready'])
    await system.notes.append(other.noteId, '!')
    await system.tasks.start(other.taskId)
    await system.notes.append(at.noteId, '!')
    await expect.poll(() => events.all()).toContain(`note ${at.noteId} edited`)
    await system.tasks.start(at.taskId)
    await expect.poll(() => events.all()).toContain('changed tasks')
    await system.backgroundTasks.delete(at.jobId)
    await expect.poll(() => events.all()).toContain('changed backgroundTasks')
    await system.agents.heartbeat(at.agentId)
    far.clock.advance(1000)
    await system.agents.heartbeat(at.agentId)
    await expect.poll(() => events.all()).toContain('changed agents')
    await system.workspaces.archive(at.workspaceId)
    await expect.poll(() => events.all()).toContain('changed workspaces')
    expect(events.all().filter((text) => text.includes(other.noteId))).toEqual([])
    expect(events.all()).not.toContain('changed teams')
  })

  test('tell of those stores that are asked for, also to who joins others', async () => {
    await using far = await serve({ authorize: everything, limits: { pollMs: 10 } })
    const { system, handler } = far
    const at = await seed(system)
    const place = `/events?workspaceId=${at.workspaceId}`
    await using tasks = await follow(handler, `${place}&store=tasks`)
    await expect.poll(() => tasks.names()).toEqual(['ready'])
    await using both = await follow(handler, `${place}&store=teams&store=tasks`)
    await expect.poll(() => both.names()).toEqual(['ready'])
    await system.teams.update(at.teamId, { name: 'Changed' })
    await expect.poll(() => both.all()).toContain('changed teams')
    await system.tasks.start(at.taskId)
    await expect.poll(() => tasks.all()).toContain('changed tasks')
    await expect.poll(() => both.all()).toContain('changed tasks')
    expect(tasks.all()).not.toContain('changed teams')
    expect((await ask(handler, `${place}&store=nothing`)).status).toBe(400)
    expect((await ask(handler, '/events')).status).toBe(400)
    expect((await ask(handler, '/events?workspaceId=nothing')).status).toBe(404)
  })

  test('what is written by this handler is told at once, however seldom it looks', async () => {
    await using far = await serve({ authorize: everything, limits: { pollMs: 600_000 } })
    const at = await seed(far.system)
    await using events = await follow(far.handler, `/events?workspaceId=${at.workspaceId}`)
    await expect.poll(() => events.names()).toEqual(['ready'])
    await ask(far.handler, '/stores/tasks/start', post([at.taskId]))
    await expect.poll(() => events.all()).toContain('changed tasks')
  })

  test('a quiet stream shows signs of life, and ends when its reader may not be there any more', async () => {
    let isWelcome = true
    await using far = await serve({
      limits: { heartbeatMs: 10 },
      authorize: () => (isWelcome ? { everything: true } : null),
    })
    const { workspaceId } = await seed(far.system)
    await using events = await follow(far.handler, `/events?workspaceId=${workspaceId}`)
    await expect.poll(() => events.comments()).toBeGreaterThan(1)
    isWelcome = false
    await events.ended
    expect(events.names()).toEqual(['ready', 'refused'])
  })

  test('a stream of events or of a note ends when its reader is granted another workspace', async () => {
    let workspaceId = ''
    await using far = await serve({ limits: { heartbeatMs: 10 }, authorize: () => ({ workspaceId }) })
    const [mine, theirs] = [await seed(far.system), await seed(far.system)]
    workspaceId = mine.workspaceId
    await using events = await follow(far.handler, '/events')
    const note = await far.handler.fetch(new Request(`${HOST}/notes/${mine.noteId}/events`))
    const text = note.text()
    await expect.poll(() => events.comments()).toBeGreaterThan(1)
    workspaceId = theirs.workspaceId
    await events.ended
    expect(events.names()).toEqual(['ready', 'refused'])
    expect(await text).toContain('event: refused')
  })

  test('streams are counted, and end with their reader, the handler or the System', async () => {
    await using far = await serve({ authorize: everything, limits: { streams: 2, pollMs: 10 } })
    const { handler, system } = far
    const { workspaceId } = await seed(system)
    const place = `/events?workspaceId=${workspaceId}`
    const first = await follow(handler, place)
    await using second = await follow(handler, place)
    const third = await ask(handler, place)
    expect([third.status, codeOf(third), third.headers.get('retry-after')]).toEqual([429, 'TOO_MANY', '1'])
    await expect.poll(() => first.names()).toEqual(['ready'])
    await first[Symbol.asyncDispose]()
    await using fourth = await follow(handler, place)
    await expect.poll(() => fourth.names()).toEqual(['ready'])
    expect((await handler.fetch(new Request(`${HOST}${place}`, { method: 'HEAD' }))).status).toBe(429)
    await handler.close()
    await Promise.all([second.ended, fourth.ended])
  })

  test('a stream ends with the System', async () => {
    const system = await createSystem({ env: {} })
    await using handler = createHandler({ system, limits: { pollMs: 10 } })
    const { id } = await system.workspaces.create({ title: 'W' })
    await using events = await follow(handler, `/events?workspaceId=${id}`)
    await expect.poll(() => events.names()).toEqual(['ready'])
    await system.close()
    await events.ended
    expect((await ask(handler, `/events?workspaceId=${id}`)).status).toBe(503)
  })

  test('a caller who has left before there is anything leaves nothing behind', async () => {
    await using far = await serve({ authorize: everything, limits: { streams: 1 } })
    const { workspaceId } = await seed(far.system)
    for (let i = 0; i < 5; i++) {
      const abort = new AbortController()
      const request = new Request(`${HOST}/events?workspaceId=${workspaceId}`, { signal: abort.signal })
      const response = await far.handler.fetch(request)
      expect(response.status).toBe(200)
      abort.abort()
      await response.body?.cancel().catch(() => {})
    }
  })
})

describe('limits', () => {
  test('of a body, said or not', async () => {
    await using far = await serve({ limits: { bodyBytes: 100 } })
    const said = await ask(far.handler, '/stores/tasks/get', post(['x'.repeat(100)]))
    expect([said.status, codeOf(said)]).toEqual([413, 'TOO_LARGE'])
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent++
        controller.enqueue(new TextEncoder().encode('[                 '))
      },
    })
    // The cast: `duplex` is Node's.
    const init = { ...post([]), body, duplex: 'half' } as RequestInit
    expect((await ask(far.handler, '/stores/tasks/get', init)).status).toBe(413)
    expect(sent).toBeLessThan(20)
    expect((await ask(far.handler, '/stores/tasks/get', post(['x'.repeat(90)]))).status).toBe(200)
  })

  test('of a list', async () => {
    await using far = await serve({ limits: { listRows: 2 } })
    const { id: workspaceId } = await far.system.workspaces.create({ title: 'W' })
    for (const name of ['a', 'b', 'c']) await far.system.teams.create({ workspaceId, name })
    const length = async (path: string, init?: RequestInit) =>
      ((await ask(far.handler, path, init)).body as { items: unknown[] }).items.length
    expect(await length('/stores/teams')).toBe(2)
    expect(await length('/stores/teams/list', post([{}]))).toBe(2)
    expect(await length('/stores/teams?limit=1')).toBe(1)
    expect((await ask(far.handler, '/stores/teams?limit=3')).status).toBe(400)
  })

  test('of time, and of requests at once', async () => {
    let isSlow = true
    await using far = await serve({
      authorize: async () => {
        if (isSlow) await sleep(200)
        return everything()
      },
      limits: { timeoutMs: 20, requests: 2 },
    })
    const answers = await Promise.all([1, 2, 3].map(() => ask(far.handler, '/stores/tasks')))
    const codes = answers.map((answer) => [answer.status, codeOf(answer)])
    expect(codes.filter(([status]) => status === 503)).toEqual([
      [503, 'TIMEOUT'],
      [503, 'TIMEOUT'],
    ])
    expect(codes.filter(([status]) => status === 429)).toEqual([[429, 'TOO_MANY']])
    isSlow = false
    expect((await ask(far.handler, '/stores/tasks')).status).toBe(200)
  })
})

test.each([
  ['PUT', '/stores/tasks/t', 'GET, POST'],
  ['DELETE', '/stores/tasks/t', 'GET, POST'],
  ['POST', '/stores/tasks', 'GET'],
  ['POST', '/health/db', 'GET'],
  ['POST', '/events', 'GET'],
  ['DELETE', '/cron', 'GET, POST'],
  ['PATCH', '/notes/n/state', 'GET, POST'],
])('%s %s is refused, and told what is not', async (method, path, allowed) => {
  await using far = await serve()
  const answer = await ask(far.handler, path, { method })
  expect([answer.status, codeOf(answer), answer.headers.get('allow')]).toEqual([405, 'METHOD', allowed])
})

test('everything is beneath the base path, however that is written', async () => {
  for (const basePath of ['/api/terrace', 'api/terrace/', '//api//terrace']) {
    await using far = await serve({ basePath })
    expect((await ask(far.handler, '/api/terrace/health/db')).status).toBe(200)
    expect((await ask(far.handler, '/api/terrace/health/db/')).status).toBe(200)
    const { noteId } = await seed(far.system)
    expect((await ask(far.handler, `/api/terrace/notes/${noteId}/state`)).status).toBe(200)
    for (const path of ['/health/db', '/api/terracehealth/db', '/api/terrace', '/api']) {
      expect((await ask(far.handler, path)).status, path).toBe(404)
    }
  }
})

test('answers are kept by nobody, and taken for nothing else', async () => {
  await using far = await serve()
  const { headers } = await ask(far.handler, '/stores/tasks')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
})

test('once closed, it answers so; the System stays open', async () => {
  await using far = await serve()
  const { noteId } = await seed(far.system)
  expect((await ask(far.handler, `/notes/${noteId}/state`)).status).toBe(200)
  await far.handler.close()
  for (const path of ['/health/db', '/stores/tasks', `/notes/${noteId}/state`]) {
    const answer = await ask(far.handler, path)
    expect([answer.status, codeOf(answer)]).toEqual([503, 'CLOSED'])
  }
  expect(await far.system.tasks.count()).toBeGreaterThan(0)
})
