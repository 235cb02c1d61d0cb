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
export * from './errors.ts'
export { getSystem } from './shared-system.ts'
export {
  type ConfinedSystem,
  createSystem,
  type Health,
  type Scope,
  type System,
  type SystemOptions,
} from './system.ts'
