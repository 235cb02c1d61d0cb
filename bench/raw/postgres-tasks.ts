/** Tasks by hand on `pg`: statements prepared by name, rows as the driver parses them. */

import type pg from 'pg'
import type { Task } from '../../src/schema/tasks.ts'
import type { NewTask } from '../../src/stores/tasks.ts'
import { cursorAfter, foldedTitle, newTask, READ, WRITTEN } from './task-row.ts'

/** A row with the driver's own types: dates and JSON parsed, `bigint` left as text. */
interface Cells extends pg.QueryResultRow {
  readonly [column: string]: never
}

const INSERT = `insert into terrace_tasks (${WRITTEN}) values
  ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) returning ${READ}`

/** Over a client or a pool: `query` is all that is used. */
export function rawPostgresTasks(connection: Pick<pg.Pool, 'query'>) {
  const query = async (name: string, text: string, values: unknown[]) =>
    (await connection.query<Cells>({ name, text, values })).rows
  return {
    async get(id: string): Promise<Task | null> {
      const [row] = await query('get', `select ${READ} from terrace_tasks where id = $1`, [id])
      return row === undefined ? null : decode(row)
    },
    async list(workspaceId: string, limit: number) {
      const rows = await query(
        'list',
        `select ${READ} from terrace_tasks where workspace_id = $1 and status = 'ready' and not archived
         order by created_at, id limit $2`,
        [workspaceId, limit + 1],
      )
      const items = rows.map(decode)
      if (items.length <= limit) return { items, next: null }
      items.pop()
      return { items, next: cursorAfter(items.at(-1)!) }
    },
    async create(input: NewTask): Promise<Task> {
      const task = newTask(input)
      const [row] = await query('create', INSERT, [
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
        false,
        JSON.stringify(task.metadata),
        1,
        task.createdAt,
        task.updatedAt,
      ])
      return decode(row!)
    },
  }
}

function decode(row: Cells): Task {
  return {
    id: row.id!,
    workspaceId: row.workspace_id!,
    crew: row.crew!,
    key: row.key!,
    title: row.title!,
    objective: row.objective!,
    scope: row.scope!,
    acceptanceCriteria: row.acceptance_criteria!,
    status: row.status!,
    pausedFrom: row.paused_from!,
    priority: Number(row.priority),
    assigneeId: row.assignee_id!,
    role: row.role!,
    parallelGroup: row.parallel_group!,
    files: row.files!,
    model: row.model!,
    verification: row.verification!,
    completionSummary: row.completion_summary!,
    failureReason: row.failure_reason!,
    openDependencies: Number(row.open_dependencies),
    failedDependencies: Number(row.failed_dependencies),
    dependents: Number(row.dependents),
    archived: row.archived!,
    startedAt: row.started_at!,
    completedAt: row.completed_at!,
    metadata: row.metadata!,
    version: Number(row.version),
    createdAt: row.created_at!,
    updatedAt: row.updated_at!,
  }
}
