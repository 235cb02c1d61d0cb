/**
 * `npm run db:generate -- --name add_labels` makes the next migration of both dialects, with one number and
 * one name, and the module that ships them. With `--custom` the migration is empty, for SQL of one's own.
 * `db:sqlite:generate` (`--sqlite`) makes SQLite's alone.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SqlDialect } from '../src/schema/constraints.ts'
import { tables } from '../src/schema/tables.ts'
import { amend, BREAK, type Snapshot } from './amend.ts'
import { readFlags } from './flags.ts'
import { folders, modulePath, readMigrations, readTags, renderModule } from './generate-migrations.ts'
import { generate } from './kit.ts'
import { dialects, kit } from './kit-config.ts'
import { searchesAfter } from './search-indexes.ts'

const values = readFlags('db:generate', {
  name: { type: 'string', default: 'schema' },
  custom: { type: 'boolean', default: false },
  sqlite: { type: 'boolean', default: false },
})
const problems: string[] = []
const tagsBefore = readTags(folders.sqlite).length

for (const dialect of values.sqlite ? (['sqlite'] as const) : dialects) make(dialect, values.custom)
if (!values.custom) await addSearches()
if (!values.sqlite) {
  // What changes one dialect alone still has its number in both.
  const newest = Math.max(...dialects.map((dialect) => readTags(folders[dialect]).length))
  for (const dialect of dialects) if (readTags(folders[dialect]).length < newest) make(dialect, true)
}
writeFileSync(modulePath, renderModule(folders))

if (problems.length > 0) {
  console.error(`\n${problems.join('\n')}\nThen run \`node scripts/generate-migrations.ts\`.`)
  process.exitCode = 1
}

function make(dialect: SqlDialect, custom: boolean): void {
  const folder = folders[dialect]
  const before = readTags(folder)
  generate(dialect, kit[dialect].out, [`--name=${values.name}`, ...(custom ? ['--custom'] : [])])
  const tag = readTags(folder)[before.length]
  if (tag === undefined || custom) return
  const file = join(folder, `${tag}.sql`)
  const amended = amend(dialect, readFileSync(file, 'utf8'), snapshotOf(folder, before.at(-1)), tables)
  writeFileSync(file, amended.sql)
  problems.push(...amended.problems.map((problem) => `${kit[dialect].out}/${tag}.sql: ${problem}`))
}

/** What SQLite needs beside what drizzle-kit writes. */
async function addSearches(): Promise<void> {
  const folder = folders.sqlite
  const statements = await searchesAfter(readMigrations(folder))
  if (statements.length === 0) return
  // A migration of this run has them, or else one of their own.
  if (readTags(folder).length === tagsBefore) make('sqlite', true)
  const file = join(folder, `${readTags(folder).at(-1)}.sql`)
  const text = readFileSync(file, 'utf8').trimEnd()
  writeFileSync(file, [text, ...statements.map((each) => `${each};`)].join(`\n${BREAK}`))
}

function snapshotOf(folder: string, tag: string | undefined): Snapshot | undefined {
  const file = join(folder, `meta/${tag?.split('_')[0]}_snapshot.json`)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}
