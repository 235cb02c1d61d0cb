/** What the hand-written sides share: the columns of a task as somebody without a library would write them. */

import { v7 } from 'uuid'
import { fold } from '../../src/schema/dsl/fold.ts'
import type { Task } from '../../src/schema/tasks.ts'
import type { NewTask } from '../../src/stores/tasks.ts'

/** In the order that the decoders read them. */
export const READ = `id, workspace_id, crew, "key", title, objective, scope, acceptance_criteria, status,
  paused_from, priority, assignee_id, role, parallel_group, files, model, verification, completion_summary,
  failure_reason, open_dependencies, failed_dependencies, dependents, archived, started_at, completed_at,
  metadata, version, created_at, updated_at`

/** In the order of `written`. */
export const WRITTEN = `id, workspace_id, crew, "key", title, title_folded, objective, acceptance_criteria,
  status, priority, role, files, open_dependencies, failed_dependencies, dependents, archived, metadata,
  version, created_at, updated_at`

/** The row that a caller's input becomes; nothing is checked. */
export function newTask(input: NewTask): Task {
  const id = input.id ?? v7()
  const now = new Date()
  return {
    id,
    workspaceId: input.workspaceId,
    crew: input.crew ?? '',
    key: input.key ?? id,
    title: input.title,
    objective: input.objective ?? '',
    scope: null,
    acceptanceCriteria: [...(input.acceptanceCriteria ?? [])],
    status: 'ready',
    pausedFrom: null,
    priority: input.priority ?? 0,
    assigneeId: null,
    role: input.role ?? null,
    parallelGroup: null,
    files: [...(input.files ?? [])],
    model: null,
    verification: null,
    completionSummary: null,
    failureReason: null,
    openDependencies: 0,
    failedDependencies: 0,
    dependents: 0,
    archived: false,
    startedAt: null,
    completedAt: null,
    metadata: input.metadata ?? {},
    version: 1,
    createdAt: now,
    updatedAt: now,
  }
}

/** Folded for searching, as every side has to keep it. */
export const foldedTitle = ({ title }: Task): string => fold(title)

/** Where a page of `created_at, id` goes on. */
export function cursorAfter({ createdAt, id }: Task): string {
  return Buffer.from(JSON.stringify([createdAt.getTime(), id])).toString('base64url')
}
