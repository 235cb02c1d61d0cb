import { agentScenarios } from './agents.ts'
import { codebaseScenarios } from './codebases.ts'
import { conversationScenarios } from './conversations.ts'
import { exampleScenarios } from './example.ts'
import { idScenarios } from './ids.ts'
import { messageScenarios } from './messages.ts'
import { roleScenarios } from './roles.ts'
import type { Scenario } from './scenario.ts'
import { settingScenarios } from './settings.ts'
import { taskDependencyScenarios } from './task-dependencies.ts'
import { taskTransitionScenarios } from './task-transitions.ts'
import { taskScenarios } from './tasks.ts'
import { teamScenarios } from './teams.ts'
import { workspaceScenarios } from './workspaces.ts'

export const scenarios: readonly Scenario[] = [
  ...workspaceScenarios,
  ...idScenarios,
  ...teamScenarios,
  ...codebaseScenarios,
  ...agentScenarios,
  ...roleScenarios,
  ...settingScenarios,
  ...conversationScenarios,
  ...messageScenarios,
  ...exampleScenarios,
  ...taskScenarios,
  ...taskTransitionScenarios,
  ...taskDependencyScenarios,
]
