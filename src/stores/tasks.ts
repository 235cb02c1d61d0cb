/**
 * What is to be done, and in which order. A task waits until all it depends on is done, skipped or cancelled;
 * `tasks-transitions.ts` has the state machine, `tasks-dependencies.ts` the edges.
 */

import type { CallOptions, Engine } from '../engine/engine.ts'
import {
  asSeen,
  contains,
  inTable,
  merge,
  oneOfThese,
  ref,
  type SetFor,
  type Where,
} from '../engine/query.ts'
import { InvalidTransitionError, ValidationError } from '../errors.ts'
import type { JsonObject } from '../schema/dsl/json.ts'
import { type Task, taskDependencies, tasks } from '../schema/tasks.ts'
import {
  ATTEMPTS,
  BUMP,
  checkLimit,
  checkList,
  checkObject,
  contended,
  defineStore,
  detached,
  type Filter,
  idOf,
  matching,
  type NewOf,
  newRow,
  notFound,
  type PatchOf,
  type StoreVerbs,
  storeVerbs,
} from './store.ts'
import {
  addEdge,
  checkBatch,
  type Declaration,
  insertBatch,
  insertWaiting,
  removeEdge,
  removeTask,
} from './tasks-dependencies.ts'
import { type TaskVerb, type Transition, transitions } from './tasks-transitions.ts'

export interface TaskFilter extends Filter<typeof tasks> {
  /** Titles that contain this text, whatever its case. */
  readonly search?: string | undefined
  /** Archived ones too; they are left out unless `archived` says otherwise. */
  readonly includeArchived?: boolean | undefined
}

const definition = defineStore(tasks, {
  fixed: ['crew', 'key'],
  owned: [
    'status',
    'pausedFrom',
    'startedAt',
    'completedAt',
    'openDependencies',
    'failedDependencies',
    'dependents',
  ],
  where: taskWhere,
})

export type NewTask = Omit<NewOf<typeof definition>, 'key'> & {
  /** The task's own name within its crew; its id, unless given. */
  readonly key?: string | undefined
  /** Ids of tasks of the same workspace to wait for. */
  readonly dependsOn?: readonly string[] | undefined
}
/** One of a batch. */
export type DeclaredTask = Omit<NewTask, 'workspaceId' | 'crew' | 'key' | 'dependsOn'> & {
  readonly key: string
  /** Keys of tasks of the batch or the crew, or ids of others of the workspace; keys come first. */
  readonly dependsOn?: readonly string[] | undefined
}
export type TaskPatch = PatchOf<typeof definition>

/** `taskId` waits for `dependsOnId`. */
export interface TaskEdge {
  readonly taskId: string
  readonly dependsOnId: string
}

/**
 * The verbs that change the status throw `NotFoundError`, and `InvalidTransitionError` from a status they do
 * not lead from; then nothing has changed. Of many who do the same at once, one succeeds.
 */
export interface TaskStore extends StoreVerbs<typeof tasks, NewTask, TaskPatch, TaskFilter> {
  /**
   * As everywhere. It is `pending` while something it depends on is open, and `blocked` while something has
   * failed. Throws `InvalidReferenceError` for a dependency that the workspace does not have.
   */
  create(input: NewTask, options?: CallOptions): Promise<Task>
  /**
   * Creates up to 1,000 tasks that may depend on one another, all or none, and answers them in this order.
   *
   * Throws `InvalidReferenceError` for an unknown dependency, `AlreadyExistsError` for a key that is taken or
   * declared twice, and `ValidationError` for a cycle.
   */
  declareBatch(
    workspaceId: string,
    batch: readonly DeclaredTask[],
    options?: CallOptions & { readonly crew?: string | undefined },
  ): Promise<Task[]>

  /** ready → running; assigns it, if told to whom. */
  start(id: string, options?: CallOptions & { readonly agentId?: string | undefined }): Promise<Task>
  /** running, review, paused → done. Readies those that waited for this last; once, and in the same write. */
  complete(
    id: string,
    options?: CallOptions & {
      readonly summary?: string | undefined
      /** Merged into what is there. */
      readonly verification?: JsonObject | undefined
    },
  ): Promise<Task>
  /** running, review → failed. Blocks those that wait for it. */
  fail(id: string, options?: CallOptions & { readonly reason?: string | undefined }): Promise<Task>
  /** running → review. */
  review(id: string, options?: CallOptions): Promise<Task>
  /** review → running. */
  reject(id: string, options?: CallOptions): Promise<Task>
  /** pending, ready, running → paused. */
  pause(id: string, options?: CallOptions): Promise<Task>
  /** paused → running, or where its dependencies have it by now. */
  resume(id: string, options?: CallOptions): Promise<Task>
  /** failed → ready, or where its dependencies have it. Unblocks those that wait for it. */
  retry(id: string, options?: CallOptions): Promise<Task>
  /** done → ready, or where its dependencies have it. Those that have not started wait for it again. */
  reopen(id: string, options?: CallOptions): Promise<Task>
  /** Any that is not finished → skipped, which satisfies those that wait for it. */
  skip(id: string, options?: CallOptions): Promise<Task>
  /** Any that is not finished → cancelled, which satisfies those that wait for it. */
  cancel(id: string, options?: CallOptions): Promise<Task>
  /** pending, blocked → ready, whatever it depends on. */
  forceReady(id: string, options?: CallOptions): Promise<Task>

  /**
   * Makes a task that has not started wait for another of its workspace; nothing changes if it does already.
   *
   * Throws `NotFoundError` for the task, `InvalidReferenceError` for the other, `InvalidTransitionError` once
   * it has started, and `ValidationError` if the other waits for this one, over whatever others.
   */
  addDependency(id: string, dependsOnId: string, options?: CallOptions): Promise<Task>
  /** It no longer waits for the other, if it did. Throws `NotFoundError`. */
  removeDependency(id: string, dependsOnId: string, options?: CallOptions): Promise<Task>
  /** What it waits for, or waited for, by age. */
  dependencies(id: string, options?: CallOptions): Promise<Task[]>
  /** What waits, or waited, for it, by age. */
  dependentsOf(id: string, options?: CallOptions): Promise<Task[]>
  /** What each of these tasks waits for, or waited for, in the order of both ids: for a picture of many at once. */
  edges(ids: readonly string[], options?: CallOptions): Promise<TaskEdge[]>

  /** What can be started: the highest priority first, then the oldest. Archived ones are left out. */
  ready(workspaceId: string, options?: CallOptions & { readonly limit?: number | undefined }): Promise<Task[]>
  /** To an agent, or with null to nobody. Throws `NotFoundError`. */
  assign(id: string, agentId: string | null, options?: CallOptions): Promise<Task>
  /** Hides it from lists. Throws `NotFoundError`. */
  archive(id: string, options?: CallOptions): Promise<Task>
  /** Shows it in lists again. Throws `NotFoundError`. */
  unarchive(id: string, options?: CallOptions): Promise<Task>
  /** Whether there was a task to delete. For those that wait for it, it is as if it were cancelled. */
  delete(id: string, options?: CallOptions): Promise<boolean>
}

export function createTaskStore(engine: Engine): TaskStore {
  const verbs = storeVerbs(engine, definition)

  /** One write; the row is read only when it is not where the verb leads from. */
  async function move(
    verb: TaskVerb,
    id: string,
    options: CallOptions | undefined,
    given: SetFor<typeof tasks> = {},
  ): Promise<Task> {
    const candidates = transitions[verb]
    let transition = candidates[0]!
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const moved = await apply(engine, transition, idOf(tasks, id), given, options)
      if (moved !== null) return moved
      const { status } = (await engine.get(tasks, id, options)) ?? notFound(tasks, id)
      const next = candidates.find(({ from }) => from.includes(status))
      if (next === undefined) {
        const allowed = candidates.flatMap(({ from }) => from)
        throw new InvalidTransitionError(tasks.name, id, verb, status, allowed)
      }
      transition = next
    }
    throw contended(tasks, id)
  }

  async function related(where: Where<typeof tasks>, options: CallOptions | undefined): Promise<Task[]> {
    return engine.find(tasks, { where, orderBy: definition.order }, options)
  }

  return {
    ...verbs,

    async create(input, options) {
      checkObject(tasks, input)
      const { dependsOn, ...columns } = input
      const row = newRow(engine, definition, columns)
      if (row.key === undefined) row.key = row.id
      const names = checkNames(dependsOn)
      if (names.length === 0) {
        const [task] = await engine.insert(tasks, [row], options)
        return task!
      }
      // A task by itself can wait in a circle, too.
      if (names.includes(row.id)) checkBatch([{ row, dependsOn: names }])
      const own = detached(tasks, row)
      const work = (tx: Engine) => insertWaiting(tx, [own], new Map([[own.id, names]]))
      const [task] = await engine.transaction(work, options)
      return task!
    },

    async declareBatch(workspaceId, items, { crew = '', signal } = {}) {
      if (checkList(tasks, items).length === 0) return []
      checkLimit(tasks, items.length)
      const batch = items.map((item): Declaration => {
        checkObject(tasks, item)
        const { dependsOn, ...columns } = item
        const row = newRow(engine, definition, { ...detached(tasks, columns), workspaceId, crew })
        return { row, dependsOn: checkNames(dependsOn) }
      })
      checkBatch(batch)
      return engine.transaction((tx) => insertBatch(tx, batch), { signal })
    },

    start: async (id, { agentId, signal } = {}) => move('start', id, { signal }, { assigneeId: agentId }),
    complete: async (id, { summary, verification, signal } = {}) =>
      move(
        'complete',
        id,
        { signal },
        {
          completionSummary: summary,
          verification: verification == null ? verification : merge(verification),
        },
      ),
    fail: async (id, { reason, signal } = {}) => move('fail', id, { signal }, { failureReason: reason }),
    review: (id, options) => move('review', id, options),
    reject: (id, options) => move('reject', id, options),
    pause: (id, options) => move('pause', id, options),
    resume: (id, options) => move('resume', id, options),
    retry: (id, options) => move('retry', id, options),
    reopen: (id, options) => move('reopen', id, options),
    skip: (id, options) => move('skip', id, options),
    cancel: (id, options) => move('cancel', id, options),
    forceReady: (id, options) => move('forceReady', id, options),

    async addDependency(id, dependsOnId, options) {
      const edge = [idOf(tasks, id), idOf(tasks, dependsOnId)] as const
      return engine.transaction((tx) => addEdge(tx, ...edge), options)
    },

    async removeDependency(id, dependsOnId, options) {
      const edge = [idOf(tasks, id), idOf(tasks, dependsOnId)] as const
      return engine.transaction((tx) => removeEdge(tx, ...edge), options)
    },

    async dependencies(id, options) {
      const taskId = idOf(tasks, id)
      return related({ id: inTable(taskDependencies, 'dependsOnId', { taskId }) }, options)
    },

    async dependentsOf(id, options) {
      const dependsOnId = idOf(tasks, id)
      return related({ id: inTable(taskDependencies, 'taskId', { dependsOnId }) }, options)
    },

    async edges(ids, options) {
      const distinct = [...new Set(checkList(tasks, ids))]
      if (distinct.length === 0) return []
      const where = { taskId: oneOfThese(distinct) }
      const rows = await engine.find(taskDependencies, { where, orderBy: BY_IDS }, options)
      return rows.map(({ taskId, dependsOnId }) => ({ taskId, dependsOnId }))
    },

    async ready(workspaceId, { limit, signal } = {}) {
      const where = { workspaceId: idOf(tasks, workspaceId), status: 'ready', archived: false } as const
      return engine.find(tasks, { where, orderBy: BY_PRIORITY, limit: checkLimit(tasks, limit) }, { signal })
    },

    async assign(id, agentId, options) {
      const assigneeId = agentId === null ? null : idOf(tasks, agentId)
      return verbs.update(id, { assigneeId }, options)
    },

    archive: (id, options) => verbs.update(id, { archived: true }, options),
    unarchive: (id, options) => verbs.update(id, { archived: false }, options),

    async delete(id, options) {
      const taskId = idOf(tasks, id)
      return engine.transaction((tx) => removeTask(tx, taskId), options)
    },
  }
}

const BY_IDS = [
  ['taskId', 'asc'],
  ['dependsOnId', 'asc'],
] as const

const BY_PRIORITY = [
  ['priority', 'desc'],
  ['createdAt', 'asc'],
] as const

/** The task as it is then, or null if it is not where the transition leads from. */
async function apply(
  engine: Engine,
  { from, set, stamp, dependents }: Transition,
  id: string,
  given: SetFor<typeof tasks>,
  options: CallOptions | undefined,
): Promise<Task | null> {
  const updatedAt = engine.now()
  const change: SetFor<typeof tasks> = {
    ...set,
    ...given,
    version: BUMP,
    updatedAt,
    ...(stamp && { [stamp]: updatedAt }),
  }
  const status = from.length === 1 ? from[0]! : oneOfThese(from)
  if (dependents === undefined) {
    const [task] = await engine.update(tasks, { where: { id, status }, set: change }, options)
    return task ?? null
  }
  const waiting = inTable(taskDependencies, 'taskId', { dependsOnId: ref('id') })
  return engine.write(
    {
      head: {
        update: tasks,
        // Whoever comes to wait for it meanwhile is counted in the row, and would be missed below.
        where: { id, status, dependents: asSeen() },
        set: change,
      },
      steps: [{ update: tasks, where: { id: waiting }, set: { ...dependents, updatedAt } }],
    },
    options,
  )
}

/** What a new task waits for, once each. */
function checkNames(dependsOn: unknown): readonly string[] {
  if (dependsOn === undefined) return []
  if (Array.isArray(dependsOn) && dependsOn.every((name) => typeof name === 'string')) {
    return [...new Set<string>(dependsOn)]
  }
  throw new ValidationError('tasks.dependsOn is a list of text', tasks.name, 'dependsOn')
}

function taskWhere({ search, includeArchived, ...columns }: TaskFilter): Where<typeof tasks> {
  const where = matching(tasks, columns)
  if (search !== undefined) {
    if (columns.title !== undefined) {
      throw new ValidationError('tasks.title is filtered whole or searched, not both', tasks.name, 'title')
    }
    where.title = contains(search)
  }
  if (includeArchived !== true) where.archived ??= false
  return where
}
