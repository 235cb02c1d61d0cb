/** Jobs by hand, as somebody without a library would write them: the same table, the same indexes, four statements. */

import type BetterSqlite from 'better-sqlite3'
import type pg from 'pg'
import { v7 } from 'uuid'

export interface RawJobs {
  enqueue(payload: unknown): Promise<unknown>
  /** Claims the first one and completes it, in two statements. */
  turn(): Promise<unknown>
}

/** Those that have no default of their own, in the order in which they are bound; the rest are written as literals. */
const INSERT = `insert into terrace_background_tasks (id, workspace_id, queue, kind, title, payload, priority, status,
  run_at, attempts, max_attempts, attempts_left, backoff_ms, max_backoff_ms, unique_key, holds_unique_key,
  concurrency_key, holds_concurrency_key, open_dependencies, dependents, fence, cancel_requested, input_tokens,
  output_tokens, live, metadata, version, created_at, updated_at)
  values ($1, $2, 'default', 'k', '', $3, 0, 'ready', $4, 0, 5, 5, 1000, 3600000, '', false, '', false, 0, 0, 0, false,
  0, 0, true, '{}', 1, $4, $4) returning *`
const CLAIM = `update terrace_background_tasks set status = 'running', attempts = attempts + 1,
  attempts_left = attempts_left - 1, fence = fence + 1, worker = 'w', lease_until = $2, started_at = $1,
  version = version + 1, updated_at = $1
  where id = (select id from terrace_background_tasks where queue = 'default' and status = 'ready'
    order by priority desc, run_at, id limit 1 SKIP) returning *`
const COMPLETE = `update terrace_background_tasks set status = 'done', worker = null, lease_until = null, result = $4,
  live = false, finished_at = $3, version = version + 1, updated_at = $3
  where id = $1 and fence = $2 and lease_until > $3 returning *`

export function rawPostgresJobs(pool: pg.Pool, workspaceId: string): RawJobs {
  const claim = CLAIM.replace('SKIP', 'for update skip locked')
  return {
    enqueue: (payload) =>
      pool.query({
        name: 'enqueue',
        text: INSERT,
        values: [v7(), workspaceId, JSON.stringify(payload), new Date()],
      }),
    async turn() {
      const now = new Date()
      const { rows } = await pool.query({
        name: 'claim',
        text: claim,
        values: [now, new Date(now.getTime() + 30_000)],
      })
      const values = [rows[0].id, rows[0].fence, new Date(), JSON.stringify('ok')]
      return pool.query({ name: 'complete', text: COMPLETE, values })
    },
  }
}

export function rawSqliteJobs(database: BetterSqlite.Database, workspaceId: string): RawJobs {
  const names = database.pragma('table_info(terrace_background_tasks)') as { readonly name: string }[]
  const at = (name: string) => names.findIndex((column) => column.name === name)
  const [id, fence, payload, result, metadata] = ['id', 'fence', 'payload', 'result', 'metadata'].map(at)
  const times = ['run_at', 'lease_until', 'started_at', 'finished_at', 'created_at', 'updated_at'].map(at)
  /** What a caller would have of a row. */
  const decode = (row: unknown[]) => {
    for (const i of [payload!, result!, metadata!]) if (row[i] !== null) row[i] = JSON.parse(row[i] as string)
    for (const i of times) if (row[i] !== null) row[i] = new Date(row[i] as number)
    return { id: row[id!] as string, fence: row[fence!] as number, row }
  }
  const prepare = (text: string) => database.prepare(text.replaceAll(/\$(\d)/g, '?$1')).raw(true)
  const insert = prepare(INSERT)
  const claim = prepare(CLAIM.replace('SKIP', ''))
  const complete = prepare(COMPLETE)
  return {
    enqueue: async (payload) =>
      decode(
        insert.all({ 1: v7(), 2: workspaceId, 3: JSON.stringify(payload), 4: Date.now() })[0] as unknown[],
      ),
    async turn() {
      const now = Date.now()
      const [row] = claim.all({ 1: now, 2: now + 30_000 }) as unknown[][]
      const { id, fence } = decode(row!)
      return decode(complete.all({ 1: id, 2: fence, 3: Date.now(), 4: '"ok"' })[0] as unknown[])
    },
  }
}
