/**
 * A note that is open in this page, kept the same as the server's: what others write comes as server-sent events, and
 * what is written here goes by POST, merged while one is under way. What the server has not acknowledged stays here and
 * is sent again, however long it was away.
 */

import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { untilHidden } from './visibility'

export type NoteStatus =
  /** The text has not come yet. */
  | 'loading'
  /** All that was written here is in the database. */
  | 'saved'
  | 'saving'
  /** The server is away; what is written meanwhile is sent when it is back. */
  | 'offline'
  /** There is no such note any more. */
  | 'gone'
  /** There is, but it is another: the server has lost this one and made it anew. */
  | 'replaced'
  /** The server does not take what was written, or does not let this page in. */
  | 'refused'

export interface NoteProvider {
  readonly doc: Y.Doc
  readonly awareness: Awareness
  readonly status: NoteStatus
  /** Why it is `refused`. */
  readonly reason: string | undefined
  /** Calls back when the status is another, until the answer is called. */
  subscribe(listener: () => void): () => void
  /** Sends all that is here to a note that was lost and has been made anew. */
  restore(): void
  close(): void
}

/** Milliseconds for which keystrokes, and moves of the cursor, are gathered. */
const GATHER = 60
const GATHER_AWARENESS = 120
/** Milliseconds before another try, doubled each time up to the second number. */
const RETRY = [500, 5000] as const
/** More than this is not sent by a page that is being left. */
const KEEPALIVE_BYTES = 60_000

/** `url` is the note's: `/api/terrace/notes/<id>`. */
export function openNote(url: string): NoteProvider {
  const doc = new Y.Doc()
  const awareness = new Awareness(doc)
  const listeners = new Set<() => void>()
  /** Of those, the server has something: a document that has nothing of any of them is another. */
  const known = new Set<number>()
  let status: NoteStatus = 'loading'
  let reason: string | undefined
  let cursor: string | undefined
  let unsent: Uint8Array[] = []
  let isSending = false
  let isAway = false
  let hasLoaded = false
  let failures = 0
  let flushing: ReturnType<typeof setTimeout> | undefined
  let telling: ReturnType<typeof setTimeout> | undefined
  let reopening: ReturnType<typeof setTimeout> | undefined
  let source: EventSource | undefined
  let isClosed = false

  function become(next: NoteStatus, why?: string): void {
    if (status === next && reason === why) return
    status = next
    reason = why
    for (const listener of listeners) listener()
  }

  /** Of those that come and go; what has ended stays as it is. */
  function settle(): void {
    if (isOver()) return
    if (isAway) become('offline')
    else if (!hasLoaded) become('loading')
    else become(isSending || unsent.length > 0 ? 'saving' : 'saved')
  }

  const isOver = () => status === 'gone' || status === 'replaced' || status === 'refused'

  // ---------------------------------------------------------------- what others write

  function listen(): void {
    if (isClosed || isOver()) return
    const own = new EventSource(cursor === undefined ? `${url}/events` : `${url}/events?after=${cursor}`)
    source = own
    const on = (name: string, handle: (data: Uint8Array, event: MessageEvent) => void) =>
      own.addEventListener(name, (event) => {
        if (source === own) handle(bytesOf(event.data), event)
      })
    on('update', (data, event) => receive(data, event.lastEventId))
    on('resync', (data, event) => {
      if (isAnother(data)) end('replaced')
      else receive(data, event.lastEventId)
    })
    on('awareness', (data) => applyAwarenessUpdate(awareness, data, provider))
    on('deleted', () => end('gone'))
    on('refused', () => end('refused', 'you may not be here any more'))
    own.addEventListener('open', () => {
      isAway = false
      failures = 0
      flush()
      tell()
      settle()
    })
    own.addEventListener('error', () => {
      if (source !== own) return
      isAway = true
      settle()
      // Otherwise it comes back by itself.
      if (own.readyState === EventSource.CLOSED) void lookAgain()
    })
  }

  function receive(update: Uint8Array, at: string): void {
    Y.applyUpdate(doc, update, provider)
    for (const client of clientsOf(update)) known.add(client)
    cursor = at
    hasLoaded = true
    settle()
  }

  function isAnother(state: Uint8Array): boolean {
    return known.size > 0 && !clientsOf(state).some((client) => known.has(client))
  }

  /** A stream that was refused does not say why. */
  async function lookAgain(): Promise<void> {
    stopListening()
    const known = cursor === undefined ? undefined : { 'if-none-match': `"${cursor}"` }
    const answer = await fetch(`${url}/state`, { ...(known && { headers: known }) }).catch(() => undefined)
    await answer?.body?.cancel()
    if (isClosed || !goesOn(answer)) return
    reopening = setTimeout(listen, pause())
  }

  function stopListening(): void {
    source?.close()
    source = undefined
    clearTimeout(reopening)
  }

  // ---------------------------------------------------------------- what is written here

  function onUpdate(update: Uint8Array, origin: unknown): void {
    if (origin === provider) return
    unsent.push(update)
    flushing ??= setTimeout(flush, GATHER)
    settle()
  }

  async function flush(): Promise<void> {
    clearTimeout(flushing)
    flushing = undefined
    if (isSending || unsent.length === 0 || isOver()) return
    const update = unsent.length === 1 ? unsent[0]! : Y.mergeUpdates(unsent)
    unsent = []
    isSending = true
    settle()
    const answer = await post('updates', update)
    isSending = false
    if (answer?.ok) {
      for (const client of clientsOf(update)) known.add(client)
      failures = 0
      if (unsent.length > 0) flushing = setTimeout(flush, GATHER)
      settle()
      return
    }
    unsent.unshift(update)
    if (isClosed || !goesOn(answer)) return
    isAway ||= answer === undefined
    flushing = setTimeout(flush, pause())
    settle()
  }

  /** Whether what was answered may be different the next time. */
  function goesOn(answer: Response | undefined): boolean {
    if (answer === undefined || answer.ok || answer.status === 304) return true
    if (answer.status >= 500 || answer.status === 429) return true
    if (answer.status === 404) end('gone')
    else end('refused', `the server answers ${answer.status}`)
    return false
  }

  function pause(): number {
    return Math.min(RETRY[0] * 2 ** failures++, RETRY[1])
  }

  function post(place: string, body: Uint8Array, keepalive = false): Promise<Response | undefined> {
    return fetch(`${url}/${place}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      // The cast: what Yjs makes is never of shared memory.
      body: body as Uint8Array<ArrayBuffer>,
      keepalive,
    }).catch(() => undefined)
  }

  // ---------------------------------------------------------------- who is here

  function onAwareness(_changes: unknown, origin: unknown): void {
    if (origin === provider || isClosed) return
    telling ??= setTimeout(tell, GATHER_AWARENESS)
  }

  /** What is not heard is said again before long. */
  function tell(keepalive = false): void {
    clearTimeout(telling)
    telling = undefined
    if (isOver() || isAway) return
    void post('awareness', encodeAwarenessUpdate(awareness, [awareness.clientID]), keepalive)
  }

  let left: ReturnType<Awareness['getLocalState']> = null

  function onLeave(): void {
    const update = unsent.length === 0 ? undefined : Y.mergeUpdates(unsent)
    // Twice does no harm, should the page be shown again.
    if (update !== undefined && update.length < KEEPALIVE_BYTES) void post('updates', update, true)
    left = awareness.getLocalState()
    awareness.setLocalState(null)
    tell(true)
  }

  /** A page that was left may be shown again as it was. */
  function onReturn({ persisted }: PageTransitionEvent): void {
    if (persisted) awareness.setLocalState(left)
  }

  function end(as: NoteStatus, why?: string): void {
    stopListening()
    clearTimeout(flushing)
    flushing = undefined
    become(as, why)
  }

  function close(): void {
    if (isClosed) return
    onLeave()
    isClosed = true
    stopListening()
    clearTimeout(flushing)
    clearTimeout(telling)
    stopWatching()
    window.removeEventListener('pagehide', onLeave)
    window.removeEventListener('pageshow', onReturn)
    window.removeEventListener('beforeunload', onBeforeUnload)
    doc.destroy()
  }

  function onBeforeUnload(event: BeforeUnloadEvent): void {
    if (isAway && unsent.length > 0) event.preventDefault()
  }

  const provider: NoteProvider = {
    doc,
    awareness,
    get status() {
      return status
    },
    get reason() {
      return reason
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    restore() {
      known.clear()
      cursor = undefined
      failures = 0
      unsent = [Y.encodeStateAsUpdate(doc)]
      status = 'saving'
      void flush()
      listen()
    },
    close,
  }

  doc.on('update', onUpdate)
  awareness.on('update', onAwareness)
  window.addEventListener('pagehide', onLeave)
  window.addEventListener('pageshow', onReturn)
  window.addEventListener('beforeunload', onBeforeUnload)
  // A browser has six connections for all windows of a server; those that nobody looks at need none.
  const stopWatching = untilHidden(listen, stopListening)
  return provider
}

function clientsOf(update: Uint8Array): number[] {
  return [...Y.decodeStateVector(Y.encodeStateVectorFromUpdate(update)).keys()]
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}
