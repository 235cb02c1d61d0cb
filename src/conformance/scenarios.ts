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
import { confinedEngineScenarios } from './confined-engine.ts'
import { conversationGetOrCreateScenarios } from './conversation-get-or-create.ts'
import { conversationGroupScenarios } from './conversation-groups.ts'
import { conversationScenarios } from './conversations.ts'
import { copyScenarios } from './copies.ts'
import { delegationScenarios } from './delegations.ts'
import { dueScenarios } from './due.ts'
import { engineInsertScenarios } from './engine-inserts.ts'
import { engineNoticeScenarios } from './engine-notices.ts'
import { engineQueryScenarios } from './engine-queries.ts'
import { engineUpdateScenarios } from './engine-updates.ts'
import { engineWriteScenarios } from './engine-writes.ts'
import { errorScenarios } from './errors.ts'
import { exampleScenarios } from './example.ts'
import { fileLockScenarios } from './file-locks.ts'
import { idScenarios } from './ids.ts'
import { leaseScenarios } from './leases.ts'
import { listFilterScenarios } from './list-filters.ts'
import { listOrderScenarios } from './list-orders.ts'
import { listPageScenarios } from './list-pages.ts'
import { mailboxScenarios } from './mailbox.ts'
import { messageNumberScenarios } from './message-numbers.ts'
import { messageReactionScenarios } from './message-reactions.ts'
import { messageWindowScenarios } from './message-windows.ts'
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
import { noteSearchMatchScenarios } from './note-search-matches.ts'
import { noteTextScenarios } from './note-texts.ts'
import { noteTransactionScenarios } from './note-transactions.ts'
import { noteVersionScenarios } from './note-versions.ts'
import { noteScenarios } from './notes.ts'
import { referenceScenarios } from './references.ts'
import { roleScenarios } from './roles.ts'
import type { Scenario } from './scenario.ts'
import { scheduleScenarios } from './schedules.ts'
import { searchScenarios } from './search.ts'
import { settingScenarios } from './settings.ts'
import { signalScenarios } from './signals.ts'
import { taskBatchScenarios } from './task-batches.ts'
import { taskDependencyScenarios } from './task-dependencies.ts'
import { taskRaceScenarios } from './task-races.ts'
import { taskTransitionScenarios } from './task-transitions.ts'
import { taskWaitingScenarios } from './task-waiting.ts'
import { taskScenarios } from './tasks.ts'
import { teamScenarios } from './teams.ts'
import { timerScenarios } from './timers.ts'
import { transactionIsolationScenarios } from './transaction-isolation.ts'
import { transactionRerunScenarios } from './transaction-reruns.ts'
import { transactionScopeScenarios } from './transaction-scope.ts'
import { transactionTimeoutScenarios } from './transaction-timeouts.ts'
import { transactionScenarios } from './transactions.ts'
import { valueColumnScenarios } from './value-columns.ts'
import { valueJsonScenarios } from './value-json.ts'
import { valueJsonPatchScenarios } from './value-json-patches.ts'
import { valueNumberScenarios } from './value-numbers.ts'
import { valueTextScenarios } from './value-texts.ts'
import { valueTimeScenarios } from './value-times.ts'
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
  ...conversationGetOrCreateScenarios,
  ...conversationGroupScenarios,
  ...messageScenarios,
  ...messageNumberScenarios,
  ...messageWindowScenarios,
  ...messageReactionScenarios,
  ...exampleScenarios,
  ...taskScenarios,
  ...taskTransitionScenarios,
  ...taskWaitingScenarios,
  ...taskDependencyScenarios,
  ...taskBatchScenarios,
  ...taskRaceScenarios,
  ...backgroundTaskScenarios,
  ...backgroundTaskLeaseScenarios,
  ...backgroundTaskCancelScenarios,
  ...backgroundTaskDependencyScenarios,
  ...backgroundTaskLaneScenarios,
  ...backgroundTaskWorkerScenarios,
  ...leaseScenarios,
  ...fileLockScenarios,
  ...timerScenarios,
  ...mailboxScenarios,
  ...delegationScenarios,
  ...scheduleScenarios,
  ...dueScenarios,
  ...noteScenarios,
  ...noteSearchScenarios,
  ...noteSearchMatchScenarios,
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
  ...confinedEngineScenarios,
  ...copyScenarios,
  ...engineInsertScenarios,
  ...engineUpdateScenarios,
  ...engineQueryScenarios,
  ...engineWriteScenarios,
  ...engineNoticeScenarios,
  ...errorScenarios,
  ...listOrderScenarios,
  ...listPageScenarios,
  ...listFilterScenarios,
  ...referenceScenarios,
  ...searchScenarios,
  ...signalScenarios,
  ...transactionScenarios,
  ...transactionIsolationScenarios,
  ...transactionScopeScenarios,
  ...transactionTimeoutScenarios,
  ...transactionRerunScenarios,
  ...valueTextScenarios,
  ...valueNumberScenarios,
  ...valueTimeScenarios,
  ...valueJsonScenarios,
  ...valueJsonPatchScenarios,
  ...valueColumnScenarios,
  ...versionScenarios,
]
