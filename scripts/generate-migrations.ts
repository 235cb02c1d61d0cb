/**
 * Writes `src/migrations/generated.ts` from the folders that drizzle-kit keeps, because a serverless bundle
 * has no folders. `node scripts/generate-migrations.ts` does it alone; `db:generate` does it last.
 */

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Migration } from '../src/migrations/target.ts'
import type { SqlDialect } from '../src/schema/constraints.ts'
import { kit, projectFolder } from './kit-config.ts'

/** First line of a migration that code which does not know it can live with. */
const COMPATIBLE = '-- terrace: compatible'

export const modulePath = join(projectFolder, 'src/migrations/generated.ts')

export type Folders = Readonly<Record<SqlDialect, string>>

/** Where drizzle-kit keeps them. */
export const folders: Folders = {
  postgres: join(projectFolder, kit.postgres.out),
  sqlite: join(projectFolder, kit.sqlite.out),
}

/** The module's text. */
export function renderModule({ postgres, sqlite }: Folders): string {
  const migrations = { postgres: readMigrations(postgres), sqlite: readMigrations(sqlite) }
  return `// Made by scripts/generate-migrations.ts from drizzle/ and drizzle-sqlite/. Not to be edited.

import type { SqlDialect } from '../schema/constraints.ts'
import type { Migration } from './target.ts'

export const migrations: Readonly<Record<SqlDialect, readonly Migration[]>> = ${JSON.stringify(migrations, null, 2)}
`
}

/** The migrations of a folder. */
export function readMigrations(folder: string): readonly Migration[] {
  const tags = readTags(folder)
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'))
  const strangers = files.filter((name) => !tags.includes(name.slice(0, -'.sql'.length)))
  // A file that the journal does not know would never run.
  if (strangers.length > 0)
    throw new Error(`${folder} has files unknown to its journal: ${strangers.join(', ')}`)
  return tags.map((tag) => toMigration(tag, readFileSync(join(folder, `${tag}.sql`), 'utf8')))
}

/** Their tags, in the order of drizzle-kit's journal; none where there is no folder yet. */
export function readTags(folder: string): readonly string[] {
  const file = join(folder, 'meta/_journal.json')
  if (!existsSync(file)) return []
  const journal: { entries: readonly { tag: string }[] } = JSON.parse(readFileSync(file, 'utf8'))
  return journal.entries.map(({ tag }) => tag)
}

function toMigration(tag: string, text: string): Migration {
  // See `amend`.
  if (/"public"\.|`"\w+" desc`|^CREATE INDEX .* gin_trgm_ops/m.test(text)) {
    throw new Error(`${tag} was made by drizzle-kit alone; remove it and run \`npm run db:generate\``)
  }
  const lines = text.replaceAll('\r\n', '\n')
  const compatible = lines.startsWith(`${COMPATIBLE}\n`)
  const statements = (compatible ? lines.slice(COMPATIBLE.length + 1) : lines)
    .split('--> statement-breakpoint')
    .map((statement) => statement.trim().replace(/;$/, ''))
    .filter((statement) => !isIdle(statement))
  const checksum = createHash('sha256').update(statements.join(';\n')).digest('hex')
  return { tag, checksum, compatible, statements }
}

/**
 * Comments alone, or drizzle-kit's switching of foreign keys: inside a transaction that does nothing, and the
 * runner does it where it counts.
 */
function isIdle(statement: string): boolean {
  const code = statement.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, '').trim()
  return code === '' || /^PRAGMA foreign_keys\s*=/i.test(code)
}

if (import.meta.main) writeFileSync(modulePath, renderModule(folders))
