/** Jobs: claims, leases, ends, lanes, dependencies, and the workers that run them. */

import type { Engine, UpdateQuery, Write } from '../../src/engine/engine.ts'
import { increment, isOperator, lt, OPERATOR, oneOfThese, type SetFor } from '../../src/engine/query.ts'
import { ValidationError } from '../../src/errors.ts'
import {
  backgroundDependencies,
  backgroundLanes,
  backgroundTasks,
} from '../../src/schema/background-tasks.ts'
import type { Table } from '../../src/schema/dsl/table.ts'
import { answers, giveWay, type Loose, type Mutant, questions, stores, verbs } from './mutant.ts'

// The casts: tables are told apart by identity, whatever their columns are.
const isOf = (table: Table, of: unknown): boolean => (table as unknown) === of
const isJobs = (table: Table) => isOf(table, backgroundTasks)

/** What is set in jobs, as something else. */
const sets = (change: (set: Loose) => Loose) =>
  questions({ set: (set, table) => (isJobs(table) ? change(set) : set) })
/** What is asked of jobs, as something else. */
const matches = (change: (match: Loose) => Loose) =>
  questions({ match: (match, table) => (isJobs(table) ? change(match) : match) })
const rows = (change: (row: Loose) => Loose) =>
  questions({ row: (row, table) => (isJobs(table) ? change(row) : row) })

const without = (of: Loose, ...keys: readonly string[]): Loose =>
  Object.fromEntries(Object.entries(of).filter(([key]) => !keys.includes(key)))

/** Up to this moment, as before it. */
const strictly = (match: Loose, key: string): Loose => {
  const asked = match[key]
  if (!isOperator(asked) || asked[OPERATOR] !== 'compare') return match
  const { comparison, value } = asked as { readonly comparison: string; readonly value: unknown }
  return comparison === 'lte' ? { ...match, [key]: lt(value) } : match
}

/** Updates of jobs, as something else; undefined for as they are. */
const updates = (
  change: (query: UpdateQuery<typeof backgroundTasks>, verbs: Engine) => Promise<unknown[]> | undefined,
) =>
  verbs((verbs) => ({
    update: async (table, query, options) => {
      // The casts: both are of jobs.
      const own = isJobs(table) ? change(query as never, verbs) : undefined
      return own === undefined ? verbs.update(table, query, options) : ((await own) as never)
    },
  }))

/** The steps of writes, as others. */
const steps = (change: (write: Write) => Write['steps']) =>
  verbs((verbs) => ({
    write: async (write, options) => verbs.write({ ...write, steps: change(write as Write) }, options),
  }))

const isClaim = ({ set }: { readonly set: Loose | SetFor<typeof backgroundTasks> }) =>
  (set as Loose).status === 'running'
/** A claim of a worker's, whose name ends in an id. */
const isOfWorker = (query: UpdateQuery<typeof backgroundTasks>) =>
  isClaim(query) && String((query.set as Loose).worker).includes(':')
/** By the worker that holds them. */
const isBeat = ({ where }: UpdateQuery<typeof backgroundTasks>) => (where as Loose).worker !== undefined

export const backgroundTaskMutants: readonly Mutant[] = [
  {
    id: 'job-defaults-lost',
    breaks: 'Forgets what a job is called',
    scenario: 'backgroundTasks.enqueue',
    engine: rows((row) => without(row, 'title')),
  },
  {
    id: 'jobs-unchecked',
    breaks: 'Stores a job that was refused, without what was wrong about it',
    scenario: 'backgroundTasks.bad-input',
    system: stores(({ backgroundTasks: own }) => ({
      backgroundTasks: {
        enqueue: (job, options) =>
          own.enqueue(job, options).catch((error: unknown) => {
            if (!(error instanceof ValidationError) || Object(job) !== job) throw error
            return own.enqueue({ workspaceId: job.workspaceId, kind: 'k' }, options)
          }),
      },
    })),
  },
  {
    id: 'jobs-one-by-one',
    breaks: 'Stores a batch one by one',
    scenario: 'backgroundTasks.enqueue-many',
    system: stores(({ backgroundTasks: own }) => ({
      backgroundTasks: {
        async enqueueMany(jobs, options) {
          const stored = []
          for (const job of jobs) stored.push(await own.enqueue(job, options))
          return stored
        },
      },
    })),
  },
  {
    id: 'claim-read-then-write',
    breaks: 'Looks for what is ready, and then takes it, whoever took it meanwhile',
    scenario: 'backgroundTasks.one-claimer',
    engine: updates((query, verbs) => {
      if (!isClaim(query)) return undefined
      return (async () => {
        const { where, orderBy, limit, set } = query
        const found = await verbs.find(backgroundTasks, { where, orderBy, limit })
        await giveWay()
        return verbs.update(backgroundTasks, {
          where: { id: oneOfThese(found.map(({ id }) => id)) },
          set,
          orderBy,
        })
      })()
    }),
  },
  {
    id: 'claim-unordered',
    breaks: 'Claims what was enqueued first, whatever its priority',
    scenario: 'backgroundTasks.order',
    engine: updates((query, verbs) =>
      isClaim(query) ? verbs.update(backgroundTasks, { ...query, orderBy: [['id', 'asc']] }) : undefined,
    ),
  },
  {
    id: 'claim-of-any-queue',
    breaks: 'Claims jobs of whichever queue',
    scenario: 'backgroundTasks.queues-and-kinds',
    engine: matches((match) => without(match, 'queue')),
  },
  {
    id: 'claim-of-any-kind',
    breaks: 'Claims jobs of whichever kind',
    scenario: 'backgroundTasks.queues-and-kinds',
    engine: updates((query, verbs) => {
      if (!isClaim(query)) return undefined
      const where = without(query.where as Loose, 'kind')
      return verbs.update(backgroundTasks, { ...query, where: where as never })
    }),
  },
  {
    id: 'claim-without-start',
    breaks: 'Does not say when a job was begun',
    scenario: 'backgroundTasks.claim',
    engine: sets((set) => without(set, 'startedAt')),
  },
  {
    id: 'fence-stands-still',
    breaks: 'Claims under the fence of the claim before',
    scenario: 'backgroundTasks.fences-rise',
    engine: sets((set) => (isClaim({ set }) ? { ...set, fence: 1 } : set)),
  },
  {
    id: 'fence-unchecked',
    breaks: 'Hears whoever speaks for a job, under whichever fence',
    scenario: 'backgroundTasks.stale-fence',
    engine: matches((match) => without(match, 'fence')),
  },
  {
    id: 'ends-twice',
    breaks: 'Ends a claim that has ended',
    scenario: 'backgroundTasks.one-end',
    engine: matches((match) =>
      match.fence === undefined ? match : without(match, 'status', 'leaseUntil', 'attemptsLeft'),
    ),
  },
  {
    id: 'result-unchecked',
    breaks: 'Stores nothing rather than refuse what is no JSON',
    scenario: 'backgroundTasks.claims-are-named',
    system: stores(({ backgroundTasks: own }) => ({
      backgroundTasks: {
        complete: (job, result, options) =>
          own.complete(job, result, options).catch((error: unknown) => {
            if (!(error instanceof ValidationError) || error.column !== 'result') throw error
            return own.complete(job, null, options)
          }),
      },
    })),
  },
  {
    id: 'lease-a-moment-longer',
    breaks: 'Gives a lease a millisecond more than it has',
    scenario: 'backgroundTasks.lease-ends',
    engine: matches((match) => strictly(match, 'leaseUntil')),
  },
  {
    id: 'heartbeat-does-nothing',
    breaks: 'Takes a heartbeat for granted',
    scenario: 'backgroundTasks.heartbeat',
    engine: sets((set) => (set.status === undefined ? without(set, 'leaseUntil') : set)),
  },
  {
    id: 'tokens-overwritten',
    breaks: 'Keeps the tokens of the last report only',
    scenario: 'backgroundTasks.progress',
    engine: sets((set) => {
      const { inputTokens } = set
      return isOperator(inputTokens) ? { ...set, inputTokens: (inputTokens as { by?: number }).by } : set
    }),
  },
  {
    id: 'run-early',
    breaks: 'Has a job ready before its time',
    scenario: 'backgroundTasks.run-at',
    engine: rows((row) => (row.status === 'scheduled' ? { ...row, status: 'ready' } : row)),
  },
  {
    id: 'run-late',
    breaks: 'Has a job ready a millisecond after its time',
    scenario: 'backgroundTasks.run-at',
    engine: matches((match) => strictly(match, 'runAt')),
  },
  {
    id: 'later-in-the-way',
    breaks: 'Looks at the first jobs, and takes those whose time has come',
    scenario: 'backgroundTasks.run-at-is-not-in-the-way',
    engine: updates((query, verbs) => {
      if (!isClaim(query)) return undefined
      return (async () => {
        const orderBy = [['priority', 'desc']] as const
        const first = await verbs.find(backgroundTasks, { where: { live: true }, orderBy, limit: 50 })
        const id = oneOfThese(first.map((job) => job.id))
        return verbs.update(backgroundTasks, { ...query, where: { ...(query.where as Loose), id } as never })
      })()
    }),
  },
  {
    id: 'unique-key-unchecked',
    breaks: 'Stores a second job with a unique key',
    scenario: 'backgroundTasks.unique-key',
    engine: rows((row) => ({ ...row, holdsUniqueKey: false })),
  },
  {
    id: 'unique-key-kept',
    breaks: 'Keeps a unique key when its job has ended',
    scenario: 'backgroundTasks.unique-key',
    engine: sets((set) => (set.status === 'done' ? without(set, 'holdsUniqueKey') : set)),
  },
  {
    id: 'jobs-mistaken',
    breaks: 'Answers a list of jobs with their titles mixed up',
    scenario: 'backgroundTasks.lists',
    engine: answers((row, table) => (isJobs(table) ? { ...row, title: row.kind } : row)),
  },
  {
    id: 'ended-outside',
    breaks: 'Completes a job at once although the transaction is rolled back',
    scenario: 'backgroundTasks.in-transactions',
    system: (system) => ({
      ...system,
      transaction: async (work, options) => {
        const ended: (() => Promise<unknown>)[] = []
        const recording = (tx: Parameters<typeof work>[0]) =>
          work({
            ...tx,
            backgroundTasks: {
              ...tx.backgroundTasks,
              complete: async (job, result, given) => {
                ended.push(() => system.backgroundTasks.complete(job, result))
                return tx.backgroundTasks.complete(job, result, given)
              },
            },
          })
        try {
          return await system.transaction(recording, options)
        } catch (error) {
          for (const end of ended) await end().catch(() => {})
          throw error
        }
      },
    }),
  },
  {
    id: 'no-backoff',
    breaks: 'Tries again at once',
    scenario: 'backgroundTasks.retry-with-backoff',
    engine: verbs((verbs) => ({
      update: (table, query, options) => {
        const set = query.set as Loose
        if (!isJobs(table) || set.status !== 'scheduled' || set.error === undefined)
          return verbs.update(table, query, options)
        return verbs.update(table, { ...query, set: { ...query.set, runAt: verbs.now() } }, options)
      },
    })),
  },
  {
    id: 'backoff-in-step',
    breaks: 'Lets all that fail together come back together',
    scenario: 'backgroundTasks.backoff-is-spread',
    engine: verbs((verbs) => ({
      update: (table, query, options) => {
        const set = query.set as Loose
        if (!isJobs(table) || set.status !== 'scheduled' || set.error === undefined)
          return verbs.update(table, query, options)
        const runAt = new Date(verbs.now().getTime() + 1000)
        return verbs.update(table, { ...query, set: { ...query.set, runAt } }, options)
      },
    })),
  },
  {
    id: 'errors-lost',
    breaks: 'Forgets why a job failed',
    scenario: 'backgroundTasks.errors-are-kept',
    engine: sets((set) => without(set, 'error')),
  },
  {
    id: 'attempts-without-end',
    breaks: 'Begins a job again and again',
    scenario: 'backgroundTasks.at-most-max-attempts',
    engine: sets((set) => without(set, 'attemptsLeft')),
  },
  {
    id: 'release-costs-an-attempt',
    breaks: 'Counts an attempt that was given back',
    scenario: 'backgroundTasks.release',
    engine: sets((set) => (set.status === 'ready' ? without(set, 'attempts', 'attemptsLeft') : set)),
  },
  {
    id: 'cancel-at-once',
    breaks: 'Ends a job that somebody is running',
    scenario: 'backgroundTasks.statuses',
    engine: sets((set) =>
      set.cancelRequested === true
        ? { ...set, status: 'cancelled', live: false, cancelRequested: false }
        : set,
    ),
  },
  {
    id: 'cancel-unheard',
    breaks: 'Tries a job again that was to be cancelled',
    scenario: 'backgroundTasks.cancel-of-a-running-one',
    engine: (engine) =>
      matches((match) => without(match, 'cancelRequested'))(
        answers((row, table) => (isJobs(table) ? { ...row, cancelRequested: false } : row))(engine),
      ),
  },
  {
    id: 'cancel-read-then-write',
    breaks: 'Cancels a job as it was when it was looked at',
    scenario: 'backgroundTasks.cancel-races',
    engine: verbs((verbs) => ({
      update: async (table, query, options) => {
        const { status } = query.set as Loose
        if (!isJobs(table) || status !== 'cancelled') return verbs.update(table, query, options)
        await giveWay()
        const { id } = query.where as Loose
        return verbs.update(table, { ...query, where: { id } as never }, options)
      },
    })),
  },
  {
    id: 'retry-without-attempts',
    breaks: 'Has a job tried again with no more attempts than it had left',
    scenario: 'backgroundTasks.retry',
    engine: sets((set) => (set.finishedAt === null ? without(set, 'attempts', 'attemptsLeft') : set)),
  },
  {
    id: 'purge-of-all',
    breaks: 'Purges what has ended, whenever that was',
    scenario: 'backgroundTasks.purge',
    engine: matches((match) => without(match, 'finishedAt')),
  },
  {
    id: 'delete-leaves-waiting',
    breaks: 'Deletes a job and leaves those waiting that wait for it',
    scenario: 'backgroundTasks.delete',
    engine: updates(({ where }) => {
      const { id } = where as { readonly id?: unknown }
      const looksAtEdges = isOperator(id) && 'table' in id && isOf(id.table, backgroundDependencies)
      return looksAtEdges ? Promise.resolve([]) : undefined
    }),
  },
  {
    id: 'nobody-is-told',
    breaks: 'Completes a job and readies nobody who waits for it',
    scenario: 'backgroundTasks.waits',
    engine: steps(({ steps }) => steps.filter((step) => !('update' in step && isJobs(step.update)))),
  },
  {
    id: 'dependencies-uncounted',
    breaks: 'Readies a job with the first of its dependencies',
    scenario: 'backgroundTasks.last-dependency',
    engine: rows((row) => (Number(row.openDependencies) > 1 ? { ...row, openDependencies: 1 } : row)),
  },
  {
    id: 'dependents-unseen',
    breaks: 'Completes a job without looking at who has come to wait for it',
    scenario: 'backgroundTasks.enqueued-while-completed',
    engine: matches((match) => without(match, 'dependents')),
  },
  {
    id: 'cancelled-is-done',
    breaks: 'Takes a dependency that was cancelled for one that is done',
    scenario: 'backgroundTasks.failed-dependency',
    system: stores(({ backgroundTasks: own }) => ({
      backgroundTasks: {
        async enqueue(job, options) {
          const awaited = await own.getMany(job.dependsOn ?? [])
          const ended = new Set(awaited.filter(({ live }) => !live).map(({ id }) => id))
          return own.enqueue(
            { ...job, dependsOn: (job.dependsOn ?? []).filter((id) => !ended.has(id)) },
            options,
          )
        },
      },
    })),
  },
  {
    id: 'released-before-its-time',
    breaks: 'Readies what has nothing to wait for, although its time has not come',
    scenario: 'backgroundTasks.dependencies-and-time',
    engine: steps(({ steps }) =>
      steps.map((step) =>
        'update' in step && isJobs(step.update) && step.set.openDependencies !== undefined
          ? { ...step, set: { openDependencies: increment(-1), status: 'ready' } }
          : step,
      ),
    ),
  },
  {
    id: 'circles-cut',
    breaks: 'Stores jobs that wait for one another as if they did not wait',
    scenario: 'backgroundTasks.batch-with-dependencies',
    system: stores(({ backgroundTasks: own }) => ({
      backgroundTasks: {
        enqueueMany: (jobs, options) =>
          own.enqueueMany(jobs, options).catch((error: unknown) => {
            if (!(error instanceof ValidationError) || !/one another/.test(error.message)) throw error
            return own.enqueueMany(
              jobs.map(({ dependsOn: _, ...job }) => job),
              options,
            )
          }),
      },
    })),
  },
  {
    id: 'graph-flattened',
    breaks: 'Has jobs ready that wait for others',
    scenario: 'backgroundTasks.many-in-a-graph',
    engine: rows((row) => (row.status === 'waiting' ? { ...row, status: 'ready' } : row)),
  },
  {
    id: 'dependents-of-the-absent',
    breaks: 'Counts a dependent that was not stored, because its unique key was taken',
    scenario: 'backgroundTasks.unique-with-dependencies',
    system: stores(({ backgroundTasks: own, engine }) => ({
      backgroundTasks: {
        async enqueue(job, options) {
          const stored = await own.enqueue(job, options)
          const where = { id: oneOfThese([...(job.dependsOn ?? [])]) }
          if (job.uniqueKey !== undefined)
            await engine.update(backgroundTasks, { where, set: { dependents: increment() } })
          return stored
        },
      },
    })),
  },
  {
    id: 'lanes-ignored',
    breaks: 'Runs jobs of one concurrency key together',
    scenario: 'backgroundTasks.one-per-key',
    engine: rows((row) =>
      row.status === 'scheduled' && row.concurrencyKey !== '' ? { ...row, concurrencyKey: '' } : row,
    ),
  },
  {
    id: 'lane-wake-up-lost',
    breaks: 'Lets a job wait in a lane that nobody is in any more',
    scenario: 'backgroundTasks.no-lost-wake-up',
    engine: questions({
      set: (set, table) =>
        isOf(table, backgroundLanes) && isOperator(set.state) ? without(set, 'state') : set,
    }),
  },
  {
    id: 'lane-unordered',
    breaks: 'Lets the job that was made last go first in its lane',
    scenario: 'backgroundTasks.lane-order',
    engine: verbs((verbs) => ({
      find: (table, query, options) =>
        isJobs(table) && (query?.where as Loose | undefined)?.status === 'blocked'
          ? verbs.find(table, { ...query, orderBy: [['id', 'desc']] as never }, options)
          : verbs.find(table, query, options),
    })),
  },
  {
    id: 'one-lane-for-all',
    breaks: 'Keeps one lane for all keys',
    scenario: 'backgroundTasks.lanes-apart',
    engine: rows((row) => (row.concurrencyKey === '' ? row : { ...row, concurrencyKey: 'one' })),
  },
  {
    id: 'lane-never-left',
    breaks: 'Leaves a lane taken when the job in it has ended',
    scenario: 'backgroundTasks.lane-ends',
    engine: steps(({ steps }) =>
      steps.filter(
        (step) => !('update' in step && isOf(step.update, backgroundLanes) && step.set.state === 'free'),
      ),
    ),
  },
  {
    id: 'free-lanes-unswept',
    breaks: 'Looks after lanes only when a job leaves them',
    scenario: 'backgroundTasks.lane-after-a-crash',
    engine: verbs((verbs) => ({
      find: async (table, query, options) =>
        isOf(table, backgroundLanes) && query?.limit !== undefined ? [] : verbs.find(table, query, options),
    })),
  },
  {
    id: 'never-swept-when-busy',
    breaks: 'Looks for what has come due only when nothing else is to be done',
    scenario: 'backgroundTasks.lanes-are-swept',
    system: stores(({ backgroundTasks: own }) => ({
      backgroundTasks: {
        async claim(options) {
          const ready = await own.list({ status: 'ready' }, { order: { runAt: 'asc' }, limit: 1 })
          const [first] = ready.items
          if (first === undefined || options?.queues !== undefined) return own.claim(options)
          await own.update(first.id, { priority: 100 })
          return own.claim(options)
        },
      },
    })),
  },
  {
    id: 'lanes-purged-in-use',
    breaks: 'Purges a lane that somebody is in',
    scenario: 'backgroundTasks.lanes-are-purged',
    engine: questions({
      match: (match, table) =>
        isOf(table, backgroundLanes) && match.state === 'empty' ? without(match, 'state') : match,
    }),
  },
  {
    id: 'worker-answers-lost',
    breaks: 'Forgets what a handler answered',
    scenario: 'backgroundTasks.work',
    engine: sets((set) => without(set, 'result')),
  },
  {
    id: 'worker-claims-too-much',
    breaks: 'Claims what is running already',
    scenario: 'backgroundTasks.work-of-many',
    engine: updates((query, verbs) => {
      if (!isClaim(query)) return undefined
      const status = oneOfThese(['ready', 'running'])
      return verbs.update(backgroundTasks, {
        ...query,
        where: { ...(query.where as Loose), status } as never,
      })
    }),
  },
  {
    id: 'worker-swallows-errors',
    breaks: 'Takes a job whose handler failed for done',
    scenario: 'backgroundTasks.work-that-fails',
    engine: sets((set) =>
      set.error !== undefined && set.status !== 'ready'
        ? { ...without(set, 'error', 'runAt'), status: 'done', live: false }
        : set,
    ),
  },
  {
    id: 'worker-never-gives-up',
    breaks: 'Lets a handler that hangs hang',
    scenario: 'backgroundTasks.work-that-hangs',
    engine: rows((row) => without(row, 'timeoutMs')),
  },
  {
    id: 'worker-without-heartbeat',
    breaks: 'Lets a lease end while its worker lives',
    scenario: 'backgroundTasks.work-is-kept-alive',
    engine: updates((query, verbs) =>
      isBeat(query) ? verbs.find(backgroundTasks, { where: query.where }) : undefined,
    ),
  },
  {
    id: 'worker-believes-in-itself',
    breaks: 'Runs on although the lease is lost',
    scenario: 'backgroundTasks.work-that-was-lost',
    engine: (engine) => {
      const seen = new Map<string, object>()
      return updates((query, verbs) => {
        if (!isBeat(query) && !isOfWorker(query)) return undefined
        return (async () => {
          const rows = await verbs.update(backgroundTasks, query)
          for (const row of rows) seen.set(row.id, row)
          return isBeat(query) ? [...seen.values()].map((row) => structuredClone(row)) : rows
        })()
      })(engine)
    },
  },
  {
    id: 'worker-hears-no-cancel',
    breaks: 'Does not tell a worker that its job was cancelled',
    scenario: 'backgroundTasks.work-that-is-cancelled',
    engine: answers((row, table) => (isJobs(table) ? { ...row, cancelRequested: false } : row)),
  },
  {
    id: 'worker-keeps-what-it-has',
    breaks: 'Stops without giving back what it runs',
    scenario: 'backgroundTasks.work-stops',
    engine: updates((query, verbs) =>
      isOperator((query.set as Loose).attempts) && !isClaim(query)
        ? verbs.find(backgroundTasks, { where: query.where })
        : undefined,
    ),
  },
  {
    id: 'worker-cut-off',
    breaks: 'Closes the database under a worker',
    scenario: 'backgroundTasks.work-and-close',
    system: (system) => ({
      ...system,
      close: async () => {
        const { backgroundTasks: own } = system
        // It is as if its writes came too late.
        for (const { id } of (await own.list({ status: 'running' })).items) await own.delete(id)
        await system.close()
      },
    }),
  },
  {
    id: 'worker-only-listens',
    breaks: 'Never finds what it is not told of',
    scenario: 'backgroundTasks.work-unheard',
    engine: (engine) => {
      let isAwake = false
      return verbs((verbs) => ({
        listen: (channel, handler) =>
          verbs.listen(channel, (payload) => {
            isAwake = true
            handler(payload)
          }),
        update: async (table, query, options) => {
          const isWorkers = isJobs(table) && isOfWorker(query as never)
          return isWorkers && !isAwake ? [] : verbs.update(table, query, options)
        },
      }))(engine)
    },
  },
  {
    id: 'workers-unchecked',
    breaks: 'Starts a worker with whatever it is given',
    scenario: 'backgroundTasks.work-refused',
    system: stores(({ backgroundTasks: own }) => ({
      backgroundTasks: {
        work: (handlers, options) => {
          try {
            return own.work(handlers, options)
          } catch {
            return own.work({ k: () => {} } as never, { pollMs: { min: 100 } })
          }
        },
      },
    })),
  },
]
