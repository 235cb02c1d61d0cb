/** The memory engine against our own SQLite, and against itself with a hundred times the rows. */

import { createSystem, type System } from '../../src/system.ts'
import { tempFolder } from '../fixtures/folder.ts'
import { seedTasks, shuffled, taskInput, WORKSPACE } from '../fixtures/tasks.ts'
import { awaited, cost, quick, race, speed } from '../measure.ts'
import { absolute, type Group, type Row } from '../row.ts'

const SMALL = 1000
const LARGE = quick ? 20_000 : 100_000

export async function memory(): Promise<Group> {
  await using folder = await tempFolder()
  await using system = await createSystem({ driver: 'memory', env: {} })
  await using sqlite = await createSystem({ driver: 'sqlite', path: folder.file('memory.db'), env: {} })
  const ids = shuffled(await seedTasks(system, LARGE))
  const sqliteIds = shuffled(await seedTasks(sqlite, LARGE))
  const rows: Row[] = []

  const list = (from: System) => () =>
    from.tasks.list({ workspaceId: WORKSPACE, status: 'ready' }, { limit: 50 })
  const pairs = [
    {
      work: `get by id, of ${count(LARGE)}`,
      sides: [
        awaited('memory', (i) => system.tasks.get(ids[i % LARGE]!)),
        awaited('sqlite', (i) => sqlite.tasks.get(sqliteIds[i % LARGE]!)),
      ],
      ifMissed:
        'SQLite answers from its own cache, through one prepared statement, in a few microseconds. In memory nearly all is copying 29 columns of a row that no processor cache has any more.',
    },
    {
      work: `list 50 of ${count(LARGE)}`,
      sides: [awaited('memory', list(system)), awaited('sqlite', list(sqlite))],
      ifMissed:
        'all of it is copying fifty rows, JSON and dates included, so that what is stored stays as it is.',
    },
    {
      work: 'create',
      sides: [
        awaited('memory', (i) => system.tasks.create(taskInput(i))),
        awaited('sqlite', (i) => sqlite.tasks.create(taskInput(i))),
      ],
      ifMissed:
        'checking 30 columns, folding the title, making an id and bringing JSON into its order are half of it, and the same on every tier; the rest keeps six indexes sorted.',
    },
  ]
  for (const { work, sides, ifMissed } of pairs) {
    const [inMemory, inFile] = await race(sides)
    rows.push({
      work,
      unit: '× our SQLite',
      target: { atLeast: 10 },
      measured: speed(inMemory!, inFile!),
      absolute: absolute(inMemory!, inFile!),
      ifMissed,
    })
  }

  await using little = await createSystem({ driver: 'memory', env: {} })
  await using much = await createSystem({ driver: 'memory', env: {} })
  await seedTasks(little, SMALL)
  await seedTasks(much, LARGE)
  const [large, small] = await race([awaited(count(LARGE), list(much)), awaited(count(SMALL), list(little))])
  rows.push({
    work: `list 50 of ${count(LARGE)}, where an index fits`,
    unit: `× the time of ${count(SMALL)}`,
    target: { atMost: 1.5 },
    measured: cost(large!, small!),
    absolute: absolute(large!, small!),
  })
  return {
    title: 'Memory',
    method: 'The same tasks through the same store; SQLite in a file, WAL, synchronous NORMAL.',
    rows,
  }
}

const count = (rows: number) => rows.toLocaleString('en')
