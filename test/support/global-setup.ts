/**
 * Vitest's global setup: one Postgres for the whole run and a Neon proxy to it, unless TERRACE_TEST_TIERS
 * leaves out both tiers. A test file asks for them with `inject('postgresUrl')` and creates a database of its
 * own there.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startNeonProxy } from './neon-proxy.ts'
import { startPostgres } from './postgres-server.ts'
import { tempDir } from './temp.ts'
import { selectedTiers } from './tiers.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A role that may create databases. Null if this run covers neither Postgres nor Neon. */
    postgresUrl: string | null
    /** For `useNeonProxy`; it leads to the same server. */
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
  const server = await startPostgres({ tls: process.env.TERRACE_TEST_POSTGRES_TLS === '1' })
  const folder = await tempDir()
  if (server.ca !== undefined) {
    process.env.PGSSLROOTCERT = join(folder.path, 'ca.pem')
    await writeFile(process.env.PGSSLROOTCERT, server.ca)
  }
  const proxy = await startNeonProxy({ host: '127.0.0.1', port: server.port })
  project.provide('postgresUrl', server.url())
  project.provide('neonProxy', proxy.wsProxy)
  return async () => {
    await proxy.stop()
    await server.stop()
    await folder[Symbol.asyncDispose]()
  }
}
