/** Confinement to a workspace. */

import { confine } from '../../src/confine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { createStores } from '../../src/stores/stores.ts'
import type { ConfinedSystem, Scope, System } from '../../src/system.ts'
import type { Mutant } from './mutant.ts'

export const workspaceMutants: readonly Mutant[] = [
  {
    id: 'confined-not-at-all',
    breaks: 'Confines to no workspace',
    scenario: 'confined.every-verb',
    system: leaking((_confined, whole) => whole),
  },
  {
    id: 'confined-not-in-transactions',
    breaks: 'Confines to no workspace inside transactions',
    scenario: 'confined.every-verb-in-transactions',
    system: leaking((_confined, whole) => ({ transaction: whole.transaction })),
  },
  {
    id: 'confined-list-leaks',
    breaks: 'Lists rows of other workspaces',
    scenario: 'confined.lists',
    system: leaking((_confined, whole) => ({ find: whole.find })),
  },
  {
    id: 'confined-get-leaks',
    breaks: 'Gets rows of other workspaces by their ids',
    scenario: 'confined.every-verb',
    system: leaking((_confined, whole) => ({ get: whole.get })),
  },
  {
    id: 'confined-count-leaks',
    breaks: 'Counts rows of other workspaces',
    scenario: 'confined.lists',
    system: leaking((_confined, whole) => ({ aggregate: whole.aggregate })),
  },
  {
    id: 'confined-insert-leaks',
    breaks: 'Makes rows in other workspaces',
    scenario: 'confined.engine-writes',
    system: leaking((_confined, whole) => ({ insert: whole.insert })),
  },
  {
    id: 'confined-conflict-leaks',
    breaks: 'Changes a row of another workspace that is in the way',
    scenario: 'confined.conflicts',
    system: leaking((confined, whole) => ({
      insert: (table, rows, options) =>
        options?.onConflict === undefined
          ? confined.insert(table, rows, options)
          : whole.insert(table, rows, options),
    })),
  },
  {
    id: 'confined-update-leaks',
    breaks: 'Changes rows of other workspaces',
    scenario: 'confined.every-verb',
    system: leaking((_confined, whole) => ({ update: whole.update })),
  },
  {
    id: 'confined-remove-leaks',
    breaks: 'Removes rows of other workspaces',
    scenario: 'confined.every-verb',
    system: leaking((_confined, whole) => ({ remove: whole.remove })),
  },
  {
    id: 'confined-write-leaks',
    breaks: 'Writes to several tables of other workspaces',
    scenario: 'confined.every-verb',
    system: leaking((_confined, whole) => ({ write: whole.write })),
  },
  {
    id: 'confined-signals-leak',
    breaks: 'Tells other workspaces what happens in one',
    scenario: 'confined.signals',
    system: leaking((_confined, whole) => ({ notify: whole.notify, listen: whole.listen })),
  },
  {
    id: 'confined-engine-whole',
    breaks: 'Hands out the whole engine',
    scenario: 'confined.engine',
    system: (system) => ({
      ...system,
      in: (workspaceId) => ({ ...system.in(workspaceId), engine: system.engine }),
    }),
  },
  {
    id: 'confined-refusals-forgiven',
    breaks: 'Commits the rest of a transaction in which confinement refused something',
    scenario: 'confined.refusals-doom',
    system: leaking((_confined, whole, workspaceId) => {
      // By its verbs alone, it is not known for the engine of a transaction. The cast: the same verbs.
      const verbs = Object.fromEntries(Object.entries(whole)) as unknown as Engine
      const { transaction: _, ...apart } = confine(verbs, workspaceId)
      return apart
    }),
  },
]

/** Confined Systems over engines that let some verbs through. */
function leaking(through: (confined: Engine, whole: Engine, workspaceId: string) => Partial<Engine>) {
  const confined = (whole: Engine, workspaceId: string): Engine => {
    const within = confine(whole, workspaceId)
    return {
      ...within,
      transaction: (work, options) => whole.transaction((tx) => work(confined(tx, workspaceId)), options),
      ...through(within, whole, workspaceId),
    }
  }
  const scopeOf = (engine: Engine): Scope => ({ ...createStores(engine), engine })
  return (system: System): System => ({
    ...system,
    in(workspaceId): ConfinedSystem {
      const engine = confined(system.engine, workspaceId)
      return {
        ...scopeOf(engine),
        transaction: (work, options) => engine.transaction((tx) => work(scopeOf(tx)), options),
        health: system.health,
      }
    },
  })
}
