/** Notes that are open, and those who watch: what happens elsewhere arrives by itself, heard of or not. */

import assert from 'node:assert/strict'
import * as Y from 'yjs'
import type { RootEngine } from '../engine/engine.ts'
import { noteUpdates } from '../schema/notes.ts'
import type { NoteEvent } from '../stores/notes.ts'
import { many, newWorkspace, range, refused } from './expect.ts'
import {
  aNote,
  another,
  arrives,
  beforeFirstWriteTo,
  begins,
  CONTENT,
  deaf,
  next,
  textIn,
} from './note-fixtures.ts'
import type { Scenario } from './scenario.ts'

const kindsOf = (events: readonly NoteEvent[]) => events.map(({ kind, seq }) => `${kind} ${seq}`)

export const noteLiveScenarios: readonly Scenario[] = [
  {
    id: 'notes.live-follows',
    guarantee: 'What another System writes appears in an open document by itself',
    async run({ system, second }) {
      const other = await second()
      const { id } = await aNote(system, 'a')
      const doc = await system.notes.open(id)
      for (const letter of 'bcd') {
        await other.notes.append(id, letter)
        await arrives(doc, (text) => text.endsWith(letter))
      }
      assert.equal(doc.getText(CONTENT).toString(), 'abcd')
      await system.notes.close(id)
    },
  },
  {
    id: 'notes.live-lost-notifications',
    guarantee:
      'Notifications that are lost delay what others write, and lose nothing of it, for documents and watchers',
    async run({ system }) {
      const [writer, reader] = await Promise.all([
        another(system, {}, deaf),
        another(system, { pollMs: 10 }, deaf),
      ])
      const { id, workspaceId } = await aNote(system, 'a')
      const doc = await reader.notes.open(id)
      const events = reader.notes.watch({ workspaceId })
      await begins(reader, id, events)
      await writer.notes.append(id, 'b')
      await arrives(doc, (text) => text === 'a.b')
      assert.deepEqual(await next(events, 1), [{ kind: 'edited', noteId: id, workspaceId, seq: 3 }])
      await writer.notes.update(id, { title: 'Changed' })
      assert.deepEqual(kindsOf(await next(events, 1)), ['updated 3'])
      const { id: made } = await writer.notes.create({ workspaceId, title: 'New' })
      assert.deepEqual(await next(events, 1), [{ kind: 'created', noteId: made, workspaceId, seq: 0 }])
      await writer.notes.delete(made)
      assert.deepEqual(kindsOf(await next(events, 1)), ['deleted 0'])
      await events.return?.()
      await reader.close()
      await writer.close()
    },
  },
  {
    id: 'notes.live-watch',
    guarantee:
      'Who watches a workspace is told what happens to its notes, here and elsewhere, each thing once and in order',
    async run({ system, second }) {
      const other = await second()
      const { id: before, workspaceId } = await aNote(system, 'before')
      for (const [watcher, actor] of [
        [system, other],
        [other, system],
        [system, system],
      ] as const) {
        const events = watcher.notes.watch({ workspaceId })
        await begins(watcher, before, events)
        /** What happened just before may be told as well: that this one was made. */
        async function news(): Promise<NoteEvent> {
          const [event] = await next(events, 1)
          return event?.kind === 'created' && event.noteId === before ? news() : event!
        }
        await aNote(actor, 'elsewhere')
        const { id } = await actor.notes.create({ workspaceId, title: 'New', text: 'a' })
        const told = [await news()]
        for (const act of [
          () => actor.notes.append(id, 'b'),
          () => actor.notes.update(id, { title: 'Changed' }),
          () => actor.notes.delete(id),
        ]) {
          await act()
          told.push(await news())
        }
        assert.ok(told.every((event) => event.workspaceId === workspaceId && event.noteId === id))
        assert.deepEqual(kindsOf(told), ['created 1', 'edited 2', 'updated 2', 'deleted 0'])
        await actor.notes.append(before, '.')
        const last = await news()
        assert.deepEqual([last.kind, last.noteId], ['edited', before])
        await events.return?.()
      }
    },
  },
  {
    id: 'notes.live-watch-overtaken',
    guarantee:
      'Who hears that a note is gone before hearing that it was made is told in the end that it is gone',
    async run({ system }) {
      const { id: before, workspaceId } = await aNote(system)
      const said: string[] = []
      const keeping: Partial<RootEngine> = {
        async notify(_, payload) {
          said.push(payload)
        },
      }
      let hear: ((payload: string) => void) | undefined
      let look: (() => void) | undefined
      const [maker, deleter, watcher] = await Promise.all([
        another(system, {}, () => ({ ...deaf(), ...keeping })),
        another(system, {}, () => ({ ...deaf(), ...keeping })),
        another(system, { pollMs: 60_000 }, () => ({
          async listen(_, heard) {
            hear = heard
            return async () => {}
          },
          async onCommit(committed) {
            look = committed
            return async () => {}
          },
        })),
      ])
      const events = watcher.notes.watch({ workspaceId })
      await begins(watcher, before, events)
      const { id } = await maker.notes.create({ workspaceId, title: 'Short-lived' })
      await maker.close()
      await deleter.notes.delete(id)
      await deleter.close()
      assert.equal(said.length, 2)
      for (const payload of said.reverse()) hear!(payload)
      const told = await next(events, 2)
      look!()
      told.push(...(await next(events, 1)))
      assert.deepEqual(
        told.map((event) => [event.kind, event.noteId]),
        [
          ['deleted', id],
          ['created', id],
          ['deleted', id],
        ],
      )
      await events.return?.()
      await watcher.close()
    },
  },
  {
    id: 'notes.live-watch-one',
    guarantee:
      'Who watches one note hears of no other, and no more once the loop is left or the signal aborts',
    async run({ system, second }) {
      const other = await second()
      const { id, workspaceId } = await aNote(system, 'a')
      const controller = new AbortController()
      const seen: number[] = []
      const begun = Promise.withResolvers<void>()
      const loop = (async () => {
        for await (const event of system.notes.watch({ noteId: id }, { signal: controller.signal })) {
          assert.equal(event.noteId, id)
          seen.push(event.seq)
          if (event.seq === 2) begun.resolve()
          if (event.seq === 4) controller.abort()
        }
      })()
      await system.notes.append(id, '.')
      await begun.promise
      await other.notes.create({ workspaceId, title: 'Another' })
      for (const _ of range(2)) await other.notes.append(id, '.')
      await loop
      assert.equal(seen.at(-1), 4)
      for await (const { kind } of again(system.notes.watch({ noteId: id }), () =>
        other.notes.append(id, '.'),
      )) {
        assert.equal(kind, 'edited')
        break
      }
      for (const interest of [{}, null, { noteId: 7 }, 'x']) {
        assert.throws(() => system.notes.watch(interest as never), { code: 'VALIDATION' })
      }
    },
  },
  {
    id: 'notes.live-watch-confined',
    guarantee: 'A confined System watches its own workspace alone',
    async run({ system }) {
      const [{ id, workspaceId }, other] = [await aNote(system, 'mine'), await aNote(system, 'theirs')]
      const mine = system.in(workspaceId)
      for (const interest of [{ workspaceId: other.workspaceId }, { noteId: other.id }]) {
        const events = mine.notes.watch(interest)
        await system.notes.append(other.id, '.')
        assert.deepEqual(await events.next(), { value: undefined, done: true })
      }
      const events = mine.notes.watch({ workspaceId })
      await system.notes.append(other.id, '.')
      await mine.notes.append(id, '.')
      assert.deepEqual(await next(events, 1), [{ kind: 'edited', noteId: id, workspaceId, seq: 2 }])
      await events.return?.()
    },
  },
  {
    id: 'notes.live-watch-ends-with-the-system',
    guarantee: 'Whoever still watches when a System is closed comes to the end, and later ones are CLOSED',
    async run({ system }) {
      const { id } = await aNote(system, 'a')
      const watcher = await another(system)
      const ends = many(2, async () => {
        for await (const { noteId } of watcher.notes.watch({ noteId: id })) assert.equal(noteId, id)
      })
      await watcher.notes.append(id, 'b')
      await watcher.close()
      await Promise.all(ends)
      await system.close()
      await refused('CLOSED', system.notes.watch({ noteId: id }).next())
    },
  },
  {
    id: 'notes.live-one-document',
    guarantee:
      'Those who open a note in one System share one document, until the last of them has given it back',
    async run({ system }) {
      const few = await another(system, { idleDocuments: 0 })
      const { id } = await aNote(system, 'a')
      const [first, again] = await Promise.all([few.notes.open(id), few.notes.open(id)])
      assert.equal(first, again)
      await few.notes.close(id)
      // Verbs come and go, and one has it open still.
      await few.notes.append(id, 'b')
      await few.notes.saved(id)
      assert.equal(await few.notes.open(id), first)
      await few.notes.close(id)
      first.getText(CONTENT).insert(2, 'c')
      await few.notes.close(id)
      assert.equal(first.isDestroyed, true)
      await few.notes.close(id)
      assert.equal(await textIn(system, id), 'abc')
      await few.notes.append(id, 'd')
      await few.notes.close(id)
      assert.equal((await few.notes.open(id)).getText(CONTENT).toString(), 'abcd')
    },
  },
  {
    id: 'notes.live-one-client',
    guarantee: 'However often a System opens a note and writes to it, it is one client of the document',
    async run({ system, second }) {
      const systems = [await another(system, { idleDocuments: 0 }), await second()]
      const { id } = await aNote(system, 'start')
      for (const i of range(12)) {
        const each = systems[i % 2]!
        const doc = await each.notes.open(id)
        doc.getText(CONTENT).insert(doc.getText(CONTENT).length, `<${i}>`)
        await each.notes.close(id)
        await each.notes.replace(id, { old: `<${i}>`, new: `(${i})` })
      }
      const fresh = await (await another(system)).notes.open(id)
      // The one that began it, and one for each System.
      assert.equal(fresh.store.clients.size, 3)
      assert.equal(
        fresh.getText(CONTENT).toString(),
        `start${range(12)
          .map((i) => `(${i})`)
          .join('')}`,
      )
    },
  },
  {
    id: 'notes.live-kept-while-saving',
    guarantee:
      'A document that nobody uses any more stays until all of it is durable; who opens it meanwhile has it all',
    async run({ system }) {
      const { id } = await aNote(system, 'a')
      const others = await Promise.all(many(3, () => aNote(system, 'other')))
      const gate = Promise.withResolvers<void>()
      const few = await another(
        system,
        { idleDocuments: 0 },
        beforeFirstWriteTo(noteUpdates, () => gate.promise),
      )
      const doc = await few.notes.open(id)
      doc.getText(CONTENT).insert(1, 'b')
      const closing = few.notes.close(id)
      // As many come and go as would push it out.
      for (const { id: otherId } of others) {
        await few.notes.open(otherId)
        await few.notes.close(otherId)
      }
      assert.equal(doc.isDestroyed, false)
      assert.equal((await few.notes.open(id)).getText(CONTENT).toString(), 'ab')
      assert.equal(await textIn(system, id), 'a')
      gate.resolve()
      await closing
      await few.notes.close(id)
      assert.equal(await textIn(system, id), 'ab')
      assert.equal(doc.isDestroyed, true)
      await few.close()
    },
  },
  {
    id: 'notes.live-saved',
    guarantee:
      'When `saved` resolves, all that was written to the open document is durable; closing a System saves, too',
    async run({ system }) {
      const writer = await another(system)
      const { id } = await aNote(system, '')
      const doc = await writer.notes.open(id)
      for (const i of range(50)) doc.getText(CONTENT).insert(i, `${i % 10}`)
      await Promise.all(many(3, () => writer.notes.saved(id)))
      assert.equal((await textIn(system, id)).length, 50)
      doc.getText(CONTENT).insert(0, 'last words ')
      await writer.close()
      const { doc: fresh } = { doc: await (await another(system)).notes.open(id) }
      assert.ok(fresh.getText(CONTENT).toString().startsWith('last words 0123'))
    },
  },
  {
    id: 'notes.live-written-together',
    guarantee:
      'What is written to an open document in one turn becomes few updates, whose numbers the writers are told',
    async run({ system }) {
      const { id } = await aNote(system, '')
      const doc = await system.notes.open(id)
      for (const i of range(100)) doc.getText(CONTENT).insert(i, 'x')
      await system.notes.saved(id)
      const { seq } = await system.notes.read(id)
      assert.ok(seq <= 3, `${seq} updates`)
      const state = Y.encodeStateVector(doc)
      assert.deepEqual(Y.encodeStateVector(await (await another(system)).notes.open(id)), state)
    },
  },
  {
    id: 'notes.live-unknown',
    guarantee: 'A note that is not there cannot be opened, saved or given back; one that is not open can',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      for (const verb of ['open', 'saved', 'close', 'compact'] as const) {
        await refused('NOT_FOUND', system.notes[verb]('nobody'), { id: 'nobody' })
      }
      const { id } = await system.notes.create({ workspaceId, title: 'N' })
      await system.notes.saved(id)
      await system.notes.close(id)
    },
  },
]

/** The events, and something done again and again until there is one. */
async function* again(events: AsyncIterableIterator<NoteEvent>, act: () => Promise<unknown>) {
  try {
    for (;;) {
      const event = events.next()
      await act()
      yield (await event).value as NoteEvent
    }
  } finally {
    await events.return?.()
  }
}
