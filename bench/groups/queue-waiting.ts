/** How long a claim takes when something stands in its way: a million others, a lane that is taken, a transaction. */

import Database from 'better-sqlite3'
import pg from 'pg'
import { configure } from '../../src/engine/sqlite/connection.ts'
import { createSystem, type System } from '../../src/system.ts'
import { type PostgresServer, startPostgres } from '../../test/support/postgres-server.ts'
import { startWire } from '../../test/support/wire.ts'
import { tempFolder } from '../fixtures/folder.ts'
import { claimTurn, count, createWorkspace, enqueueJobs, fill, PAYLOAD } from '../fixtures/jobs.ts'
import { openPostgres } from '../fixtures/postgres.ts'
import { pgBossGroups } from '../fixtures/queue-peers.ts'
import { cost, quick, raceTurns, type Samples, speed, type Turns } from '../measure.ts'
import { bulkJobs } from '../raw/bulk.ts'
import { absolute, type Group, type Row } from '../row.ts'

const FEW = 100
const MILLION = quick ? 50_000 : 1_000_000
const BLOCKED = quick ? 20_000 : 100_000
/** Jobs that are done while the transaction stays open. */
const CHURN = quick ? 3_000 : 20_000
/** Claims of a round. */
const TURNS = quick ? 20 : 100

export async function queueWaiting(): Promise<Group> {
  return {
    title: 'Claims, with something in the way',
    method: `A round's figure is the middle one of ${TURNS} claims of one job, which is then completed while another one comes in. ${FEW} are ready where nothing else is said.`,
    rows: [...(await onSqlite()), ...(await onPostgres())],
  }
}

const claims = (name: string, system: System): Turns => ({ name, turn: () => claimTurn(system) })

const slower = (
  work: string,
  most: number,
  [crowded, quiet]: readonly Samples[],
  more: Partial<Row> = {},
): Row => ({
  work,
  unit: '× the time with little to do',
  target: { atMost: most },
  measured: cost(crowded!, quiet!),
  absolute: absolute(crowded!, quiet!),
  ...more,
})

async function onSqlite(): Promise<Row[]> {
  await using folder = await tempFolder()
  const open = async (rows: number) => {
    const path = folder.file(`${rows}.db`)
    const options = { driver: 'sqlite', path, env: {} } as const
    await using empty = await createSystem(options)
    await createWorkspace(empty)
    await empty.close()
    const database = new Database(path)
    configure(database, {})
    for (const sql of [...bulkJobs('sqlite', rows), 'analyze']) database.exec(sql)
    database.close()
    return createSystem(options)
  }
  await using few = await open(FEW)
  await using many = await open(MILLION)
  const samples = await raceTurns([claims(`of ${count(MILLION)}`, many), claims(`of ${FEW}`, few)], TURNS)
  await using quiet = await createSystem({ driver: 'sqlite', path: folder.file('quiet.db'), env: {} })
  await using taken = await createSystem({ driver: 'sqlite', path: folder.file('taken.db'), env: {} })
  await fill(quiet, { ready: FEW })
  await fill(taken, { ready: FEW, blocked: BLOCKED })
  const lanes = await raceTurns([claims('with them', taken), claims('without', quiet)], TURNS)
  return [
    slower(`claim with ${count(MILLION)} ready, SQLite`, 1.5, samples),
    slower(`claim behind ${count(BLOCKED)} of a concurrency key that is taken, SQLite`, 1.2, lanes),
  ]
}

async function onPostgres(): Promise<Row[]> {
  await using server = await startPostgres({ durable: true })
  return [await aMillion(server), ...(await saturated(server)), await longTransaction(server)]
}

/** Runs statements on a connection of their own; the answer to the last. */
async function onItsOwn(url: string, ...statements: readonly string[]): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    let last: pg.QueryResult | undefined
    for (const statement of statements) last = await client.query(statement)
    return last!
  } finally {
    await client.end()
  }
}

async function aMillion(server: PostgresServer): Promise<Row> {
  const open = async (rows: number) => {
    const url = await server.createDatabase(`ready_${rows}`)
    const system = await openPostgres(url)
    await createWorkspace(system)
    await onItsOwn(url, ...bulkJobs('postgres', rows), 'vacuum analyze')
    return { system, url }
  }
  const few = await open(FEW)
  const many = await open(MILLION)
  await using _few = few.system
  await using _many = many.system
  // What loading has left to write would be written during the first rounds.
  await onItsOwn(server.adminUrl, 'checkpoint')
  const samples = await raceTurns(
    [claims(`of ${count(MILLION)}`, many.system), claims(`of ${FEW}`, few.system)],
    TURNS,
  )
  return slower(`claim with ${count(MILLION)} ready, Postgres`, 1.5, samples, {
    note: `EXPLAIN: ${await indexOfClaim(server, many.url)}`,
    ifMissed:
      'not for the statement: by EXPLAIN ANALYZE a claim took the server 0.20 ms among 50,000 jobs and 0.21 among 100, and 20 pages instead of 17. What else it is, is not known.',
  })
}

/** The scan of jobs that Postgres plans for a claim, whose statement is read on the wire. */
async function indexOfClaim(server: PostgresServer, url: string): Promise<string> {
  await using wire = await startWire({ host: '127.0.0.1', port: server.port })
  const through = new URL(url)
  through.port = String(wire.port)
  await using system = await openPostgres(through.href)
  await system.backgroundTasks.claim()
  const text = wire.statements().texts.find((each) => /^(with|update)\b.*skip locked/is.test(each))
  if (text === undefined) throw new Error('there was no claim on the wire')
  const { rows } = await onItsOwn(url, `explain (generic_plan) ${text}`)
  const lines = rows.map((row) => String(row['QUERY PLAN']).trim())
  const scan = lines.find((line) => line.includes('Scan')) ?? 'no scan'
  return scan.replace(/^->\s*/, '').replace(/ on .*/, '')
}

async function saturated(server: PostgresServer): Promise<Row[]> {
  const open = async (name: string, blocked: number) => {
    const url = await server.createDatabase(`lane_${name}`)
    const system = await openPostgres(url)
    await fill(system, { ready: FEW, blocked })
    await onItsOwn(url, 'vacuum analyze')
    return system
  }
  await using few = await open('few', 0)
  await using crowded = await open('crowded', BLOCKED)
  const bossUrl = await server.createDatabase('lane_boss')
  await using boss = await pgBossGroups(bossUrl)
  await boss.saturate(BLOCKED, PAYLOAD)
  for (let i = 0; i < FEW; i++) await boss.enqueue(PAYLOAD)
  await onItsOwn(bossUrl, 'vacuum analyze')
  const [ours, quiet, theirs] = await raceTurns(
    [
      claims('with them', crowded),
      claims('without', few),
      { name: 'pg-boss', turn: () => boss.turn(PAYLOAD) },
    ],
    TURNS,
  )
  const work = `claim behind ${count(BLOCKED)} of a concurrency key that is taken, Postgres`
  return [
    slower(work, 1.2, [ours!, quiet!]),
    {
      work,
      unit: '× as fast as pg-boss',
      target: { atLeast: 25 },
      measured: speed(ours!, theirs!),
      absolute: absolute(ours!, theirs!),
      note: 'pg-boss: a group of which one job is active, fetched with `groupConcurrency: 1`',
      ifMissed:
        'ours takes as long as with nobody blocked, as the row before shows: what is left is a commit that waits for the disk.',
    },
  ]
}

async function longTransaction(server: PostgresServer): Promise<Row> {
  const open = async (name: string) => {
    const url = await server.createDatabase(`snapshot_${name}`)
    const system = await openPostgres(url)
    await fill(system, { ready: FEW })
    await onItsOwn(url, 'vacuum analyze')
    return { system, url }
  }
  const behind = await open('behind')
  const quiet = await open('quiet')
  await using _behind = behind.system
  await using _quiet = quiet.system
  const client = new pg.Client({ connectionString: behind.url })
  await client.connect()
  try {
    await client.query('begin isolation level repeatable read')
    await client.query('select count(*) from terrace_background_tasks')
    for (const { system } of [behind, quiet]) {
      for (let done = 0; done < CHURN; done += 500) {
        await enqueueJobs(system, 500)
        const jobs = await system.backgroundTasks.claim({ limit: 500 })
        await Promise.all(jobs.map((job) => system.backgroundTasks.complete(job)))
      }
    }
    // What autovacuum would do in between, wherever it may.
    for (const { url } of [behind, quiet]) await onItsOwn(url, 'vacuum analyze terrace_background_tasks')
    const samples = await raceTurns(
      [claims('behind it', behind.system), claims('without', quiet.system)],
      TURNS,
    )
    return slower(
      `claim behind a transaction that was open while ${count(CHURN)} jobs were done, Postgres`,
      1.5,
      samples,
      {
        ifMissed:
          'the entries of jobs that are done stay at the head of the index until that transaction has ended, and each claim looks at all of them. Neither a fillfactor of 50 nor an eager autovacuum changed that. Beginning the scan at the first job that is known to be ready took an eighth of the time, tried by hand.',
      },
    )
  } finally {
    await client.end()
  }
}
