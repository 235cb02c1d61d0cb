/** Opening a System on a Postgres that is not there, not there yet, not willing, or behind its code. */

import { createServer } from 'node:net'
import { neonConfig } from '@neondatabase/serverless'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { neonEngine } from '../../src/engine/postgres/neon.ts'
import { pgEngine } from '../../src/engine/postgres/pg.ts'
import { migrations } from '../../src/migrations/generated.ts'
import { createSystem } from '../../src/system.ts'
import {
  drivers,
  type FaultyPostgres,
  type ServerDriver,
  startFaultyPostgres,
} from '../support/faulty-postgres.ts'
import { useNeonProxy } from '../support/neon-proxy.ts'
import { selectedTiers } from '../support/tiers.ts'

const engines = { pg: pgEngine, neon: neonEngine }
const newest = migrations.postgres.at(-1)!.tag

let postgres: FaultyPostgres

describe.runIf(selectedTiers().includes('postgres')).each(drivers)('opening Postgres over %s', (driver) => {
  beforeAll(async () => {
    postgres ??= await startFaultyPostgres()
  })

  afterAll(async () => {
    if (driver === drivers.at(-1)) await postgres[Symbol.asyncDispose]()
  })

  /** What a failure to open says, once and for all without the password. */
  async function refusal(url: string): Promise<{ code: string; message: string }> {
    const failure = await postgres
      .open(driver, { url })
      .then((system) => system.close())
      .catch((error: Error) => error)
    expect(failure).toBeInstanceOf(Error)
    const { code, message } = failure as Error & { code: string }
    const password = new URL(url).password
    expect(message).not.toContain(password)
    expect(JSON.stringify(failure)).not.toContain(password)
    return { code, message }
  }

  type Parts = Partial<Pick<URL, 'username' | 'password' | 'port' | 'pathname'>>
  const urlWith = (parts: Parts) => Object.assign(new URL(postgres.url), parts).href

  test('a server that is refused at first and comes up a little later is waited for', async () => {
    await postgres.server.crash()
    const retries = Promise.withResolvers<void>()
    let count = 0
    const retry = () => {
      if (++count === 3) retries.resolve()
    }
    const opening = postgres.open(driver, { hooks: { retry } })
    await retries.promise
    await postgres.server.restart()
    await using system = await opening
    expect(await system.health()).toMatchObject({ status: 'ok', schema: newest })
  })

  test('a wrong password, an unknown user and an unknown database are CONFIG, at once', async () => {
    expect(await refusal(urlWith({ password: 'not-this-one' }))).toEqual({
      code: 'CONFIG',
      message: expect.stringContaining('password authentication failed for user "terrace"'),
    })
    expect(await refusal(urlWith({ username: 'nobody' }))).toMatchObject({ code: 'CONFIG' })
    expect(await refusal(urlWith({ pathname: '/nowhere' }))).toEqual({
      code: 'CONFIG',
      message: expect.stringContaining('database "nowhere" does not exist'),
    })
  })

  test('a role that may not make tables is CONFIG, and says what it may not', async () => {
    const admin = new pg.Client(postgres.server.adminUrl)
    await admin.connect()
    await admin.query(`create role reader login password 'let-me-read'`)
    try {
      const url = await postgres.server.createDatabase('locked')
      const { message, code } = await refusal(
        urlWith({ username: 'reader', password: 'let-me-read', pathname: new URL(url).pathname }),
      )
      expect({ code, message }).toEqual({
        code: 'CONFIG',
        message: expect.stringContaining('permission denied'),
      })
    } finally {
      await postgres.server.dropDatabase('locked')
      await admin.query('drop role reader')
      await admin.end()
    }
  })

  test('a server that nobody answers for is UNAVAILABLE once patience has run out', async () => {
    const port = await unusedPort()
    const url = urlWith({ port: String(port) })
    const { wsProxy } = neonConfig
    useNeonProxy(`127.0.0.1:${port}/v2`)
    const failure = await open(driver, url, 200).catch((error: Error) => error)
    neonConfig.wsProxy = wsProxy
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    // Neon's driver rejects with an event, which has no message of its own.
    expect((failure as Error).message).toMatch(/^db\.test cannot be reached: [^[]/)
  })

  test('a server that accepts connections and says nothing is UNAVAILABLE as well', async () => {
    postgres.wire.pause()
    try {
      const failure = await open(driver, postgres.url, 200).catch((error: Error) => error)
      expect(failure).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    } finally {
      postgres.wire.resume()
    }
  })

  test('a connection that is lost in a migration is UNAVAILABLE, and the next one starts from nothing', async () => {
    const url = await postgres.server.createDatabase(`lost_${driver}`)
    const overWire = urlWith({ pathname: new URL(url).pathname })
    const admin = new pg.Client(url)
    await admin.connect()
    // Whoever migrates waits here, in the middle.
    await admin.query('begin')
    await admin.query('create table terrace_tasks (id text)')
    const opening = expect(postgres.open(driver, { url: overWire })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
    await expect
      .poll(async () => (await admin.query(`select 1 from pg_locks where not granted`)).rowCount)
      .toBeGreaterThan(0)
    postgres.wire.cut()
    await opening
    await admin.query('rollback')
    await admin.end()
    await using system = await postgres.open(driver, { url: overWire })
    expect(await system.health()).toMatchObject({ status: 'ok', schema: newest })
  })

  test('a health check while the server is away says so at once, and is well again afterwards', async () => {
    let retries = 0
    await using system = await postgres.open(driver, { hooks: { retry: () => retries++ } })
    await postgres.server.crash()
    // Sessions outlive a killed server by a moment.
    await expect.poll(async () => (await system.health()).status).toBe('error')
    const health = await system.health()
    // Patience is for those who want an answer.
    expect(retries).toBe(0)
    expect(health).toMatchObject({
      status: 'error',
      tier: 'postgres',
      driver,
      target: new URL(postgres.url).host + new URL(postgres.url).pathname,
      schema: newest,
    })
    expect(health.error).not.toContain(new URL(postgres.url).password)
    await postgres.server.restart()
    expect(await system.health()).toMatchObject({ status: 'ok' })
  })
})

const open = async (driver: ServerDriver, url: string, patience: number) => {
  const engine = await engines[driver]({ url, patience, target: 'db.test', sslMode: 'disable' })
  await createSystem({ engine })
}

async function unusedPort(): Promise<number> {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<number>()
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    server.close(() => resolve(port))
  })
  return promise
}
