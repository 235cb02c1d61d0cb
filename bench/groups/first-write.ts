/** How long a fresh process takes from importing the package to its first write in memory, and what it loads. */

import { bench, buildPackage, loadedBy, type Program, root, timed } from '../fixtures/fresh.ts'
import { quick, spread } from '../measure.ts'
import { exactly, type Row } from '../row.ts'

const RUNS = quick ? 5 : 11
const programs = (entry: string): readonly Program[] => [
  {
    name: 'Terrace in memory',
    cwd: root,
    code: `const { createSystem } = await import(${JSON.stringify(entry)})
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
  const all = programs(await buildPackage())
  const times = new Map<Program, number[]>(all.map((program) => [program, []]))
  for (let i = -1; i < RUNS; i++) {
    for (const program of all) {
      const elapsed = await timed(program)
      // The first one warms the disk's cache.
      if (i >= 0) times.get(program)!.push(elapsed)
    }
  }
  const rows: Row[] = []
  for (const program of all) {
    const loaded = await count(program)
    const ours = program === all[0]
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

async function count(program: Program) {
  const { bytes, files } = await loadedBy(program)
  const isDriver = /\/node_modules\/(pg|better-sqlite3|@neondatabase|@electric-sql|drizzle-orm)\//
  return { bytes, files: files.length, drivers: files.filter((file) => isDriver.test(file)).length }
}
