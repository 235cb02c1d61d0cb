/** What each PGSSLMODE means, against a server with a certificate of its own and one without. */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pgEngine } from '../src/engine/postgres/pg.ts'
import type { SslMode } from '../src/engine/postgres/tls.ts'
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
