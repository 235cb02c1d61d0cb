/**
 * A process that enqueues jobs for a worker elsewhere: `node enqueuer.ts <EnqueuerOptions as JSON>`. It says of each
 * when it was stored, by the clock that processes of a machine share.
 */

import { setTimeout } from 'node:timers/promises'
import { KIND, WORKSPACE } from '../fixtures/jobs.ts'
import { openPostgres } from '../fixtures/postgres.ts'
import { openBoss, openGraphile, QUEUE } from '../fixtures/queue-peers.ts'

export interface EnqueuerOptions {
  readonly queue: 'terrace' | 'pg-boss' | 'graphile-worker'
  readonly url: string
  readonly jobs: number
}

const { queue, url, jobs }: EnqueuerOptions = JSON.parse(process.argv[2]!)

async function open(): Promise<AsyncDisposable & { enqueue(payload: object): Promise<unknown> }> {
  if (queue === 'terrace') {
    const system = await openPostgres(url)
    return {
      enqueue: (payload) =>
        system.backgroundTasks.enqueue({ workspaceId: WORKSPACE, kind: KIND, payload: { ...payload } }),
      [Symbol.asyncDispose]: () => system.close(),
    }
  }
  if (queue === 'pg-boss') {
    const boss = await openBoss(url, { notify: true })
    return {
      enqueue: (payload) => boss.send(QUEUE, payload),
      [Symbol.asyncDispose]: () => boss.stop({ graceful: false }),
    }
  }
  const graphile = await openGraphile(url)
  return {
    enqueue: (payload) => graphile.utils.addJob(QUEUE, payload),
    [Symbol.asyncDispose]: () => graphile[Symbol.asyncDispose](),
  }
}

await using opened = await open()
for (let i = 0; i < jobs; i++) {
  // Not in step with anybody's timer, and so that whoever works has gone to sleep.
  await setTimeout(40 + Math.random() * 40)
  const beginsAt = performance.timeOrigin + performance.now()
  await opened.enqueue({ i })
  process.stdout.write(`${JSON.stringify([i, beginsAt, performance.timeOrigin + performance.now()])}\n`)
}
