/** What each PGSSLMODE means, against a server with a certificate of its own and one without. */

import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, connect as netConnect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { pgEngine } from '../src/engine/postgres/pg.ts'
import type { SslMode } from '../src/engine/postgres/tls.ts'
import { createSystem } from '../src/system.ts'
import { createCertificates } from './support/certificate.ts'
import { type PostgresServer, startPostgres } from './support/postgres-server.ts'
import { type TempDir, tempDir } from './support/temp.ts'

let withTls: PostgresServer
let plain: PostgresServer
let folder: TempDir
let ca: string
let strangers: string

beforeAll(async () => {
  ;[withTls, plain, folder] = await Promise.all([startPostgres({ tls: true }), startPostgres(), tempDir()])
  ca = join(folder.path, 'ca.pem')
  strangers = join(folder.path, 'strangers.pem')
  await writeFile(ca, withTls.ca!)
  await writeFile(strangers, createCertificates().ca)
})
afterAll(() => Promise.all([withTls.stop(), plain.stop(), folder[Symbol.asyncDispose]()]))

/** `tls` or `plain`, as the server sees the connection; otherwise the error's code. */
async function connect(server: PostgresServer, sslMode: SslMode, rootCertificate?: string): Promise<string> {
  const engine = await pgEngine({ url: server.url(), sslMode, rootCertificate, patience: 500 }).catch(
    (error: { code: string }) => error.code,
  )
  if (typeof engine === 'string') return engine
  const { pool } = await engine.unwrap()
  const { rows } = await (pool as { query(sql: string): Promise<{ rows: { ssl: boolean }[] }> }).query(
    'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
  )
  await engine.close()
  return rows[0]!.ssl ? 'tls' : 'plain'
}

test.each([
  ['disable', 'plain', 'plain'],
  ['allow', 'tls', 'plain'],
  ['prefer', 'tls', 'plain'],
  ['require', 'tls', 'CONFIG'],
] as const)('%s: %s where there is TLS, %s where there is none', async (mode, there, absent) => {
  expect(await connect(withTls, mode)).toBe(there)
  expect(await connect(plain, mode)).toBe(absent)
})

test.each(['require', 'verify-ca', 'verify-full'] as const)(
  '%s checks the server against the authority given',
  async (mode) => {
    expect(await connect(withTls, mode, ca)).toBe('tls')
    expect(await connect(withTls, mode, strangers)).toBe('CONFIG')
  },
)

test.each(['verify-ca', 'verify-full'] as const)(
  '%s without an authority trusts only those of the system',
  async (mode) => {
    expect(await connect(withTls, mode)).toBe('CONFIG')
  },
)

test('verify-full also checks the name, verify-ca does not', async ({ skip }) => {
  // The certificate is for 127.0.0.1 and localhost; this leads to the same server under another address.
  const forwarder = createServer((client) => {
    const server = netConnect(withTls.port, '127.0.0.1')
    for (const each of [client, server]) each.on('error', () => {})
    client.pipe(server).pipe(client)
  })
  forwarder.listen(0, '127.0.0.2')
  const failed = await once(forwarder, 'listening').catch((error: Error) => error)
  if (failed instanceof Error) skip('this system has no 127.0.0.2')
  const { port } = forwarder.address() as AddressInfo
  const url = withTls.url().replace(`127.0.0.1:${withTls.port}`, `127.0.0.2:${port}`)
  try {
    expect(await connect({ ...withTls, url: () => url }, 'verify-ca', ca)).toBe('tls')
    expect(await connect({ ...withTls, url: () => url }, 'verify-full', ca)).toBe('CONFIG')
  } finally {
    forwarder.close()
  }
})

test('an authority whose file cannot be read is CONFIG, and the message names the setting', async () => {
  await expect(
    pgEngine({
      url: withTls.url(),
      sslMode: 'verify-full',
      rootCertificate: join(folder.path, 'absent.pem'),
    }),
  ).rejects.toMatchObject({
    code: 'CONFIG',
    message: expect.stringMatching(/^PGSSLROOTCERT or sslrootcert: ENOENT/),
  })
})

test('PGSSLMODE and PGSSLROOTCERT are taken from the environment given, and the URL’s parameters beat them', async () => {
  // Says which variable lost.
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  const env = { DATABASE_URL: withTls.url(), PGSSLMODE: 'verify-full', PGSSLROOTCERT: ca }
  await using system = await createSystem({ env })
  expect(await system.health()).toMatchObject({ status: 'ok' })
  const wrong = { ...env, DATABASE_URL: `${withTls.url()}?sslmode=verify-ca&sslrootcert=${strangers}` }
  const refused = { code: 'CONFIG', message: expect.stringContaining('TLS') }
  await expect(createSystem({ env: wrong })).rejects.toMatchObject(refused)
  const insisting = { DATABASE_URL: plain.url(), PGSSLMODE: 'require' }
  await expect(createSystem({ env: insisting })).rejects.toMatchObject(refused)
})

test('a server without TLS that is not there at first is asked again, and then used without', async () => {
  await plain.crash()
  let retries = 0
  const opening = pgEngine({ url: plain.url(), hooks: { retry: () => retries++ } })
  await expect.poll(() => retries).toBeGreaterThan(1)
  await plain.restart()
  const engine = await opening
  await engine.ping()
  await engine.close()
})
