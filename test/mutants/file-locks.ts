/** File locks: what overlaps, whose is whose, how long. */

import { gt, lte } from '../../src/engine/query.ts'
import { LeaseConflictError } from '../../src/errors.ts'
import { type FileLock, fileLocks } from '../../src/schema/file-locks.ts'
import type { FileLockRequest, FileLockStore } from '../../src/stores/file-locks.ts'
import type { Scope } from '../../src/system.ts'
import { giveWay, less, type Mutant, questions, stores } from './mutant.ts'

export const fileLockMutants: readonly Mutant[] = [
  {
    id: 'locks-beneath-forgotten',
    breaks: 'Takes a path for itself alone, not for what is beneath it',
    scenario: 'fileLocks.overlap',
    system: locksWith((_scope, own) => ({
      async check(path, place) {
        const found = await own.check(path, place)
        return found.filter((lock) => lock.path !== 'src' || !path.startsWith('src/'))
      },
    })),
  },
  {
    id: 'locks-by-text',
    breaks: 'Compares paths as texts',
    scenario: 'fileLocks.conflict',
    system: locksWith(({ engine }, own) => ({
      async acquire(path, request) {
        const { items } = await own.list()
        const other = items.find((lock) => lock.path === path && lock.agentId !== request.agentId)
        if (other !== undefined || items.length === 0) return own.acquire(path, request)
        return put({ engine }, path, request)
      },
    })),
  },
  {
    id: 'locks-read-first',
    breaks: 'Looks for what is in the way, and locks when there is nothing',
    scenario: 'fileLocks.one-of-many',
    system: locksWith((scope, own) => ({
      async acquire(path, request) {
        const found = typeof request?.agentId === 'string' ? await own.check(path, request) : [undefined]
        await giveWay()
        return found.length > 0 ? own.acquire(path, request) : put(scope, path, request)
      },
    })),
  },
  {
    id: 'locks-the-whole-root',
    breaks: 'Lets one agent at a time lock anything',
    scenario: 'fileLocks.apart',
    system: locksWith((_scope, own) => ({
      async acquire(path, request) {
        const lock = await own.acquire(path, request)
        const { items } = await own.list({ workspaceId: request.workspaceId })
        const other = items.find(({ agentId }) => agentId !== request.agentId)
        if (other === undefined) return lock
        await own.release(path, request)
        throw new LeaseConflictError(other.path, other.agentId)
      },
    })),
  },
  {
    id: 'locks-shortened',
    breaks: 'Locks a path again for the span that was asked for last',
    scenario: 'fileLocks.own',
    system: locksWith((_scope, own) => ({
      async acquire(path, request) {
        await own.release(path, request).catch(() => false)
        return own.acquire(path, request)
      },
    })),
  },
  {
    id: 'locks-for-good',
    breaks: 'Minds locks that have expired',
    scenario: 'fileLocks.expiry',
    engine: questions({
      match: (match, table) =>
        table === fileLocks && 'workspaceId' in match ? { ...match, expiresAt: gt(new Date(0)) } : match,
    }),
  },
  {
    id: 'locks-released-by-others',
    breaks: 'Gives back what another agent has locked',
    scenario: 'fileLocks.release',
    engine: questions({
      match: (match, table) => (table === fileLocks && 'path' in match ? less(match, 'agentId') : match),
    }),
  },
  {
    id: 'locks-lower-case',
    breaks: 'Keeps paths in lower case',
    scenario: 'fileLocks.paths',
    system: locksWith((_scope, own) => ({
      acquire: (path, request) => own.acquire(typeof path === 'string' ? path.toLowerCase() : path, request),
    })),
  },
  {
    id: 'locks-out-of-the-root',
    breaks: 'Takes a path that leads out of the root for one in it',
    scenario: 'fileLocks.bad-input',
    system: locksWith((_scope, own) => ({
      acquire: (path, request) =>
        own.acquire(typeof path === 'string' ? path.replace(/^(\.\.[\\/])+/, '') : path, request),
    })),
  },
  {
    id: 'locks-of-one-root',
    breaks: 'Takes the roots of all workspaces for one',
    scenario: 'fileLocks.of-a-workspace',
    system: locksWith((_scope, own) => ({
      async acquire(path, request) {
        const { items } = await own.list({ path })
        const other = items.find(({ agentId }) => agentId !== request.agentId)
        if (other !== undefined) throw new LeaseConflictError(other.path, other.agentId)
        return own.acquire(path, request)
      },
    })),
  },
  {
    id: 'locks-reaped-by-all',
    breaks: 'Looks what has expired, and removes it',
    scenario: 'fileLocks.reap',
    system: locksWith(({ engine }, own) => ({
      async reap(options) {
        const found = await engine.find(fileLocks, { where: { expiresAt: lte(engine.now()) } })
        await giveWay()
        await own.reap(options)
        return found
      },
    })),
  },
]

function locksWith(overrides: (scope: Scope, own: FileLockStore) => Partial<FileLockStore>) {
  return stores((scope) => ({ fileLocks: overrides(scope, scope.fileLocks) }))
}

async function put(
  { engine }: Pick<Scope, 'engine'>,
  path: string,
  request: FileLockRequest,
): Promise<FileLock> {
  const now = engine.now()
  const { workspaceId, agentId } = request
  const times = { acquiredAt: now, expiresAt: new Date(now.getTime() + 60_000) }
  const [lock] = await engine.insert(fileLocks, [
    { id: engine.newId(), workspaceId, agentId, path, ...times },
  ])
  return lock!
}
