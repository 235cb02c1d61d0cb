/** Verbs of one note at once, each of which looks before it writes: what it saw may be over by then. */

import assert from 'node:assert/strict'
import { buildDocument } from '../notes/codec.ts'
import { noteHeads, noteUpdates, noteVersions } from '../schema/notes.ts'
import type { System } from '../system.ts'
import { many, newWorkspace, range, refused, settled } from './expect.ts'
import { idsOf } from './fixtures.ts'
import { aNote, another, beforeFirstWriteTo, CONTENT, stateIn, stateOf, textIn } from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

export const noteRaceScenarios: readonly Scenario[] = [
  {
    id: 'notes.restore-while-edited',
    guarantee: 'What others write while a version is restored stays, before what is restored and behind it',
    async run({ system }) {
      const { id } = await aNote(system, 'the first version')
      await system.notes.label(id, 'v1')
      await system.notes.replace(id, { old: 'first', new: 'second' })
      const restorer = await another(
        system,
        {},
        beforeFirstWriteTo(noteUpdates, async () => {
          await system.notes.insert(id, 0, '<before> ')
          await system.notes.append(id, ' <behind>')
        }),
      )
      await restorer.notes.restore(id, 'v1')
      for (const each of [restorer, system, await another(system)]) {
        assert.equal(await textIn(each, id), '<before> the first version <behind>')
      }
    },
  },
  {
    id: 'notes.restore-race',
    guarantee:
      'Versions that are restored while N write, over two Systems, leave one text of whole edits, the same for all',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await aNote(system, 'base')
      await system.notes.label(id, 'v1')
      await system.notes.append(id, ' changed')
      const written = many(8, (i) => systems[i % 2]!.notes.append(id, `<${i}>`))
      const restored = many(2, (i) => systems[i]!.notes.restore(id, 'v1'))
      await Promise.all([...written, ...restored])
      const [text, other] = [await textIn(system, id), await textIn(systems[1]!, id)]
      assert.equal(text, other)
      // Who wrote before a restoration is undone by it, like all that came after the version.
      assert.match(text, /^base(<\d>)*$/)
      assert.equal(await stateIn(system, id), await stateIn(await another(system), id))
    },
  },
  {
    id: 'notes.label-race',
    guarantee: 'Of labels of one name that are set at once one is, and each names the state of its number',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await aNote(system, '')
      const writing = many(6, (i) => systems[i % 2]!.notes.append(id, 'x'))
      const same = settled(many(6, (i) => systems[i % 2]!.notes.label(id, 'same')))
      const own = await Promise.all(many(4, (i) => systems[i % 2]!.notes.label(id, `v${i}`)))
      const { values, codes } = await same
      await Promise.all(writing)
      assert.equal(values.length, 1)
      assert.deepEqual(
        codes,
        range(5).map(() => 'ALREADY_EXISTS'),
      )
      const rows = await system.engine.find(noteUpdates, { where: { noteId: id }, orderBy: [['seq', 'asc']] })
      for (const { label, seq } of [...own, ...values]) {
        const [version] = await system.engine.find(noteVersions, { where: { noteId: id, label } })
        const updates = rows.filter((row) => row.seq <= seq).map(({ data }) => data)
        const logged = buildDocument({ gc: true, snapshot: undefined, updates })
        const labelled = buildDocument({ gc: true, snapshot: version!.data, updates: [] })
        assert.equal(stateOf(labelled), stateOf(logged), label)
      }
    },
  },
  {
    id: 'notes.label-of-the-one-before',
    guarantee: 'A label that is overtaken by a deletion names nothing, not even in a new note of the same id',
    async run({ system }) {
      for (const again of [false, true]) {
        const { id, workspaceId } = await aNote(system, 'old')
        let isFirst = true
        const over = async (table: object) => {
          if (!isFirst || table !== noteVersions) return
          isFirst = false
          await system.notes.delete(id)
          if (again) await system.notes.create({ id, workspaceId, title: 'N', text: 'new' })
        }
        const labeller = await another(system, {}, (engine) => ({
          async insert(table, rows, options) {
            await over(table)
            return engine.insert(table, rows, options)
          },
          async write(write, options) {
            for (const step of write.steps) if ('insert' in step) await over(step.insert)
            return engine.write(write, options)
          },
        }))
        await refused('NOT_FOUND', labeller.notes.label(id, 'v1'), { id })
        if (again) assert.deepEqual((await system.notes.history(id)).versions, [])
      }
    },
  },
  {
    id: 'notes.spec-deleted-while-ensured',
    guarantee: 'Those who ask for a spec while others delete it get one each time, and one is left',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      const spec = await system.notes.ensureSpec(workspaceId, { text: 'first' })
      const specs = await Promise.all(
        many(8, async (i) => {
          if (i % 4 === 3) await systems[i % 2]!.notes.delete(spec.id)
          return systems[i % 2]!.notes.ensureSpec(workspaceId, { text: 'next' })
        }),
      )
      const left = (await system.notes.list({ workspaceId })).items
      assert.equal(left.length, 1)
      assert.ok(specs.every(({ id }) => idsOf([spec, ...left]).includes(id)))
      assert.equal(await textIn(systems[1]!, left[0]!.id), 'next')
    },
  },
  {
    id: 'notes.made-anew-while-written',
    guarantee:
      'What is on its way to a note that is deleted, and made again with its id, is refused, and is not in the new one',
    async run({ system }) {
      const { id, workspaceId } = await aNote(system, 'old')
      const writer: System = await another(
        system,
        {},
        beforeFirstWriteTo(noteUpdates, async () => {
          await system.notes.delete(id)
          await system.notes.create({ id, workspaceId, title: 'N', text: 'new' })
        }),
      )
      const doc = await writer.notes.open(id)
      doc.getText(CONTENT).insert(3, ' and late')
      await refused('NOT_FOUND', writer.notes.saved(id), { id })
      for (const each of [writer, system, await another(system)]) assert.equal(await textIn(each, id), 'new')
      assert.equal((await writer.notes.append(id, '!')).seq, 2)
      assert.equal((await system.engine.get(noteHeads, id))?.seq, 2)
      await writer.close()
    },
  },
]
