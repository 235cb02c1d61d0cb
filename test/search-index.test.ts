/** The indexes behind a search are used where they help, kept true by whatever is done to the rows, and not needed. */

import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { pgEngine } from '../src/engine/postgres/pg.ts'
import { contains } from '../src/engine/query.ts'
import { sqliteEngine } from '../src/engine/sqlite/engine.ts'
import { drift } from '../src/migrations/drift.ts'
import { migrations } from '../src/migrations/generated.ts'
import { migrate } from '../src/migrations/runner.ts'
import { completeSearches, warnOfSearches } from '../src/migrations/searches.ts'
import type { MigrationTarget } from '../src/migrations/target.ts'
import { noteSearches } from '../src/schema/notes.ts'
import { createSystem, type System } from '../src/system.ts'
import { createMigrationDatabase } from './support/migration-targets.ts'
import { selectedDialects } from './support/tiers.ts'

const now = new Date(Date.UTC(2030, 0, 1))
const auto = { mode: 'auto', now } as const
const dialects = selectedDialects()
const onSqlite = it.runIf(dialects.includes('sqlite'))
const onPostgres = it.runIf(dialects.includes('postgres'))

/** Rows for a planner to think about: one in a thousand has the word. */
const NOTES = 5000
const manyNotes = (json: string) => `
  insert into terrace_notes (id, workspace_id, type, title, title_folded, assigned_agent_ids, metadata, gc, version, created_at, updated_at)
  with recursive n(i) as (select 1 union all select i + 1 from n where i < ${NOTES})
  select 'n' || i, 'w', 'general', 't', 't', '[]'${json}, '{}'${json}, true, 1, m.at, m.at from n, (select created_at as at from terrace_workspaces) m`
const manyTexts = `
  insert into terrace_note_searches (note_id, workspace_id, seq, text)
  with recursive n(i) as (select 1 union all select i + 1 from n where i < ${NOTES})
  select 'n' || i, 'w', 0, 'the minutes of meeting ' || i || '${' and what else was said of it'.repeat(40)}' || case when i % 1000 = 7 then ' by a walrus' else '' end from n`

async function search(system: System, text: string): Promise<string[]> {
  return (await system.notes.search('w', text)).map(({ note }) => note.id)
}

/** The statement that the engine makes of a search, and what it finds. */
async function statementOf(
  open: (hooks: { query(event: { sql: string }): void }) => Promise<{
    readonly engine: Awaited<ReturnType<typeof sqliteEngine>> | Awaited<ReturnType<typeof pgEngine>>
  }>,
): Promise<{ sql: string; ids: string[]; system: System }> {
  const seen: string[] = []
  const { engine } = await open({ query: ({ sql }) => seen.push(sql) })
  const system = await createSystem({ engine })
  const rows = await engine.find(noteSearches, {
    where: { workspaceId: 'w', text: contains('Walrus') },
    limit: 50,
  })
  return { sql: seen.at(-1)!, ids: rows.map(({ noteId }) => noteId), system }
}

onSqlite('a search on SQLite goes through FTS5, and takes the rows in their order', async () => {
  await using database = await createMigrationDatabase('sqlite')
  const { sql, ids, system } = await statementOf(async (hooks) => ({
    engine: await sqliteEngine({ path: database.place, hooks, migrate: (target) => fill(target, '') }),
  }))
  expect(ids).toHaveLength(NOTES / 1000)
  const file = new Database(database.place)
  file.function('terrace_trigrams', { deterministic: true }, (_text: string) => '"wal"')
  const plan = file.prepare(`explain query plan ${sql}`).all('w', 'walrus', 'walrus', 50) as {
    detail: string
  }[]
  const details = plan.map(({ detail }) => detail).join('\n')
  expect(details).toMatch(/SCAN terrace_note_searches_text_search VIRTUAL TABLE INDEX 0:M/)
  expect(details).toMatch(
    /SEARCH terrace_note_searches USING INDEX terrace_note_searches_workspace_id_note_id_idx \(workspace_id=\? AND note_id=\?\)/,
  )
  expect(details).not.toMatch(/TEMP B-TREE/)

  // VACUUM gives rows of a table other numbers; what is cascaded, rebuilt or renamed is followed, too.
  file.pragma('foreign_keys = ON')
  file.exec(`delete from terrace_notes where id in ('n7', 'n8', 'n9'); vacuum`)
  file.exec(`update terrace_note_searches set text = 'a walrus again' where note_id = 'n10'`)
  expect(await search(system, 'walrus')).toEqual(['n10', 'n1007', 'n2007', 'n3007', 'n4007'])
  file.exec(`delete from terrace_workspaces`)
  expect(file.prepare('select count(*) from terrace_note_searches_text_search_rows').pluck().get()).toBe(0)
  expect(file.prepare('select count(*) from terrace_notes_title_search_rows').pluck().get()).toBe(0)
  expect(
    file
      .prepare(
        `select count(*) from terrace_note_searches_text_search where terrace_note_searches_text_search match '"wal"'`,
      )
      .pluck()
      .get(),
  ).toBe(0)
  file.close()
  await system.close()
})

onPostgres('a search on Postgres goes through the index where little matches', async () => {
  await using database = await createMigrationDatabase('postgres')
  const { sql, ids, system } = await statementOf(async (hooks) => ({
    engine: await pgEngine({
      url: database.place,
      sslMode: 'disable',
      hooks,
      migrate: (target) => fill(target, '::jsonb'),
    }),
  }))
  expect(ids).toHaveLength(NOTES / 1000)
  const target = database.connect()
  await target.query('vacuum analyze')
  const plan = await target.query(`explain ${sql}`, ['w', 'walrus', '50'])
  expect(JSON.stringify(plan)).toContain('Bitmap Index Scan on terrace_note_searches_text_search')
  await system.close()
})

onPostgres('who may not make the extension migrates all the same, is told, and finds the same', async () => {
  await using database = await createMigrationDatabase('postgres')
  const admin = database.connect()
  const url = database.place
  const name = new URL(url).pathname.slice(1)
  // Even who owns a database may be without this right.
  await admin.query(`revoke create on database "${name}" from current_user`)
  let found: unknown
  const engine = await pgEngine({
    url,
    sslMode: 'disable',
    migrate: async (target) => {
      const { warnings } = await migrate(target, auto)
      expect(warnings).toEqual(await warnOfSearches(target))
      expect(warnings).toHaveLength(2)
      expect(warnings[1]).toMatch(
        /^terrace_note_searches has no index for searching, .* needs the extension pg_trgm/,
      )
      expect(await completeSearches(target)).toEqual([])
      found = await drift(target)
    },
  })
  expect(found).toEqual([
    expect.objectContaining({
      message: 'terrace_notes: search index terrace_notes_title_search is missing',
    }),
    expect.objectContaining({
      message: 'terrace_note_searches: search index terrace_note_searches_text_search is missing',
    }),
  ])
  const system = await createSystem({ engine })
  const { id: workspaceId } = await system.workspaces.create({ title: 'W' })
  const { id } = await system.notes.create({ workspaceId, title: 'T', text: '100% of a walrus' })
  expect((await system.notes.search(workspaceId, '% of A')).map(({ note }) => note.id)).toEqual([id])
  await system.close()

  // Tables without a record of migrations are taken over without it, too; and it can be had later.
  await admin.query('drop table terrace_migrations')
  const again = await pgEngine({
    url,
    sslMode: 'disable',
    migrate: async (target) => {
      expect(await migrate(target, auto)).toMatchObject({ adopted: true })
      await admin.query(`grant create on database "${name}" to current_user`)
      await admin.query('create schema elsewhere')
      await admin.query('create extension pg_trgm schema elsewhere')
      expect(await completeSearches(target)).toEqual([
        'terrace_notes_title_search',
        'terrace_note_searches_text_search',
      ])
      expect(await drift(target)).toEqual([])
    },
  })
  await again.close()
})

onSqlite('a SQLite without FTS5 is told so in a sentence', async () => {
  await using database = await createMigrationDatabase('sqlite')
  const target = database.connect()
  const query: MigrationTarget['query'] = async (sql, params) =>
    target.query(sql.replace(/using fts5/i, 'using fts5_that_is_not_there'), params)
  await expect(migrate({ ...target, query }, auto)).rejects.toThrow(
    'migration 0003_search failed, and nothing was changed: this SQLite was built without FTS5, which searching needs',
  )
})

describe.each(dialects)('the migration on %s', (dialect) => {
  it('moves texts to where they are searched, and marks those that are late', async () => {
    await using database = await createMigrationDatabase(dialect)
    const target = database.connect()
    const before = migrations[dialect].filter(({ tag }) => tag < '0003')
    await migrate(target, { ...auto, migrations: before })
    const at = dialect === 'sqlite' ? '0' : `'2020-01-01'`
    await target.query(workspace(at))
    for (const id of ['on-time', 'late']) {
      await target.query(
        `insert into terrace_notes (id, workspace_id, type, title, title_folded, assigned_agent_ids, metadata, gc, version, created_at, updated_at)
         values ('${id}', 'w', 'general', 'A ${id}', 'a ${id}', '[]', '{}', true, 1, ${at}, ${at})`,
      )
      await target.query(
        `insert into terrace_note_heads (note_id, workspace_id, epoch, seq, snapshot_seq, snapshot_at, floor_seq, tail_bytes, state_bytes)
         values ('${id}', 'w', 'e', ${id === 'late' ? 4 : 3}, 0, ${at}, 0, 0, 0)`,
      )
      await target.query(
        `insert into terrace_note_texts (note_id, workspace_id, seq, text, text_folded) values ('${id}', 'w', 3, 'A Text', 'a text')`,
      )
    }
    await migrate(target, auto)
    expect(await drift(target)).toEqual([])
    const rows = await target.query(
      `select note_id as id, seq, text from terrace_note_searches order by note_id`,
    )
    expect(rows.map(({ id, seq, text }) => [id, Number(seq), text])).toEqual([
      ['late', 3, 'a text'],
      ['on-time', 3, 'a text'],
    ])
    const late = await target.query(
      `select note_id as id from terrace_note_heads where unsearched = ${dialect === 'sqlite' ? 1 : true}`,
    )
    expect(late).toEqual([{ id: 'late' }])
    if (dialect === 'postgres') return
    for (const name of ['terrace_note_searches_text_search', 'terrace_notes_title_search']) {
      const word = name.includes('title') ? 'a o' : 'tex'
      const [row] = await target.query(`select count(*) as n from ${name} where ${name} match '"${word}"'`)
      expect(row).toEqual({ n: word === 'tex' ? 2 : 1 })
    }
  })
})

const workspace = (at: string) =>
  `insert into terrace_workspaces (id, title, slug, kind, description, status, metadata, version, created_at, updated_at)
   values ('w', 'W', 'w', 'project', '', 'active', '{}', 1, ${at}, ${at})`

async function fill(target: MigrationTarget, json: string): Promise<void> {
  await migrate(target, auto)
  await target.query(workspace(target.dialect === 'sqlite' ? '0' : `'2020-01-01'`))
  for (const statement of [manyNotes(json), manyTexts]) await target.query(statement)
}
