/**
 * The state machine of tasks, as a table: from where each verb leads where, and what it means for the tasks
 * that wait for this one.
 *
 * A task that has not started is `blocked` while one of its dependencies has failed, else `pending` while one
 * is open, else `ready`. Its counters say how many those are, and counters and status change in the same
 * statement: every condition below is about the row as it was before.
 */

import { type Change, choose, gt, increment, lte, oneOfThese, type SetFor } from '../engine/query.ts'
import type { TaskStatus, tasks } from '../schema/tasks.ts'
import { BUMP } from './store.ts'

export type TaskVerb =
  | 'start'
  | 'complete'
  | 'fail'
  | 'review'
  | 'reject'
  | 'pause'
  | 'resume'
  | 'retry'
  | 'reopen'
  | 'skip'
  | 'cancel'
  | 'forceReady'

export interface Transition {
  readonly from: readonly TaskStatus[]
  readonly set: SetFor<typeof tasks>
  /** Gets the time. */
  readonly stamp?: 'startedAt' | 'completedAt'
  /** What becomes of the tasks that wait for this one; without it, nothing. */
  readonly dependents?: SetFor<typeof tasks>
}

type Branches = Parameters<typeof choose<typeof tasks>>[0]
const status = (branches: Branches, otherwise?: TaskStatus): Change => choose(branches, otherwise)

/**
 * A status that follows from other tasks, and the version with it. Counters alone are no change of the task: an
 * edit in hand is not refused because one of several dependencies came or went.
 */
const follows = (branches: Branches) => ({
  status: status(branches),
  version: choose(branches.map(({ when }) => ({ when, to: BUMP }))),
})

/** What happens to a task when one of its dependencies … */
export const dependency = {
  /** … is done, skipped or cancelled, and had not failed. */
  satisfied: {
    openDependencies: increment(-1),
    ...follows([{ when: { status: 'pending', openDependencies: lte(1) }, to: 'ready' }]),
  },
  /** … is skipped or cancelled after it had failed. */
  forgiven: {
    openDependencies: increment(-1),
    failedDependencies: increment(-1),
    ...follows([
      {
        when: { status: 'blocked', failedDependencies: lte(1), openDependencies: lte(1) },
        to: 'ready',
      },
      { when: { status: 'blocked', failedDependencies: lte(1) }, to: 'pending' },
    ]),
  },
  /** … fails. */
  failed: {
    failedDependencies: increment(),
    ...follows([{ when: { status: 'pending' }, to: 'blocked' }]),
  },
  /** … is tried again after it had failed. */
  retried: {
    failedDependencies: increment(-1),
    ...follows([{ when: { status: 'blocked', failedDependencies: lte(1) }, to: 'pending' }]),
  },
  /** … is opened again, or is new. */
  opened: {
    openDependencies: increment(),
    ...follows([
      { when: { status: 'ready', failedDependencies: gt(0) }, to: 'blocked' },
      { when: { status: 'ready' }, to: 'pending' },
    ]),
  },
  /** … is new, and has failed already. */
  openedFailed: {
    openDependencies: increment(),
    failedDependencies: increment(),
    ...follows([{ when: { status: oneOfThese(['ready', 'pending']) }, to: 'blocked' }]),
  },
} satisfies Record<string, SetFor<typeof tasks>>

/** Where a task stands that has not started, or starts over. */
const byCounters: Branches = [
  { when: { failedDependencies: gt(0) }, to: 'blocked' },
  { when: { openDependencies: gt(0) }, to: 'pending' },
]

/** Leaves for good, whatever it was doing. */
const closing = (to: 'skipped' | 'cancelled'): readonly Transition[] => [
  {
    from: ['pending', 'ready', 'running', 'review', 'blocked', 'paused'],
    set: { status: to, pausedFrom: null },
    dependents: dependency.satisfied,
  },
  { from: ['failed'], set: { status: to }, dependents: dependency.forgiven },
]

/** Where a verb leads depends on the status only; its transitions have no status in common. */
export const transitions: Readonly<Record<TaskVerb, readonly Transition[]>> = {
  start: [{ from: ['ready'], set: { status: 'running' }, stamp: 'startedAt' }],
  complete: [
    {
      from: ['running', 'review', 'paused'],
      set: { status: 'done', pausedFrom: null },
      stamp: 'completedAt',
      dependents: dependency.satisfied,
    },
  ],
  fail: [{ from: ['running', 'review'], set: { status: 'failed' }, dependents: dependency.failed }],
  review: [{ from: ['running'], set: { status: 'review' } }],
  reject: [{ from: ['review'], set: { status: 'running' } }],
  pause: [
    {
      from: ['pending', 'ready', 'running'],
      set: {
        status: 'paused',
        pausedFrom: choose<typeof tasks>([{ when: { status: 'running' }, to: 'running' }], 'waiting'),
      },
    },
  ],
  resume: [
    {
      from: ['paused'],
      set: {
        status: status([{ when: { pausedFrom: 'running' }, to: 'running' }, ...byCounters], 'ready'),
        pausedFrom: null,
      },
    },
  ],
  retry: [{ from: ['failed'], set: { status: status(byCounters, 'ready') }, dependents: dependency.retried }],
  reopen: [
    {
      from: ['done'],
      set: { status: status(byCounters, 'ready'), completedAt: null },
      dependents: dependency.opened,
    },
  ],
  skip: closing('skipped'),
  cancel: closing('cancelled'),
  forceReady: [{ from: ['pending', 'blocked'], set: { status: 'ready' } }],
}

const satisfying: ReadonlySet<TaskStatus> = new Set(['done', 'skipped', 'cancelled'])

/** Whether a task in this status keeps others waiting. */
export function isOpen(status: TaskStatus): boolean {
  return !satisfying.has(status)
}
