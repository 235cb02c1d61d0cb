/** Runs one scenario on one tier, and leaves nothing behind. */

import type { System } from '../system.ts'
import { createTestClock } from '../testing/clock.ts'
import type { Harness, Scenario } from './scenario.ts'

export async function runScenario(scenario: Scenario, harness: Harness): Promise<void> {
  const clock = createTestClock()
  const opened: System[] = []
  const keep = async (system: Promise<System>) => {
    opened.push(await system)
    return system
  }
  try {
    await scenario.run({
      system: await keep(harness.open({ clock })),
      clock,
      second: () => keep(harness.openSecond({ clock })),
      rerunning: () => keep(harness.openSecond({ clock, rerunTransactions: true })),
    })
  } finally {
    for (const system of opened.reverse()) await system.close()
    await harness.destroy()
  }
}
