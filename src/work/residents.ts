/** What runs over an engine until it is told to stop, and has to stop before the engine is closed. */

import { wholeOf } from '../confine.ts'
import type { Engine } from '../engine/engine.ts'

export interface Resident {
  stop(): Promise<void>
}

/** By the engine that owns its database. */
const residents = new WeakMap<Engine, Set<Resident>>()

/** Call the answer when it has stopped. */
export function register(engine: Engine, resident: Resident): () => void {
  const whole = wholeOf(engine) ?? engine
  const others = residents.get(whole) ?? new Set()
  residents.set(whole, others.add(resident))
  return () => others.delete(resident)
}

/** Stops all that run over an engine; undefined if none does. */
export function stopResidents(engine: Engine): Promise<void> | undefined {
  const running = residents.get(engine)
  if (running === undefined || running.size === 0) return undefined
  return Promise.all([...running].map((resident) => resident.stop())).then(() => {})
}
