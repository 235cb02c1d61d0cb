/** Runs the suite against one mutant, in memory, and tells which scenarios noticed. */

import { type Harness, runScenario, scenarios } from '../../src/conformance/index.ts'
import type { RootEngine } from '../../src/engine/engine.ts'
import { createMemoryEngine } from '../../src/engine/memory/engine.ts'
import { createSystem } from '../../src/system.ts'
import { rerunTransactions } from '../../src/testing/rerun.ts'
import type { Mutant } from './mutant.ts'

/** A scenario that takes longer hangs: unbroken, the slowest takes a twentieth of it. */
const PATIENCE = 4000

/** The ids of those of these scenarios that fail, in order. */
export async function failing(
  mutant: Pick<Mutant, 'engine' | 'system'>,
  only: ReadonlySet<string>,
): Promise<string[]> {
  const failed: string[] = []
  const hanging: Promise<void>[] = []
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
    hanging.push(
      Promise.race([run, later(PATIENCE)]).then((passed) => {
        if (passed !== true) failed.push(scenario.id)
      }),
    )
  }
  await Promise.all(hanging)
  return failed.sort()
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
