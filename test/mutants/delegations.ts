/** Delegations: said once how they ended, and kept. */

import { oneOfThese } from '../../src/engine/query.ts'
import { InvalidTransitionError } from '../../src/errors.ts'
import { delegations } from '../../src/schema/delegations.ts'
import type { DelegationStore } from '../../src/stores/delegations.ts'
import type { Scope } from '../../src/system.ts'
import { giveWay, less, type Mutant, questions, stores } from './mutant.ts'

export const delegationMutants: readonly Mutant[] = [
  {
    id: 'delegations-ended-twice',
    breaks: 'Says how work ended although it has been said',
    scenario: 'delegations.finish-once',
    system: delegationsWith(({ engine }, own) => ({
      async finish(id, outcome) {
        const found = await own.get(String(id))
        await giveWay()
        if (found?.status !== 'active') return own.finish(id, outcome)
        return own.finish(id, outcome).catch(async (error: unknown) => {
          if (!(error instanceof InvalidTransitionError)) throw error
          const { status, result } = outcome
          const [again] = await engine.update(delegations, {
            where: { id },
            set: { status, result: result ?? null },
          })
          return again!
        })
      },
    })),
  },
  {
    id: 'delegations-without-empty-results',
    breaks: 'Forgets a result that is 0 or false',
    scenario: 'delegations.outcomes',
    engine: questions({
      set: (set, table) =>
        table === delegations && 'result' in set ? { ...set, result: set.result || undefined } : set,
    }),
  },
  {
    id: 'delegations-passed-on',
    breaks: 'Lets an update give work to another',
    scenario: 'delegations.fixed',
    system: delegationsWith(({ engine }, own) => ({
      async update(id, patch, options) {
        if (!(typeof patch === 'object' && patch !== null && 'toAgentId' in patch))
          return own.update(id, patch, options)
        const { toAgentId } = patch as { readonly toAgentId: string }
        await engine.update(delegations, { where: { id }, set: { toAgentId } })
        return own.update(id, less(patch, 'toAgentId'), options)
      },
    })),
  },
  {
    id: 'delegations-gone-with-an-agent',
    breaks: 'Deletes the work of an agent with it',
    scenario: 'delegations.agents',
    system: stores(({ agents, engine }) => ({
      agents: {
        async delete(id, options) {
          await engine.remove(delegations, { where: { toAgentId: oneOfThese([id]) } })
          return agents.delete(id, options)
        },
      },
    })),
  },
  {
    id: 'delegations-without-context',
    breaks: 'Keeps no context',
    scenario: 'delegations.delegate',
    engine: questions({ row: (row, table) => (table === delegations ? less(row, 'context') : row) }),
  },
]

function delegationsWith(overrides: (scope: Scope, own: DelegationStore) => Partial<DelegationStore>) {
  return stores((scope) => ({ delegations: overrides(scope, scope.delegations) }))
}
