/** Yjs clients as they come from npm, against a server. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { System } from '../../src/system.ts'
import { createTestClock } from '../../src/testing/clock.ts'
import { createHarness, type TierHarness } from '../support/harness.ts'
import { selectedTiers } from '../support/tiers.ts'
import { type Client, type Host, hocuspocus, hocuspocusSocket, host, yWebsocket } from './support.ts'

const tiers = selectedTiers().filter((tier) => tier === 'memory' || tier === 'sqlite' || tier === 'postgres')

const kinds = {
  'y-websocket': yWebsocket,
  '@hocuspocus/provider': hocuspocus,
} as const satisfies Record<string, (at: Host, noteId: string) => Client>

/** What is durable, which clients hear of before it is. */
const textOf = async (system: System, id: string) => (await system.notes.read(id)).text

describe.each(tiers)('on %s', (tier) => {
  let harness: TierHarness
  beforeAll(async () => {
    harness = await createHarness(tier)
  })
  afterAll(() => harness.stop())

  async function open() {
    const options = { clock: createTestClock() }
    const system = await harness.open(options)
    const { id: workspaceId } = await system.workspaces.create({ title: 'W' })
    const { id } = await system.notes.create({ workspaceId, title: 'N', text: 'Hello' })
    return { system, id, workspaceId, second: () => harness.openSecond(options) }
  }

  describe.each(Object.entries(kinds))('%s', (_name, connect) => {
    test('two clients that write at once converge, and the note has it all', async () => {
      const { system, id } = await open()
      await using _system = system
      await using at = await host(system)
      using a = connect(at, id)
      using b = connect(at, id)
      await expect.poll(() => a.text.toString() + b.text.toString()).toBe('HelloHello')
      a.text.insert(0, 'A: ')
      b.text.insert(2, '[B]')
      await system.notes.append(id, '!')
      await expect.poll(() => a.text.toString()).toBe('A: He[B]llo!')
      await expect.poll(() => b.text.toString()).toBe('A: He[B]llo!')
      await expect.poll(() => textOf(system, id)).toBe('A: He[B]llo!')
    })

    test('clients see who else is there, and who leaves', async () => {
      const { system, id } = await open()
      await using _system = system
      await using at = await host(system)
      using a = connect(at, id)
      {
        using b = connect(at, id)
        a.show({ name: 'Ada' })
        b.show({ name: 'Bob' })
        await expect.poll(() => a.others()).toEqual([{ name: 'Bob' }])
        await expect.poll(() => b.others()).toEqual([{ name: 'Ada' }])
      }
      await expect.poll(() => a.others()).toEqual([])
    })

    test('a client comes back after the server was away, with what it and others wrote meanwhile', async () => {
      const { system, id } = await open()
      await using _system = system
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
      await expect.poll(() => a.text.toString()).toBe('offline A, He[offline B]llo.')
      await expect.poll(() => b.text.toString()).toBe('offline A, He[offline B]llo.')
      await expect.poll(() => b.others()).toEqual([{ name: 'Ada' }])
      await expect.poll(() => textOf(system, id)).toBe('offline A, He[offline B]llo.')
    })

    test('clients of two servers converge, and see each other come and go', async () => {
      const { system, id, second } = await open()
      await using _system = system
      await using other = await second()
      await using at = await host(system)
      await using there = await host(other)
      using a = connect(at, id)
      {
        using b = connect(there, id)
        await expect.poll(() => a.isSynced && b.isSynced).toBe(true)
        a.show({ name: 'Ada' })
        b.show({ name: 'Bob' })
        a.text.insert(0, 'A: ')
        await expect.poll(() => b.text.toString()).toBe('A: Hello')
        b.text.insert(b.text.length, ', B')
        await expect.poll(() => a.text.toString()).toBe('A: Hello, B')
        await expect.poll(() => a.others()).toEqual([{ name: 'Bob' }])
        await expect.poll(() => b.others()).toEqual([{ name: 'Ada' }])
      }
      await expect.poll(() => a.others()).toEqual([])
    })
  })

  test('clients of both kinds share a note', async () => {
    const { system, id } = await open()
    await using _system = system
    await using at = await host(system)
    using a = yWebsocket(at, id)
    using b = hocuspocus(at, id)
    a.show({ name: 'Ada' })
    b.show({ name: 'Bob' })
    await expect.poll(() => a.isSynced && b.isSynced).toBe(true)
    a.text.insert(0, 'A: ')
    b.text.insert(b.text.length, ', B')
    await expect.poll(() => a.text.toString()).toBe('A: Hello, B')
    await expect.poll(() => b.text.toString()).toBe('A: Hello, B')
    await expect.poll(() => a.others()).toEqual([{ name: 'Bob' }])
    await expect.poll(() => b.others()).toEqual([{ name: 'Ada' }])
  })

  test('several notes over one socket stay apart, and one that is given back leaves the others', async () => {
    const { system, id, workspaceId } = await open()
    await using _system = system
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
    expect((await system.notes.read(id)).text).toBe('Hello!')
    expect((await system.notes.read(otherId)).text).toBe('Other?')
    expect(at.sync.connections).toBe(1)
    socket.destroy()
  })
})
