/** What somebody sleeps by who may be woken. */

export interface Alarm {
  /** Wakes whoever waits, or lets the next one not wait at all. */
  ring(): void
  readonly isRinging: boolean
  /** What rang before counts no more. */
  reset(): void
  /** Resolves when it rings, or after so many milliseconds; whether it rang. */
  wait(milliseconds?: number): Promise<boolean>
}

export function createAlarm(): Alarm {
  let isRinging = false
  let wake: (() => void) | undefined
  return {
    ring() {
      isRinging = true
      wake?.()
    },
    get isRinging() {
      return isRinging
    },
    reset() {
      isRinging = false
    },
    async wait(milliseconds) {
      if (!isRinging) {
        await new Promise<void>((resolve) => {
          wake = resolve
          if (milliseconds === undefined) return
          const timer = setTimeout(resolve, milliseconds)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
        wake = undefined
      }
      const rang = isRinging
      isRinging = false
      return rang
    },
  }
}
