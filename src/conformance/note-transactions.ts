/** Notes in transactions: seen by nobody until the commit, and then by all. */

import assert from 'node:assert/strict'
import { many, range, refused } from './expect.ts'
import { aNote, another, arrives, begins, CONTENT, next, textIn } from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

class Own extends Error {}

export const noteTransactionScenarios: readonly Scenario[] = [
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
      const watcher = await second()
      const events = watcher.notes.watch({ workspaceId })
      await begins(watcher, id, events)
      await arrives(doc, (text) => text === 'a.')
      const transaction = system.transaction(async (tx) => {
        await tx.notes.append(id, 'lost')
        await tx.notes.create({ workspaceId, title: 'Lost' })
        await tx.notes.update(id, { title: 'Lost' })
        throw new Own()
      })
      await assert.rejects(transaction, Own)
      assert.equal(doc.getText(CONTENT).toString(), 'a.')
      assert.deepEqual(await system.notes.read(id), { noteId: id, text: 'a.', seq: 2 })
      await system.notes.append(id, 'b')
      const told = [await next(events, 1)]
      // That it was made a moment ago may be told late.
      if (told[0]![0]!.kind === 'created') told.push(await next(events, 1))
      assert.deepEqual(told.at(-1), [{ kind: 'edited', noteId: id, workspaceId, seq: 3 }])
      assert.equal(doc.getText(CONTENT).toString(), 'a.b')
      assert.equal(await textIn(await another(system), id), 'a.b')
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
