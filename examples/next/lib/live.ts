/**
 * A workspace as it is, in one object that is replaced when something has changed. The server's events say what to look
 * at again, and it is looked at again.
 */

import { ApiError, BASE, call, list, type Row } from './api'
import { untilHidden } from './visibility'

export type LiveStatus =
  | 'connecting'
  | 'live'
  /** The server is away; what is shown is how it was. */
  | 'offline'
  /** There is no such workspace any more. */
  | 'gone'
  | 'refused'

export interface Snapshot {
  readonly status: LiveStatus
  /** Why it is `refused`. */
  readonly reason: string | undefined
  /** Everything has been looked at once. */
  readonly hasLoaded: boolean
  readonly agents: readonly Row<'agents'>[]
  readonly tasks: readonly Row<'tasks'>[]
  /** By task: the ids of those that it waits for, or waited for. */
  readonly waits: ReadonlyMap<string, readonly string[]>
  /** Newest first. */
  readonly jobs: readonly Row<'backgroundTasks'>[]
  /** The job that is the crew at work; see `crew/crew.ts`. */
  readonly crew: Row<'backgroundTasks'> | undefined
  readonly notes: readonly Row<'notes'>[]
}

export interface Live {
  snapshot(): Snapshot
  subscribe(listener: () => void): () => void
  /** Looks again now, rather than when the server tells. */
  refresh(store: Followed): void
  close(): void
}

export const EMPTY: Snapshot = {
  status: 'connecting',
  reason: undefined,
  hasLoaded: false,
  agents: [],
  tasks: [],
  waits: new Map(),
  jobs: [],
  crew: undefined,
  notes: [],
}

const FOLLOWED = ['agents', 'tasks', 'backgroundTasks', 'notes'] as const
export type Followed = (typeof FOLLOWED)[number]

/** Milliseconds for which changes are gathered. */
const GATHER = 80
const RETRY = 1500

export function followWorkspace(workspaceId: string): Live {
  const listeners = new Set<() => void>()
  const stale = new Set<Followed>()
  let snapshot = EMPTY
  let source: EventSource | undefined
  let looking: ReturnType<typeof setTimeout> | undefined
  let reopening: ReturnType<typeof setTimeout> | undefined
  let isBusy = false
  let isClosed = false

  const looks: Readonly<Record<Followed, () => Promise<Partial<Snapshot>>>> = {
    async agents() {
      return { agents: await list('agents', { workspaceId, limit: '100' }) }
    },
    async tasks() {
      const tasks = await list('tasks', { workspaceId, order: '-createdAt', limit: '200' })
      return { tasks: tasks.reverse(), waits: await waitsOf(tasks) }
    },
    async backgroundTasks() {
      const [jobs, [crew]] = await Promise.all([
        list('backgroundTasks', { workspaceId, queue: 'default', order: '-createdAt', limit: '40' }),
        list('backgroundTasks', { workspaceId, queue: 'crew', live: 'true', limit: '1' }),
      ])
      return { jobs, crew }
    },
    async notes() {
      return { notes: await list('notes', { workspaceId, limit: '200' }) }
    },
  }

  function change(patch: Partial<Snapshot>): void {
    snapshot = { ...snapshot, ...patch }
    for (const listener of listeners) listener()
  }

  function open(): void {
    if (isClosed) return
    const query = new URLSearchParams([
      ['workspaceId', workspaceId],
      ...FOLLOWED.map((store) => ['store', store]),
    ])
    const own = new EventSource(`${BASE}/events?${query}`)
    source = own
    own.addEventListener('ready', () => lookAt(...FOLLOWED))
    own.addEventListener('changed', ({ data }) => lookAt(JSON.parse(data).store))
    own.addEventListener('note', ({ data }) => {
      if (JSON.parse(data).kind !== 'edited') lookAt('notes')
    })
    own.addEventListener('refused', ({ data }) => fail('refused', JSON.parse(data).message))
    own.addEventListener('error', () => {
      if (source !== own || isClosed) return
      change({ status: 'offline' })
      if (own.readyState === EventSource.CLOSED) void findOut()
    })
  }

  function lookAt(...stores: Followed[]): void {
    for (const store of stores) stale.add(store)
    looking ??= setTimeout(look, GATHER)
  }

  async function look(): Promise<void> {
    looking = undefined
    // What becomes stale meanwhile is looked at afterwards.
    if (isBusy || isClosed) return
    isBusy = true
    const stores = [...stale]
    stale.clear()
    try {
      const parts = await Promise.all(stores.map((store) => looks[store]()))
      if (isClosed) return
      const hasLoaded = snapshot.hasLoaded || stores.length === FOLLOWED.length
      change(Object.assign({ status: 'live', reason: undefined, hasLoaded }, ...parts))
    } catch (error) {
      for (const store of stores) stale.add(store)
      takeIn(error)
    } finally {
      isBusy = false
      if (stale.size > 0 && !isClosed)
        looking ??= setTimeout(look, snapshot.status === 'live' ? GATHER : RETRY)
    }
  }

  /** A stream that was refused does not say why. */
  async function findOut(): Promise<void> {
    pause()
    try {
      if ((await call('workspaces', 'get', workspaceId)) === null) return fail('gone')
    } catch (error) {
      takeIn(error)
    }
    if (snapshot.status === 'offline') reopening = setTimeout(open, RETRY)
  }

  function takeIn(error: unknown): void {
    if (!(error instanceof ApiError)) throw error
    if (error.status === 401 || error.status === 403) fail('refused', error.message)
    else if (!isClosed) change({ status: 'offline' })
  }

  function fail(status: 'gone' | 'refused', reason?: string): void {
    pause()
    if (!isClosed) change({ status, reason })
  }

  function pause(): void {
    source?.close()
    source = undefined
    clearTimeout(reopening)
  }

  const stopWatching = untilHidden(open, pause)

  return {
    snapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    refresh: (store) => lookAt(store),
    close() {
      isClosed = true
      pause()
      clearTimeout(looking)
      stopWatching()
    },
  }
}

async function waitsOf(tasks: readonly Row<'tasks'>[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const edges =
    tasks.length === 0
      ? []
      : await call(
          'tasks',
          'edges',
          tasks.map(({ id }) => id),
        )
  const waits = new Map<string, string[]>()
  for (const { taskId, dependsOnId } of edges) {
    waits.set(taskId, [...(waits.get(taskId) ?? []), dependsOnId])
  }
  return waits
}
