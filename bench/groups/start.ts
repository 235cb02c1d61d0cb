/** Starting: the first write of a fresh process, a start on a current schema, an empty database. */

import { neonConfig } from '@neondatabase/serverless'
import { startNeonProxy } from '../../test/support/neon-proxy.ts'
import { startPostgres } from '../../test/support/postgres-server.ts'
import { startWire } from '../../test/support/wire.ts'
import { openPostgres } from '../fixtures/postgres.ts'
import { exactly, type Group, type Row } from '../row.ts'
import { firstWrite } from './first-write.ts'
import { migrations } from './migrations.ts'

export async function start(): Promise<Group> {
  return {
    title: 'Starting',
    method:
      'The first write: a fresh process each time, from before the import of the built package until a row is stored in memory; the start of Node itself is not counted. Migrations: a fresh database each time.',
    rows: [...(await firstWrite()), ...(await warmStart()), ...(await migrations())],
  }
}

/** Statements that opening a System sends to a database whose schema is current. */
async function warmStart(): Promise<Row[]> {
  await using server = await startPostgres({ durable: true })
  await (await openPostgres(server.url())).close()
  await using wire = await startWire({ host: '127.0.0.1', port: server.port })
  await using proxy = await startNeonProxy({ host: '127.0.0.1', port: wire.port })
  neonConfig.wsProxy = () => proxy.wsProxy
  neonConfig.useSecureWebSocket = false
  neonConfig.pipelineTLS = false
  const url = new URL(server.url())
  url.port = String(wire.port)
  const rows: Row[] = []
  for (const driver of ['pg', 'neon'] as const) {
    wire.reset()
    await using _system = await openPostgres(url.href, driver)
    const { executed } = wire.statements()
    rows.push({
      work: `warm start with a current schema, ${driver}`,
      unit: executed === 1 ? 'query' : 'queries',
      target: { atMost: 1 },
      measured: exactly(executed),
    })
  }
  return rows
}
