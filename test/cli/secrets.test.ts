/** No command says a password, whatever is wrong, and wherever it was put. */

import { expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { tempDir } from '../support/temp.ts'
import { terrace } from './support.ts'

const PASSWORD = 'p4ssw0rd-of-ada'
const COMMANDS = [
  ['health'],
  ['status'],
  ['migrate'],
  ['migrate', '--verify'],
  ['migrate', '--print'],
  ['doctor'],
  ['serve'],
]

it('not of a server that is away, in text or JSON, by flag, variable or file', async () => {
  await using folder = await tempDir()
  const cwd = folder.path
  const url = `postgres://ada:${PASSWORD}@127.0.0.1:${await freePort()}/agents`
  const ways: [string[], Record<string, string>][] = [
    [['--url', url], {}],
    [[], { DATABASE_URL: url }],
    [['--json'], { DATABASE_URL: url, DATABASE_URL_UNPOOLED: url }],
  ]
  const runs = COMMANDS.flatMap((command) =>
    ways.map(([flags, env]) => terrace([...command, ...flags], { cwd, env })),
  )
  for (const { stdout, stderr, code } of await Promise.all(runs)) {
    expect(stdout + stderr).not.toContain(PASSWORD)
    expect(stdout.startsWith('\\set') || stdout.includes('"sql"') || code !== 0).toBe(true)
  }
})

it('not of what is no URL, or stands in the wrong place', async () => {
  await using folder = await tempDir()
  const cwd = folder.path
  const url = `postgres://ada:${PASSWORD}@db.example.com/agents`
  const broken = [
    `postgres://ada:${PASSWORD}#x@h/agents`,
    `postgres://ada:x/${PASSWORD}@h/agents`,
    `mysql://ada:${PASSWORD}@h/agents`,
    `postgres://ada:${PASSWORD}%@h/agents`,
    `postgres:/ada:${PASSWORD}@h/agents`,
    `ada:${PASSWORD}@h/agents`,
  ]
  for (const command of COMMANDS) {
    const words = [
      ...broken.map((each) => ['--url', each]),
      ['--driver', url],
      ['--path', url],
      ['--app', url],
      ['--fallback', url],
      ['--identifier', url],
      ['--instance', url, '--fallback', 'pglite'],
      ['--env-file', url],
      ['--host', url],
      ['--port', url],
      ['--parent-pid', url],
      ['--origin', url, '--driver', 'memory'],
      [`--ur=${url}`],
      [url],
    ]
    for (const each of words) {
      for (const json of [[], ['--json']]) {
        const { stdout, stderr, code } = await terrace([...command, ...each, ...json], { cwd })
        expect(stdout + stderr, [...command, ...each].join(' ')).not.toContain(PASSWORD)
        expect(code, [...command, ...each].join(' ')).not.toBe(0)
      }
    }
    for (const DATABASE_URL of broken) {
      const { stdout, stderr } = await terrace(command, { cwd, env: { DATABASE_URL } })
      expect(stdout + stderr).not.toContain(PASSWORD)
    }
  }
})
