/**
 * Named locks that expire. One holder at a time has a lease, and every change of holder raises its fence: who
 * writes elsewhere what it did under a lease hands the fence along, so that what is late is told from what is not.
 *
 * A row outlives its holders, because the fence has to. Expired is as good as given back, whoever notices.
 */

import { workspaceOf } from '../confine.ts'
import type { CallOptions, Engine } from '../engine/engine.ts'
import { choose, gt, increment, lte, ne, oneOfThese, type SetFor, type Where } from '../engine/query.ts'
import { LeaseConflictError, StaleFenceError } from '../errors.ts'
import { checkValue } from '../schema/dsl/values.ts'
import { type LeaseRow, leases } from '../schema/leases.ts'
import { after, type Duration, milliseconds } from './duration.ts'
import {
  ATTEMPTS,
  checkLimit,
  checkObject,
  contended,
  countRows,
  idOf,
  type ListOptions,
  listPage,
  matching,
  notFound,
  type Page,
} from './store.ts'

export interface Lease {
  readonly name: string
  /** Null for everybody's. */
  readonly workspaceId: string | null
  /** Null when nobody holds it, as when it has expired. */
  readonly holder: string | null
  /** Rises with every change of holder, and is never given twice. */
  readonly fence: number
  /** Since when its holder has it, or its last one had it. */
  readonly acquiredAt: Date
  /** From this moment on it is free; null when nobody holds it. */
  readonly expiresAt: Date | null
}

/** What its holder keeps of a lease, to renew it and to give it back: what `acquire` answered. */
export type HeldLease = Pick<Lease, 'name' | 'workspaceId' | 'holder' | 'fence'>

export interface LeasePlace extends CallOptions {
  /** Whose lease it is: without one everybody's, or that of the confined System. */
  readonly workspaceId?: string | null | undefined
}

export interface LeaseRequest extends LeasePlace {
  /** Who wants it, in words that no other has: an agent's id, a host and its process. */
  readonly holder: string
  /** How long it is held unless renewed, as milliseconds or as in `'5m'`. */
  readonly ttl: Duration
}

export interface LeaseFilter {
  readonly workspaceId?: string | null | undefined
  readonly holder?: string | undefined
}

export interface LeaseStore {
  /**
   * Takes a lease that nobody holds. Its holder gets it again, with the same fence and for the longer of both
   * spans: one `release` gives it back, however often it was taken.
   *
   * Throws `LeaseConflictError`, which names the holder; `InvalidReferenceError` for an unknown workspace; and
   * `ValidationError`.
   */
  acquire(name: string, request: LeaseRequest): Promise<Lease>
  /**
   * From now on for `ttl` more. Throws `StaleFenceError` once it has expired, was given back or has gone to
   * another, `LeaseConflictError` for somebody who is not its holder, and `NotFoundError`.
   */
  renew(lease: HeldLease, options: CallOptions & { readonly ttl: Duration }): Promise<Lease>
  /** Gives it back, as long as it is held. Throws as `renew` does. */
  release(lease: HeldLease, options?: CallOptions): Promise<Lease>
  /** The lease as it stands now, or null if nobody ever had it. */
  inspect(name: string, place?: LeasePlace): Promise<Lease | null>
  /** Takes it from whoever holds it, and in any case with a new fence. */
  steal(name: string, request: LeaseRequest): Promise<Lease>
  /**
   * Clears leases that have expired, at most `limit`, beginning with those longest ago, and answers them by name,
   * with who had them: each once, over any number of instances. They are free without it; this is for those who
   * have to know.
   */
  reap(
    options?: CallOptions & { readonly limit?: number | undefined },
  ): Promise<(Lease & { readonly holder: string })[]>
  /** A page of the leases that are held now, by name unless ordered otherwise. */
  list(filter?: LeaseFilter, options?: ListOptions<typeof leases>): Promise<Page<Lease>>
  /** How many leases are held now. */
  count(filter?: LeaseFilter, options?: CallOptions): Promise<number>
}

export function createLeaseStore(engine: Engine): LeaseStore {
  function placeOf(workspaceId: string | null | undefined) {
    const own = workspaceId === undefined ? (workspaceOf(engine) ?? null) : workspaceId
    return { scope: own ?? '', workspaceId: own }
  }

  /** One upsert: it answers nothing when a row is in the way that `where` does not let go. */
  async function take(
    name: string,
    { holder, ttl, workspaceId, signal }: LeaseRequest,
    free: (now: Date) => Where<typeof leases> | undefined,
    set: (now: Date, expiresAt: Date) => SetFor<typeof leases>,
  ): Promise<{ readonly lease: Lease | undefined; readonly now: Date }> {
    const now = engine.now()
    const expiresAt = after(now, milliseconds(leases, 'ttl', ttl))
    const row = { ...placeOf(workspaceId), name, holder, fence: 1, acquiredAt: now, expiresAt }
    const [lease] = await engine.insert(leases, [row], {
      signal,
      onConflict: { columns: ['scope', 'name'], set: { holder, ...set(now, expiresAt) }, where: free(now) },
    })
    return { lease: lease && present(lease, now), now }
  }

  async function read(name: string, { workspaceId, signal }: LeasePlace): Promise<LeaseRow | undefined> {
    const where = { ...placeOf(workspaceId), name: idOf(leases, name) }
    const [row] = await engine.find(leases, { where, limit: 1 }, { signal })
    return row
  }

  /** Changes a lease that is held, by its holder, with its fence. */
  async function change(
    lease: HeldLease,
    set: (now: Date) => SetFor<typeof leases>,
    options: CallOptions | undefined,
  ): Promise<Lease> {
    checkObject(leases, lease)
    const { name, workspaceId, holder, fence } = lease
    checkValue(leases, leases.columns.fence, fence)
    const now = engine.now()
    const place = { ...placeOf(workspaceId), name: idOf(leases, name) }
    // Nobody's hold on it is stale by now.
    const by = holder === null ? NOBODY : (checkValue(leases, leases.columns.holder, holder) as string)
    const where = { ...place, holder: by, fence, expiresAt: gt(now) }
    const [row] = await engine.update(leases, { where, set: set(now) }, options)
    if (row !== undefined) return present(row, now)
    const found = (await read(name, { ...options, workspaceId })) ?? notFound(leases, name)
    if (found.holder !== holder && found.fence === fence && isHeld(found, now)) {
      throw new LeaseConflictError(name, found.holder)
    }
    throw new StaleFenceError(name, fence)
  }

  return {
    async acquire(name, request) {
      checkObject(leases, request)
      const { holder } = request
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const { lease, now } = await take(
          name,
          request,
          (now) => [{ holder }, { expiresAt: null }, { expiresAt: lte(now) }],
          (now, expiresAt) => {
            const changes = [{ holder: ne(holder) }, { expiresAt: null }, { expiresAt: lte(now) }]
            return {
              fence: choose<typeof leases>([{ when: changes, to: increment() }]),
              acquiredAt: choose<typeof leases>([{ when: changes, to: now }]),
              expiresAt: choose<typeof leases>([
                { when: [...changes, { expiresAt: lte(expiresAt) }], to: expiresAt },
              ]),
            }
          },
        )
        if (lease !== undefined) return lease
        const found = await read(name, request)
        if (found !== undefined && isHeld(found, now)) throw new LeaseConflictError(name, found.holder)
        // Given back in between.
      }
      throw contended(leases, name)
    },

    async renew(lease, options) {
      checkObject(leases, options)
      const span = milliseconds(leases, 'ttl', options.ttl)
      return change(lease, (now) => ({ expiresAt: after(now, span) }), options)
    },

    release: (lease, options) => change(lease, () => ({ expiresAt: null }), options),

    async inspect(name, place = {}) {
      checkObject(leases, place)
      const row = await read(name, place)
      return row === undefined ? null : present(row, engine.now())
    },

    async steal(name, request) {
      checkObject(leases, request)
      const { lease } = await take(
        name,
        request,
        () => undefined,
        (now, expiresAt) => ({ fence: increment(), acquiredAt: now, expiresAt }),
      )
      return lease!
    },

    async reap({ limit, signal } = {}) {
      const where = { expiresAt: lte(engine.now()) }
      const rows = await engine.update(
        leases,
        {
          where,
          set: { expiresAt: null },
          orderBy: [['expiresAt', 'asc']],
          limit: checkLimit(leases, limit),
          skipLocked: true,
        },
        { signal },
      )
      return rows.map(({ scope: _scope, ...lease }) => lease)
    },

    async list(filter = {}, options = {}) {
      checkObject(leases, filter)
      const now = engine.now()
      const page = await listPage(engine, leases, heldNow(filter, now), filter, BY_NAME, options)
      return { items: page.items.map((row) => present(row, now)), next: page.next }
    },

    async count(filter = {}, options) {
      checkObject(leases, filter)
      return countRows(engine, leases, heldNow(filter, engine.now()), options)
    },
  }
}

const BY_NAME = [['name', 'asc']] as const

const NOBODY = oneOfThese([])

function heldNow(filter: LeaseFilter, now: Date): Where<typeof leases> {
  return { ...matching(leases, filter), expiresAt: gt(now) }
}

function isHeld({ expiresAt }: LeaseRow, now: Date): boolean {
  return expiresAt !== null && expiresAt > now
}

/** A row as it stands at this moment. */
function present(row: LeaseRow, now: Date): Lease {
  const { scope: _scope, ...lease } = row
  return isHeld(row, now) ? lease : { ...lease, holder: null, expiresAt: null }
}
