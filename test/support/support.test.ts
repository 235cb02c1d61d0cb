/** What the tests of this repository stand on, tested itself: real servers, the proxies and the clean-up after them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readdir, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Client, neonConfig, Pool } from '@neondatabase/serverless'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import setup from './global-setup.ts'
import { type NeonProxy, startNeonProxy } from './neon-proxy.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { tempDir } from './temp.ts'
import { selectedDialects, selectedTiers } from './tiers.ts'
import { startWire, type Wire } from './wire.ts'

/** What the global setup provides to tests: the server that most of this file runs on. */
const provided = { postgresUrl: '', neonProxy: '' }
let teardown: () => Promise<void>

beforeAll(async () => {
  vi.stubEnv('TERRACE_TEST_TIERS', '')
  teardown = await setup({
    provide: (key, value) => {
      provided[key] = value ?? ''
    },
  })
})

afterAll(async () => {
  await teardown()
  vi.unstubAllEnvs()
})

describe('tiers', () => {
  test('all are selected by default, else those named, in their usual order', () => {
    expect(selectedTiers({})).toEqual(['memory', 'sqlite', 'pglite', 'postgres', 'neon'])
    expect(selectedTiers({ TERRACE_TEST_TIERS: ' neon, memory ' })).toEqual(['memory', 'neon'])
  })

  test('name the dialects that are tested beneath the engines', () => {
    expect(selectedDialects({})).toEqual(['postgres', 'sqlite'])
    expect(selectedDialects({ TERRACE_TEST_TIERS: 'memory,pglite' })).toEqual([])
    expect(selectedDialects({ TERRACE_TEST_TIERS: 'sqlite' })).toEqual(['sqlite'])
    expect(selectedDialects({ TERRACE_TEST_TIERS: 'neon' })).toEqual(['postgres'])
  })

  test('an unknown name is refused with the list of the known', () => {
    expect(() => selectedTiers({ TERRACE_TEST_TIERS: 'memory,sqlit' })).toThrow(
      'unknown sqlit; known are memory, sqlite, pglite, postgres, neon, server',
    )
  })

  test('a server of the user’s own is one more, and has to be named', () => {
    const own = { TERRACE_TEST_POSTGRES_URL: 'postgres://localhost/postgres' }
    expect(selectedTiers(own).at(-1)).toBe('server')
    expect(selectedTiers({ ...own, TERRACE_TEST_TIERS: 'server' })).toEqual(['server'])
    expect(selectedTiers({ ...own, TERRACE_TEST_TIERS: 'memory' })).toEqual(['memory'])
    expect(() => selectedTiers({ TERRACE_TEST_TIERS: 'server' })).toThrow('TERRACE_TEST_POSTGRES_URL')
  })

  test('without Postgres and Neon no server is started', async () => {
    vi.stubEnv('TERRACE_TEST_TIERS', 'memory,sqlite')
    const values: Record<string, string | null> = {}
    const stop = await setup({
      provide: (key, value) => {
        values[key] = value
      },
    })
    await stop()
    expect(values).toEqual({ postgresUrl: null, neonProxy: null })
  })
})

test('a temporary directory is gone, with what is in it, when its scope ends', async () => {
  let path: string
  {
    await using directory = await tempDir()
    path = directory.path
    await writeFile(join(path, 'file'), 'x')
  }
  await expect(stat(path)).rejects.toThrow('ENOENT')
})

describe('a Postgres server', () => {
  let server: PostgresServer

  beforeAll(async () => {
    server = await startPostgres({ tls: true })
  })

  afterAll(() => server.stop())

  test('gives an ordinary role databases of its own, by password', async () => {
    const url = await server.createDatabase('mine')
    expect(await query(url, 'SELECT current_user AS role, current_database() AS name')).toEqual([
      { role: 'terrace', name: 'mine' },
    ])
    await query(url, 'CREATE TABLE note (id integer)')
    await expect(query(url.replace(/:[^:@]+@/, ':guess@'), 'SELECT 1')).rejects.toMatchObject({
      code: '28P01',
    })
    await expect(query(url, 'ALTER SYSTEM SET fsync = on')).rejects.toMatchObject({ code: '42501' })
  })

  test('copies a template, and drops a database that is in use', async () => {
    const template = await server.createDatabase('template')
    await query(template, 'CREATE TABLE note AS SELECT 7 AS id')
    const copy = await server.createDatabase('copy', 'template')
    expect(await query(copy, 'SELECT id FROM note')).toEqual([{ id: 7 }])

    const user = new pg.Client(copy)
    const errors: Error[] = []
    user.on('error', (error) => errors.push(error))
    await user.connect()
    await server.dropDatabase('copy')
    await expect.poll(() => errors[0]).toMatchObject({ code: '57P01' })
    await expect(query(copy, 'SELECT 1')).rejects.toMatchObject({ code: '3D000' })
    await server.dropDatabase('copy')
  })

  test('sorts text linguistically unless told otherwise', async () => {
    const rows = await query(
      server.url(),
      `SELECT 'a' < 'B' AS linguistic, 'a' COLLATE "C" < 'B' COLLATE "C" AS code_points`,
    )
    expect(rows).toEqual([{ linguistic: true, code_points: false }])
  })

  test('keeps what was committed over a restart and over a crash', async () => {
    await query(server.url(), 'CREATE TABLE kept (id integer)')
    await query(server.url(), 'INSERT INTO kept VALUES (1)')
    await server.restart()
    await query(server.url(), 'INSERT INTO kept VALUES (2)')

    const client = new pg.Client(server.url())
    client.on('error', () => {})
    await client.connect()
    const lost = expect(client.query('SELECT pg_sleep(60)')).rejects.toThrow()
    await server.crash()
    await lost
    await expect(query(server.url(), 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await server.restart()
    expect(await query(server.url(), 'SELECT id FROM kept ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }])
  })

  test('proves its identity to a client that verifies it', async () => {
    const client = new pg.Client({ connectionString: server.url(), ssl: { ca: server.ca } })
    await client.connect()
    const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
    await client.end()
    expect(rows).toEqual([{ ssl: true }])

    const stranger = new pg.Client({ connectionString: server.url(), ssl: true })
    await expect(stranger.connect()).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  })

  test.concurrent.for(['SIGINT', 'SIGKILL'] as const)(
    'leaves no process and no data behind when its own is ended by %s',
    async (signal, { expect }) => {
      await using temporary = await tempDir()
      // The server may run as another user, who has to get at its data in there.
      await chmod(temporary.path, 0o755)
      const child = run(`const server = await startPostgres(); console.log(server.port)`, temporary.path)
      const [port] = await once(createInterface(child.stdout), 'line')
      expect(await isListening(Number(port))).toBe(true)
      child.kill(signal)
      expect(await once(child, 'exit')).toEqual([null, signal])
      await expect.poll(() => isListening(Number(port)), { timeout: 5_000 }).toBe(false)
      await expect.poll(() => readdir(temporary.path), { timeout: 5_000 }).toEqual([])
    },
  )

  test.concurrent('leaves the exit code of its process alone', async ({ expect }) => {
    const child = run(`await loadEmbeddedPostgres(); process.exitCode = 3`)
    expect(await once(child, 'exit')).toEqual([3, null])
  })
})

describe('the Neon proxy', () => {
  let pool: Pool
  const errors: Error[] = []

  beforeAll(() => {
    Object.assign(neonConfig, {
      wsProxy: () => provided.neonProxy,
      useSecureWebSocket: false,
      pipelineConnect: false,
      coalesceWrites: false,
    })
    pool = new Pool({ connectionString: provided.postgresUrl, max: 2 })
    pool.on('error', (error: Error) => errors.push(error))
  })

  afterAll(() => pool.end())

  test('carries queries, large ones too', async () => {
    const text = 'é'.repeat(1_000_000)
    const { rows } = await pool.query('SELECT $1::text AS text', [text])
    expect(rows).toEqual([{ text }])
  })

  test('carries transactions of two connections at a time', async () => {
    await pool.query('CREATE TABLE IF NOT EXISTS account (id integer PRIMARY KEY)')
    const one = await pool.connect()
    const two = await pool.connect()
    await one.query('BEGIN')
    await one.query('INSERT INTO account VALUES (1)')
    expect((await two.query('SELECT id FROM account')).rows).toEqual([])
    await one.query('COMMIT')
    expect((await two.query('SELECT id FROM account')).rows).toEqual([{ id: 1 }])
    await expect(two.query('INSERT INTO account VALUES (1)')).rejects.toMatchObject({
      code: '23505',
      constraint: 'account_pkey',
    })
    one.release()
    two.release()
  })

  test('carries notifications', async () => {
    const listener = await pool.connect()
    const heard = new Promise((resolve) => listener.once('notification', resolve))
    await listener.query('LISTEN news')
    await pool.query(`SELECT pg_notify('news', 'hello')`)
    expect(await heard).toMatchObject({ channel: 'news', payload: 'hello' })
    listener.release()
  })

  test('lets the driver report a session that was ended, and connect again', async () => {
    const client = await pool.connect()
    // As with pg, a client in use reports its loss by an event as well, and the pool does not listen then.
    client.on('error', () => {})
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
    const pending = expect(client.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57P01' })
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid])
    await pending
    client.release(true)

    const idle = await pool.query('SELECT pg_backend_pid() AS pid')
    await query(provided.postgresUrl, `SELECT pg_terminate_backend(${idle.rows[0].pid})`)
    await expect.poll(() => errors).toMatchObject([{ code: '57P01' }])
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })
})

describe('the Neon proxy, when one side is gone', () => {
  let wire: Wire
  let proxy: NeonProxy
  let client: Client

  beforeEach(async () => {
    wire = await startWire({ host: '127.0.0.1', port: Number(new URL(provided.postgresUrl).port) })
    proxy = await startNeonProxy({ host: '127.0.0.1', port: wire.port })
    client = new Client(provided.postgresUrl)
    client.neonConfig.wsProxy = () => proxy.wsProxy
    client.on('error', () => {})
    await client.connect()
  })

  // The driver's end() never settles on a connection that is gone, so the proxies end what is left.
  afterEach(async () => {
    await proxy.stop()
    await wire.stop()
  })

  test('closes the WebSocket of a connection that broke', async () => {
    const pending = expect(client.query('SELECT pg_sleep(60)')).rejects.toThrow('terminated unexpectedly')
    await expect.poll(() => wire.statements().executed).toBe(1)
    wire.cut()
    await pending
  })

  test('closes the session of a client that left', async () => {
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
    const sessions = `SELECT pid FROM pg_stat_activity WHERE pid = ${rows[0].pid}`
    expect(await query(provided.postgresUrl, sessions)).toHaveLength(1)
    await client.end()
    await expect.poll(() => query(provided.postgresUrl, sessions)).toEqual([])
  })

  test('cuts its connections when it is stopped', async () => {
    const pending = expect(client.query('SELECT pg_sleep(60)')).rejects.toBeDefined()
    await expect.poll(() => wire.statements().executed).toBe(1)
    await proxy.stop()
    await pending
  })
})

describe('the wire', () => {
  let wire: Wire
  let url: string

  beforeAll(async () => {
    const { port } = new URL(provided.postgresUrl)
    wire = await startWire({ host: '127.0.0.1', port: Number(port) })
    url = provided.postgresUrl.replace(`:${port}/`, `:${wire.port}/`)
  })

  afterAll(() => wire.stop())

  async function connected(options: pg.ClientConfig = {}) {
    const client = new pg.Client({ connectionString: url, ...options })
    await client.connect()
    return { client, [Symbol.asyncDispose]: () => client.end() }
  }

  beforeEach(() => wire.reset())

  test('counts one round trip per query that is waited for', async () => {
    await using session = await connected()
    expect([wire.roundTrips(), wire.connections()]).toEqual([0, 1])
    await session.client.query('SELECT 1')
    expect(wire.roundTrips()).toBe(1)
    await session.client.query('SELECT $1::int', [1])
    expect(wire.roundTrips()).toBe(2)
    expect(wire.statements()).toEqual({ executed: 2, texts: ['SELECT 1', 'SELECT $1::int'] })
  })

  test('counts an awaited transaction as three, a pipelined one as one', async () => {
    const texts = ['BEGIN', 'SELECT 1', 'COMMIT']
    await using session = await connected({ pipeline: true })
    for (const text of texts) await session.client.query(text)
    expect(wire.roundTrips()).toBe(3)
    wire.reset()
    await Promise.all(texts.map((text) => session.client.query(text)))
    expect(wire.roundTrips()).toBe(1)
    expect(wire.statements().executed).toBe(3)
  })

  test('counts a query that waited for one answer while another was due', async () => {
    await using session = await connected({ pipeline: true })
    const first = session.client.query('SELECT 1')
    const second = session.client.query('SELECT pg_sleep(0.05)')
    await first
    await session.client.query('SELECT 3')
    await second
    expect(wire.roundTrips()).toBe(2)
  })

  test('does not count a query sent while the answer before it is still coming', async () => {
    await using session = await connected({ pipeline: true })
    // More than the server buffers, so that its first rows come before it has finished.
    const rows = `SELECT repeat('x', 1000) FROM generate_series(1, 100)`
    const slow = session.client.query(new pg.Query(`${rows}; SELECT pg_sleep(0.05)`))
    await once(slow, 'row')
    await session.client.query('SELECT 2')
    expect(wire.roundTrips()).toBe(1)
  })

  test('shows that a named statement is parsed once', async () => {
    await using session = await connected()
    const statement = { name: 'one', text: 'SELECT $1::int' }
    for (const value of [1, 2, 3]) await session.client.query({ ...statement, values: [value] })
    expect(wire.statements()).toEqual({ executed: 3, texts: ['SELECT $1::int'] })
  })

  test('counts messages that arrive in many pieces', async () => {
    await using session = await connected()
    const text = 'x'.repeat(3_000_000)
    const { rows } = await session.client.query('SELECT $1::text AS text', [text])
    expect(rows).toEqual([{ text }])
    expect([wire.roundTrips(), wire.statements().executed]).toEqual([1, 1])
  })

  test('holds what is sent until it is resumed', async () => {
    await using session = await connected()
    wire.pause()
    const answer = session.client.query('SELECT 1 AS one')
    const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 50, 'nothing'))])
    expect(first).toBe('nothing')
    wire.resume()
    expect((await answer).rows).toEqual([{ one: 1 }])
  })

  test('cuts connections, and takes new ones', async () => {
    await using session = await connected()
    const errors: Error[] = []
    session.client.on('error', (error) => errors.push(error))
    const pending = expect(session.client.query('SELECT pg_sleep(60)')).rejects.toMatchObject({
      code: 'ECONNRESET',
    })
    await expect.poll(() => wire.statements().executed).toBe(1)
    wire.cut()
    await pending
    expect(errors[0]).toMatchObject({ code: 'ECONNRESET' })
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('tells a client that wants encryption that there is none', async () => {
    const client = new pg.Client({ connectionString: url, ssl: true })
    await expect(client.connect()).rejects.toThrow('The server does not support SSL connections')
  })
})

async function query(connectionString: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  try {
    const { rows } = await client.query(text)
    return rows
  } finally {
    await client.end()
  }
}

/** A Node process with the functions under test at hand. */
function run(code: string, temporary?: string) {
  const imports = [
    `import { startPostgres } from ${JSON.stringify(new URL('./postgres-server.ts', import.meta.url))}`,
    `import { loadEmbeddedPostgres } from ${JSON.stringify(new URL('./embedded-postgres.ts', import.meta.url))}`,
  ]
  return spawn(process.execPath, ['--input-type=module', '-e', `${imports.join('\n')}\n${code}`], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env: { ...process.env, ...(temporary === undefined ? {} : { TMPDIR: temporary }) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
