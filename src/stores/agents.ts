/** Who works, in which team and under whom. Agents form trees; children outlive their parent. */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { oneOfThese } from '../engine/query.ts'
import { AlreadyExistsError, ValidationError } from '../errors.ts'
import { type Agent, type AgentStatus, agents } from '../schema/agents.ts'
import {
  changes,
  checkObject,
  defineStore,
  detached,
  type Filter,
  idOf,
  type NewOf,
  newRow,
  notFound,
  type PatchOf,
  type StoreVerbs,
  stamped,
  storeVerbs,
} from './store.ts'

const definition = defineStore(agents, { fixed: ['status'], owned: ['lastSeenAt'] })

export type NewAgent = NewOf<typeof definition>
export type AgentPatch = PatchOf<typeof definition>
export type AgentFilter = Filter<typeof agents>

export interface AgentStore extends StoreVerbs<typeof agents, NewAgent, AgentPatch, AgentFilter> {
  /** As everywhere. Throws `ValidationError`, too, for a parent that is the agent itself or below it. */
  update(
    id: string,
    patch: AgentPatch,
    options?: CallOptions & { readonly ifVersion?: number | undefined },
  ): Promise<Agent>
  /**
   * Creates the agent, or changes the one with this id as `update` would: what is left out is kept.
   *
   * Throws `AlreadyExistsError` when the id is an agent's of another workspace.
   */
  upsert(input: NewAgent & { readonly id: string }, options?: CallOptions): Promise<Agent>
  /** Throws `NotFoundError`. */
  setStatus(id: string, status: AgentStatus, options?: CallOptions): Promise<Agent>
  /**
   * Notes that the agent is alive, and its status if given. A mere sign of life does not raise `version`.
   * Throws `NotFoundError`.
   */
  heartbeat(id: string, options?: CallOptions & { readonly status?: AgentStatus | undefined }): Promise<Agent>
  /** The agents right below one, by age; `deep`: all below it, level by level. */
  listByParent(
    parentId: string,
    options?: CallOptions & { readonly deep?: boolean | undefined },
  ): Promise<Agent[]>
  /**
   * Marks running agents as `terminated` for which `isAlive` says no, after a restart for example, and answers
   * those. An agent that shows a sign of life, or is changed, meanwhile is left alone.
   */
  reconcile(
    workspaceId: string,
    isAlive: (agent: Agent) => boolean | Promise<boolean>,
    options?: CallOptions,
  ): Promise<Agent[]>
}

export function createAgentStore(engine: Engine): AgentStore {
  const verbs = storeVerbs(engine, definition)

  return {
    ...verbs,

    async create(input, options) {
      const row = newRow(engine, definition, input)
      if (row.parentId != null) refuseCycle([row.id], row.parentId)
      const [agent] = await engine.insert(agents, [row], options)
      return agent!
    },

    async update(id, patch, options) {
      const parentId = patch?.parentId
      if (parentId == null) return verbs.update(id, patch, options)
      const own = detached(agents, patch)
      return engine.transaction(async (tx) => {
        await checkParent(tx, id, parentId)
        return storeVerbs(tx, definition).update(id, own, options)
      }, options)
    },

    async upsert(input, options) {
      checkObject(agents, input)
      const { parentId } = input
      const id = idOf(agents, input.id)
      if (parentId == null) return upsert(engine, input, options)
      const own = detached(agents, input)
      return engine.transaction(async (tx) => {
        await checkParent(tx, id, parentId)
        return upsert(tx, own)
      }, options)
    },

    async setStatus(id, status, options) {
      const where = { id: idOf(agents, id) }
      const [agent] = await engine.update(agents, { where, set: stamped(engine, { status }) }, options)
      return agent ?? notFound(agents, id)
    },

    async heartbeat(id, { status, signal } = {}) {
      const lastSeenAt = engine.now()
      const set =
        status === undefined ? { lastSeenAt } : stamped<typeof agents>(engine, { lastSeenAt, status })
      const [agent] = await engine.update(agents, { where: { id: idOf(agents, id) }, set }, { signal })
      return agent ?? notFound(agents, id)
    },

    async listByParent(parentId, { deep = false, signal } = {}) {
      const found: Agent[] = []
      let level = [idOf(agents, parentId)]
      while (level.length > 0) {
        const children = await engine.find(
          agents,
          { where: { parentId: oneOfThese(level) }, orderBy: definition.order },
          { signal },
        )
        found.push(...children)
        level = deep ? children.map((agent) => agent.id) : []
      }
      return found
    },

    async reconcile(workspaceId, isAlive, options) {
      const running = await engine.find(
        agents,
        { where: { workspaceId: idOf(agents, workspaceId), status: 'running' }, orderBy: definition.order },
        options,
      )
      const terminated: Agent[] = []
      for (const agent of running) {
        if (await isAlive(agent)) continue
        const { id, status, version, lastSeenAt } = agent
        const set = stamped<typeof agents>(engine, { status: 'terminated' })
        terminated.push(
          ...(await engine.update(agents, { where: { id, status, version, lastSeenAt }, set }, options)),
        )
      }
      return terminated
    },
  }
}

async function upsert(engine: Engine, input: NewAgent, options?: CallOptions): Promise<Agent> {
  const row = newRow(engine, definition, input)
  const { id: _id, workspaceId, ...given } = input
  const [agent] = await engine.insert(agents, [row], {
    signal: options?.signal,
    onConflict: {
      columns: ['id'],
      set: stamped(engine, changes(agents, given, definition.owned) ?? {}),
      where: { workspaceId },
    },
  })
  if (agent === undefined) throw new AlreadyExistsError(agents.name, ['id'])
  return agent
}

/** Walks up from the parent to be, and refuses to meet the agent on the way. */
async function checkParent(tx: Engine, id: string, parentId: string): Promise<void> {
  const path = [id]
  for (let next: string | null = parentId; next !== null; ) {
    refuseCycle(path, next)
    path.push(next)
    const ancestor: Agent | null = await tx.get(agents, next)
    next = ancestor?.parentId ?? null
  }
}

function refuseCycle(path: readonly string[], next: string): void {
  if (!path.includes(next)) return
  const cycle = [...path, next].join(' → ')
  throw new ValidationError(`agents.parentId would form a cycle: ${cycle}`, agents.name, 'parentId')
}
