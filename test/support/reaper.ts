/** Sees to it that a test server and its directory are gone afterwards, however the process that started it ends. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Reaper {
  /** Ends what still runs and removes the directory, now. */
  release(): Promise<void>
}

/** `pidFile` is the name of the file in the directory that tells which process to end. */
export function startReaper(directory: string, pidFile: string): Reaper {
  const program = fileURLToPath(new URL('./reaper-process.ts', import.meta.url))
  const child: ChildProcess = spawn(process.execPath, [program, directory, pidFile], {
    // A process group of its own, or Ctrl-C would end it together with what it has to clean up after.
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  child.unref()
  return {
    release: async () => {
      child.ref()
      child.stdin?.end()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
