/** The state machine of tasks, dependencies and batches. */

import type { CallOptions } from '../../src/engine/engine.ts'
import { increment, inTable, oneOfThese } from '../../src/engine/query.ts'
import { InvalidTransitionError, NotFoundError, ValidationError } from '../../src/errors.ts'
import { type Task, type TaskStatus, taskDependencies, tasks } from '../../src/schema/tasks.ts'
import type { TaskStore } from '../../src/stores/tasks.ts'
import type { Scope } from '../../src/system.ts'
import { giveWay, type Loose, type Mutant, stores } from './mutant.ts'

export const taskMutants: readonly Mutant[] = [
  {
    id: 'start-unguarded',
    breaks: 'Starts a task that somebody else has started meanwhile',
    scenario: 'tasks.one-starter',
    system: tasksWith((scope, own) => ({
      async start(id, options) {
        const found = await own.get(id, options)
        await giveWay()
        if (found?.status !== 'ready') return own.start(id, options)
        const { agentId: assigneeId } = options ?? {}
        return put(scope, id, 'running', { startedAt: scope.engine.now(), assigneeId })
      },
    })),
  },
  {
    id: 'transitions-unchecked',
    breaks: 'Answers the task as it is when a verb does not lead from its status',
    scenario: 'tasks.transition-start',
    system: tasksWith((_scope, own) => {
      const lenient = (verb: 'start' | 'complete' | 'fail' | 'review' | 'pause' | 'skip') => {
        const call = (id: string, options?: CallOptions) =>
          own[verb](id, options).catch(async (error: unknown) => {
            if (!(error instanceof InvalidTransitionError)) throw error
            return (await own.get(id))!
          })
        return call
      }
      return {
        start: lenient('start'),
        complete: lenient('complete'),
        fail: lenient('fail'),
        review: lenient('review'),
        pause: lenient('pause'),
        skip: lenient('skip'),
      }
    }),
  },
  {
    id: 'complete-without-promotion',
    breaks: 'Completes a task and tells nobody who waits for it',
    scenario: 'tasks.waits',
    system: tasksWith((scope, own) => ({
      async complete(id, options) {
        const found = await own.get(id, options)
        if (found?.status !== 'running') return own.complete(id, options)
        return put(scope, id, 'done', { completedAt: scope.engine.now() })
      },
    })),
  },
  {
    id: 'promoted-twice',
    breaks: 'Readies what has nothing left to wait for, by a look at what is done',
    scenario: 'tasks.promoted-once',
    system: tasksWith((scope, own) => ({
      async complete(id, options) {
        const done = await own.complete(id, options)
        await giveWay()
        const waiting = await own.dependentsOf(id)
        for (const task of waiting) {
          const awaited = await own.dependencies(task.id)
          if (task.status === 'ready' && awaited.every(({ status }) => status === 'done')) {
            await put(scope, task.id, 'ready')
          }
        }
        return done
      },
    })),
  },
  {
    id: 'promotion-lost',
    breaks: 'Reads how many a task waits for and writes one less',
    scenario: 'tasks.promoted-once',
    system: tasksWith((scope, own) => ({
      async complete(id, options) {
        const found = await own.get(id, options)
        if (found?.status !== 'running') return own.complete(id, options)
        const waiting = await own.dependentsOf(id)
        await giveWay()
        for (const { id: waitingId, openDependencies, status } of waiting) {
          const left = openDependencies - 1
          await scope.engine.update(tasks, {
            where: { id: waitingId },
            set: {
              openDependencies: left,
              status: left === 0 && status === 'pending' ? 'ready' : status,
              version: increment(),
            },
          })
        }
        return put(scope, id, 'done', { completedAt: scope.engine.now() })
      },
    })),
  },
  {
    id: 'skip-keeps-waiting',
    breaks: 'Keeps those waiting who wait for a task that is skipped',
    scenario: 'tasks.waits',
    system: tasksWith((scope, own) => ({
      async skip(id, options) {
        const found = await own.get(id, options)
        if (found?.status !== 'ready') return own.skip(id, options)
        return put(scope, id, 'skipped')
      },
    })),
  },
  {
    id: 'failure-blocks-nobody',
    breaks: 'Lets tasks wait on for one that has failed',
    scenario: 'tasks.failing-blocks',
    system: tasksWith((scope, own) => ({
      async fail(id, options) {
        const found = await own.get(id, options)
        if (found?.status !== 'running') return own.fail(id, options)
        return put(scope, id, 'failed', { failureReason: options?.reason })
      },
    })),
  },
  {
    id: 'reopening-pulls-nobody',
    breaks: 'Leaves those ready who wait for a task that is reopened',
    scenario: 'tasks.reopening-pulls-back',
    system: tasksWith((scope, own) => ({
      async reopen(id, options) {
        const found = await own.get(id, options)
        if (found?.status !== 'done') return own.reopen(id, options)
        return put(scope, id, 'ready', { completedAt: null })
      },
    })),
  },
  {
    id: 'resume-to-ready',
    breaks: 'Resumes a task that was running as one that is ready',
    scenario: 'tasks.resume-to-running',
    system: tasksWith((scope, own) => ({
      async resume(id, options) {
        const task = await own.resume(id, options)
        return task.status === 'running' ? put(scope, id, 'ready') : task
      },
    })),
  },
  {
    id: 'outcome-dropped',
    breaks: 'Drops what is given with an outcome',
    scenario: 'tasks.outcome-fields',
    system: tasksWith((_scope, own) => ({
      complete: (id, options) => own.complete(id, { signal: options?.signal }),
      fail: (id, options) => own.fail(id, { signal: options?.signal }),
    })),
  },
  {
    id: 'task-cycle-accepted',
    breaks: 'Lets two tasks wait for each other',
    scenario: 'tasks.no-cycle',
    system: tasksWith((scope, own) => ({
      addDependency: (id, dependsOnId, options) =>
        own.addDependency(id, dependsOnId, options).catch(async (error: unknown) => {
          if (!(error instanceof ValidationError) || id === dependsOnId) throw error
          return connect(scope, id, dependsOnId)
        }),
    })),
  },
  {
    id: 'task-cycle-raced',
    breaks: 'Looks for a circle, and closes it when it was not there yet',
    scenario: 'tasks.no-cycle-race',
    system: tasksWith((scope, own) => ({
      async addDependency(id, dependsOnId, options) {
        const [task, awaited, below] = await Promise.all([
          own.get(id),
          own.get(dependsOnId),
          own.dependencies(dependsOnId),
        ])
        await giveWay()
        const plain =
          task?.status === 'ready' && awaited?.status === 'ready' && below.length === 0 && id !== dependsOnId
        if (!plain || task.workspaceId !== awaited.workspaceId)
          return own.addDependency(id, dependsOnId, options)
        if ((await own.dependencies(id)).length > 0) return own.addDependency(id, dependsOnId, options)
        return connect(scope, id, dependsOnId)
      },
    })),
  },
  {
    id: 'dependency-counts-not',
    breaks: 'Notes a dependency without making the task wait',
    scenario: 'tasks.add-dependency',
    system: tasksWith((scope, own) => ({
      async addDependency(id, dependsOnId, options) {
        const before = await own.get(id, options)
        const task = await own.addDependency(id, dependsOnId, options)
        return before?.status === 'ready' && task.status === 'pending' ? put(scope, id, 'ready') : task
      },
    })),
  },
  {
    id: 'removed-dependency-counts',
    breaks: 'Keeps a task waiting whose dependency is removed',
    scenario: 'tasks.remove-dependency',
    system: tasksWith((scope, own) => ({
      async removeDependency(id, dependsOnId, options) {
        const before = await own.get(id, options)
        const task = await own.removeDependency(id, dependsOnId, options)
        return before?.status === 'pending' && task.status === 'ready' ? put(scope, id, 'pending') : task
      },
    })),
  },
  {
    id: 'batch-one-by-one',
    breaks: 'Stores the tasks of a batch one after the other, up to the one that is refused',
    scenario: 'tasks.batch-all-or-nothing',
    system: tasksWith((_scope, own) => ({
      async declareBatch(workspaceId, batch, options) {
        if (!Array.isArray(batch)) return own.declareBatch(workspaceId, batch, options)
        const declared: Task[] = []
        for (const item of batch) declared.push(...(await own.declareBatch(workspaceId, [item], options)))
        return declared
      },
    })),
  },
  {
    id: 'ready-lists-waiting',
    breaks: 'Lists as ready what still waits or is blocked',
    scenario: 'tasks.ready',
    system: tasksWith(({ engine }, own) => ({
      async ready(workspaceId, options) {
        await own.ready(workspaceId, options)
        const status = oneOfThese(['ready', 'pending', 'blocked'])
        return engine.find(tasks, {
          where: { workspaceId, status, archived: false },
          orderBy: [
            ['priority', 'desc'],
            ['createdAt', 'asc'],
          ],
          limit: options?.limit ?? 50,
        })
      },
    })),
  },
  {
    id: 'ready-lists-archived',
    breaks: 'Lists as ready what is archived',
    scenario: 'tasks.archive',
    system: tasksWith(({ engine }, own) => ({
      async ready(workspaceId, options) {
        await own.ready(workspaceId, options)
        return engine.find(tasks, {
          where: { workspaceId, status: 'ready' },
          orderBy: [
            ['priority', 'desc'],
            ['createdAt', 'asc'],
          ],
          limit: options?.limit ?? 50,
        })
      },
    })),
  },
  {
    id: 'ready-by-age',
    breaks: 'Lists what is ready by age, whatever its priority',
    scenario: 'tasks.ready',
    system: tasksWith((_scope, own) => ({
      ready: async (workspaceId, options) =>
        (await own.ready(workspaceId, options)).sort((a, b) => (a.id < b.id ? -1 : 1)),
    })),
  },
  {
    id: 'archived-tasks-listed',
    breaks: 'Lists archived tasks without being asked to',
    scenario: 'tasks.archive',
    system: tasksWith((_scope, own) => ({
      list: (filter, options) => own.list({ includeArchived: true, ...filter }, options),
    })),
  },
  {
    id: 'delete-releases-nobody',
    breaks: 'Deletes a task and keeps those waiting who wait for it',
    scenario: 'tasks.delete-releases',
    system: tasksWith(({ engine }, own) => ({
      delete: async (id, options) =>
        typeof id === 'string'
          ? (await engine.remove(tasks, { where: { id } }, options)).length > 0
          : own.delete(id, options),
    })),
  },
  {
    id: 'crews-share-keys',
    breaks: 'Refuses a key that a task of another crew has',
    scenario: 'tasks.key-unique',
    system: tasksWith(({ engine }, own) => ({
      async create(input, options) {
        const { workspaceId, key } = input ?? {}
        if (typeof workspaceId === 'string' && typeof key === 'string') {
          const [taken] = await engine.find(tasks, { where: { workspaceId, key }, limit: 1 })
          if (taken !== undefined) return own.create({ ...input, crew: taken.crew }, options)
        }
        return own.create(input, options)
      },
    })),
  },
  {
    id: 'dependents-mistaken',
    breaks: 'Lists what a task waits for as what waits for it',
    scenario: 'tasks.dependencies-listed',
    system: tasksWith(({ engine }) => ({
      dependentsOf: (id) =>
        engine.find(tasks, {
          where: { id: inTable(taskDependencies, 'dependsOnId', { taskId: String(id) }) },
        }),
    })),
  },
  {
    id: 'edges-of-finished-left-out',
    breaks: 'Leaves out of the edges those to tasks that keep nobody waiting any more',
    scenario: 'tasks.dependencies-listed',
    system: tasksWith((_scope, own) => ({
      async edges(ids, options) {
        const edges = await own.edges(ids, options)
        const awaited = await own.getMany(edges.map(({ dependsOnId }) => dependsOnId))
        const open = new Set(awaited.flatMap(({ id, status }) => (status === 'cancelled' ? [] : [id])))
        return edges.filter(({ dependsOnId }) => open.has(dependsOnId))
      },
    })),
  },
  {
    id: 'absent-task-mistaken',
    breaks: 'Says of a task that is not there that a verb does not lead from its status',
    scenario: 'tasks.transition-of-nothing',
    system: tasksWith((_scope, own) => ({
      reopen: (id, options) =>
        own.reopen(id, options).catch((error: unknown) => {
          if (!(error instanceof NotFoundError)) throw error
          throw new InvalidTransitionError('tasks', id, 'reopen', 'cancelled', ['done'])
        }),
    })),
  },
  {
    id: 'kept-columns-dropped',
    breaks: 'Drops from a patch what cannot be changed, and changes the rest',
    scenario: 'values.kept-columns',
    system: tasksWith((_scope, own) => ({
      update(id, patch, options) {
        const { updatedAt: _updatedAt, createdAt: _createdAt, ...rest } = (patch ?? {}) as Loose
        return own.update(id, rest, options)
      },
    })),
  },
  {
    id: 'no-verification-guessed',
    breaks: 'Takes what was verified for nothing when it counts as false',
    scenario: 'tasks.outcome-refused',
    system: tasksWith((_scope, own) => ({
      complete: (id, options) =>
        own.complete(id, options && { ...options, verification: options.verification || undefined }),
    })),
  },
]

function tasksWith(overrides: (scope: Scope, own: TaskStore) => Partial<TaskStore>) {
  return stores((scope) => ({ tasks: overrides(scope, scope.tasks) }))
}

/** Puts a task into a status, and minds nobody else. */
async function put(
  { engine }: Scope,
  id: string,
  status: TaskStatus,
  given: {
    readonly startedAt?: Date
    readonly completedAt?: Date | null
    readonly assigneeId?: string | undefined
    readonly failureReason?: string | undefined
  } = {},
): Promise<Task> {
  const set = { ...given, status, version: increment(), updatedAt: engine.now() }
  const [task] = await engine.update(tasks, { where: { id }, set })
  return task!
}

/** Makes a task wait for another, whatever it means. */
async function connect({ engine, tasks: own }: Scope, taskId: string, dependsOnId: string): Promise<Task> {
  const { workspaceId } = (await own.get(taskId))!
  await engine.insert(taskDependencies, [{ taskId, dependsOnId, workspaceId, createdAt: engine.now() }])
  await engine.update(tasks, { where: { id: dependsOnId }, set: { dependents: increment() } })
  const set = { openDependencies: increment(), status: 'pending' as const }
  const [task] = await engine.update(tasks, { where: { id: taskId }, set })
  return task!
}
