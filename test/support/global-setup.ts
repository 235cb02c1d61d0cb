/**
 * Vitest's global setup: one Postgres for the whole run and a Neon proxy to it, unless TERRACE_TEST_TIERS
 * leaves out both tiers. A test file asks for them with `inject('postgresUrl')` and creates a database of its
 * own there.
 */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { loadEmbeddedPostgres } from './embedded-postgres.ts'
import { startNeonProxy } from './neon-proxy.ts'
import { type PostgresOptions, startPostgres } from './postgres-server.ts'
import { selectedTiers } from './tiers.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A role that may create databases. Null if this run covers neither Postgres nor Neon. */
    postgresUrl: string | null
    /** For `neonConfig.wsProxy`; it leads to the same server. */
    neonProxy: string | null
  }
}

export default async function setup(project: Pick<TestProject, 'provide'>): Promise<() => Promise<void>> {
  const tiers = selectedTiers()
  if (!tiers.includes('postgres') && !tiers.includes('neon')) {
    project.provide('postgresUrl', null)
    project.provide('neonProxy', null)
    return async () => {}
  }
  const server = await startPostgres(await optionsOf(process.env))
  if (server.ca !== undefined) process.env.PGSSLROOTCERT = await keep(server.ca)
  const proxy = await startNeonProxy({ host: '127.0.0.1', port: server.port })
  project.provide('postgresUrl', server.url())
  project.provide('neonProxy', proxy.wsProxy)
  return async () => {
    await proxy.stop()
    await server.stop()
  }
}

/** Which server `npm run test:postgres` asks for; the newest, without TLS, otherwise. */
async function optionsOf(env: NodeJS.ProcessEnv): Promise<PostgresOptions> {
  const tls = env.TERRACE_TEST_POSTGRES_TLS === '1'
  const major = env.TERRACE_TEST_POSTGRES_MAJOR
  if (major === undefined) return { tls }
  const path = createRequire(new URL('../postgres-majors/package.json', import.meta.url))
  return { tls, EmbeddedPostgres: await loadEmbeddedPostgres(path.resolve(`embedded-postgres-${major}`)) }
}

async function keep(certificate: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'terrace-ca-')), 'ca.pem')
  await writeFile(file, certificate)
  return file
}
