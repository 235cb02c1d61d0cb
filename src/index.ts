/** One store layer for agent applications: memory, SQLite and Postgres behave the same. */

export { type Resolved, type ResolveOptions, resolve } from './config.ts'
export type {
  Aggregate,
  AggregateQuery,
  CallOptions,
  Engine,
  FindQuery,
  OnConflict,
  RootEngine,
  TransactionOptions,
  UpdateQuery,
  Write,
} from './engine/engine.ts'
export type { EngineHooks, QueryEvent } from './engine/hooks.ts'
export {
  choose,
  contains,
  gt,
  gte,
  hasKey,
  increment,
  inTable,
  lt,
  lte,
  merge,
  ne,
  oneOfThese,
  ref,
} from './engine/query.ts'
export { memoryEngine, neonEngine, pgliteEngine, postgresEngine, sqliteEngine } from './engines.ts'
export * from './errors.ts'
export type { Agent } from './schema/agents.ts'
export type { BackgroundTask, JobStatus } from './schema/background-tasks.ts'
export type { Codebase } from './schema/codebases.ts'
export type { Conversation } from './schema/conversations.ts'
export type { Delegation, DelegationOutcome } from './schema/delegations.ts'
export {
  boolean,
  bytes,
  folded,
  id,
  integer,
  json,
  oneOf,
  searched,
  text,
  timestamp,
} from './schema/dsl/columns.ts'
export type { JsonObject, JsonValue } from './schema/dsl/json.ts'
export { type Insert, type Row, type Table, table } from './schema/dsl/table.ts'
export type { FileLock } from './schema/file-locks.ts'
export type { Mail } from './schema/mailbox.ts'
export type { Role } from './schema/roles.ts'
export type { Schedule } from './schema/schedules.ts'
export type { Setting } from './schema/settings.ts'
export type { Task } from './schema/tasks.ts'
export type { Team } from './schema/teams.ts'
export type { Timer } from './schema/timers.ts'
export type { Workspace } from './schema/workspaces.ts'
export { getSystem, type SharedSystem } from './shared-system.ts'
export { type AgentStore, createAgentStore } from './stores/agents.ts'
export {
  type BackgroundTaskStore,
  type ClaimOptions,
  createBackgroundTaskStore,
  type JobFilter,
  type JobPatch,
  type JobRef,
  type JobReport,
  type NewJob,
  type Priority,
} from './stores/background-tasks.ts'
export { type CodebaseStore, createCodebaseStore } from './stores/codebases.ts'
export { type ConversationStore, createConversationStore } from './stores/conversations.ts'
export { createDelegationStore, type DelegationStore } from './stores/delegations.ts'
export type { Duration } from './stores/duration.ts'
export { createFileLockStore, type FileLockStore } from './stores/file-locks.ts'
export { createLeaseStore, type HeldLease, type Lease, type LeaseStore } from './stores/leases.ts'
export { type ClaimedMail, createMailboxStore, type MailboxStore, type NewMail } from './stores/mailbox.ts'
export { createMessageStore, type Message, type MessageStore } from './stores/messages.ts'
export type { Note, NoteContent, NoteEvent, NoteMatch, NoteStore } from './stores/notes.ts'
export { createRoleStore, type RoleStore } from './stores/roles.ts'
export {
  createScheduleStore,
  type Firing,
  type NewSchedule,
  type ScheduledJob,
  type ScheduleStore,
} from './stores/schedules.ts'
export { createSettingStore, type SettingStore } from './stores/settings.ts'
export type { ListOptions, Page, UpdateOptions } from './stores/store.ts'
export { createTaskStore, type TaskEdge, type TaskStore } from './stores/tasks.ts'
export { createTeamStore, type TeamStore } from './stores/teams.ts'
export { createTimerStore, type NewTimer, type TimerStore } from './stores/timers.ts'
export { createWorkspaceStore, type WorkspaceStore } from './stores/workspaces.ts'
export {
  type ConfinedSystem,
  createSystem,
  type Health,
  type Scope,
  type System,
  type SystemOptions,
} from './system.ts'
export type { Caretaker, CaretakerOptions } from './work/caretaker.ts'
export type { RanDue, RunDueOptions } from './work/run-due.ts'
export type { SweepOptions, Swept } from './work/sweep.ts'
export type { Handler, Handlers, Job, JobContext, Worker, WorkerOptions } from './work/worker.ts'
