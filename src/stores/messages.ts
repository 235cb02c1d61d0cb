/**
 * What was said in a conversation. Each message has a `seq`: 1, 2, 3 … within its conversation, in the order
 * of writing, without gaps, and never given twice. What was said stays; only reactions change.
 */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { gte, hasKey, increment, merge, oneOfThese, ref, type Where } from '../engine/query.ts'
import { ValidationError } from '../errors.ts'
import { type Conversation, conversations } from '../schema/conversations.ts'
import { compareText } from '../schema/dsl/order.ts'
import type { ColumnDef } from '../schema/dsl/table.ts'
import { checkRow, checkValue } from '../schema/dsl/values.ts'
import { type MessageRow, messages, type ToolCall } from '../schema/messages.ts'
import {
  ATTEMPTS,
  checkLimit,
  checkList,
  checkObject,
  contended,
  countRows,
  idOf,
  type ListOptions,
  listPage,
  notFound,
  type Page,
} from './store.ts'

export interface Message extends Omit<MessageRow, 'reactions'> {
  /** Who reacted, by reaction; both in the order of their text. */
  reactions: Record<string, string[]>
}

export interface NewMessage {
  readonly id?: string | undefined
  readonly role: Message['role']
  readonly content: string
  /** Who says it. In a group: a member. */
  readonly senderId?: string | null | undefined
  readonly senderRole?: string | null | undefined
  readonly toolName?: string | null | undefined
  readonly toolCall?: ToolCall | null | undefined
  readonly turn?: number | null | undefined
}

export interface MessageStore {
  /**
   * Adds a message at the end and counts as activity. Throws `NotFoundError` when there is no such
   * conversation or it was deleted, and `ValidationError` for a stranger in a group.
   */
  append(conversationId: string, message: NewMessage, options?: CallOptions): Promise<Message>
  /** Adds up to 1,000 messages in a row, with nothing in between: all or none. */
  appendMany(
    conversationId: string,
    messages: readonly NewMessage[],
    options?: CallOptions,
  ): Promise<Message[]>
  /** The message, or null. */
  get(id: string, options?: CallOptions): Promise<Message | null>
  /** The messages there are, once each, in the order in which `ids` first names them. */
  getMany(ids: readonly string[], options?: CallOptions): Promise<Message[]>
  /** The newest `n`, 0 to 1,000, oldest first. */
  last(conversationId: string, n: number, options?: CallOptions): Promise<Message[]>
  /** Those whose `seq` is `from` to `to`, both included: 1,000 at most. */
  range(conversationId: string, from: number, to: number, options?: CallOptions): Promise<Message[]>
  /** A page of the conversation, by `seq` unless ordered otherwise. */
  list(conversationId: string, options?: ListOptions<typeof messages>): Promise<Page<Message>>
  /** How many messages the conversation has. */
  count(conversationId: string, options?: CallOptions): Promise<number>
  /** Adds a person's reaction; a second time changes nothing. Throws `NotFoundError`. */
  react(id: string, reaction: string, by: string, options?: CallOptions): Promise<Message>
  /** Takes a person's reaction back, if it is there. Throws `NotFoundError`. */
  unreact(id: string, reaction: string, by: string, options?: CallOptions): Promise<Message>
  /** Whether there was a message to delete. Its `seq` is not given again. */
  delete(id: string, options?: CallOptions): Promise<boolean>
}

export function createMessageStore(engine: Engine): MessageStore {
  /** One write, when the sender may post; the conversation is read only to explain why not. */
  async function append(
    conversationId: string,
    inputs: readonly NewMessage[],
    options: CallOptions | undefined,
  ): Promise<Message[]> {
    const now = engine.now()
    const drafts = inputs.map((input) => checkMessage(engine, input, now))
    const rows = drafts.map((draft, i) => ({
      ...draft,
      workspaceId: ref('workspaceId'),
      conversationId: ref('id'),
      seq: ref('lastSeq', i + 1 - inputs.length),
    }))
    const senders = [...new Set(drafts.map((draft) => draft.senderId))]
    let where = mayPost(idOf(conversations, conversationId), senders)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const head = {
        update: conversations,
        where,
        set: { lastSeq: increment(inputs.length), lastActivityAt: now },
      }
      const conversation = await engine.write({ head, steps: [{ insert: messages, rows }] }, options)
      if (conversation !== null) {
        const { workspaceId, lastSeq } = conversation
        return drafts.map((draft, i) =>
          present({ ...draft, workspaceId, conversationId, seq: lastSeq + i + 1 - inputs.length }),
        )
      }
      const found = await engine.get(conversations, conversationId, options)
      if (found === null || found.deletedAt !== null) return notFound(conversations, conversationId)
      refuseStrangers(found, senders)
      // They may post; that nothing about it changes meanwhile is what the version says.
      where = { id: conversationId, deletedAt: null, version: found.version }
    }
    throw contended(conversations, conversationId)
  }

  async function changeReaction(
    id: string,
    reaction: string,
    by: string,
    at: string | null,
    options: CallOptions | undefined,
  ): Promise<Message> {
    const set = { reactions: merge({ [reactionKey(reaction, by)]: at }) }
    const [row] = await engine.update(messages, { where: { id: idOf(messages, id) }, set }, options)
    return present(row ?? notFound(messages, id))
  }

  return {
    async append(conversationId, message, options) {
      const [appended] = await append(conversationId, [message], options)
      return appended!
    },

    async appendMany(conversationId, inputs, options) {
      if (checkList(messages, inputs).length === 0) return []
      checkLimit(messages, inputs.length)
      return append(conversationId, inputs, options)
    },

    async get(id, options) {
      const row = await engine.get(messages, id, options)
      return row === null ? null : present(row)
    },

    async getMany(ids, options) {
      const distinct = [...new Set(checkList(messages, ids))]
      if (distinct.length === 0) return []
      const rows = await engine.find(messages, { where: { id: oneOfThese(distinct) } }, options)
      const rowsById = new Map(rows.map((row) => [row.id, row]))
      return distinct.flatMap((id) => {
        const row = rowsById.get(id)
        return row === undefined ? [] : present(row)
      })
    },

    async last(conversationId, n, options) {
      const limit = checkLimit(messages, n, 0)
      const where = { conversationId: idOf(conversations, conversationId) }
      if (limit === 0) return []
      const rows = await engine.find(messages, { where, orderBy: [['seq', 'desc']], limit }, options)
      return rows.reverse().map(present)
    },

    async range(conversationId, from, to, options) {
      checkValue(messages, messages.columns.seq, from)
      checkValue(messages, messages.columns.seq, to)
      const where = { conversationId: idOf(conversations, conversationId), seq: gte(from) }
      if (to < from) return []
      // As many as there can be: where some were deleted, the last ones found lie beyond.
      const limit = checkLimit(messages, to - from + 1)
      const rows = await engine.find(messages, { where, orderBy: BY_SEQ, limit }, options)
      return rows.filter((row) => row.seq <= to).map(present)
    },

    async list(conversationId, options = {}) {
      const where = { conversationId: idOf(conversations, conversationId) }
      const page = await listPage(engine, messages, where, where, BY_SEQ, options)
      return { items: page.items.map(present), next: page.next }
    },

    async count(conversationId, options) {
      const where = { conversationId: idOf(conversations, conversationId) }
      return countRows(engine, messages, where, options)
    },

    async react(id, reaction, by, options) {
      return changeReaction(id, reaction, by, engine.now().toISOString(), options)
    },

    async unreact(id, reaction, by, options) {
      return changeReaction(id, reaction, by, null, options)
    },

    async delete(id, options) {
      const removed = await engine.remove(messages, { where: { id: idOf(messages, id) } }, options)
      return removed.length > 0
    },
  }
}

const BY_SEQ = [['seq', 'asc']] as const

/** Columns that the store fills in. */
const OWNED = ['workspaceId', 'conversationId', 'seq', 'reactions', 'createdAt']

/** A message as it will be stored, but for what only the conversation's row can tell. */
function checkMessage(engine: Engine, input: NewMessage, now: Date): MessageRow {
  checkObject(messages, input)
  for (const column of OWNED) {
    if (column in input) {
      throw new ValidationError(`messages.${column} is set by the store`, messages.name, column)
    }
  }
  const checked = checkRow(messages, {
    ...input,
    id: input.id === undefined ? engine.newId() : input.id,
    workspaceId: 'w',
    conversationId: 'c',
    seq: 0,
    createdAt: now,
  })
  // The cast: a checked row has every column, and no hidden ones here.
  return checked as MessageRow
}

/** The conversation, if these may post to it. Several senders may do so in a direct one only. */
function mayPost(id: string, senders: readonly (string | null)[]): Where<typeof conversations> {
  const direct = { id, deletedAt: null, kind: 'direct' as const }
  const [sender] = senders
  if (senders.length > 1 || sender == null) return direct
  return [direct, { id, deletedAt: null, members: hasKey(sender) }]
}

function refuseStrangers(conversation: Conversation, senders: readonly (string | null)[]): void {
  if (conversation.kind === 'direct') return
  for (const sender of senders) {
    if (sender !== null && Object.hasOwn(conversation.members, sender)) continue
    const who = sender === null ? 'a message without a sender' : JSON.stringify(sender)
    throw new ValidationError(
      `messages.senderId: only members post to a group, not ${who}`,
      messages.name,
      'senderId',
    )
  }
}

/** One top-level key per reaction and person, so that parallel ones merge. */
function reactionKey(reaction: string, by: string): string {
  return JSON.stringify([checkValue(messages, PART, reaction), checkValue(messages, PART, by)])
}

/** Half of such a key: text like an id. */
const PART: ColumnDef = { ...messages.columns.senderId, key: 'reactions', optional: false }

/** A row as callers see it. */
function present(row: MessageRow): Message {
  const keys = Object.keys(row.reactions)
  // The cast: without reactions, a row is a message as it is.
  if (keys.length === 0) return row as Message
  const pairs = keys.map((key) => JSON.parse(key) as [reaction: string, by: string])
  pairs.sort((a, b) => compareText(a[0], b[0]) || compareText(a[1], b[1]))
  const byReaction = Map.groupBy(pairs, ([reaction]) => reaction)
  const reactions = Object.fromEntries(
    [...byReaction].map(([reaction, people]) => [reaction, people.map(([, by]) => by)]),
  )
  return { ...row, reactions }
}
