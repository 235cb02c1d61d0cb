/**
 * Many processes work off many jobs while some of them are killed, again and again. Afterwards every job is done, and
 * what the processes said shows that none was run twice under one lease, and none beside another of its key.
 */

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { backgroundDependencies, backgroundTasks } from '../../src/schema/background-tasks.ts'
import { createSystem, type System } from '../../src/system.ts'
import { openTarget, type Target } from '../notes/crash-orders.ts'
import { createRandom, type Random } from '../notes/random.ts'
import { type Child, startChild } from '../support/child.ts'
import type { Said, StormOrders } from './storm-orders.ts'

export interface Storm {
  readonly target: Target
  readonly jobs: number
  readonly workers: number
  /** Processes that are killed and replaced. */
  readonly kills: number
  readonly seed: number
  /** Told now and then how many jobs are left, and how many processes were killed. */
  readonly progress?: (left: number, killed: number) => void
}

export interface Report {
  readonly jobs: number
  readonly killed: number
  /** How often handlers were begun: once per job, and again where a worker was killed or a handler threw. */
  readonly begun: number
  readonly seconds: number
}

const CONCURRENCY = 8
const LEASE_MS = 2000
/** Milliseconds that the engines' clocks may be apart, which follow a server's from afar. */
const SKEW_MS = 250
/** Milliseconds without any job ending after which the storm is stuck: many leases. */
const PATIENCE = 120_000

interface Run {
  readonly id: string
  readonly fence: number
  readonly key: string
  readonly at: number
  readonly until: number
  /** When its handler ended; it may have been killed before. */
  endedAt?: number
}

export async function storm({ target, jobs, workers, kills, seed, progress }: Storm): Promise<Report> {
  const random = createRandom(seed)
  await using system = await createSystem({ engine: await openTarget(target) })
  await enqueueAll(system, jobs, random)
  const startedAt = performance.now()
  const runs: Run[] = []
  const crew: Child[] = []
  let killed = 0
  const hire = () => {
    const orders: StormOrders = {
      target,
      seed: random.below(2 ** 31),
      concurrency: CONCURRENCY,
      leaseMs: LEASE_MS,
    }
    crew.push(startChild(new URL('./storm-worker.ts', import.meta.url), { args: [JSON.stringify(orders)] }))
  }
  try {
    for (let i = 0; i < workers; i++) hire()
    let left = jobs
    let changedAt = performance.now()
    while (left > 0 || killed < kills) {
      // Kills are spread over the jobs, and begin when there is somebody to kill.
      if (killed < kills && jobs - left >= (jobs * killed) / kills) {
        const victim = crew.splice(random.below(crew.length), 1)[0]!
        assert.match(await victim.line(), /ready/)
        await sleep(random.below(200))
        victim.kill('SIGKILL')
        const { stderr } = await victim.ended
        assert.equal(stderr, '')
        hear(victim, runs)
        killed++
        hire()
      }
      await sleep(50)
      const now = await system.backgroundTasks.count({ live: true })
      if (now !== left) changedAt = performance.now()
      left = now
      progress?.(left, killed)
      if (left > 0 && performance.now() - changedAt > PATIENCE) await complain(system)
    }
    await Promise.all(
      crew.map(async (child) => {
        assert.match(await child.line(), /ready/)
        child.hangUp()
        assert.deepEqual(await child.ended, { code: 0, signal: null, stderr: '' })
        hear(child, runs)
      }),
    )
    await verify(system, jobs, runs)
  } catch (error) {
    throw new Error(`storm on ${target.tier}, seed ${seed}, after ${killed} kills`, { cause: error })
  } finally {
    await Promise.all(crew.map((child) => child[Symbol.asyncDispose]()))
  }
  return { jobs, killed, begun: runs.length, seconds: (performance.now() - startedAt) / 1000 }
}

/** Some are for later, some share keys, some wait for others. */
async function enqueueAll(system: System, jobs: number, random: Random): Promise<void> {
  const { id: workspaceId } = await system.workspaces.create({ title: 'Storm' })
  for (let from = 0; from < jobs; from += 500) {
    const batch = Array.from({ length: Math.min(500, jobs - from) }, (_, i) => {
      const n = from + i
      return {
        workspaceId,
        kind: 'storm',
        id: `job ${n}`,
        maxAttempts: 100,
        backoffMs: 5,
        maxBackoffMs: 50,
        priority: random.below(3),
        ...(random.chance(0.1) && { delayMs: random.below(2000) }),
        ...(random.chance(0.15) && { concurrencyKey: `key ${random.below(20)}` }),
        ...(n > 0 && random.chance(0.1) && { dependsOn: [`job ${random.below(n)}`] }),
      }
    })
    await system.backgroundTasks.enqueueMany(batch)
  }
}

/** Takes down what a process has said. */
function hear(child: Child, runs: Run[]): void {
  const open = new Map<string, Run>()
  for (const line of child.lines) {
    // What was cut off by the kill was not said.
    if (!line.endsWith('}')) continue
    const said = JSON.parse(line) as Said
    if ('begun' in said) {
      const { begun: id, fence, key, at, until } = said
      const run: Run = { id, fence, key, at, until }
      open.set(`${id} ${fence}`, run)
      runs.push(run)
    } else if ('ended' in said) {
      const run = open.get(`${said.ended} ${said.fence}`)
      if (run !== undefined) run.endedAt = said.at
    }
  }
}

async function verify(system: System, jobs: number, runs: readonly Run[]): Promise<void> {
  const rows = await system.engine.find(backgroundTasks)
  assert.equal(rows.length, jobs)
  const runsById = Map.groupBy(runs, ({ id }) => id)
  for (const { id, status, result, fence, attempts } of rows) {
    assert.equal(status, 'done', `${id} is ${status}`)
    // Who completed it was the last to have it.
    assert.deepEqual(result, { fence }, `${id} was completed under another fence`)
    const own = (runsById.get(id) ?? []).toSorted((a, b) => a.fence - b.fence)
    assert.ok(own.length > 0 && own.length <= attempts, `${id} was begun ${own.length} times of ${attempts}`)
    assert.equal(own.at(-1)!.fence, fence, `${id} was begun after it was completed`)
    assert.equal(
      new Set(own.map((run) => run.fence)).size,
      own.length,
      `${id} was claimed twice under one fence`,
    )
    inTurn(own, id)
  }
  for (const [key, own] of Map.groupBy(runs, (run) => run.key)) {
    if (key !== '')
      inTurn(
        own.toSorted((a, b) => a.at - b.at || a.fence - b.fence),
        key,
      )
  }
  for (const { jobId, dependsOnId } of await system.engine.find(backgroundDependencies)) {
    const begunAt = Math.min(...runsById.get(jobId)!.map(({ at }) => at))
    const last = runsById.get(dependsOnId)!.reduce((a, b) => (a.fence > b.fence ? a : b))
    assert.ok(begunAt >= last.endedAt!, `${jobId} was begun before ${dependsOnId} was done`)
  }
}

/** Each begins when the one before has ended, or its lease has: heartbeats make that later, never earlier. */
function inTurn(runs: readonly Run[], what: string): void {
  for (const [i, run] of runs.entries()) {
    const before = runs[i - 1]
    if (before === undefined) continue
    const isFree = run.at >= Math.min(before.endedAt ?? Infinity, before.until - SKEW_MS)
    assert.ok(isFree, `${what}: ${JSON.stringify(run)} began during ${JSON.stringify(before)}`)
  }
}

/** Nothing has moved for long: what is left, and how it stands. */
async function complain(system: System): Promise<never> {
  const groups = await system.engine.aggregate(backgroundTasks, { groupBy: ['status'] })
  const counts = groups.map(({ group, count }) => `${String(group.status)} ${count}`)
  throw new Error(`jobs are stuck: ${counts.join(', ')}`)
}
