/**
 * Which agent may change which files. A lock is on a path or a glob under the root of a workspace, for a while; two
 * locks of different agents never overlap. `globs.ts` says what overlaps.
 *
 * Whether a lock is in the way is more than a condition can say, so a lock is taken in a transaction: of several
 * that would not go together, transactions let one through.
 */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { gt, lte, oneOfThese } from '../engine/query.ts'
import { LeaseConflictError } from '../errors.ts'
import { checkValue } from '../schema/dsl/values.ts'
import { type FileLock, fileLocks } from '../schema/file-locks.ts'
import { after, type Duration, milliseconds } from './duration.ts'
import { normalizeGlob, overlap } from './globs.ts'
import {
  checkLimit,
  checkObject,
  countRows,
  type Filter,
  idOf,
  type ListOptions,
  listPage,
  matching,
  type Page,
} from './store.ts'

export interface FileLockPlace extends CallOptions {
  readonly workspaceId: string
}

export interface FileLockRequest extends FileLockPlace {
  readonly agentId: string
  /** For others to read. */
  readonly reason?: string | undefined
  /** How long it is held unless asked for again, as milliseconds or as in `'10m'`. */
  readonly ttl: Duration
}

export type FileLockFilter = Filter<typeof fileLocks>

export interface FileLockStore {
  /**
   * Locks a file, a folder with all that is in it (`src/`), or a glob. What overlaps with locks of the same agent is
   * fine; the same path again prolongs the lock, and never shortens it.
   *
   * Throws `LeaseConflictError`, which names the agent that is in the way and its path; `InvalidReferenceError`
   * for an agent that the workspace does not have; and `ValidationError` for a path that is absolute, leads out of
   * the root, or is a negated or extended glob.
   */
  acquire(path: string, request: FileLockRequest): Promise<FileLock>
  /** Whether the agent had a lock on this path to give back. */
  release(path: string, place: FileLockPlace & { readonly agentId: string }): Promise<boolean>
  /** Gives all locks of an agent back, and answers those that were held. */
  releaseAll(agentId: string, options?: CallOptions): Promise<FileLock[]>
  /** The locks that overlap with a path or glob now, oldest first. */
  check(path: string, place: FileLockPlace): Promise<FileLock[]>
  /**
   * Removes locks that have expired, at most `limit`, and answers them, oldest first: each once, over any number of
   * instances. What they covered is free without it.
   */
  reap(options?: CallOptions & { readonly limit?: number | undefined }): Promise<FileLock[]>
  /** The lock, or null; one that has expired is none. */
  get(id: string, options?: CallOptions): Promise<FileLock | null>
  /** A page of the locks that are held now, oldest first unless ordered otherwise. */
  list(filter?: FileLockFilter, options?: ListOptions<typeof fileLocks>): Promise<Page<FileLock>>
  /** How many locks are held now. */
  count(filter?: FileLockFilter, options?: CallOptions): Promise<number>
}

export function createFileLockStore(engine: Engine): FileLockStore {
  const held = (filter: FileLockFilter) => ({
    ...matching(fileLocks, filter),
    expiresAt: gt(engine.now()),
  })

  return {
    async acquire(path, request) {
      checkObject(fileLocks, request)
      const { workspaceId, agentId, reason, ttl, signal } = request
      const row = {
        workspaceId: idOf(fileLocks, workspaceId),
        agentId: idOf(fileLocks, agentId),
        path: normalizeGlob(fileLocks, path),
        reason: checkValue(fileLocks, fileLocks.columns.reason, reason ?? '') as string,
      }
      const span = milliseconds(fileLocks, 'ttl', ttl)
      return engine.transaction((tx) => lock(tx, row, span), { signal })
    },

    async release(path, place) {
      checkObject(fileLocks, place)
      const { workspaceId, agentId, signal } = place
      const where = {
        workspaceId: idOf(fileLocks, workspaceId),
        agentId: idOf(fileLocks, agentId),
        path: normalizeGlob(fileLocks, path),
      }
      const now = engine.now()
      const removed = await engine.remove(fileLocks, { where }, { signal })
      return removed.some(({ expiresAt }) => expiresAt > now)
    },

    async releaseAll(agentId, options) {
      const now = engine.now()
      const where = { agentId: idOf(fileLocks, agentId) }
      const removed = await engine.remove(fileLocks, { where }, options)
      return removed.filter(({ expiresAt }) => expiresAt > now).sort(byAge)
    },

    async check(path, place) {
      checkObject(fileLocks, place)
      const { workspaceId, signal } = place
      const normalized = normalizeGlob(fileLocks, path)
      const where = { workspaceId: idOf(fileLocks, workspaceId), expiresAt: gt(engine.now()) }
      const locks = await engine.find(fileLocks, { where, orderBy: BY_AGE }, { signal })
      return locks.filter((lock) => overlap(lock.path, normalized))
    },

    async reap({ limit, signal } = {}) {
      const expiresAt = lte(engine.now())
      const query = { where: { expiresAt }, orderBy: BY_EXPIRY, limit: checkLimit(fileLocks, limit) }
      const expired = await engine.find(fileLocks, query, { signal })
      if (expired.length === 0) return []
      const where = { id: oneOfThese(expired.map((lock) => lock.id)), expiresAt }
      return (await engine.remove(fileLocks, { where }, { signal })).sort(byAge)
    },

    async get(id, options) {
      const lock = await engine.get(fileLocks, id, options)
      return lock !== null && lock.expiresAt > engine.now() ? lock : null
    },

    async list(filter = {}, options = {}) {
      checkObject(fileLocks, filter)
      return listPage(engine, fileLocks, held(filter), filter, BY_AGE, options)
    },

    async count(filter = {}, options) {
      checkObject(fileLocks, filter)
      return countRows(engine, fileLocks, held(filter), options)
    },
  }
}

const BY_AGE = [['acquiredAt', 'asc']] as const
const BY_EXPIRY = [['expiresAt', 'asc']] as const

function byAge(a: FileLock, b: FileLock): number {
  return a.acquiredAt.getTime() - b.acquiredAt.getTime() || (a.id < b.id ? -1 : 1)
}

type Wanted = Pick<FileLock, 'workspaceId' | 'agentId' | 'path' | 'reason'>

async function lock(tx: Engine, wanted: Wanted, span: number): Promise<FileLock> {
  const { workspaceId, agentId, path, reason } = wanted
  const now = tx.now()
  const expiresAt = after(now, span)
  const where = [
    { workspaceId, expiresAt: gt(now) },
    { workspaceId, agentId, path },
  ]
  const locks = await tx.find(fileLocks, { where, orderBy: BY_AGE })
  const other = locks.find((lock) => lock.agentId !== agentId && overlap(lock.path, path))
  if (other !== undefined) throw new LeaseConflictError(other.path, other.agentId)
  const own = locks.find((lock) => lock.agentId === agentId && lock.path === path)
  if (own !== undefined && own.expiresAt > now) {
    const until = new Date(Math.max(own.expiresAt.getTime(), expiresAt.getTime()))
    const [prolonged] = await tx.update(fileLocks, {
      where: { id: own.id },
      set: { reason, expiresAt: until },
    })
    return prolonged!
  }
  if (own !== undefined) await tx.remove(fileLocks, { where: { id: own.id } })
  const row = { id: tx.newId(), ...wanted, acquiredAt: now, expiresAt }
  const [made] = await tx.insert(fileLocks, [row])
  return made!
}
