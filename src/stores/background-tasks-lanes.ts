/**
 * Concurrency keys: of the jobs that share one, at most one is ready or running, which a unique index holds to.
 * The others are blocked, in a lane, where the first one is found without looking at the rest; nothing that is
 * claimed has to be looked for behind them.
 *
 * Whoever leaves the lane marks it as free in the same write, and whoever comes to be blocked does, too, unless it
 * is taken. So a lane that has to be looked after is marked, whichever process dies in between, and a sweep finds it.
 */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { choose, increment, lte } from '../engine/query.ts'
import { AlreadyExistsError } from '../errors.ts'
import { type BackgroundLane, backgroundLanes, backgroundTasks } from '../schema/background-tasks.ts'
import { ATTEMPTS, BUMP } from './store.ts'

export type Lane = Pick<BackgroundLane, 'workspaceId' | 'concurrencyKey'>

/** Jobs of this key whose time has come are blocked until it is their turn. */
export async function line(engine: Engine, lane: Lane, now: Date): Promise<void> {
  const { workspaceId, concurrencyKey } = lane
  await engine.write({
    head: {
      insert: backgroundLanes,
      row: { workspaceId, concurrencyKey, state: 'free', updatedAt: now },
      onConflict: {
        columns: ['workspaceId', 'concurrencyKey'],
        set: {
          state: choose<typeof backgroundLanes>([{ when: { state: 'empty' }, to: 'free' }]),
          version: increment(),
          updatedAt: now,
        },
      },
    },
    steps: [
      {
        update: backgroundTasks,
        where: { workspaceId, concurrencyKey, status: 'scheduled', runAt: lte(now) },
        set: { status: 'blocked', version: BUMP, updatedAt: now },
      },
    ],
  })
}

/** Lets the first one go on, if the lane is free. Whether it did. */
export async function admit(engine: Engine, lane: Lane, options?: CallOptions): Promise<boolean> {
  const { workspaceId, concurrencyKey } = lane
  const place = { workspaceId, concurrencyKey }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [found] = await engine.find(backgroundLanes, { where: { ...place, state: 'free' } }, options)
    if (found === undefined) return false
    const [next] = await engine.find(
      backgroundTasks,
      { where: { ...place, status: 'blocked' }, orderBy: FIRST, limit: 1 },
      options,
    )
    const now = engine.now()
    if (next === undefined) {
      const where = { ...place, state: 'free', version: found.version } as const
      const set = { state: 'empty', updatedAt: now } as const
      const emptied = await engine.update(backgroundLanes, { where, set }, options)
      if (emptied.length > 0) return false
      // Somebody has come.
      continue
    }
    try {
      const admitted = await engine.write(
        {
          head: {
            update: backgroundTasks,
            // By its version rather than its status, which might be looked up among all that are blocked.
            where: { id: next.id, version: next.version },
            set: { status: 'ready', holdsConcurrencyKey: true, version: BUMP, updatedAt: now },
          },
          steps: [{ update: backgroundLanes, where: place, set: { state: 'taken', updatedAt: now } }],
        },
        options,
      )
      if (admitted !== null) return true
      // It was cancelled.
    } catch (error) {
      // Another one was let in, by somebody else.
      if (error instanceof AlreadyExistsError) return false
      throw error
    }
  }
  // It is still marked, and others are looking after it.
  return false
}

const FIRST = [
  ['priority', 'desc'],
  ['runAt', 'asc'],
] as const
