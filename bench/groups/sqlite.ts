/** The SQLite engine, through the task store, against the driver by hand and against plain drizzle. */

import Database from 'better-sqlite3'
import { and, asc, eq } from 'drizzle-orm'
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3'
import { configure } from '../../src/engine/sqlite/connection.ts'
import { toSqlite } from '../../src/schema/drizzle/sqlite.ts'
import { tasks } from '../../src/schema/tasks.ts'
import { createSystem } from '../../src/system.ts'
import { type Folder, tempFolder } from '../fixtures/folder.ts'
import { seedTasks, shuffled, taskInput, WORKSPACE } from '../fixtures/tasks.ts'
import { awaited, bursts, race, speed, synchronous } from '../measure.ts'
import { rawSqliteTasks } from '../raw/sqlite-tasks.ts'
import { newTask } from '../raw/task-row.ts'
import { absolute, type Group, type Row } from '../row.ts'

const SEEDED = 10_000
const BURST = 100

export async function sqlite(): Promise<Group> {
  await using folder = await tempFolder()
  const ids = await seed(folder)
  // Each side writes to a copy of its own.
  await using system = await open(await folder.copy('seed.db', 'ours.db'))
  const rawDatabase = openRaw(await folder.copy('seed.db', 'raw.db'))
  const drizzleDatabase = openRaw(await folder.copy('seed.db', 'drizzle.db'))
  const raw = rawSqliteTasks(rawDatabase)
  const plain = plainTasks(drizzle(drizzleDatabase))
  const pick = (i: number) => ids[i % ids.length]!

  const rows: Row[] = []
  {
    const [ours, byHand, built] = await race([
      awaited('terrace', (i) => system.tasks.get(pick(i))),
      synchronous('raw', (i) => raw.get(pick(i))),
      synchronous('drizzle', (i) => plain.get(pick(i))),
    ])
    const common = {
      work: 'get by id, through the store, awaited',
      absolute: absolute(ours!, byHand!, built!),
    }
    rows.push(
      { ...common, unit: '× raw', target: { atLeast: 0.8 }, measured: speed(ours!, byHand!) },
      { ...common, unit: '× plain drizzle', target: { atLeast: 8 }, measured: speed(ours!, built!) },
    )
  }
  {
    const filter = { workspaceId: WORKSPACE, status: 'ready' as const }
    const [ours, byHand, built] = await race([
      awaited('terrace', () => system.tasks.list(filter, { limit: 50 })),
      synchronous('raw', () => raw.list(WORKSPACE, 50)),
      synchronous('drizzle', () => plain.list(WORKSPACE, 50)),
    ])
    rows.push({
      work: 'list 50 with filter and order',
      unit: '× raw',
      target: { atLeast: 0.85 },
      measured: speed(ours!, byHand!),
      absolute: absolute(ours!, byHand!, built!),
      ifMissed:
        'nine tenths of the time the driver hands over cells one by one, on both sides. What is left is checking the filter, and the cursor, which other lists refuse.',
    })
  }
  {
    const [ours, byHand, built] = await race([
      awaited('terrace', (i) => system.tasks.create(taskInput(i))),
      synchronous('raw', (i) => raw.create(taskInput(i))),
      synchronous('drizzle', (i) => plain.create(i)),
    ])
    const common = { work: 'create, one durable row', absolute: absolute(ours!, byHand!, built!) }
    rows.push(
      { ...common, unit: '× raw', target: { atLeast: 0.75 }, measured: speed(ours!, byHand!) },
      { ...common, unit: '× plain drizzle', target: { atLeast: 1.5 }, measured: speed(ours!, built!) },
    )
  }
  {
    const [ours, byHand] = await race(
      [
        bursts('terrace', BURST, (i) => system.tasks.create(taskInput(i))),
        synchronous('raw', (i) => raw.create(taskInput(i))),
      ],
      BURST,
    )
    rows.push({
      work: `${BURST} concurrent creates in one tick`,
      unit: '× raw autocommit',
      target: { atLeast: 2 },
      measured: speed(ours!, byHand!),
      absolute: absolute(ours!, byHand!),
    })
  }
  rawDatabase.close()
  drizzleDatabase.close()
  return {
    title: 'SQLite',
    method: `Tasks, 29 columns, ${SEEDED} in a workspace, in a file each: WAL, synchronous NORMAL, foreign keys on, the same settings on all sides. Raw is \`better-sqlite3\` with statements prepared once, rows read by position and nothing checked; plain drizzle builds each query anew. Both are called without awaiting.`,
    rows,
  }
}

async function seed(folder: Folder): Promise<string[]> {
  await using system = await open(folder.file('seed.db'))
  return shuffled(await seedTasks(system, SEEDED))
}

function open(path: string) {
  return createSystem({ driver: 'sqlite', path, env: {} })
}

function openRaw(path: string): Database.Database {
  const database = new Database(path)
  configure(database, {})
  return database
}

/** As the documentation of drizzle has it: each query is built when it is needed. */
function plainTasks(database: BetterSQLite3Database) {
  const table = toSqlite(tasks)
  return {
    get: (id: string) => database.select().from(table).where(eq(table.id, id)).get(),
    list: (workspaceId: string, limit: number) =>
      database
        .select()
        .from(table)
        .where(and(eq(table.workspaceId, workspaceId), eq(table.status, 'ready'), eq(table.archived, false)))
        .orderBy(asc(table.createdAt), asc(table.id))
        .limit(limit)
        .all(),
    create: (i: number) =>
      database
        .insert(table)
        .values(newTask(taskInput(i)))
        .returning()
        .all(),
  }
}
