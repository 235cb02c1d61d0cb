/** Ten minutes of jobs that come in, are done and are purged: whether a claim takes as long in the end as at first. */

import pg from 'pg'
import { createSystem, type System } from '../../src/system.ts'
import { startPostgres } from '../../test/support/postgres-server.ts'
import { tempFolder } from '../fixtures/folder.ts'
import { claimTurn, createWorkspace, enqueueJobs } from '../fixtures/jobs.ts'
import { openPostgres } from '../fixtures/postgres.ts'
import { quick, spread } from '../measure.ts'
import type { Group, Row } from '../row.ts'

const MINUTE_MS = quick ? 2000 : 60_000
const MINUTES = 10
const WORKERS = 4
/** Jobs that are ready all the time. */
const READY = 100
/** Parts of a minute after which what ended a minute ago is purged. */
const PURGES = 12

export async function queueChurn(): Promise<Group> {
  const minutes = quick ? `${MINUTES} times ${MINUTE_MS / 1000} s` : `${MINUTES} minutes`
  return {
    title: 'Jobs without a pause',
    method: `For ${minutes}, ${WORKERS} loops claim a job, complete it and enqueue another as fast as they can, with ${READY} ready at any time; what ended a minute ago is purged twelve times a minute. Autovacuum is as Postgres has it. The ratio is that of the middle claim of the last minute to that of the second, since the first one warms up and fills what is kept; least and most are of the minutes between.`,
    rows: [await onPostgres(), await onSqlite()],
  }
}

async function onPostgres(): Promise<Row> {
  await using server = await startPostgres({ durable: true })
  await using system = await openPostgres(server.url())
  const client = new pg.Client({ connectionString: server.url() })
  await client.connect()
  try {
    return await churn('Postgres', system, async () => {
      const { rows } = await client.query(
        `select pg_table_size('terrace_background_tasks') as "table", pg_indexes_size('terrace_background_tasks') as "indexes",
           (select max(pg_relation_size(indexrelid)) from pg_index where indrelid = 'terrace_background_tasks'::regclass
             and pg_get_expr(indpred, indrelid) like '%ready%') as "ready",
           (select autovacuum_count from pg_stat_user_tables where relname = 'terrace_background_tasks') as "vacuums"`,
      )
      const { table, indexes, ready, vacuums } = rows[0] as Record<string, string>
      return `table ${megabytes(table!)}, indexes ${megabytes(indexes!)}, that of ready jobs ${megabytes(ready!)}, ${vacuums} vacuums`
    })
  } finally {
    await client.end()
  }
}

async function onSqlite(): Promise<Row> {
  await using folder = await tempFolder()
  await using system = await createSystem({ driver: 'sqlite', path: folder.file('churn.db'), env: {} })
  return await churn('SQLite', system, async () => '')
}

/** `look` tells how large everything is. */
async function churn(where: string, system: System, look: () => Promise<string>): Promise<Row> {
  await createWorkspace(system)
  await enqueueJobs(system, READY)
  const minutes: number[] = []
  const looks: string[] = []
  let times: number[] = []
  let jobs = 0
  const endsAt = performance.now() + MINUTES * MINUTE_MS
  const isOver = () => performance.now() >= endsAt
  const workers = Array.from({ length: WORKERS }, async () => {
    while (!isOver()) {
      times.push(await claimTurn(system))
      jobs++
      // SQLite answers without the event loop, in which the minutes end.
      await new Promise(setImmediate)
    }
  })
  const purging = (async () => {
    while (!isOver()) {
      await sleep(MINUTE_MS / PURGES)
      await system.backgroundTasks.purge({ before: new Date(Date.now() - MINUTE_MS) })
    }
  })()
  for (let minute = 1; minute <= MINUTES; minute++) {
    await sleep(Math.max(0, endsAt - (MINUTES - minute) * MINUTE_MS - performance.now()))
    minutes.push(spread(times).median)
    looks.push(await look())
    times = []
  }
  await Promise.all([...workers, purging])
  const [, second] = minutes
  const between = spread(minutes.slice(2).map((each) => each / second!))
  const last = minutes.at(-1)!
  const sizes = looks.at(-1) === '' ? '' : `; after the second: ${looks[1]}; in the end: ${looks.at(-1)}`
  return {
    work: `claim in the last minute, ${where}`,
    unit: '× that in the second',
    target: { atMost: 1.5 },
    measured: { ...between, median: last / second! },
    absolute: [
      { name: 'the last', microseconds: last * 1000 },
      { name: 'the second', microseconds: second! * 1000 },
    ],
    note: `${jobs} jobs${sizes}`,
  }
}

const megabytes = (bytes: string) => `${(Number(bytes) / 2 ** 20).toFixed(1)} MB`

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
