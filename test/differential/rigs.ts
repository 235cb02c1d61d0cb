/** The tiers as programs find them: empty, at the same moment, with the same ids to give. */

import { confine } from '../../src/confine.ts'
import type { Engine, RootEngine } from '../../src/engine/engine.ts'
import { leases } from '../../src/schema/leases.ts'
import { roles } from '../../src/schema/roles.ts'
import { settings } from '../../src/schema/settings.ts'
import { workspaces } from '../../src/schema/workspaces.ts'
import { createStores } from '../../src/stores/stores.ts'
import { createSystem, type Scope, type System } from '../../src/system.ts'
import { createTestClock } from '../../src/testing/clock.ts'
import { createHarness } from '../support/harness.ts'
import type { Tier } from '../support/tiers.ts'
import type { Program } from './program.ts'
import { type Entry, type Place, runProgram } from './run.ts'
import { createExtraTables, samples } from './tables.ts'
import { START } from './values.ts'

export interface Rig {
  readonly tier: Tier
  run(program: Program): Promise<Entry[]>
  stop(): Promise<void>
}

export async function createRig(tier: Tier, decorate = (engine: RootEngine) => engine): Promise<Rig> {
  const clock = createTestClock()
  const harness = await createHarness(tier)
  const opened = await harness.open({ clock })
  await createExtraTables(opened.engine)
  const ids = createPlainIds()
  const engine = decorate(withIds(opened.engine, ids.next))
  const rootOf = (system: System): Place => ({
    scope: system,
    confined: (workspaceId) => system.in(workspaceId),
    transaction: (work) => system.engine.transaction((tx) => work(innerPlace(tx))),
  })

  /** What hangs on these goes along, unless something refers to it that has to be removed first. */
  async function empty(): Promise<void> {
    await engine.update(samples, { where: {}, set: { parentId: null } })
    for (const table of [workspaces, roles, settings, leases]) await engine.remove(table, { where: {} })
  }

  return {
    tier,
    async run(program) {
      await empty()
      clock.set(new Date(START))
      ids.restart()
      // One that has no notes open yet: ids are given again, by which it would know those of other programs.
      const system = await createSystem({ engine: { ...engine, close: async () => {} } })
      const entries = await runProgram(program, rootOf(system), clock)
      await system.close()
      return entries
    },
    async stop() {
      await opened.close()
      await harness.destroy()
      await harness.stop()
    },
  }
}

/** In a transaction; one within joins it. */
function innerPlace(tx: Engine): Place {
  return {
    scope: scopeOf(tx),
    confined: (workspaceId) => scopeOf(confine(tx, workspaceId)),
    transaction: (work) => tx.transaction((inner) => work(innerPlace(inner))),
  }
}

const scopeOf = (engine: Engine): Scope => Object.assign(createStores(engine), { engine })

interface PlainIds {
  next(): string
  restart(): void
}

/** Ids that are the same on every tier, and rise. */
function createPlainIds(): PlainIds {
  let count = 0
  return {
    next: () => `id${String(++count).padStart(4, '0')}`,
    restart() {
      count = 0
    },
  }
}

function withIds(engine: RootEngine, newId: () => string): RootEngine {
  const inside = (tx: Engine): Engine => ({
    ...tx,
    newId,
    transaction: (work, options) => tx.transaction((inner) => work(inside(inner)), options),
  })
  return {
    ...engine,
    newId,
    transaction: (work, options) => engine.transaction((tx) => work(inside(tx)), options),
  }
}
