/** What Neon's driver costs over a WebSocket, against TCP by hand: the same server, the same statements. */

import { neonConfig } from '@neondatabase/serverless'
import pg from 'pg'
import { startNeonProxy } from '../../test/support/neon-proxy.ts'
import { openPostgres, startDatabases } from '../fixtures/postgres.ts'
import { seedTasks, shuffled, taskInput } from '../fixtures/tasks.ts'
import { awaited, cost, race } from '../measure.ts'
import { rawPostgresTasks } from '../raw/postgres-tasks.ts'
import { absolute, type Group, type Row } from '../row.ts'

export async function neon(): Promise<Group> {
  let ids: string[] = []
  await using databases = await startDatabases(async (system) => {
    ids = shuffled(await seedTasks(system, 1000))
  })
  await using proxy = await startNeonProxy({ host: '127.0.0.1', port: databases.server.port })
  neonConfig.wsProxy = () => proxy.wsProxy
  neonConfig.useSecureWebSocket = false
  neonConfig.pipelineTLS = false
  const pick = (i: number) => ids[i % ids.length]!
  const client = new pg.Client({ connectionString: await databases.copy('raw') })
  await using system = await openPostgres(await databases.copy('ours'), 'neon')
  const rows: Row[] = []
  try {
    await client.connect()
    const raw = rawPostgresTasks(client)
    const pairs = [
      {
        work: 'get by id',
        sides: [
          awaited('terrace', (i) => system.tasks.get(pick(i))),
          awaited('raw', (i) => raw.get(pick(i))),
        ],
      },
      {
        work: 'create',
        sides: [
          awaited('terrace', (i) => system.tasks.create(taskInput(i))),
          awaited('raw', (i) => raw.create(taskInput(i))),
        ],
      },
    ]
    for (const { work, sides } of pairs) {
      const [ours, byHand] = await race(sides)
      rows.push({
        work: `${work}, Neon's driver over WebSocket`,
        unit: '× the time of raw TCP',
        target: { atMost: 2 },
        measured: cost(ours!, byHand!),
        absolute: absolute(ours!, byHand!),
        ifMissed:
          'frames are masked, wrapped and unwrapped in JavaScript on both ends, and the far end, the proxy, shares this thread.',
      })
    }
  } finally {
    await client.end()
  }
  return {
    title: 'Neon over WebSocket',
    method:
      "The store on `@neondatabase/serverless`, through the tests' WebSocket-to-TCP proxy, which runs in this process and costs it time; raw is one `pg` client straight to the server.",
    rows,
  }
}
