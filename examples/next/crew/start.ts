/**
 * Workers of this server: one that runs crews, a job for each workspace that has one at work, and one for the jobs that
 * crews put into the queue. Any number of servers may; each crew is at one of them.
 */

import { getSystem, type Worker } from 'terrace'
import { CREW_JOB } from '@/lib/crew-job'
import { runCrew } from './crew'
import { seedDemo } from './demo'
import { labour } from './labour'

/** On `globalThis`, because a module that is loaded anew has variables of its own. */
const KEY = Symbol.for('workbench.workers')

/** After so long without a sign of life, another server takes it up. */
const LEASE_MS = 8000
/** As long as anybody is likely to leave it running. */
const TIMEOUT_MS = 7 * 24 * 3_600_000

export async function startCrews(): Promise<void> {
  // The cast: the key is ours alone.
  const holder = globalThis as { [KEY]?: readonly Worker[] }
  // Before a hot reload; what these run is taken up by the next.
  await Promise.all((holder[KEY] ?? []).map((worker) => worker.stop({ deadline: 0 })))
  const system = getSystem()
  await seedDemo(system)
  const { backgroundTasks } = await system.opened()
  const options = { leaseMs: LEASE_MS, pollMs: { max: 2000 } }
  holder[KEY] = [
    backgroundTasks.work(
      { [CREW_JOB.kind]: (job, { signal }) => runCrew(system, job.workspaceId, signal) },
      { ...options, queues: [CREW_JOB.queue], concurrency: 20, timeoutMs: TIMEOUT_MS, name: 'crews' },
    ),
    backgroundTasks.work(labour, { ...options, concurrency: 3, name: 'labour' }),
  ]
}
