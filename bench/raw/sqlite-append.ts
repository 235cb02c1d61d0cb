/** A message appended by hand on better-sqlite3: the same rows and indexes, in one transaction. */

import type BetterSqlite from 'better-sqlite3'
import { v7 } from 'uuid'

export function rawSqliteAppend(database: BetterSqlite.Database) {
  const begin = database.prepare('begin immediate')
  const commit = database.prepare('commit')
  const bump = database.prepare<[number, string], { workspace_id: string; last_seq: number }>(
    `update terrace_conversations set last_seq = last_seq + 1, last_activity_at = ?
     where id = ? and deleted_at is null and kind = 'direct' returning workspace_id, last_seq`,
  )
  const insert = database.prepare<unknown[]>(
    `insert into terrace_messages (id, workspace_id, conversation_id, seq, role, content, reactions, created_at)
     values (?, ?, ?, ?, 'user', ?, '{}', ?)`,
  )
  return (conversationId: string, content: string) => {
    const now = Date.now()
    begin.run()
    const [head] = bump.all(now, conversationId)
    insert.run(v7(), head!.workspace_id, conversationId, head!.last_seq, content, now)
    commit.run()
  }
}
