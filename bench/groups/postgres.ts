/** The Postgres engine, through the task store, against `pg` by hand and against plain drizzle. */

import { and, asc, eq } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { toPostgres } from '../../src/schema/drizzle/postgres.ts'
import { tasks } from '../../src/schema/tasks.ts'
import { openPostgres, startDatabases } from '../fixtures/postgres.ts'
import { seedTasks, shuffled, taskInput, WORKSPACE } from '../fixtures/tasks.ts'
import { awaited, crowd, race, speed } from '../measure.ts'
import { rawPostgresTasks } from '../raw/postgres-tasks.ts'
import { newTask } from '../raw/task-row.ts'
import { absolute, type Group, type Row } from '../row.ts'

const SEEDED = 10_000
const CALLERS = 100

export async function postgres(): Promise<Group> {
  let ids: string[] = []
  await using databases = await startDatabases(async (system) => {
    ids = shuffled(await seedTasks(system, SEEDED))
  })
  const pick = (i: number) => ids[i % ids.length]!
  const rawUrl = await databases.copy('raw')
  await using system = await openPostgres(await databases.copy('ours'))
  const client = new pg.Client({ connectionString: rawUrl })
  const pool = new pg.Pool({ connectionString: rawUrl, max: 10 })
  const drizzlePool = new pg.Pool({ connectionString: await databases.copy('drizzle'), max: 10 })
  const rows: Row[] = []
  try {
    await client.connect()
    const raw = rawPostgresTasks(client)
    const pooled = rawPostgresTasks(pool)
    const plain = plainTasks(drizzle(drizzlePool))
    const filter = { workspaceId: WORKSPACE, status: 'ready' as const }

    const alone = [
      {
        work: 'get',
        sides: [
          awaited('terrace', (i) => system.tasks.get(pick(i))),
          awaited('raw', (i) => pooled.get(pick(i))),
          awaited('raw client', (i) => raw.get(pick(i))),
          awaited('drizzle', (i) => plain.get(pick(i))),
        ],
      },
      {
        work: 'list 50',
        sides: [
          awaited('terrace', () => system.tasks.list(filter, { limit: 50 })),
          awaited('raw', () => pooled.list(WORKSPACE, 50)),
          awaited('raw client', () => raw.list(WORKSPACE, 50)),
          awaited('drizzle', () => plain.list(WORKSPACE, 50)),
        ],
      },
      {
        work: 'create',
        sides: [
          awaited('terrace', (i) => system.tasks.create(taskInput(i))),
          awaited('raw', (i) => pooled.create(taskInput(i))),
          awaited('raw client', (i) => raw.create(taskInput(i))),
          awaited('drizzle', (i) => plain.create(i)),
        ],
      },
    ]
    for (const { work, sides } of alone) {
      const samples = await race(sides)
      const [ours, byHand] = samples
      rows.push({
        work: `${work}, one caller`,
        unit: '× raw named statement',
        target: { atLeast: 0.95 },
        measured: speed(ours!, byHand!),
        absolute: absolute(...samples),
        ifMissed:
          'what is left is time in Node: checking the call, choosing its statement, and some ten promises on the way to the driver and back.',
      })
    }

    const together = [
      {
        work: 'gets',
        sides: [
          crowd('terrace', CALLERS, (i) => system.tasks.get(pick(i))),
          crowd('raw', CALLERS, (i) => pooled.get(pick(i))),
        ],
      },
      {
        work: 'creates',
        sides: [
          crowd('terrace', CALLERS, (i) => system.tasks.create(taskInput(i))),
          crowd('raw', CALLERS, (i) => pooled.create(taskInput(i))),
        ],
      },
    ]
    for (const { work, sides } of together) {
      const [ours, byHand] = await race(sides, CALLERS)
      rows.push({
        work: `${work} of ${CALLERS} callers at once`,
        unit: '× raw pool of 10',
        target: { atLeast: 3 },
        measured: speed(ours!, byHand!),
        absolute: absolute(ours!, byHand!),
      })
    }
  } finally {
    await Promise.all([client.end(), pool.end(), drizzlePool.end()])
  }
  return {
    title: 'Postgres',
    method: `Tasks, 29 columns, ${SEEDED} in a workspace, in a database each of one server on loopback, with fsync on. Raw is a \`pg\` pool of 10, as ours, with named statements, the driver's own parsers and nothing checked; a bare client, which serves one caller only, is beside it.`,
    rows,
  }
}

/** As the documentation of drizzle has it: each query is built when it is needed. */
function plainTasks(database: NodePgDatabase) {
  const table = toPostgres(tasks)
  return {
    get: (id: string) => database.select().from(table).where(eq(table.id, id)),
    list: (workspaceId: string, limit: number) =>
      database
        .select()
        .from(table)
        .where(and(eq(table.workspaceId, workspaceId), eq(table.status, 'ready'), eq(table.archived, false)))
        .orderBy(asc(table.createdAt), asc(table.id))
        .limit(limit),
    create: (i: number) =>
      database
        .insert(table)
        .values(newTask(taskInput(i)))
        .returning(),
  }
}
