/** What agents can be. Roles that came with the application are built in, and stay. */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { ValidationError } from '../errors.ts'
import { roles } from '../schema/roles.ts'
import {
  defineStore,
  type Filter,
  idOf,
  type NewOf,
  type PatchOf,
  type StoreVerbs,
  storeVerbs,
} from './store.ts'

const definition = defineStore(roles, { fixed: ['builtIn'] })

export type NewRole = NewOf<typeof definition>
export type RolePatch = PatchOf<typeof definition>
export type RoleFilter = Filter<typeof roles>

export interface RoleStore extends StoreVerbs<typeof roles, NewRole, RolePatch, RoleFilter> {
  /** Whether there was a role to delete. Throws `ValidationError` for one that is built in. */
  delete(id: string, options?: CallOptions): Promise<boolean>
}

export function createRoleStore(engine: Engine): RoleStore {
  return {
    ...storeVerbs(engine, definition),

    async delete(id, options) {
      const removed = await engine.remove(roles, { where: { id: idOf(roles, id), builtIn: false } }, options)
      if (removed.length > 0) return true
      if ((await engine.get(roles, id, options)) === null) return false
      throw new ValidationError(`roles: ${JSON.stringify(id)} is built in and cannot be deleted`, roles.name)
    },
  }
}
