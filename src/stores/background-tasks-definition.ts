/** What callers may say of a job, and what is checked of it before any engine sees it. */

import { wholeOf } from '../confine.ts'
import type { Engine } from '../engine/engine.ts'
import { TransactionScopeError, ValidationError } from '../errors.ts'
import { backgroundTasks } from '../schema/background-tasks.ts'
import type { Insert } from '../schema/dsl/table.ts'
import { checkValue, refuse, show } from '../schema/dsl/values.ts'
import { checkObject, defineStore, type NewOf, newRow, type PatchOf } from './store.ts'

export const definition = defineStore(backgroundTasks, {
  fixed: [
    'queue',
    'kind',
    'payload',
    'runAt',
    'maxAttempts',
    'backoffMs',
    'maxBackoffMs',
    'uniqueKey',
    'concurrencyKey',
  ],
  owned: [
    'status',
    'attempts',
    'attemptsLeft',
    'holdsUniqueKey',
    'holdsConcurrencyKey',
    'openDependencies',
    'dependents',
    'fence',
    'worker',
    'leaseUntil',
    'cancelRequested',
    'progress',
    'activity',
    'inputTokens',
    'outputTokens',
    'result',
    'error',
    'startedAt',
    'finishedAt',
    'live',
  ],
})

export type JobPatch = PatchOf<typeof definition>
export type JobRow = Insert<typeof backgroundTasks>

/** The priorities that have a name, as numbers. */
export const priorities = { low: -10, normal: 0, high: 10, urgent: 20 } as const
export type Priority = keyof typeof priorities

export type NewJob = Omit<NewOf<typeof definition>, 'priority' | 'runAt'> & {
  /** A number, higher first, or the name of one. */
  readonly priority?: number | Priority | undefined
  /** Not before this moment; now, unless given. */
  readonly runAt?: Date | undefined
  /** Milliseconds until then, instead of `runAt`. */
  readonly delayMs?: number | undefined
  /** Ids of jobs of the same workspace that have to be done first; in a batch, also of the batch. */
  readonly dependsOn?: readonly string[] | undefined
}

/** A job to insert, and what it waits for, once each. */
export interface Enqueued {
  readonly row: JobRow
  readonly dependsOn: readonly string[]
}

/** Throws `ValidationError`. */
export function newJob(engine: Engine, input: NewJob): Enqueued {
  checkObject(backgroundTasks, input)
  const { dependsOn, priority, runAt, delayMs, ...columns } = input
  const row = newRow(engine, definition, columns)
  const now = row.createdAt
  row.priority = rank(priority)
  row.runAt = runAt ?? new Date(now.getTime() + checkNumber('delayMs', delayMs ?? 0, 0))
  if (runAt !== undefined) {
    if (delayMs !== undefined) throw invalid('runAt', 'and delayMs are not given together')
    checkValue(backgroundTasks, backgroundTasks.columns.runAt, runAt)
  }
  row.attemptsLeft = row.maxAttempts = checkNumber('maxAttempts', row.maxAttempts ?? 5, 1)
  if (row.backoffMs !== undefined) checkNumber('backoffMs', row.backoffMs, 0)
  if (row.maxBackoffMs !== undefined) checkNumber('maxBackoffMs', row.maxBackoffMs, 0)
  if (row.timeoutMs != null) checkNumber('timeoutMs', row.timeoutMs, 1)
  row.holdsUniqueKey = isGiven(row.uniqueKey)
  const names = checkNames(dependsOn)
  row.openDependencies = names.length
  // What has a concurrency key takes its place in its lane when its time has come.
  const isLater = row.runAt > now || isGiven(row.concurrencyKey)
  row.status = names.length > 0 ? 'waiting' : isLater ? 'scheduled' : 'ready'
  return { row, dependsOn: names }
}

/** A whole number of at least so much. */
export function checkNumber(name: string, value: unknown, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number
  throw invalid(name, `is a whole number from ${least}, not ${show(value)}`)
}

/** Milliseconds from now, as a moment. */
export function later(now: Date, milliseconds: number): Date {
  const moment = new Date(now.getTime() + milliseconds)
  checkValue(backgroundTasks, backgroundTasks.columns.runAt, moment)
  return moment
}

export function invalid(name: string, reason: string): ValidationError {
  return new ValidationError(`backgroundTasks.${name} ${reason}`, backgroundTasks.name, name)
}

/** Throws `TransactionScopeError` in a transaction, which may be rolled back and run again. */
export function refuseInTransaction(engine: Engine, what: string): void {
  if ('tier' in (wholeOf(engine) ?? engine)) return
  throw new TransactionScopeError(`${what} not part of a transaction; use the outer System, outside`)
}

/** An empty key is none. */
const isGiven = (key: unknown) => key !== undefined && key !== ''

function rank(priority: unknown): number {
  if (priority === undefined) return priorities.normal
  if (typeof priority !== 'string') return priority as number
  if (Object.hasOwn(priorities, priority)) return priorities[priority as Priority]
  const names = Object.keys(priorities).join(', ')
  throw refuse(backgroundTasks, backgroundTasks.columns.priority, `is a number or one of ${names}`)
}

function checkNames(dependsOn: unknown): readonly string[] {
  if (dependsOn === undefined) return []
  if (Array.isArray(dependsOn) && dependsOn.every((name) => typeof name === 'string')) {
    return [...new Set<string>(dependsOn)]
  }
  throw invalid('dependsOn', 'is a list of ids')
}
