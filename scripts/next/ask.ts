/** Asks an app what it should answer, as a browser and as a program. */

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'

export interface Asked {
  readonly tier: 'memory' | 'sqlite' | 'postgres'
  readonly driver: string
}

type Json = Record<string, unknown>

/** Writes and reads through one route, and finds it in another, on a page, and after a server action. */
export async function askForAll(url: string, { tier, driver }: Asked): Promise<void> {
  const open = `${url}/api/open`
  await opened(open)
  const health = await json(`${open}/health`)
  deepStrictEqual([health.status, health.tier, health.driver], ['ok', tier, driver])
  // Without `authorize`, in production, nobody gets further than that.
  deepStrictEqual(await json(`${url}/api/terrace/health/db`), { status: 'ok', database: 'connected' })

  await post(`${open}/stores/workspaces/create`, { id: 'w', title: 'W' })
  await post(`${open}/stores/tasks/create`, { workspaceId: 'w', title: 'by a route' })
  await post(`${open}/stores/notes/create`, { id: 'n', workspaceId: 'w', title: 'N', text: 'Hello' })
  // More than is compacted without the worker.
  await post(`${open}/stores/notes/append`, 'n', ', world'.repeat(3000))
  strictEqual(await post(`${open}/stores/notes/compact`, 'n'), true)
  const read = (await post(`${open}/stores/notes/read`, 'n')) as Json
  match(String(read.text), /^Hello(, world){3000}$/)

  await act(`${url}/tasks`, 'by an action')
  const second = await json(`${url}/api/second`)
  deepStrictEqual(
    { titles: [...(second.titles as string[])].sort(), yours: second.yours, systems: second.systems },
    { titles: ['by a route', 'by an action'], yours: true, systems: 1 },
  )
  const page = await (await fetch(`${url}/tasks`)).text()
  ok(page.includes('<li>by a route</li>') && page.includes('<li>by an action</li>'), page)
}

/** PGlite, on a busy machine, takes longer to be made than a request may. */
async function opened(open: string): Promise<void> {
  const deadline = Date.now() + 120_000
  for (;;) {
    const health = await json(`${open}/health/db`)
    if (/^no answer within/.test(String(health.reason)) && Date.now() < deadline) continue
    deepStrictEqual(health, { status: 'ok', database: 'connected' })
    return
  }
}

/** The form of a page, sent as a browser does that runs no script. */
async function act(url: string, title: string): Promise<void> {
  const page = await (await fetch(url)).text()
  const [, action] = /name="(\$ACTION_ID_\w+)"/.exec(page) ?? []
  ok(action, `there is no action on the page:\n${page}`)
  const form = new FormData()
  form.set(action, '')
  form.set('title', title)
  const answer = await fetch(url, { method: 'POST', body: form, headers: { origin: new URL(url).origin } })
  strictEqual(answer.status, 200, await answer.text())
}

export async function json(url: string): Promise<Json> {
  const response = await fetch(url)
  // The cast: it is looked at by who asks.
  return (await response.json()) as Json
}

export async function statusOf(url: string): Promise<number> {
  const response = await fetch(url)
  await response.body?.cancel()
  return response.status
}

export async function post(url: string, ...args: readonly unknown[]): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(args) })
  const text = await response.text()
  ok(response.ok, `POST ${url}: ${response.status} ${text}`)
  return JSON.parse(text)
}
