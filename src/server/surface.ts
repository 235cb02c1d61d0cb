/**
 * What may be called over HTTP: data in, data out. A store has the verbs that all stores share, and those that are
 * listed here. A test asks of every verb there is to be served, or to be named as what stays inside.
 */

import type { Table } from '../schema/dsl/table.ts'
import { schema } from '../schema/tables.ts'
import { type Stores, storeNames } from '../stores/stores.ts'
import { type Arg, base64, fields, filter, moment, momentOrSpan, plain, row, rows } from './codec.ts'

export interface Verb {
  readonly isWrite: boolean
  /** What it takes, in order, before its options. */
  readonly args: readonly Arg[]
  /** What its last argument may have. */
  readonly options: Readonly<Record<string, Arg>>
}

export interface Served {
  readonly table: Table
  /** What lists are filtered by besides columns. */
  readonly filters: Readonly<Record<string, 'text' | 'boolean'>>
  /** What `list` takes instead of a filter, by the name that it has in a query. */
  readonly listOf: string | undefined
  readonly verbs: Readonly<Record<string, Verb>>
}

const read = (args: readonly Arg[], options: Verb['options'] = {}): Verb => ({
  isWrite: false,
  args,
  options,
})
const write = (args: readonly Arg[], options: Verb['options'] = {}): Verb => ({
  isWrite: true,
  args,
  options,
})

/** Options of these names, taken as they come. */
const given = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, plain]))
const paged = given('limit', 'after', 'order')
/** It has to be who the caller is. */
const asActor = given('actor')

/** What all stores share. */
const shared = (table: Table) => ({
  create: write([row(table)]),
  get: read([plain]),
  getMany: read([plain]),
  list: read([filter(table)], paged),
  count: read([filter(table)]),
  update: write([plain, row(table)], given('ifVersion')),
  delete: write([plain]),
})
type Shared = keyof ReturnType<typeof shared>

/** What is a store's own. */
interface Own<Store> {
  /** The one of the store's name, unless given. */
  readonly table?: Table
  /** All, unless told. */
  readonly shares?: readonly (Shared & keyof Store)[]
  readonly filters?: Served['filters']
  readonly listOf?: string
  readonly verbs?: { readonly [V in keyof Store]?: Verb }
}

/** The same of any store. */
interface OfAny extends Omit<Own<unknown>, 'shares' | 'verbs'> {
  readonly shares?: readonly string[]
  readonly verbs?: Readonly<Record<string, Verb>>
}

/** A row's change that needs no more than its id. */
const change = write([plain])

const own: { readonly [Name in keyof Stores]?: Own<Stores[Name]> } = {
  workspaces: {
    filters: { archived: 'boolean', includeArchived: 'boolean' },
    verbs: { archive: change, unarchive: change, ensureDefault: write([], given('title')) },
  },
  codebases: {
    verbs: {
      register: write([row(schema.codebases)]),
      findByPath: read([plain, plain]),
      setDefault: change,
      setCommand: write([plain, plain, plain]),
      removeCommand: write([plain, plain]),
    },
  },
  agents: {
    verbs: {
      upsert: write([row(schema.agents)]),
      setStatus: write([plain, plain]),
      heartbeat: write([plain], given('status')),
      listByParent: read([plain], given('deep')),
    },
  },
  conversations: {
    filters: { memberId: 'text', includeArchived: 'boolean', deleted: 'boolean' },
    verbs: {
      getOrCreate: write([row(schema.conversations)]),
      touch: change,
      softDelete: change,
      restore: change,
      addMember: write([plain, plain]),
      removeMember: write([plain, plain]),
    },
  },
  messages: {
    shares: ['get', 'getMany', 'delete'],
    listOf: 'conversationId',
    verbs: {
      append: write([plain, row(schema.messages)]),
      appendMany: write([plain, rows(schema.messages)]),
      last: read([plain, plain]),
      range: read([plain, plain, plain]),
      list: read([plain], paged),
      count: read([plain]),
      react: write([plain, plain, plain]),
      unreact: write([plain, plain, plain]),
    },
  },
  tasks: {
    filters: { search: 'text', includeArchived: 'boolean' },
    verbs: {
      declareBatch: write([plain, rows(schema.tasks)], given('crew')),
      start: write([plain], given('agentId')),
      complete: write([plain], given('summary', 'verification')),
      fail: write([plain], given('reason')),
      review: change,
      reject: change,
      pause: change,
      resume: change,
      retry: change,
      reopen: change,
      skip: change,
      cancel: change,
      forceReady: change,
      addDependency: write([plain, plain]),
      removeDependency: write([plain, plain]),
      dependencies: read([plain]),
      dependentsOf: read([plain]),
      edges: read([plain]),
      ready: read([plain], given('limit')),
      assign: write([plain, plain]),
      archive: change,
      unarchive: change,
    },
  },
  notes: {
    verbs: {
      ensureSpec: write([plain], given('title', 'text')),
      read: read([plain]),
      append: write([plain, plain], asActor),
      insert: write([plain, plain, plain], asActor),
      replace: write([plain, plain], asActor),
      edit: write([plain, plain, plain], asActor),
      applyUpdate: write([plain, base64('update')], asActor),
      cursor: read([plain]),
      since: read([plain, plain]),
      history: read([plain]),
      label: write([plain, plain], asActor),
      restore: write([plain, plain], asActor),
      search: read([plain, plain], given('limit')),
      compact: change,
    },
  },
  backgroundTasks: {
    shares: ['get', 'getMany', 'list', 'count', 'update', 'delete'],
    verbs: {
      enqueue: write([row(schema.backgroundTasks)]),
      enqueueMany: write([rows(schema.backgroundTasks)]),
      claim: write([], given('queues', 'kinds', 'limit', 'leaseMs', 'worker')),
      heartbeat: write([plain], given('leaseMs')),
      progress: write([plain, plain]),
      complete: write([plain, plain]),
      fail: write([plain, plain], given('retry')),
      release: change,
      cancel: change,
      retry: change,
      listDead: read([filter(schema.backgroundTasks)], paged),
      purge: write([], { before: moment('before'), statuses: plain }),
    },
  },
  leases: {
    shares: ['list', 'count'],
    verbs: {
      acquire: write([plain], given('workspaceId', 'holder', 'ttl')),
      renew: write([plain], given('ttl')),
      release: change,
      inspect: read([plain], given('workspaceId')),
      steal: write([plain], given('workspaceId', 'holder', 'ttl')),
      reap: write([], given('limit')),
    },
  },
  fileLocks: {
    shares: ['get', 'list', 'count'],
    verbs: {
      acquire: write([plain], given('workspaceId', 'agentId', 'reason', 'ttl')),
      release: write([plain], given('workspaceId', 'agentId')),
      releaseAll: change,
      check: read([plain], given('workspaceId')),
      reap: write([], given('limit')),
    },
  },
  timers: {
    shares: ['get', 'list', 'count'],
    verbs: {
      set: write([fields({ in: momentOrSpan })]),
      cancel: write([plain], given('agentId')),
      claimDue: write([], given('limit')),
      deliverDue: write([], given('limit')),
    },
  },
  mailbox: {
    table: schema.mail,
    shares: ['get', 'list', 'count'],
    verbs: {
      send: write([plain, row(schema.mail)]),
      claim: write([plain], given('limit', 'ttl')),
      ack: change,
      nack: write([plain], given('delay')),
      drain: change,
      purge: write([moment('before')], given('limit')),
    },
  },
  delegations: {
    shares: ['get', 'getMany', 'list', 'count', 'update', 'delete'],
    verbs: {
      delegate: write([row(schema.delegations)]),
      finish: write([plain], given('status', 'result')),
    },
  },
  schedules: {
    verbs: {
      enable: change,
      disable: change,
      next: read([plain, plain]),
      claimDue: write([], given('limit')),
      fire: change,
    },
  },
  settings: {
    shares: [],
    listOf: 'scope',
    verbs: {
      get: read([plain, plain]),
      set: write([plain, plain, plain]),
      merge: write([plain, plain, plain]),
      list: read([plain], paged),
      count: read([plain]),
      delete: write([plain, plain]),
    },
  },
}

/** By store. Without prototypes, here and within: a caller's `constructor` is no store, and no verb. */
export const surface: Readonly<Record<string, Served>> = bare(
  storeNames.map((name) => [name, served(name, own[name] ?? {})]),
)

function served(name: string, { shares, filters = {}, listOf, verbs = {}, ...given }: OfAny): Served {
  const table = given.table ?? (schema as Readonly<Record<string, Table>>)[name]
  if (table === undefined) throw new Error(`src/server/surface.ts has to say which table is that of ${name}`)
  const all = Object.entries(shared(table))
  const common = shares === undefined ? all : all.filter(([verb]) => shares.some((each) => each === verb))
  return { table, filters, listOf, verbs: bare([...common, ...Object.entries(verbs)]) }
}

function bare<V>(entries: readonly (readonly [string, V])[]): Readonly<Record<string, V>> {
  return Object.assign(Object.create(null), Object.fromEntries(entries))
}
