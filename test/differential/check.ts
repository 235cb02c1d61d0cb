/** Looks for a program that tells tiers apart, and reports the smallest that it comes down to. */

import fc from 'fast-check'
import { difference } from './compare.ts'
import { describeStep, type Program, program } from './program.ts'
import type { Rig } from './rigs.ts'

export interface Budget {
  readonly runs: number
  /** Milliseconds, after which no further program is begun. */
  readonly time: number
}

/** Replays one program, or the start of a run: as the report of a failure says. */
const replay = {
  ...(process.env.TERRACE_SEED && { seed: Number(process.env.TERRACE_SEED) }),
  ...(process.env.TERRACE_PATH && { path: process.env.TERRACE_PATH }),
}

/** How many programs were run; throws a report when the tiers differ. */
export async function check(rigs: readonly Rig[], { runs, time }: Budget): Promise<number> {
  let running: Promise<unknown> = Promise.resolve()
  const result = await fc.check(
    fc.asyncProperty(program, async (each) => {
      const comparison = difference(each, rigs)
      running = comparison
      const found = await comparison
      if (found !== undefined) throw new Error(found)
    }),
    { numRuns: Number(process.env.TERRACE_RUNS ?? runs), interruptAfterTimeLimit: time, ...replay },
  )
  // When time is up, a program is left in the middle, and whoever uses the tiers next would meet it.
  await running.catch(() => {})
  if (result.failed && result.counterexample !== null) {
    const [counterexample] = result.counterexample
    throw new Error(report(counterexample, result.errorInstance, result.seed, result.counterexamplePath))
  }
  return result.numRuns
}

function report(counterexample: Program, error: unknown, seed: number, path: string | null): string {
  return [
    'the tiers differ in',
    (error as Error).message,
    'after',
    ...counterexample.map((step) => `  ${describeStep(step).replaceAll('\n', '\n  ')}`),
    `replay: TERRACE_SEED=${seed} TERRACE_PATH=${path} npx vitest run test/differential.test.ts`,
  ].join('\n')
}
