/** Who is at a note: told by places, heard by whoever follows, and gone when it is not said again. */

import assert from 'node:assert/strict'
import { notePresence } from '../schema/notes.ts'
import type { Scope } from '../system.ts'
import { allRefused, refused } from './expect.ts'
import { UNKNOWN } from './fixtures.ts'
import { aNote, another, becomes, deaf } from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

const MINUTE = 60_000

/** What a follower knows, as `place: bytes`. */
async function following(scope: Scope, noteId: string) {
  let told: string[] = []
  const stop = await scope.notes.presence.follow(noteId, (all) => {
    told = [...all].map(([place, data]) => `${place}: ${data.join()}`).sort()
  })
  return {
    stop,
    comesToKnow: (...expected: string[]) => becomes(async () => told, expected),
  }
}

const tell = (scope: Scope, noteId: string, place: string, ...data: number[]) =>
  scope.notes.presence.tell(noteId, place, new Uint8Array(data), MINUTE)

export const notePresenceScenarios: readonly Scenario[] = [
  {
    id: 'notes.presence-told',
    guarantee:
      'What places tell of who is at a note is heard here and elsewhere: the newest of each, and at once by who comes later',
    async run({ system, second }) {
      const other = await second()
      const [{ id }, { id: another }] = [await aNote(system), await aNote(system)]
      const followers = [await following(system, id), await following(other, id)]
      const apart = await following(system, another)
      await tell(system, id, 'here', 1)
      await tell(other, id, 'there', 2, 2)
      for (const each of followers) await each.comesToKnow('here: 1', 'there: 2,2')
      await tell(other, id, 'there', 3)
      for (const each of followers) await each.comesToKnow('here: 1', 'there: 3')
      const late = await following(other, id)
      await late.comesToKnow('here: 1', 'there: 3')
      await tell(system, another, 'here', 9)
      await apart.comesToKnow('here: 9')
      for (const { stop } of [...followers, late, apart]) stop()
    },
  },
  {
    id: 'notes.presence-leaves',
    guarantee: 'Who says that nobody is there any more is gone for all, and the others stay',
    async run({ system, second }) {
      const other = await second()
      const { id } = await aNote(system)
      const followers = [await following(system, id), await following(other, id)]
      await tell(system, id, 'here', 1)
      await tell(other, id, 'there', 2)
      for (const each of followers) await each.comesToKnow('here: 1', 'there: 2')
      await system.notes.presence.tell(id, 'here', null, 0)
      for (const each of followers) await each.comesToKnow('there: 2')
      await system.notes.presence.tell(id, 'here', null, 0)
      await other.notes.presence.tell(id, 'there', null, 0)
      for (const each of followers) await each.comesToKnow()
      assert.deepEqual(await system.engine.find(notePresence), [])
      for (const { stop } of followers) stop()
    },
  },
  {
    id: 'notes.presence-expires',
    guarantee:
      'What is not told again holds to the millisecond that was said, by the System’s clock, and leaves no row',
    async run({ system, clock, second }) {
      const other = await second()
      const { id } = await aNote(system)
      const { presence } = system.notes
      await presence.tell(id, 'short', new Uint8Array([1]), 1000)
      await presence.tell(id, 'again', new Uint8Array([2]), 1000)
      clock.advance(999)
      const early = await following(other, id)
      await early.comesToKnow('again: 2', 'short: 1')
      await presence.tell(id, 'again', new Uint8Array([2]), 1000)
      clock.advance(1)
      // Who has followed all along is told as well.
      await early.comesToKnow('again: 2')
      const late = await following(other, id)
      await late.comesToKnow('again: 2')
      const places = async () => (await system.engine.find(notePresence)).map(({ place }) => place)
      await becomes(places, ['again'])
      await presence.tell(id, 'over', new Uint8Array([3]), -1)
      await tell(system, id, 'last', 4)
      await late.comesToKnow('again: 2', 'last: 4')
      early.stop()
      late.stop()
    },
  },
  {
    id: 'notes.presence-lost-notifications',
    guarantee: 'Where no notification arrives, who is at a note is known all the same, a little later',
    async run({ system }) {
      const [teller, follower] = await Promise.all([
        another(system, {}, deaf),
        another(system, { pollMs: 10 }, deaf),
      ])
      const { id } = await aNote(system)
      const follows = await following(follower, id)
      await tell(teller, id, 'there', 1)
      await follows.comesToKnow('there: 1')
      await teller.notes.presence.tell(id, 'there', null, 0)
      await follows.comesToKnow()
      follows.stop()
    },
  },
  {
    id: 'notes.presence-followed-twice',
    guarantee: 'Who follows a note twice hears everything twice, and stops one without the other',
    async run({ system }) {
      const { id } = await aNote(system)
      let told: string[] = []
      const handler = (all: ReadonlyMap<string, Uint8Array>) => {
        told = [...all.keys()]
      }
      const stops = [
        await system.notes.presence.follow(id, handler),
        await system.notes.presence.follow(id, handler),
      ]
      stops[0]!()
      await tell(system, id, 'here', 1)
      await becomes(async () => told, ['here'])
      stops[1]!()
      const after = await following(system, id)
      await tell(system, id, 'later', 2)
      await after.comesToKnow('here: 1', 'later: 2')
      assert.deepEqual(told, ['here'])
      after.stop()
    },
  },
  {
    id: 'notes.presence-of-the-deleted',
    guarantee: 'Nobody is at a note that is gone, none can come, and one that is made with its id is empty',
    async run({ system, second }) {
      const other = await second()
      const { id, workspaceId } = await aNote(system)
      const follows = await following(other, id)
      await tell(system, id, 'here', 1)
      await follows.comesToKnow('here: 1')
      await system.notes.delete(id)
      for (const { presence } of [system.notes, other.notes]) {
        await refused('NOT_FOUND', presence.tell(id, 'here', new Uint8Array([1]), MINUTE), { id })
        await refused('NOT_FOUND', presence.tell(id, 'here', null, 0), { id })
        await refused(
          'NOT_FOUND',
          presence.follow(id, () => {}),
          { id },
        )
      }
      await system.notes.create({ id, workspaceId, title: 'Again' })
      await tell(system, id, 'new', 2)
      await follows.comesToKnow('new: 2')
      follows.stop()
    },
  },
  {
    id: 'notes.presence-deleted-while-told',
    guarantee: 'Who tells of a note while it is deleted is told that it is not there',
    async run({ system }) {
      const { id } = await aNote(system)
      const teller = await another(system, {}, (engine) => ({
        async insert(table, rows, options) {
          // The cast: one table is another type than the next.
          if ((table as object) === notePresence) await system.notes.delete(id)
          return engine.insert(table, rows, options)
        },
      }))
      await refused('NOT_FOUND', tell(teller, id, 'here', 1), { id })
    },
  },
  {
    id: 'notes.presence-confined',
    guarantee: 'A confined System tells and hears of notes of its workspace, and is heard by all',
    async run({ system, second }) {
      const [own, other] = [await aNote(system), await aNote(system)]
      const mine = system.in(own.workspaceId)
      const follows = await following((await second()).in(own.workspaceId), own.id)
      const whole = await following(system, own.id)
      await tell(mine, own.id, 'mine', 1)
      await tell(system, own.id, 'whole', 2)
      for (const each of [follows, whole]) await each.comesToKnow('mine: 1', 'whole: 2')
      await tell(system, other.id, 'there', 3)
      const { presence } = mine.notes
      await allRefused('NOT_FOUND', [
        presence.tell(other.id, 'there', new Uint8Array([4]), MINUTE),
        presence.tell(other.id, 'there', null, 0),
        presence.follow(other.id, () => {}),
      ])
      const theirs = await following(system, other.id)
      await theirs.comesToKnow('there: 3')
      for (const { stop } of [follows, whole, theirs]) stop()
    },
  },
  {
    id: 'notes.presence-transaction',
    guarantee: 'What a transaction tells is heard after it commits; following is no part of one',
    async run({ system }) {
      const { id } = await aNote(system)
      const follows = await following(system, id)
      await system.transaction((tx) => tell(tx, id, 'kept', 1))
      await follows.comesToKnow('kept: 1')
      const undone = system.transaction(async (tx) => {
        await tell(tx, id, 'undone', 2)
        await tx.notes.presence.follow(id, () => {})
      })
      await refused('TRANSACTION_SCOPE', undone)
      await tell(system, id, 'after', 3)
      await follows.comesToKnow('after: 3', 'kept: 1')
      follows.stop()
    },
  },
  {
    id: 'notes.presence-refused',
    guarantee: 'What is no presence, or too large, is refused, and nothing is told',
    async run({ system }) {
      const { id } = await aNote(system)
      const { presence } = system.notes
      const follows = await following(system, id)
      await tell(system, id, 'here', 1)
      await follows.comesToKnow('here: 1')
      const good = new Uint8Array([1])
      for (const data of [undefined, 'AAA=', [1], {}, 7, new Uint8Array(16_000_001)]) {
        await refused('VALIDATION', presence.tell(id, 'x', data as Uint8Array, MINUTE), { column: 'data' })
      }
      for (const place of [undefined, null, 7, '\0', 'x'.repeat(129)]) {
        for (const data of [good, null]) {
          await refused('VALIDATION', presence.tell(id, place as string, data, MINUTE), { column: 'place' })
        }
      }
      for (const forMs of [undefined, null, Number.NaN, Infinity, '7', 1e20]) {
        await refused('VALIDATION', presence.tell(id, 'x', good, forMs as number))
      }
      for (const unknown of [undefined, null, 7]) {
        await refused('VALIDATION', presence.tell(unknown as unknown as string, 'x', good, MINUTE))
        await refused(
          'VALIDATION',
          presence.follow(unknown as unknown as string, () => {}),
        )
      }
      await refused('VALIDATION', presence.follow(id, 'handler' as never))
      await refused('NOT_FOUND', presence.tell(UNKNOWN, 'x', good, MINUTE))
      await tell(system, id, 'there', 2)
      await follows.comesToKnow('here: 1', 'there: 2')
      follows.stop()
    },
  },
]
