import { agents } from './agents.ts'
import { backgroundDependencies, backgroundLanes, backgroundTasks } from './background-tasks.ts'
import { codebases } from './codebases.ts'
import { conversations } from './conversations.ts'
import { delegations } from './delegations.ts'
import type { Table } from './dsl/table.ts'
import { fileLocks } from './file-locks.ts'
import { leases } from './leases.ts'
import { mail, mailboxes } from './mailbox.ts'
import { messages } from './messages.ts'
import {
  noteEdits,
  noteHeads,
  notePresence,
  noteSearches,
  noteSnapshots,
  notes,
  noteTexts,
  noteUpdates,
  noteVersions,
} from './notes.ts'
import { roles } from './roles.ts'
import { schedules } from './schedules.ts'
import { settings } from './settings.ts'
import { taskDependencies, tasks } from './tasks.ts'
import { teams } from './teams.ts'
import { timers } from './timers.ts'
import { workspaces } from './workspaces.ts'

/** Every table of Terrace, referenced ones first: the only list of them. */
export const schema = {
  workspaces,
  teams,
  codebases,
  agents,
  roles,
  tasks,
  taskDependencies,
  conversations,
  messages,
  settings,
  backgroundTasks,
  backgroundDependencies,
  backgroundLanes,
  leases,
  fileLocks,
  timers,
  mailboxes,
  mail,
  delegations,
  schedules,
  notes,
  noteHeads,
  noteUpdates,
  noteSnapshots,
  noteTexts,
  noteSearches,
  noteVersions,
  noteEdits,
  notePresence,
}

export const tables: readonly Table[] = Object.values(schema)
