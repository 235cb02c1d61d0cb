/**
 * Every verb of every store, each called with arguments that mean something: for guarantees that hold for all
 * of them. The types see to it that none is missing.
 */

import type { CallOptions } from '../engine/engine.ts'
import type { NotePresence } from '../notes/presence.ts'
import { backgroundLanes, backgroundTasks } from '../schema/background-tasks.ts'
import type { Stores } from '../stores/stores.ts'
import type { Scope } from '../system.ts'

export type Calls = {
  readonly [S in keyof Groups]: {
    readonly [V in Exclude<keyof Groups[S], 'presence' | 'work'>]: () => Promise<unknown>
  }
}

/** Verbs by where they are. */
export interface Groups extends Stores {
  readonly presence: NotePresence
}

export const groupsOf = (scope: Scope): Groups => ({ ...scope, presence: scope.notes.presence })

/** A workspace with one row of each kind. */
export interface Seed {
  readonly workspaceId: string
  readonly teamId: string
  readonly codebaseId: string
  readonly agentId: string
  readonly roleId: string
  readonly taskId: string
  /** Waits for `taskId`. */
  readonly waitingId: string
  readonly conversationId: string
  readonly groupId: string
  readonly messageId: string
  /** Ready. */
  readonly jobId: string
  /** Running, under its first fence. */
  readonly runningJobId: string
  /** Has the work below. */
  readonly workerId: string
  /** Held by `SEED_HOLDER`, with the first fence. */
  readonly leaseName: string
  /** On `SEED_PATH`. */
  readonly fileLockId: string
  readonly timerId: string
  /** In hand, with the first fence. */
  readonly mailId: string
  readonly delegationId: string
  readonly scheduleId: string
  /** Says `NOTE_TEXT`, and has a version called `NOTE_LABEL`. */
  readonly noteId: string
  readonly scope: string
}

/** What the seed has under the workspace's scope. */
const SEED_KEY = 'theme'
/** Who holds the seed's lease, and what it has locked. */
const SEED_HOLDER = 'bob'
const SEED_PATH = 'src/**'
/** What the seed's note says, and the name it has. */
const NOTE_TEXT = 'Ship on Friday'
const NOTE_LABEL = 'first'

export async function seed(scope: Scope, title = 'W'): Promise<Seed> {
  const { id: workspaceId } = await scope.workspaces.create({ title })
  const team = await scope.teams.create({ workspaceId, name: 'Crew' })
  const codebase = await scope.codebases.create({ workspaceId, path: '/srv/app' })
  const agent = await scope.agents.create({ workspaceId, name: 'Ada', role: 'developer', teamId: team.id })
  const worker = await scope.agents.create({ workspaceId, name: 'Bob', role: 'tester', parentId: agent.id })
  await scope.agents.setStatus(agent.id, 'running')
  const role = await scope.roles.create({ workspaceId, name: 'Reviewer' })
  const task = await scope.tasks.create({ workspaceId, title: 'Build', assigneeId: agent.id })
  const waiting = await scope.tasks.create({ workspaceId, title: 'Ship', dependsOn: [task.id] })
  const conversation = await scope.conversations.create({
    workspaceId,
    platform: 'web',
    platformId: '42',
    codebaseId: codebase.id,
    taskId: task.id,
  })
  const group = await scope.conversations.create({
    workspaceId,
    kind: 'group',
    leadId: agent.id,
    name: 'Everybody',
    members: ['bob'],
  })
  const message = await scope.messages.append(conversation.id, { role: 'user', content: 'Ship it' })
  const note = await scope.notes.create({ workspaceId, title: 'Plan', taskId: task.id, text: NOTE_TEXT })
  await scope.notes.label(note.id, NOTE_LABEL)
  await scope.notes.presence.tell(note.id, 'here', new Uint8Array([0]), 60_000)
  const job = await scope.backgroundTasks.enqueue({ workspaceId, kind: 'review', agentId: agent.id })
  const running = await scope.backgroundTasks.enqueue({ workspaceId, kind: 'build' })
  await scope.backgroundTasks.enqueue({ workspaceId, kind: 'ship', dependsOn: [running.id] })
  // Not by a claim, which transactions are refused.
  const leaseUntil = new Date(scope.engine.now().getTime() + 60_000)
  await scope.engine.update(backgroundTasks, {
    where: { id: running.id },
    set: { status: 'running', fence: 1, attempts: 1, attemptsLeft: 4, worker: 'w', leaseUntil },
  })
  await scope.engine.insert(backgroundLanes, [
    { workspaceId, concurrencyKey: 'k', state: 'empty', updatedAt: running.createdAt },
  ])
  const lease = await scope.leases.acquire('deploy', { workspaceId, holder: SEED_HOLDER, ttl: '1h' })
  const own = { workspaceId, agentId: worker.id }
  const fileLock = await scope.fileLocks.acquire(SEED_PATH, { ...own, ttl: '1h' })
  const timer = await scope.timers.set({ agentId: worker.id, label: 'Look', in: '1h' })
  await scope.mailbox.send(worker.id, { kind: 'news', payload: { text: 'Hello' } })
  const [inHand] = await scope.mailbox.claim(worker.id, { ttl: '1h' })
  const delegation = await scope.delegations.delegate({ workspaceId, toAgentId: worker.id, task: 'Test' })
  const schedule = await scope.schedules.create({ workspaceId, cron: '@hourly', job: { kind: 'report' } })
  const settingScope = `workspace:${workspaceId}`
  await scope.settings.set(settingScope, SEED_KEY, { dark: true })
  return {
    workspaceId,
    teamId: team.id,
    codebaseId: codebase.id,
    agentId: agent.id,
    roleId: role.id,
    taskId: task.id,
    waitingId: waiting.id,
    conversationId: conversation.id,
    groupId: group.id,
    messageId: message.id,
    workerId: worker.id,
    leaseName: lease.name,
    fileLockId: fileLock.id,
    timerId: timer.id,
    mailId: inHand!.id,
    delegationId: delegation.id,
    scheduleId: schedule.id,
    noteId: note.id,
    jobId: job.id,
    runningJobId: running.id,
    scope: settingScope,
  }
}

/** The calls, on the rows of a seed. Nothing is called until asked for. */
export function everyCall(scope: Scope, at: Seed, options: CallOptions = {}): Calls {
  const { workspaceId, taskId, groupId, messageId, noteId } = at
  const { workspaces, teams, codebases, agents, roles, conversations, messages, tasks, notes, settings } =
    scope
  const { backgroundTasks: jobs } = scope
  const within = { workspaceId }
  const claim = { id: at.runningJobId, fence: 1 }
  const { leases, fileLocks, timers, mailbox, delegations, schedules } = scope
  const own = { ...options, workspaceId, agentId: at.workerId }
  const lease = { name: at.leaseName, workspaceId, holder: SEED_HOLDER, fence: 1 }
  const inHand = { id: at.mailId, agentId: at.workerId, seq: 1, fence: 1, last: false }
  return {
    workspaces: {
      create: () => workspaces.create({ title: 'New' }, options),
      get: () => workspaces.get(workspaceId, options),
      getMany: () => workspaces.getMany([workspaceId], options),
      list: () => workspaces.list({ id: workspaceId }, options),
      count: () => workspaces.count({ id: workspaceId }, options),
      update: () => workspaces.update(workspaceId, { title: 'Changed' }, options),
      delete: () => workspaces.delete(workspaceId, options),
      archive: () => workspaces.archive(workspaceId, options),
      unarchive: () => workspaces.unarchive(workspaceId, options),
      ensureDefault: () => workspaces.ensureDefault(options),
    },
    teams: {
      create: () => teams.create({ workspaceId, name: 'New' }, options),
      get: () => teams.get(at.teamId, options),
      getMany: () => teams.getMany([at.teamId], options),
      list: () => teams.list(within, options),
      count: () => teams.count(within, options),
      update: () => teams.update(at.teamId, { name: 'Changed' }, options),
      delete: () => teams.delete(at.teamId, options),
    },
    codebases: {
      create: () => codebases.create({ workspaceId, path: '/srv/new' }, options),
      get: () => codebases.get(at.codebaseId, options),
      getMany: () => codebases.getMany([at.codebaseId], options),
      list: () => codebases.list(within, options),
      count: () => codebases.count(within, options),
      update: () => codebases.update(at.codebaseId, { branch: 'changed' }, options),
      delete: () => codebases.delete(at.codebaseId, options),
      register: () => codebases.register({ workspaceId, path: '/srv/app', branch: 'changed' }, options),
      findByPath: () => codebases.findByPath(workspaceId, '/srv/app/src', options),
      setDefault: () => codebases.setDefault(at.codebaseId, options),
      setCommand: () => codebases.setCommand(at.codebaseId, 'test', 'npm test', options),
      removeCommand: () => codebases.removeCommand(at.codebaseId, 'test', options),
    },
    agents: {
      create: () => agents.create({ workspaceId, name: 'New', role: 'tester' }, options),
      get: () => agents.get(at.agentId, options),
      getMany: () => agents.getMany([at.agentId], options),
      list: () => agents.list(within, options),
      count: () => agents.count(within, options),
      update: () => agents.update(at.agentId, { name: 'Changed' }, options),
      delete: () => agents.delete(at.agentId, options),
      upsert: () => agents.upsert({ id: 'upserted', workspaceId, name: 'New', role: 'tester' }, options),
      setStatus: () => agents.setStatus(at.agentId, 'done', options),
      heartbeat: () => agents.heartbeat(at.agentId, options),
      listByParent: () => agents.listByParent(at.agentId, { ...options, deep: true }),
      reconcile: () => agents.reconcile(workspaceId, () => false, options),
    },
    roles: {
      create: () => roles.create({ workspaceId, name: 'New' }, options),
      get: () => roles.get(at.roleId, options),
      getMany: () => roles.getMany([at.roleId], options),
      list: () => roles.list(within, options),
      count: () => roles.count(within, options),
      update: () => roles.update(at.roleId, { name: 'Changed' }, options),
      delete: () => roles.delete(at.roleId, options),
    },
    conversations: {
      create: () => conversations.create({ workspaceId }, options),
      get: () => conversations.get(at.conversationId, options),
      getMany: () => conversations.getMany([at.conversationId], options),
      list: () => conversations.list(within, options),
      count: () => conversations.count(within, options),
      update: () => conversations.update(at.conversationId, { title: 'Changed' }, options),
      delete: () => conversations.delete(at.conversationId, options),
      getOrCreate: () =>
        conversations.getOrCreate({ workspaceId, platform: 'web', platformId: '7' }, options),
      touch: () => conversations.touch(at.conversationId, options),
      softDelete: () => conversations.softDelete(at.conversationId, options),
      restore: () => conversations.restore(at.conversationId, options),
      addMember: () => conversations.addMember(groupId, 'cleo', options),
      removeMember: () => conversations.removeMember(groupId, 'bob', options),
    },
    messages: {
      append: () => messages.append(at.conversationId, { role: 'user', content: 'New' }, options),
      appendMany: () => messages.appendMany(at.conversationId, [{ role: 'user', content: 'New' }], options),
      get: () => messages.get(messageId, options),
      getMany: () => messages.getMany([messageId], options),
      last: () => messages.last(at.conversationId, 5, options),
      range: () => messages.range(at.conversationId, 1, 5, options),
      list: () => messages.list(at.conversationId, options),
      count: () => messages.count(at.conversationId, options),
      react: () => messages.react(messageId, '👍', 'bob', options),
      unreact: () => messages.unreact(messageId, '👍', 'bob', options),
      delete: () => messages.delete(messageId, options),
    },
    tasks: {
      create: () => tasks.create({ workspaceId, title: 'New', dependsOn: [taskId] }, options),
      get: () => tasks.get(taskId, options),
      getMany: () => tasks.getMany([taskId], options),
      list: () => tasks.list({ ...within, search: 'build' }, options),
      count: () => tasks.count(within, options),
      update: () => tasks.update(taskId, { title: 'Changed' }, options),
      delete: () => tasks.delete(taskId, options),
      declareBatch: () => tasks.declareBatch(workspaceId, [{ key: 'new', title: 'New' }], options),
      start: () => tasks.start(taskId, options),
      complete: () => tasks.complete(taskId, options),
      fail: () => tasks.fail(taskId, options),
      review: () => tasks.review(taskId, options),
      reject: () => tasks.reject(taskId, options),
      pause: () => tasks.pause(taskId, options),
      resume: () => tasks.resume(taskId, options),
      retry: () => tasks.retry(taskId, options),
      reopen: () => tasks.reopen(taskId, options),
      skip: () => tasks.skip(taskId, options),
      cancel: () => tasks.cancel(taskId, options),
      forceReady: () => tasks.forceReady(at.waitingId, options),
      addDependency: () => tasks.addDependency(at.waitingId, taskId, options),
      removeDependency: () => tasks.removeDependency(at.waitingId, taskId, options),
      dependencies: () => tasks.dependencies(at.waitingId, options),
      dependentsOf: () => tasks.dependentsOf(taskId, options),
      edges: () => tasks.edges([at.waitingId], options),
      ready: () => tasks.ready(workspaceId, options),
      assign: () => tasks.assign(taskId, null, options),
      archive: () => tasks.archive(taskId, options),
      unarchive: () => tasks.unarchive(taskId, options),
    },
    notes: {
      create: () => notes.create({ workspaceId, title: 'New', text: 'New' }, options),
      get: () => notes.get(noteId, options),
      getMany: () => notes.getMany([noteId], options),
      list: () => notes.list(within, options),
      count: () => notes.count(within, options),
      update: () => notes.update(noteId, { title: 'Changed' }, options),
      delete: () => notes.delete(noteId, options),
      ensureSpec: () => notes.ensureSpec(workspaceId, options),
      read: () => notes.read(noteId, options),
      append: () => notes.append(noteId, '!', options),
      insert: () => notes.insert(noteId, 0, '- ', options),
      replace: () => notes.replace(noteId, { old: 'Friday', new: 'Monday' }, options),
      edit: () => notes.edit(noteId, NOTE_TEXT, 'Ship it on Friday', options),
      applyUpdate: () => notes.applyUpdate(noteId, anUpdate(), options),
      open: async () => {
        await notes.open(noteId, options)
        return noteId
      },
      saved: () => notes.saved(noteId, options),
      close: () => notes.close(noteId, options),
      watch: async () => {
        const events = notes.watch(within, options)
        const first = events.next()
        await events.return?.()
        return (await first).value ?? null
      },
      history: () => notes.history(noteId, options),
      label: () => notes.label(noteId, 'second', options),
      restore: () => notes.restore(noteId, NOTE_LABEL, options),
      compact: () => notes.compact(noteId, options),
      search: () => notes.search(workspaceId, 'friday', options),
      cursor: () => notes.cursor(noteId, options),
      since: () => notes.since(noteId, null, options),
    },
    presence: {
      tell: () => notes.presence.tell(noteId, 'there', new Uint8Array([0]), 60_000, options),
      follow: async () => {
        const stop = await notes.presence.follow(noteId, () => {}, options)
        stop()
        return noteId
      },
    },
    backgroundTasks: {
      enqueue: () => jobs.enqueue({ workspaceId, kind: 'review', dependsOn: [at.jobId] }, options),
      enqueueMany: () => jobs.enqueueMany([{ workspaceId, kind: 'review', uniqueKey: 'u' }], options),
      get: () => jobs.get(at.jobId, options),
      getMany: () => jobs.getMany([at.jobId], options),
      list: () => jobs.list(within, options),
      listDead: () => jobs.listDead(within, options),
      count: () => jobs.count(within, options),
      update: () => jobs.update(at.jobId, { title: 'Changed' }, options),
      claim: () => jobs.claim({ ...options, kinds: ['nothing'] }),
      heartbeat: () => jobs.heartbeat(claim, options),
      progress: () => jobs.progress(claim, { percent: 50 }, options),
      complete: () => jobs.complete(claim, 'well', options),
      fail: () => jobs.fail(claim, 'badly', options),
      release: () => jobs.release(claim, options),
      cancel: () => jobs.cancel(at.jobId, options),
      retry: () => jobs.retry(at.jobId, options),
      delete: () => jobs.delete(at.jobId, options),
      purge: () => jobs.purge({ ...options, before: new Date(0) }),
    },
    leases: {
      acquire: () => leases.acquire(lease.name, { ...options, ...lease, ttl: '2h' }),
      renew: () => leases.renew(lease, { ...options, ttl: '3h' }),
      release: () => leases.release(lease, options),
      inspect: () => leases.inspect(lease.name, { ...options, workspaceId }),
      steal: () => leases.steal(lease.name, { ...options, workspaceId, holder: 'eve', ttl: '1h' }),
      reap: () => leases.reap(options),
      list: () => leases.list(within, options),
      count: () => leases.count(within, options),
    },
    fileLocks: {
      acquire: () => fileLocks.acquire('docs', { ...own, ttl: '1h' }),
      release: () => fileLocks.release(SEED_PATH, own),
      releaseAll: () => fileLocks.releaseAll(at.workerId, options),
      check: () => fileLocks.check('**', own),
      reap: () => fileLocks.reap(options),
      get: () => fileLocks.get(at.fileLockId, options),
      list: () => fileLocks.list(within, options),
      count: () => fileLocks.count(within, options),
    },
    timers: {
      set: () => timers.set({ agentId: at.workerId, label: 'New', in: '1h' }, options),
      get: () => timers.get(at.timerId, options),
      list: () => timers.list(within, options),
      count: () => timers.count(within, options),
      claimDue: () => timers.claimDue(options),
      deliverDue: () => timers.deliverDue(options),
      cancel: () => timers.cancel(at.timerId, own),
    },
    mailbox: {
      send: () => mailbox.send(at.workerId, { kind: 'news' }, options),
      claim: () => mailbox.claim(at.workerId, options),
      ack: () => mailbox.ack(inHand, options),
      nack: () => mailbox.nack(inHand, options),
      drain: () => mailbox.drain(at.workerId, options),
      purge: () => mailbox.purge(new Date(0), options),
      get: () => mailbox.get(at.mailId, options),
      list: () => mailbox.list(within, options),
      count: () => mailbox.count(within, options),
    },
    delegations: {
      delegate: () =>
        delegations.delegate({ workspaceId, toAgentId: at.workerId, task: 'New', taskId }, options),
      get: () => delegations.get(at.delegationId, options),
      getMany: () => delegations.getMany([at.delegationId], options),
      list: () => delegations.list(within, options),
      count: () => delegations.count(within, options),
      update: () => delegations.update(at.delegationId, { context: 'Changed' }, options),
      finish: () => delegations.finish(at.delegationId, { ...options, status: 'done', result: { ok: true } }),
      delete: () => delegations.delete(at.delegationId, options),
    },
    schedules: {
      create: () => schedules.create({ workspaceId, cron: '0 9 * * MON', job: { kind: 'report' } }, options),
      get: () => schedules.get(at.scheduleId, options),
      getMany: () => schedules.getMany([at.scheduleId], options),
      list: () => schedules.list(within, options),
      count: () => schedules.count(within, options),
      update: () => schedules.update(at.scheduleId, { cron: '@daily' }, options),
      next: () => schedules.next(at.scheduleId, 3, options),
      claimDue: () => schedules.claimDue(options),
      fire: () => schedules.fire(at.scheduleId, options),
      disable: () => schedules.disable(at.scheduleId, options),
      enable: () => schedules.enable(at.scheduleId, options),
      delete: () => schedules.delete(at.scheduleId, options),
    },
    settings: {
      get: () => settings.get(at.scope, SEED_KEY, options),
      set: () => settings.set(at.scope, SEED_KEY, 'changed', options),
      merge: () => settings.merge(at.scope, SEED_KEY, { dark: false }, options),
      list: () => settings.list(at.scope, options),
      count: () => settings.count(at.scope, options),
      delete: () => settings.delete(at.scope, SEED_KEY, options),
    },
  }
}

/** What transactions are refused: documents that are live in the process, and claims, which may leak out of them. */
export const LIVE_VERBS: ReadonlySet<string> = new Set([
  ...['open', 'saved', 'close', 'watch', 'compact'].map((verb) => `notes.${verb}`),
  'presence.follow',
  'backgroundTasks.claim',
])

/** The Yjs update that inserts `ok` at the start of a text, by a client of its own. */
const anUpdate = () =>
  new Uint8Array([1, 1, 7, 0, 4, 1, 7, ...new TextEncoder().encode('content'), 2, 111, 107, 0])

/** The calls one by one, by name. */
export function namedCalls(calls: Calls): [name: string, call: () => Promise<unknown>][] {
  return Object.entries(calls).flatMap(([store, verbs]) =>
    Object.entries(verbs).map(([verb, call]): [string, () => Promise<unknown>] => [`${store}.${verb}`, call]),
  )
}
