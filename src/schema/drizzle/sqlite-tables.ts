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
import { toSqlite } from './sqlite.ts'

export const workspaces = toSqlite(workspacesTable)
export const teams = toSqlite(teamsTable)
export const codebases = toSqlite(codebasesTable)
export const agents = toSqlite(agentsTable)
export const roles = toSqlite(rolesTable)
export const tasks = toSqlite(tasksTable)
export const taskDependencies = toSqlite(taskDependenciesTable)
export const conversations = toSqlite(conversationsTable)
export const messages = toSqlite(messagesTable)
export const settings = toSqlite(settingsTable)
export const backgroundTasks = toSqlite(backgroundTasksTable)
export const backgroundDependencies = toSqlite(backgroundDependenciesTable)
export const backgroundLanes = toSqlite(backgroundLanesTable)
export const notes = toSqlite(notesTable)
export const noteHeads = toSqlite(noteHeadsTable)
export const noteUpdates = toSqlite(noteUpdatesTable)
export const noteSnapshots = toSqlite(noteSnapshotsTable)
export const noteTexts = toSqlite(noteTextsTable)
export const noteVersions = toSqlite(noteVersionsTable)
export const noteEdits = toSqlite(noteEditsTable)
export const notePresence = toSqlite(notePresenceTable)
