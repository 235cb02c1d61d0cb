/** How soon a job that another process enqueues begins, and what it costs to tell of it. */

import { runChild } from '../../test/support/child.ts'
import { type PostgresServer, startPostgres } from '../../test/support/postgres-server.ts'
import type { EnqueuerOptions } from '../children/enqueuer.ts'
import { count, createWorkspace, JOB, KIND } from '../fixtures/jobs.ts'
import { openPostgres } from '../fixtures/postgres.ts'
import { openBoss, openGraphile, QUEUE } from '../fixtures/queue-peers.ts'
import { awaited, cost, crowd, quick, race } from '../measure.ts'
import { absolute, type Group, type Row } from '../row.ts'

const JOBS = quick ? 40 : 300
const CALLERS = 10

export async function queuePickup(): Promise<Group> {
  await using server = await startPostgres({ durable: true })
  return {
    title: 'Jobs, from one process to another',
    method: `One process enqueues ${count(JOBS)} jobs, one every 40 to 80 ms, and a worker in another runs them: from when \`enqueue\` has answered to when the handler begins. pg-boss has its own notifications on, which are off by default. What telling costs is measured with somebody listening, against enqueueing that tells nobody.`,
    rows: [...(await pickingUp(server)), ...(await telling(server))],
  }
}

const SLOW_PICKUP =
  'two statements come between: the notification, sent after the commit, and the claim, which is a commit of its own and waits for the disk before the handler begins.'

type Queue = EnqueuerOptions['queue']
type Begin = (payload: unknown) => void

/** Each begins to work, and answers how to stop. */
const workers: Readonly<Record<Queue, (url: string, begin: Begin) => Promise<() => Promise<unknown>>>> = {
  async terrace(url, begin) {
    const system = await openPostgres(url)
    await createWorkspace(system)
    system.backgroundTasks.work({ [KIND]: ({ payload }) => begin(payload) })
    return () => system.close()
  },
  async 'pg-boss'(url, begin) {
    const boss = await openBoss(url, { notify: true })
    await boss.work(QUEUE, async ([job]) => begin(job!.data))
    return () => boss.stop({ graceful: false })
  },
  async 'graphile-worker'(url, begin) {
    const graphile = await openGraphile(url)
    const stop = graphile.run({ [QUEUE]: begin }, 1)
    return async () => {
      await stop()
      await graphile[Symbol.asyncDispose]()
    }
  },
}

async function pickingUp(server: PostgresServer): Promise<Row[]> {
  const rows: Row[] = []
  for (const queue of ['terrace', 'pg-boss', 'graphile-worker'] as const) {
    const url = await server.createDatabase(`pickup_${queue.replace('-', '_')}`)
    const sorted = await latencies(queue, url)
    const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!
    rows.push({
      work:
        queue === 'terrace'
          ? 'a job begins after it was enqueued elsewhere'
          : `the same with ${queue}, for orientation`,
      unit: 'ms',
      target: queue === 'terrace' ? { atMost: 2 } : null,
      measured: { median: at(0.5), min: at(0), max: at(1) },
      ...(queue === 'terrace' && { ifMissed: SLOW_PICKUP }),
      note: `99 of 100 within ${at(0.99).toFixed(1)} ms; the least and the most beside it`,
    })
  }
  return rows
}

/** Milliseconds, sorted. */
async function latencies(queue: Queue, url: string): Promise<number[]> {
  const begunAt: number[] = []
  const { promise: allBegun, resolve } = Promise.withResolvers<void>()
  let begun = 0
  const stop = await workers[queue](url, (payload) => {
    begunAt[(payload as { readonly i: number }).i] = performance.timeOrigin + performance.now()
    if (++begun === JOBS) resolve()
  })
  const orders: EnqueuerOptions = { queue, url, jobs: JOBS }
  const program = new URL('../children/enqueuer.ts', import.meta.url)
  const { code, lines, stderr } = await runChild(program, { args: [JSON.stringify(orders)] })
  if (code !== 0) throw new Error(`the process that enqueues failed: ${stderr}`)
  await allBegun
  await stop()
  return lines
    .map((line) => JSON.parse(line) as [job: number, calledAt: number, storedAt: number])
    .map(([job, , storedAt]) => Math.max(0, begunAt[job]! - storedAt))
    .sort((a, b) => a - b)
}

async function telling(server: PostgresServer): Promise<Row[]> {
  const open = async (name: string) => {
    const url = await server.createDatabase(`telling_${name}`)
    const system = await openPostgres(url)
    await createWorkspace(system)
    const listener = await openPostgres(url)
    await listener.engine.listen('terrace.jobs', () => {})
    return {
      system,
      async [Symbol.asyncDispose]() {
        await listener.close()
        await system.close()
      },
    }
  }
  await using loud = await open('loud')
  await using mute = await open('mute')
  Object.assign(mute.system.engine, { notify: async () => {} })
  const enqueue = ({ system }: typeof loud) => system.backgroundTasks.enqueue(JOB)
  const rows: Row[] = []
  for (const callers of [1, CALLERS]) {
    const side = (name: string, where: typeof loud) =>
      callers === 1 ? awaited(name, () => enqueue(where)) : crowd(name, callers, () => enqueue(where))
    const [told, untold] = await race([side('told', loud), side('not told', mute)], callers)
    rows.push({
      work: `enqueue with its notifications, ${callers === 1 ? 'one caller' : `${callers} callers`}`,
      unit: '× the time without',
      target: { atMost: 1.1 },
      measured: cost(told!, untold!),
      absolute: absolute(told!, untold!),
      ifMissed:
        'at most one notification in 20 ms is sent, beside the inserts: the longer these wait for the disk, the more of them there are to an insert.',
    })
  }
  return rows
}
