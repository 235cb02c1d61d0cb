import { agentScenarios } from './agents.ts'
import { backgroundTaskCancelScenarios } from './background-task-cancels.ts'
import { backgroundTaskDependencyScenarios } from './background-task-dependencies.ts'
import { backgroundTaskLaneScenarios } from './background-task-lanes.ts'
import { backgroundTaskLeaseScenarios } from './background-task-leases.ts'
import { backgroundTaskWorkerScenarios } from './background-task-workers.ts'
import { backgroundTaskScenarios } from './background-tasks.ts'
import { closedScenarios } from './closed.ts'
import { codebaseScenarios } from './codebases.ts'
import { confinedScenarios } from './confined.ts'
import { conversationScenarios } from './conversations.ts'
import { copyScenarios } from './copies.ts'
import { engineScenarios } from './engine.ts'
import { errorScenarios } from './errors.ts'
import { exampleScenarios } from './example.ts'
import { idScenarios } from './ids.ts'
import { listScenarios } from './lists.ts'
import { messageScenarios } from './messages.ts'
import { noteEditingScenarios } from './note-editing.ts'
import { noteLiveScenarios } from './note-live.ts'
import { noteLogScenarios } from './note-log.ts'
import { noteVersionScenarios } from './note-versions.ts'
import { noteScenarios } from './notes.ts'
import { referenceScenarios } from './references.ts'
import { roleScenarios } from './roles.ts'
import type { Scenario } from './scenario.ts'
import { searchScenarios } from './search.ts'
import { settingScenarios } from './settings.ts'
import { signalScenarios } from './signals.ts'
import { taskDependencyScenarios } from './task-dependencies.ts'
import { taskTransitionScenarios } from './task-transitions.ts'
import { taskScenarios } from './tasks.ts'
import { teamScenarios } from './teams.ts'
import { transactionScenarios } from './transactions.ts'
import { valueScenarios } from './values.ts'
import { versionScenarios } from './versions.ts'
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
  ...backgroundTaskScenarios,
  ...backgroundTaskLeaseScenarios,
  ...backgroundTaskCancelScenarios,
  ...backgroundTaskDependencyScenarios,
  ...backgroundTaskLaneScenarios,
  ...backgroundTaskWorkerScenarios,
  ...noteScenarios,
  ...noteEditingScenarios,
  ...noteLogScenarios,
  ...noteVersionScenarios,
  ...noteLiveScenarios,
  ...closedScenarios,
  ...confinedScenarios,
  ...copyScenarios,
  ...engineScenarios,
  ...errorScenarios,
  ...listScenarios,
  ...referenceScenarios,
  ...searchScenarios,
  ...signalScenarios,
  ...transactionScenarios,
  ...valueScenarios,
  ...versionScenarios,
]
