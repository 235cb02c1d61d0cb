/**
 * Times sides of a comparison against each other. They take turns in short slices, in one process, so that
 * whatever else the machine is doing hits them alike; only ratios are meant to be believed.
 */

export interface Side {
  readonly name: string
  /** Does the work this many times. */
  run(times: number): void | Promise<void>
}

export interface Samples {
  readonly name: string
  /** Microseconds per time: one figure per round. */
  readonly rounds: readonly number[]
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export const quick = process.env.BENCH_QUICK === '1'

const ROUNDS = quick ? 5 : 7
const SLICES = quick ? 10 : 20
const SLICE_MS = quick ? 5 : 10
const WARM_UP_MS = quick ? 150 : 400

/** A side that awaits each time. */
export function awaited(name: string, work: (i: number) => Promise<unknown>): Side {
  let i = 0
  return {
    name,
    async run(times) {
      for (let n = 0; n < times; n++) await work(i++)
    },
  }
}

/** A side that answers at once, and is spared the cost of awaiting. */
export function synchronous(name: string, work: (i: number) => unknown): Side {
  let i = 0
  return {
    name,
    run(times) {
      for (let n = 0; n < times; n++) work(i++)
    },
  }
}

/** A side of `callers` at once, each of whom awaits its own calls one by one. Figures are per call. */
export function crowd(name: string, callers: number, work: (i: number) => Promise<unknown>): Side {
  let i = 0
  return {
    name,
    async run(times) {
      const each = Math.ceil(times / callers)
      await Promise.all(
        Array.from({ length: callers }, async () => {
          for (let n = 0; n < each; n++) await work(i++)
        }),
      )
    },
  }
}

/** A side whose calls come `size` to a tick. Figures are per call. */
export function bursts(name: string, size: number, work: (i: number) => unknown): Side {
  let i = 0
  return {
    name,
    async run(times) {
      for (let n = 0; n < times; n += size) {
        await Promise.all(Array.from({ length: size }, () => work(i++)))
      }
    },
  }
}

/** `multiple`: what sides do in one go, so that a slice holds whole goes. */
export async function race(sides: readonly Side[], multiple = 1): Promise<Samples[]> {
  const times = new Map<Side, number>()
  for (const side of sides) times.set(side, await warmUp(side, multiple))
  const rounds = sides.map(() => new Array<number>(ROUNDS).fill(0))
  for (let round = 0; round < ROUNDS; round++) {
    for (let slice = 0; slice < SLICES; slice++) {
      // There and back again: nobody always comes first.
      const order = slice % 2 === 0 ? sides : sides.toReversed()
      for (const side of order) {
        const count = times.get(side)!
        rounds[sides.indexOf(side)]![round]! += ((await timed(side, count)) * 1000) / count / SLICES
      }
    }
  }
  return sides.map(({ name }, i) => ({ name, rounds: rounds[i]! }))
}

/** For work that is done once per go: each go is a round. */
export interface Once<T> {
  readonly name: string
  /** Not timed. */
  prepare(): Promise<T>
  /** Milliseconds that it took. */
  run(prepared: T): Promise<number>
}

export async function raceOnce<T>(sides: readonly Once<T>[]): Promise<Samples[]> {
  const results = sides.map(({ name }) => ({ name, rounds: [] as number[] }))
  for (let round = -1; round < ROUNDS; round++) {
    const order = [...sides.keys()]
    for (const i of round % 2 === 0 ? order : order.toReversed()) {
      const side = sides[i]!
      const elapsed = await side.run(await side.prepare())
      // The first one warms up.
      if (round >= 0) results[i]!.rounds.push(elapsed * 1000)
    }
  }
  return results
}

/** One call and what has to be done around it; only the call counts. */
export interface Turns {
  readonly name: string
  /** The milliseconds of the call. */
  turn(): Promise<number>
}

/** The figure of a round is the middle one of its calls, since what is asked is how long somebody waits for one. */
export async function raceTurns(sides: readonly Turns[], turns: number): Promise<Samples[]> {
  const results = sides.map(({ name }) => ({ name, rounds: [] as number[] }))
  for (let round = -1; round < ROUNDS; round++) {
    const times = sides.map(() => [] as number[])
    for (let i = 0; i < turns; i++) {
      const order = [...sides.keys()]
      for (const at of i % 2 === 0 ? order : order.toReversed()) times[at]!.push(await sides[at]!.turn())
    }
    // The first one warms up.
    if (round >= 0) for (const at of sides.keys()) results[at]!.rounds.push(spread(times[at]!).median * 1000)
  }
  return results
}

/** Milliseconds that `work` takes. */
export async function clocked(work: () => unknown): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

/** How many times as fast `ours` is: round by round, so that a bad moment spoils one round and not the ratio. */
export function speed(ours: Samples, theirs: Samples): Spread {
  return spread(ours.rounds.map((own, i) => theirs.rounds[i]! / own))
}

/** How many times as long `ours` takes. */
export function cost(ours: Samples, theirs: Samples): Spread {
  return spread(ours.rounds.map((own, i) => own / theirs.rounds[i]!))
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}

/** Runs a side until its code is hot; answers how many times fill a slice. */
async function warmUp(side: Side, multiple: number): Promise<number> {
  let count = multiple
  const until = performance.now() + WARM_UP_MS
  for (;;) {
    const elapsed = await timed(side, count)
    if (elapsed < SLICE_MS / 2) {
      count *= 2
      continue
    }
    const fitting = Math.max(1, Math.round((count * SLICE_MS) / elapsed / multiple)) * multiple
    if (performance.now() >= until) return fitting
    count = fitting
  }
}

async function timed(side: Side, count: number): Promise<number> {
  const startedAt = performance.now()
  const running = side.run(count)
  if (running !== undefined) await running
  return performance.now() - startedAt
}
