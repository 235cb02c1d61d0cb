/** The arguments of every verb of every store; the types see to it that none is missing. */

import fc from 'fast-check'
import type { Agent } from '../../src/schema/agents.ts'
import { agents } from '../../src/schema/agents.ts'
import { backgroundTasks } from '../../src/schema/background-tasks.ts'
import { codebases } from '../../src/schema/codebases.ts'
import { conversations } from '../../src/schema/conversations.ts'
import { delegations } from '../../src/schema/delegations.ts'
import type { Table } from '../../src/schema/dsl/table.ts'
import { fileLocks } from '../../src/schema/file-locks.ts'
import { leases } from '../../src/schema/leases.ts'
import { mail } from '../../src/schema/mailbox.ts'
import { messages } from '../../src/schema/messages.ts'
import { notes, noteTexts, noteUpdates, noteVersions } from '../../src/schema/notes.ts'
import { roles } from '../../src/schema/roles.ts'
import { schedules } from '../../src/schema/schedules.ts'
import { settings } from '../../src/schema/settings.ts'
import { tasks } from '../../src/schema/tasks.ts'
import { teams } from '../../src/schema/teams.ts'
import { timers } from '../../src/schema/timers.ts'
import { workspaces } from '../../src/schema/workspaces.ts'
import type { Stores } from '../../src/stores/stores.ts'
import { fields, filter, ids, limit, listOptions, object, options, target, updateOptions } from './inputs.ts'
import { goodValue, jsonObject, lookupFor, mostly, text, valueFor } from './values.ts'

export interface Call {
  readonly store: string
  readonly verb: string
  readonly args: readonly unknown[]
}

type Args = fc.Arbitrary<readonly unknown[]>
type Verbs<S> = { readonly [V in keyof S]: readonly [weight: number, args: Args] }

const args = (...each: fc.Arbitrary<unknown>[]): Args => fc.tuple(...each)

/** Of a union type, each of which takes what it is given. */
const flag = mostly<unknown, unknown>(20, fc.boolean(), fc.constantFrom<unknown>(null, 1))
const search = mostly<unknown, unknown>(20, text, fc.constantFrom<unknown>('', 'a\0', '\ud800', null, 7))

/** The seven verbs of every store. */
function shared(
  table: Table,
  input: fc.Arbitrary<unknown>,
  closed: readonly string[],
  filters: Parameters<typeof filter>[1] = {},
  special: Parameters<typeof filter>[1] = {},
) {
  const id = target(table.name)
  const patch = fields({ table, refused: ['id', 'workspaceId', ...closed], special })
  const asked = mostly<unknown, unknown>(
    60,
    filter(table, filters),
    fc.constantFrom<unknown>(undefined, null, 7),
  )
  return {
    create: [6, args(input)],
    get: [2, args(id)],
    getMany: [1, args(ids(table.name))],
    list: [4, args(asked, listOptions(table))],
    count: [1, args(asked)],
    update: [
      4,
      args(id, mostly<unknown, unknown>(60, patch, fc.constantFrom<unknown>(undefined, 7)), updateOptions),
    ],
    delete: [1, args(id)],
  } as const
}

const agentOwned = ['lastSeenAt']
const newAgent = (required: readonly string[]) =>
  fields({ table: agents, required: ['workspaceId', 'name', 'role', ...required], refused: agentOwned })

const path = mostly<unknown, unknown>(
  10,
  fc.constantFrom('/', '/srv', '/srv/app', '/srv/app/', '/srv//app/./x', '/srv/app2', 'c:\\app\\x', '/ü/🤖'),
  fc.constantFrom<unknown>('', 'srv', '/srv/..', '/x'.repeat(300), '/a\0', '/\ud800', 7),
)
const newCodebase = fields({
  table: codebases,
  required: ['workspaceId', 'path'],
  refused: ['isDefault'],
  special: { path },
})
const commandName = mostly<unknown, unknown>(
  15,
  fc.constantFrom('test', 'build', 'é'),
  fc.constantFrom('', 'a\0', 7),
)

const conversationOwned = ['deletedAt', 'lastActivityAt', 'lastSeq']
const member = mostly<unknown, unknown>(
  15,
  fc.constantFrom('a1', 'bob', '🤖'),
  fc.constantFrom('', 'x'.repeat(129), 7, '\0'),
)
const group = {
  kind: fc.constantFrom('direct', 'group', 'group'),
  leadId: fc.constantFrom('a1', 'bob', ''),
  name: fc.constantFrom('crew', 'other', ''),
  members: fc.array(member, { maxLength: 3 }),
}
const platform = fc.constantFrom('web', 'slack')
const platformId = fc.constantFrom('1', '2', '3')
const newConversation = fields({
  table: conversations,
  required: ['workspaceId'],
  refused: conversationOwned,
  special: { ...group, platform, platformId },
})
const newDirect = fields({
  table: conversations,
  required: ['workspaceId', 'platform', 'platformId'],
  refused: [...conversationOwned, 'kind', 'leadId', 'name', 'members'],
  special: { platform, platformId },
})
const conversation = target('conversations')

const toolCall = object({
  name: fc.constantFrom('run', 'read'),
  input: jsonObject,
  output: jsonObject,
  durationMs: fc.constantFrom(0, 1.5),
})
const sender = fc.constantFrom('a1', 'bob', 'cleo')
const newMessage = fields({
  table: messages,
  required: ['role', 'content', 'senderId'],
  refused: ['workspaceId', 'conversationId', 'seq', 'reactions'],
  special: {
    toolCall: mostly<unknown, unknown>(5, toolCall, fc.constantFrom<unknown>(null, 'x')),
    senderId: sender,
  },
})
const seq = mostly<unknown, unknown>(
  20,
  fc.integer({ min: -1, max: 5 }),
  fc.constantFrom<unknown>(2 ** 53, 2000, 1.5, '1'),
)
const reaction = mostly<unknown, unknown>(
  20,
  fc.constantFrom('👍', 'ok'),
  fc.constantFrom<unknown>('', 'a\0', 7),
)

const taskOwned = [
  'status',
  'pausedFrom',
  'startedAt',
  'completedAt',
  'openDependencies',
  'failedDependencies',
  'dependents',
]
const taskKey = fc.constantFrom('build', 'test', 'ship', 'k1', 'k2')
const awaited = (name: fc.Arbitrary<unknown>) =>
  mostly<unknown, unknown>(30, fc.array(name, { maxLength: 3 }), fc.constantFrom<unknown>('k1', [7], null))
const crew = fc.constantFrom('', 'red')
const newTask = fields({
  table: tasks,
  required: ['workspaceId', 'title'],
  refused: taskOwned,
  special: { key: taskKey, crew, dependsOn: awaited(lookupFor('tasks')) },
})
const declared = fields({
  table: tasks,
  required: ['key', 'title'],
  refused: [...taskOwned, 'workspaceId', 'crew'],
  special: { key: taskKey, dependsOn: awaited(fc.oneof(taskKey, lookupFor('tasks'))) },
})
const task = target('tasks')
const move = [2, args(task)] as const

const newNote = fields({ table: notes, required: ['workspaceId', 'title'], special: { text } })
const note = target('notes')
/** Parts of what notes of programs say, and other things. */
const part = mostly<unknown, unknown>(
  12,
  mostly(2, fc.constantFrom('a', 'b', 'ab', 'ok', ''), text),
  valueFor(notes, noteTexts.columns.text),
)
const place = mostly<unknown, unknown>(
  12,
  fc.integer({ min: 0, max: 4 }),
  fc.constantFrom<unknown>(-1, 1.5, '0', Number.NaN, 99),
)
const author = options({ actor: valueFor(noteUpdates, noteUpdates.columns.actor) })
/** By clients of their own, each of which wrote two letters: the second builds on the first. */
const clientUpdates = [5, 6].flatMap((client) => {
  const name = new TextEncoder().encode('content')
  return [
    new Uint8Array([1, 1, client, 0, 4, 1, name.length, ...name, 1, 111, 0]),
    new Uint8Array([1, 1, client, 1, 132, client, 0, 1, 107, 0]),
  ]
})
const update = mostly<unknown, unknown>(
  8,
  fc.constantFrom(...clientUpdates),
  fc.constantFrom<unknown>(
    new Uint8Array([0, 0]),
    new Uint8Array([1, 1, 5, 0, 4]),
    new Uint8Array(),
    [1, 2],
    null,
  ),
  fc.uint8Array({ maxLength: 12 }),
)
const noteLabel = mostly<unknown, unknown>(
  15,
  fc.constantFrom('v1', 'v2'),
  valueFor(notes, noteVersions.columns.label),
)

/** As long as the clock may jump, a little longer or shorter, or no span at all. */
const span = mostly<unknown, unknown>(
  12,
  fc.constantFrom<unknown>(1, 1000, '1s', '1d', '2d'),
  fc.constantFrom<unknown>(0, -1, 1.5, '', 'soon', '-1s', Number.NaN, null, 'x'.repeat(200)),
)
/** Nobody's workspace, or one that is there. */
const leaseOf = mostly<unknown, unknown>(2, fc.constantFrom<unknown>('w1', 'w2'), fc.constant(null))
const holder = mostly<unknown, unknown>(
  20,
  fc.constantFrom('bob', 'eve'),
  fc.constantFrom<unknown>('', null, 7),
)
const leaseName = target('leases')
const leasePlace = options({ workspaceId: leaseOf })
const leaseRequest = fc.record({ workspaceId: leaseOf, holder, ttl: span })
const fence = mostly<unknown, unknown>(
  15,
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom<unknown>('1', null),
)
const heldLease = fc.record({ name: leaseName, workspaceId: leaseOf, holder, fence })
const lockPath = mostly<unknown, unknown>(
  10,
  fc.constantFrom('src', 'src/a.ts', 'src/*.ts', 'src/**', './src/x/../a.ts', 'docs\\{a,b}', '[id].ts', '**'),
  fc.constantFrom<unknown>('', '..', '/etc', 'c:\\x', '!src', 'a/../..', '\ud800', 'a\0', 7),
)
const lockPlace = fc.record({ workspaceId: target('workspaces'), agentId: target('agents') })
const lockRequest = fc.record({
  workspaceId: target('workspaces'),
  agentId: target('agents'),
  ttl: span,
  reason: text,
})
const newTimer = object({
  agentId: lookupFor('agents'),
  ...{ id: lookupFor('timers'), label: goodValue(timers, timers.columns.label), message: text },
  in: mostly<unknown, unknown>(3, span, valueFor(timers, timers.columns.dueAt)),
  repeat: mostly<unknown, unknown>(2, flag, span),
})
const newMail = fields({
  table: mail,
  required: ['kind'],
  refused: ['workspaceId', 'agentId', 'seq', 'status', 'deliveries', 'settledAt'],
})
const inHand = fc.record({ id: lookupFor('mail'), agentId: target('agents'), seq, fence, last: flag })
const newDelegation = fields({
  table: delegations,
  required: ['workspaceId', 'toAgentId', 'task'],
  refused: ['status', 'result', 'finishedAt'],
})
const rhythm = {
  cron: mostly<unknown, unknown>(
    6,
    fc.constantFrom('* * * * * *', '*/10 * * * * *', '0 0 * * *', '@hourly', '0 9 * * MON-FRI/2'),
    fc.constantFrom<unknown>('', 'x', '60 * * * *', '0 0 31 2 *', '* * * *', 7, null),
  ),
  timeZone: mostly<unknown, unknown>(
    8,
    fc.constantFrom('UTC', 'Europe/Berlin', 'America/Santiago'),
    fc.constantFrom<unknown>('', 'Mars/Base', '+02:00', null, 7),
  ),
  job: mostly<unknown, unknown>(
    8,
    fc.constantFrom(
      ...[{ kind: 'k' }, { kind: 'l', payload: [1], priority: 'high', delayMs: 5 }],
      ...[
        { kind: 'k', uniqueKey: 'x', queue: 'q' },
        { kind: 'k', concurrencyKey: 'x', agentId: 'a1' },
      ],
    ),
    fc.constantFrom<unknown>({}, { kind: 'k', id: 'x' }, { kind: 'k', agentId: 7 }, null, 'k'),
  ),
}
const newSchedule = fields({
  table: schedules,
  required: ['workspaceId', 'cron', 'job'],
  refused: ['nextRunAt', 'lastRunAt', 'error'],
  special: rhythm,
})
const bounded = options({ limit })

/** Given by name, because a program is printed. */
const nobody = () => false
const everybody = async () => true
const onlyA1 = ({ id }: Agent) => id === 'a1'

const scope = mostly<unknown, unknown>(
  20,
  mostly(
    2,
    fc.constantFrom('user:1', 'workspace:w1'),
    fc.constantFrom('workspace:w1:x', 'workspace:w2', 'workspace:w10', 'workspace:'),
  ),
  fc.constantFrom<unknown>('', 'x'.repeat(129), 'a\0', 7, undefined),
)
const settingKey = mostly<unknown, unknown>(
  20,
  mostly(2, fc.constant('theme'), fc.constantFrom('Theme', '🤖', '～', 'x'.repeat(512))),
  fc.constantFrom<unknown>('', 'x'.repeat(513), '\ud800', null),
)
const settingValue = valueFor(settings, settings.columns.value)

const jobOwned = [
  'status',
  'attempts',
  'attemptsLeft',
  'holdsUniqueKey',
  'holdsConcurrencyKey',
  'openDependencies',
  'dependents',
  'fence',
  'worker',
  'leaseUntil',
  'cancelRequested',
  'progress',
  'activity',
  'inputTokens',
  'outputTokens',
  'result',
  'error',
  'startedAt',
  'finishedAt',
  'live',
]
const jobFixed = [
  ...['queue', 'kind', 'payload', 'runAt', 'maxAttempts', 'backoffMs', 'maxBackoffMs'],
  ...['uniqueKey', 'concurrencyKey'],
]
const milliseconds = mostly<unknown, unknown>(
  15,
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom<unknown>(-1, 0.5, '1'),
)
const jobKey = fc.constantFrom('u', 'v', '')
const newJob = fields({
  table: backgroundTasks,
  required: ['workspaceId', 'kind'],
  refused: jobOwned,
  special: {
    kind: mostly<unknown, unknown>(20, fc.constantFrom('k', 'l'), fc.constantFrom<unknown>('', 7)),
    queue: fc.constantFrom('default', 'default', 'q'),
    priority: mostly<unknown, unknown>(
      10,
      fc.constantFrom('low', 'high', 0, 1),
      fc.constantFrom<unknown>('no', 0.5),
    ),
    runAt: fc.constant(undefined),
    delayMs: milliseconds,
    maxAttempts: mostly<unknown, unknown>(15, fc.constantFrom(1, 2, 3), fc.constantFrom<unknown>(0, '1')),
    backoffMs: milliseconds,
    maxBackoffMs: milliseconds,
    timeoutMs: fc.constantFrom(null, 5),
    uniqueKey: jobKey,
    concurrencyKey: jobKey,
    dependsOn: awaited(lookupFor('backgroundTasks')),
  },
})
const { create: _create, ...jobVerbs } = shared(backgroundTasks, newJob, [...jobOwned, ...jobFixed])
const job = target('backgroundTasks')
/** Fences are given from 1 on. */
const claim = object({
  id: job,
  fence: mostly<unknown, unknown>(15, fc.integer({ min: 1, max: 3 }), fc.constantFrom<unknown>(0, '1', 0.5)),
})
const { create: delegate, ...delegationVerbs } = shared(delegations, newDelegation, [
  'fromAgentId',
  'toAgentId',
  'task',
  'status',
  'result',
  'finishedAt',
])

/** These belong to a process, and have no place in a program: scenarios show what they do. */
type LiveVerbs = 'work' | 'open' | 'saved' | 'close' | 'watch' | 'compact' | 'cursor' | 'since' | 'presence'

const verbsOf: { readonly [S in keyof Stores]: Verbs<Omit<Stores[S], LiveVerbs>> } = {
  workspaces: {
    ...shared(workspaces, fields({ table: workspaces, required: ['title'] }), ['status'], {
      archived: flag,
      includeArchived: flag,
    }),
    archive: [1, args(target('workspaces'))],
    unarchive: [1, args(target('workspaces'))],
    ensureDefault: [1, args(options({ title: goodValue(workspaces, workspaces.columns.title) }))],
  },
  teams: shared(teams, fields({ table: teams, required: ['workspaceId', 'name'] }), []),
  codebases: {
    ...shared(codebases, newCodebase, ['isDefault'], {}, { path }),
    register: [3, args(newCodebase)],
    findByPath: [2, args(target('workspaces'), path)],
    setDefault: [3, args(target('codebases'))],
    setCommand: [2, args(target('codebases'), commandName, settingValue)],
    removeCommand: [1, args(target('codebases'), commandName)],
  },
  agents: {
    ...shared(agents, newAgent([]), ['status', ...agentOwned]),
    upsert: [4, args(newAgent(['id']))],
    setStatus: [2, args(target('agents'), valueFor(agents, agents.columns.status))],
    heartbeat: [2, args(target('agents'), options({ status: valueFor(agents, agents.columns.status) }))],
    listByParent: [2, args(target('agents'), options({ deep: fc.boolean() }))],
    reconcile: [1, args(target('workspaces'), fc.constantFrom(nobody, everybody, onlyA1))],
  },
  roles: shared(roles, fields({ table: roles, required: ['name'] }), ['builtIn']),
  conversations: {
    ...shared(
      conversations,
      newConversation,
      [...conversationOwned, 'members', 'platform', 'platformId', 'kind', 'leadId', 'name', 'assistantType'],
      { memberId: member, includeArchived: flag, deleted: flag },
    ),
    getOrCreate: [5, args(newDirect)],
    touch: [1, args(conversation)],
    softDelete: [2, args(conversation)],
    restore: [1, args(conversation)],
    addMember: [3, args(conversation, member)],
    removeMember: [2, args(conversation, member)],
  },
  messages: {
    append: [8, args(conversation, newMessage)],
    appendMany: [
      3,
      args(
        conversation,
        mostly<unknown, unknown>(40, fc.array(newMessage, { maxLength: 3 }), fc.constantFrom(7, null)),
      ),
    ],
    get: [1, args(target('messages'))],
    getMany: [1, args(ids('messages'))],
    last: [2, args(conversation, seq)],
    range: [2, args(conversation, seq, seq)],
    list: [3, args(conversation, listOptions(messages))],
    count: [1, args(conversation)],
    react: [3, args(target('messages'), reaction, reaction)],
    unreact: [1, args(target('messages'), reaction, reaction)],
    delete: [1, args(target('messages'))],
  },
  tasks: {
    ...shared(tasks, newTask, ['crew', 'key', ...taskOwned], { search, includeArchived: flag }),
    declareBatch: [
      4,
      args(
        target('workspaces'),
        mostly<unknown, unknown>(40, fc.array(declared, { maxLength: 4 }), fc.constantFrom<unknown>(7, null)),
        options({ crew }),
      ),
    ],
    start: [4, args(task, options({ agentId: lookupFor('agents') }))],
    complete: [4, args(task, options({ summary: text, verification: jsonObject }))],
    fail: [2, args(task, options({ reason: text }))],
    review: move,
    reject: [1, args(task)],
    pause: move,
    resume: move,
    retry: move,
    reopen: move,
    skip: [1, args(task)],
    cancel: [1, args(task)],
    forceReady: [1, args(task)],
    addDependency: [6, args(task, task)],
    removeDependency: [3, args(task, task)],
    dependencies: [1, args(task)],
    dependentsOf: [1, args(task)],
    edges: [1, args(fc.array(task, { maxLength: 5 }))],
    ready: [2, args(target('workspaces'), options({ limit }))],
    assign: [2, args(task, mostly<unknown, unknown>(4, target('agents'), fc.constant(null)))],
    archive: [1, args(task)],
    unarchive: [1, args(task)],
  },
  notes: {
    ...shared(notes, newNote, ['type', 'gc']),
    ensureSpec: [2, args(target('workspaces'), options({ title: text, text }))],
    read: [4, args(note)],
    append: [4, args(note, part, author)],
    insert: [3, args(note, place, part, author)],
    replace: [3, args(note, object({ old: part, new: part }), author)],
    edit: [3, args(note, part, part, author)],
    applyUpdate: [4, args(note, update, author)],
    search: [3, args(target('workspaces'), search, options({ limit }))],
    history: [2, args(note)],
    label: [2, args(note, noteLabel, author)],
    restore: [2, args(note, noteLabel, author)],
  },
  backgroundTasks: {
    ...jobVerbs,
    enqueue: [8, args(newJob)],
    enqueueMany: [
      3,
      args(
        mostly<unknown, unknown>(40, fc.array(newJob, { maxLength: 4 }), fc.constantFrom<unknown>(7, null)),
      ),
    ],
    claim: [
      8,
      args(
        options({
          queues: fc.constantFrom(['default'], ['q', 'default'], []),
          kinds: fc.constantFrom(['k'], ['k', 'l'], undefined),
          limit,
          leaseMs: mostly<unknown, unknown>(
            15,
            fc.integer({ min: 1, max: 5 }),
            fc.constantFrom<unknown>(0, '1'),
          ),
        }),
      ),
    ],
    heartbeat: [2, args(claim, options({ leaseMs: milliseconds }))],
    progress: [
      2,
      args(
        claim,
        object({ percent: fc.constantFrom(0, 50, 101), inputTokens: milliseconds, activity: text }),
      ),
    ],
    complete: [5, args(claim, mostly<unknown, unknown>(4, jsonObject, text))],
    fail: [5, args(claim, text, options({ retry: flag }))],
    release: [3, args(claim)],
    cancel: [3, args(job)],
    retry: [3, args(job)],
    listDead: [1, args(fc.constant({}), listOptions(backgroundTasks))],
    purge: [1, args(options({ before: valueFor(backgroundTasks, backgroundTasks.columns.runAt) }))],
  },
  leases: {
    acquire: [6, args(leaseName, leaseRequest)],
    renew: [4, args(heldLease, options({ ttl: span }))],
    release: [3, args(heldLease)],
    inspect: [2, args(leaseName, leasePlace)],
    steal: [2, args(leaseName, leaseRequest)],
    reap: [2, args(bounded)],
    list: [2, args(options({ workspaceId: leaseOf, holder }), listOptions(leases))],
    count: [1, args(options({ workspaceId: leaseOf }))],
  },
  fileLocks: {
    acquire: [6, args(lockPath, lockRequest)],
    release: [2, args(lockPath, lockPlace)],
    releaseAll: [1, args(target('agents'))],
    check: [3, args(lockPath, lockPlace)],
    reap: [1, args(bounded)],
    get: [1, args(target('fileLocks'))],
    list: [2, args(filter(fileLocks), listOptions(fileLocks))],
    count: [1, args(filter(fileLocks))],
  },
  timers: {
    set: [6, args(newTimer)],
    cancel: [2, args(target('timers'), fc.record({ agentId: target('agents') }))],
    claimDue: [3, args(bounded)],
    deliverDue: [3, args(bounded)],
    get: [1, args(target('timers'))],
    list: [2, args(filter(timers), listOptions(timers))],
    count: [1, args(filter(timers))],
  },
  mailbox: {
    send: [6, args(target('agents'), newMail)],
    claim: [4, args(target('agents'), options({ limit, ttl: span }))],
    ack: [5, args(inHand)],
    nack: [2, args(inHand, options({ delay: span }))],
    drain: [1, args(target('agents'))],
    purge: [1, args(valueFor(mail, mail.columns.createdAt), bounded)],
    get: [1, args(target('mail'))],
    list: [2, args(filter(mail), listOptions(mail))],
    count: [1, args(filter(mail))],
  },
  delegations: {
    ...delegationVerbs,
    delegate,
    finish: [
      4,
      args(
        target('delegations'),
        fc.record({
          status: valueFor(delegations, delegations.columns.status),
          result: valueFor(delegations, delegations.columns.result),
        }),
      ),
    ],
  },
  schedules: {
    ...shared(schedules, newSchedule, ['enabled', 'nextRunAt', 'lastRunAt', 'error'], {}, rhythm),
    enable: [2, args(target('schedules'))],
    disable: [2, args(target('schedules'))],
    next: [2, args(target('schedules'), limit)],
    claimDue: [5, args(bounded)],
    fire: [1, args(target('schedules'))],
  },
  settings: {
    get: [1, args(scope, settingKey)],
    set: [4, args(scope, settingKey, settingValue)],
    merge: [3, args(scope, settingKey, mostly<unknown, unknown>(10, jsonObject, settingValue))],
    list: [2, args(scope, listOptions(settings))],
    count: [1, args(scope)],
    delete: [1, args(scope, settingKey)],
  },
}

const WEIGHTS: { readonly [S in keyof Stores]: number } = {
  workspaces: 3,
  teams: 1,
  codebases: 3,
  agents: 4,
  roles: 1,
  conversations: 4,
  messages: 5,
  tasks: 9,
  notes: 6,
  backgroundTasks: 8,
  leases: 3,
  fileLocks: 3,
  timers: 3,
  mailbox: 4,
  delegations: 2,
  schedules: 3,
  settings: 2,
}

function callsOf(store: keyof Stores): fc.Arbitrary<Call> {
  const verbs = Object.entries<readonly [number, Args]>(verbsOf[store])
  return fc.oneof(
    ...verbs.map(([verb, [weight, args]]) => ({
      weight,
      arbitrary: args.map((given): Call => ({ store, verb, args: given })),
    })),
  )
}

/** One call of one verb of one store. */
export const storeCall: fc.Arbitrary<Call> = fc.oneof(
  ...(Object.keys(WEIGHTS) as (keyof Stores)[]).map((store) => ({
    weight: WEIGHTS[store],
    arbitrary: callsOf(store),
  })),
)

/** Rows to begin with, so that programs come to the point. */
export const BEGINNING: readonly Call[] = [
  { store: 'workspaces', verb: 'create', args: [{ id: 'w1', title: 'One' }] },
  { store: 'workspaces', verb: 'create', args: [{ id: 'w2', title: 'Two' }] },
  { store: 'teams', verb: 'create', args: [{ id: 't1', workspaceId: 'w1', name: 'Core' }] },
  {
    store: 'agents',
    verb: 'create',
    args: [{ id: 'a1', workspaceId: 'w1', name: 'Ada', role: 'dev', teamId: 't1' }],
  },
  {
    store: 'agents',
    verb: 'create',
    args: [{ id: 'a2', workspaceId: 'w1', name: 'Bob', role: 'dev', parentId: 'a1' }],
  },
  { store: 'codebases', verb: 'create', args: [{ id: 'c1', workspaceId: 'w1', path: '/srv' }] },
  { store: 'codebases', verb: 'create', args: [{ id: 'c2', workspaceId: 'w1', path: '/srv/app' }] },
  {
    store: 'tasks',
    verb: 'create',
    args: [{ id: 'k1', workspaceId: 'w1', title: 'Build', assigneeId: 'a1' }],
  },
  {
    store: 'tasks',
    verb: 'create',
    args: [{ id: 'k2', workspaceId: 'w1', title: 'Ship', dependsOn: ['k1'] }],
  },
  {
    store: 'tasks',
    verb: 'create',
    args: [{ id: 'k3', workspaceId: 'w1', title: 'Tell', dependsOn: ['k1', 'k2'] }],
  },
  {
    store: 'conversations',
    verb: 'create',
    args: [{ id: 'v1', workspaceId: 'w1', platform: 'web', platformId: '1' }],
  },
  {
    store: 'conversations',
    verb: 'create',
    args: [{ id: 'v2', workspaceId: 'w1', kind: 'group', leadId: 'a1', name: 'crew', members: ['bob'] }],
  },
  { store: 'messages', verb: 'append', args: ['v1', { id: 'm1', role: 'user', content: 'Hello' }] },
  { store: 'messages', verb: 'append', args: ['v1', { id: 'm2', role: 'assistant', content: 'Yes?' }] },
  {
    store: 'notes',
    verb: 'create',
    args: [{ id: 'o1', workspaceId: 'w1', title: 'Plan', text: 'ab' }],
  },
  { store: 'notes', verb: 'create', args: [{ id: 'o2', workspaceId: 'w1', title: 'Empty', type: 'spec' }] },
  {
    store: 'backgroundTasks',
    verb: 'enqueue',
    args: [{ id: 'j1', workspaceId: 'w1', kind: 'k', concurrencyKey: 'u', agentId: 'a1' }],
  },
  {
    store: 'backgroundTasks',
    verb: 'enqueue',
    args: [{ id: 'j2', workspaceId: 'w1', kind: 'k', dependsOn: ['j1'], uniqueKey: 'u' }],
  },
  { store: 'backgroundTasks', verb: 'claim', args: [{ leaseMs: 1000 }] },
  { store: 'roles', verb: 'create', args: [{ id: 'r1', name: 'Reviewer' }] },
  { store: 'settings', verb: 'set', args: ['user:1', 'theme', { a: 1 }] },
]

/** What tasks go through, one verb after the other. */
export const COURSES = [
  ['start', 'complete'],
  ['start', 'fail', 'retry'],
  ['start', 'review', 'reject', 'complete'],
  ['pause', 'resume', 'start', 'pause', 'resume', 'complete'],
  ['start', 'complete', 'reopen', 'start'],
  ['start', 'pause', 'complete'],
  ['start', 'fail', 'skip'],
  ['forceReady', 'start', 'fail', 'cancel'],
] as const
