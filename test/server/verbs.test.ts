/** Every verb of every store over HTTP: what is served does what it does at home, and nothing beyond. */

import { expect, test } from 'vitest'
import { everything } from '../../src/conformance/expect.ts'
import { everyCall, seed } from '../../src/conformance/verbs.ts'
import { encode } from '../../src/server/codec.ts'
import { surface } from '../../src/server/surface.ts'
import { createStores } from '../../src/stores/stores.ts'
import { createTestSystem } from '../../src/testing/index.ts'
import { ask, codeOf, post, Refused, remote, serve, servedCalls } from './support.ts'

/** What stays inside: it takes functions, or answers what is alive. */
const INSIDE = new Set([
  'agents.reconcile',
  'backgroundTasks.work',
  'notes.open',
  'notes.saved',
  'notes.close',
  'notes.watch',
  'notes.presence',
])

test('every verb of every store is served, or named as what stays inside', async () => {
  await using local = await createTestSystem()
  const all = Object.entries(createStores(local.system.engine)).flatMap(([store, verbs]) =>
    Object.keys(verbs).map((verb) => `${store}.${verb}`),
  )
  const served = Object.entries(surface).flatMap(([store, { verbs }]) =>
    Object.keys(verbs).map((verb) => `${store}.${verb}`),
  )
  expect(served.toSorted()).toEqual(all.filter((name) => !INSIDE.has(name)).toSorted())
  expect(all.filter((name) => INSIDE.has(name))).toHaveLength(INSIDE.size)
})

const names = servedCalls(everyCall(remote({ fetch: fail }), {} as never)).map(([name]) => name)

test.each(names)('%s answers over HTTP what it answers at home', async (name) => {
  await using far = await serve()
  await using near = await createTestSystem()
  const there = everyCall(remote(far.handler), await seed(far.system))
  const here = everyCall(near.system, await seed(near.system))
  const call = (calls: typeof here) => new Map(servedCalls(calls)).get(name)!
  const [expected, answered] = [await outcome(call(here)), await outcome(call(there))]
  expect(answered).toEqual(expected)
  expect(stable(await everything(far.system.engine))).toEqual(stable(await everything(near.system.engine)))
})

test('reads are reads: no caller without `write` changes anything, and all reads are theirs', async () => {
  await using far = await serve({ authorize: () => ({ everything: true }) })
  const at = await seed(far.system)
  const before = await everything(far.system.engine)
  for (const [name, call] of servedCalls(everyCall(remote(far.handler), at))) {
    const [store, verb] = name.split('.') as [string, string]
    const answer = await call().catch((error: unknown) => error)
    const isRefused = answer instanceof Refused && answer.status === 403
    expect(isRefused, name).toBe(surface[store]!.verbs[verb]!.isWrite)
  }
  expect(await everything(far.system.engine)).toEqual(before)
})

test('times are ISO texts and bytes are base64, both ways', async () => {
  await using far = await serve()
  const { id: workspaceId } = await far.system.workspaces.create({ title: 'W' })
  const runAt = '2031-02-03T04:05:06.007Z'
  const job = await ask(
    far.handler,
    '/stores/backgroundTasks/enqueue',
    post([{ workspaceId, kind: 'k', runAt }]),
  )
  expect(job).toMatchObject({ status: 200, body: { runAt, status: 'scheduled' } })
  expect((await far.system.backgroundTasks.list()).items[0]!.runAt).toEqual(new Date(runAt))
  const found = async (query: string) => (await ask(far.handler, `/stores/backgroundTasks?${query}`)).body
  expect(await found(`runAt=${runAt}`)).toMatchObject({ items: [{ kind: 'k' }] })
  expect(await found('runAt=2031-02-03T04:05:06.008Z')).toMatchObject({ items: [] })

  const note = await far.system.notes.create({ workspaceId, title: 'N', text: 'Hello' })
  const since = await ask(far.handler, '/stores/notes/since', post([note.id, null]))
  const { updates } = since.body as { updates: { update: string }[] }
  const copy = await far.system.notes.create({ workspaceId, title: 'Copy' })
  const args = [copy.id, updates[0]!.update]
  expect((await ask(far.handler, '/stores/notes/applyUpdate', post(args))).status).toBe(200)
  expect((await far.system.notes.read(copy.id)).text).toBe('Hello')
})

test.each([
  ['a number', 5],
  ['no time', 'tomorrow'],
  ['a day without a time', '2026-01-31'],
  ['a day that its month does not have', '2026-02-31T00:00:00Z'],
  ['an hour that there is not', '2026-01-31T25:00:00Z'],
  ['a year beyond', '+012026-01-31T00:00:00Z'],
  ['a list', ['2026-01-31T00:00:00Z']],
])('a time that is %s is refused, by its column', async (_what, runAt) => {
  await using far = await serve()
  const answer = await ask(
    far.handler,
    '/stores/backgroundTasks/enqueue',
    post([{ workspaceId: 'w', kind: 'k', runAt }]),
  )
  expect(answer).toMatchObject({
    status: 400,
    body: { error: { code: 'VALIDATION', table: 'backgroundTasks', column: 'runAt' } },
  })
})

test('a list is asked for by a URL', async () => {
  await using far = await serve()
  const { id: workspaceId } = await far.system.workspaces.create({ title: 'W' })
  for (const [title, priority] of [
    ['a', 1],
    ['b', 2],
    ['c', 2],
    ['d', 3],
  ] as const) {
    await far.system.tasks.create({ id: title, workspaceId, title, priority })
  }
  await far.system.tasks.start('d')
  const list = async (query: string) => {
    const { body } = await ask(far.handler, `/stores/tasks?${query}`)
    const { items, next } = body as { items: { id: string }[]; next: string | null }
    return { ids: items.map(({ id }) => id).join(''), next }
  }
  expect((await list('order=-priority,-createdAt')).ids).toBe('dcba')
  expect((await list('status=ready')).ids).toBe('abc')
  expect((await list('status=ready&status=running&priority=3')).ids).toBe('d')
  expect((await list('assigneeId=')).ids).toBe('abcd')
  expect((await list('search=B')).ids).toBe('b')
  expect((await list('archived=true')).ids).toBe('')
  const first = await list('limit=3')
  expect(first.ids).toBe('abc')
  expect(await list(`limit=3&after=${first.next}`)).toEqual({ ids: 'd', next: null })
  const messages = await far.system.conversations.create({ workspaceId })
  await far.system.messages.append(messages.id, { role: 'user', content: 'Hello' })
  const said = await ask(far.handler, `/stores/messages?conversationId=${messages.id}&order=-seq`)
  expect(said.body).toMatchObject({ items: [{ content: 'Hello' }], next: null })
})

test('one row is asked for by its id, or by what a store has instead', async () => {
  await using far = await serve()
  const { id } = await far.system.workspaces.create({ id: 'a b/ü', title: 'W' })
  await far.system.settings.set('app', 'theme', { dark: true })
  expect((await ask(far.handler, `/stores/workspaces/${encodeURIComponent(id)}`)).body).toMatchObject({ id })
  expect((await ask(far.handler, '/stores/settings/app/theme')).body).toEqual({ dark: true })
  const nothing = await ask(far.handler, '/stores/workspaces/nothing')
  expect([nothing.status, codeOf(nothing)]).toEqual([404, 'NOT_FOUND'])
  const body = await ask(far.handler, '/stores/workspaces/get', post(['nothing']))
  expect([body.status, body.body]).toEqual([200, null])
})

test.each([
  ['/stores/tasks?limit=1001', 400, 'VALIDATION'],
  ['/stores/tasks?limit=many', 400, 'VALIDATION'],
  ['/stores/tasks?limit=1&limit=2', 400, 'VALIDATION'],
  ['/stores/tasks?nothing=1', 400, 'VALIDATION'],
  ['/stores/tasks?order=nothing', 400, 'VALIDATION'],
  ['/stores/tasks?after=nonsense', 400, 'VALIDATION'],
  ['/stores/tasks?status=nonsense', 400, 'VALIDATION'],
  ['/stores/tasks?priority=many', 400, 'VALIDATION'],
  ['/stores/messages', 400, 'VALIDATION'],
  ['/stores/messages?conversationId=a&role=user', 400, 'VALIDATION'],
  ['/stores/leases/deploy', 404, 'NO_ROUTE'],
  ['/stores/settings/app', 404, 'NO_ROUTE'],
  ['/stores/constructor', 404, 'NO_ROUTE'],
  ['/stores/nothing/id', 404, 'NO_ROUTE'],
  ['/stores', 404, 'NO_ROUTE'],
  ['/stores/tasks/%ff', 400, 'MALFORMED'],
  ['/nothing', 404, 'NO_ROUTE'],
  ['/', 404, 'NO_ROUTE'],
])('GET %s is answered by %i, %s', async (path, status, code) => {
  await using far = await serve()
  const answer = await ask(far.handler, path)
  expect([answer.status, codeOf(answer)]).toEqual([status, code])
})

test.each([
  ['a body that is no list', 'tasks/get', '"t"', 400, 'MALFORMED'],
  ['a body that is no JSON', 'tasks/get', '[', 400, 'MALFORMED'],
  ['no body', 'tasks/get', '', 400, 'MALFORMED'],
  ['too many arguments', 'tasks/get', '["t", {}, {}]', 400, 'VALIDATION'],
  ['options where none are taken', 'tasks/get', '["t", { "signal": {} }]', 400, 'VALIDATION'],
  ['an unknown option', 'tasks/update', '["t", {}, { "signal": {} }]', 400, 'VALIDATION'],
  ['options that are none', 'tasks/update', '["t", {}, 5]', 400, 'VALIDATION'],
  ['too high a limit', 'tasks/list', '[{}, { "limit": 1001 }]', 400, 'VALIDATION'],
  ['a limit that has no text', 'timers/claimDue', '[{ "limit": { "toString": 1 } }]', 400, 'VALIDATION'],
  ['no arguments', 'tasks/start', '[]', 400, 'VALIDATION'],
  ['a verb that stays inside', 'notes/open', '["n"]', 404, 'NO_ROUTE'],
  ['a verb that there is not', 'tasks/constructor', '[]', 404, 'NO_ROUTE'],
  ['an unknown id', 'tasks/start', '["nothing"]', 404, 'NOT_FOUND'],
  ['an unknown workspace', 'tasks/create', '[{ "workspaceId": "nothing", "title": "T" }]', 422, 'REFERENCE'],
])('%s: %s with %s is answered by %i, %s', async (_what, path, body, status, code) => {
  await using far = await serve()
  const answer = await ask(far.handler, `/stores/${path}`, { ...post([]), body })
  expect([answer.status, codeOf(answer)]).toEqual([status, code])
})

test('typed errors come with their fields, as conflicts where others were quicker', async () => {
  await using far = await serve()
  const at = await seed(far.system)
  const { handler } = far
  const changed = await ask(
    handler,
    '/stores/tasks/update',
    post([at.taskId, { title: 'T' }, { ifVersion: 9 }]),
  )
  expect(changed).toMatchObject({
    status: 409,
    body: { error: { code: 'VERSION_CONFLICT', table: 'tasks', id: at.taskId, expected: 9, current: 1 } },
  })
  const taken = await ask(
    handler,
    '/stores/tasks/create',
    post([{ id: at.taskId, workspaceId: at.workspaceId, title: 'T' }]),
  )
  expect(taken).toMatchObject({ status: 409, body: { error: { code: 'ALREADY_EXISTS', columns: ['id'] } } })
  const done = await ask(handler, '/stores/tasks/complete', post([at.taskId]))
  expect(done).toMatchObject({
    status: 409,
    body: { error: { code: 'INVALID_TRANSITION', status: 'ready' } },
  })
  const held = await ask(
    handler,
    '/stores/leases/acquire',
    post([at.leaseName, { workspaceId: at.workspaceId, holder: 'eve', ttl: '1h' }]),
  )
  expect(held).toMatchObject({ status: 409, body: { error: { code: 'LEASE_CONFLICT', holder: 'bob' } } })
  const stale = await ask(
    handler,
    '/stores/backgroundTasks/complete',
    post([{ id: at.runningJobId, fence: 7 }]),
  )
  expect(stale).toMatchObject({ status: 409, body: { error: { code: 'STALE_FENCE', fence: 7 } } })
})

async function fail(): Promise<never> {
  throw new Error('nobody is asked')
}

/** The answer as JSON has it, or the code of the error. */
async function outcome(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return stable(encode((await call()) ?? null))
  } catch (error) {
    return (error as { readonly code: string }).code
  }
}

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

/** Without what chance has a part in: ids by when they first appear, bytes of documents, cursors, pauses. */
function stable(value: unknown): unknown {
  const seen = new Map<string, string>()
  const text = JSON.stringify(encode(value), (key, item) => (VOLATILE.has(key) ? typeof item : item))
  const named = text.replace(ID, (id) => {
    if (!seen.has(id)) seen.set(id, `id ${seen.size}`)
    return seen.get(id)!
  })
  return JSON.parse(named)
}

const VOLATILE = new Set(['data', 'update', 'cursor', 'tailBytes', 'stateBytes', 'runAt'])
