/** The laws of docs/architecture.md that a reader of the imports could check, checked. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const DRIVERS: Readonly<Record<string, readonly string[]>> = {
  'better-sqlite3': ['src/engine/sqlite/better-sqlite3.ts'],
  pg: ['src/engine/postgres/pg.ts'],
  '@neondatabase/serverless': ['src/engine/postgres/neon.ts'],
  '@electric-sql/pglite': ['src/engine/postgres/pglite.ts'],
}

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => {
    const path = join('src', name)
    const text = readFileSync(path, 'utf8')
    return { path, text, code: withoutComments(text), imports: importsOf(text) }
  })

describe('nothing above Engine knows the tier', () => {
  const above = files.filter(({ path }) =>
    /^src\/(confine\.ts|(stores|conformance|next|server|testing)\/)/.test(path),
  )
  test.each(above)('$path', ({ code, imports }) => {
    expect(code).not.toMatch(/\b(sqlite|postgres|pglite|neon|dialect)\b/i)
    expect(imports.filter(({ from }) => /engine\/(memory|sql|sqlite|postgres)\//.test(from))).toEqual([])
  })
})

describe('nothing below Engine knows a domain', () => {
  const below = files.filter(({ path }) => path.startsWith('src/engine/'))
  test.each(below)('$path', ({ imports }) => {
    const domains = imports.filter(({ from, type }) => {
      if (/\/stores\//.test(from)) return true
      if (/\/schema\/(?!dsl\/|constraints\.ts)/.test(from)) return true
      return /\/migrations\//.test(from) && !type && !from.endsWith('/target.ts')
    })
    expect(domains).toEqual([])
  })
})

test('a driver is imported in its own file and nowhere else', () => {
  for (const [driver, homes] of Object.entries(DRIVERS)) {
    const importers = files.filter(({ imports }) =>
      imports.some(({ from, type }) => from === driver && !type),
    )
    expect(importers.map(({ path }) => path)).toEqual(homes)
  }
})

test('no driver, and no drizzle, is imported before it is needed', () => {
  const outside = [...Object.keys(DRIVERS), 'drizzle-orm']
  const early = files
    .filter(({ path }) => !path.startsWith('src/schema/drizzle/'))
    .flatMap(({ path, imports }) =>
      imports
        .filter(
          ({ from, type, dynamic }) =>
            !type && !dynamic && outside.some((name) => from === name || from.startsWith(`${name}/`)),
        )
        .map(({ from }) => `${path} imports ${from}`),
    )
  expect(early).toEqual([])
})

test('no scenario is left out by name, and none is switched off', () => {
  for (const { path, text } of files)
    expect(text, path).not.toMatch(/\b(test|it|describe|suite)\.(skip|only|todo)\b/)
})

interface Import {
  readonly from: string
  readonly type: boolean
  readonly dynamic: boolean
}

function importsOf(text: string): Import[] {
  const fixed = [...text.matchAll(/^(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'/gm)].map(
    ([, type, from]) => ({
      from: from!,
      type: type !== undefined,
      dynamic: false,
    }),
  )
  const dynamic = [...text.matchAll(/\bimport\('([^']+)'\)/g)].map(([, from]) => ({
    from: from!,
    type: false,
    dynamic: true,
  }))
  return [...fixed, ...dynamic]
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '')
}
