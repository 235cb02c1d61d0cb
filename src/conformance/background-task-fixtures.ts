/** What scenarios of jobs start from. */

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BackgroundTask } from '../schema/background-tasks.ts'
import type { ClaimOptions, NewJob } from '../stores/background-tasks.ts'
import type { Scope, System } from '../system.ts'
import type { WorkerOptions } from '../work/worker.ts'

/** A job of this workspace, of kind `k` unless told. */
export const enqueue = (
  { backgroundTasks }: Scope,
  workspaceId: string,
  more: Partial<NewJob> = {},
): Promise<BackgroundTask> => backgroundTasks.enqueue({ workspaceId, kind: 'k', ...more })

/** The one job that is to be had, running. */
export async function claimOne(system: System, options: ClaimOptions = {}): Promise<BackgroundTask> {
  const jobs = await system.backgroundTasks.claim(options)
  assert.equal(jobs.length, 1, 'there is no job to claim')
  return jobs[0]!
}

/** A job that is running. */
export async function running(
  system: System,
  workspaceId: string,
  more: Partial<NewJob> = {},
): Promise<BackgroundTask> {
  const { id } = await enqueue(system, workspaceId, more)
  const job = await claimOne(system)
  assert.equal(job.id, id)
  return job
}

/** A job that failed for good. */
export async function dead(
  system: System,
  workspaceId: string,
  more: Partial<NewJob> = {},
): Promise<BackgroundTask> {
  return system.backgroundTasks.fail(await running(system, workspaceId, more), 'broken', { retry: false })
}

/** The job as it is now. */
export async function now(
  { backgroundTasks }: Scope,
  { id }: { readonly id: string },
): Promise<BackgroundTask> {
  const job = await backgroundTasks.get(id)
  assert.ok(job !== null)
  return job
}

/** All that can be claimed, one at a time, each completed before the next. */
export async function drain(system: System, options: ClaimOptions = {}): Promise<BackgroundTask[]> {
  const done: BackgroundTask[] = []
  for (;;) {
    const [job] = await system.backgroundTasks.claim(options)
    if (job === undefined) return done
    done.push(await system.backgroundTasks.complete(job))
  }
}

/** Soon enough for scenarios. */
export const QUICK: WorkerOptions = { pollMs: { min: 2, max: 10 }, heartbeatMs: 5, onError: () => {} }

/** Milliseconds after which what should be so will never be. */
const PATIENCE = 20_000

/** Until it is so: workers do things in their own time. */
export async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE
  while (!(await isSo())) {
    assert.ok(performance.now() < end, 'it never comes to be so')
    await sleep(2)
  }
}
