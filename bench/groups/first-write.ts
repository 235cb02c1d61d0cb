/** How long a fresh process takes from importing the package to its first write in memory, and what it loads. */

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { quick, spread } from '../measure.ts'
import { exactly, type Row } from '../row.ts'

const run = promisify(execFile)
const RUNS = quick ? 5 : 11
const root = fileURLToPath(new URL('../..', import.meta.url))
const bench = join(root, 'bench')
/** Below the root's `node_modules`, so that the build finds the root's packages and not the peers'. */
const built = join(root, 'node_modules/.cache/terrace-bench')

interface Program {
  readonly name: string
  /** Where its packages are found. */
  readonly cwd: string
  readonly code: string
}

const programs: readonly Program[] = [
  {
    name: 'Terrace in memory',
    cwd: root,
    code: `const { createSystem } = await import(${JSON.stringify(join(built, 'index.js'))})
      const system = await createSystem({ driver: 'memory', env: {} })
      await system.workspaces.create({ title: 'Bench' })`,
  },
  {
    name: "Mastra's in-memory storage",
    cwd: bench,
    code: `const { InMemoryStore } = await import('@mastra/core/storage')
      const store = new InMemoryStore()
      await store.init()
      const memory = await store.getStore('memory')
      const now = new Date()
      await memory.saveThread({ thread: { id: '1', resourceId: '1', title: 'Bench', createdAt: now, updatedAt: now } })`,
  },
  {
    name: 'drizzle on better-sqlite3, `:memory:`',
    cwd: root,
    code: `const { default: Database } = await import('better-sqlite3')
      const { drizzle } = await import('drizzle-orm/better-sqlite3')
      const { sqliteTable, text } = await import('drizzle-orm/sqlite-core')
      const client = new Database(':memory:')
      client.exec('create table workspaces (id text primary key, title text not null)')
      const workspaces = sqliteTable('workspaces', { id: text().primaryKey(), title: text().notNull() })
      drizzle(client).insert(workspaces).values({ id: '1', title: 'Bench' }).run()`,
  },
]

export async function firstWrite(): Promise<Row[]> {
  await run(process.execPath, ['scripts/build.ts', built], { cwd: root })
  const times = new Map<Program, number[]>(programs.map((program) => [program, []]))
  for (let i = -1; i < RUNS; i++) {
    for (const program of programs) {
      const elapsed = await timed(program)
      // The first one warms the disk's cache.
      if (i >= 0) times.get(program)!.push(elapsed)
    }
  }
  const rows: Row[] = []
  for (const program of programs) {
    const loaded = await count(program)
    const ours = program === programs[0]
    rows.push(
      {
        work: `import to first write, ${program.name}`,
        unit: 'ms',
        target: ours ? { atMost: 60 } : null,
        measured: spread(times.get(program)!),
        ...(ours && {
          ifMissed:
            'most of it is Node compiling what it loads for the first time in its life: a busy machine shows it several times over.',
        }),
      },
      {
        work: `JavaScript loaded, ${program.name}`,
        unit: 'KB',
        target: ours ? { atMost: 400 } : null,
        measured: exactly(Math.round(loaded.bytes / 1000)),
        note: `${loaded.files} files`,
      },
    )
    if (ours) {
      rows.push({
        work: 'drivers loaded by the memory tier',
        unit: 'drivers',
        target: { atMost: 0 },
        measured: exactly(loaded.drivers),
      })
    }
  }
  return rows
}

async function timed({ cwd, code }: Program): Promise<number> {
  const wrapped = `const startedAt = performance.now();${code};console.log(performance.now() - startedAt)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', wrapped], { cwd })
  return Number(stdout)
}

async function count({ cwd, code }: Program) {
  const counter = join(bench, 'children/count-loaded.js')
  const { stdout } = await run(process.execPath, ['--import', counter, '--input-type=module', '-e', code], {
    cwd,
    maxBuffer: 2 ** 26,
  })
  const { bytes, files } = JSON.parse(stdout) as { bytes: number; files: string[] }
  const isDriver = /\/node_modules\/(pg|better-sqlite3|@neondatabase|@electric-sql|drizzle-orm)\//
  return { bytes, files: files.length, drivers: files.filter((file) => isDriver.test(file)).length }
}
