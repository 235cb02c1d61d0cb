/**
 * What happens in a workspace, as server-sent events. They say what to look at again, and not how it is now; so one
 * that a slow reader did not take in time is as good as the next one like it, and no more than that is kept.
 *
 * - `ready`: from now on everything is told. What was read before has to be read again.
 * - `changed`: something of a store, `{ "store": "tasks" }`.
 * - `note`: `{ "kind": "edited", "noteId": "…", "seq": 7 }`.
 * - `refused`: the reader may not be here any more. The last one.
 */

import type { ConfinedSystem } from '../system.ts'
import { createAlarm } from '../work/alarm.ts'
import type { Changes } from './changes.ts'
import { HttpRefusal, isTyped } from './refusals.ts'

export interface EventsOptions {
  readonly scope: ConfinedSystem
  readonly workspaceId: string
  /** Which are told of. */
  readonly stores: readonly string[]
  readonly changes: Changes
  readonly heartbeatMs: number
  /** The reader is gone, or the handler is closed. */
  readonly signal: AbortSignal
  /** Rejects when the reader may not be here any more. */
  readonly recheck: () => Promise<unknown>
  readonly onError: (error: unknown) => void
  readonly onEnd: () => void
}

export function createEvents(options: EventsOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { signal, onEnd, onError } = options
  const encoder = new TextEncoder()
  const abort = new AbortController()
  const leave = () => abort.abort()
  signal.addEventListener('abort', leave, { once: true })
  if (signal.aborted) leave()
  const events = eventsOf(options, abort.signal)
  let isOver = false

  function end(): void {
    if (isOver) return
    isOver = true
    signal.removeEventListener('abort', leave)
    leave()
    onEnd()
  }

  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await events.next()
          if (!done) return controller.enqueue(encoder.encode(value))
        } catch (error) {
          if (!abort.signal.aborted) onError(error)
        }
        if (isOver) return
        end()
        controller.close()
      },
      async cancel() {
        end()
        await events.return(undefined)
      },
    },
    // Nothing is made before somebody wants it.
    { highWaterMark: 0 },
  )
}

async function* eventsOf(options: EventsOptions, signal: AbortSignal): AsyncGenerator<string, undefined> {
  const { scope, workspaceId, stores, changes, heartbeatMs, recheck } = options
  /** By what they say, so that nothing waits twice. */
  const waiting = new Map<string, string>()
  const alarm = createAlarm()
  let isEnding = signal.aborted
  let failure: unknown
  let unfollow: (() => void) | undefined

  const end = () => {
    isEnding = true
    alarm.ring()
  }
  signal.addEventListener('abort', end, { once: true })

  function tell(key: string, text: string): void {
    waiting.set(key, text)
    alarm.ring()
  }

  async function watchNotes(): Promise<void> {
    try {
      for await (const { kind, noteId, seq } of scope.notes.watch({ workspaceId }, { signal })) {
        tell(`${kind} ${noteId}`, event('note', { kind, noteId, seq }))
      }
    } catch (error) {
      failure = error
    } finally {
      end()
    }
  }

  try {
    void watchNotes()
    unfollow = await changes.follow(workspaceId, {
      engine: scope.engine,
      stores,
      changed: (store) => tell(store, event('changed', { store })),
      ended: end,
    })
    yield `retry: 1000\n${event('ready', { stores })}`
    let beatAt = performance.now() + heartbeatMs
    while (!isEnding) {
      await alarm.wait(Math.max(1, beatAt - performance.now()))
      for (const [key, text] of waiting) {
        waiting.delete(key)
        yield text
      }
      if (performance.now() < beatAt || isEnding) continue
      beatAt = performance.now() + heartbeatMs
      await recheck()
      yield ': still here\n\n'
    }
    if (failure !== undefined && !signal.aborted) throw failure
  } catch (error) {
    if (error instanceof HttpRefusal) yield event('refused', { code: error.code, message: error.message })
    // Its reader comes back before long.
    else if (!isTyped(error) || (error.code !== 'CLOSED' && error.code !== 'UNAVAILABLE')) throw error
  } finally {
    signal.removeEventListener('abort', end)
    unfollow?.()
  }
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
