/**
 * Threads of messages. A direct conversation is known by its platform's id; a group has an owner, its lead, a
 * name that is unique among the lead's groups, and members, who alone post to it.
 */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { choose, hasKey, merge, ne, type Where } from '../engine/query.ts'
import { AlreadyExistsError, ValidationError } from '../errors.ts'
import { type Conversation, conversations } from '../schema/conversations.ts'
import type { JsonObject } from '../schema/dsl/json.ts'
import { checkValue } from '../schema/dsl/values.ts'
import {
  ATTEMPTS,
  BUMP,
  checkList,
  checkObject,
  contended,
  defineStore,
  type Filter,
  idOf,
  matching,
  type New,
  newRow,
  notFound,
  type PatchOf,
  type StoreVerbs,
  stamped,
  storeVerbs,
} from './store.ts'

export interface ConversationFilter extends Omit<Filter<typeof conversations>, 'deletedAt'> {
  /** Groups that this one is a member of. */
  readonly memberId?: string | undefined
  /** Archived ones too; they are left out unless `archived` says otherwise. */
  readonly includeArchived?: boolean | undefined
  /** Only deleted ones, which are left out otherwise; so are hidden ones, unless `hidden` says otherwise. */
  readonly deleted?: boolean | undefined
}

const definition = defineStore(conversations, {
  fixed: ['platform', 'platformId', 'kind', 'leadId', 'name', 'assistantType'],
  owned: ['members', 'deletedAt', 'lastActivityAt', 'lastSeq'],
  order: [['lastActivityAt', 'desc']],
  where: conversationWhere,
})

export type NewConversation = Omit<
  New<typeof conversations, 'members' | 'deletedAt' | 'lastActivityAt' | 'lastSeq'>,
  'platformId'
> & {
  /** The platform's own id; the conversation's, unless given. */
  readonly platformId?: string | undefined
  /** Who is in a group from the start, besides its lead. */
  readonly members?: readonly string[] | undefined
}
export type NewDirectConversation = Omit<NewConversation, 'kind' | 'leadId' | 'name' | 'members'> & {
  readonly platform: string
  readonly platformId: string
}
export type ConversationPatch = PatchOf<typeof definition>

export interface ConversationStore
  extends StoreVerbs<typeof conversations, NewConversation, ConversationPatch, ConversationFilter> {
  /** As everywhere. A group needs a `leadId` and a `name`; its lead is a member. */
  create(input: NewConversation, options?: CallOptions): Promise<Conversation>
  /**
   * The direct conversation with this platform and platform id. It is made if there is none, once, however
   * many ask; one that was deleted is restored. What else is given counts only when it is made. Throws
   * `AlreadyExistsError` where the platform's id is a group's.
   */
  getOrCreate(input: NewDirectConversation, options?: CallOptions): Promise<Conversation>
  /** Notes activity, which moves it up in lists. Does not raise `version`. Throws `NotFoundError`. */
  touch(id: string, options?: CallOptions): Promise<Conversation>
  /** Hides it from lists and refuses new messages; nothing is lost. Throws `NotFoundError`. */
  softDelete(id: string, options?: CallOptions): Promise<Conversation>
  /** Takes a `softDelete` back. Throws `NotFoundError`. */
  restore(id: string, options?: CallOptions): Promise<Conversation>
  /**
   * Adds to a group; who is in it already stays so. Throws `NotFoundError`, also for a deleted conversation,
   * and `ValidationError` for one that is no group.
   */
  addMember(id: string, memberId: string, options?: CallOptions): Promise<Conversation>
  /** Takes out of a group, as `addMember` puts in. Throws `ValidationError` for the group's lead. */
  removeMember(id: string, memberId: string, options?: CallOptions): Promise<Conversation>
}

export function createConversationStore(engine: Engine): ConversationStore {
  async function setDeleted(
    id: string,
    deletedAt: Date | null,
    options?: CallOptions,
  ): Promise<Conversation> {
    const where = { id: idOf(conversations, id), deletedAt: deletedAt === null ? ne(null) : null }
    const [row] = await engine.update(conversations, { where, set: stamped(engine, { deletedAt }) }, options)
    return row ?? (await engine.get(conversations, id, options)) ?? notFound(conversations, id)
  }

  return {
    ...storeVerbs(engine, definition),

    async create(input, options) {
      const [row] = await engine.insert(conversations, [newConversation(engine, input)], options)
      return row!
    },

    async getOrCreate(input, options) {
      const row = newConversation(engine, input)
      if (row.kind === 'group') throw refuse('kind', 'is direct here; create groups with create')
      if (input.platform === undefined) throw refuse('platform', 'is required')
      if (input.platformId === undefined) throw refuse('platformId', 'is required')
      const { workspaceId, platform, platformId } = row
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const [made] = await engine.insert(conversations, [row], {
          signal: options?.signal,
          onConflict: {
            columns: ['workspaceId', 'platform', 'platformId'],
            set: { deletedAt: null, version: BUMP, updatedAt: row.updatedAt },
            where: { kind: 'direct', deletedAt: ne(null) },
          },
        })
        if (made !== undefined) return made
        const where = { workspaceId, platform, platformId }
        const [found] = await engine.find(conversations, { where, limit: 1 }, options)
        if (found?.kind === 'group') {
          throw new AlreadyExistsError(conversations.name, ['workspaceId', 'platform', 'platformId'])
        }
        if (found !== undefined && found.deletedAt === null) return found
        // Deleted in between.
      }
      throw contended(conversations, platformId)
    },

    async touch(id, options) {
      const where = { id: idOf(conversations, id), deletedAt: null }
      const set = { lastActivityAt: engine.now() }
      const [row] = await engine.update(conversations, { where, set }, options)
      return row ?? notFound(conversations, id)
    },

    softDelete: (id, options) => setDeleted(id, engine.now(), options),
    restore: (id, options) => setDeleted(id, null, options),

    async addMember(id, memberId, options) {
      const joined = membership([checkMember(memberId)], engine.now())
      // Who is in already keeps the day of joining.
      const members = choose<typeof conversations>(
        [{ when: { members: hasKey(memberId) }, to: merge({}) }],
        merge(joined),
      )
      const where = { id: idOf(conversations, id), kind: 'group' as const, deletedAt: null }
      const [row] = await engine.update(conversations, { where, set: stamped(engine, { members }) }, options)
      if (row !== undefined) return row
      await presentGroup(engine, id, options)
      throw contended(conversations, id)
    },

    async removeMember(id, memberId, options) {
      const members = merge({ [checkMember(memberId)]: null })
      const where = {
        id: idOf(conversations, id),
        kind: 'group' as const,
        deletedAt: null,
        leadId: ne(memberId),
      }
      const [row] = await engine.update(conversations, { where, set: stamped(engine, { members }) }, options)
      if (row !== undefined) return row
      const group = await presentGroup(engine, id, options)
      if (group.leadId === memberId) throw refuse('members', 'keep the lead of the group')
      throw contended(conversations, id)
    },
  }
}

function newConversation(engine: Engine, input: NewConversation) {
  checkObject(conversations, input)
  const { members, ...columns } = input
  const row = newRow(engine, definition, columns)
  if (row.platform === undefined) row.platform = 'terrace'
  if (row.platformId === undefined) row.platformId = row.id
  row.lastActivityAt = row.createdAt
  if (row.kind === 'group') {
    if (!row.leadId) throw refuse('leadId', 'is required for a group')
    if (!row.name) throw refuse('name', 'is required for a group')
    row.members = membership(
      [row.leadId, ...checkList(conversations, members ?? [])].map(checkMember),
      row.createdAt,
    )
  } else {
    if (row.leadId) throw refuse('leadId', 'is for groups only')
    if (row.name) throw refuse('name', 'is for groups only; a direct conversation has a title')
    if (members !== undefined) throw refuse('members', 'are for groups only')
  }
  return row
}

/** The group, or the reason why it is none. */
async function presentGroup(engine: Engine, id: string, options?: CallOptions): Promise<Conversation> {
  const row = await engine.get(conversations, id, options)
  if (row === null || row.deletedAt !== null) return notFound(conversations, id)
  if (row.kind !== 'group') throw refuse('members', 'are for groups only')
  return row
}

function membership(ids: readonly string[], since: Date) {
  const joinedAt = since.toISOString()
  return Object.fromEntries(ids.map((id) => [id, { joinedAt }])) satisfies JsonObject
}

/** Whoever can lead a group can be a member. */
function checkMember(id: unknown): string {
  if (id === '') throw refuse('members', 'may not be empty text')
  return checkValue(conversations, conversations.columns.leadId, id) as string
}

function refuse(column: string, reason: string): ValidationError {
  return new ValidationError(`conversations.${column} ${reason}`, conversations.name, column)
}

function conversationWhere(filter: ConversationFilter): Where<typeof conversations> {
  const { memberId, includeArchived, deleted, ...columns } = filter
  const where = matching(conversations, columns)
  if (memberId !== undefined) where.members = hasKey(memberId)
  if (includeArchived !== true) where.archived ??= false
  where.hidden ??= false
  where.deletedAt = deleted === true ? ne(null) : null
  return where
}
