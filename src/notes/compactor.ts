/**
 * Compaction off the event loop, in one worker thread that starts when it is first needed and ends when it has
 * been idle. Small documents are not worth the trip.
 */

import { Worker } from 'node:worker_threads'
import { UnavailableError } from '../errors.ts'
import { warnOnce } from '../warnings.ts'
import { type Compacted, compact, type DocumentParts } from './codec.ts'

export interface Compactor {
  /** Rejects when the parts are no document, or take longer than is good. */
  compact(parts: DocumentParts): Promise<Compacted>
  close(): Promise<void>
}

/** Bytes that are dealt with here and now. */
const SMALL = 5_000
/** Milliseconds after which a document is given up. */
const PATIENCE = 30_000
/** Milliseconds after which an idle worker is let go. */
const IDLE = 10_000

interface Job {
  resolve(value: Compacted): void
  reject(error: unknown): void
  readonly timer: NodeJS.Timeout
}

/** A bundler that left the worker behind. Without it all works, only not beside other work. */
const LEFT_BEHIND =
  'notes are compacted on the event loop: the worker for it is not in this bundle. In next.config: export default withTerrace(nextConfig), from terrace/next.'

export function createCompactor(): Compactor {
  let worker: Worker | undefined
  let leftBehind = false
  let idle: NodeJS.Timeout | undefined
  let nextId = 0
  const jobs = new Map<number, Job>()

  function start(): Worker {
    // In this form bundlers know it. The package's build names the JavaScript; `scripts/bundle.ts` looks for this.
    const started = new Worker(new URL('./worker.ts', import.meta.url), {
      // The host program's own flags (`--input-type`, a loader) are not the worker's.
      execArgv: [],
    })
    started.unref()
    started.on('message', ({ id, value, error }: { id: number; value?: Compacted; error?: string }) => {
      const job = jobs.get(id)
      if (job === undefined) return
      settle(id)
      if (value === undefined) job.reject(new UnavailableError(`notes: a document cannot be read: ${error}`))
      else job.resolve(value)
    })
    started.on('error', (error) => fail(started, error))
    started.on('exit', () => fail(started, new Error('the worker ended')))
    return started
  }

  function fail(which: Worker, error: unknown): void {
    if (worker !== which) return
    worker = undefined
    if (isAbsent(error)) {
      leftBehind = true
      warnOnce([LEFT_BEHIND])
    }
    for (const [id, job] of [...jobs]) {
      settle(id)
      job.reject(new UnavailableError('notes: a document could not be compacted', { cause: error }))
    }
  }

  function settle(id: number): void {
    clearTimeout(jobs.get(id)?.timer)
    jobs.delete(id)
    if (jobs.size > 0) return
    worker?.unref()
    clearTimeout(idle)
    idle = setTimeout(() => void stop(), IDLE)
    idle.unref()
  }

  async function stop(): Promise<void> {
    clearTimeout(idle)
    const stopping = worker
    worker = undefined
    await stopping?.terminate()
  }

  async function inWorker(parts: DocumentParts): Promise<Compacted> {
    clearTimeout(idle)
    worker ??= start()
    const running = worker
    // Whoever waits for it keeps the process alive; an idle one does not.
    running.ref()
    const id = nextId++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        void running.terminate()
        fail(running, new Error(`it took longer than ${PATIENCE} ms`))
      }, PATIENCE)
      timer.unref()
      jobs.set(id, { resolve, reject, timer })
      running.postMessage({ id, parts })
    })
  }

  return {
    async compact(parts) {
      const size = parts.updates.reduce((sum, update) => sum + update.length, parts.snapshot?.length ?? 0)
      if (size < SMALL || leftBehind) return compact(parts)
      try {
        return await inWorker(parts)
      } catch (error) {
        if (!leftBehind) throw error
        return compact(parts)
      }
    },
    close: stop,
  }
}

/** The worker's file, or what it imports, is not where this code runs. */
function isAbsent(error: unknown): boolean {
  return /^(ERR_)?MODULE_NOT_FOUND$/.test(String(Object(error).code))
}
