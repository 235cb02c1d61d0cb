/** doctor: for each thing that may be wrong the line that puts it right, which is then tried. */

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { installedVersion, isOlder, programFinding } from '../../src/cli/doctor/packages.ts'
import { resolve } from '../../src/config.ts'
import { createTestDatabase } from '../support/databases.ts'
import { freePort } from '../support/free-port.ts'
import { type TempDir, tempDir } from '../support/temp.ts'
import { selectedDialects } from '../support/tiers.ts'
import { type RunOptions, terrace, terraceJson } from './support.ts'

const { engines } = manifest
const onPostgres = it.runIf(selectedDialects().includes('postgres'))

let folder: TempDir
let cwd: string
beforeAll(async () => {
  folder = await tempDir()
  cwd = folder.path
})
afterAll(() => folder[Symbol.asyncDispose]())

async function examine(args: readonly string[], options: Omit<RunOptions, 'cwd'> = {}) {
  const { code, data } = await terraceJson(['doctor', ...args], { cwd, ...options })
  // The cast: what doctor answers.
  const findings = data.findings as readonly Finding[]
  const problems = findings.filter(({ state }) => state === 'problem')
  const warnings = findings.filter(({ state }) => state === 'warning')
  for (const each of [...problems, ...warnings]) expect(each.fix, each.says).toBeTruthy()
  expect(code).toBe(problems.length > 0 ? 1 : 0)
  return {
    findings,
    problems,
    warnings,
    find: (about: string) => findings.find((each) => each.about === about),
  }
}

describe('a database that is as it should be', () => {
  it('is told with its reason, its versions and its file', async () => {
    await terrace(['migrate', '--path', 'a.db'], { cwd })
    writeFileSync(join(cwd, '.env'), 'TERRACE_DB_DRIVER=sqlite\nSQLITE_DB_PATH=a.db\n')
    const { problems, find } = await examine([])
    expect(problems).toEqual([])
    expect(find('environment')?.says).toBe('read .env')
    expect(find('database')?.says).toContain(join(cwd, 'a.db'))
    expect(find('why')?.says).toBe('TERRACE_DB_DRIVER is sqlite; SQLITE_DB_PATH says where.')
    expect(find('driver')?.says).toMatch(/^better-sqlite3 \d+/)
    expect(find('server')?.says).toMatch(/^SQLite 3\..*can be written$/)
    expect(find('versions')?.says).toContain(process.versions.node)
    expect((await terrace(['doctor'], { cwd })).stdout).toMatch(/All is well\.\n$/)
    writeFileSync(join(cwd, '.env'), '')
  })

  it('memory needs nothing', async () => {
    expect((await examine([])).problems).toEqual([])
  })
})

it('a Node below the one that is needed is a problem, to the minor', () => {
  const find = (node: string) => programFinding({ version: '1.0.0', engines, peerDependencies: {} }, node)
  expect(engines.node).toMatch(/^>=22\.12$/)
  for (const node of ['20.19.0', '22.11.9']) expect(find(node), node).toMatchObject({ state: 'problem' })
  for (const node of ['22.12.0', '24.0.0']) expect(find(node), node).toMatchObject({ state: 'ok' })
})

describe('configuration', () => {
  it('variables that are ignored are named, and memory in production is', async () => {
    const env = { DATABASE_URL: 'mysql://u:geheim@h/d', SQLITE_DB_PATH: './x.db', NODE_ENV: 'production' }
    const { warnings } = await examine(['--driver', 'memory'], { env })
    expect(warnings.map(({ fix }) => fix)).toEqual([
      'unset DATABASE_URL',
      'unset SQLITE_DB_PATH',
      'TERRACE_DB_DRIVER=sqlite',
    ])
  })

  it('what makes no sense gets the line to write instead, and that line makes sense', async () => {
    const cases: [Record<string, string>, string][] = [
      [{ TERRACE_DB_DRIVER: 'sqllite' }, 'TERRACE_DB_DRIVER=sqlite'],
      [{ TERRACE_DB_DRIVER: 'postgres' }, 'DATABASE_URL=postgres://user:password@host:5432/database'],
      [{ DATABASE_URL: 'mysql://u:geheim@h/d' }, 'DATABASE_URL=postgres://user:password@host:5432/database'],
      [{ DATABASE_POOL_MAX: 'many' }, 'unset DATABASE_POOL_MAX'],
    ]
    for (const [env, fix] of cases) {
      const { problems } = await examine([], { env })
      expect(problems.map((each) => each.fix)).toEqual([fix])
      const [name, value] = fix.startsWith('unset ') ? [fix.slice(6), ''] : fix.split(/=(.*)/s)
      expect(() => resolve({}, { ...env, [name!]: value })).not.toThrow()
    }
    expect((await examine(['--driver', 'sqllite'])).problems[0]?.fix).toBe('--driver sqlite')
  })
})

describe('packages', () => {
  it('versions are compared as numbers', () => {
    expect(isOlder('12.9.9', '>=13')).toBe(true)
    expect(isOlder('13.0.0', '>=13')).toBe(false)
    expect(isOlder('8.22.0', '>=8.23')).toBe(true)
    expect(isOlder('8.100.0', '>=8.23')).toBe(false)
    expect(isOlder('0.46.1', '>=0.45 <1')).toBe(false)
  })
  it('those that are not there are not found', () => {
    expect(installedVersion('pg')).toMatch(/^8\./)
    expect(installedVersion('no-such-package')).toBeUndefined()
  })
})

describe('files', () => {
  it('a folder in the place of a file, and a file in that of a folder', async () => {
    mkdirSync(join(cwd, 'folder.db'))
    writeFileSync(join(cwd, 'blocked'), '')
    for (const path of ['folder.db', 'blocked/a.db']) {
      const { problems } = await examine(['--path', path])
      expect(problems.map(({ about }) => about)).toEqual(['file'])
    }
    const fix = (await examine(['--path', 'folder.db'])).problems[0]!.fix!
    execFileSync('sh', ['-c', fix])
    expect((await examine(['--path', 'folder.db'])).problems).toEqual([])
  })

  it('something that is no database', async () => {
    writeFileSync(join(cwd, 'no.db'), 'x'.repeat(5000))
    const { problems } = await examine(['--path', 'no.db'])
    expect(problems[0]?.says).toContain('no SQLite database')
  })

  it('a database that has yet to be migrated, and one that differs', async () => {
    const database = new Database(join(cwd, 'b.db'))
    database.exec('create table users (id text)')
    const pending = await examine(['--path', 'b.db'])
    expect(pending.problems.map(({ fix }) => fix)).toEqual(['npx terrace migrate'])
    await terrace(['migrate', '--path', 'b.db'], { cwd })
    expect((await examine(['--path', 'b.db'])).problems).toEqual([])
    database.exec('drop index terrace_tasks_assignee_id_idx')
    const drifted = await examine(['--path', 'b.db'])
    expect(drifted.problems.map(({ about }) => about)).toEqual(['migrations', 'drift'])
    database.close()
  })

  it('a file that another user owns', async () => {
    await terrace(['migrate', '--path', 'own/a.db'], { cwd })
    chmodSync(cwd, 0o755)
    chmodSync(join(cwd, 'own'), 0o755)
    chmodSync(join(cwd, 'own/a.db'), 0o644)
    const run = `
      process.setgid?.(65534); process.setuid?.(65534)
      const { run } = await import('./src/cli/program.ts')
      const io = { env: {}, cwd: ${JSON.stringify(cwd)}, stdin: process.stdin, stdout: process.stdout, stderr: process.stderr }
      await run(['doctor', '--path', 'own/a.db', '--json'], io)
      await run(['doctor', '--path', 'new/a.db', '--json'], io)`
    if (process.getuid?.() !== 0) return
    const text = execFileSync('node', ['--input-type=module', '-e', run], { encoding: 'utf8' })
    const [own, made] = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const problem = ({ findings }: { findings: Finding[] }) =>
      findings.find(({ state }) => state === 'problem')
    expect(problem(own)?.fix).toBe(`sudo chown 65534 ${join(cwd, 'own/a.db')}`)
    expect(problem(made)?.says).toContain('may not be written by this process (65534)')
  })
})

describe('servers', () => {
  it('a port where nobody listens, and a host that is none', async () => {
    const env = { DATABASE_URL: `postgres://ada:geheim@127.0.0.1:${await freePort()}/agents` }
    const { problems } = await examine([], { env })
    expect(problems.map(({ about }) => about)).toEqual(['host'])
    expect(problems[0]?.says).toContain('does not answer')
    const nowhere = await examine(['--url', 'postgres://ada:geheim@nowhere.invalid/agents'])
    expect(nowhere.problems[0]?.says).toBe('there is no host nowhere.invalid')
  })

  it('a server that speaks something else', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n')
    })
    const port = await freePort()
    server.listen(port, '127.0.0.1')
    const { problems } = await examine(['--url', `postgres://ada:geheim@127.0.0.1:${port}/agents`])
    expect(problems.map(({ about }) => about)).toEqual(['opening'])
    server.close()
  })

  onPostgres('a database that is not there, a wrong password, and one to be migrated', async () => {
    const { url, drop } = await createTestDatabase()
    const [wrongPassword, noDatabase] = [new URL(url), new URL(url)]
    wrongPassword.password = 'geheim'
    noDatabase.pathname = '/no_such_database'
    const refused = await examine(['--url', wrongPassword.href])
    expect(refused.problems[0]).toMatchObject({
      about: 'opening',
      fix: expect.stringContaining('password@host'),
    })
    const missing = await examine(['--url', noDatabase.href])
    expect(missing.problems[0]?.fix).toMatch(/^createdb no_such_database/)

    const pending = await examine(['--url', url])
    expect(pending.find('server')?.says).toMatch(/^PostgreSQL \d+.*, as \w+$/)
    expect(pending.problems[0]?.fix).toBe('npx terrace migrate')
    await terrace(['migrate', '--url', url], { cwd })
    const { problems } = await examine(['--url', url], { env: { DATABASE_URL: 'postgres://other@h/d' } })
    expect(problems).toEqual([])
    await drop()
  })
})
