/** What the tests of an application need: a clock in hand, a System for each test, and a way to empty one. */

import { tables } from '../schema/tables.ts'
import { createSystem, type System, type SystemOptions } from '../system.ts'
import { createTestClock, type TestClock } from './clock.ts'

export { rerunTransactions } from './rerun.ts'
export { createTestClock, type TestClock }

/** What `createSystem` takes, but for an engine that is open, which has a clock already. */
export interface TestSystemOptions<S = undefined> extends Omit<SystemOptions, 'clock' | 'engine'> {
  /** Makes what the test starts from; what it answers is `seeded`. */
  readonly seed?: ((system: System, clock: TestClock) => Promise<S>) | undefined
}

export interface TestSystem<S = undefined> {
  readonly system: System
  readonly clock: TestClock
  /** What `seed` answered. */
  readonly seeded: S
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A System of one's own with a clock that stands still: in memory unless told, whatever the environment says.
 *
 * @example
 * await using test = await createTestSystem({
 *   seed: (system) => system.workspaces.create({ title: 'Test' }),
 * })
 * await test.system.tasks.create({ workspaceId: test.seeded.id, title: 'Build' })
 */
export async function createTestSystem<S = undefined>({
  seed,
  ...options
}: TestSystemOptions<S> = {}): Promise<TestSystem<S>> {
  const clock = createTestClock()
  const system = await createSystem({ env: {}, ...options, clock })
  try {
    // Without a seed nothing else gives S, which is undefined then.
    const seeded = (await seed?.(system, clock)) as S
    return { system, clock, seeded, [Symbol.asyncDispose]: () => system.close() }
  } catch (error) {
    await system.close()
    throw error
  }
}

/**
 * Empties Terrace's tables, all at once, on any tier: for tests that share a database, because opening one for each
 * takes too long. Tables of your own stay, but for rows that go along with what they refer to.
 *
 * @example
 * beforeEach(() => resetSystem(system))
 */
export async function resetSystem({ engine }: Pick<System, 'engine'>): Promise<void> {
  await engine.transaction(async (tx) => {
    for (const table of roots) await tx.remove(table, { where: {} })
  })
}

/** The tables whose rows need not belong to another row; everything else goes along with theirs. */
const roots = tables.filter(
  ({ columnList }) =>
    !columnList.some(({ references, optional }) => references?.onDelete === 'cascade' && !optional),
)
