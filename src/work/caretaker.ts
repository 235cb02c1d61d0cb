/** Sweeps again and again: when something comes due, when it is told that something will, and now and then. */

import type { Engine } from '../engine/engine.ts'
import { ClosedError } from '../errors.ts'
import { checkNumber } from '../stores/background-tasks-definition.ts'
import type { Stores } from '../stores/stores.ts'
import { createAlarm } from './alarm.ts'
import { errorText } from './error-text.ts'
import { register } from './residents.ts'
import { checkSpan, nextDue, type SweepOptions, type Swept, sweep } from './sweep.ts'
import { listenForDue } from './wake.ts'

export interface CaretakerOptions extends SweepOptions {
  /**
   * Milliseconds between sweeps at most; 5,000 unless told. What comes due is not kept waiting for that, unless another
   * process has made it and there are no notifications.
   */
  readonly pollMs?: number | undefined
  /** Told of each sweep that has done something. */
  readonly onSwept?: ((swept: Swept) => void) | undefined
  /** Told of what goes wrong: a database that is away, a schedule whose job is refused. Printed unless told. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface Caretaker extends AsyncDisposable {
  /** Resolves when the sweep that is under way has ended. */
  stop(): Promise<void>
}

/** Milliseconds for which what is told is gathered. */
const GATHER_MS = 20
/** The same for commits of other processes, of which few concern a timer or a schedule. */
const COMMITS_MS = 250

export function startCaretaker(
  stores: Stores & { readonly engine: Engine },
  options: CaretakerOptions = {},
): Caretaker {
  const { engine } = stores
  const pollMs = checkNumber('pollMs', options.pollMs ?? 5000, 1)
  if (options.keepJobs !== undefined) checkSpan(options.keepJobs)
  const tell = options.onError ?? ((error) => console.warn(`terrace: ${errorText(error)}`))
  const alarm = createAlarm()
  let isStopping = false
  let looking: NodeJS.Timeout | undefined

  function ringIn(milliseconds: number): void {
    looking ??= setTimeout(() => {
      looking = undefined
      alarm.ring()
    }, milliseconds)
  }

  async function care(): Promise<void> {
    let silence: (() => Promise<void>) | undefined
    try {
      silence = await listenForDue(engine, {
        due: () => ringIn(GATHER_MS),
        committed: () => ringIn(COMMITS_MS),
      })
    } catch (error) {
      // It polls.
      tell(error)
    }
    while (!isStopping) {
      alarm.reset()
      const next = await look()
      if (isStopping) break
      const wait = next === null ? pollMs : next.getTime() - engine.now().getTime()
      await alarm.wait(Math.max(1, Math.min(pollMs, wait)))
    }
    await silence?.()
    // Only now: what is heard until then would begin to wait anew.
    clearTimeout(looking)
  }

  /** When to look again, if that is known. */
  async function look(): Promise<Date | null> {
    // What comes due while it is swept is no sooner than this.
    const sweptAt = engine.now()
    try {
      const swept = await sweep(stores, options, report, () => !isStopping)
      for (const { error } of swept.firings) if (error !== null) report(error)
      if (options.onSwept !== undefined && hasDoneSomething(swept)) options.onSwept(swept)
      return isStopping ? null : await nextDue(engine, sweptAt)
    } catch (error) {
      report(error)
      return null
    }
  }

  function report(error: unknown): void {
    if (error instanceof ClosedError) isStopping = true
    else tell(error)
  }

  const caretaker: Caretaker = {
    async stop() {
      isStopping = true
      alarm.ring()
      await caring
      unregister()
    },
    [Symbol.asyncDispose]: () => caretaker.stop(),
  }
  const unregister = register(engine, caretaker)
  const caring = care()
  return caretaker
}

function hasDoneSomething({ purged, ...lists }: Swept): boolean {
  return purged > 0 || Object.values(lists).some((list) => list.length > 0)
}
