import { agents } from './agents.ts'
import { boolean, id, integer, json, KEY_LIMIT, oneOf, TITLE_LIMIT, text, timestamp } from './dsl/columns.ts'
import type { JsonObject, JsonValue } from './dsl/json.ts'
import { type Row, type Table, table } from './dsl/table.ts'
import { created, versioned } from './shared.ts'
import { workspaces } from './workspaces.ts'

export const jobStatuses = [
  /** For what it depends on. */
  'waiting',
  /** For its time to come, or for its place in the lane of its concurrency key. */
  'scheduled',
  /** Until another job of its concurrency key is done. */
  'blocked',
  'ready',
  'running',
  'done',
  /** Failed for good. */
  'dead',
  'cancelled',
] as const
export type JobStatus = (typeof jobStatuses)[number]

/** Jobs: what is to be done by whichever worker comes first, once. */
export const backgroundTasks = table(
  'backgroundTasks',
  {
    id: id().primaryKey(),
    workspaceId: id().references(() => workspaces, { onDelete: 'cascade' }),
    queue: id().default('default'),
    /** Which handler it is for. */
    kind: id(),
    title: text({ max: TITLE_LIMIT }).default(''),
    agentId: id()
      .optional()
      .references(() => agents, { onDelete: 'set null' }),
    payload: json<JsonValue>().optional(),
    /** Higher first. */
    priority: integer().default(0),
    status: oneOf(...jobStatuses).default('ready'),
    /** Not before; among equals of priority, the earlier one comes first. */
    runAt: timestamp(),
    /** How often it was begun. */
    attempts: integer().default(0),
    maxAttempts: integer().default(5),
    /** `maxAttempts` less `attempts`: a condition compares a column with a value, not with another column. */
    attemptsLeft: integer().default(5),
    /** Milliseconds to wait after the first failure, doubled with each further one, up to the second number. */
    backoffMs: integer().default(1000),
    maxBackoffMs: integer().default(3_600_000),
    /** Milliseconds that an attempt may take; the worker's own limit, unless given. */
    timeoutMs: integer().optional(),
    /** Empty for none. */
    uniqueKey: text({ max: KEY_LIMIT }).default(''),
    /** It has a unique key, and is not finished: the key stands for this job. */
    holdsUniqueKey: boolean().default(false),
    /** Empty for none. */
    concurrencyKey: text({ max: KEY_LIMIT }).default(''),
    /** It is ready or running, and no other job of its concurrency key may be. */
    holdsConcurrencyKey: boolean().default(false),
    /** Dependencies that are not done. Promotion turns on this counter alone. */
    openDependencies: integer().default(0),
    /** Jobs that wait, or waited, for this one. */
    dependents: integer().default(0),
    /** Rises with every claim; whoever writes for a job has to name it. */
    fence: integer().default(0),
    worker: id().optional(),
    leaseUntil: timestamp().optional(),
    /** It is running, and is to end as cancelled rather than be run again. */
    cancelRequested: boolean().default(false),
    /** Percent. */
    progress: integer().optional(),
    /** What it is doing. */
    activity: text({ max: TITLE_LIMIT }).optional(),
    inputTokens: integer().default(0),
    outputTokens: integer().default(0),
    result: json<JsonValue>().optional(),
    /** Of the last attempt that failed. */
    error: text().optional(),
    startedAt: timestamp().optional(),
    finishedAt: timestamp().optional(),
    /** Neither done, dead nor cancelled. */
    live: boolean().default(true),
    metadata: json<JsonObject>({ shape: 'object' }).default({}),
    ...versioned,
    ...created,
  },
  {
    indexes: [
      { on: ['workspaceId', 'uniqueKey'], unique: true, where: { holdsUniqueKey: true } },
      { on: ['workspaceId', 'concurrencyKey'], unique: true, where: { holdsConcurrencyKey: true } },
      { on: ['workspaceId', 'createdAt', 'id'] },
      { on: ['agentId'] },
      // What is claimed, in the order of claiming: nothing else is in it, however much there is.
      { on: ['queue', ['priority', 'desc'], 'runAt', 'id'], where: { status: 'ready' } },
      { on: ['runAt', 'id'], where: { status: 'scheduled' } },
      // Without the lease, so that a heartbeat changes no index; there are as many as there are workers.
      { on: ['workspaceId', 'id'], where: { status: 'running' } },
      {
        on: ['workspaceId', 'concurrencyKey', ['priority', 'desc'], 'runAt'],
        where: { status: 'blocked' },
      },
      { on: ['workspaceId', 'createdAt', 'id'], where: { status: 'dead' } },
      { on: ['finishedAt', 'id'], where: { live: false } },
    ],
  },
)
export type BackgroundTask = Row<typeof backgroundTasks>

/** `jobId` waits for `dependsOnId`. */
export const backgroundDependencies = table(
  'backgroundDependencies',
  {
    jobId: id().references((): Table => backgroundTasks, { onDelete: 'cascade' }),
    dependsOnId: id().references((): Table => backgroundTasks, { onDelete: 'cascade' }),
    workspaceId: id(),
    createdAt: timestamp(),
  },
  { primaryKey: ['jobId', 'dependsOnId'], indexes: [{ on: ['dependsOnId'] }] },
)

/** One per concurrency key that is or was in use. */
export const backgroundLanes = table(
  'backgroundLanes',
  {
    workspaceId: id().references(() => workspaces, { onDelete: 'cascade' }),
    concurrencyKey: id(KEY_LIMIT),
    /** `taken` by a job; `free`, and jobs may be blocked; `empty`, and none is. */
    state: oneOf('taken', 'free', 'empty'),
    /** Rises with every job that comes to be blocked, so that none is missed. */
    version: integer().default(1),
    updatedAt: timestamp(),
  },
  {
    primaryKey: ['workspaceId', 'concurrencyKey'],
    indexes: [{ on: ['state', 'updatedAt'] }],
  },
)
export type BackgroundLane = Row<typeof backgroundLanes>
