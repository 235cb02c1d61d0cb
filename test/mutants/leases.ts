/** Leases: one holder, fences that rise, spans that end. */

import { gt, isOperator, lt } from '../../src/engine/query.ts'
import { LeaseConflictError } from '../../src/errors.ts'
import { leases } from '../../src/schema/leases.ts'
import type { LeaseStore } from '../../src/stores/leases.ts'
import type { Scope } from '../../src/system.ts'
import { giveWay, less, type Mutant, questions, stores } from './mutant.ts'

export const leaseMutants: readonly Mutant[] = [
  {
    id: 'lease-read-first',
    breaks: 'Looks who holds a lease, and takes it when nobody does',
    scenario: 'leases.one-holder',
    system: leasesWith((_scope, own) => ({
      async acquire(name, request) {
        const found = await own.inspect(name, request)
        await giveWay()
        if (found === null) return own.steal(name, request)
        return own.acquire(name, request)
      },
    })),
  },
  {
    id: 'lease-taken-in-turns',
    breaks: 'Takes a lease that nobody holds by a look and a theft',
    scenario: 'leases.handed-on',
    system: leasesWith((_scope, own) => ({
      async acquire(name, request) {
        const found = await own.inspect(name, request)
        await giveWay()
        return found?.holder === null ? own.steal(name, request) : own.acquire(name, request)
      },
    })),
  },
  {
    id: 'lease-free-late',
    breaks: 'Holds a lease for one millisecond more',
    scenario: 'leases.expiry',
    engine: questions({
      match: (match, table) =>
        table === leases && isOperator(match.expiresAt) && 'comparison' in match.expiresAt
          ? {
              ...match,
              expiresAt: match.expiresAt.comparison === 'lte' ? lt(match.expiresAt.value) : match.expiresAt,
            }
          : match,
    }),
  },
  {
    id: 'lease-kept-after-expiry',
    breaks: 'Lets its holder renew a lease that has expired',
    scenario: 'leases.after-expiry',
    engine: questions({
      match: (match, table) => (table === leases && 'fence' in match ? less(match, 'expiresAt') : match),
    }),
  },
  {
    id: 'lease-forgotten',
    breaks: 'Deletes a lease that is given back, and its fence with it',
    scenario: 'leases.fence',
    system: leasesWith(({ engine }, own) => ({
      async release(lease, options) {
        const released = await own.release(lease, options)
        await engine.remove(leases, { where: { name: lease.name, expiresAt: null } }, options)
        return released
      },
    })),
  },
  {
    id: 'lease-new-each-time',
    breaks: 'Gives its own holder a new fence',
    scenario: 'leases.re-entrant',
    system: leasesWith((_scope, own) => ({
      async acquire(name, request) {
        const lease = await own.acquire(name, request)
        return lease.fence > 1 ? lease : own.steal(name, request)
      },
    })),
  },
  {
    id: 'lease-renewed-from-its-end',
    breaks: 'Renews a lease from when it would have ended',
    scenario: 'leases.renew',
    system: leasesWith(({ engine }, own) => ({
      async renew(lease, options) {
        const before = await own.inspect(lease.name, { workspaceId: lease.workspaceId })
        const renewed = await own.renew(lease, options)
        const added = renewed.expiresAt!.getTime() - engine.now().getTime()
        const expiresAt = new Date(before!.expiresAt!.getTime() + added)
        await engine.update(leases, { where: { name: lease.name }, set: { expiresAt } })
        return { ...renewed, expiresAt }
      },
    })),
  },
  {
    id: 'lease-anybodys',
    breaks: 'Lets anybody give back what is held',
    scenario: 'leases.strangers',
    engine: questions({
      match: (match, table) => (table === leases && 'fence' in match ? less(match, 'holder') : match),
    }),
  },
  {
    id: 'lease-stolen-unnoticed',
    breaks: 'Steals a lease with the fence that it has',
    scenario: 'leases.steal',
    engine: questions({
      set: (set, table) => (table === leases && set.fence === undefined ? set : less(set, 'fence')),
    }),
  },
  {
    id: 'lease-reaped-by-all',
    breaks: 'Looks what has expired, and clears it',
    scenario: 'leases.reap',
    system: leasesWith(({ engine }, own) => ({
      async reap(options) {
        const now = engine.now()
        const found = await engine.find(leases, { where: { expiresAt: lt(new Date(now.getTime() + 1)) } })
        await giveWay()
        await own.reap(options)
        return found.slice(0, options?.limit)
      },
    })),
  },
  {
    id: 'lease-everybodys',
    breaks: 'Does not tell leases of different workspaces apart',
    scenario: 'leases.of-a-workspace',
    engine: questions({
      row: (row, table) => (table === leases ? { ...row, scope: '' } : row),
      match: (match, table) => (table === leases && 'scope' in match ? { ...match, scope: '' } : match),
    }),
  },
  {
    id: 'lease-listed-after-expiry',
    breaks: 'Lists leases that have expired',
    scenario: 'leases.list',
    engine: questions({
      match: (match, table) =>
        table === leases && isOperator(match.expiresAt) && 'comparison' in match.expiresAt
          ? { ...match, expiresAt: match.expiresAt.comparison === 'gt' ? gt(new Date(0)) : match.expiresAt }
          : match,
    }),
  },
  {
    id: 'lease-for-any-time',
    breaks: 'Takes a span that is none for a minute',
    scenario: 'leases.bad-input',
    system: leasesWith((_scope, own) => ({
      acquire: (name, request) =>
        own
          .acquire(name, request)
          .catch((error: unknown) =>
            typeof request?.holder !== 'string' || error instanceof LeaseConflictError
              ? Promise.reject(error)
              : own.acquire(name, { ...request, ttl: '1m' }),
          ),
    })),
  },
]

function leasesWith(overrides: (scope: Scope, own: LeaseStore) => Partial<LeaseStore>) {
  return stores((scope) => ({ leases: overrides(scope, scope.leases) }))
}
