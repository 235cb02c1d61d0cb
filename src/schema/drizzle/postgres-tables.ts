/** The tables as drizzle-kit reads them: every export is one. */

import { agents as agentsTable } from '../agents.ts'
import {
  backgroundDependencies as backgroundDependenciesTable,
  backgroundLanes as backgroundLanesTable,
  backgroundTasks as backgroundTasksTable,
} from '../background-tasks.ts'
import { codebases as codebasesTable } from '../codebases.ts'
import { conversations as conversationsTable } from '../conversations.ts'
import { messages as messagesTable } from '../messages.ts'
import {
  noteEdits as noteEditsTable,
  noteHeads as noteHeadsTable,
  notePresence as notePresenceTable,
  noteSnapshots as noteSnapshotsTable,
  notes as notesTable,
  noteTexts as noteTextsTable,
  noteUpdates as noteUpdatesTable,
  noteVersions as noteVersionsTable,
} from '../notes.ts'
import { roles as rolesTable } from '../roles.ts'
import { settings as settingsTable } from '../settings.ts'
import { taskDependencies as taskDependenciesTable, tasks as tasksTable } from '../tasks.ts'
import { teams as teamsTable } from '../teams.ts'
import { workspaces as workspacesTable } from '../workspaces.ts'
import { toPostgres } from './postgres.ts'

export const workspaces = toPostgres(workspacesTable)
export const teams = toPostgres(teamsTable)
export const codebases = toPostgres(codebasesTable)
export const agents = toPostgres(agentsTable)
export const roles = toPostgres(rolesTable)
export const tasks = toPostgres(tasksTable)
export const taskDependencies = toPostgres(taskDependenciesTable)
export const conversations = toPostgres(conversationsTable)
export const messages = toPostgres(messagesTable)
export const settings = toPostgres(settingsTable)
export const backgroundTasks = toPostgres(backgroundTasksTable)
export const backgroundDependencies = toPostgres(backgroundDependenciesTable)
export const backgroundLanes = toPostgres(backgroundLanesTable)
export const notes = toPostgres(notesTable)
export const noteHeads = toPostgres(noteHeadsTable)
export const noteUpdates = toPostgres(noteUpdatesTable)
export const noteSnapshots = toPostgres(noteSnapshotsTable)
export const noteTexts = toPostgres(noteTextsTable)
export const noteVersions = toPostgres(noteVersionsTable)
export const noteEdits = toPostgres(noteEditsTable)
export const notePresence = toPostgres(notePresenceTable)
