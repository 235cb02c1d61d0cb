/** Runs the suite against one mutant, in memory, and tells which scenarios noticed. */

import { type Harness, runScenario, scenarios } from '../../src/conformance/index.ts'
import type { RootEngine } from '../../src/engine/engine.ts'
import { createMemoryEngine } from '../../src/engine/memory/engine.ts'
import { createSystem } from '../../src/system.ts'
import { rerunTransactions } from '../../src/testing/rerun.ts'
import type { Mutant } from './mutant.ts'

export interface Noticed {
  /** The ids of the scenarios that failed, in order. */
  readonly failed: string[]
  /** Of these, the ones that did not come to an end. */
  readonly hung: string[]
}

/** Runs these scenarios. One that takes longer than `patience`, in milliseconds, hangs, and so has failed. */
export async function failing(
  mutant: Pick<Mutant, 'engine' | 'system'>,
  only: ReadonlySet<string>,
  patience: number,
): Promise<Noticed> {
  const failed: string[] = []
  const hung: string[] = []
  const slow: Promise<void>[] = []
  for (const scenario of scenarios) {
    if (!only.has(scenario.id)) continue
    const run = runScenario(scenario, harnessOf(mutant)).then(
      () => true,
      () => false,
    )
    // Most end at once. Who waits for a timer, or for good, is waited for at the end, together with the others.
    const early = await Promise.race([run, later(50)])
    if (early === false) failed.push(scenario.id)
    if (early !== undefined) continue
    slow.push(
      Promise.race([run, later(patience)]).then((passed) => {
        if (passed !== true) failed.push(scenario.id)
        if (passed === undefined) hung.push(scenario.id)
      }),
    )
  }
  await Promise.all(slow)
  return { failed: failed.sort(), hung: hung.sort() }
}

function later(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), milliseconds)
  })
}

function harnessOf({ engine: breakEngine, system: breakSystem }: Pick<Mutant, 'engine' | 'system'>): Harness {
  let engine: RootEngine
  const over = async (opened: RootEngine) => {
    const system = await createSystem({ engine: opened })
    return breakSystem?.(system) ?? system
  }
  return {
    name: 'memory',
    async open({ clock }) {
      const whole = createMemoryEngine({ clock })
      engine = breakEngine?.(whole) ?? whole
      return over(engine)
    },
    openSecond: ({ rerunTransactions: rerun }) => {
      const second = { ...engine, close: async () => {} }
      return over(rerun ? rerunTransactions(second) : second)
    },
    destroy: async () => {},
  }
}
