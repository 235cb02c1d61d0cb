/** The job queue: against the same statements by hand, and against itself with much to do. */

import Database from 'better-sqlite3'
import pg from 'pg'
import { configure } from '../../src/engine/sqlite/connection.ts'
import { createSystem, type System } from '../../src/system.ts'
import { startPostgres } from '../../test/support/postgres-server.ts'
import { tempFolder } from '../fixtures/folder.ts'
import { count, fill, JOB, PAYLOAD, WORKSPACE } from '../fixtures/jobs.ts'
import { openPostgres } from '../fixtures/postgres.ts'
import { awaited, cost, quick, race, speed } from '../measure.ts'
import { type RawJobs, rawPostgresJobs, rawSqliteJobs } from '../raw/jobs.ts'
import { absolute, type Group, type Row } from '../row.ts'

const FEW = 100
const MANY = quick ? 20_000 : 100_000

export async function queue(): Promise<Group> {
  return {
    title: 'Jobs',
    method: `One worker. "By hand" are the same statements on the same table, prepared, without a library. What else is in the queue is named in each row; a claim is measured with the release that undoes it.`,
    rows: [...(await onSqlite()), ...(await onPostgres()), ...(await inMemory())],
  }
}

/** What else is there while jobs are claimed. */
const crowds = {
  few: { ready: FEW },
  many: { ready: MANY },
  later: { ready: FEW, later: MANY },
} as const
type Crowd = keyof typeof crowds

async function onSqlite(): Promise<Row[]> {
  await using folder = await tempFolder()
  const path = (crowd: string) => folder.file(`${crowd}.db`)
  const open = async (crowd: Crowd, name: string = crowd) => {
    const system = await createSystem({ driver: 'sqlite', path: path(name), env: {} })
    await fill(system, crowds[crowd])
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
    await fill(system, crowds[crowd])
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

async function inMemory(): Promise<Row[]> {
  await using folder = await tempFolder()
  await using memory = await createSystem({ driver: 'memory', env: {} })
  await using sqlite = await createSystem({ driver: 'sqlite', path: folder.file('memory.db'), env: {} })
  for (const system of [memory, sqlite]) await fill(system, crowds.few)
  const enqueue = (system: System) => system.backgroundTasks.enqueue(JOB)
  const turn = async (system: System) => {
    const [claimed] = await system.backgroundTasks.claim()
    await system.backgroundTasks.complete(claimed!, 'ok')
    await system.backgroundTasks.enqueue(JOB)
  }
  const rows: Row[] = []
  for (const [work, call] of [
    ['enqueue', enqueue],
    ['claim, complete and enqueue', turn],
  ] as const) {
    const [ours, file] = await race([
      awaited('memory', () => call(memory)),
      awaited('sqlite', () => call(sqlite)),
    ])
    rows.push({
      work: `${work}, memory`,
      unit: '× our SQLite',
      target: { atLeast: 10 },
      measured: speed(ours!, file!),
      absolute: absolute(ours!, file!),
      ifMissed:
        'a profile of it has no one thing that takes most: garbage collection is 14 %, and the rest is spread over checking, copying, and keeping the table and its indexes.',
    })
  }
  return rows
}

async function compare(
  where: string,
  open: (crowd: Crowd, name?: string) => Promise<System>,
  raw: RawJobs,
): Promise<Row[]> {
  await using few = await open('few')
  const rows: Row[] = []

  const [enqueue, byHand] = await race([
    awaited('terrace', () => few.backgroundTasks.enqueue(JOB)),
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
      await few.backgroundTasks.enqueue(JOB)
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
      target: { atMost: 1.15 },
      measured: cost(crowded!, quiet!),
      absolute: absolute(crowded!, quiet!),
    })
  }
  return rows
}
