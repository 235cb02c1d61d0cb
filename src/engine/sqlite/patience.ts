/** Waits for a lock that another connection holds, without blocking the event loop as busy_timeout would. */

import { UnavailableError } from '../../errors.ts'
import { isBusy } from './errors.ts'

export interface Patience {
  /** How long, in milliseconds. */
  readonly patience: number
  readonly signal?: AbortSignal | undefined
  readonly onBusy?: ((error: unknown) => void) | undefined
}

/** Runs `work` until no lock is in its way; each time it must have done all or nothing. */
export async function patiently<T>(work: () => T, { patience, signal, onBusy }: Patience): Promise<T> {
  const deadline = Date.now() + patience
  for (let delay = 1; ; delay = Math.min(delay * 2, 50)) {
    signal?.throwIfAborted()
    try {
      return work()
    } catch (error) {
      const cause = error instanceof UnavailableError ? error.cause : error
      if (!isBusy(cause) || Date.now() >= deadline) throw error
      onBusy?.(cause)
    }
    // Others wait as well, and should not all come back at once.
    const pause = delay * (0.5 + Math.random() / 2)
    await new Promise((resume) => setTimeout(resume, pause))
  }
}
