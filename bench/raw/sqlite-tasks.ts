/** Tasks by hand on better-sqlite3: statements prepared once, rows read by position. */

import type BetterSqlite from 'better-sqlite3'
import type { Task } from '../../src/schema/tasks.ts'
import type { NewTask } from '../../src/stores/tasks.ts'
import { cursorAfter, foldedTitle, newTask, READ, WRITTEN } from './task-row.ts'

type Cells = [
  ...texts: [string, string, string, string, string, string, string | null, string, Task['status']],
  pausedFrom: Task['pausedFrom'],
  priority: number,
  assigneeId: string | null,
  role: string | null,
  parallelGroup: string | null,
  files: string,
  model: string | null,
  verification: string | null,
  completionSummary: string | null,
  failureReason: string | null,
  openDependencies: number,
  failedDependencies: number,
  dependents: number,
  archived: number,
  startedAt: number | null,
  completedAt: number | null,
  metadata: string,
  version: number,
  createdAt: number,
  updatedAt: number,
]

export function rawSqliteTasks(database: BetterSqlite.Database) {
  const get = database.prepare<[string], Cells>(`select ${READ} from terrace_tasks where id = ?`).raw(true)
  const list = database
    .prepare<[string, number], Cells>(
      `select ${READ} from terrace_tasks where workspace_id = ? and status = 'ready' and archived = 0
       order by created_at, id limit ?`,
    )
    .raw(true)
  const insert = database
    .prepare<unknown[], Cells>(
      `insert into terrace_tasks (${WRITTEN})
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning ${READ}`,
    )
    .raw(true)
  return {
    get(id: string): Task | null {
      const cells = get.get(id)
      return cells === undefined ? null : decode(cells)
    },
    list(workspaceId: string, limit: number) {
      const items = list.all(workspaceId, limit + 1).map(decode)
      if (items.length <= limit) return { items, next: null }
      items.pop()
      return { items, next: cursorAfter(items.at(-1)!) }
    },
    create(input: NewTask): Task {
      const task = newTask(input)
      // Not `get`: a statement that is left before its end never comes to SQLite's checkpoint.
      return decode(
        insert.all(
          task.id,
          task.workspaceId,
          task.crew,
          task.key,
          task.title,
          foldedTitle(task),
          task.objective,
          JSON.stringify(task.acceptanceCriteria),
          task.status,
          task.priority,
          task.role,
          JSON.stringify(task.files),
          0,
          0,
          0,
          0,
          JSON.stringify(task.metadata),
          1,
          task.createdAt.getTime(),
          task.updatedAt.getTime(),
        )[0]!,
      )
    },
  }
}

function decode(cells: Cells): Task {
  return {
    id: cells[0],
    workspaceId: cells[1],
    crew: cells[2],
    key: cells[3],
    title: cells[4],
    objective: cells[5],
    scope: cells[6],
    acceptanceCriteria: JSON.parse(cells[7]),
    status: cells[8],
    pausedFrom: cells[9],
    priority: cells[10],
    assigneeId: cells[11],
    role: cells[12],
    parallelGroup: cells[13],
    files: JSON.parse(cells[14]),
    model: cells[15],
    verification: cells[16] === null ? null : JSON.parse(cells[16]),
    completionSummary: cells[17],
    failureReason: cells[18],
    openDependencies: cells[19],
    failedDependencies: cells[20],
    dependents: cells[21],
    archived: cells[22] === 1,
    startedAt: cells[23] === null ? null : new Date(cells[23]),
    completedAt: cells[24] === null ? null : new Date(cells[24]),
    metadata: JSON.parse(cells[25]),
    version: cells[26],
    createdAt: new Date(cells[27]),
    updatedAt: new Date(cells[28]),
  }
}
