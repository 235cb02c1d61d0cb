/** All stores over one engine. */

import type { Engine } from '../engine/engine.ts'
import { createAgentStore } from './agents.ts'
import { createBackgroundTaskStore } from './background-tasks.ts'
import { createCodebaseStore } from './codebases.ts'
import { createConversationStore } from './conversations.ts'
import { createDelegationStore } from './delegations.ts'
import { createFileLockStore } from './file-locks.ts'
import { createLeaseStore } from './leases.ts'
import { createMailboxStore } from './mailbox.ts'
import { createMessageStore } from './messages.ts'
import { createNoteStore } from './notes.ts'
import { createRoleStore } from './roles.ts'
import { createScheduleStore } from './schedules.ts'
import { createSettingStore } from './settings.ts'
import { createTaskStore } from './tasks.ts'
import { createTeamStore } from './teams.ts'
import { createTimerStore } from './timers.ts'
import { createWorkspaceStore } from './workspaces.ts'

/** By the name under which a System has them. */
const factories = {
  workspaces: createWorkspaceStore,
  teams: createTeamStore,
  codebases: createCodebaseStore,
  agents: createAgentStore,
  roles: createRoleStore,
  conversations: createConversationStore,
  messages: createMessageStore,
  tasks: createTaskStore,
  notes: createNoteStore,
  backgroundTasks: createBackgroundTaskStore,
  leases: createLeaseStore,
  fileLocks: createFileLockStore,
  timers: createTimerStore,
  mailbox: createMailboxStore,
  delegations: createDelegationStore,
  schedules: createScheduleStore,
  settings: createSettingStore,
}

type Factories = typeof factories
export type Stores = { readonly [Name in keyof Factories]: ReturnType<Factories[Name]> }
// The cast: these are its keys.
export const storeNames = Object.keys(factories) as readonly (keyof Stores)[]

/** Each store is made when it is first asked for: a transaction seldom uses more than two. */
export function createStores(engine: Engine): Stores {
  const stores = {}
  for (const [name, create] of Object.entries(factories)) {
    Object.defineProperty(stores, name, {
      enumerable: true,
      configurable: true,
      get() {
        const store = create(engine)
        Object.defineProperty(stores, name, { value: store, enumerable: true })
        return store
      },
    })
  }
  // The cast: one property has been defined for each factory.
  return stores as Stores
}
