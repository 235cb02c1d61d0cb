/**
 * Messages that wait for an agent, in the order of sending: none overtakes another, and none is lost before its
 * agent has said that it has it.
 *
 * Whoever claims has the mailbox to itself for a while, by a fence that rises with every claim. What it has not
 * acknowledged by then, or gives back, is handed out again, and is then the first again.
 */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { gt, increment, inTable, lt, lte, ne, oneOfThese, ref } from '../engine/query.ts'
import { InvalidTransitionError, StaleFenceError, ValidationError } from '../errors.ts'
import { agents } from '../schema/agents.ts'
import type { JsonValue } from '../schema/dsl/json.ts'
import { checkRow, checkValue } from '../schema/dsl/values.ts'
import { type Mail, mail, mailboxes } from '../schema/mailbox.ts'
import { after, type Duration, milliseconds } from './duration.ts'
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

export interface NewMail {
  readonly id?: string | undefined
  readonly kind: string
  readonly payload?: JsonValue | undefined
  /** Who or what sends it. */
  readonly source?: string | null | undefined
}

/** Mail in someone's hands. */
export interface ClaimedMail extends Mail {
  /** The claim's. Whoever claims later has a higher one. */
  readonly fence: number
  /** Whether it is the last of its claim, which ends with it. */
  readonly last: boolean
}

/** What names mail in someone's hands. */
export type MailInHand = Pick<ClaimedMail, 'id' | 'agentId' | 'seq' | 'fence' | 'last'>

export type MailFilter = Filter<typeof mail>

export interface MailboxStore {
  /** Queues a message behind those that wait for the agent. Throws `NotFoundError` for an unknown agent. */
  send(agentId: string, message: NewMail, options?: CallOptions): Promise<Mail>
  /**
   * Hands out the messages whose turn it is, at most `limit` (10 unless told), in the order of sending: none while
   * others are in someone's hands. They are the caller's until all are acknowledged, for `ttl` (a minute unless told)
   * at most, and come back after that.
   */
  claim(
    agentId: string,
    options?: CallOptions & { readonly limit?: number | undefined; readonly ttl?: Duration | undefined },
  ): Promise<ClaimedMail[]>
  /**
   * The message has arrived: it will not be handed out again. Whether it is delivered by this; false if it had been
   * before. Messages are acknowledged in their order.
   *
   * Throws `StaleFenceError` once the claim has ended, `InvalidTransitionError` for one that was dropped or is not
   * the first, and `NotFoundError`.
   */
  ack(message: MailInHand, options?: CallOptions): Promise<boolean>
  /**
   * Gives back a message that was claimed, and with it all that the claim has not acknowledged. They are handed out
   * again at once, or after `delay`. Throws `StaleFenceError` once the claim has ended, and `NotFoundError`.
   */
  nack(message: MailInHand, options?: CallOptions & { readonly delay?: Duration | undefined }): Promise<Mail>
  /** Drops all that waits, also what is in someone's hands, and answers it: dropped, and never delivered. */
  drain(agentId: string, options?: CallOptions): Promise<Mail[]>
  /** Forgets mail that was delivered or dropped before a moment, at most `limit`. How many it were. */
  purge(before: Date, options?: CallOptions & { readonly limit?: number | undefined }): Promise<number>
  /** The message, whatever became of it, or null. */
  get(id: string, options?: CallOptions): Promise<Mail | null>
  /** A page of mail, unless ordered otherwise as it was sent: one agent's by `seq`, that of several by time. */
  list(filter?: MailFilter, options?: ListOptions<typeof mail>): Promise<Page<Mail>>
  /** How much mail matches. */
  count(filter?: MailFilter, options?: CallOptions): Promise<number>
}

export function createMailboxStore(engine: Engine): MailboxStore {
  /** Why a message is not acknowledged; or false, if it has been already. */
  async function explain({ id, fence }: MailInHand, options: CallOptions | undefined): Promise<false> {
    const found = (await engine.get(mail, id, options)) ?? notFound(mail, id)
    if (found.status === 'delivered') return false
    if (found.status === 'dropped')
      throw new InvalidTransitionError(mail.name, id, 'ack', 'dropped', ['queued'])
    const box = await engine.get(mailboxes, found.agentId, options)
    if (box?.fence === fence && box.claimedUntil !== null && box.claimedUntil > engine.now()) {
      throw new InvalidTransitionError(mail.name, id, 'ack', 'queued behind another', ['first in the queue'])
    }
    throw new StaleFenceError(id, fence)
  }

  return {
    async send(agentId, message, options) {
      const now = engine.now()
      const draft = checkMail(engine, message, now)
      const row = { ...draft, workspaceId: ref('workspaceId'), agentId: ref('agentId'), seq: ref('lastSeq') }
      const steps = [{ insert: mail, rows: [row] }]
      const set = { lastSeq: increment(), waiting: increment() }
      const where = { agentId: idOf(agents, agentId) }
      let box = await engine.write({ head: { update: mailboxes, where, set }, steps }, options)
      if (box === null) {
        const agent = (await engine.get(agents, agentId, options)) ?? notFound(agents, agentId)
        const first = { agentId, workspaceId: agent.workspaceId, lastSeq: 1, waiting: 1 }
        const onConflict = { columns: ['agentId'] as const, set }
        box = await engine.write({ head: { insert: mailboxes, row: first, onConflict }, steps }, options)
      }
      return { ...draft, workspaceId: box!.workspaceId, agentId, seq: box!.lastSeq }
    },

    async claim(agentId, { limit = 10, ttl = 60_000, signal } = {}) {
      const most = checkLimit(mail, limit)
      const span = milliseconds(mail, 'ttl', ttl)
      const id = idOf(agents, agentId)
      const now = engine.now()
      const free = { agentId: id, waiting: gt(0) }
      const where = [
        { ...free, claimedUntil: null },
        { ...free, claimedUntil: lte(now) },
      ]
      const set = { fence: increment(), claimedUntil: after(now, span) }
      const [box] = await engine.update(mailboxes, { where, set }, { signal })
      if (box === undefined) return []
      // Only while the claim is the newest: a drain may have ended it, or time.
      const own = inTable(mailboxes, 'agentId', { agentId: id, fence: box.fence })
      const claimed = await engine.update(
        mail,
        {
          where: { agentId: own, status: 'queued' },
          set: { deliveries: increment() },
          orderBy: [['seq', 'asc']],
          limit: most,
        },
        { signal },
      )
      return claimed.map((message) => ({
        ...message,
        fence: box.fence,
        last: message.seq === claimed.at(-1)!.seq,
      }))
    },

    async ack(message, options) {
      const { agentId, seq, fence, last } = checkInHand(message)
      const now = engine.now()
      const ended = last ? { claimedUntil: null } : {}
      const first = { agentId, seq: ref('nextSeq', -1) }
      const done = await engine.write(
        {
          head: {
            update: mailboxes,
            where: { agentId, fence, nextSeq: seq, claimedUntil: gt(now) },
            set: { nextSeq: increment(), waiting: increment(-1), ...ended },
          },
          steps: [{ update: mail, where: first, set: { status: 'delivered', settledAt: now } }],
        },
        options,
      )
      return done !== null || explain(message, options)
    },

    async nack(message, { delay, signal } = {}) {
      const { id, agentId, fence } = checkInHand(message)
      const now = engine.now()
      const until = delay === undefined ? null : after(now, milliseconds(mail, 'delay', delay))
      // A new fence ends the claim, also while the delay lasts.
      const set = { claimedUntil: until, fence: increment() }
      const where = { agentId, fence, claimedUntil: gt(now) }
      const found = (await engine.get(mail, id, { signal })) ?? notFound(mail, id)
      const boxes = await engine.update(mailboxes, { where, set }, { signal })
      if (boxes.length === 0) throw new StaleFenceError(id, fence)
      return found
    },

    async drain(agentId, options) {
      const where = { agentId: idOf(agents, agentId) }
      return engine.transaction(async (tx) => {
        const ended = { claimedUntil: null, fence: increment(), waiting: 0 }
        const [box] = await tx.update(mailboxes, { where, set: ended })
        if (box === undefined) return []
        const dropped = await tx.update(mail, {
          where: { ...where, status: 'queued' },
          set: { status: 'dropped', settledAt: tx.now() },
        })
        await tx.update(mailboxes, { where, set: { nextSeq: box.lastSeq + 1 } })
        return dropped.sort((a, b) => a.seq - b.seq)
      }, options)
    },

    async purge(before, { limit, signal } = {}) {
      const settledAt = lt(checkValue(mail, { ...mail.columns.settledAt, optional: false }, before))
      const query = { where: { settledAt }, orderBy: BY_SETTLED, limit: checkLimit(mail, limit) }
      const old = await engine.find(mail, query, { signal })
      if (old.length === 0) return 0
      const where = { id: oneOfThese(old.map(({ id }) => id)), status: ne('queued') }
      return (await engine.remove(mail, { where }, { signal })).length
    },

    get: (id, options) => engine.get(mail, id, options),

    async list(filter = {}, options = {}) {
      checkObject(mail, filter)
      const order = typeof filter.agentId === 'string' ? BY_SEQ : BY_AGE
      return listPage(engine, mail, matching(mail, filter), filter, order, options)
    },

    async count(filter = {}, options) {
      checkObject(mail, filter)
      return countRows(engine, mail, matching(mail, filter), options)
    },
  }
}

const BY_AGE = [
  ['createdAt', 'asc'],
  ['agentId', 'asc'],
  ['seq', 'asc'],
] as const
/** Clocks of several processes may tell another order than the numbers. */
const BY_SEQ = [['seq', 'asc']] as const
const BY_SETTLED = [['settledAt', 'asc']] as const

/** Columns that the store fills in. */
const OWNED = ['workspaceId', 'agentId', 'seq', 'status', 'deliveries', 'createdAt', 'settledAt']

/** A message as it will be stored, but for what only the mailbox's row can tell. */
function checkMail(engine: Engine, input: NewMail, now: Date): Mail {
  checkObject(mail, input)
  for (const column of OWNED) {
    if (column in input) throw new ValidationError(`mail.${column} is set by the store`, mail.name, column)
  }
  const id = input.id === undefined ? engine.newId() : input.id
  const rest = { workspaceId: 'w', agentId: 'a', seq: 0, createdAt: now }
  // The cast: a checked row has every column, and no hidden ones here.
  return checkRow(mail, { ...input, id, ...rest }) as Mail
}

/** In a condition, `undefined` would match every row. */
function checkInHand(message: MailInHand): MailInHand {
  checkObject(mail, message)
  checkValue(mail, mail.columns.seq, message.seq)
  checkValue(mailboxes, mailboxes.columns.fence, message.fence)
  return {
    id: idOf(mail, message.id),
    agentId: idOf(agents, message.agentId),
    seq: message.seq,
    fence: message.fence,
    last: message.last,
  }
}
