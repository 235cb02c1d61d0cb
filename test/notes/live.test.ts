/** Documents and watchers in one process follow what another one writes, whatever becomes of it meanwhile. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CONTENT } from '../../src/notes/codec.ts'
import type { NoteEvent } from '../../src/stores/notes.ts'
import { createSystem, type System } from '../../src/system.ts'
import { type Child, startChild } from '../support/child.ts'
import { selectedTiers } from '../support/tiers.ts'
import { openTarget } from './crash-orders.ts'
import type { LiveOrder } from './live-worker.ts'
import { makePlace, type Place } from './places.ts'

for (const tier of ['sqlite', 'postgres'] as const) {
  describe.runIf(selectedTiers().includes(tier))(`notes in two processes on ${tier}`, () => {
    let place: Place
    let other: Child
    let system: System
    let workspaceId: string

    beforeAll(async () => {
      place = await makePlace(tier)
      system = await createSystem({ engine: await openTarget(place.target) })
      workspaceId = (await system.workspaces.create({ title: 'Live' })).id
      const args = [JSON.stringify({ target: place.target })]
      other = startChild(new URL('./live-worker.ts', import.meta.url), { args })
      expect(await other.line()).toBe('"ready"')
    })

    afterAll(async () => {
      await system.close()
      other.hangUp()
      // It ends by itself: nothing of its notes keeps it alive.
      expect(await other.ended).toMatchObject({ code: 0, stderr: '' })
      await place[Symbol.asyncDispose]()
    })

    async function there(order: LiveOrder): Promise<unknown> {
      other.say(JSON.stringify(order))
      return JSON.parse(await other.line())
    }

    const newNote = async (text: string) =>
      (await system.notes.create({ workspaceId, title: 'Shared', text })).id

    test('show in an open document what the other process writes, and the other way round', async () => {
      const noteId = await newNote('here')
      const doc = await system.notes.open(noteId)
      await there({ do: 'append', noteId, text: ', there' })
      await expect.poll(() => doc.getText(CONTENT).toString()).toBe('here, there')

      expect(await there({ do: 'open', noteId })).toBe('here, there')
      doc.transact(() => doc.getText(CONTENT).insert(0, '🙂 '), { actor: 'here' })
      expect(await there({ do: 'await', noteId, text: '🙂 here, there' })).toBeNull()
      await system.notes.close(noteId)
    })

    test('show in an open document what was compacted before it was seen', async () => {
      const noteId = await newNote('0')
      const doc = await system.notes.open(noteId)
      for (let i = 1; i <= 5; i++) {
        await there({ do: 'append', noteId, text: ` ${i}` })
        await there({ do: 'compact', noteId })
      }
      await expect.poll(() => doc.getText(CONTENT).toString()).toBe('0 1 2 3 4 5')
      await system.notes.close(noteId)
    })

    test('are watched over processes: made, edited and deleted', async () => {
      const controller = new AbortController()
      const seen: NoteEvent[] = []
      const events = system.notes.watch({ workspaceId }, { signal: controller.signal })
      const watching = (async () => {
        for await (const event of events) seen.push(event)
      })()
      const heard = (kind: NoteEvent['kind'], noteId: unknown) =>
        expect
          .poll(() => seen.filter((event) => event.noteId === noteId).map((event) => event.kind))
          .toContain(kind)

      // The first event is told when it is known how things were before.
      await heard('created', await newNote('of this process'))

      const noteId = (await there({ do: 'create', workspaceId, title: 'Watched' })) as string
      await heard('created', noteId)
      const seq = await there({ do: 'append', noteId, text: 'x' })
      await heard('edited', noteId)
      await there({ do: 'delete', noteId })
      await heard('deleted', noteId)
      controller.abort()
      await watching

      const told = seen.filter((event) => event.noteId === noteId)
      expect(told.map(({ kind }) => kind)).toEqual(['created', 'edited', 'deleted'])
      expect(told.map((event) => event.workspaceId)).toEqual(Array(3).fill(workspaceId))
      expect(told[1]!.seq).toBe(seq)
    })

    test('that are deleted in one process are gone for who has them open in another', async () => {
      const noteId = await newNote('soon gone')
      const doc = await system.notes.open(noteId)
      await there({ do: 'delete', noteId })
      await expect.poll(() => doc.isDestroyed).toBe(true)
      await expect(system.notes.append(noteId, 'lost?')).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await expect(system.notes.read(noteId)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    test('reach a process that was stopped for a while, and what it goes on to write', async () => {
      const noteId = await newNote('a')
      expect(await there({ do: 'open', noteId })).toBe('a')
      other.kill('SIGSTOP')
      for (const text of ['b', 'c']) await system.notes.append(noteId, text)
      expect(await system.notes.compact(noteId)).toBe(true)
      await system.notes.append(noteId, 'd')
      other.kill('SIGCONT')
      expect(await there({ do: 'await', noteId, text: 'abcd' })).toBeNull()
      await there({ do: 'append', noteId, text: 'e' })
      expect((await system.notes.read(noteId)).text).toBe('abcde')
    })
  })
}
