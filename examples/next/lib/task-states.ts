/** How tasks are shown: which column a state belongs to, and what may be done with a task in it. */

import type { System } from 'terrace'
import type { Row } from './api'

export type Task = Row<'tasks'>
export type TaskStatus = Task['status']

export interface Column {
  readonly title: string
  readonly statuses: readonly TaskStatus[]
  /** What stands in its place while nothing is in it; without, it is not shown then. */
  readonly empty?: string
}

export const COLUMNS: readonly Column[] = [
  { title: 'Waiting', statuses: ['pending', 'blocked', 'paused'], empty: 'What waits for other tasks' },
  { title: 'Ready', statuses: ['ready'], empty: 'What can be started' },
  { title: 'Running', statuses: ['running'], empty: 'What somebody is at' },
  { title: 'Review', statuses: ['review'], empty: 'What is to be looked at' },
  { title: 'Failed', statuses: ['failed'] },
  { title: 'Done', statuses: ['done', 'skipped', 'cancelled'], empty: 'What is finished' },
]

export const STATUS_WORDS: Readonly<Record<TaskStatus, string>> = {
  pending: 'waits',
  blocked: 'blocked',
  paused: 'paused',
  ready: 'ready',
  running: 'running',
  review: 'in review',
  failed: 'failed',
  done: 'done',
  skipped: 'skipped',
  cancelled: 'cancelled',
}

/** Verbs that need no more than the task. */
export type Move = keyof Pick<
  System['tasks'],
  'start' | 'complete' | 'fail' | 'review' | 'reject' | 'pause' | 'resume' | 'retry' | 'reopen' | 'cancel'
>

const CANCEL = ['cancel', 'Cancel'] as const
export const MOVES: Readonly<Record<TaskStatus, readonly (readonly [Move, string])[]>> = {
  pending: [['pause', 'Pause'], CANCEL],
  blocked: [CANCEL],
  paused: [['resume', 'Resume'], CANCEL],
  ready: [['start', 'Start'], ['pause', 'Pause'], CANCEL],
  running: [['complete', 'Complete'], ['review', 'Ask for review'], ['fail', 'Fail'], CANCEL],
  review: [['complete', 'Approve'], ['reject', 'Send back'], ['fail', 'Fail'], CANCEL],
  failed: [['retry', 'Try again'], CANCEL],
  done: [['reopen', 'Open again']],
  skipped: [],
  cancelled: [],
}

export function isFinished({ status }: Task): boolean {
  return status === 'done' || status === 'skipped' || status === 'cancelled'
}

/** How many tasks are before each, at most: by this the graph is laid out. */
export function depths(
  tasks: readonly Task[],
  waits: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, number> {
  const known = new Map<string, number>()
  const here = new Set(tasks.map(({ id }) => id))
  const depthOf = (id: string): number => {
    const depth = known.get(id)
    if (depth !== undefined) return depth
    const before = (waits.get(id) ?? []).filter((other) => here.has(other))
    const found = before.length === 0 ? 0 : 1 + Math.max(...before.map(depthOf))
    known.set(id, found)
    return found
  }
  for (const { id } of tasks) depthOf(id)
  return known
}
