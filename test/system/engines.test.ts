/** What decides how an engine is opened: the options and the environment that were given, and nothing beside them. */

import { expect, test, vi } from 'vitest'
import { completeUrl } from '../../src/config/server.ts'
import { createSystem, getSystem, sqliteEngine } from '../../src/index.ts'
import { tempDir } from '../support/temp.ts'

test('a Postgres URL says all that the driver would otherwise look for in the process', () => {
  const env = { PGHOST: 'other', PGPORT: '7', PGDATABASE: 'd b', PGUSER: 'u', PGPASSWORD: 's@c' }
  const whole = (url: string, given: Record<string, string> = env) => completeUrl(url, given)
  expect(whole('postgres://ada:p%40w@host:1/db')).toBe('postgres://ada:p%40w@host:1/db')
  expect(whole('postgres://ada@host/db?sslmode=require')).toBe(
    'postgres://ada@host/db?sslmode=require&port=7&password=s%40c',
  )
  expect(whole('postgres:///db?host=/tmp', {})).toBe('postgres:///db?host=%2Ftmp&port=5432')
  expect(whole('postgres://')).toBe('postgres:///d%20b?host=other&port=7&user=u&password=s%40c')
  expect(whole('postgres://ada@h', {})).toBe('postgres://ada@h/ada?port=5432')
  expect(whole('postgresql://ada:x@[::1]:5/x', {})).toBe('postgresql://ada:x@[::1]:5/x')
})

test('an engine brings its tables along', async () => {
  await using folder = await tempDir()
  await using system = await createSystem({ engine: await sqliteEngine({ path: `${folder.path}/own.db` }) })
  expect(await system.workspaces.create({ title: 'Here' })).toMatchObject({ title: 'Here' })
})

test('beside an engine that is open, what it has decided is refused', async () => {
  await using folder = await tempDir()
  const engine = await sqliteEngine({ path: `${folder.path}/own.db` })
  for (const options of [
    { url: 'postgres://h/d' },
    { clock: () => new Date(0) },
    { migrate: 'off' as const },
  ]) {
    await expect(createSystem({ engine, ...options })).rejects.toMatchObject({ code: 'CONFIG' })
  }
  await engine.close()
})

test('SQLite flushes each commit when it is told to', async () => {
  await using folder = await tempDir()
  for (const [synchronous, level] of [
    ['FULL', 2],
    [undefined, 1],
  ] as const) {
    await using system = await createSystem({ env: {}, path: `${folder.path}/a.db`, synchronous })
    // The cast: that is what this tier unwraps to.
    const { database } = (await system.engine.unwrap()) as { database: { pragma(sql: string): unknown } }
    expect(database.pragma('synchronous')).toEqual([{ synchronous: level }])
  }
})

test('verifying makes no file', async () => {
  await using folder = await tempDir()
  const path = `${folder.path}/sub/none.db`
  await expect(createSystem({ env: {}, path, migrate: 'verify' })).rejects.toMatchObject({
    code: 'MIGRATION',
  })
  await expect(createSystem({ env: {}, path, migrate: 'verify' })).rejects.toThrow(/does not exist/)
})

test('options of the wrong kind are refused by name', async () => {
  for (const options of [
    { driver: 7 },
    { url: new URL('postgres://h/d') },
    { app: 1 },
    { desktop: {} },
    { clock: new Date() },
    { clock: () => 5 },
  ]) {
    // The cast: what the types forbid.
    const opening = createSystem({ env: {}, ...(options as object) })
    await expect(opening, JSON.stringify(options)).rejects.toMatchObject({ code: 'CONFIG' })
  }
})

test('the shared System hands out itself, opened, and says when a later clock comes too late', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const options = { env: { NODE_ENV: 'test', TERRACE_DB_DRIVER: 'sqlite' }, path: ':memory:' }
  const shared = getSystem(options)
  const opened = await shared.opened()
  expect(opened.engine.tier).toBe('sqlite')
  expect(getSystem({ ...options, clock: () => new Date(0) })).toBe(shared)
  expect(warn.mock.calls.flat().join()).toMatch(/clock/)
  await shared.close()
  warn.mockRestore()
})
