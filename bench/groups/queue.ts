/** The job queue: against the same statements by hand, and against itself with much to do. */

import Database from 'better-sqlite3'
import pg from 'pg'
import { configure } from '../../src/engine/sqlite/connection.ts'
import { createSystem, type System } from '../../src/system.ts'
import { startPostgres } from '../../test/support/postgres-server.ts'
import { tempFolder } from '../fixtures/folder.ts'
import { openPostgres } from '../fixtures/postgres.ts'
import { awaited, cost, quick, race, speed } from '../measure.ts'
import { type RawJobs, rawPostgresJobs, rawSqliteJobs } from '../raw/jobs.ts'
import { absolute, type Group, type Row } from '../row.ts'

const WORKSPACE = 'bench'
const FEW = 100
const MANY = quick ? 20_000 : 100_000
const PAYLOAD = { files: ['src/parser/rules.ts', 'test/parser/case-1.test.ts'], prompt: 'x'.repeat(180) }

const count = (jobs: number) => jobs.toLocaleString('en')

export async function queue(): Promise<Group> {
  return {
    title: 'Jobs',
    method: `One worker. "By hand" are the same statements on the same table, prepared, without a library. What else is in the queue is named in each row; a claim is measured with the release that undoes it.`,
    rows: [...(await onSqlite()), ...(await onPostgres())],
  }
}

/** What else is there while jobs are claimed. */
const crowds = {
  few: { ready: FEW, later: 0, blocked: 0 },
  many: { ready: MANY, later: 0, blocked: 0 },
  later: { ready: FEW, later: MANY, blocked: 0 },
  blocked: { ready: FEW, later: 0, blocked: MANY },
} as const
type Crowd = keyof typeof crowds

async function fill(system: System, crowd: Crowd): Promise<void> {
  await system.workspaces.create({ id: WORKSPACE, title: 'Bench' })
  const { ready, later, blocked } = crowds[crowd]
  const enqueue = async (jobs: number, more: object) => {
    for (let i = 0; i < jobs; i += 500) {
      const size = Math.min(500, jobs - i)
      const job = { workspaceId: WORKSPACE, kind: 'k', payload: PAYLOAD, ...more }
      await system.backgroundTasks.enqueueMany(Array.from({ length: size }, () => job))
    }
  }
  await enqueue(ready, {})
  await enqueue(later, { delayMs: 3_600_000, priority: 9 })
  await enqueue(blocked, { concurrencyKey: 'saturated', priority: 9 })
  // One of them runs, and stays; nothing is left to be swept.
  if (blocked > 0) await system.backgroundTasks.claim({ leaseMs: 86_400_000 })
}

async function onSqlite(): Promise<Row[]> {
  await using folder = await tempFolder()
  const path = (crowd: string) => folder.file(`${crowd}.db`)
  const open = async (crowd: Crowd, name: string = crowd) => {
    const system = await createSystem({ driver: 'sqlite', path: path(name), env: {} })
    await fill(system, crowd)
    return system
  }
  await (await open('few', 'raw')).close()
  const database = new Database(path('raw'))
  configure(database, {})
  try {
    return await compare('SQLite', open, rawSqliteJobs(database, WORKSPACE))
  } finally {
    database.close()
  }
}

async function onPostgres(): Promise<Row[]> {
  await using server = await startPostgres({ durable: true })
  const open = async (crowd: Crowd, name: string = crowd) => {
    const url = await server.createDatabase(`queue_${name}`)
    const system = await openPostgres(url)
    await fill(system, crowd)
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query('vacuum analyze')
    await client.end()
    return system
  }
  await (await open('few', 'raw')).close()
  const pool = new pg.Pool({ connectionString: server.url('queue_raw'), max: 10 })
  try {
    return await compare('Postgres', open, rawPostgresJobs(pool, WORKSPACE))
  } finally {
    await pool.end()
  }
}

async function compare(
  where: string,
  open: (crowd: Crowd, name?: string) => Promise<System>,
  raw: RawJobs,
): Promise<Row[]> {
  await using few = await open('few')
  const job = { workspaceId: WORKSPACE, kind: 'k', payload: PAYLOAD }
  const rows: Row[] = []

  const [enqueue, byHand] = await race([
    awaited('terrace', () => few.backgroundTasks.enqueue(job)),
    awaited('by hand', () => raw.enqueue(PAYLOAD)),
  ])
  rows.push({
    work: `enqueue, ${where}`,
    unit: '× by hand',
    target: { atLeast: 0.9 },
    measured: speed(enqueue!, byHand!),
    absolute: absolute(enqueue!, byHand!),
  })

  const [turn, turnByHand] = await race([
    awaited('terrace', async () => {
      const [claimed] = await few.backgroundTasks.claim()
      await few.backgroundTasks.complete(claimed!, 'ok')
      await few.backgroundTasks.enqueue(job)
    }),
    awaited('by hand', async () => {
      await raw.turn()
      await raw.enqueue(PAYLOAD)
    }),
  ])
  rows.push({
    work: `claim, complete and enqueue, ${where}`,
    unit: '× by hand',
    target: { atLeast: 0.9 },
    measured: speed(turn!, turnByHand!),
    absolute: absolute(turn!, turnByHand!),
  })

  // Not the one above, in which there are many by now.
  await using alone = await open('few', 'alone')
  for (const [crowd, what] of [
    ['many', `${count(MANY)} ready`],
    ['later', `${count(MANY)} for later, of higher priority`],
    ['blocked', `${count(MANY)} blocked by a concurrency key, of higher priority`],
  ] as const) {
    await using much = await open(crowd)
    const claim = (name: string, system: System) =>
      awaited(name, async () => {
        const [claimed] = await system.backgroundTasks.claim()
        await system.backgroundTasks.release(claimed!)
      })
    const [crowded, quiet] = await race([claim(what, much), claim('few', alone)])
    rows.push({
      work: `claim with ${what}, ${where}`,
      unit: '× the time with few',
      target: { atMost: crowd === 'blocked' ? 1.2 : 1.15 },
      measured: cost(crowded!, quiet!),
      absolute: absolute(crowded!, quiet!),
    })
  }
  return rows
}
