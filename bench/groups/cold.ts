/** Cold starts: importing the package and the first query, on each tier, in a fresh process. */

import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { neonEnvironment } from '../../scripts/next/places.ts'
import { startNeonProxy } from '../../test/support/neon-proxy.ts'
import { startPostgres } from '../../test/support/postgres-server.ts'
import { tempFolder } from '../fixtures/folder.ts'
import { bench, buildPackage, loadedBy, type Program, root, timed } from '../fixtures/fresh.ts'
import { generatePrisma } from '../fixtures/prisma.ts'
import { cost, quick, type Samples } from '../measure.ts'
import { absolute, exactly, type Group, type Row, type Target } from '../row.ts'

const RUNS = quick ? 3 : 7

/** Ours first; then whom it is measured against. */
interface Contest {
  readonly tier: string
  readonly programs: readonly [ours: Program, peer: Program, ...others: Program[]]
  readonly target: Target
  /** In kilobytes. */
  readonly mayLoad?: Target
  readonly ifMissed?: string
}

export async function cold(): Promise<Group> {
  const entry = await buildPackage()
  const client = await generatePrisma('sqlite')
  return {
    title: 'Cold starts',
    method:
      'A fresh process each time, in turns, from before the first import until a row was looked for by its key; the start of Node itself is not counted, and nothing is cached by Node (`NODE_COMPILE_CACHE`). Databases are there and migrated, Postgres on loopback; ours looks whether they are, and so does Mastra, which makes its tables if it must; drizzle and Prisma do not look. Neon is its driver through the tests’ proxy. Prisma is version 7, whose client has no engine but WebAssembly.',
    rows: [
      ...(await importing(entry, client)),
      ...(await inMemory(entry)),
      ...(await onSqlite(entry, client)),
      ...(await onPostgres(entry)),
    ],
  }
}

/** What a function pays before it is asked for anything. */
async function importing(entry: string, prisma: string): Promise<Row[]> {
  const code = (specifiers: readonly string[]) =>
    specifiers.map((name) => `await import(${JSON.stringify(name)})`).join(';')
  const ours: Program = { name: 'terrace', cwd: root, code: code([entry]) }
  const others: readonly Program[] = [
    { name: 'drizzle', cwd: root, code: code(['drizzle-orm/better-sqlite3', 'drizzle-orm/sqlite-core']) },
    { name: 'mastra', cwd: bench, code: code(['@mastra/libsql']) },
    { name: 'prisma', cwd: bench, code: code([prisma, '@prisma/adapter-better-sqlite3']) },
  ]
  const samples = await compete([ours, ...others])
  const loaded = await Promise.all([ours, ...others].map(loadedBy))
  const bundle = await bundleOfMemory(entry)
  return [
    {
      work: 'import of the package',
      unit: '× the time of drizzle',
      target: { atMost: 0.5 },
      measured: cost(samples[0]!, samples[1]!),
      absolute: absolute(...samples),
      note: 'for SQLite each, but Terrace for all',
    },
    {
      work: 'JavaScript that the import loads',
      unit: 'KB',
      target: { atMost: 400 },
      measured: exactly(kilobytes(loaded[0]!.bytes)),
      note: others.map(({ name }, i) => `${name} ${kilobytes(loaded[i + 1]!.bytes)} KB`).join(', '),
    },
    {
      work: 'what memory needs, minified by esbuild',
      unit: 'KB',
      target: { atMost: 250 },
      measured: exactly(kilobytes(bundle.bytes)),
      note: `${kilobytes(bundle.zipped)} KB with gzip`,
    },
  ]
}

const lookup = (entry: string, options: object) => `
  const { createSystem } = await import(${JSON.stringify(entry)})
  const system = await createSystem(${JSON.stringify({ env: {}, ...options })})
  await system.workspaces.get('w')`

const mastra = (imports: string, store: string) => `
  const { ${imports.split(' from ')[0]} } = await import('${imports.split(' from ')[1]}')
  const store = ${store}
  await store.init()
  await (await store.getStore('memory')).getThreadById({ threadId: 'w' })`

async function inMemory(entry: string): Promise<Row[]> {
  return rowsOf({
    tier: 'memory',
    target: { atMost: 0.5 },
    mayLoad: { atMost: 400 },
    programs: [
      { name: 'terrace', cwd: root, code: lookup(entry, { driver: 'memory' }) },
      {
        name: 'mastra',
        cwd: bench,
        code: mastra('InMemoryStore from @mastra/core/storage', 'new InMemoryStore()'),
      },
    ],
  })
}

async function onSqlite(entry: string, client: string): Promise<Row[]> {
  await using folder = await tempFolder()
  const [path, theirs] = [folder.file('ours.db'), folder.file('theirs.db')]
  return rowsOf({
    tier: 'SQLite',
    target: { atMost: 1 },
    programs: [
      { name: 'terrace', cwd: root, code: lookup(entry, { driver: 'sqlite', path }) },
      {
        name: 'drizzle',
        cwd: root,
        code: `
          const { default: Database } = await import('better-sqlite3')
          const { drizzle } = await import('drizzle-orm/better-sqlite3')
          const { eq } = await import('drizzle-orm')
          const { sqliteTable, text } = await import('drizzle-orm/sqlite-core')
          const workspaces = sqliteTable('terrace_workspaces', { id: text().primaryKey(), title: text().notNull() })
          const database = drizzle(new Database(${JSON.stringify(path)}))
          await database.select().from(workspaces).where(eq(workspaces.id, 'w'))`,
      },
      {
        name: 'mastra',
        cwd: bench,
        code: mastra(
          'LibSQLStore from @mastra/libsql',
          `new LibSQLStore({ id: 'bench', url: 'file:${theirs}' })`,
        ),
      },
      {
        name: 'prisma',
        cwd: bench,
        code: `
          const { PrismaBetterSqlite3 } = await import('@prisma/adapter-better-sqlite3')
          const { PrismaClient } = await import(${JSON.stringify(client)})
          const adapter = new PrismaBetterSqlite3({ url: 'file:${path}' })
          await new PrismaClient({ adapter }).workspace.findUnique({ where: { id: 'w' } })`,
      },
    ],
  })
}

async function onPostgres(entry: string): Promise<Row[]> {
  await using server = await startPostgres({ durable: true })
  await using proxy = await startNeonProxy({ host: '127.0.0.1', port: server.port })
  const url = await server.createDatabase('ours')
  const theirs = await server.createDatabase('theirs')
  const client = await generatePrisma('postgresql')
  const table = `
    const { pgTable, text } = await import('drizzle-orm/pg-core')
    const workspaces = pgTable('terrace_workspaces', { id: text().primaryKey(), title: text().notNull() })`
  const select = `await drizzle(pool).select().from(workspaces).where(eq(workspaces.id, 'w'))`
  const pg = await rowsOf({
    tier: 'Postgres by pg',
    target: { atMost: 1 },
    programs: [
      { name: 'terrace', cwd: root, code: lookup(entry, { url: `${url}?sslmode=disable` }) },
      {
        name: 'drizzle',
        cwd: root,
        code: `
          const { default: pg } = await import('pg')
          const { drizzle } = await import('drizzle-orm/node-postgres')
          const { eq } = await import('drizzle-orm')
          ${table}
          const pool = new pg.Pool({ connectionString: ${JSON.stringify(url)} })
          ${select}`,
      },
      {
        name: 'mastra',
        cwd: bench,
        code: mastra(
          'PostgresStore from @mastra/pg',
          `new PostgresStore({ id: 'bench', connectionString: '${theirs}' })`,
        ),
      },
      {
        name: 'prisma',
        cwd: bench,
        code: `
          const { PrismaPg } = await import('@prisma/adapter-pg')
          const { PrismaClient } = await import(${JSON.stringify(client)})
          const adapter = new PrismaPg({ connectionString: ${JSON.stringify(url)} })
          await new PrismaClient({ adapter }).workspace.findUnique({ where: { id: 'w' } })`,
      },
    ],
  })
  const { NODE_OPTIONS, DATABASE_URL_UNPOOLED: neon, ...env } = neonEnvironment(url, proxy.wsProxy)
  const execArgv = NODE_OPTIONS!.split(' ')
  const overWebSocket = await rowsOf({
    tier: 'Postgres by Neon’s driver',
    target: { atMost: 1 },
    programs: [
      { name: 'terrace', cwd: root, env, execArgv, code: lookup(entry, { url: neon }) },
      {
        name: 'drizzle',
        cwd: root,
        env,
        execArgv,
        code: `
          const { Pool, neonConfig } = await import('@neondatabase/serverless')
          const { drizzle } = await import('drizzle-orm/neon-serverless')
          const { eq } = await import('drizzle-orm')
          ${table}
          neonConfig.pipelineConnect = false
          const pool = new Pool({ connectionString: ${JSON.stringify(neon)} })
          ${select}`,
      },
    ],
  })
  return [...pg, ...overWebSocket]
}

const LOADS_MORE =
  'all stores are loaded, those of work among them, as they were written: a bundler that drops what is not needed, and comments, leaves what the third row says.'

async function rowsOf({ tier, programs, target, mayLoad = null, ifMissed }: Contest): Promise<Row[]> {
  const samples = await compete(programs)
  const loaded = await Promise.all(programs.map(loadedBy))
  const others = programs.slice(1).map(({ name }, i) => `${name} ${kilobytes(loaded[i + 1]!.bytes)} KB`)
  return [
    {
      work: `import to first query, ${tier}`,
      unit: `× the time of ${programs[1].name}`,
      target,
      measured: cost(samples[0]!, samples[1]!),
      absolute: absolute(...samples),
      ...(ifMissed && { ifMissed }),
    },
    {
      work: `JavaScript loaded for it, ${tier}`,
      unit: 'KB',
      target: mayLoad,
      measured: exactly(kilobytes(loaded[0]!.bytes)),
      note: others.join(', '),
      ifMissed: LOADS_MORE,
    },
  ]
}

/** In turns, so that whatever else the machine does hits all alike. */
async function compete(programs: readonly Program[]): Promise<Samples[]> {
  const samples = programs.map(({ name }) => ({ name, rounds: [] as number[] }))
  for (let round = -1; round < RUNS; round++) {
    for (const [i, program] of programs.entries()) {
      const elapsed = await timed(program)
      // The first one warms the disk's cache, and makes tables.
      if (round >= 0) samples[i]!.rounds.push(elapsed * 1000)
    }
  }
  return samples
}

/** What a bundle of an app on memory loads: the rest of it is split off, and never asked for. */
async function bundleOfMemory(entry: string): Promise<{ readonly bytes: number; readonly zipped: number }> {
  const folder = join(root, 'node_modules/.cache/terrace-cold')
  await rm(folder, { recursive: true, force: true })
  const { outputFiles } = await build({
    stdin: { contents: lookup(entry, { driver: 'memory' }), resolveDir: root, sourcefile: 'app.js' },
    outdir: folder,
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    metafile: true,
    write: false,
  })
  await mkdir(folder, { recursive: true })
  for (const { path, contents } of outputFiles) await writeFile(path, contents)
  const app = JSON.stringify(join(folder, 'stdin.js'))
  const { files } = await loadedBy({ name: 'bundle', cwd: root, code: `await import(${app})` })
  const used = outputFiles.filter(({ path }) => files.some((file) => file.endsWith(path)))
  const sum = (sizes: readonly number[]) => sizes.reduce((all, size) => all + size, 0)
  return {
    bytes: sum(used.map(({ contents }) => contents.length)),
    zipped: sum(used.map(({ contents }) => gzipSync(contents).length)),
  }
}

const kilobytes = (bytes: number): number => Math.round(bytes / 1000)
