/**
 * Reminders of agents. A timer goes off at the time that was planned for it or later, once, whoever looks first;
 * a repeating one is planned from that time on, never from when somebody looked, so that it does not drift.
 */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { increment, lte, oneOfThese } from '../engine/query.ts'
import { LeaseConflictError, ValidationError } from '../errors.ts'
import { agents } from '../schema/agents.ts'
import { checkRow } from '../schema/dsl/values.ts'
import { type Timer, timers } from '../schema/timers.ts'
import { tellDue } from '../work/wake.ts'
import { after, type Duration, milliseconds } from './duration.ts'
import { createMailboxStore } from './mailbox.ts'
import {
  checkLimit,
  checkObject,
  countRows,
  type Filter,
  idOf,
  type ListOptions,
  listPage,
  matching,
  notFound,
  type Page,
} from './store.ts'

/** The most timers that an agent has at once. */
export const TIMERS_PER_AGENT = 100

export interface NewTimer {
  readonly id?: string | undefined
  /** Whose timer it is. */
  readonly agentId: string
  readonly label: string
  readonly message?: string | undefined
  /** How long from now, as milliseconds or as in `'15m'`; or at which moment. One that has passed is due at once. */
  readonly in: Duration | Date
  /** Again and again: after as long as `in` says, or after this. Once, unless told. */
  readonly repeat?: boolean | Duration | undefined
}

export type TimerFilter = Filter<typeof timers>

export interface TimerStore {
  /**
   * Throws `NotFoundError` for an unknown agent, and `ValidationError`, also when the agent has `TIMERS_PER_AGENT`
   * timers already.
   */
  set(timer: NewTimer, options?: CallOptions): Promise<Timer>
  /**
   * Whether there was a timer to cancel. Throws `LeaseConflictError` when it is another agent's, and names that.
   */
  cancel(id: string, by: CallOptions & { readonly agentId: string }): Promise<boolean>
  /**
   * Takes the timers that are due, at most `limit`, the one planned first first, and answers them as they were
   * planned: each time of each timer once, over any number of instances. What went off while nobody looked goes off
   * once. Delivering them is the caller's: within a transaction, both happen or neither.
   */
  claimDue(options?: CallOptions & { readonly limit?: number | undefined }): Promise<Timer[]>
  /**
   * The same, and what went off is in its agent's mailbox, as mail of the kind `timer`: neither without the other.
   */
  deliverDue(options?: CallOptions & { readonly limit?: number | undefined }): Promise<Timer[]>
  /** The timer, or null; one that has gone off for the last time is gone. */
  get(id: string, options?: CallOptions): Promise<Timer | null>
  /** A page of the timers that are still to come, the next one first unless ordered otherwise. */
  list(filter?: TimerFilter, options?: ListOptions<typeof timers>): Promise<Page<Timer>>
  /** How many timers are still to come. */
  count(filter?: TimerFilter, options?: CallOptions): Promise<number>
}

export function createTimerStore(engine: Engine): TimerStore {
  return {
    async set(timer, options) {
      checkObject(timers, timer)
      const { in: delay, repeat = false, ...given } = timer
      for (const key of OWNED) {
        if (key in given) throw new ValidationError(`timers.${key} is set by its own verbs`, timers.name, key)
      }
      const now = engine.now()
      const span = delay instanceof Date ? undefined : milliseconds(timers, 'in', delay)
      const row = checkRow(timers, {
        ...given,
        id: given.id === undefined ? engine.newId() : given.id,
        workspaceId: 'w',
        agentId: 'a',
        dueAt: span === undefined ? delay : after(now, span),
        every: intervalOf(repeat, span),
        createdAt: now,
      })
      const agentId = idOf(agents, timer.agentId)
      // The cast: a checked row has every column.
      const set = await engine.transaction((tx) => add(tx, { ...row, agentId } as Timer), options)
      await tellDue(engine, options)
      return set
    },

    async cancel(id, by) {
      checkObject(timers, by)
      const { agentId, signal } = by
      const where = { id: idOf(timers, id), agentId: idOf(agents, agentId) }
      const removed = await engine.remove(timers, { where }, { signal })
      if (removed.length > 0) return true
      const found = await engine.get(timers, id, { signal })
      if (found !== null && found.agentId !== agentId) throw new LeaseConflictError(id, found.agentId)
      return false
    },

    claimDue: ({ limit, signal } = {}) => claim(engine, checkLimit(timers, limit), signal),

    async deliverDue({ limit, signal } = {}) {
      const most = checkLimit(timers, limit)
      const due = await findDue(engine, most, signal)
      if (due.length === 0) return []
      return engine.transaction((tx) => deliver(tx, most), { signal })
    },

    get: (id, options) => engine.get(timers, id, options),

    async list(filter = {}, options = {}) {
      checkObject(timers, filter)
      return listPage(engine, timers, matching(timers, filter), filter, BY_DUE, options)
    },

    async count(filter = {}, options) {
      checkObject(timers, filter)
      return countRows(engine, timers, matching(timers, filter), options)
    },
  }
}

const BY_DUE = [['dueAt', 'asc']] as const

/** Columns that the store fills in. */
const OWNED = ['workspaceId', 'dueAt', 'every', 'fired', 'createdAt']

function intervalOf(repeat: unknown, span: number | undefined): number | null {
  if (repeat === false) return null
  if (repeat !== true) return milliseconds(timers, 'repeat', repeat)
  if (span !== undefined) return span
  throw new ValidationError(
    "timers.repeat must say how often when `in` is a moment: repeat: '1h'",
    timers.name,
    'repeat',
  )
}

/** Counting first is safe here: of transactions that would exceed the limit together, one is run again. */
async function add(tx: Engine, row: Timer): Promise<Timer> {
  const { agentId } = row
  const agent = (await tx.get(agents, agentId)) ?? notFound(agents, agentId)
  if ((await countRows(tx, timers, { agentId }, undefined)) >= TIMERS_PER_AGENT) {
    throw new ValidationError(
      `timers: agent ${JSON.stringify(agentId)} has ${TIMERS_PER_AGENT} timers, the most there can be; cancel one`,
      timers.name,
    )
  }
  const [timer] = await tx.insert(timers, [{ ...row, workspaceId: agent.workspaceId }])
  return timer!
}

function findDue(engine: Engine, limit: number, signal: AbortSignal | undefined): Promise<Timer[]> {
  const where = { dueAt: lte(engine.now()) }
  return engine.find(timers, { where, orderBy: BY_DUE, limit }, { signal })
}

/** Whoever changes or removes a timer as it was found has it. */
async function claim(engine: Engine, limit: number, signal: AbortSignal | undefined): Promise<Timer[]> {
  const now = engine.now()
  const due = await findDue(engine, limit, signal)
  const once = due.filter(({ every }) => every === null).map(({ id }) => id)
  const claims = due.flatMap(({ id, dueAt, every }) => {
    if (every === null) return []
    const set = { dueAt: after(dueAt, timesBetween(dueAt, now, every) * every), fired: increment() }
    return engine.update(timers, { where: { id, dueAt }, set }, { signal })
  })
  if (once.length > 0) {
    claims.push(engine.remove(timers, { where: { id: oneOfThese(once), every: null } }, { signal }))
  }
  const claimed = new Set((await Promise.all(claims)).flat().map(({ id }) => id))
  return due.filter(({ id }) => claimed.has(id)).map((timer) => ({ ...timer, fired: timer.fired + 1 }))
}

/** How many intervals it takes from a planned time to one after now. */
function timesBetween(dueAt: Date, now: Date, every: number): number {
  return Math.floor((now.getTime() - dueAt.getTime()) / every) + 1
}

async function deliver(tx: Engine, limit: number): Promise<Timer[]> {
  const mailbox = createMailboxStore(tx)
  const claimed = await claim(tx, limit, undefined)
  for (const { id, agentId, label, message, dueAt } of claimed) {
    const payload = { timerId: id, label, message, dueAt: dueAt.toISOString() }
    await mailbox.send(agentId, { kind: 'timer', payload, source: `timer:${id}` })
  }
  return claimed
}
