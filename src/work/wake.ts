/**
 * Tells workers and caretakers, in this process and in others, that there may be something to do. A hint: whoever
 * misses one looks by himself a little later. What happens within a few milliseconds is told once, because a
 * notification costs as much as a small write.
 */

import { wholeOf } from '../confine.ts'
import type { CallOptions, Engine } from '../engine/engine.ts'
import { ClosedError } from '../errors.ts'
import { warnOnce } from '../warnings.ts'
import { errorText } from './error-text.ts'

const ENQUEUED = 'terrace.jobs'
const CANCELLED = 'terrace.jobs.cancelled'
const DUE = 'terrace.due'

/** Milliseconds for which notifications of one thing are gathered. */
const GATHER = 20

/** By the engine that owns its database: of what was told lately, and whether there is more to tell. */
const lately = new WeakMap<Engine, Map<string, boolean>>()
/** By transaction: of what its commit tells. */
const told = new WeakMap<Engine, Set<string>>()

/** Something is to be done in this queue. In a transaction, once it is committed. */
export function tellEnqueued(engine: Engine, queue: string, options?: CallOptions): Promise<void> {
  return tell(engine, ENQUEUED, queue, options)
}

/** A timer or a schedule comes due at another time than before. In a transaction, once it is committed. */
export function tellDue(engine: Engine, options?: CallOptions): Promise<void> {
  return tell(engine, DUE, '', options)
}

/** A running job is to be cancelled. */
export async function tellCancelled(engine: Engine, id: string, options?: CallOptions): Promise<void> {
  await (wholeOf(engine) ?? engine).notify(CANCELLED, id, options)
}

/** Resolves once listening; call the answer to stop. */
export function listenForJobs(
  engine: Engine,
  heard: {
    readonly enqueued: (queue: string) => void
    readonly cancelled: (id: string) => void
    /** Something was committed; it may be a job. */
    readonly committed: () => void
  },
): Promise<() => Promise<void>> {
  const whole = wholeOf(engine) ?? engine
  return all([
    whole.listen(ENQUEUED, heard.enqueued),
    whole.listen(CANCELLED, heard.cancelled),
    whole.onCommit(heard.committed),
  ])
}

/** Resolves once listening; call the answer to stop. */
export function listenForDue(
  engine: Engine,
  heard: { readonly due: () => void; readonly committed: () => void },
): Promise<() => Promise<void>> {
  return all([engine.listen(DUE, heard.due), engine.onCommit(heard.committed)])
}

async function all(listening: readonly Promise<() => Promise<void>>[]): Promise<() => Promise<void>> {
  const stops = await Promise.all(listening)
  return async () => {
    await Promise.all(stops.map((stop) => stop()))
  }
}

async function tell(
  engine: Engine,
  channel: string,
  payload: string,
  options: CallOptions | undefined,
): Promise<void> {
  const whole = wholeOf(engine) ?? engine
  if ('tier' in whole) return soon(whole, channel, payload)
  const key = `${channel} ${payload}`
  const already = told.get(whole) ?? new Set()
  if (already.has(key)) return
  told.set(whole, already.add(key))
  await whole.notify(channel, payload, options)
}

/** At once, and then not again for a moment. */
function soon(engine: Engine, channel: string, payload: string): void {
  const recent = lately.get(engine) ?? new Map<string, boolean>()
  lately.set(engine, recent)
  const key = `${channel} ${payload}`
  if (recent.has(key)) {
    recent.set(key, true)
    return
  }
  recent.set(key, false)
  // Off the caller's way. An engine that is closed tells nobody.
  engine.notify(channel, payload).catch((error: unknown) => {
    if (error instanceof ClosedError) return
    warnOnce([`workers look by themselves, for they could not be told: ${errorText(error)}`])
  })
  setTimeout(() => {
    const isMore = recent.get(key)
    recent.delete(key)
    if (isMore) soon(engine, channel, payload)
  }, GATHER).unref()
}
