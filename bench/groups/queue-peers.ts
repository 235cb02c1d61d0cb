/** The job queue against others: pg-boss, graphile-worker and BullMQ on the same Postgres, plainjob on SQLite. */

import pg from 'pg'
import { createSystem, type System } from '../../src/system.ts'
import { type PostgresServer, startPostgres } from '../../test/support/postgres-server.ts'
import { tempFolder } from '../fixtures/folder.ts'
import {
  count,
  createWorkspace,
  drain,
  drainByWorkers,
  drainTogether,
  enqueueJobs,
  JOB,
  PAYLOAD,
  WORKSPACE,
} from '../fixtures/jobs.ts'
import { openPostgres } from '../fixtures/postgres.ts'
import { bullMq, graphile, pgBoss, plainjob, type QueuePeer } from '../fixtures/queue-peers.ts'
import { awaited, clocked, crowd, type Once, quick, race, raceOnce, type Samples, speed } from '../measure.ts'
import { rawPostgresJobs } from '../raw/jobs.ts'
import { absolute, type Group, type Row, type Target } from '../row.ts'

const CALLERS = 10
const BATCH = 1000
/** Jobs that are drained in one go. */
const JOBS = quick ? 200 : 2000
/** Claimed and completed at once. */
const TOGETHER = 100

export async function queuePeers(): Promise<Group> {
  return {
    title: 'Jobs, beside other queues',
    method: `A payload of some 250 bytes. On Postgres all are on one server with fsync on, in a database each, with pools of ${CALLERS} connections (graphile-worker has two more, one of which listens). pg-boss is called by \`fetch\` and \`complete\`, since its \`work\` sleeps for half a second between looks, and has its maintenance off; graphile-worker and BullMQ run by their own runners, which are connected before the clock starts. graphile-worker deletes what is done, and goes on before that is written. A go drains ${count(JOBS)} jobs, of handlers that do nothing. On SQLite both have WAL and synchronous NORMAL.`,
    rows: [...(await onPostgres()), ...(await onSqlite())],
  }
}

type Peer = 'pg-boss' | 'graphile-worker' | 'BullMQ'
type Targets = Readonly<Partial<Record<Peer, number>>>

/** Rows of ours against each of the others, which have these names. */
function against(
  work: string,
  ours: Samples,
  others: readonly Samples[],
  targets: Targets,
  byHand?: Samples,
): Row[] {
  return others.map((other) => {
    const atLeast = targets[other.name as Peer]
    const target: Target = atLeast === undefined ? null : { atLeast }
    const reason = reasons[work]
    return {
      work,
      unit: `× ${other.name}`,
      target,
      measured: speed(ours, other),
      absolute: absolute(ours, other, ...(byHand === undefined ? [] : [byHand])),
      ...(reason && { ifMissed: reason }),
    }
  })
}

// ------------------------------------------------------------------ Postgres

async function onPostgres(): Promise<Row[]> {
  await using server = await startPostgres({ durable: true })
  return [...(await enqueueing(server)), ...(await running(server))]
}

/** A system and the others, each in a database of its own. */
async function openAll(server: PostgresServer, name: string) {
  const database = (of: string) => server.createDatabase(`${name}_${of}`)
  const system = await openPostgres(await database('ours'))
  await createWorkspace(system)
  const peers = [
    await pgBoss(await database('boss')),
    await graphile(await database('graphile')),
    await bullMq(await database('bull')),
  ]
  return {
    system,
    peers,
    async [Symbol.asyncDispose]() {
      for (const peer of peers) await peer[Symbol.asyncDispose]()
      await system.close()
    },
  }
}

/** A database whose table of jobs is written to by hand. */
async function ownTable(server: PostgresServer): Promise<string> {
  const url = await server.createDatabase('enqueue_raw')
  await using system = await openPostgres(url)
  await createWorkspace(system)
  return url
}

async function enqueueing(server: PostgresServer): Promise<Row[]> {
  await using all = await openAll(server, 'enqueue')
  const { system, peers } = all
  const enqueue = () => system.backgroundTasks.enqueue(JOB)
  const pool = new pg.Pool({ connectionString: await ownTable(server), max: CALLERS })
  const raw = rawPostgresJobs(pool, WORKSPACE)
  const [one, byHand, ...ones] = await race([
    awaited('terrace', enqueue),
    awaited('by hand', () => raw.enqueue(PAYLOAD)),
    ...peers.map((peer) => awaited(peer.name, () => peer.enqueue(PAYLOAD))),
  ])
  await pool.end()
  const [some, ...somes] = await race(
    [
      crowd('terrace', CALLERS, enqueue),
      ...peers.map((peer) => crowd(peer.name, CALLERS, () => peer.enqueue(PAYLOAD))),
    ],
    CALLERS,
  )
  const jobs = new Array<typeof JOB>(BATCH).fill(JOB)
  const payloads = new Array<object>(BATCH).fill(PAYLOAD)
  const batch = (name: string, work: () => Promise<unknown>): Once<void> => ({
    name,
    prepare: async () => {},
    run: () => clocked(work),
  })
  const [many, ...manys] = await raceOnce([
    batch('terrace', () => system.backgroundTasks.enqueueMany(jobs)),
    ...peers.map((peer) => batch(peer.name, () => peer.enqueueMany(payloads))),
  ])
  return [
    ...against('enqueue, one caller', one!, ones, { 'pg-boss': 2, 'graphile-worker': 1.8 }, byHand),
    ...against(`enqueue, ${CALLERS} callers`, some!, somes, { 'pg-boss': 5, 'graphile-worker': 8 }),
    ...against(`enqueue, a batch of ${count(BATCH)}`, many!, manys, {
      'pg-boss': 1.6,
      'graphile-worker': 1.4,
    }),
  ]
}

async function running(server: PostgresServer): Promise<Row[]> {
  await using all = await openAll(server, 'run')
  const { system, peers } = all
  const ours = (name: string, work: () => Promise<unknown>): Once<void> => ({
    name,
    prepare: () => enqueueJobs(system, JOBS),
    run: () => clocked(work),
  })
  const theirs = (peer: QueuePeer, work: () => Promise<number>): Once<void> => ({
    name: peer.name,
    prepare: async () => void (await peer.enqueueMany(new Array<object>(JOBS).fill(PAYLOAD))),
    run: work,
  })
  const rows: Row[] = []
  for (const workers of [1, CALLERS]) {
    const targets: Targets =
      workers === 1
        ? { 'pg-boss': 3, 'graphile-worker': 1.7, BullMQ: 2.2 }
        : { 'pg-boss': 3.3, 'graphile-worker': 1.8 }
    const drainers = () => Promise.all(Array.from({ length: workers }, () => drain(system)))
    const samples = await raceOnce([
      ours('terrace', drainers),
      ours('terrace work()', () => drainByWorkers(system, workers)),
      ...peers.map((peer) => theirs(peer, () => peer.drain(JOBS, workers))),
    ])
    const [byHand, byWorker, ...others] = samples.map(perJob(JOBS))
    const by = workers === 1 ? 'one worker' : `${workers} workers`
    rows.push(
      ...against(`run and complete, ${by}, claim() and complete()`, byHand!, others, targets),
      ...against(`run and complete, ${by}, work()`, byWorker!, others, targets),
    )
  }
  const batching = peers.flatMap((peer) => {
    const { drainTogether } = peer
    return drainTogether === undefined ? [] : [theirs(peer, () => drainTogether(JOBS, TOGETHER))]
  })
  const samples = await raceOnce([ours('terrace', () => drainTogether(system, TOGETHER)), ...batching])
  const [together, ...others] = samples.map(perJob(JOBS))
  rows.push(...against(`run and complete, ${TOGETHER} at once`, together!, others, {}))
  return rows
}

// ------------------------------------------------------------------ SQLite

async function onSqlite(): Promise<Row[]> {
  await using folder = await tempFolder()
  const open = async (name: string): Promise<System> => {
    const system = await createSystem({ driver: 'sqlite', path: folder.file(`${name}.db`), env: {} })
    await createWorkspace(system)
    return system
  }
  const rows: Row[] = []
  const row = (work: string, ours: Samples, theirs: Samples, target: Target) => {
    const reason = reasons[work]
    rows.push({
      work,
      unit: '× plainjob',
      target,
      measured: speed(ours, theirs),
      absolute: absolute(ours, theirs),
      ...(reason && { ifMissed: reason }),
    })
  }

  {
    await using system = await open('enqueue')
    const plain = await plainjob(folder.file('enqueue-plain.db'))
    const [one, theirOne] = await race([
      awaited('terrace', () => system.backgroundTasks.enqueue(JOB)),
      awaited('plainjob', async () => plain.enqueue(PAYLOAD)),
    ])
    row('enqueue, SQLite', one!, theirOne!, { atLeast: 0.75 })
    const jobs = new Array<typeof JOB>(BATCH).fill(JOB)
    const payloads = new Array<object>(BATCH).fill(PAYLOAD)
    const [many, theirMany] = await race([
      awaited('terrace', () => system.backgroundTasks.enqueueMany(jobs)),
      awaited('plainjob', async () => plain.enqueueMany(payloads)),
    ])
    row(`enqueue, a batch of ${count(BATCH)}, SQLite`, many!, theirMany!, null)
    plain.close()
  }

  await using system = await open('run')
  const plain = await plainjob(folder.file('run-plain.db'))
  const ours = (name: string, work: () => Promise<unknown>): Once<void> => ({
    name,
    prepare: () => enqueueJobs(system, JOBS),
    run: () => clocked(work),
  })
  const samples = await raceOnce<void>([
    ours('terrace', () => drain(system)),
    ours('terrace work()', () => drainByWorkers(system, 1)),
    ours('terrace', () => drainTogether(system, TOGETHER)),
    {
      name: 'plainjob',
      prepare: async () => void plain.enqueueMany(new Array<object>(JOBS).fill(PAYLOAD)),
      run: () =>
        clocked(async () => {
          while (await plain.one());
        }),
    },
  ])
  plain.close()
  const [byHand, byWorker, together, theirs] = samples.map(perJob(JOBS))
  row('run and complete, claim() and complete(), SQLite', byHand!, theirs!, { atLeast: 1.5 })
  row('run and complete, work(), SQLite', byWorker!, theirs!, { atLeast: 1.5 })
  row(`run and complete, ${TOGETHER} at once, SQLite`, together!, theirs!, { atLeast: 7 })
  return rows
}

const perJob =
  (jobs: number) =>
  ({ name, rounds }: Samples): Samples => ({ name, rounds: rounds.map((round) => round / jobs) })

const oneByOne =
  'a job is two statements and two commits, a claim and a completion, each of which waits for the disk: only a worker joins them. graphile-worker goes on without waiting for its completion.'

const joined =
  'the completion of a job and the claim of the next are one statement and one commit, counted on the wire. What is left is that commit, and a row of 39 columns that is written twice and read back whole.'

/** Why some may be missed, by the work. */
const reasons: Readonly<Record<string, string>> = {
  'enqueue, one caller':
    'one statement and one commit on either side. Most of it is the wait for the disk: where commits did not wait, the same insert by hand took a fifth of the time. By hand, with the wait, is beside it.',
  [`enqueue, ${CALLERS} callers`]:
    'ours are gathered already: ten calls are one statement, counted on the wire. What else there is to save is not known.',
  [`enqueue, a batch of ${count(BATCH)}`]:
    'a job has 39 columns and ten indexes. Ours are checked and read back whole; what all have in common is bound once.',
  'run and complete, one worker, claim() and complete()': oneByOne,
  'run and complete, one worker, work()': joined,
  [`run and complete, ${CALLERS} workers, claim() and complete()`]: oneByOne,
  [`run and complete, ${CALLERS} workers, work()`]: joined,
  'enqueue, SQLite':
    'the same insert by hand takes twice the processor time of plainjob, which has three columns to fill and one index; without the two indexes that hold every job, by workspace and by agent, a third of that is gone.',
  'run and complete, claim() and complete(), SQLite':
    'by hand, with the same statements, it takes as long as plainjob: two updates of a row with 39 columns, read back whole, against two of a narrow one.',
  'run and complete, work(), SQLite':
    'as by `claim` and `complete`, and a timer, a signal and some promises for each job.',
  [`run and complete, ${TOGETHER} at once, SQLite`]:
    'the completions of a tick share a transaction, but each is a statement of its own.',
}
