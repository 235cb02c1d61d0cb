/** Round trips to Postgres, counted by a proxy on the wire, not by the driver. */

import { neonConfig } from '@neondatabase/serverless'
import { tasks } from '../../src/schema/tasks.ts'
import type { System } from '../../src/system.ts'
import { startNeonProxy } from '../../test/support/neon-proxy.ts'
import { startWire, type Wire } from '../../test/support/wire.ts'
import { openPostgres, startDatabases } from '../fixtures/postgres.ts'
import { WORKSPACE } from '../fixtures/tasks.ts'
import { exactly, type Group, type Row } from '../row.ts'

export async function wire(): Promise<Group> {
  await using databases = await startDatabases(async (system) => {
    await system.workspaces.create({ id: WORKSPACE, title: 'Bench' })
  })
  await using wire = await startWire({ host: '127.0.0.1', port: databases.server.port })
  await using proxy = await startNeonProxy({ host: '127.0.0.1', port: wire.port })
  neonConfig.wsProxy = () => proxy.wsProxy
  neonConfig.useSecureWebSocket = false
  neonConfig.pipelineTLS = false
  const rows: Row[] = []
  for (const driver of ['pg', 'neon'] as const) {
    const url = new URL(await databases.copy(`wire_${driver}`))
    url.port = String(wire.port)
    await using system = await openPostgres(url.href, driver)
    for (const { work, most, prepare, run } of verbs(driver)) {
      // Once beforehand: a connection takes round trips of its own, and is there already in a running system.
      await run(system, await prepare(system))
      const id = await prepare(system)
      const trips = await counted(wire, () => run(system, id))
      rows.push({
        work: `${work}, ${driver}`,
        unit: trips === 1 ? 'round trip' : 'round trips',
        target: { atMost: most },
        measured: exactly(trips),
      })
    }
  }
  return { title: 'Round trips', method: 'One call, on a connection that is open.', rows }
}

interface Verb {
  readonly work: string
  readonly most: number
  /** Makes what the call is about; its id. */
  prepare(system: System): Promise<string>
  run(system: System, id: string): Promise<unknown>
}

const task = async (system: System) =>
  (await system.tasks.create({ workspaceId: WORKSPACE, title: 'Build' })).id

async function running(system: System): Promise<string> {
  const id = await task(system)
  await system.tasks.start(id)
  return id
}

function verbs(driver: 'pg' | 'neon'): readonly Verb[] {
  return [
    { work: 'get', most: 1, prepare: task, run: (system, id) => system.tasks.get(id) },
    {
      work: 'create',
      most: 1,
      prepare: async () => '',
      run: (system) => system.tasks.create({ workspaceId: WORKSPACE, title: 'Ship' }),
    },
    {
      work: 'update',
      most: 1,
      prepare: task,
      run: (system, id) => system.tasks.update(id, { title: 'Ship it' }),
    },
    {
      work: 'append',
      most: 1,
      prepare: async (system) => (await system.conversations.create({ workspaceId: WORKSPACE })).id,
      run: (system, id) => system.messages.append(id, { role: 'user', content: 'Ship it' }),
    },
    { work: 'start', most: 1, prepare: task, run: (system, id) => system.tasks.start(id) },
    {
      work: 'claim of one ready task',
      most: 1,
      prepare: task,
      run: (system) =>
        system.engine.update(tasks, {
          where: { workspaceId: WORKSPACE, status: 'ready' },
          set: { status: 'running' },
          orderBy: [['priority', 'desc']],
          limit: 1,
          skipLocked: true,
        }),
    },
    { work: 'complete', most: 2, prepare: running, run: (system, id) => system.tasks.complete(id) },
    {
      work: 'complete, with two tasks to promote',
      most: 2,
      async prepare(system) {
        const id = await running(system)
        for (const title of ['Ship', 'Tell'])
          await system.tasks.create({ workspaceId: WORKSPACE, title, dependsOn: [id] })
        return id
      },
      run: (system, id) => system.tasks.complete(id),
    },
    {
      work: 'transaction of three statements',
      most: driver === 'pg' ? 4 : 5,
      prepare: task,
      run: (system, id) =>
        system.transaction(async (tx) => {
          await tx.tasks.get(id)
          await tx.tasks.update(id, { title: 'Ship it' })
          await tx.tasks.create({ workspaceId: WORKSPACE, title: 'Tell' })
        }),
    },
  ]
}

async function counted(wire: Wire, work: () => Promise<unknown>): Promise<number> {
  wire.reset()
  await work()
  return wire.roundTrips()
}
