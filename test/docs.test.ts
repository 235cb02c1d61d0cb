/** The code in the README and in docs/ is compiled and run. */

import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SCENARIOS } from './conformance/pinned.ts'
import { compileCache } from './support/child.ts'
import { type TempDir, tempDir } from './support/temp.ts'

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
        .replaceAll(
          /from 'terrace\/(conformance|next|server|sync|testing)'/g,
          "from '../../src/$1/index.ts'",
        ),
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
  /** Examples keep files where an application would: at home and in the working folder. */
  let home: TempDir
  let cwd: TempDir
  beforeAll(async () => {
    home = await tempDir()
    cwd = await tempDir()
  })
  afterAll(() => Promise.all([home[Symbol.asyncDispose](), cwd[Symbol.asyncDispose]()]))

  function run(file: string): string {
    const env = { PATH: process.env.PATH, HOME: home.path, NODE_COMPILE_CACHE: compileCache }
    const options = { env, cwd: cwd.path, encoding: 'utf8', stdio: 'pipe' } as const
    return execFileSync('node', [resolve(FOLDER, file)], options)
  }

  const suite = standing.find(({ name }) => name.startsWith('docs/writing-an-engine.md'))!
  test.each(standing.filter((example) => example !== suite))('$name', ({ file }) => {
    run(file)
  })

  test(`${suite.name}: the suite, all of it`, () => {
    expect(run(suite.file).trim()).toBe(`${SCENARIOS} scenarios hold`)
  })

  test('those of docs/configuration.md keep their files where the page says', () => {
    const [first, second] = standing.filter(({ name }) => name.startsWith('docs/configuration.md'))
    run(first!.file)
    expect(readdirSync(join(home.path, '.company-agents'))).toContain('company-agents.db')
    run(second!.file)
    expect(readdirSync(cwd.path)).toContain('tool.db')
  })
})

test('what the pages link to is published with them', () => {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    encoding: 'utf8',
  })
  const [{ files }]: [{ files: { path: string }[] }] = JSON.parse(packed)
  const published = files.map(({ path }) => path)
  const links = [...pages, 'bench/RESULTS.md'].flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, to]) => ({
      page,
      to: join(dirname(page), to!),
    })),
  )
  expect(links.length).toBeGreaterThan(10)
  expect(links.filter(({ to }) => !published.includes(to))).toEqual([])
})

describe('docs/adding-a-store.md', () => {
  let copy: TempDir
  beforeAll(async () => {
    copy = await tempDir()
    copyRepository(copy.path)
  })
  afterAll(() => copy[Symbol.asyncDispose]())

  /** Ends well. */
  const succeed = (...of: Parameters<typeof execute>) => {
    const { status, output } = execute(...of)
    expect(status, output).toBe(0)
    return output
  }
  const execute = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const options = {
      cwd: copy.path,
      env: { ...process.env, NO_COLOR: '1', ...env },
      encoding: 'utf8',
    } as const
    const { status, stdout, stderr } = spawnSync(command, args, options)
    return { status, output: stdout + stderr }
  }

  test('followed as written, it is a store with types, migrations and formatting as they should be', () => {
    follow(readFileSync('docs/adding-a-store.md', 'utf8'), copy.path, (command) => {
      if (command !== 'npm test') succeed('sh', ['-c', command])
    })
    const pinned = join(copy.path, 'test/conformance/pinned.ts')
    writeFileSync(pinned, readFileSync(pinned, 'utf8').replace(`${SCENARIOS}`, `${SCENARIOS + 1}`))
    succeed('tsc', ['-p', '.'])
    succeed('biome', ['check', '--error-on-warnings', '.'])
    for (const { sql } of ['drizzle', 'drizzle-sqlite'].map((folder) => newestMigration(copy.path, folder))) {
      expect(sql).toMatch(/CREATE TABLE ["`]terrace_bookmarks["`]/)
    }
  }, 300_000)

  test('its guarantees hold, and those of all stores', () => {
    const ids = [
      'bookmarks.visits',
      'references.cascade',
      'references.missing',
      'workspaces.delete-cascades',
      'closed.every-verb',
      'confined.every-verb',
    ]
    const names = ['every scenario there is', ...ids.map((id) => `${id.replace('.', '\\.')}:`)]
    const files = ['test/conformance/memory.test.ts', 'test/drizzle-tables.test.ts']
    const also = ['every table that src/schema defines', 'no two names']
    const args = ['run', ...files, '-t', [...names, ...also].join('|')]
    const output = succeed('vitest', args, { TERRACE_TEST_TIERS: 'memory' })
    expect(output).toContain(`memory: ${ids.length} scenarios run`)
  })
})

/** Without what is installed, built or left over. */
function copyRepository(to: string): void {
  const left = new Set(['node_modules', '.git', '.tmp', 'dist', 'coverage', '.next', '.next-test'])
  cpSync('.', to, {
    recursive: true,
    filter: (path) => !left.has(basename(path)) && !path.includes('.db'),
  })
  symlinkSync(realpathSync('node_modules'), join(to, 'node_modules'))
}

/**
 * Does what a page says, from top to bottom: a file is what stands under the heading that names it, another one
 * changes as shown, and what is for a shell is run.
 */
function follow(page: string, folder: string, run: (command: string) => void): void {
  let heading = ''
  for (const [, title, kind, text] of page.matchAll(/^## (.*)$|^```(\w+)\n([\s\S]*?)^```/gm)) {
    if (title !== undefined) heading = title
    const path = /`(src\/.*)`/.exec(heading)?.[1]
    if (kind === 'sh') run(text!.trim())
    if (kind === 'ts' && path !== undefined) writeFileSync(join(folder, path), text!)
    if (kind === 'diff') change(folder, text!)
  }
}

/** Each part has to be found in the file, once. */
function change(folder: string, diff: string): void {
  const [first, ...lines] = diff.trimEnd().split('\n')
  const file = join(folder, first!.replace('--- ', ''))
  let code = readFileSync(file, 'utf8')
  for (const part of lines.join('\n').split('\n@@\n')) {
    const side = (left: string) => {
      const kept = part.split('\n').filter((line) => !line.startsWith(left))
      return kept.map((line) => `${line.slice(1)}\n`).join('')
    }
    const pieces = `\n${code}`.split(`\n${side('+')}`)
    expect(pieces, `${first}: ${part}`).toHaveLength(2)
    code = pieces.join(`\n${side('-')}`).slice(1)
  }
  writeFileSync(file, code)
}

function newestMigration(folder: string, dialect: string): { readonly sql: string } {
  const files = readdirSync(join(folder, dialect)).filter((name) => name.endsWith('_bookmarks.sql'))
  expect(files).toHaveLength(1)
  return { sql: readFileSync(join(folder, dialect, files[0]!), 'utf8') }
}
