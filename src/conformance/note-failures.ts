/** Databases that fail beneath a note: nothing is acknowledged that is not durable, and nothing is lost. */

import assert from 'node:assert/strict'
import type { Write } from '../engine/engine.ts'
import { ClosedError, UnavailableError } from '../errors.ts'
import { noteUpdates } from '../schema/notes.ts'
import { refused } from './expect.ts'
import {
  aClient,
  aNote,
  another,
  becomes,
  beforeWritesTo,
  CONTENT,
  seqsOf,
  textIn,
  touches,
} from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

export const noteFailureScenarios: readonly Scenario[] = [
  {
    id: 'notes.log-no-ack-before-commit',
    guarantee:
      'What cannot be written is not acknowledged: the error comes out, nobody else sees it, and later it succeeds',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      let fails = true
      const failure = new UnavailableError('the disk is full')
      const writer = await another(
        system,
        {},
        beforeWritesTo(noteUpdates, () => {
          if (fails) throw failure
        }),
      )
      assert.equal(await refused('UNAVAILABLE', writer.notes.append(id, ' lost?')), failure)
      await refused('UNAVAILABLE', writer.notes.saved(id))
      await refused(
        'UNAVAILABLE',
        writer.notes.close(id).then(() => writer.notes.saved(id)),
      )
      assert.equal(await textIn(system, id), 'start')
      assert.deepEqual(await seqsOf(system, id), [1])
      fails = false
      await writer.notes.append(id, ' no')
      await writer.notes.saved(id)
      assert.equal(await textIn(system, id), 'start no')
      assert.equal(await textIn(await another(system), id), 'start no')
    },
  },
  {
    id: 'notes.log-repeated-after-failure',
    guarantee:
      'An edit that could not be written is undone, whatever it did, so that who repeats it does it once; what was typed meanwhile stays',
    async run({ system }) {
      const { id } = await aNote(system, 'one two three')
      await system.notes.label(id, 'first')
      let fails = false
      const writer = await another(
        system,
        {},
        beforeWritesTo(noteUpdates, () => {
          if (fails) throw new UnavailableError('the line is dead')
        }),
      )
      const doc = await writer.notes.open(id)
      const { notes } = writer
      const edits: readonly (readonly [() => Promise<unknown>, string])[] = [
        [() => notes.append(id, ' four'), 'one two three four'],
        [() => notes.insert(id, 0, 'zero '), 'zero one two three four'],
        [() => notes.replace(id, { old: 'two', new: 'TWO' }), 'zero one TWO three four'],
        [() => notes.replace(id, { old: ' three', new: '' }), 'zero one TWO four'],
        [() => notes.edit(id, 'zero one TWO four', 'zero one TWO five'), 'zero one TWO five'],
      ]
      let typed = 0
      for (const [edit, text] of edits) {
        fails = true
        await refused('UNAVAILABLE', edit())
        await refused('UNAVAILABLE', edit())
        doc.getText(CONTENT).insert(0, '·')
        typed++
        fails = false
        await edit()
        await notes.saved(id)
        for (const each of [writer, system, await another(system)]) {
          const parts = (await textIn(each, id)).split('·')
          assert.deepEqual([parts.join(''), parts.length - 1], [text, typed])
        }
      }
      fails = true
      await refused('UNAVAILABLE', notes.restore(id, 'first'))
      fails = false
      await notes.restore(id, 'first')
      assert.equal(await textIn(await another(system), id), 'one two three')
      await notes.compact(id)
      await notes.close(id)
      assert.equal(await textIn(await another(system), id), 'one two three')
    },
  },
  {
    id: 'notes.log-commit-that-was-not-heard-of',
    guarantee:
      'An edit that was written although the writer heard of a failure is taken back, and an update is in the note once',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      let fails = true
      const writer = await another(system, {}, (engine) => ({
        async write(write, options) {
          const answer = await engine.write(write, options)
          if (touches(write as Write, noteUpdates) && fails) throw new UnavailableError('the line is dead')
          return answer
        },
      }))
      const client = aClient(5)
      client.text.insert(0, 'update ')
      const update = client.updates.pop()!
      await refused('UNAVAILABLE', writer.notes.append(id, ' once'))
      await refused('UNAVAILABLE', writer.notes.applyUpdate(id, update))
      await refused('UNAVAILABLE', writer.notes.saved(id))
      fails = false
      await writer.notes.append(id, ' once')
      await writer.notes.applyUpdate(id, update)
      await writer.notes.saved(id)
      for (const each of [writer, system, await another(system)]) {
        const all = await textIn(each, id)
        assert.deepEqual([all.split('once').length, all.split('update').length, all.length], [2, 2, 17])
      }
    },
  },
  {
    id: 'notes.log-closed-beneath',
    guarantee:
      'Documents whose database is closed tell so whoever writes, try nothing by themselves, and can be closed',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      let writes = 0
      const writer = await another(
        system,
        {},
        beforeWritesTo(noteUpdates, () => {
          writes++
          throw new ClosedError()
        }),
      )
      const doc = await writer.notes.open(id)
      await refused('CLOSED', writer.notes.append(id, '!'))
      doc.getText(CONTENT).insert(0, '!')
      await refused('CLOSED', writer.notes.saved(id))
      const before = writes
      // As long as one takes whose database may come back, which does try by itself.
      let tries = 0
      const other = await another(
        system,
        {},
        beforeWritesTo(noteUpdates, () => {
          tries++
          throw new UnavailableError('the line is dead')
        }),
      )
      const open = await other.notes.open(id)
      open.getText(CONTENT).insert(0, '!')
      await becomes(async () => tries > 2, true)
      assert.equal(writes, before)
      await refused('CLOSED', writer.close())
      await refused('UNAVAILABLE', other.close())
    },
  },
]
