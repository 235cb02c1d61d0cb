import { agents } from './agents.ts'
import { boolean, folded, id, integer, json, oneOf, TITLE_LIMIT, text, timestamp } from './dsl/columns.ts'
import type { JsonObject } from './dsl/json.ts'
import { type Row, type Table, table } from './dsl/table.ts'
import { created, versioned } from './shared.ts'
import { workspaces } from './workspaces.ts'

export const taskStatuses = [
  'pending',
  'ready',
  'running',
  'review',
  'done',
  'failed',
  'blocked',
  'paused',
  'skipped',
  'cancelled',
] as const
export type TaskStatus = (typeof taskStatuses)[number]

/** What is to be done. Tasks wait for one another through `taskDependencies`. */
export const tasks = table(
  'tasks',
  {
    id: id().primaryKey(),
    workspaceId: id().references(() => workspaces, { onDelete: 'cascade' }),
    /** The lead or crew within which `key` is unique. */
    crew: text({ max: 128 }).default(''),
    /** The task's own name within its crew; its id, unless given. */
    key: id(),
    title: text({ min: 1, max: TITLE_LIMIT }),
    titleFolded: folded('title'),
    objective: text().default(''),
    scope: text().optional(),
    acceptanceCriteria: json<string[]>({ shape: 'list' }).default([]),
    status: oneOf(...taskStatuses).default('ready'),
    /** What a paused task returns to. */
    pausedFrom: oneOf('waiting', 'running').optional(),
    /** Higher first. */
    priority: integer().default(0),
    assigneeId: id()
      .optional()
      .references(() => agents, { onDelete: 'set null' }),
    role: text({ min: 1, max: 128 }).optional(),
    parallelGroup: text({ min: 1, max: 128 }).optional(),
    files: json<string[]>({ shape: 'list' }).default([]),
    model: text({ min: 1, max: 256 }).optional(),
    verification: json<JsonObject>({ shape: 'object' }).optional(),
    completionSummary: text().optional(),
    failureReason: text().optional(),
    /** Dependencies that are not yet done, skipped or cancelled. Promotion turns on this counter alone. */
    openDependencies: integer().default(0),
    /** Those of them that have failed. */
    failedDependencies: integer().default(0),
    /** Tasks that wait for this one, whatever their state. */
    dependents: integer().default(0),
    archived: boolean().default(false),
    startedAt: timestamp().optional(),
    completedAt: timestamp().optional(),
    metadata: json<JsonObject>({ shape: 'object' }).default({}),
    ...versioned,
    ...created,
  },
  {
    indexes: [
      { on: ['workspaceId', 'crew', 'key'], unique: true },
      { on: ['workspaceId', 'createdAt', 'id'] },
      { on: ['workspaceId', 'status', 'createdAt', 'id'] },
      { on: ['workspaceId', ['priority', 'desc'], 'createdAt', 'id'], where: { status: 'ready' } },
      { on: ['assigneeId'] },
    ],
  },
)
export type Task = Row<typeof tasks>

/** `taskId` waits for `dependsOnId`. */
export const taskDependencies = table(
  'taskDependencies',
  {
    taskId: id().references((): Table => tasks, { onDelete: 'cascade' }),
    dependsOnId: id().references((): Table => tasks, { onDelete: 'cascade' }),
    workspaceId: id(),
    createdAt: timestamp(),
  },
  { primaryKey: ['taskId', 'dependsOnId'], indexes: [{ on: ['dependsOnId'] }] },
)
