/** Databases that fail beneath a note: nothing is acknowledged that is not durable, and nothing is lost. */

import assert from 'node:assert/strict'
import type { Write } from '../engine/engine.ts'
import { ClosedError, UnavailableError } from '../errors.ts'
import { noteUpdates } from '../schema/notes.ts'
import { refused } from './expect.ts'
import { aNote, another, beforeWritesTo, CONTENT, seqsOf, textIn, touches } from './note-fixtures.ts'
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
      assert.equal(await textIn(system, id), 'start lost? no')
      assert.equal(await textIn(await another(system), id), 'start lost? no')
    },
  },
  {
    id: 'notes.log-commit-that-was-not-heard-of',
    guarantee: 'An update that was written although the writer heard of a failure is in the note once',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      let fails = 2
      const writer = await another(system, {}, (engine) => ({
        async write(write, options) {
          const answer = await engine.write(write, options)
          if (touches(write as Write, noteUpdates) && fails-- > 0)
            throw new UnavailableError('the line is dead')
          return answer
        },
      }))
      await refused('UNAVAILABLE', writer.notes.append(id, ' once'))
      await refused('UNAVAILABLE', writer.notes.saved(id))
      await writer.notes.saved(id)
      for (const each of [writer, system, await another(system)])
        assert.equal(await textIn(each, id), 'start once')
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
      await new Promise((resolve) => setImmediate(resolve))
      assert.equal(writes, before)
      await refused('CLOSED', writer.close())
    },
  },
]
