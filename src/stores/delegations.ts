/** Work that one agent gave another, and what became of it. How it ended is said once, and stays. */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { InvalidTransitionError, ValidationError } from '../errors.ts'
import { type Delegation, type DelegationOutcome, delegations } from '../schema/delegations.ts'
import type { JsonValue } from '../schema/dsl/json.ts'
import {
  checkObject,
  defineStore,
  type Filter,
  idOf,
  type NewOf,
  notFound,
  type PatchOf,
  type StoreVerbs,
  stamped,
  storeVerbs,
} from './store.ts'

const definition = defineStore(delegations, {
  fixed: ['fromAgentId', 'toAgentId', 'task'],
  owned: ['status', 'result', 'finishedAt'],
})

export type NewDelegation = Omit<NewOf<typeof definition>, 'toAgentId'> & { readonly toAgentId: string }
export type DelegationPatch = PatchOf<typeof definition>
export type DelegationFilter = Filter<typeof delegations>

export interface DelegationStore
  extends Omit<StoreVerbs<typeof delegations, NewDelegation, DelegationPatch, DelegationFilter>, 'create'> {
  /**
   * Gives work to another agent. Throws as `create` does everywhere: `InvalidReferenceError` for an agent or task
   * that the workspace does not have.
   */
  delegate(delegation: NewDelegation, options?: CallOptions): Promise<Delegation>
  /**
   * Says how it ended: of many who do so at once, one does. Throws `NotFoundError`, and `InvalidTransitionError`
   * once it has ended.
   */
  finish(
    id: string,
    outcome: CallOptions & {
      readonly status: DelegationOutcome
      readonly result?: JsonValue | undefined
    },
  ): Promise<Delegation>
}

export function createDelegationStore(engine: Engine): DelegationStore {
  const { create, ...verbs } = storeVerbs(engine, definition)
  return {
    ...verbs,

    async delegate(delegation, options) {
      checkObject(delegations, delegation)
      if (delegation.toAgentId == null) throw refuse('toAgentId', 'is required')
      return create(delegation, options)
    },

    async finish(id, outcome) {
      checkObject(delegations, outcome)
      const { status, result, signal } = outcome
      // The cast: what is checked is whether the types were minded.
      if (status === undefined || (status as string) === 'active') {
        throw refuse('status', 'must say how it ended: done, failed or cancelled')
      }
      const set = stamped<typeof delegations>(engine, { status, result, finishedAt: engine.now() })
      const where = { id: idOf(delegations, id), status: 'active' as const }
      const [finished] = await engine.update(delegations, { where, set }, { signal })
      if (finished !== undefined) return finished
      const found = (await engine.get(delegations, id, { signal })) ?? notFound(delegations, id)
      throw new InvalidTransitionError(delegations.name, id, 'finish', found.status, ['active'])
    },
  }
}

function refuse(column: string, reason: string): ValidationError {
  return new ValidationError(`delegations.${column} ${reason}`, delegations.name, column)
}
