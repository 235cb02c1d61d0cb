/** What a bundler does to the package, in small: more than one copy of it in a process, and files left behind. */

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { bundleInto } from '../../scripts/bundle.ts'
import { runChild } from '../support/child.ts'

/** Below `node_modules`, so that its dependencies are found. */
const FOLDER = 'node_modules/.cache/terrace-next-test'
const built = join(process.cwd(), FOLDER, 'dist')
const copy = join(process.cwd(), FOLDER, 'copy')

beforeAll(async () => {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const input = { index: 'src/index.ts', 'next/index': 'src/next/index.ts' }
  await bundleInto(built, { input, external: /^[^./]/ })
  cpSync(built, copy, { recursive: true })
  // As a bundler does that takes along what is imported, and not what is started.
  rmSync(join(copy, 'chunks/worker.js'))
})

test('two copies of the package, as two routes have them, see the same store in memory', async () => {
  const { code, lines, stderr } = await runChild(
    `const [a, b] = await Promise.all([${[built, copy].map((path) => `import('${path}/index.js')`).join()}])
    const { createRoutes } = await import('${copy}/next/index.js')
    if (a.getSystem === b.getSystem) throw new Error('there is one copy')
    await a.getSystem().workspaces.create({ id: 'w', title: 'W' })
    console.log((await b.getSystem().workspaces.get('w')).title)
    const { GET } = createRoutes()
    const request = new Request('http://localhost:3000/api/terrace/stores/workspaces/w')
    const answer = await GET(request, { params: Promise.resolve({ path: ['stores', 'workspaces', 'w'] }) })
    console.log((await answer.json()).title)
    await a.getSystem().close()`,
    { env: { NODE_ENV: 'test', DATABASE_URL: '', TERRACE_DB_DRIVER: '' } },
  )
  expect({ code, lines: [...lines] }, stderr).toEqual({ code: 0, lines: ['W', 'W'] })
})

test('notes whose worker was left behind are compacted all the same, and the line to write is said once', async () => {
  const { code, lines, stderr } = await runChild(
    `const { createSystem } = await import('${copy}/index.js')
    const system = await createSystem({ env: {} })
    const { id: workspaceId } = await system.workspaces.create({ title: 'W' })
    for (const title of ['A', 'B']) {
      // More than is dealt with without a worker.
      const { id } = await system.notes.create({ workspaceId, title, text: 'x'.repeat(20_000) })
      await system.notes.append(id, 'end')
      console.log(await system.notes.compact(id), (await system.notes.read(id)).text.length)
    }
    await system.close()`,
  )
  expect({ code, lines: [...lines] }, stderr).toEqual({ code: 0, lines: ['true 20003', 'true 20003'] })
  expect(stderr.match(/withTerrace\(nextConfig\)/g)).toHaveLength(1)
})

test('what is optional is marked so that no bundler insists on it', () => {
  const imports = readdirSync(built, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) => [...readFileSync(join(built, name), 'utf8').matchAll(/\bimport\(([^")]*)"([^"]+)"/g)])
    .filter(([, , name]) => !/^(\.|node:)/.test(name!))
  const packages = new Set(imports.map(([, , name]) => name))
  expect(packages).toEqual(
    new Set([
      'better-sqlite3',
      'pg',
      '@neondatabase/serverless',
      '@electric-sql/pglite',
      '@electric-sql/pglite/contrib/pg_trgm',
      '@vercel/functions/db-connections',
      'drizzle-orm/better-sqlite3',
      'drizzle-orm/node-postgres',
      'drizzle-orm/neon-serverless',
      'drizzle-orm/pglite',
      'ws',
    ]),
  )
  for (const [whole, marks] of imports) {
    for (const mark of ['webpackIgnore: true', 'turbopackIgnore: false', 'turbopackOptional: true']) {
      expect(marks, whole).toContain(mark)
    }
  }
})

test('within Next.js, a package that cannot be found is told with the line that keeps it', async () => {
  const { stderr } = await runChild(
    `const { registerHooks } = await import('node:module')
    registerHooks({
      resolve(specifier, context, next) {
        return next(specifier === 'better-sqlite3' ? 'better-sqlite3-that-is-not-there' : specifier, context)
      },
    })
    const { createSystem } = await import('${built}/index.js')
    await createSystem({ env: {}, driver: 'sqlite', path: ':memory:' })`,
    { env: { NEXT_RUNTIME: 'nodejs' } },
  )
  expect(stderr).toContain('withTerrace(nextConfig)')
})
