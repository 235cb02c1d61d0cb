/** The code in the README and in docs/ is compiled and run. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** Inside the repository, so that packages are found. */
const FOLDER = '.tmp/docs'
const pages = [
  'README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]

interface Example {
  readonly name: string
  readonly file: string
  readonly code: string
}

const examples: Example[] = pages.flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code], i) => ({
    name: `${page}, example ${i + 1}`,
    file: `${page.replaceAll(/[^a-z]/gi, '-')}-${i + 1}.ts`,
    code: code!,
  })),
)
/** Those of docs/adding-a-store.md are files of the project; they are put in place instead. */
const placed = examples.filter(({ code }) => /from '\.\.?\//.test(code))
const standing = examples.filter((example) => !placed.includes(example))

beforeAll(() => {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  for (const { file, code } of standing) {
    writeFileSync(
      join(FOLDER, file),
      code
        .replaceAll("from 'terrace'", "from '../../src/index.ts'")
        .replaceAll(/from 'terrace\/(conformance|sync|testing)'/g, "from '../../src/$1/index.ts'"),
    )
  }
  writeFileSync(
    join(FOLDER, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', include: ['*.ts'], exclude: [] }),
  )
})
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

test('examples compile', () => {
  execFileSync('tsc', ['-p', FOLDER], { encoding: 'utf8' })
})

describe('examples run', () => {
  test.each(standing)('$name', ({ file }) => {
    const env = { PATH: process.env.PATH }
    expect(() =>
      execFileSync('node', [join(FOLDER, file)], { env, encoding: 'utf8', stdio: 'pipe' }),
    ).not.toThrow()
  })
})

test('the store of docs/adding-a-store.md compiles where the page puts it', () => {
  const root = '.tmp/docs-store'
  rmSync(root, { recursive: true, force: true })
  try {
    const [schema, store, scenario] = placed.map(({ code }) => code)
    const own = {
      'schema/bookmarks.ts': schema!,
      'stores/bookmarks.ts': store!,
      'conformance/bookmarks.ts': scenario!,
    }
    mkdirSync(root, { recursive: true })
    execFileSync('cp', ['-r', 'src', root])
    for (const [path, code] of Object.entries(own)) writeFileSync(join(root, 'src', path), code)
    const stores = join(root, 'src/stores/stores.ts')
    writeFileSync(
      stores,
      readFileSync(stores, 'utf8')
        .replace('import ', "import { createBookmarkStore } from './bookmarks.ts'\nimport ")
        .replace('const factories = {', 'const factories = {\n  bookmarks: createBookmarkStore,'),
    )
    writeFileSync(
      join(root, 'tsconfig.json'),
      JSON.stringify({
        extends: '../../tsconfig.json',
        include: ['src/conformance/bookmarks.ts', 'src/stores/bookmarks.ts'],
        exclude: [],
      }),
    )
    expect(compile(root)).toEqual([])
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})

function compile(project: string): string[] {
  try {
    execFileSync('tsc', ['-p', project], { encoding: 'utf8', stdio: 'pipe' })
    return []
  } catch (error) {
    return String((error as { stdout?: string }).stdout).split('\n')
  }
}
