/** init: what it writes into a Next.js app, and what it leaves alone. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import type { Routes } from '../../src/next/index.ts'
import { type TempDir, tempDir } from '../support/temp.ts'
import { terrace, terraceJson } from './support.ts'

/** A folder with these files. */
async function appWith(files: Readonly<Record<string, string>>): Promise<TempDir> {
  const folder = await tempDir()
  for (const [name, content] of Object.entries(files)) write(folder, name, content)
  return folder
}

function write(folder: TempDir, name: string, content: string): void {
  mkdirSync(dirname(join(folder.path, name)), { recursive: true })
  writeFileSync(join(folder.path, name), content)
}

const read = (folder: TempDir, name: string) => readFileSync(join(folder.path, name), 'utf8')

/** Every file, with what is in it. */
function contents({ path }: TempDir): Record<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const names = files.map(({ parentPath, name }) => join(parentPath, name)).sort()
  return Object.fromEntries(names.map((name) => [name.slice(path.length + 1), readFileSync(name, 'utf8')]))
}

const manifest = (more: object = {}) => JSON.stringify({ dependencies: { next: '16.0.0' }, ...more })
const BARE = { 'package.json': manifest(), 'app/page.js': '' }
const TYPED = { 'package.json': manifest(), 'src/app/page.tsx': '', 'tsconfig.json': '{}' }

it('writes a route in the language and the folder of the app', async () => {
  await using bare = await appWith(BARE)
  await using typed = await appWith(TYPED)
  await using both = await appWith({ ...TYPED, 'app/page.tsx': '' })
  const cases = [
    [bare, 'app/api/terrace/[...path]/route.js'],
    [typed, 'src/app/api/terrace/[...path]/route.ts'],
    // As Next itself decides.
    [both, 'app/api/terrace/[...path]/route.ts'],
  ] as const
  for (const [folder, route] of cases) {
    const { code, data } = await terraceJson(['init'], { cwd: folder.path })
    expect(code).toBe(0)
    expect(data.steps).toMatchObject([
      { file: route, does: 'make' },
      { file: '.env.example', does: 'make' },
    ])
    expect(read(folder, route)).toMatch(
      /^import \{ createRoutes \} from 'terrace\/next'\n\nexport const \{ GET, .*\n$/,
    )
    expect(read(folder, '.env.example')).toContain('# TERRACE_DB_DRIVER=sqlite\n')
  }
})

it('the route answers as it is', async () => {
  await using folder = await appWith(TYPED)
  await terrace(['init'], { cwd: folder.path })
  const route = 'src/app/api/terrace/[...path]/route.ts'
  // Where nothing is installed, the package is this checkout.
  const own = pathToFileURL('src/next/index.ts').href
  write(folder, 'route.mjs', read(folder, route).replace('terrace/next', own))
  const { GET }: Routes = await import(pathToFileURL(join(folder.path, 'route.mjs')).href)
  const context = { params: Promise.resolve({ path: ['health', 'db'] }) }
  const answer = await GET(new Request('http://localhost:3000/api/terrace/health/db'), context)
  expect(await answer.json()).toEqual({ status: 'ok', database: 'connected' })
})

it('a second run changes nothing, nor does a dry one', async () => {
  await using folder = await appWith(TYPED)
  const before = contents(folder)
  const dry = await terrace(['init', '--dry-run'], { cwd: folder.path })
  expect(dry.stdout).toContain('src/app/api/terrace/[...path]/route.ts')
  expect(dry.stdout).toContain('Nothing was written')
  expect(contents(folder)).toEqual(before)
  await terrace(['init'], { cwd: folder.path })
  const after = contents(folder)
  expect(Object.keys(after)).toHaveLength(Object.keys(before).length + 2)
  const again = await terraceJson(['init'], { cwd: folder.path })
  expect(again.data.steps).toMatchObject([{ does: 'keep' }, { does: 'keep' }])
  expect(contents(folder)).toEqual(after)
})

it('what is there stays: a route of whatever name, and every line of .env.example', async () => {
  const route = 'app/api/terrace/[[...rest]]/route.mjs'
  await using folder = await appWith({
    ...BARE,
    [route]: '// mine',
    '.env.example': 'DATABASE_URL=mine\n#CRON_SECRET=\nOTHER=1',
  })
  const { data } = await terraceJson(['init'], { cwd: folder.path })
  expect(data.steps).toMatchObject([
    { file: route, does: 'keep' },
    { does: 'add', says: 'TERRACE_DB_DRIVER' },
  ])
  expect(readdirSync(join(folder.path, 'app/api/terrace'))).toEqual(['[[...rest]]'])
  expect(read(folder, route)).toBe('// mine')
  const example = read(folder, '.env.example')
  expect(example.startsWith('DATABASE_URL=mine\n#CRON_SECRET=\nOTHER=1\n\n# Terrace')).toBe(true)
  expect(example.match(/DATABASE_URL/g)).toHaveLength(1)
})

it('says what is left to do, and not what is done', async () => {
  await using folder = await appWith(BARE)
  const lines = async () => {
    const { data } = await terraceJson(['init'], { cwd: folder.path })
    // The cast: what init answers.
    return (data.hints as { line: string }[]).map(({ line }) => line).join('\n')
  }
  const all = await lines()
  for (const hint of [
    'npm install terrace',
    'better-sqlite3',
    'npm run dev',
    'scripts.postbuild="terrace migrate"',
  ])
    expect(all).toContain(hint)
  write(folder, 'package.json', manifest({ scripts: { postbuild: 'next-sitemap "x"' } }))
  expect(await lines()).toContain('"postbuild": "next-sitemap \\"x\\" && terrace migrate"')
  write(
    folder,
    'package.json',
    manifest({
      scripts: { build: 'terrace migrate && next build' },
      devDependencies: { terrace: '1', next: '16', 'better-sqlite3': '13' },
    }),
  )
  const few = await lines()
  for (const hint of ['npm install', 'postbuild']) expect(few).not.toContain(hint)
})

it('elsewhere than in a Next.js app with an App Router, it says what is missing and writes nothing', async () => {
  const cases: [Record<string, string>, string][] = [
    [{}, 'there is no package.json'],
    [{ 'package.json': '{' }, 'is not JSON'],
    [{ 'package.json': '{}' }, 'does not depend on next'],
    [{ 'package.json': manifest() }, 'has no folder app or src/app'],
    [{ 'package.json': manifest(), 'src/pages/index.js': '' }, 'make src/app and run it again'],
  ]
  for (const [files, message] of cases) {
    await using folder = await appWith(files)
    const before = contents(folder)
    const { code, stderr } = await terrace(['init'], { cwd: folder.path })
    expect(code).toBe(2)
    expect(stderr).toContain(message)
    expect(contents(folder)).toEqual(before)
  }
})

it('says what next.config needs where webpack builds, and so does doctor, until it is there', async () => {
  const scripts = { build: 'next build --webpack' }
  await using folder = await appWith({ ...BARE, 'package.json': manifest({ scripts }) })
  const fix = "import { withTerrace } from 'terrace/next'; export default withTerrace(nextConfig)"
  const hints = async () => (await terraceJson(['init'], { cwd: folder.path })).data.hints
  const found = async () => {
    const { data } = await terraceJson(['doctor'], { cwd: folder.path })
    // The cast: what doctor answers.
    return (data.findings as readonly Finding[]).find(({ about }) => about === 'next')
  }
  expect(await hints()).toContainEqual({ line: fix, why: expect.stringContaining('next.config.ts') })
  expect(await found()).toMatchObject({ state: 'warning', fix })
  write(folder, 'next.config.mjs', 'export default {}\n')
  expect(await hints()).toContainEqual({ line: fix, why: expect.stringContaining('next.config.mjs') })
  write(
    folder,
    'next.config.mjs',
    "import { withTerrace } from 'terrace/next'\nexport default withTerrace({})\n",
  )
  expect(await hints()).not.toContainEqual(expect.objectContaining({ line: fix }))
  expect(await found()).toMatchObject({ state: 'ok', says: 'Next.js 16.0.0' })
  // Turbopack loses nothing.
  write(folder, 'next.config.mjs', '')
  write(folder, 'package.json', manifest({ scripts: { build: 'next build' } }))
  expect(await found()).toMatchObject({ state: 'ok' })
  write(folder, 'package.json', '{')
  expect(await found()).toMatchObject({ state: 'warning', says: expect.stringContaining('is not JSON') })
})
