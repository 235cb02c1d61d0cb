/** Teams of a workspace. Deleting one leaves its agents, without a team. */

import type { Engine } from '../engine/engine.ts'
import { teams } from '../schema/teams.ts'
import { defineStore, type Filter, type NewOf, type PatchOf, type StoreVerbs, storeVerbs } from './store.ts'

const definition = defineStore(teams)

export type NewTeam = NewOf<typeof definition>
export type TeamPatch = PatchOf<typeof definition>
export type TeamFilter = Filter<typeof teams>
export type TeamStore = StoreVerbs<typeof teams, NewTeam, TeamPatch, TeamFilter>

export function createTeamStore(engine: Engine): TeamStore {
  return storeVerbs(engine, definition)
}
