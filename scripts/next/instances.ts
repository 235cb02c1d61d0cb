/** Many writers, jobs and crons on several instances over one database: nothing is lost, and nothing is done twice. */

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'

/** Of each kind, over all instances. */
const WRITES = 90
const CALLERS = 15

interface Secrets {
  readonly API_TOKEN: string
  readonly CRON_SECRET: string
}

export async function workOn(instances: readonly string[], secrets: Secrets): Promise<void> {
  const ask = asker(secrets)
  const one = instances[0]!
  await ask(`${one}/api/terrace/stores/workspaces/create`, [{ id: 'w', title: 'W' }])
  await ask(`${one}/api/terrace/stores/conversations/create`, [{ id: 'c', workspaceId: 'w' }])
  await ask(`${one}/api/terrace/stores/notes/create`, [{ id: 'n', workspaceId: 'w', title: 'N', text: '' }])
  const numbers = Array.from({ length: WRITES }, (_, i) => i)
  const crons = ringing(instances, secrets)

  await each(numbers, async (i) => {
    const url = instances[i % instances.length]!
    await ask(`${url}/api/terrace/stores/messages/append`, ['c', { role: 'user', content: `m${i}` }])
    await ask(`${url}/api/terrace/stores/notes/append`, ['n', `${i};`])
    // A job, which some instance runs after it has answered.
    await ask(`${url}/api/review`, { workspaceId: 'w', file: `${i}` })
  })
  const rung = await crons.stop()
  ok(rung > 0, 'the cron was never answered')

  // Whoever took a job up is done soon; what nobody has is for the next cron.
  const files = await until(async () => {
    await ring(one, secrets)
    const { items } = (await ask(`${one}/api/terrace/stores/tasks?limit=1000`)) as {
      items: { title: string }[]
    }
    return items.length >= WRITES ? items.map(({ title }) => title) : undefined
  })
  // A moment more, in which a job that runs twice would show.
  await setTimeout(1000)
  deepStrictEqual(files.sort(), numbers.map((i) => `Read ${i}`).sort())
  strictEqual(await ask(`${one}/api/terrace/stores/tasks/count`, [{}]), WRITES)

  const { items } = (await ask(
    `${one}/api/terrace/stores/messages?conversationId=c&limit=1000&order=seq`,
  )) as { items: { seq: number; content: string }[] }
  deepStrictEqual(
    items.map(({ seq }) => seq),
    numbers.map((i) => i + 1),
  )
  deepStrictEqual(items.map(({ content }) => content).sort(), numbers.map((i) => `m${i}`).sort())
  for (const url of instances) {
    const { text } = (await ask(`${url}/api/terrace/stores/notes/read`, ['n'])) as { text: string }
    match(text, /;$/)
    deepStrictEqual(text.slice(0, -1).split(';').map(Number).sort(ascending), numbers)
  }
}

const ascending = (a: number, b: number) => a - b

function asker({ API_TOKEN }: Secrets) {
  return async (url: string, body?: unknown): Promise<unknown> => {
    const headers = { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json' }
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const response = await fetch(url, { headers, ...init })
    const text = await response.text()
    ok(response.ok, `${url}: ${response.status} ${text}`)
    return JSON.parse(text)
  }
}

/** As Vercel's cron does, at every instance and more often. */
function ringing(instances: readonly string[], secrets: Secrets) {
  let stopped = false
  const rings = Promise.all(
    instances.map(async (url) => {
      let rung = 0
      while (!stopped) {
        await ring(url, secrets)
        rung++
        await setTimeout(50)
      }
      return rung
    }),
  )
  return {
    async stop(): Promise<number> {
      stopped = true
      return Math.min(...(await rings))
    },
  }
}

async function ring(url: string, { CRON_SECRET }: Secrets): Promise<void> {
  const headers = { authorization: `Bearer ${CRON_SECRET}` }
  const response = await fetch(`${url}/api/terrace/cron`, { headers })
  ok(response.ok, `the cron: ${response.status} ${await response.text()}`)
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  const caller = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > deadline) throw new Error('jobs are left over after a minute')
    await setTimeout(200)
  }
}
