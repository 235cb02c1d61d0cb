/**
 * How jobs go out: a claim is one statement on the jobs that are ready, which are alone in their index. What is to
 * become ready is moved there by sweeps, by whichever worker comes by: leases that have ended, times that have
 * come, lanes that are free.
 */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { gt, increment, lte, ne, oneOfThese } from '../engine/query.ts'
import { type BackgroundTask, backgroundLanes, backgroundTasks } from '../schema/background-tasks.ts'
import { later } from './background-tasks-definition.ts'
import { bury } from './background-tasks-finish.ts'
import { admit, type Lane, line } from './background-tasks-lanes.ts'
import { BUMP } from './store.ts'

export interface ClaimQuery {
  readonly queues: readonly string[]
  readonly kinds: readonly string[] | undefined
  readonly limit: number
  readonly leaseMs: number
  readonly worker: string
}

export interface Claims {
  claim(query: ClaimQuery, options?: CallOptions): Promise<Claimed>
  /** Something was enqueued here that a sweep has to see to. */
  expect(): void
}

export interface Claimed {
  readonly jobs: BackgroundTask[]
  /** When something happens next by itself, if that was looked at, and if anything does. */
  readonly nextAt: Date | undefined
}

/** Milliseconds for which a worker that always finds enough goes without a sweep. */
const SWEEP_MS = 1000
/** Jobs that one sweep moves at most, by each of its statements. */
const SWEEP_LIMIT = 500

export function createClaims(engine: Engine): Claims {
  let sweptAt: number | undefined

  async function swept(options: CallOptions | undefined): Promise<Sweep> {
    sweptAt = engine.now().getTime()
    const result = await sweep(engine, options)
    // There is more where that came from.
    if (result.isFull) sweptAt = undefined
    return result
  }

  return {
    async claim(query, options) {
      const since = sweptAt === undefined ? SWEEP_MS : engine.now().getTime() - sweptAt
      // A clock that was set back tells nothing.
      const early = since >= SWEEP_MS || since < 0 ? await swept(options) : undefined
      const jobs = await claimReady(engine, query, query.limit, options)
      if (jobs.length === query.limit || early !== undefined) return { jobs, nextAt: early?.nextAt }
      const { moved, nextAt } = await swept(options)
      if (moved) jobs.push(...(await claimReady(engine, query, query.limit - jobs.length, options)))
      return { jobs, nextAt }
    },
    expect() {
      sweptAt = undefined
    },
  }
}

/** Queue by queue: each is a statement that reads as many rows as it claims. */
async function claimReady(
  engine: Engine,
  { queues, kinds, leaseMs, worker }: ClaimQuery,
  limit: number,
  options: CallOptions | undefined,
): Promise<BackgroundTask[]> {
  const jobs: BackgroundTask[] = []
  // Postgres plans anew for each list, which takes it as long as the claim.
  const kind = kinds?.length === 1 ? kinds[0]! : oneOfThese(kinds ?? [])
  for (const queue of queues) {
    if (jobs.length === limit) break
    const now = engine.now()
    const claimed = await engine.update(
      backgroundTasks,
      {
        where: { queue, status: 'ready', ...(kinds && { kind }) },
        set: {
          status: 'running',
          attempts: increment(),
          attemptsLeft: increment(-1),
          fence: increment(),
          worker,
          leaseUntil: later(now, leaseMs),
          startedAt: now,
          progress: null,
          activity: null,
          version: BUMP,
          updatedAt: now,
        },
        orderBy: ORDER,
        limit: limit - jobs.length,
        skipLocked: true,
      },
      options,
    )
    jobs.push(...claimed)
  }
  return jobs
}

const ORDER = [
  ['priority', 'desc'],
  ['runAt', 'asc'],
  ['id', 'asc'],
] as const

// ---------------------------------------------------------------- sweeps

interface Sweep {
  /** Something may have become ready. */
  readonly moved: boolean
  /** There was more than one sweep moves. */
  readonly isFull: boolean
  readonly nextAt: Date | undefined
}

async function sweep(engine: Engine, options: CallOptions | undefined): Promise<Sweep> {
  const now = engine.now()
  const [[running], [scheduled], free] = await Promise.all([
    engine.find(
      backgroundTasks,
      { where: { status: 'running' }, orderBy: [['leaseUntil', 'asc']], limit: 1 },
      options,
    ),
    engine.find(
      backgroundTasks,
      { where: { status: 'scheduled' }, orderBy: [['runAt', 'asc']], limit: 1 },
      options,
    ),
    engine.find(
      backgroundLanes,
      { where: { state: 'free' }, orderBy: [['updatedAt', 'asc']], limit: SWEEP_LIMIT },
      options,
    ),
  ])
  const leaseUntil = running?.leaseUntil ?? undefined
  const runAt = scheduled?.runAt
  let moved = 0
  if (leaseUntil !== undefined && leaseUntil <= now) moved += await reap(engine, now, options)
  const lanes: Lane[] = [...free]
  if (runAt !== undefined && runAt <= now) {
    moved += await promote(engine, now, options)
    lanes.push(...(await lineUp(engine, now, options)))
  }
  for (const lane of lanes) if (await admit(engine, lane, options)) moved++
  const next = [leaseUntil, runAt].filter((at) => at !== undefined && at > now) as Date[]
  return {
    moved: moved > 0,
    isFull: moved >= SWEEP_LIMIT,
    nextAt: next.length === 0 ? undefined : new Date(Math.min(...next.map((at) => at.getTime()))),
  }
}

const LOST = 'its worker did not come back before its lease ended'

/** Jobs whose lease has ended are for others, in their old place; at the end of their attempts they are dead. */
async function reap(engine: Engine, now: Date, options: CallOptions | undefined): Promise<number> {
  const expired = { status: 'running', leaseUntil: lte(now) } as const
  const returned = await engine.update(
    backgroundTasks,
    {
      where: { ...expired, cancelRequested: false, attemptsLeft: gt(0) },
      set: {
        status: 'ready',
        worker: null,
        leaseUntil: null,
        error: LOST,
        version: BUMP,
        updatedAt: now,
      },
      limit: SWEEP_LIMIT,
      skipLocked: true,
    },
    options,
  )
  const rest = await engine.find(backgroundTasks, { where: expired, limit: SWEEP_LIMIT }, options)
  // The others are left for the next sweep.
  const last = rest.filter(({ cancelRequested, attemptsLeft }) => cancelRequested || attemptsLeft <= 0)
  for (const job of last) await bury(engine, job, LOST, options)
  return returned.length + last.length
}

async function promote(engine: Engine, now: Date, options: CallOptions | undefined): Promise<number> {
  const promoted = await engine.update(
    backgroundTasks,
    {
      where: { status: 'scheduled', concurrencyKey: '', runAt: lte(now) },
      set: { status: 'ready', version: BUMP, updatedAt: now },
      orderBy: [['runAt', 'asc']],
      limit: SWEEP_LIMIT,
      skipLocked: true,
    },
    options,
  )
  return promoted.length
}

/** The lanes in which jobs have taken their places. */
async function lineUp(engine: Engine, now: Date, options: CallOptions | undefined): Promise<Lane[]> {
  const groups = await engine.aggregate(
    backgroundTasks,
    {
      where: { status: 'scheduled', concurrencyKey: ne(''), runAt: lte(now) },
      groupBy: ['workspaceId', 'concurrencyKey'],
    },
    options,
  )
  // The cast: the columns that were grouped by.
  const lanes = groups.map(({ group }) => group as unknown as Lane)
  for (const lane of lanes) await line(engine, lane, now)
  return lanes
}
