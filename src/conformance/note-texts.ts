/** The plain text beside the log: it comes to be that of the newest update. */

import assert from 'node:assert/strict'
import { UnavailableError } from '../errors.ts'
import { createNoteLog } from '../notes/log.ts'
import { noteHeads, noteTexts, noteUpdates } from '../schema/notes.ts'
import type { System } from '../system.ts'
import { many, refused } from './expect.ts'
import { aNote, another, becomes, beforeFirstWriteTo, CONTENT, textIn } from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

export const noteTextScenarios: readonly Scenario[] = [
  {
    id: 'notes.log-text-beside-it',
    guarantee:
      'The text that is stored beside the log comes to be that of the newest update, and never steps back',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await aNote(system, 'start')
      await Promise.all(many(20, (i) => systems[i % 2]!.notes.append(id, `${i % 10}`)))
      const { seq, epoch } = (await system.engine.get(noteHeads, id))!
      await becomes(async () => (await system.engine.get(noteTexts, id))?.seq, seq)
      const { text } = await system.notes.read(id)
      const doc = await (await another(system)).notes.open(id)
      assert.equal(doc.getText(CONTENT).toString(), text)
      const log = createNoteLog(system.engine)
      await log.project(id, epoch, seq - 1, 'older')
      await log.project(id, 'another', seq + 1, 'of a note that had the id before')
      assert.equal((await system.engine.get(noteTexts, id))?.text, text)
    },
  },
  {
    id: 'notes.log-text-with-what-came-between',
    guarantee: 'What arrives while an update is on its way is in the text that is stored with that update',
    async run({ system }) {
      const { id } = await aNote(system, 'start')
      const writer: System = await another(
        system,
        {},
        beforeFirstWriteTo(noteUpdates, async () => {
          await system.notes.append(id, '<other>')
          await writer.notes.open(id)
        }),
      )
      const { seq } = await writer.notes.append(id, '<mine>')
      await becomes(async () => (await system.engine.get(noteTexts, id))?.seq, seq)
      for (const each of [system, writer, await another(system)]) {
        const text = await textIn(each, id)
        assert.ok(text.includes('<other>') && text.includes('<mine>'), text)
      }
      await writer.close()
    },
  },
  {
    id: 'notes.log-text-that-could-not-be-stored',
    guarantee:
      'A text that could not be stored beside the log fails no edit; a search that would miss it fails until it is',
    async run({ system }) {
      const { id, workspaceId } = await aNote(system, 'start')
      let fails = true
      const writer = await another(system, {}, (engine) => ({
        update: async (table, query, options) => {
          // The cast: one table is another type than the next.
          if (fails && (table as object) === noteTexts) throw new UnavailableError('the disk is full')
          return engine.update(table, query, options)
        },
      }))
      await writer.notes.append(id, ' here')
      await refused('UNAVAILABLE', writer.notes.search(workspaceId, 'here'))
      assert.equal(await textIn(writer, id), 'start here')
      fails = false
      assert.equal((await writer.notes.search(workspaceId, 'here')).length, 1)
      await system.notes.append(id, ' there')
      await writer.notes.append(id, ' again')
      assert.equal((await writer.notes.search(workspaceId, 'start here there again')).length, 1)
      await writer.close()
    },
  },
]
