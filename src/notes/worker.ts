/** What runs in a worker thread: compaction and the checking of strangers' bytes, off the event loop. */

import { parentPort } from 'node:worker_threads'
import { compact, type DocumentParts } from './codec.ts'

interface WorkerRequest {
  readonly id: number
  readonly parts: DocumentParts
}

parentPort!.on('message', ({ id, parts }: WorkerRequest) => {
  try {
    parentPort!.postMessage({ id, value: compact(parts) })
  } catch (error) {
    parentPort!.postMessage({ id, error: error instanceof Error ? error.message : String(error) })
  }
})
