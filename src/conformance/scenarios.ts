import { agentScenarios } from './agents.ts'
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
import { noteCompactionScenarios } from './note-compaction.ts'
import { noteCursorScenarios } from './note-cursors.ts'
import { noteDeletionScenarios } from './note-deletion.ts'
import { noteEditingScenarios } from './note-editing.ts'
import { noteFailureScenarios } from './note-failures.ts'
import { noteHostileScenarios } from './note-hostile.ts'
import { noteLiveScenarios } from './note-live.ts'
import { noteLogScenarios } from './note-log.ts'
import { notePresenceScenarios } from './note-presence.ts'
import { noteRaceScenarios } from './note-races.ts'
import { noteSearchScenarios } from './note-search.ts'
import { noteTextScenarios } from './note-texts.ts'
import { noteTransactionScenarios } from './note-transactions.ts'
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
  ...noteScenarios,
  ...noteSearchScenarios,
  ...noteTransactionScenarios,
  ...noteEditingScenarios,
  ...noteLogScenarios,
  ...noteCompactionScenarios,
  ...noteCursorScenarios,
  ...noteTextScenarios,
  ...noteFailureScenarios,
  ...noteHostileScenarios,
  ...noteDeletionScenarios,
  ...noteVersionScenarios,
  ...noteRaceScenarios,
  ...noteLiveScenarios,
  ...notePresenceScenarios,
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
