/** Behind a real PgBouncer in transaction mode: connections change hands, sessions do not last, nothing gets lost. */

import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { workspaces } from '../src/schema/workspaces.ts'
import { createSystem, type System, type SystemOptions } from '../src/system.ts'
import { findPgBouncer, type PgBouncer, startPgBouncer } from './support/pgbouncer.ts'
import { type PostgresServer, startPostgres } from './support/postgres-server.ts'
import { selectedTiers } from './support/tiers.ts'
import { storm } from './work/storm.ts'

/** To the server, of all clients together. */
const CONNECTIONS = 5

const isCovered = selectedTiers().includes('postgres')
const program = findPgBouncer()
if (isCovered && program === undefined) {
  console.log('left out: what is behind PgBouncer. It is not installed (apt-get install pgbouncer)')
}

describe.runIf(isCovered && program !== undefined)('behind PgBouncer', () => {
  let server: PostgresServer
  let bouncer: PgBouncer
  /** Past the pooler. */
  let admin: pg.Pool
  let system: System

  beforeAll(async () => {
    server = await startPostgres()
    bouncer = await startPgBouncer(program!, server.url(), { connections: CONNECTIONS })
    admin = new pg.Pool({ connectionString: server.adminUrl, ssl: false, max: 1 })
    admin.on('error', () => {})
    // Migrated through the pooler, too.
    system = await open()
  })

  afterAll(async () => {
    await system?.close()
    await admin?.end()
    await bouncer?.[Symbol.asyncDispose]()
    await server?.stop()
  })

  function open(options: SystemOptions = {}): Promise<System> {
    return createSystem({ url: bouncer.url(), env: { PGSSLMODE: 'disable' }, ...options })
  }

  /** How a URL looks that does not say where it leads. */
  const unmarked = () => bouncer.url().replace('?pgbouncer=true', '')

  test('many clients share few connections, and leave nothing of theirs in them', async () => {
    const systems = await Promise.all(Array.from({ length: 4 }, () => open()))
    const { id: workspaceId } = await system.workspaces.create({ title: 'Shared' })
    const { id } = await system.conversations.create({ workspaceId })
    await Promise.all(
      systems.flatMap((each) =>
        Array.from({ length: 10 }, async (_, i) => {
          await each.messages.append(id, { role: 'user', content: `${i}` })
          await each.transaction(async (tx) => {
            const agent = await tx.agents.create({ workspaceId, name: `a${i}`, role: 'developer' })
            await tx.agents.update(agent.id, { name: `b${i}` })
          })
        }),
      ),
    )
    const seqs = (await system.messages.range(id, 1, 1000)).map(({ seq }) => seq)
    expect(seqs).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
    expect(await system.agents.count({ workspaceId })).toBe(40)
    const { rows } = await admin.query(
      `select count(*)::int as connections, count(*) filter (where state <> 'idle')::int as busy,
        (select count(*)::int from pg_locks where locktype = 'advisory') as locks
        from pg_stat_activity where usename = 'terrace'`,
    )
    expect(rows).toEqual([{ connections: expect.any(Number), busy: 0, locks: 0 }])
    expect(rows[0].connections).toBeLessThanOrEqual(CONNECTIONS)
    // Each connection once, by holding all of them at the same time.
    const { pool } = (await system.engine.unwrap()) as { pool: pg.Pool }
    const held = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.connect()))
    for (const client of held) await client.query('begin')
    for (const client of held) {
      const prepared = await client.query('select name from pg_prepared_statements')
      const listening = await client.query('select pg_listening_channels()')
      expect([prepared.rows, listening.rows]).toEqual([[], []])
    }
    for (const client of held) {
      await client.query('rollback')
      client.release()
    }
    await Promise.all(systems.map((each) => each.close()))
  })

  test('a System hears itself; with a way past the pooler, others too; a worker finds what it does not hear of', async () => {
    const direct = { DATABASE_URL: bouncer.url(), DATABASE_URL_UNPOOLED: server.url(), PGSSLMODE: 'disable' }
    await using hearing = await createSystem({ env: direct })
    const [own, others]: string[][] = [[], []]
    await system.engine.listen('work', (payload) => own!.push(payload))
    await hearing.engine.listen('work', (payload) => others!.push(payload))
    await system.engine.notify('work', 'alone')
    await system.engine.transaction((tx) => tx.notify('work', 'inside'))
    await expect.poll(() => others).toEqual(['alone', 'inside'])
    expect(own).toEqual(['alone', 'inside'])
    await hearing.engine.notify('work', 'from elsewhere')
    await expect.poll(() => others).toContain('from elsewhere')
    expect(own).toEqual(['alone', 'inside'])

    const { id: workspaceId } = await system.workspaces.create({ title: 'Work' })
    const worker = system.backgroundTasks.work({ hear: () => 'done' }, { pollMs: { min: 5, max: 50 } })
    const { id } = await hearing.backgroundTasks.enqueue({ workspaceId, kind: 'hear' })
    await expect.poll(async () => (await system.backgroundTasks.get(id))?.status).toBe('done')
    await worker.stop()
  })

  test('a URL that does not say so works all the same, and no statement is ever taken for another', async () => {
    await using reader = await open({ url: unmarked() })
    await using remover = await open({ url: unmarked() })
    const [kept, gone] = await Promise.all(
      ['kept', 'gone'].map((title) => system.workspaces.create({ title })),
    )
    const read = () => reader.engine.find(workspaces, { where: { id: kept!.id } })
    // What either prepares first, each on a connection of the server's; then the reader is given the other's.
    await read()
    const holder = new pg.Client({ connectionString: unmarked(), ssl: false })
    await holder.connect()
    await holder.query('begin')
    await remover.engine.remove(workspaces, { where: { id: gone!.id } })
    expect(await read()).toMatchObject([{ title: 'kept' }])
    await holder.query('rollback')
    await holder.end()
    for (let i = 0; i < 20; i++) {
      const title = `none ${i}`
      await Promise.all(
        [reader, remover].map((each) => each.transaction((tx) => tx.workspaces.count({ title }))),
      )
    }
    expect(await system.workspaces.get(kept!.id)).toMatchObject({ title: 'kept' })
  })

  test('a server that crashes behind the pooler: what was acknowledged is there, and the System goes on', async () => {
    const { id: workspaceId } = await system.workspaces.create({ title: 'Crash' })
    const { id } = await system.conversations.create({ workspaceId })
    const acknowledged: number[] = []
    let isOver = false
    const writers = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        try {
          acknowledged.push((await system.messages.append(id, { role: 'user', content: 'x' })).seq)
        } catch (error) {
          expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
        }
      }
    })
    await expect.poll(() => acknowledged.length).toBeGreaterThan(10)
    await server.crash()
    await server.restart()
    const before = acknowledged.length
    await expect.poll(() => acknowledged.length).toBeGreaterThan(before + 10)
    isOver = true
    await Promise.all(writers)
    const count = await system.messages.count(id)
    const seqs: number[] = []
    while (seqs.length < count) {
      const page = await system.messages.range(id, seqs.length + 1, seqs.length + 1000)
      seqs.push(...page.map(({ seq }) => seq))
      if (page.length === 0) break
    }
    expect(seqs).toEqual(Array.from({ length: count }, (_, i) => i + 1))
    expect(new Set(acknowledged).size).toBe(acknowledged.length)
    expect(Math.max(...acknowledged)).toBeLessThanOrEqual(count)
  })

  test('workers that are killed leave no job undone, and do none twice under one lease', async () => {
    const url = await server.createDatabase('storm')
    const pooled = bouncer.url(new URL(url).pathname.slice(1))
    const short = { jobs: 200, workers: 3, kills: 3, seed: Math.floor(Math.random() * 2 ** 31) }
    const report = await storm({ ...short, target: { tier: 'postgres', url: pooled } })
    expect(report.killed).toBe(short.kills)
    expect(report.begun).toBeGreaterThanOrEqual(short.jobs)
  })
})
