/** A fair mutex for asynchronous work: whoever asks first, holds it first. */

export interface Lock {
  readonly held: boolean
  /** Takes the lock if nobody holds or awaits it. */
  tryAcquire(): boolean
  /** Resolves once the lock is held; rejects with the signal's reason if it is aborted before. */
  acquire(signal?: AbortSignal): Promise<void>
  release(): void
}

export function createLock(): Lock {
  let held = false
  const waiting: (() => void)[] = []
  return {
    get held() {
      return held
    },
    tryAcquire() {
      if (held) return false
      held = true
      return true
    },
    acquire(signal) {
      if (!held) {
        held = true
        return Promise.resolve()
      }
      return new Promise((resolve, reject) => {
        const enter = () => {
          signal?.removeEventListener('abort', leave)
          resolve()
        }
        const leave = () => {
          waiting.splice(waiting.indexOf(enter), 1)
          reject(signal!.reason)
        }
        waiting.push(enter)
        signal?.addEventListener('abort', leave, { once: true })
      })
    },
    release() {
      // Handed over rather than freed, so that nobody slips in between.
      const next = waiting.shift()
      if (next === undefined) held = false
      else next()
    },
  }
}
