/** All stores over one engine. */

import type { Engine } from '../engine/engine.ts'
import { type AgentStore, createAgentStore } from './agents.ts'
import { type CodebaseStore, createCodebaseStore } from './codebases.ts'
import { type ConversationStore, createConversationStore } from './conversations.ts'
import { createMessageStore, type MessageStore } from './messages.ts'
import { createRoleStore, type RoleStore } from './roles.ts'
import { createSettingStore, type SettingStore } from './settings.ts'
import { createTaskStore, type TaskStore } from './tasks.ts'
import { createTeamStore, type TeamStore } from './teams.ts'
import { createWorkspaceStore, type WorkspaceStore } from './workspaces.ts'

export interface Stores {
  readonly workspaces: WorkspaceStore
  readonly teams: TeamStore
  readonly codebases: CodebaseStore
  readonly agents: AgentStore
  readonly roles: RoleStore
  readonly conversations: ConversationStore
  readonly messages: MessageStore
  readonly tasks: TaskStore
  readonly settings: SettingStore
}

/** Each store is made when it is first asked for: a transaction seldom uses more than two. */
export function createStores(engine: Engine): Stores {
  let workspaces: WorkspaceStore | undefined
  let teams: TeamStore | undefined
  let codebases: CodebaseStore | undefined
  let agents: AgentStore | undefined
  let roles: RoleStore | undefined
  let conversations: ConversationStore | undefined
  let messages: MessageStore | undefined
  let tasks: TaskStore | undefined
  let settings: SettingStore | undefined
  return {
    get workspaces() {
      workspaces ??= createWorkspaceStore(engine)
      return workspaces
    },
    get teams() {
      teams ??= createTeamStore(engine)
      return teams
    },
    get codebases() {
      codebases ??= createCodebaseStore(engine)
      return codebases
    },
    get agents() {
      agents ??= createAgentStore(engine)
      return agents
    },
    get roles() {
      roles ??= createRoleStore(engine)
      return roles
    },
    get conversations() {
      conversations ??= createConversationStore(engine)
      return conversations
    },
    get messages() {
      messages ??= createMessageStore(engine)
      return messages
    },
    get tasks() {
      tasks ??= createTaskStore(engine)
      return tasks
    },
    get settings() {
      settings ??= createSettingStore(engine)
      return settings
    },
  }
}
