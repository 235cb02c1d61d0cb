/** A clock that stands still until it is told to move. */

export interface TestClock {
  /** What a System takes as its `clock`. */
  (): Date
  set(moment: Date | string): void
  /** Moves on by this many milliseconds; back, if negative. */
  advance(milliseconds: number): void
}

export function createTestClock(start: Date | string = '2026-01-01T00:00:00.000Z'): TestClock {
  let now = new Date(start).getTime()
  const clock = () => new Date(now)
  return Object.assign(clock, {
    set(moment: Date | string) {
      now = new Date(moment).getTime()
    },
    advance(milliseconds: number) {
      now += milliseconds
    },
  })
}
