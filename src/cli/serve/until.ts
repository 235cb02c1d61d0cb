/** When a process that serves is to stop: told by a signal, or left alone by whoever started it. */

import { ConfigError } from '../../errors.ts'

export interface StopOptions {
  /** Stop when this process is gone. */
  readonly parentPid?: number | undefined
  /** Stop when it ends; undefined to leave it alone. */
  readonly stdin?: NodeJS.ReadableStream | undefined
  /** Milliseconds between looks at the parent; 500 unless told. */
  readonly pollMs?: number | undefined
}

export interface Stop {
  /** Resolves with why. */
  readonly asked: Promise<string>
  /** Looks no more. */
  end(): void
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

export function whenToStop({ parentPid, stdin, pollMs = 500 }: StopOptions): Stop {
  const { promise, resolve } = Promise.withResolvers<string>()
  const undo: (() => void)[] = []
  const onSignal = (signal: NodeJS.Signals) => {
    unlisten()
    resolve(signal)
  }
  // Whoever asks twice does not want to wait: the second time the signal does what it does by itself.
  const unlisten = () => {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  undo.push(unlisten)
  if (parentPid !== undefined) {
    const isThere = watchParent(parentPid)
    if (!isThere()) throw new ConfigError(`--parent-pid: there is no process ${parentPid}`)
    const timer = setInterval(() => {
      if (!isThere()) resolve(`process ${parentPid} is gone`)
    }, pollMs)
    undo.push(() => clearInterval(timer))
  }
  if (stdin !== undefined) {
    const onEnd = () => resolve('stdin has ended')
    for (const event of ['end', 'close', 'error']) stdin.once(event, onEnd)
    stdin.resume()
    undo.push(() => {
      for (const event of ['end', 'close', 'error']) stdin.off(event, onEnd)
      stdin.pause()
    })
  }
  return {
    asked: promise,
    end() {
      for (const each of undo) each()
    },
  }
}

/**
 * A child is given to another parent at once, also while the dead one is still in the list of processes, or its number
 * is somebody else's by then. Windows does not tell a child, and neither does who started our own parent.
 */
function watchParent(pid: number): () => boolean {
  const isChild = process.platform !== 'win32' && process.ppid === pid
  return () => (isChild ? process.ppid === pid : isAlive(pid))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: somebody else's, but alive.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
