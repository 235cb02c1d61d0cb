import { agents } from './agents.ts'
import { codebases } from './codebases.ts'
import { conversations } from './conversations.ts'
import type { Table } from './dsl/table.ts'
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
import { settings } from './settings.ts'
import { taskDependencies, tasks } from './tasks.ts'
import { teams } from './teams.ts'
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
