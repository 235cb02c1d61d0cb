import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import {
  folders,
  modulePath,
  readMigrations,
  readTags,
  renderModule,
} from '../scripts/generate-migrations.ts'
import { tempDir } from './support/temp.ts'

const BREAK = '--> statement-breakpoint\n'

async function read(files: Record<string, string>, tags = Object.keys(files)) {
  await using folder = await tempDir()
  mkdirSync(join(folder.path, 'meta'))
  writeFileSync(
    join(folder.path, 'meta/_journal.json'),
    JSON.stringify({ entries: tags.map((tag) => ({ tag })) }),
  )
  for (const [tag, text] of Object.entries(files)) writeFileSync(join(folder.path, `${tag}.sql`), text)
  return readMigrations(folder.path)
}

it('what is shipped is what the folders hold, numbered together', () => {
  expect(readFileSync(modulePath, 'utf8')).toBe(renderModule(folders))
  expect(readTags(folders.postgres)).toEqual(readTags(folders.sqlite))
})

it('a migration is its statements, without what does nothing', async () => {
  const [migration] = await read({
    '0000_a': `PRAGMA foreign_keys=OFF;${BREAK}create table a (b text);\n${BREAK}-- only a remark\n${BREAK}-- why\ndrop table c;`,
  })
  expect(migration).toMatchObject({
    tag: '0000_a',
    compatible: false,
    statements: ['create table a (b text)', '-- why\ndrop table c'],
  })
})

it('its checksum is that of its statements, whatever the line ends and the first remark', async () => {
  const sql = `create table a (\n  b text\n);\n${BREAK}drop table c;\n`
  const migrations = await read({
    '0000_a': sql,
    '0001_a': sql.replaceAll('\n', '\r\n'),
    '0002_a': `-- terrace: compatible\n${sql}`,
    '0003_a': `-- terrace: compatible\n${sql}`.replaceAll('\n', '\r\n'),
  })
  expect(new Set(migrations.map(({ checksum }) => checksum)).size).toBe(1)
  expect(migrations.map(({ compatible }) => compatible)).toEqual([false, false, true, true])
  const [edited] = await read({ '0000_a': sql.replace('b text', 'b blob') })
  expect(edited!.checksum).not.toBe(migrations[0]!.checksum)
})

it('files that would never run, or that drizzle-kit made alone, are refused', async () => {
  await expect(read({ '0000_a': '', '0001_b': '' }, ['0000_a'])).rejects.toThrow(
    /unknown to its journal: 0001_b/,
  )
  for (const text of ['references "public"."x"', 'on `x` (`"rank" desc`)']) {
    await expect(read({ '0000_a': text })).rejects.toThrow(/made by drizzle-kit alone/)
  }
})
