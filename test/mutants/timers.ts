/** Timers: when they go off, how often, and for whom. */

import { isOperator, lt, lte } from '../../src/engine/query.ts'
import { LeaseConflictError } from '../../src/errors.ts'
import { type Timer, timers } from '../../src/schema/timers.ts'
import type { TimerStore } from '../../src/stores/timers.ts'
import type { Scope } from '../../src/system.ts'
import { giveWay, type Mutant, questions, stores } from './mutant.ts'

export const timerMutants: readonly Mutant[] = [
  {
    id: 'timers-late',
    breaks: 'Goes off a millisecond after its time',
    scenario: 'timers.once',
    engine: questions({
      match: (match, table) =>
        table === timers && isOperator(match.dueAt) && 'value' in match.dueAt
          ? { ...match, dueAt: lt(match.dueAt.value) }
          : match,
    }),
  },
  {
    id: 'timers-drift',
    breaks: 'Plans the next time from when somebody looked',
    scenario: 'timers.no-drift',
    system: timersWith(({ engine }, own) => ({
      async claimDue(options) {
        const claimed = await own.claimDue(options)
        for (const { id, every } of claimed) {
          if (every === null) continue
          const dueAt = new Date(engine.now().getTime() + every)
          await engine.update(timers, { where: { id }, set: { dueAt } })
        }
        return claimed
      },
    })),
  },
  {
    id: 'timers-made-up-for',
    breaks: 'Goes off for every time that was missed',
    scenario: 'timers.overdue',
    system: timersWith(({ engine }, own) => ({
      async claimDue(options) {
        const claimed = await own.claimDue(options)
        for (const { id, every, dueAt } of claimed) {
          if (every === null) continue
          const next = new Date(dueAt.getTime() + every)
          await engine.update(timers, { where: { id }, set: { dueAt: next } })
        }
        return claimed
      },
    })),
  },
  {
    id: 'timers-claimed-by-all',
    breaks: 'Looks what is due, and takes it',
    scenario: 'timers.each-once',
    system: timersWith((scope, own) => ({
      async claimDue(options) {
        const due = await allDue(scope)
        await giveWay()
        await own.claimDue(options)
        return due.map((timer) => ({ ...timer, fired: timer.fired + 1 })).slice(0, options?.limit)
      },
    })),
  },
  {
    id: 'timers-cancelled-by-others',
    breaks: 'Cancels a timer for whoever asks',
    scenario: 'timers.owner',
    system: timersWith((_scope, own) => ({
      cancel: (id, by) =>
        own.cancel(id, by).catch((error: unknown) => {
          if (!(error instanceof LeaseConflictError)) throw error
          return own.cancel(id, { agentId: error.holder })
        }),
    })),
  },
  {
    id: 'timers-cancelled-and-fired',
    breaks: 'Cancels a timer that was there a moment ago',
    scenario: 'timers.cancel-or-fire',
    system: timersWith((_scope, own) => ({
      async cancel(id, by) {
        const found = await own.get(id)
        await giveWay()
        return (await own.cancel(id, by)) || found !== null
      },
    })),
  },
  {
    id: 'timers-counted-first',
    breaks: 'Counts an agent’s timers, and then sets one more',
    scenario: 'timers.most',
    system: timersWith(({ engine }, own) => ({
      async set(timer, options) {
        const agentId = String(timer?.agentId)
        const count = await own.count({ agentId })
        await giveWay()
        if (count < 10 || count >= 100) return own.set(timer, options)
        const [one] = await engine.find(timers, { where: { agentId }, limit: 1 })
        const [made] = await engine.insert(timers, [{ ...one!, id: engine.newId() }])
        return made!
      },
    })),
  },
  {
    id: 'timers-sent-by-all',
    breaks: 'Sends what is due, and then takes it',
    scenario: 'timers.delivered',
    system: timersWith((scope, own) => ({
      async deliverDue(options) {
        const due = await allDue(scope)
        await giveWay()
        for (const { agentId, label } of due)
          await scope.mailbox.send(agentId, { kind: 'timer', payload: { label } })
        await own.claimDue(options)
        return due
      },
    })),
  },
  {
    id: 'timers-at-any-time',
    breaks: 'Takes no time at all for a minute',
    scenario: 'timers.bad-input',
    system: timersWith((_scope, own) => ({
      set: (timer, options) =>
        own.set(typeof timer?.in === 'number' && timer.in < 1 ? { ...timer, in: '1m' } : timer, options),
    })),
  },
  {
    id: 'timers-by-age',
    breaks: 'Lists timers by when they were set',
    scenario: 'timers.of-an-agent',
    system: timersWith((_scope, own) => ({
      list: (filter, options) => own.list(filter, { order: { createdAt: 'asc', id: 'asc' }, ...options }),
    })),
  },
]

function timersWith(overrides: (scope: Scope, own: TimerStore) => Partial<TimerStore>) {
  return stores((scope) => ({ timers: overrides(scope, scope.timers) }))
}

function allDue({ engine }: Pick<Scope, 'engine'>): Promise<Timer[]> {
  const where = { dueAt: lte(engine.now()) }
  return engine.find(timers, { where, orderBy: [['dueAt', 'asc']] })
}
