/**
 * The demo's third chapter: a crew of three drains a queue, and one of them dies with a job in hand. Where processes
 * can share a database, each is a process, and the one that dies is killed. It knows no tier.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { createSystem, type System, type SystemOptions } from '../../src/index.ts'
import { runChild, startChild } from '../../test/support/child.ts'
import type { CrewOptions } from './queue-worker.ts'

export interface QueueReport {
  /** What is compared word for word. */
  readonly transcript: readonly string[]
  readonly crew: string
  readonly jobs: string
  readonly isComplete: boolean
}

const JOBS = 30

export async function drainQueue(options: SystemOptions, shared: boolean): Promise<QueueReport> {
  await using system = await createSystem(options)
  const { id: workspaceId } = await system.workspaces.create({ title: 'Packing' })
  const inside = { workspaceId }
  const talk = await system.conversations.getOrCreate({ ...inside, platform: 'demo', platformId: 'packing' })
  const parcels = Array.from({ length: JOBS }, (_, i) => ({ ...inside, kind: 'pack', payload: i + 1 }))
  await system.backgroundTasks.enqueueMany(parcels)
  const orders = { options, ...inside, talkId: talk.id }

  const [cy, ada, bo] = ['Cy', 'Ada', 'Bo'].map((who) => ({ ...orders, who })) as [
    CrewOptions,
    ...CrewOptions[],
  ]
  // First Cy, who takes one job and is gone.
  await (shared ? killed({ ...cy, dies: true }) : pack(system, { ...cy, dies: true }))
  await Promise.all([ada!, bo!].map((each) => (shared ? member(each) : pack(system, each))))

  const { items } = await system.backgroundTasks.list(inside, { limit: JOBS })
  const said = (await system.messages.last(talk.id, 1000)).map(({ content }) => content)
  const done = items.filter(({ status }) => status === 'done').length
  const again = items.filter(({ attempts }) => attempts > 1).length
  const missing = parcels.filter(
    ({ payload }) => said.filter((each) => each === packed(payload)).length !== 1,
  )
  return {
    transcript: [
      // Who packed what, and when, is the one thing that may differ.
      `jobs: ${JSON.stringify(items.map(({ payload, status, result }) => [payload, status, result]).toSorted())}`,
      `packed: ${JSON.stringify(said.toSorted())}`,
      `begun again: ${again}`,
    ],
    crew: shared ? '3 processes, one killed with a job in hand' : '3, one left with a job in hand',
    jobs: `${done} of ${JOBS} done, ${missing.length === 0 ? 'none lost or doubled' : `${missing.length} LOST OR DOUBLED`}, ${again} begun again`,
    isComplete: done === JOBS && missing.length === 0,
  }
}

const packed = (parcel: unknown) => `packed ${parcel}`

/** Packs until nothing is left. What a job does is written with its end: both, or neither, whoever dies. */
export async function pack(
  system: System,
  { workspaceId, talkId, who, dies }: Omit<CrewOptions, 'options'>,
): Promise<void> {
  while ((await system.backgroundTasks.count({ workspaceId, live: true })) > 0) {
    // The lease of one who is gone ends, and then the job is another's.
    const [job] = await system.backgroundTasks.claim({ worker: who, leaseMs: dies ? 500 : 30_000 })
    if (dies) return
    if (job === undefined) {
      await sleep(20)
      continue
    }
    await system.transaction(async (tx) => {
      await tx.messages.append(talkId, { role: 'tool', content: packed(job.payload) })
      await tx.backgroundTasks.complete(job, { parcel: job.payload })
    })
  }
}

async function member(orders: CrewOptions): Promise<void> {
  const { code, stderr } = await runChild(program, { args: [JSON.stringify(orders)] })
  if (code !== 0) throw new Error(`${orders.who}'s process failed: ${stderr}`)
}

async function killed(orders: CrewOptions): Promise<void> {
  await using child = startChild(program, { args: [JSON.stringify(orders)] })
  await child.line()
  child.kill('SIGKILL')
  await child.ended
}

const program = new URL('./queue-worker.ts', import.meta.url)
