/** Notes as rows: what they are, who finds them, and what transactions make of them. */

import assert from 'node:assert/strict'
import { allRefused, many, newWorkspace, range, refused, settled } from './expect.ts'
import { idsOf, UNKNOWN } from './fixtures.ts'
import { aNote, another, arrives, becomes, CONTENT, textIn } from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

class Own extends Error {}

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
    id: 'notes.search',
    guarantee: 'A search finds what title or text contain to the letter, whatever the case and the language',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const make = async (title: string, text: string) =>
        (await system.notes.create({ workspaceId, title, text })).id
      // Each has an n: One, snake, nothing, line, noir, now.
      const ids = {
        percent: await make('One', 'at 100% of it'),
        under: await make('Two', 'snake_case'),
        street: await make('Straße', 'nothing'),
        greek: await make('Greek', 'ΟΔΟΣ\nsecond line'),
        accent: await make('Café', 'cafe\u0301 noir'),
        emoji: await make('Emoji', 'ship it 👩‍👩‍👧‍👦 now'),
      }
      const other = await aNote(system, 'at 100% elsewhere')
      const found = async (text: string) =>
        (await system.notes.search(workspaceId, text)).map(({ note }) => note.id)
      assert.deepEqual(await found('100%'), [ids.percent])
      assert.deepEqual(await found('1%0'), [])
      assert.deepEqual(await found('_'), [ids.under])
      assert.deepEqual(await found('SNAKE_c'), [ids.under])
      assert.deepEqual(await found('snakeXcase'), [])
      assert.deepEqual(await found('STRASSE'), [ids.street])
      assert.deepEqual(await found('οδος'), [ids.greek])
      assert.deepEqual(await found('CAFÉ'), [ids.accent])
      assert.deepEqual(await found('👩‍👩‍👧‍👦'), [ids.emoji])
      assert.deepEqual(await found("' or 1=1 --"), [])
      assert.deepEqual(await found('\\'), [])
      assert.deepEqual(await found('n'), [
        ids.percent,
        ids.under,
        ids.street,
        ids.greek,
        ids.accent,
        ids.emoji,
      ])
      assert.deepEqual(
        (await system.notes.search(other.workspaceId, '100%')).map(({ note }) => note),
        [other],
      )
      assert.deepEqual(await system.notes.search(UNKNOWN, 'o'), [])
      for (const text of ['', 7, null, undefined]) {
        await refused('VALIDATION', system.notes.search(workspaceId, text as string))
      }
      for (const limit of [0, 1001, 1.5])
        await refused('VALIDATION', system.notes.search(workspaceId, 'o', { limit }))
    },
  },
  {
    id: 'notes.search-excerpt',
    guarantee:
      'A match in the text comes with the line that it is in, and one in the title alone with none; limits hold over both',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const titles = ['both Friday', 'title FRIDAY', 'none', 'text']
      const texts = ['one\nsee you on friday\nthree', 'nothing', 'nothing', `${'x'.repeat(300)} Friday`]
      for (const [i, title] of titles.entries()) {
        await system.notes.create({ id: `n${i}`, workspaceId, title, text: texts[i] })
      }
      const matches = await system.notes.search(workspaceId, 'friday')
      assert.deepEqual(
        matches.map(({ note }) => note.id),
        ['n0', 'n1', 'n3'],
      )
      assert.equal(matches[0]!.excerpt, 'see you on friday')
      assert.equal(matches[1]!.excerpt, null)
      assert.ok(matches[2]!.excerpt!.endsWith('Friday') && matches[2]!.excerpt!.length <= 200)
      for (const limit of [1, 2, 3]) {
        const some = await system.notes.search(workspaceId, 'friday', { limit })
        assert.deepEqual(some, matches.slice(0, limit))
      }
    },
  },
  {
    id: 'notes.search-what-is-there-now',
    guarantee:
      'A search knows what was just written here, soon what was written elsewhere, and nothing that is gone',
    async run({ system, second }) {
      const other = await second()
      const { id, workspaceId } = await aNote(system, 'before')
      const found = async (by: typeof system, text: string) =>
        idsOf((await by.notes.search(workspaceId, text)).map(({ note }) => note))
      for (const i of range(5)) {
        await system.notes.append(id, ` word${i}`)
        assert.deepEqual(await found(system, `WORD${i}`), [id])
      }
      await system.notes.replace(id, { old: 'before', new: 'after' })
      assert.deepEqual(await found(system, 'before'), [])
      await becomes(() => found(other, 'after word0'), [id])
      await other.notes.delete(id)
      assert.deepEqual(await found(system, 'after'), [])
      assert.deepEqual(await found(other, 'N'), [])
    },
  },
  {
    id: 'notes.delete',
    guarantee: 'Of a deleted note nothing is found by any verb, and it can be deleted once',
    async run({ system, second }) {
      const other = await second()
      const { id, workspaceId } = await aNote(system, 'text')
      await system.notes.label(id, 'v1')
      await system.notes.compact(id)
      const deletions = await Promise.all([system.notes.delete(id), other.notes.delete(id)])
      assert.deepEqual(deletions.toSorted(), [false, true])
      for (const { notes } of [system, other]) {
        assert.equal(await notes.get(id), null)
        assert.deepEqual(await notes.list({ workspaceId }), { items: [], next: null })
        assert.deepEqual(await notes.search(workspaceId, 'text'), [])
        await allRefused('NOT_FOUND', [
          notes.read(id),
          notes.history(id),
          notes.open(id),
          notes.restore(id, 'v1'),
        ])
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
  {
    id: 'notes.transaction',
    guarantee:
      'What a transaction does to notes is seen by nobody until it commits, and then by all, open documents included',
    async run({ system, second }) {
      const other = await second()
      const { id, workspaceId } = await aNote(system, 'a')
      const doc = await system.notes.open(id)
      const made = await system.transaction(async (tx) => {
        await tx.notes.append(id, 'b', { actor: 'ada' })
        await tx.notes.replace(id, { old: 'ab', new: 'abc' })
        const note = await tx.notes.create({ workspaceId, title: 'New', text: 'new' })
        await tx.notes.append(note.id, '!')
        assert.equal((await tx.notes.read(id)).text, 'abc')
        assert.equal((await tx.notes.search(workspaceId, 'abc')).length, 1)
        assert.equal(doc.getText(CONTENT).toString(), 'a')
        return note.id
      })
      await arrives(doc, (text) => text === 'abc')
      for (const each of [system, other, await another(system)]) {
        assert.equal(await textIn(each, id), 'abc')
        assert.equal(await textIn(each, made), 'new!')
        assert.equal((await each.notes.search(workspaceId, 'abc')).length, 1)
      }
      assert.deepEqual(
        (await system.notes.history(id)).edits.map(({ actor }) => actor),
        [null, 'ada', null],
      )
      await system.notes.close(id)
    },
  },
  {
    id: 'notes.transaction-rolled-back',
    guarantee:
      'What a transaction did to notes that failed leaves no trace: not in rows, not in open documents, not in events',
    async run({ system, second }) {
      const { id, workspaceId } = await aNote(system, 'a')
      const doc = await system.notes.open(id)
      const events = (await second()).notes.watch({ workspaceId })
      const transaction = system.transaction(async (tx) => {
        await tx.notes.append(id, 'lost')
        await tx.notes.create({ workspaceId, title: 'Lost' })
        await tx.notes.update(id, { title: 'Lost' })
        throw new Own()
      })
      await assert.rejects(transaction, Own)
      assert.equal(doc.getText(CONTENT).toString(), 'a')
      assert.deepEqual(await system.notes.read(id), { noteId: id, text: 'a', seq: 1 })
      await system.notes.append(id, 'b')
      // That it was made a moment ago may be told as well.
      const told: (string | undefined)[] = []
      while (told.at(-1) !== `edited ${id} 2`) {
        const { value } = await events.next()
        told.push(`${value?.kind} ${value?.noteId} ${value?.seq}`)
      }
      assert.deepEqual(
        told.slice(0, -1).filter((each) => each !== `created ${id} 1`),
        [],
      )
      assert.equal(doc.getText(CONTENT).toString(), 'ab')
      assert.equal(await textIn(await another(system), id), 'ab')
      assert.equal(await system.notes.count(), 1)
      await events.return?.()
      await system.notes.close(id)
    },
  },
  {
    id: 'notes.transaction-at-once',
    guarantee:
      'Edits made at once in one transaction are all there, and so is the text that is searched; it may run twice',
    async run({ system, rerunning }) {
      for (const each of [system, await rerunning()]) {
        const { id, workspaceId } = await aNote(each, 'start')
        await each.transaction(async (tx) => {
          await Promise.all(many(5, (i) => tx.notes.append(id, `<${i}>`)))
          assert.equal((await tx.notes.search(workspaceId, '<4>')).length, 1)
        })
        assert.equal((await (await another(system)).notes.search(workspaceId, '<4>')).length, 1)
        const text = await textIn(system, id)
        assert.equal(
          text,
          `start${range(5)
            .map((i) => `<${i}>`)
            .join('')}`,
        )
        assert.equal((await system.notes.search(workspaceId, text)).length, 1)
      }
    },
  },
  {
    id: 'notes.transaction-bounds',
    guarantee: 'A transaction’s edits have the bounds that the System was given',
    async run({ system }) {
      const bounded = await another(system, { limits: { updateBytes: 100 } })
      const { id } = await aNote(system, 'a')
      const update = new Uint8Array(101)
      await refused(
        'VALIDATION',
        bounded.transaction((tx) => tx.notes.applyUpdate(id, update)),
        { table: 'notes' },
      )
      const confined = bounded.in((await system.notes.get(id))!.workspaceId)
      const error = await refused(
        'VALIDATION',
        confined.transaction((tx) => tx.notes.applyUpdate(id, update)),
      )
      assert.match(error.message, /limit of 100/)
    },
  },
]
