/** The routes of a Next.js app, as Next calls them. */

import { rolldown } from 'rolldown'
import { afterEach, expect, test, vi } from 'vitest'
import { createRoutes as createEdgeRoutes } from '../../src/next/edge.ts'
import { createRoutes, type Routes } from '../../src/next/index.ts'
import { getSystem } from '../../src/shared-system.ts'
import { createTestSystem } from '../../src/testing/index.ts'
import { post } from './support.ts'

afterEach(() => vi.unstubAllEnvs())

/** As `app/api/terrace/[...path]/route.ts` gets it. */
function ask(routes: Routes, path: string, init: RequestInit = {}): Promise<Response> {
  const request = new Request(`http://localhost:3000/api/terrace/${path}`, init)
  const parts = path.split('?')[0]!.split('/').map(decodeURIComponent)
  const method = (init.method ?? 'GET') as keyof Routes
  return routes[method](request, { params: Promise.resolve({ path: parts }) })
}

test('three lines serve all there is, below wherever the route is', async () => {
  await using test = await createTestSystem()
  const routes = createRoutes({ system: test.system })
  expect(await (await ask(routes, 'health/db')).json()).toEqual({ status: 'ok', database: 'connected' })
  expect((await ask(routes, 'stores/workspaces/create', post([{ id: 'a b', title: 'W' }]))).status).toBe(200)
  expect(await (await ask(routes, 'stores/workspaces/a%20b')).json()).toMatchObject({ title: 'W' })
  expect((await ask(routes, 'health/db', { method: 'HEAD' })).status).toBe(200)
  expect((await ask(routes, 'health/db', { method: 'OPTIONS' })).status).toBe(204)
  const note = await test.system.notes.create({ workspaceId: 'a b', title: 'N', text: 'Hello' })
  expect((await ask(routes, `notes/${note.id}/state`)).status).toBe(200)
})

test('the System is the shared one, which nobody opens before the first request', async () => {
  vi.stubEnv('DATABASE_URL', '')
  vi.stubEnv('TERRACE_DB_DRIVER', 'memory')
  await using shared = getSystem()
  await shared.workspaces.create({ id: 'here', title: 'Here' })
  const routes = createRoutes()
  expect(await (await ask(routes, 'stores/workspaces/here')).json()).toMatchObject({ title: 'Here' })
})

test('a configuration that makes no sense is said to this side, and asked for again', async () => {
  vi.stubEnv('TERRACE_DB_DRIVER', 'nonsense')
  const errors: unknown[] = []
  const routes = createRoutes({ onError: (error) => errors.push(error) })
  const health = await ask(routes, 'health/db')
  expect(health.status).toBe(503)
  expect(await health.json()).toMatchObject({ reason: expect.stringContaining('TERRACE_DB_DRIVER') })
  const answer = await ask(routes, 'stores/tasks')
  expect(answer.status).toBe(503)
  expect(await answer.json()).toMatchObject({ error: { code: 'CONFIG' } })
  expect(String(errors[0])).toContain('nonsense')
  vi.stubEnv('TERRACE_DB_DRIVER', 'memory')
  await using _shared = getSystem()
  expect((await ask(routes, 'health/db')).status).toBe(200)
})

test('on the edge runtime it says what to write, and loads nothing', async () => {
  vi.stubEnv('NEXT_RUNTIME', 'edge')
  // Bundlers for that runtime get the second one.
  for (const routes of [createRoutes(), createEdgeRoutes()]) {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
      const answer = await ask(routes, 'health/db', { method })
      expect(answer.status).toBe(501)
      const { error } = (await answer.json()) as { error: { message: string } }
      expect(error.message).toContain("export const runtime = 'nodejs'")
    }
  }
})

test('what the edge runtime gets has the names of the other, and nothing of Node', async () => {
  expect(Object.keys(await import('../../src/next/edge.ts')).sort()).toEqual(
    Object.keys(await import('../../src/next/index.ts')).sort(),
  )
  const bundled = await rolldown({ input: 'src/next/edge.ts', platform: 'browser', external: [] })
  const { output } = await bundled.generate({ format: 'esm' })
  expect(output).toHaveLength(1)
  expect(output[0].imports).toEqual([])
})
