/**
 * Fails when the schema, the migrations and the generated module differ: `npm run check:generated`. Works on
 * a copy, so that the tree stays as it is.
 */

import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { folders, modulePath, readMigrations, readTags, renderModule } from './generate-migrations.ts'
import { generate } from './kit.ts'
import { dialects, projectFolder } from './kit-config.ts'
import { searchesAfter } from './search-indexes.ts'

const problems: string[] = []

mkdirSync(join(projectFolder, '.tmp'), { recursive: true })
const copies = mkdtempSync(join(projectFolder, '.tmp/check-'))
try {
  for (const dialect of dialects) {
    const copy = join(copies, dialect)
    cpSync(folders[dialect], copy, { recursive: true })
    const before = readdirSync(copy)
    // Nobody can be asked whether a column was renamed; drizzle-kit then fails, and so does the check.
    generate(dialect, relative(projectFolder, copy), ['--name=check'], { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const file of readdirSync(copy).filter((name) => !before.includes(name))) {
      const sql = readFileSync(join(copy, file), 'utf8')
      problems.push(`the schema has changes that no ${dialect} migration makes:\n${sql}`)
    }
  }
} finally {
  rmSync(copies, { recursive: true })
}

const searches = await searchesAfter(readMigrations(folders.sqlite))
if (searches.length > 0) {
  problems.push(`the schema has search indexes that no sqlite migration makes:\n${searches.join(';\n')}`)
}
const [postgres, sqlite] = dialects.map((dialect) => readTags(folders[dialect]).join(', '))
if (postgres !== sqlite) {
  problems.push(`the dialects have different migrations:\n  Postgres: ${postgres}\n  SQLite: ${sqlite}`)
}
if (readFileSync(modulePath, 'utf8') !== renderModule(folders)) {
  problems.push(`${relative(projectFolder, modulePath)} is not what the migrations make of it`)
}

if (problems.length > 0) {
  console.error(`${problems.join('\n\n')}\n\nRun \`npm run db:generate\` and commit what it writes.`)
  process.exitCode = 1
}
