/**
 * Tells workers, in this process and in others, that there may be something to do. A hint: a worker that misses
 * one looks by itself a little later. What happens within a few milliseconds is told once, because a notification
 * costs as much as a small write.
 */

import { wholeOf } from '../confine.ts'
import type { CallOptions, Engine } from '../engine/engine.ts'

const ENQUEUED = 'terrace.jobs'
const CANCELLED = 'terrace.jobs.cancelled'

/** Milliseconds for which notifications of a queue are gathered. */
const GATHER = 20

/** By the engine that owns its database: queues of which was told lately, and whether there is more to tell. */
const lately = new WeakMap<Engine, Map<string, boolean>>()
/** By transaction: queues of which its commit tells. */
const told = new WeakMap<Engine, Set<string>>()

/** Something is to be done in this queue. In a transaction, once it is committed. */
export async function tellEnqueued(engine: Engine, queue: string, options?: CallOptions): Promise<void> {
  const whole = wholeOf(engine) ?? engine
  if ('tier' in whole) return soon(whole, queue)
  const queues = told.get(whole) ?? new Set()
  if (queues.has(queue)) return
  told.set(whole, queues.add(queue))
  await whole.notify(ENQUEUED, queue, options)
}

/** A running job is to be cancelled. */
export async function tellCancelled(engine: Engine, id: string, options?: CallOptions): Promise<void> {
  await (wholeOf(engine) ?? engine).notify(CANCELLED, id, options)
}

/** Resolves once listening; call the answer to stop. */
export async function listenForJobs(
  engine: Engine,
  heard: {
    readonly enqueued: (queue: string) => void
    readonly cancelled: (id: string) => void
    /** Something was committed; it may be a job. */
    readonly committed: () => void
  },
): Promise<() => Promise<void>> {
  const whole = wholeOf(engine) ?? engine
  const stops = await Promise.all([
    whole.listen(ENQUEUED, heard.enqueued),
    whole.listen(CANCELLED, heard.cancelled),
    whole.onCommit(heard.committed),
  ])
  return async () => {
    await Promise.all(stops.map((stop) => stop()))
  }
}

/** At once, and then not again for a moment. */
function soon(engine: Engine, queue: string): void {
  const queues = lately.get(engine) ?? new Map<string, boolean>()
  lately.set(engine, queues)
  if (queues.has(queue)) {
    queues.set(queue, true)
    return
  }
  queues.set(queue, false)
  // Off the caller's way. Whoever misses it looks by himself, and an engine that is closed tells nobody.
  engine.notify(ENQUEUED, queue).catch(() => {})
  setTimeout(() => {
    const isMore = queues.get(queue)
    queues.delete(queue)
    if (isMore) soon(engine, queue)
  }, GATHER).unref()
}
