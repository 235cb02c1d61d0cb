/** Fills tables by SQL alone: a million rows in seconds, like those that the stores would have written. */

import type { SqlDialect } from '../../src/schema/constraints.ts'
import { WORKSPACE } from '../fixtures/tasks.ts'

/** Messages in each thread. */
export const PER_THREAD = 100

export const taskId = (i: number): string => `task-${padded(i)}`
export const threadId = (i: number): string => `thread-${padded(i)}`
const padded = (i: number) => String(i).padStart(9, '0')

/** A moment in 2026, later by `step` milliseconds with each row. */
const START = 1_767_225_600_000

/** One task in ten is ready, the others are done. */
export function bulkTasks(dialect: SqlDialect, rows: number): string[] {
  const sql = words[dialect]
  const id = sql.numbered('task-', 'i')
  const at = sql.moment('i * 1000')
  return [
    `insert into terrace_tasks
       (id, workspace_id, crew, "key", title, title_folded, objective, acceptance_criteria, status, priority,
        role, files, open_dependencies, failed_dependencies, dependents, archived, metadata, version,
        created_at, updated_at)
     select ${id}, '${WORKSPACE}', '', ${id}, 'Teach the parser about case ' || i,
       'teach the parser about case ' || i,
       'The grammar refuses this case. Find the rule that is too strict, loosen it, and cover both sides.',
       '["a test fails before and passes after"]', case when i % 10 = 0 then 'ready' else 'done' end, i % 7,
       'developer', '["src/parser/rules.ts"]', 0, 0, 0, ${sql.no}, '{"source": "review"}', 1, ${at}, ${at}
     from ${sql.series(rows)}`,
  ]
}

export function bulkThreads(dialect: SqlDialect, messages: number): string[] {
  const sql = words[dialect]
  const at = sql.moment('i * 1000')
  const workspace = `insert into terrace_workspaces
       (id, title, slug, kind, description, status, metadata, version, created_at, updated_at)
     values ('${WORKSPACE}', 'Bench', '${WORKSPACE}', 'project', '', 'active', '{}', 1, ${sql.moment('0')}, ${sql.moment('0')})`
  const threads = `insert into terrace_conversations
       (id, workspace_id, platform, platform_id, kind, lead_id, name, roles, members, archived, hidden,
        last_activity_at, last_seq, metadata, version, created_at, updated_at)
     select ${sql.numbered('thread-', 'i')}, '${WORKSPACE}', 'web', ${sql.numbered('', 'i')}, 'direct', '', '',
       '[]', '{}', ${sql.no}, ${sql.no}, ${at}, ${PER_THREAD}, '{}', 1, ${at}, ${at}
     from ${sql.series(messages / PER_THREAD)}`
  const lines = `insert into terrace_messages
       (id, workspace_id, conversation_id, seq, role, content, reactions, created_at)
     select ${sql.numbered('message-', 'i')}, '${WORKSPACE}', ${sql.numbered('thread-', `i / ${PER_THREAD}`)},
       i % ${PER_THREAD} + 1, 'user', 'The parser refuses the third case of ' || i, '{}', ${at}
     from ${sql.series(messages)}`
  return [workspace, threads, lines]
}

/** Jobs that are ready, all of one priority. */
export function bulkJobs(dialect: SqlDialect, rows: number): string[] {
  const sql = words[dialect]
  const at = sql.moment('i * 1000')
  return [
    `insert into terrace_background_tasks
       (id, workspace_id, queue, kind, title, payload, priority, status, run_at, attempts, max_attempts, attempts_left,
        backoff_ms, max_backoff_ms, unique_key, holds_unique_key, concurrency_key, holds_concurrency_key,
        open_dependencies, dependents, fence, cancel_requested, input_tokens, output_tokens, live, metadata, version,
        created_at, updated_at)
     select ${sql.numbered('job-', 'i')}, '${WORKSPACE}', 'default', 'k', '', '{"files": ["src/parser/rules.ts"]}', 0,
       'ready', ${at}, 0, 5, 5, 1000, 3600000, '', ${sql.no}, '', ${sql.no}, 0, 0, 0, ${sql.no}, 0, 0, ${sql.yes},
       '{}', 1, ${at}, ${at}
     from ${sql.series(rows)}`,
  ]
}

const words = {
  sqlite: {
    no: '0',
    yes: '1',
    moment: (offset: string) => `${START} + ${offset}`,
    numbered: (prefix: string, i: string) => `printf('${prefix}%09d', ${i})`,
    series: (rows: number) =>
      `(with recursive n(i) as (select 0 union all select i + 1 from n where i < ${rows - 1}) select i from n)`,
  },
  postgres: {
    no: 'false',
    yes: 'true',
    moment: (offset: string) => `to_timestamp((${START} + ${offset}) / 1000)`,
    numbered: (prefix: string, i: string) => `'${prefix}' || lpad((${i})::text, 9, '0')`,
    series: (rows: number) => `generate_series(0::bigint, ${rows - 1}) as n(i)`,
  },
} as const
