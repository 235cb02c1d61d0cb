/** Notes as rows: what they are, and who finds them. */

import assert from 'node:assert/strict'
import { allRefused, many, newWorkspace, range, refused, settled } from './expect.ts'
import { idsOf, UNKNOWN } from './fixtures.ts'
import { aNote, CONTENT, textIn } from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

export const noteScenarios: readonly Scenario[] = [
  {
    id: 'notes.create',
    guarantee: 'A note begins with the text it is given, or empty, and is general unless told',
    async run({ system, second }) {
      const workspaceId = await newWorkspace(system)
      const note = await system.notes.create({ workspaceId, title: 'Plan', text: 'Ship 👍🏽' })
      const { type, assignedAgentIds, parentId, taskId, metadata, gc, version } = note
      assert.deepEqual(
        { type, assignedAgentIds, parentId, taskId, metadata, gc, version },
        {
          type: 'general',
          assignedAgentIds: [],
          parentId: null,
          taskId: null,
          metadata: {},
          gc: true,
          version: 1,
        },
      )
      assert.ok(!('text' in note))
      const empty = await system.notes.create({ workspaceId, title: 'Empty' })
      const other = await second()
      assert.deepEqual(await other.notes.read(note.id), { noteId: note.id, text: 'Ship 👍🏽', seq: 1 })
      assert.deepEqual(await other.notes.read(empty.id), { noteId: empty.id, text: '', seq: 0 })
      for (const text of ['\0', '\ud800', 7, null]) {
        await refused('VALIDATION', system.notes.create({ workspaceId, title: 'N', text: text as string }))
      }
      assert.equal(await system.notes.count(), 2)
    },
  },
  {
    id: 'notes.one-spec',
    guarantee:
      'However many ask for a workspace’s spec at once, over two Systems, it is made once, and its text with it',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      const specs = await Promise.all(
        many(12, (i) => systems[i % 2]!.notes.ensureSpec(workspaceId, { title: `By ${i}`, text: `${i}` })),
      )
      const [spec] = specs
      assert.equal(new Set(idsOf(specs)).size, 1)
      assert.equal(spec!.type, 'spec')
      assert.equal(`By ${await textIn(system, spec!.id)}`, spec!.title)
      assert.deepEqual(
        await systems[1]!.notes.ensureSpec(workspaceId, { title: 'Again', text: 'again' }),
        spec,
      )
      assert.equal(await system.notes.count({ workspaceId }), 1)
      await refused('ALREADY_EXISTS', system.notes.create({ workspaceId, title: 'Second', type: 'spec' }), {
        columns: ['workspaceId'],
      })
      await refused('REFERENCE', system.notes.ensureSpec(UNKNOWN))
      assert.notEqual((await system.notes.ensureSpec(await newWorkspace(system))).id, spec!.id)
    },
  },
  {
    id: 'notes.spec-race',
    guarantee: 'Of specs that are created at once in one workspace one is, and of the others nothing remains',
    async run({ system, second }) {
      const systems = [system, await second()]
      const workspaceId = await newWorkspace(system)
      const { values, codes } = await settled(
        many(8, (i) => systems[i % 2]!.notes.create({ workspaceId, title: `${i}`, type: 'spec', text: 'x' })),
      )
      assert.equal(values.length, 1)
      assert.deepEqual(
        codes,
        range(7).map(() => 'ALREADY_EXISTS'),
      )
      assert.deepEqual(await system.notes.list(), { items: values, next: null })
      assert.equal(await textIn(system, values[0]!.id), 'x')
    },
  },
  {
    id: 'notes.list',
    guarantee: 'Notes are listed by age, and filtered by type, parent, task and the like',
    async run({ system, clock }) {
      const workspaceId = await newWorkspace(system)
      const task = await system.tasks.create({ workspaceId, title: 'T' })
      const spec = await system.notes.ensureSpec(workspaceId)
      clock.advance(1)
      const child = await system.notes.create({ workspaceId, title: 'Child', parentId: spec.id })
      clock.advance(1)
      const ofTask = await system.notes.create({ workspaceId, title: 'Task', type: 'task', taskId: task.id })
      const listed = async (filter: Parameters<typeof system.notes.list>[0]) =>
        idsOf((await system.notes.list(filter)).items)
      assert.deepEqual(await listed({ workspaceId }), idsOf([spec, child, ofTask]))
      assert.deepEqual(await listed({ workspaceId, type: ['spec', 'task'] }), idsOf([spec, ofTask]))
      assert.deepEqual(await listed({ parentId: spec.id }), [child.id])
      assert.deepEqual(await listed({ taskId: task.id }), [ofTask.id])
      assert.deepEqual(await listed({ parentId: null, type: 'general' }), [])
      await system.notes.delete(spec.id)
      await system.tasks.delete(task.id)
      assert.deepEqual(
        (await system.notes.list({ workspaceId })).items.map(({ parentId, taskId }) => [parentId, taskId]),
        [
          [null, null],
          [null, null],
        ],
      )
    },
  },
  {
    id: 'notes.update',
    guarantee:
      'What a note is called and belongs to can be changed, at a version; its type and its text cannot so',
    async run({ system }) {
      const { id, version } = await aNote(system, 'text')
      const patch = { title: 'New', assignedAgentIds: ['ada'], metadata: { a: 1 } }
      const note = await system.notes.update(id, patch, { ifVersion: version })
      assert.deepEqual(
        [note.title, note.assignedAgentIds, note.metadata, note.version],
        ['New', ['ada'], { a: 1 }, 2],
      )
      await refused('VERSION_CONFLICT', system.notes.update(id, { title: 'Newer' }, { ifVersion: version }))
      await system.notes.append(id, '!')
      assert.equal((await system.notes.get(id))?.version, 2)
      for (const key of ['type', 'text', 'gc', 'workspaceId', 'id']) {
        await refused('VALIDATION', system.notes.update(id, { [key]: 'spec' } as never))
      }
    },
  },
  {
    id: 'notes.confined',
    guarantee: 'A confined System reads, writes, searches and opens notes of its workspace, and no others',
    async run({ system }) {
      const [own, other] = [await aNote(system, 'own text'), await aNote(system, 'other text')]
      const mine = system.in(own.workspaceId)
      await mine.notes.append(own.id, '!')
      const doc = await mine.notes.open(own.id)
      doc.getText(CONTENT).insert(0, '> ')
      await mine.notes.saved(own.id)
      await mine.notes.close(own.id)
      assert.equal(await textIn(mine, own.id), '> own text!')
      // Also when it is open: that it lives in the process makes it nobody else's.
      await system.notes.open(other.id)
      const { notes } = mine
      await allRefused('NOT_FOUND', [
        notes.read(other.id),
        notes.append(other.id, 'x'),
        notes.insert(other.id, 0, 'x'),
        notes.replace(other.id, { old: 'other', new: 'x' }),
        notes.edit(other.id, 'other text', 'x'),
        notes.applyUpdate(other.id, new Uint8Array([0, 0])),
        notes.open(other.id),
        notes.saved(other.id),
        notes.close(other.id),
        notes.label(other.id, 'v1'),
        notes.compact(other.id),
        notes.history(other.id),
      ])
      assert.deepEqual(await notes.search(other.workspaceId, 'text'), [])
      assert.equal((await notes.search(own.workspaceId, 'text')).length, 1)
      await refused('REFERENCE', notes.ensureSpec(other.workspaceId))
      assert.equal(await textIn(system, other.id), 'other text')
    },
  },
]
