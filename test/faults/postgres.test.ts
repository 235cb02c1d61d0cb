/** A Postgres that goes away in the middle of things and comes back: the same System goes on. */

import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ClosedError } from '../../src/errors.ts'
import type { System } from '../../src/system.ts'
import { drivers, type FaultyPostgres, startFaultyPostgres } from '../support/faulty-postgres.ts'
import { selectedTiers } from '../support/tiers.ts'

const unavailable = { code: 'UNAVAILABLE', retryable: true }

let postgres: FaultyPostgres

describe.runIf(selectedTiers().includes('postgres')).each(drivers)('Postgres over %s', (driver) => {
  let system: System

  beforeAll(async () => {
    postgres ??= await startFaultyPostgres()
    system = await postgres.open(driver)
  })

  afterAll(async () => {
    await system.close()
    if (driver === drivers.at(-1)) await postgres[Symbol.asyncDispose]()
  })

  const titles = async () =>
    (await system.workspaces.list({}, { limit: 1000 })).items.map(({ title }) => title)

  /** By a connection of its own, which no fault concerns. */
  async function asAdmin<R>(work: (client: pg.Client) => Promise<R>): Promise<R> {
    const client = new pg.Client(postgres.server.adminUrl)
    client.on('error', () => {})
    await client.connect()
    try {
      return await work(client)
    } finally {
      await client.end()
    }
  }

  test('a transaction whose connection is cut is UNAVAILABLE and leaves nothing behind', async () => {
    const before = await titles()
    const work = system.transaction(async (tx) => {
      await tx.workspaces.create({ title: 'half' })
      postgres.wire.cut()
      await tx.workspaces.create({ title: 'other half' })
    })
    await expect(work).rejects.toMatchObject(unavailable)
    expect(await titles()).toEqual(before)
    expect(await system.workspaces.create({ title: 'after the cut' })).toMatchObject({ version: 1 })
  })

  test('a transaction that is cut while its callback does something else fails with its next call', async () => {
    const before = await titles()
    const work = system.transaction(async (tx) => {
      await tx.workspaces.create({ title: 'half' })
      postgres.wire.cut()
      await new Promise((resolve) => setTimeout(resolve, 20))
      await tx.workspaces.count()
    })
    await expect(work).rejects.toMatchObject(unavailable)
    expect(await titles()).toEqual(before)
  })

  test('a transaction that is cut before its commit does not resolve', async () => {
    const before = await titles()
    const work = system.transaction(async (tx) => {
      await tx.workspaces.create({ title: 'half' })
      postgres.wire.cut()
    })
    await expect(work).rejects.toMatchObject(unavailable)
    expect(await titles()).toEqual(before)
  })

  test('a server that dies in a transaction is UNAVAILABLE, and the same System works once it is back', async () => {
    const before = await titles()
    const work = system.transaction(async (tx) => {
      await tx.workspaces.create({ title: 'half' })
      await postgres.server.crash()
      // Sessions outlive a killed server by a moment.
      for (;;) await tx.workspaces.create({ title: 'other half' })
    })
    await expect(work).rejects.toMatchObject(unavailable)
    await postgres.server.restart()
    expect(await titles()).toEqual(before)
    expect(await system.transaction((tx) => tx.workspaces.create({ title: 'again' }))).toMatchObject({
      title: 'again',
    })
  })

  test('reads go on over a restart, and none of them fails', async () => {
    const { id } = await system.workspaces.create({ title: 'read' })
    let restarted = false
    const read = async () => {
      let reads = 0
      while (!restarted) {
        expect(await system.workspaces.get(id)).toMatchObject({ title: 'read' })
        expect(await system.workspaces.count({ title: 'read' })).toBeGreaterThan(0)
        reads++
      }
      return reads
    }
    const readers = Array.from({ length: 6 }, read)
    await postgres.server.restart()
    restarted = true
    for (const reads of await Promise.all(readers)) expect(reads).toBeGreaterThan(0)
  })

  test('writes during a restart are done or UNAVAILABLE, and what was acknowledged is there', async () => {
    const { id: workspaceId } = await system.workspaces.create({ title: 'writes' })
    const talk = await system.conversations.create({ workspaceId })
    const acknowledged: number[] = []
    let restarted = false
    const write = async () => {
      while (!restarted) {
        try {
          acknowledged.push((await system.messages.append(talk.id, { role: 'user', content: 'x' })).seq)
        } catch (error) {
          expect(error).toMatchObject(unavailable)
        }
      }
    }
    const writers = Array.from({ length: 4 }, write)
    await postgres.server.restart()
    restarted = true
    await Promise.all(writers)
    const count = await system.messages.count(talk.id)
    const seqs = (await system.messages.range(talk.id, 1, 1000)).map(({ seq }) => seq)
    // A write that was not acknowledged may have happened; there is no gap either way.
    expect(seqs).toEqual(Array.from({ length: Math.min(count, 1000) }, (_, i) => i + 1))
    expect(new Set(acknowledged).size).toBe(acknowledged.length)
    expect(seqs).toEqual(expect.arrayContaining(acknowledged.filter((seq) => seq <= 1000)))
  })

  test('a lone write whose connection breaks is UNAVAILABLE, and never sent again', async () => {
    const { id: workspaceId } = await system.workspaces.create({ title: 'once' })
    const talk = await system.conversations.create({ workspaceId })
    await asAdmin(async (admin) => {
      await admin.query('begin')
      await admin.query(`select from terrace_conversations where id = '${talk.id}' for update`)
      postgres.wire.reset()
      const append = expect(
        system.messages.append(talk.id, { role: 'user', content: 'once' }),
      ).rejects.toMatchObject(unavailable)
      // It is with the server, which waits for the lock.
      await expect.poll(() => waiting(admin)).toBe(1)
      postgres.wire.cut()
      await append
      expect(postgres.wire.statements().executed).toBe(1)
      await admin.query('commit')
      // The server need not know yet that nobody waits for its answer.
      await expect.poll(() => waiting(admin)).toBe(0)
    })
    expect(await system.messages.count(talk.id)).toBeLessThanOrEqual(1)
    const { seq } = await system.messages.append(talk.id, { role: 'user', content: 'next' })
    expect(seq).toBe(await system.messages.count(talk.id))
  })

  test('connections that were ended while idle are not noticed', async () => {
    const { id } = await system.workspaces.create({ title: 'idle' })
    await Promise.all(Array.from({ length: 4 }, () => system.workspaces.list()))
    await asAdmin((admin) =>
      admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'terrace' and pid <> pg_backend_pid()`,
      ),
    )
    expect(await system.workspaces.get(id)).toMatchObject({ title: 'idle' })
    expect(await system.workspaces.update(id, { title: 'busy' })).toMatchObject({ version: 2 })
    postgres.wire.cut()
    // At once: nobody has heard of it yet.
    expect(await system.workspaces.get(id)).toMatchObject({ title: 'busy' })
  })

  test('a statement whose server process is ended is UNAVAILABLE, and the next one is not', async () => {
    const { id } = await system.workspaces.create({ title: 'terminated' })
    await asAdmin(async (admin) => {
      await admin.query('begin')
      await admin.query(`select from terrace_workspaces where id = '${id}' for update`)
      const update = expect(system.workspaces.update(id, { title: 'other' })).rejects.toMatchObject(
        unavailable,
      )
      await expect.poll(() => waiting(admin)).toBe(1)
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock'`,
      )
      await update
      await admin.query('rollback')
    })
    expect(await system.workspaces.update(id, { title: 'third' })).toMatchObject({ version: 2 })
  })

  test('a network that has gone silent ends with the caller’s patience, and a transaction with its own', async () => {
    const { id } = await system.workspaces.create({ title: 'silent' })
    postgres.wire.pause()
    const controller = new AbortController()
    const calls = [
      system.workspaces.get(id, { signal: controller.signal }),
      system.workspaces.update(id, { title: 'x' }, { signal: controller.signal }),
      system.transaction((tx) => tx.workspaces.get(id), { signal: controller.signal }),
    ].map((call) => expect(call).rejects.toThrow('enough'))
    controller.abort(new Error('enough'))
    await Promise.all(calls)
    postgres.wire.resume()
    const hanging = system.transaction(
      async (tx) => {
        await tx.workspaces.get(id)
        postgres.wire.pause()
        await tx.workspaces.get(id)
      },
      { timeout: 50 },
    )
    await expect(hanging).rejects.toMatchObject(unavailable)
    postgres.wire.resume()
    expect(await system.workspaces.get(id)).toMatchObject({ id })
  })

  test('another process’s migration makes statements be prepared anew, once, and nobody notices', async () => {
    await using single = await postgres.open(driver, {
      env: { PGSSLMODE: 'disable', DATABASE_POOL_MAX: '1' },
    })
    const { id } = await single.workspaces.create({ title: 'stale' })
    const calls = () =>
      Promise.all([
        single.workspaces.get(id),
        single.workspaces.update(id, { description: 'changed' }),
        single.transaction((tx) => tx.workspaces.get(id)),
      ])
    const parsed = () =>
      postgres.wire.statements().texts.filter((text) => text.includes('terrace_workspaces'))
    await calls()
    await asAdmin((admin) =>
      admin.query('alter table terrace_workspaces alter column title type varchar collate "C"'),
    )
    try {
      const [got, updated, inside] = await calls()
      expect([got?.title, updated.title, inside?.title]).toEqual(['stale', 'stale', 'stale'])
      await calls()
      postgres.wire.reset()
      await calls()
      expect(parsed()).toEqual([])
    } finally {
      await asAdmin((admin) =>
        admin.query('alter table terrace_workspaces alter column title type text collate "C"'),
      )
    }
  })

  test('more transactions and calls than there are connections all have their turn', async () => {
    const { id: workspaceId } = await system.workspaces.create({ title: 'many' })
    const transactions = Array.from({ length: 12 }, (_, i) =>
      system.transaction(async (tx) => {
        const agent = await tx.agents.create({ workspaceId, name: `a${i}`, role: 'developer' })
        await new Promise((resolve) => setTimeout(resolve, 20))
        await tx.agents.update(agent.id, { name: `b${i}` })
      }),
    )
    const calls = Array.from({ length: 30 }, (_, i) => system.agents.count({ workspaceId, name: `b${i}` }))
    await Promise.all([...transactions, ...calls])
    expect(await system.agents.count({ workspaceId })).toBe(12)
  })

  test('whoever waits for a connection may give up, and the connection is not lost', async () => {
    const held = Promise.withResolvers<void>()
    const holders = Array.from({ length: 4 }, () => system.transaction(() => held.promise))
    const controller = new AbortController()
    const waiter = expect(
      system.transaction((tx) => tx.workspaces.count(), { signal: controller.signal }),
    ).rejects.toThrow('enough')
    controller.abort(new Error('enough'))
    await waiter
    held.resolve()
    await Promise.all(holders)
    // As many as there are connections, at once.
    await Promise.all(Array.from({ length: 4 }, () => system.transaction((tx) => tx.workspaces.count())))
  })

  test('a listener hears again after its connection was cut', async () => {
    const heard: string[] = []
    const stop = await system.engine.listen('work', (payload) => heard.push(payload))
    await system.engine.notify('work', 'before')
    await expect.poll(() => heard).toEqual(['before'])
    postgres.wire.cut()
    await expect
      .poll(async () => {
        await system.engine.notify('work', 'after').catch(() => {})
        return heard
      })
      .toContain('after')
    await stop()
    heard.length = 0
    await system.engine.notify('work', 'stopped')
    await system.workspaces.count()
    expect(heard).toEqual([])
  })

  test('closing waits for what was accepted, and for no listener', async () => {
    const other = await postgres.open(driver)
    const heard: string[] = []
    await other.engine.listen('work', (payload) => heard.push(payload))
    const { id } = await other.workspaces.create({ title: 'accepted' })
    // More than there are connections.
    const calls = Array.from({ length: 20 }, (_, i) => other.workspaces.count({ title: `none ${i}` }))
    const created = other.workspaces.create({ title: 'late' })
    const transaction = other.transaction((tx) => tx.workspaces.update(id, { title: 'changed' }))
    await other.close()
    expect(await Promise.all(calls)).toEqual(Array(20).fill(0))
    expect(await created).toMatchObject({ title: 'late' })
    expect(await transaction).toMatchObject({ title: 'changed' })
    await expect(other.workspaces.count()).rejects.toThrow(ClosedError)
    await other.close()
  })
})

async function waiting(admin: pg.Client): Promise<number> {
  const { rows } = await admin.query(
    `select count(*)::int as count from pg_stat_activity where wait_event_type = 'Lock'`,
  )
  return rows[0].count
}
