/** Drivers are optional: nothing loads one that is not used, and an absent one is a sentence that says what to install. */

import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSystem } from '../../src/system.ts'
import { runChild } from '../support/child.ts'
import { type TempDir, tempDir } from '../support/temp.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What the stores are made with, whatever the tier. */
const NEEDED = ['balanced-match', 'brace-expansion', 'croner', 'ms', 'uuid']

describe('where no driver is installed', () => {
  let folder: TempDir

  beforeAll(async () => {
    // The library among the packages that it cannot do without, and two that are there but broken.
    folder = await tempDir()
    const modules = join(folder.path, 'node_modules')
    await mkdir(modules)
    await symlink(join(root, 'src'), join(folder.path, 'src'))
    for (const name of NEEDED) await symlink(join(root, 'node_modules', name), join(modules, name))
    await install(modules, 'broken', `throw new Error('built for another system')`)
    await install(modules, 'partial', `import 'partial-protocol'`)
  })

  afterAll(() => folder[Symbol.asyncDispose]())

  /** What the code says, in the words of its error if it fails. */
  async function outcome(code: string): Promise<unknown> {
    const program = `
      import { TerraceError } from './src/errors.ts'
      try {
        const said = await (async () => { ${code} })()
        console.log(JSON.stringify(said))
      } catch (error) {
        const { name, code, message, cause } = error
        const typed = error instanceof TerraceError
        console.log(JSON.stringify({ name, code, message, typed, cause: cause?.code ?? cause?.message }))
      }`
    const { lines, stderr } = await runChild(program, {
      cwd: folder.path,
      // Else Node would look for packages where the links lead.
      execArgv: ['--preserve-symlinks', '--preserve-symlinks-main'],
    })
    if (lines.length !== 1) throw new Error(stderr)
    return JSON.parse(lines[0]!)
  }

  const lacks = (name: string) => ({
    name: 'ConfigError',
    code: 'CONFIG',
    typed: true,
    message: `this database needs the package ${name}: run \`npm install ${name}\``,
    cause: 'ERR_MODULE_NOT_FOUND',
  })

  test.concurrent.each([
    ['better-sqlite3', `{ driver: 'sqlite', path: './a.db' }`],
    ['pg', `{ url: 'postgres://ada:secret@127.0.0.1:1/agents' }`],
    ['@neondatabase/serverless', `{ url: 'postgres://ada:secret@127.0.0.1:1/agents', driver: 'neon' }`],
    ['@electric-sql/pglite', `{ url: 'pglite:./data' }`],
  ])('%s is asked for by name', async (name, options) => {
    const code = `
      const { createSystem } = await import('./src/index.ts')
      await createSystem({ env: {}, ...${options} })`
    expect(await outcome(code)).toEqual(lacks(name))
  })

  test.concurrent('everything works in memory, drizzle included in what is not needed', async () => {
    const code = `
      const { createSystem } = await import('./src/index.ts')
      await using system = await createSystem({ env: {} })
      return (await system.workspaces.create({ title: 'Alone' })).title`
    expect(await outcome(code)).toBe('Alone')
  })

  test.concurrent.each([
    ['broken', 'the package broken could not be loaded: built for another system'],
    ['partial', expect.stringMatching(/^the package partial could not be loaded: .*'partial-protocol'/)],
  ])('a package that is there but %s is not said to be absent', async (name, message) => {
    const code = `
      const { loadDriver } = await import('./src/engine/drivers.ts')
      await loadDriver('${name}', () => import('${name}'))`
    expect(await outcome(code)).toMatchObject({ code: 'CONFIG', typed: true, message })
  })
})

test('a driver that nobody knows is CONFIG', async () => {
  const env = { TERRACE_DB_DRIVER: 'oracle' }
  await expect(createSystem({ env })).rejects.toMatchObject({
    code: 'CONFIG',
    message: 'TERRACE_DB_DRIVER is "oracle". Known values: sqlite, pglite, memory, postgres, pg, neon.',
  })
})

test.concurrent('importing the package and working in memory loads neither driver nor drizzle', async () => {
  const { lines, stderr } = await runChild(
    `
      import { registerHooks } from 'node:module'
      const packages = new Set()
      registerHooks({
        load(url, context, next) {
          const name = /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1]
          if (name !== undefined) packages.add(name)
          return next(url, context)
        },
      })
      const { createSystem, getSystem } = await import('./src/index.ts')
      getSystem({ env: { DATABASE_URL: 'postgres://ada:secret@127.0.0.1:1/agents' } })
      await using system = await createSystem({ env: {} })
      await system.workspaces.create({ title: 'Light' })
      console.log([...packages].join(' '))`,
    { cwd: root },
  )
  expect(stderr).toBe('')
  expect(lines[0]!.split(' ').sort()).toEqual(NEEDED)
})

async function install(modules: string, name: string, code: string): Promise<void> {
  await mkdir(join(modules, name))
  await writeFile(join(modules, name, 'package.json'), JSON.stringify({ name, type: 'module' }))
  await writeFile(join(modules, name, 'index.js'), code)
}
