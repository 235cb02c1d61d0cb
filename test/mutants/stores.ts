/** Workspaces, codebases, agents, roles, settings, conversations and messages. */

import { increment, merge, ne, ref } from '../../src/engine/query.ts'
import { AlreadyExistsError, ValidationError } from '../../src/errors.ts'
import { agents } from '../../src/schema/agents.ts'
import { codebases } from '../../src/schema/codebases.ts'
import { conversations } from '../../src/schema/conversations.ts'
import type { JsonObject } from '../../src/schema/dsl/json.ts'
import type { Insert } from '../../src/schema/dsl/table.ts'
import { messages } from '../../src/schema/messages.ts'
import { roles } from '../../src/schema/roles.ts'
import { settings } from '../../src/schema/settings.ts'
import { workspaces } from '../../src/schema/workspaces.ts'
import type { NewMessage } from '../../src/stores/messages.ts'
import type { Scope } from '../../src/system.ts'
import { giveWay, type Mutant, stores } from './mutant.ts'

export const storeMutants: readonly Mutant[] = [
  {
    id: 'archived-workspaces-listed',
    breaks: 'Lists archived workspaces without being asked to',
    scenario: 'workspaces.archived-hidden',
    system: stores((scope) => ({
      workspaces: {
        list: (filter, options) => scope.workspaces.list({ includeArchived: true, ...filter }, options),
      },
    })),
  },
  {
    id: 'default-workspace-read-first',
    breaks: 'Looks for the default workspace, and makes it if there was none',
    scenario: 'workspaces.ensure-default-race',
    system: stores((scope) => ({
      workspaces: {
        async ensureDefault({ title = 'Default', signal } = {}) {
          const { items } = await scope.workspaces.list(
            { slug: 'default', includeArchived: true },
            { signal },
          )
          await giveWay()
          return items[0] ?? scope.workspaces.create({ title, slug: 'default' }, { signal })
        },
      },
    })),
  },
  {
    id: 'default-workspace-each-time',
    breaks: 'Makes one more default workspace each time it is asked for',
    scenario: 'workspaces.ensure-default-keeps',
    system: stores((scope) => ({
      workspaces: { ensureDefault: ({ title = 'Default' } = {}) => scope.workspaces.create({ title }) },
    })),
  },
  {
    id: 'settings-outlive-workspace',
    breaks: 'Leaves the settings of a deleted workspace behind',
    scenario: 'settings.of-a-workspace',
    system: stores(({ engine }) => ({
      workspaces: {
        delete: async (id, options) =>
          (await engine.remove(workspaces, { where: { id: String(id) } }, options)).length > 0,
      },
    })),
  },
  {
    id: 'default-codebase-not-passed-on',
    breaks: 'Makes a codebase the default without taking that from the one before',
    scenario: 'codebases.set-default',
    system: stores(({ codebases: own, engine }) => ({
      codebases: {
        async setDefault(id, options) {
          const set = { isDefault: true, version: increment(), updatedAt: engine.now() }
          const [row] = await engine.update(codebases, { where: { id: String(id) }, set }, options)
          return row ?? own.setDefault(id, options)
        },
      },
    })),
  },
  {
    id: 'path-without-boundary',
    breaks: 'Finds a codebase whose path the text begins with',
    scenario: 'codebases.find-by-path',
    system: stores((scope) => ({
      codebases: {
        async findByPath(workspaceId, path, options) {
          await scope.codebases.findByPath(workspaceId, path, options)
          const { items } = await scope.codebases.list({ workspaceId }, options)
          const around = items.filter((codebase) => path.startsWith(codebase.path))
          return around.sort((a, b) => b.path.length - a.path.length)[0] ?? null
        },
      },
    })),
  },
  {
    id: 'path-exact-only',
    breaks: 'Finds a codebase by its own path alone',
    scenario: 'codebases.find-by-path',
    system: stores((scope) => ({
      codebases: {
        async findByPath(workspaceId, path, options) {
          const found = await scope.codebases.findByPath(workspaceId, path, options)
          return found?.path === path ? found : null
        },
      },
    })),
  },
  {
    id: 'commands-read-first',
    breaks: 'Reads the commands of a codebase, adds one and writes them back',
    scenario: 'codebases.set-command-race',
    system: stores(({ codebases: own, engine }) => ({
      codebases: {
        async setCommand(id, name, command, options) {
          const found = await own.get(id, options)
          await giveWay()
          if (found === null || name === '') return own.setCommand(id, name, command, options)
          const set = {
            // A change of a JSON column that is no patch replaces it whole.
            commands: { ...found.commands, [name]: command },
            version: increment(),
            updatedAt: engine.now(),
          }
          const [row] = await engine.update(codebases, { where: { id }, set }, options)
          return row ?? own.setCommand(id, name, command, options)
        },
      },
    })),
  },
  {
    id: 'register-reads-first',
    breaks: 'Looks for a path, and registers it if it was not there',
    scenario: 'codebases.register-race',
    system: stores((scope) => ({
      codebases: {
        async register(input, options) {
          const { items } = await scope.codebases.list({ workspaceId: input?.workspaceId, path: input?.path })
          await giveWay()
          return items.length > 0
            ? scope.codebases.register(input, options)
            : scope.codebases.create(input, options)
        },
      },
    })),
  },
  {
    id: 'upsert-drops',
    breaks: 'Clears what an upsert leaves out',
    scenario: 'agents.upsert-keeps',
    system: stores((scope) => ({
      agents: {
        upsert: (input, options) =>
          scope.agents.upsert(
            {
              provider: null,
              model: null,
              sessionId: null,
              teamId: null,
              plan: null,
              lastSummary: null,
              ...input,
            },
            options,
          ),
      },
    })),
  },
  {
    id: 'upsert-reads-first',
    breaks: 'Looks for an agent, and makes it if it was not there',
    scenario: 'agents.upsert-race',
    system: stores((scope) => ({
      agents: {
        async upsert(input, options) {
          const found = typeof input?.id === 'string' ? await scope.agents.get(input.id) : input
          await giveWay()
          return found === null ? scope.agents.create(input, options) : scope.agents.upsert(input, options)
        },
      },
    })),
  },
  {
    id: 'upsert-takes-over',
    breaks: 'Changes the agent of another workspace that has the id',
    scenario: 'agents.upsert-stays-in-its-workspace',
    system: stores((scope) => ({
      agents: {
        async upsert(input, options) {
          const found = typeof input?.id === 'string' ? await scope.agents.get(input.id) : null
          if (found === null || found.workspaceId === input.workspaceId)
            return scope.agents.upsert(input, options)
          return scope.agents.update(input.id, { name: input.name }, options)
        },
      },
    })),
  },
  {
    id: 'agent-cycle-accepted',
    breaks: 'Puts an agent under one that is right below it',
    scenario: 'agents.no-cycle',
    system: stores(({ agents: own, engine }) => ({
      agents: {
        async update(id, patch, options) {
          const parentId = patch?.parentId
          const parent = typeof parentId === 'string' ? await own.get(parentId, options) : null
          if (parent === null || parent.parentId !== id) return own.update(id, patch, options)
          const set = { parentId: parent.id, version: increment(), updatedAt: engine.now() }
          const [row] = await engine.update(agents, { where: { id }, set }, options)
          return row ?? own.update(id, patch, options)
        },
      },
    })),
  },
  {
    id: 'heartbeat-silent',
    breaks: 'Does not note the time of a heartbeat',
    scenario: 'agents.heartbeat',
    system: stores((scope) => ({
      agents: {
        async heartbeat(id, options) {
          const found = await scope.agents.get(id, options)
          return found !== null && options?.status === undefined ? found : scope.agents.heartbeat(id, options)
        },
      },
    })),
  },
  {
    id: 'tree-one-level',
    breaks: 'Lists the agents right below one when all were asked for',
    scenario: 'agents.list-by-parent',
    system: stores((scope) => ({
      agents: {
        listByParent: (id, options) => scope.agents.listByParent(id, { signal: options?.signal }),
      },
    })),
  },
  {
    id: 'reconcile-without-compare',
    breaks: 'Terminates an agent that has changed while it was being judged',
    scenario: 'agents.reconcile-leaves-what-changes',
    system: stores(({ agents: own, engine }) => ({
      agents: {
        async reconcile(workspaceId, isAlive, options) {
          const { items } = await own.list({ workspaceId, status: 'running' }, options)
          const terminated = []
          for (const { id, ...agent } of items) {
            if (await isAlive({ id, ...agent })) continue
            const set = { status: 'terminated' as const, version: increment(), updatedAt: engine.now() }
            terminated.push(...(await engine.update(agents, { where: { id }, set }, options)))
          }
          return terminated
        },
      },
    })),
  },
  {
    id: 'built-in-role-deleted',
    breaks: 'Deletes a role that is built in',
    scenario: 'roles.built-in-stays',
    system: stores(({ roles: own, engine }) => ({
      roles: {
        delete: async (id, options) =>
          typeof id === 'string'
            ? (await engine.remove(roles, { where: { id } }, options)).length > 0
            : own.delete(id, options),
      },
    })),
  },
  {
    id: 'settings-merge-read-first',
    breaks: 'Reads a setting, patches it and sets it',
    scenario: 'settings.racing-merges',
    system: stores((scope) => ({
      settings: {
        async merge(scopeName, key, patch, options) {
          const before = await scope.settings.get(scopeName, key, options)
          await giveWay()
          if (before === null) return scope.settings.merge(scopeName, key, patch, options)
          const whole = { ...(before as JsonObject), ...patch }
          const kept = Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== null))
          return (await scope.settings.set(scopeName, key, kept, options)) as JsonObject
        },
      },
    })),
  },
  {
    id: 'settings-set-read-first',
    breaks: 'Looks for a setting, and makes it if it was not there',
    scenario: 'settings.racing-sets',
    system: stores(({ settings: own, engine }) => ({
      settings: {
        async set(scope, key, value, options) {
          const before = await own.get(scope, key, options)
          await giveWay()
          if (before !== null || value == null) return own.set(scope, key, value, options)
          const [row] = await engine.insert(
            settings,
            [{ scope, key, value, updatedAt: engine.now() }],
            options,
          )
          return row!.value
        },
      },
    })),
  },
  {
    id: 'settings-of-all-scopes',
    breaks: 'Finds a setting of another scope when its own has none',
    scenario: 'settings.list',
    system: stores(({ settings: own, engine }) => ({
      settings: {
        async list(scope, options) {
          const page = await own.list(scope, options)
          if (page.next !== null || options?.after != null) return page
          const others = await engine.find(settings, { where: { scope: ne(scope) } }, options)
          return { ...page, items: [...page.items, ...others] }
        },
      },
    })),
  },
  {
    id: 'conversation-read-first',
    breaks: 'Looks for a conversation, and makes it if there was none',
    scenario: 'conversations.get-or-create-race',
    system: stores((scope) => ({
      conversations: {
        async getOrCreate(input, options) {
          const { workspaceId, platform, platformId } = input ?? {}
          const { items } = await scope.conversations.list({ workspaceId, platform, platformId })
          await giveWay()
          if (items.length > 0 || platform === undefined || platformId === undefined) {
            return scope.conversations.getOrCreate(input, options)
          }
          return scope.conversations.create(input, options)
        },
      },
    })),
  },
  {
    id: 'soft-deleted-listed',
    breaks: 'Lists conversations that were softly deleted',
    scenario: 'conversations.soft-delete',
    system: stores(({ conversations: own }) => ({
      conversations: {
        async list(filter, options) {
          const page = await own.list(filter, options)
          if (page.next !== null || filter?.deleted !== undefined) return page
          const gone = await own.list({ ...filter, deleted: true })
          return { ...page, items: [...page.items, ...gone.items] }
        },
      },
    })),
  },
  {
    id: 'hidden-listed',
    breaks: 'Lists hidden and archived conversations without being asked to',
    scenario: 'conversations.left-out-of-lists',
    system: stores(({ conversations: own }) => ({
      conversations: {
        list: (filter, options) =>
          own.list({ hidden: [true, false], includeArchived: true, ...filter }, options),
      },
    })),
  },
  {
    id: 'owner-removed',
    breaks: 'Takes the lead out of a group',
    scenario: 'conversations.members',
    system: stores(({ conversations: own, engine }) => ({
      conversations: {
        async removeMember(id, memberId, options) {
          const found = typeof id === 'string' ? await own.get(id, options) : null
          if (found?.kind !== 'group' || found.leadId !== memberId)
            return own.removeMember(id, memberId, options)
          const set = { members: merge({ [memberId]: null }), version: increment(), updatedAt: engine.now() }
          const [row] = await engine.update(conversations, { where: { id }, set }, options)
          return row!
        },
      },
    })),
  },
  {
    id: 'members-read-first',
    breaks: 'Reads the members of a group, adds one and writes them back',
    scenario: 'conversations.member-race',
    system: stores(({ conversations: own, engine }) => ({
      conversations: {
        async addMember(id, memberId, options) {
          const found = typeof id === 'string' ? await own.get(id, options) : null
          await giveWay()
          if (found?.kind !== 'group' || found.deletedAt !== null || !memberId || memberId in found.members) {
            return own.addMember(id, memberId, options)
          }
          const members = { ...found.members, [memberId]: { joinedAt: engine.now().toISOString() } }
          const set = { members, version: increment(), updatedAt: engine.now() }
          const [row] = await engine.update(conversations, { where: { id }, set }, options)
          return row ?? own.addMember(id, memberId, options)
        },
      },
    })),
  },
  {
    id: 'strangers-post',
    breaks: 'Lets anyone post to a group',
    scenario: 'conversations.members-alone-post',
    system: stores((scope) => ({
      messages: {
        append: (id, message, options) =>
          scope.messages.append(id, message, options).catch(async (error: unknown) => {
            if (!(error instanceof ValidationError) || error.column !== 'senderId') throw error
            return post(scope, id, message)
          }),
      },
    })),
  },
  {
    id: 'deleted-takes-messages',
    breaks: 'Adds messages to a conversation that was softly deleted',
    scenario: 'conversations.soft-delete',
    system: stores((scope) => ({
      messages: {
        append: async (id, message, options) => {
          const found = typeof id === 'string' ? await scope.conversations.get(id, options) : null
          if (found === null || found.deletedAt === null) return scope.messages.append(id, message, options)
          return post(scope, id, message)
        },
      },
    })),
  },
  {
    id: 'seq-by-maximum',
    breaks: 'Numbers a message one higher than the highest there is',
    scenario: 'messages.seq-gapless',
    system: stores((scope) => ({
      messages: {
        async append(id, message, options) {
          const [newest] = await scope.messages.last(id, 1, options)
          await giveWay()
          if (newest === undefined) return scope.messages.append(id, message, options)
          return post(scope, id, message, newest.seq + 1)
        },
      },
    })),
  },
  {
    id: 'append-many-singly',
    breaks: 'Adds messages that belong together one after the other',
    scenario: 'messages.append-many',
    system: stores((scope) => ({
      messages: {
        async appendMany(id, items, options) {
          if (!Array.isArray(items) || items.length > 1000)
            return scope.messages.appendMany(id, items, options)
          const appended = []
          for (const item of items) {
            appended.push(await scope.messages.append(id, item, options))
            await giveWay()
          }
          return appended
        },
      },
    })),
  },
  {
    id: 'window-of-oldest',
    breaks: 'Answers the oldest messages for the newest',
    scenario: 'messages.last',
    system: stores((scope) => ({
      messages: {
        async last(id, n, options) {
          const newest = await scope.messages.last(id, n, options)
          return newest.length === 0 ? newest : (await scope.messages.list(id, { limit: n })).items
        },
      },
    })),
  },
  {
    id: 'window-newest-first',
    breaks: 'Answers the newest messages in the wrong direction',
    scenario: 'messages.last',
    system: stores((scope) => ({
      messages: { last: async (id, n, options) => (await scope.messages.last(id, n, options)).reverse() },
    })),
  },
  {
    id: 'window-of-none',
    breaks: 'Takes a window of 0 for one without a limit',
    scenario: 'messages.last',
    system: stores((scope) => ({
      messages: { last: (id, n, options) => scope.messages.last(id, n === 0 ? 1000 : n, options) },
    })),
  },
  {
    id: 'range-without-end',
    breaks: 'Leaves out the last message of a range',
    scenario: 'messages.range',
    system: stores((scope) => ({
      messages: {
        range: async (id, from, to, options) =>
          (await scope.messages.range(id, from, to, options)).filter((message) => message.seq < to),
      },
    })),
  },
  {
    id: 'reactions-read-first',
    breaks: 'Reads the reactions to a message, adds one and writes them back',
    scenario: 'messages.reaction-race',
    system: stores(({ messages: own, engine }) => ({
      messages: {
        async react(id, reaction, by, options) {
          const found = typeof id === 'string' ? await engine.get(messages, id, options) : null
          await giveWay()
          if (found === null || !reaction || !by) return own.react(id, reaction, by, options)
          const set = { reactions: { ...found.reactions, [JSON.stringify([reaction, by])]: '' } }
          await engine.update(messages, { where: { id }, set }, options)
          return own.react(id, reaction, by, options)
        },
      },
    })),
  },
  {
    id: 'touch-forgets',
    breaks: 'Does not note the activity in a conversation',
    scenario: 'conversations.touch',
    system: stores(({ conversations: own }) => ({
      conversations: {
        async touch(id, options) {
          const found = typeof id === 'string' ? await own.get(id, options) : null
          return found === null || found.deletedAt !== null ? own.touch(id, options) : found
        },
      },
    })),
  },
  {
    id: 'colons-in-ids',
    breaks: 'Makes workspaces whose ids have colons',
    scenario: 'workspaces.id-without-colon',
    system: stores(({ workspaces: own, engine }) => ({
      workspaces: {
        async create(input, options) {
          const { id } = input ?? {}
          if (typeof id !== 'string' || !id.includes(':')) return own.create(input, options)
          const times = { createdAt: engine.now(), updatedAt: engine.now() }
          // The cast: lists that may not be changed.
          const row = { slug: id, ...input, id, ...times } as Insert<typeof workspaces>
          return (await engine.insert(workspaces, [row], options))[0]!
        },
      },
    })),
  },
  {
    id: 'group-for-a-conversation',
    breaks: 'Gets a group for whoever asks for a direct conversation by its platform’s id',
    scenario: 'conversations.get-or-create-of-a-group',
    system: stores(({ conversations: own, engine }) => ({
      conversations: {
        getOrCreate: (input, options) =>
          own.getOrCreate(input, options).catch(async (error: unknown) => {
            if (!(error instanceof AlreadyExistsError)) throw error
            const { workspaceId, platform, platformId } = input
            const where = { workspaceId, platform, platformId }
            const set = { deletedAt: null, version: increment() }
            const [found] = await engine.update(conversations, { where, set }, options)
            return found!
          }),
      },
    })),
  },
  {
    id: 'members-guessed',
    breaks: 'Makes a list of whatever is given for the members of a group',
    scenario: 'conversations.members-listed',
    system: stores(({ conversations: own }) => ({
      conversations: {
        create: (input, options) =>
          own.create(
            input?.members == null || Array.isArray(input.members)
              ? input
              : { ...input, members: [String(input.members)] },
            options,
          ),
      },
    })),
  },
  {
    id: 'paths-compared-as-text',
    breaks: 'Lists codebases by their paths in the one spelling that is kept',
    scenario: 'codebases.list-by-path',
    system: stores(({ codebases: own }) => ({
      codebases: {
        async list(filter, options) {
          const page = await own.list(filter, options)
          if (filter?.path === undefined) return page
          const paths = [filter.path].flat()
          return { ...page, items: page.items.filter(({ path }) => paths.includes(path)) }
        },
      },
    })),
  },
]

/** A message without any rule about who may post where. */
async function post({ engine, messages: own }: Scope, id: string, message: NewMessage, seq?: number) {
  const messageId = message.id ?? engine.newId()
  const now = engine.now()
  await engine.write({
    head: {
      update: conversations,
      where: { id },
      set: { lastSeq: seq ?? increment(), lastActivityAt: now },
    },
    steps: [
      {
        insert: messages,
        rows: [
          {
            ...message,
            id: messageId,
            workspaceId: ref('workspaceId'),
            conversationId: ref('id'),
            seq: ref('lastSeq'),
            createdAt: now,
          },
        ],
      },
    ],
  })
  return (await own.get(messageId))!
}
