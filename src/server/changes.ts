/**
 * Which stores of a workspace have changed, for those who follow. Nothing tells of every change on every tier, and
 * so it is looked for: one aggregate over each table, once for all who follow the same workspace, no oftener than
 * every so often, and never for more than a twentieth of the time.
 */

import type { AggregateQuery, Engine } from '../engine/engine.ts'
import { ClosedError } from '../errors.ts'
import type { Table } from '../schema/dsl/table.ts'
import { schema } from '../schema/tables.ts'
import { createAlarm } from '../work/alarm.ts'
import { isTyped } from './refusals.ts'
import { surface } from './surface.ts'

export interface Changes {
  /** Resolves once what comes is told; call the answer to stop. */
  follow(workspaceId: string, follower: Follower): Promise<() => void>
  /** Something was just written in a workspace, or in any. */
  poke(workspaceId: string | undefined): void
  close(): void
}

export interface Follower {
  /** Confined to the workspace. */
  readonly engine: Engine
  readonly stores: readonly string[]
  changed(store: string): void
  /** Nothing more will come. */
  ended(): void
}

export interface ChangesOptions {
  readonly pollMs: number
  readonly onError: (error: unknown) => void
}

/** Stores whose rows are found by their workspace; those of others would have to be searched for. */
export const followed: readonly string[] = Object.entries(surface).flatMap(([store, { table }]) =>
  table === schema.workspaces || table.indexes.some(({ columns }) => columns[0]?.column.key === 'workspaceId')
    ? [store]
    : [],
)

/** Times a look's own length to the next one. */
const REST = 20
/** No fingerprint. */
const UNSEEN = ''
/** What only stores raise. Other numbers are the callers', and their sum may be more than a number holds. */
const RISING = ['version', 'fence', 'deliveries', 'fired', 'lastSeq']

export function createChanges({ pollMs, onError }: ChangesOptions): Changes {
  const watches = new Map<string, Watch>()
  let isClosed = false

  function watchOf(workspaceId: string): Watch {
    const known = watches.get(workspaceId)
    if (known !== undefined) return known
    const watch = createWatch({ pollMs, onError, onEnd: () => watches.delete(workspaceId) })
    watches.set(workspaceId, watch)
    return watch
  }

  return {
    async follow(workspaceId, follower) {
      if (isClosed) throw new ClosedError()
      return watchOf(workspaceId).join(follower)
    },
    poke(workspaceId) {
      if (workspaceId !== undefined) return watches.get(workspaceId)?.poke()
      for (const watch of watches.values()) watch.poke()
    },
    close() {
      isClosed = true
      for (const watch of watches.values()) watch.end()
    },
  }
}

interface Watch {
  join(follower: Follower): Promise<() => void>
  poke(): void
  end(): void
}

/** One workspace, for as long as somebody follows it. */
function createWatch({ pollMs, onError, onEnd }: ChangesOptions & { readonly onEnd: () => void }): Watch {
  const followers = new Set<Follower>()
  /** How each store looked. */
  const known = new Map<string, string>()
  const alarm = createAlarm()
  let looked = Promise.withResolvers<void>()
  let isOver = false

  async function run(): Promise<void> {
    while (!isOver) {
      alarm.reset()
      const startedAt = performance.now()
      try {
        await look()
      } catch (error) {
        if (isTyped(error) && error.code === 'CLOSED') break
        // The next look tells what has happened meanwhile.
        onError(error)
      }
      const took = performance.now() - startedAt
      await sleep(Math.max(pollMs, took * REST), Math.min(pollMs, took * REST))
    }
    end()
  }

  /** So long, or until it is poked, but for so long at least. */
  async function sleep(most: number, least: number): Promise<void> {
    if (isOver) return
    const rang = await alarm.wait(most)
    if (rang && !isOver) await new Promise((resolve) => setTimeout(resolve, least))
  }

  async function look(): Promise<void> {
    const { resolve } = looked
    looked = Promise.withResolvers()
    const [first] = followers
    const stores = [...new Set([...followers].flatMap((follower) => follower.stores))]
    try {
      if (first === undefined) return
      for (const store of stores) compare(store, await fingerprint(first.engine, surface[store]!.table))
    } catch (error) {
      // What could not be seen may have changed.
      for (const store of stores) if (!known.has(store)) known.set(store, UNSEEN)
      throw error
    } finally {
      // Whatever becomes of it, whoever waits for it goes on.
      resolve()
    }
  }

  function compare(store: string, now: string): void {
    const before = known.get(store)
    known.set(store, now)
    if (before === undefined || before === now) return
    for (const follower of followers) if (follower.stores.includes(store)) follower.changed(store)
  }

  function end(): void {
    if (isOver) return
    isOver = true
    alarm.ring()
    looked.resolve()
    onEnd()
    for (const follower of followers) follower.ended()
    followers.clear()
  }

  return {
    async join(follower) {
      const isFirst = followers.size === 0
      followers.add(follower)
      // One that is under way may have passed what is asked for.
      const next = looked.promise
      if (isFirst) void run()
      else alarm.ring()
      await next
      return () => {
        if (followers.delete(follower) && followers.size === 0) end()
      }
    },
    poke: () => alarm.ring(),
    end,
  }
}

/** A text that is another when rows have come, gone or changed. */
async function fingerprint(engine: Engine, table: Table): Promise<string> {
  const columns = table.visible
  const query: AggregateQuery<Table> = {
    sum: columns.flatMap(({ key }) => (RISING.includes(key) ? [key] : [])),
    max: columns.flatMap(({ key, kind }) => (kind === 'timestamp' ? [key] : [])),
  }
  const [total] = await engine.aggregate(table, query)
  return JSON.stringify(total ?? null)
}
