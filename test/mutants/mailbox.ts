/** The mailbox: in order, at least once, to one at a time. */

import { isOperator, lte } from '../../src/engine/query.ts'
import { NotFoundError, ValidationError } from '../../src/errors.ts'
import { mail, mailboxes } from '../../src/schema/mailbox.ts'
import type { MailboxStore } from '../../src/stores/mailbox.ts'
import type { Scope } from '../../src/system.ts'
import { giveWay, less, type Mutant, questions, stores } from './mutant.ts'

export const mailboxMutants: readonly Mutant[] = [
  {
    id: 'mail-counted-first',
    breaks: 'Counts an agent’s mail, and gives the next its number',
    scenario: 'mailbox.send',
    system: mailboxWith((scope, own) => ({
      async send(agentId, message, options) {
        const before = await scope.engine.get(mailboxes, String(agentId))
        await giveWay()
        const sent = await own.send(agentId, message, options)
        return before === null ? sent : { ...sent, seq: before.lastSeq + 1 }
      },
    })),
  },
  {
    id: 'mail-first-of-all',
    breaks: 'Makes a mailbox for every letter that finds none',
    scenario: 'mailbox.first-letters',
    system: mailboxWith(({ engine, agents }, own) => ({
      async send(agentId, message, options) {
        const found = await engine.get(mailboxes, String(agentId))
        await giveWay()
        const agent = found === null ? await agents.get(String(agentId)) : null
        if (agent !== null) await engine.insert(mailboxes, [{ agentId, workspaceId: agent.workspaceId }])
        return own.send(agentId, message, options)
      },
    })),
  },
  {
    id: 'mail-to-all-who-ask',
    breaks: 'Hands out what is in someone’s hands',
    scenario: 'mailbox.claim',
    engine: questions({
      match: (match, table) =>
        table === mailboxes && 'waiting' in match ? less(match, 'claimedUntil') : match,
    }),
  },
  {
    id: 'mail-gone-with-its-reader',
    breaks: 'Waits for ever for whoever has claimed mail',
    scenario: 'mailbox.comes-back',
    engine: questions({
      match: (match, table) =>
        table === mailboxes && 'waiting' in match && isOperator(match.claimedUntil)
          ? { ...match, claimedUntil: lte(new Date(0)) }
          : match,
    }),
  },
  {
    id: 'mail-delivered-again',
    breaks: 'Says each time that mail is delivered by this',
    scenario: 'mailbox.ack',
    system: mailboxWith((_scope, own) => ({
      ack: async (message, options) => (await own.ack(message, options)) || true,
    })),
  },
  {
    id: 'mail-in-any-order',
    breaks: 'Takes an acknowledgement of what is not the first',
    scenario: 'mailbox.ack-in-order',
    engine: questions({
      match: (match, table) => (table === mailboxes && 'nextSeq' in match ? less(match, 'nextSeq') : match),
    }),
  },
  {
    id: 'mail-acknowledged-late',
    breaks: 'Takes an acknowledgement of a claim that has ended',
    scenario: 'mailbox.stale',
    engine: questions({
      match: (match, table) =>
        table === mailboxes && 'nextSeq' in match ? less(less(match, 'claimedUntil'), 'fence') : match,
    }),
  },
  {
    id: 'mail-given-back-at-once',
    breaks: 'Hands out at once what is to wait',
    scenario: 'mailbox.nack',
    system: mailboxWith((_scope, own) => ({
      nack: (message, { signal } = {}) => own.nack(message, { signal }),
    })),
  },
  {
    id: 'mail-dropped-as-delivered',
    breaks: 'Calls delivered what was dropped',
    scenario: 'mailbox.drain',
    engine: questions({
      set: (set, table) =>
        table === mail && set.status === 'dropped' ? { ...set, status: 'delivered' } : set,
    }),
  },
  {
    id: 'mail-drained-in-parts',
    breaks: 'Drops what waits, and then forgets how much there was',
    scenario: 'mailbox.drain-races',
    system: mailboxWith(({ engine }, own) => ({
      async drain(agentId, options) {
        if (typeof agentId !== 'string') return own.drain(agentId, options)
        const now = engine.now()
        const dropped = await engine.update(mail, {
          where: { agentId, status: 'queued' },
          set: { status: 'dropped', settledAt: now },
        })
        await giveWay()
        const box = await engine.get(mailboxes, agentId)
        const set = { waiting: 0, claimedUntil: null, nextSeq: (box?.lastSeq ?? 0) + 1 }
        await engine.update(mailboxes, { where: { agentId }, set })
        return dropped.sort((a, b) => a.seq - b.seq)
      },
    })),
  },
  {
    id: 'mail-at-most-once',
    breaks: 'Takes mail for delivered as soon as it is claimed',
    scenario: 'mailbox.none-lost',
    system: mailboxWith((_scope, own) => ({
      async claim(agentId, options) {
        const claimed = await own.claim(agentId, options)
        for (const message of claimed) await own.ack(message)
        return claimed
      },
    })),
  },
  {
    id: 'mail-purged-unread',
    breaks: 'Forgets what still waits, too',
    scenario: 'mailbox.purge',
    system: mailboxWith(({ engine }, own) => ({
      async purge(before, options) {
        const purged = await own.purge(before, options)
        return purged + (await engine.remove(mail, { where: { createdAt: lte(before) } })).length
      },
    })),
  },
  {
    id: 'mail-to-nobody',
    breaks: 'Takes mail for agents that are not there',
    scenario: 'mailbox.of-an-agent',
    system: mailboxWith((_scope, own) => ({
      send: (agentId, message, options) =>
        own.send(agentId, message, options).catch((error: unknown) => {
          if (!(error instanceof NotFoundError)) throw error
          return { ...message, agentId } as Awaited<ReturnType<MailboxStore['send']>>
        }),
    })),
  },
  {
    id: 'mail-for-any-time',
    breaks: 'Takes a span that is none for a minute',
    scenario: 'mailbox.bad-input',
    system: mailboxWith((_scope, own) => ({
      claim: (agentId, options) =>
        own.claim(agentId, options).catch((error: unknown) => {
          if (!(error instanceof ValidationError) || error.column !== 'ttl') throw error
          return own.claim(agentId, { ...options, ttl: '1m' })
        }),
    })),
  },
]

function mailboxWith(overrides: (scope: Scope, own: MailboxStore) => Partial<MailboxStore>) {
  return stores((scope) => ({ mailbox: overrides(scope, scope.mailbox) }))
}
