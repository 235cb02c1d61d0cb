/** Yjs clients as they come from npm, against a server. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { System } from '../../src/system.ts'
import { createTestClock } from '../../src/testing/clock.ts'
import { createTestSystem } from '../../src/testing/index.ts'
import { createHarness, type TierHarness } from '../support/harness.ts'
import { selectedTiers } from '../support/tiers.ts'
import { aNote, type Client, type Host, hocuspocus, hocuspocusSocket, host, yWebsocket } from './support.ts'

type Connect = (at: Host, noteId: string) => Client

const kinds = {
  'y-websocket': yWebsocket,
  '@hocuspocus/provider': hocuspocus,
} as const satisfies Record<string, Connect>

const eachKind = test.each(Object.entries(kinds))

/** The note, too, comes to say it: a client hears of an edit before the commit. */
async function allSay(text: string, system: System, noteId: string, ...clients: Client[]) {
  for (const client of clients) await expect.poll(() => client.text.toString()).toBe(text)
  await expect.poll(async () => (await system.notes.read(noteId)).text).toBe(text)
}

async function writeAtOnce(system: System, noteId: string, a: Client, b: Client) {
  await expect.poll(() => a.text.toString() + b.text.toString()).toBe('HelloHello')
  a.text.insert(0, 'A: ')
  b.text.insert(2, '[B]')
  await system.notes.append(noteId, '!')
  await allSay('A: He[B]llo!', system, noteId, a, b)
}

async function seeEachOther(a: Client, b: Client) {
  a.show({ name: 'Ada' })
  b.show({ name: 'Bob' })
  await expect.poll(() => a.others()).toEqual([{ name: 'Bob' }])
  await expect.poll(() => b.others()).toEqual([{ name: 'Ada' }])
}

describe.each(selectedTiers())('on %s', (tier) => {
  let harness: TierHarness
  beforeAll(async () => {
    harness = await createHarness(tier)
  })
  afterAll(() => harness.stop())

  const options = { clock: createTestClock() }

  eachKind('%s: clients of two servers converge, and see each other come and go', async (_name, connect) => {
    await using system = await harness.open(options)
    await using other = await harness.openSecond(options)
    const { id } = await aNote(system)
    await using at = await host(system)
    await using there = await host(other)
    using a = connect(at, id)
    {
      using b = connect(there, id)
      await writeAtOnce(other, id, a, b)
      await seeEachOther(a, b)
    }
    await expect.poll(() => a.others()).toEqual([])
  })

  test('clients of both kinds that write at once converge, and the note has it all', async () => {
    await using system = await harness.open(options)
    const { id } = await aNote(system)
    await using at = await host(system)
    using a = yWebsocket(at, id)
    using b = hocuspocus(at, id)
    await writeAtOnce(system, id, a, b)
    await seeEachOther(a, b)
  })
})

async function open() {
  const seeded = await createTestSystem({ seed: aNote })
  return { ...seeded, ...seeded.seeded }
}

eachKind('%s: two clients of one server converge, and see each other come and go', async (_name, connect) => {
  await using test = await open()
  const { system, id } = test
  await using at = await host(system)
  using a = connect(at, id)
  {
    using b = connect(at, id)
    await writeAtOnce(system, id, a, b)
    await seeEachOther(a, b)
  }
  await expect.poll(() => a.others()).toEqual([])
})

eachKind('%s: a client comes back with what it and others wrote meanwhile', async (_name, connect) => {
  await using test = await open()
  const { system, id } = test
  const before = await host(system)
  using a = connect(before, id)
  using b = connect(before, id)
  await expect.poll(() => a.isSynced && b.isSynced).toBe(true)
  a.show({ name: 'Ada' })
  await expect.poll(() => b.others()).toEqual([{ name: 'Ada' }])
  await before.close()
  await expect.poll(() => a.isSynced || b.isSynced).toBe(false)
  a.text.insert(0, 'offline A, ')
  b.text.insert(2, '[offline B]')
  await system.notes.append(id, '.')
  await using _after = await host(system, {}, before.port)
  await allSay('offline A, He[offline B]llo.', system, id, a, b)
  await expect.poll(() => b.others()).toEqual([{ name: 'Ada' }])
})

test('several notes over one socket stay apart, and one that is given back leaves the others', async () => {
  await using test = await open()
  const { system, id, workspaceId } = test
  const { id: otherId } = await system.notes.create({ workspaceId, title: 'O', text: 'Other' })
  await using at = await host(system)
  const socket = hocuspocusSocket(at)
  using b = hocuspocus(socket, otherId)
  {
    using a = hocuspocus(socket, id)
    await expect.poll(() => a.text.toString() + b.text.toString()).toBe('HelloOther')
    a.text.insert(5, '!')
    await expect.poll(() => a.isSaved).toBe(true)
  }
  b.text.insert(5, '?')
  await expect.poll(() => b.isSaved).toBe(true)
  // Saved is said after the commit.
  expect((await system.notes.read(id)).text).toBe('Hello!')
  expect((await system.notes.read(otherId)).text).toBe('Other?')
  expect(at.sync.connections).toBe(1)
  socket.destroy()
})
