/** What calls cost on the way to Postgres: round trips, counted between the driver and the server. */

import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { getSystem } from '../src/shared-system.ts'
import { createSystem, type System, type SystemOptions } from '../src/system.ts'
import { createTestDatabase, type TestDatabase } from './support/databases.ts'
import { drivers } from './support/faulty-postgres.ts'
import { type NeonProxy, startNeonProxy, useNeonProxy } from './support/neon-proxy.ts'
import { selectedTiers } from './support/tiers.ts'
import { startWire, type Wire } from './support/wire.ts'

describe.runIf(selectedTiers().includes('postgres')).each(drivers)('over %s', (driver) => {
  let database: TestDatabase
  let wire: Wire
  let proxy: NeonProxy
  let options: SystemOptions
  let system: System
  let workspaceId: string

  beforeAll(async () => {
    database = await createTestDatabase()
    wire = await startWire({ host: '127.0.0.1', port: Number(new URL(inject('postgresUrl')!).port) })
    proxy = await startNeonProxy({ host: '127.0.0.1', port: wire.port })
    useNeonProxy(proxy.wsProxy)
    const url = Object.assign(new URL(database.url), { port: String(wire.port) }).href
    options = { url, driver, env: { PGSSLMODE: 'disable' } }
    system = await createSystem(options)
    workspaceId = (await system.workspaces.create({ title: 'Counted' })).id
  })

  afterAll(async () => {
    await system.close()
    await proxy.stop()
    await wire.stop()
    await database.drop()
  })

  beforeEach(() => wire.reset())

  /** Round trips of one call, on connections that are open. */
  async function tripsOf(call: () => Promise<unknown>): Promise<number> {
    wire.reset()
    await call()
    expect(wire.connections()).toBe(0)
    return wire.roundTrips()
  }

  const task = (title: string, dependsOn: string[] = []) =>
    system.tasks.create({ workspaceId, title, dependsOn })

  test('each verb of one row is one round trip', async () => {
    const { id } = await task('one')
    const agent = await system.agents.create({ workspaceId, name: 'Ada', role: 'developer' })
    const talk = await system.conversations.create({ workspaceId })
    const calls: Record<string, () => Promise<unknown>> = {
      create: () => task('another'),
      get: () => system.tasks.get(id),
      getMany: () => system.tasks.getMany([id, 'nobody']),
      list: () => system.tasks.list({ workspaceId, status: ['ready', 'running'] }, { limit: 10 }),
      count: () => system.tasks.count({ workspaceId }),
      update: () => system.tasks.update(id, { title: 'changed' }, { ifVersion: 1 }),
      ready: () => system.tasks.ready(workspaceId),
      start: () => system.tasks.start(id, { agentId: agent.id }),
      complete: () => system.tasks.complete(id),
      append: () => system.messages.append(talk.id, { role: 'user', content: 'Hello' }),
      appendMany: () =>
        system.messages.appendMany(
          talk.id,
          ['a', 'b', 'c'].map((content) => ({ role: 'user', content })),
        ),
      last: () => system.messages.last(talk.id, 20),
      'settings.set': () => system.settings.set('workspace:1', 'theme', { dark: true }),
      'settings.get': () => system.settings.get('workspace:1', 'theme'),
      delete: () => system.agents.delete(agent.id),
      health: () => system.health(),
    }
    const trips: Record<string, number> = {}
    for (const [name, call] of Object.entries(calls)) trips[name] = await tripsOf(call)
    expect(trips).toEqual(Object.fromEntries(Object.keys(calls).map((name) => [name, 1])))
  })

  test('completing a task also makes those ready that waited for it, in the same round trip', async () => {
    const first = await task('first')
    const waiting = await Promise.all(['a', 'b'].map((title) => task(title, [first.id])))
    await system.tasks.start(first.id)
    expect(await tripsOf(() => system.tasks.complete(first.id))).toBe(1)
    const statuses = await system.tasks.getMany(waiting.map(({ id }) => id))
    expect(statuses.map(({ status }) => status)).toEqual(['ready', 'ready'])
  })

  test(`a transaction of n statements is ${driver === 'pg' ? 'n + 1' : 'n + 2'} round trips`, async () => {
    const { id } = await task('inside')
    const ofStatements = (n: number) =>
      tripsOf(() =>
        system.transaction(async (tx) => {
          for (let i = 0; i < n; i++) await tx.tasks.update(id, { title: `${i}` })
        }),
      )
    const extra = driver === 'pg' ? 1 : 2
    expect([await ofStatements(1), await ofStatements(2), await ofStatements(5)]).toEqual([
      1 + extra,
      2 + extra,
      5 + extra,
    ])
  })

  test('a hundred gets of one tick are one statement, and so are a hundred creates', async () => {
    const rows = await Promise.all(Array.from({ length: 100 }, (_, i) => task(`many ${i}`)))
    expect([wire.roundTrips(), wire.statements().executed]).toEqual([1, 1])
    wire.reset()
    const found = await Promise.all(rows.map(({ id }) => system.tasks.get(id)))
    expect([wire.roundTrips(), wire.statements().executed]).toEqual([1, 1])
    expect(found).toEqual(rows)
  })

  test('so are a hundred updates of a row each, and one whose row is locked keeps no other waiting', async () => {
    const rows = await Promise.all(Array.from({ length: 100 }, (_, i) => task(`many ${i}`)))
    const change = (title: string) => rows.map(({ id }) => system.tasks.update(id, { title }))
    wire.reset()
    await Promise.all(change('all'))
    expect([wire.roundTrips(), wire.statements().executed]).toEqual([1, 1])

    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
    const { promise: isLocked, resolve: locked } = Promise.withResolvers<void>()
    const holder = system.transaction(async (tx) => {
      await tx.tasks.update(rows[0]!.id, { objective: 'held' })
      locked()
      await mayEnd
    })
    await isLocked
    const [first, ...others] = change('but one')
    await Promise.all(others)
    let isDone = false
    void first!.then(() => {
      isDone = true
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(isDone).toBe(false)
    end()
    await holder
    expect(await first).toMatchObject({ title: 'but one', objective: 'held', version: 4 })
  })

  test('a worker ends a job and claims the next one in the same round trip', async () => {
    const { backgroundTasks } = system
    const jobs = Array.from({ length: 40 }, () => ({ workspaceId, kind: 'count' }))
    await backgroundTasks.enqueueMany(jobs)
    wire.reset()
    await backgroundTasks.work({ count: () => {} }, { untilIdle: true }).stopped
    expect(await backgroundTasks.count({ workspaceId, status: 'done' })).toBe(40)
    // The looks for what has come due, and the first claim and the last.
    expect(wire.statements().executed).toBeLessThan(60)
  })

  test('a statement is parsed once for a connection, and then only run', async () => {
    const { id } = await task('parsed')
    // On each connection of the pool that may come to serve it.
    for (let i = 0; i < 20; i++) {
      await Promise.all([system.tasks.get(id), system.tasks.count({ workspaceId })])
      await system.tasks.get(id)
    }
    wire.reset()
    for (let i = 0; i < 5; i++) await system.tasks.get(id)
    expect(wire.statements()).toEqual({ executed: 5, texts: [] })
  })

  test('opening a database that is up to date takes one connection and one query', async () => {
    const other = await createSystem(options)
    const { executed, texts } = wire.statements()
    expect({ connections: wire.connections(), roundTrips: wire.roundTrips(), executed }).toEqual({
      connections: 1,
      roundTrips: 1,
      executed: 1,
    })
    expect(texts).toEqual([expect.stringContaining('from terrace_migrations')])
    // It told the server's clock as well, which the first write would have to ask for otherwise.
    wire.reset()
    await other.workspaces.create({ title: 'first' })
    expect([wire.roundTrips(), wire.connections()]).toEqual([1, 0])
    await other.close()
  })

  test('the shared System opens once, however many ask it first', async () => {
    const shared = getSystem({ ...options, env: { ...options.env, NODE_ENV: 'test' } })
    expect(wire.connections()).toBe(0)
    await Promise.all(Array.from({ length: 20 }, (_, i) => shared.workspaces.count({ title: `none ${i}` })))
    const { texts } = wire.statements()
    expect(texts.filter((text) => text.includes('terrace_migrations'))).toHaveLength(1)
    expect(wire.connections()).toBeLessThanOrEqual(10)
    await shared.close()
  })

  test('behind a transaction-mode pooler nothing is used that needs a session, but on the direct way', async () => {
    const pooled = Object.assign(new URL(String(options.url)), { search: '?pgbouncer=true' }).href
    // The test's own wire is the pooler's; migrations and LISTEN go past it.
    const env = { ...options.env, DATABASE_URL: pooled, DATABASE_URL_UNPOOLED: database.url }
    const byEnv = { env, driver } as const
    const other = await createSystem(
      driver === 'pg' ? byEnv : { ...byEnv, env: { ...env, DATABASE_URL_UNPOOLED: '' } },
    )
    const heard: string[] = []
    await other.engine.listen('work', (payload) => heard.push(payload))
    const { id } = await other.workspaces.create({ title: 'pooled' })
    for (let i = 0; i < 6; i++) await Promise.all([other.workspaces.get(id), other.workspaces.list()])
    await other.transaction((tx) => tx.workspaces.update(id, { title: 'changed' }))
    await other.engine.notify('work', 'done')
    const { texts } = wire.statements()
    expect(
      texts.filter((text) => /^\s*(?:listen|set|prepare|declare)\b|pg_advisory_lock/i.test(text)),
    ).toEqual([])
    const { pool } = (await other.engine.unwrap()) as { pool: pg.Pool }
    expect((await pool.query('select name from pg_prepared_statements')).rows).toEqual([])
    if (driver === 'pg') await expect.poll(() => heard).toEqual(['done'])
    await other.close()
  })

  test('closing leaves no connection behind', async () => {
    const other = await createSystem(options)
    await Promise.all(Array.from({ length: 20 }, (_, i) => other.workspaces.count({ title: `none ${i}` })))
    await other.close()
    await expect
      .poll(() =>
        database.query(
          `select count(*)::int as count from pg_stat_activity where datname = current_database() and query like '%none%' and pid <> pg_backend_pid()`,
        ),
      )
      .toMatchObject({ rows: [{ count: 0 }] })
  })
})
