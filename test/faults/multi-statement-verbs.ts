/** Verbs that are, or may be, several statements: what each starts from, and the call. */

import type { System } from '../../src/system.ts'
import type { TestClock } from '../../src/testing/clock.ts'

export interface VerbCase {
  readonly name: string
  /** Answers the call, to be made on any System over the same data. */
  seed(system: System, clock: TestClock): Promise<(system: System) => Promise<unknown>>
  /** What to look at instead of all rows: an edit that was undone leaves a trace in a note's log, and none in its text. */
  look?(system: System): Promise<string>
  /** What anybody does who comes by, and what brings a state that is neither that before nor that after to that after. */
  readonly heal?: (system: System) => Promise<unknown>
  /** A lease allows such a state: it passes by itself in so many milliseconds. */
  readonly passes?: number
  /** Of the call that goes through. */
  readonly answers?: unknown
}

async function aCrew(system: System) {
  const { id: workspaceId } = await system.workspaces.create({ title: 'W' })
  const { id: agentId } = await system.agents.create({ workspaceId, name: 'Ada', role: 'developer' })
  return { workspaceId, agentId }
}

/** A job in hand, another of its lane behind it, and a third that waits for it. */
async function aJob(system: System) {
  const { workspaceId } = await aCrew(system)
  const { enqueueMany, claim } = system.backgroundTasks
  const common = { workspaceId, kind: 'k' }
  await enqueueMany([
    { ...common, id: 'first', concurrencyKey: 'lane', uniqueKey: 'u', priority: 'high' },
    { ...common, id: 'behind', concurrencyKey: 'lane' },
    { ...common, id: 'waiting', dependsOn: ['first'] },
  ])
  const [job] = await claim({ worker: 'me', limit: 1 })
  return { workspaceId, job: job! }
}

async function someMail(system: System) {
  const { agentId } = await aCrew(system)
  for (const kind of ['one', 'two']) await system.mailbox.send(agentId, { kind })
  return agentId
}

const MINUTE = 60_000
const NOTE = 'note'

/** Whoever claims sweeps, and lets the next one into a lane that was left. */
const sweep = ({ backgroundTasks }: System) => backgroundTasks.claim({ queues: ['nobody'] })

export const verbs: readonly VerbCase[] = [
  {
    name: 'backgroundTasks.enqueueMany, with dependencies and a lane',
    async seed(system) {
      const { workspaceId } = await aCrew(system)
      const common = { workspaceId, kind: 'k' }
      await system.backgroundTasks.enqueueMany([{ ...common, id: 'there', concurrencyKey: 'lane' }])
      return ({ backgroundTasks }) =>
        backgroundTasks.enqueueMany([
          { ...common, id: 'a', uniqueKey: 'u' },
          { ...common, id: 'b', dependsOn: ['a', 'there'] },
          { ...common, id: 'c', dependsOn: ['b'], concurrencyKey: 'lane' },
          { ...common, id: 'd', concurrencyKey: 'lane' },
        ])
    },
  },
  {
    name: 'backgroundTasks.complete, with a dependent and a lane',
    async seed(system) {
      const { job } = await aJob(system)
      return ({ backgroundTasks }) => backgroundTasks.complete(job, { ok: true })
    },
    heal: sweep,
  },
  {
    name: 'backgroundTasks.fail, for good',
    async seed(system) {
      const { job } = await aJob(system)
      return ({ backgroundTasks }) => backgroundTasks.fail(job, 'broken', { retry: false })
    },
    heal: sweep,
  },
  {
    name: 'backgroundTasks.cancel',
    async seed(system) {
      await aJob(system)
      return ({ backgroundTasks }) => backgroundTasks.cancel('behind')
    },
  },
  {
    name: 'backgroundTasks.purge',
    async seed(system, clock) {
      const { job, workspaceId } = await aJob(system)
      await system.backgroundTasks.fail(job, 'broken', { retry: false })
      await system.backgroundTasks.enqueue({ workspaceId, kind: 'k', id: 'last', dependsOn: ['waiting'] })
      clock.advance(MINUTE)
      return ({ backgroundTasks }) => backgroundTasks.purge({ before: clock() })
    },
  },
  {
    name: 'timers.set',
    async seed(system) {
      const { agentId } = await aCrew(system)
      return ({ timers }) => timers.set({ agentId, label: 'L', in: MINUTE })
    },
  },
  {
    name: 'timers.deliverDue',
    async seed(system, clock) {
      const { agentId } = await aCrew(system)
      await system.timers.set({ agentId, label: 'once', in: 10 })
      await system.timers.set({ agentId, label: 'again', in: 20, repeat: true })
      clock.advance(30)
      return ({ timers }) => timers.deliverDue()
    },
  },
  {
    name: 'mailbox.send',
    async seed(system) {
      const { agentId } = await aCrew(system)
      return ({ mailbox }) => mailbox.send(agentId, { kind: 'first' })
    },
  },
  {
    name: 'mailbox.claim',
    async seed(system) {
      const agentId = await someMail(system)
      return ({ mailbox }) => mailbox.claim(agentId, { ttl: MINUTE })
    },
    passes: MINUTE,
    answers: [{ kind: 'one' }, { kind: 'two' }],
  },
  {
    name: 'mailbox.ack',
    async seed(system) {
      const [first] = await system.mailbox.claim(await someMail(system))
      return ({ mailbox }) => mailbox.ack(first!)
    },
  },
  {
    name: 'mailbox.nack',
    async seed(system) {
      const [first] = await system.mailbox.claim(await someMail(system))
      return ({ mailbox }) => mailbox.nack(first!)
    },
  },
  {
    name: 'mailbox.drain',
    async seed(system) {
      const agentId = await someMail(system)
      await system.mailbox.claim(agentId, { limit: 1 })
      return ({ mailbox }) => mailbox.drain(agentId)
    },
  },
  {
    name: 'fileLocks.acquire',
    async seed(system) {
      const { workspaceId, agentId } = await aCrew(system)
      await system.fileLocks.acquire('docs/', { workspaceId, agentId, ttl: MINUTE })
      return ({ fileLocks }) => fileLocks.acquire('src/a.ts', { workspaceId, agentId, ttl: MINUTE })
    },
  },
  {
    name: 'leases.acquire',
    async seed(system, clock) {
      await system.leases.acquire('build', { holder: 'other', ttl: 10 })
      clock.advance(10)
      return ({ leases }) => leases.acquire('build', { holder: 'me', ttl: MINUTE })
    },
  },
  {
    name: 'schedules.claimDue',
    async seed(system, clock) {
      const { workspaceId } = await aCrew(system)
      await system.schedules.create({ workspaceId, cron: '* * * * *', catchUp: 'all', job: { kind: 'k' } })
      clock.advance(3 * MINUTE)
      return ({ schedules }) => schedules.claimDue()
    },
  },
  {
    name: 'tasks.complete, with a promotion',
    async seed(system) {
      const { workspaceId } = await aCrew(system)
      const { id } = await system.tasks.create({ workspaceId, title: 'first' })
      await system.tasks.create({ workspaceId, title: 'next', dependsOn: [id] })
      await system.tasks.start(id)
      return ({ tasks }) => tasks.complete(id)
    },
  },
  {
    name: 'tasks.create, with dependencies',
    async seed(system) {
      const { workspaceId } = await aCrew(system)
      const { id } = await system.tasks.create({ workspaceId, title: 'first' })
      return ({ tasks }) => tasks.create({ workspaceId, title: 'next', dependsOn: [id] })
    },
  },
  {
    name: 'messages.append',
    async seed(system) {
      const { workspaceId } = await aCrew(system)
      const { id } = await system.conversations.create({ workspaceId })
      return ({ messages }) => messages.append(id, { role: 'user', content: 'hello' })
    },
  },
  {
    name: 'notes.append',
    async seed(system) {
      const { workspaceId } = await aCrew(system)
      await system.notes.create({ workspaceId, title: 'N', id: NOTE })
      return ({ notes }) => notes.append(NOTE, 'hello')
    },
    look: async ({ notes }) => (await notes.read(NOTE)).text,
  },
]
