/** What the tests of an application need: a clock in hand, and a System for each test. */

import { createSystem, type System, type SystemOptions } from '../system.ts'
import { createTestClock, type TestClock } from './clock.ts'

export { createTestClock, type TestClock }

export interface TestSystem {
  readonly system: System
  readonly clock: TestClock
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A System of one's own with a clock that stands still: in memory unless told, whatever the environment says.
 *
 * @example
 * await using test = await createTestSystem()
 * const workspace = await test.system.workspaces.create({ title: 'Test' })
 */
export async function createTestSystem(options: Omit<SystemOptions, 'clock'> = {}): Promise<TestSystem> {
  const clock = createTestClock()
  const system = await createSystem({ env: {}, ...options, clock })
  return { system, clock, [Symbol.asyncDispose]: () => system.close() }
}
