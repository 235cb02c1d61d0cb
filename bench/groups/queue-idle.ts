/** What is asked of the database while nothing is due: statements on the wire, counted for five minutes. */

import type { System } from '../../src/system.ts'
import { startPostgres } from '../../test/support/postgres-server.ts'
import { startWire } from '../../test/support/wire.ts'
import { createWorkspace, KIND } from '../fixtures/jobs.ts'
import { openPostgres } from '../fixtures/postgres.ts'
import { quick } from '../measure.ts'
import { exactly, type Group, type Row } from '../row.ts'

const SECONDS = quick ? 15 : 300
/** Until whoever runs has looked for the first time, listens, and has lengthened its pauses. */
const SETTLE_MS = 10_000
const DAY = 86_400_000

const handlers = { [KIND]: () => {} }

const residents: readonly {
  readonly what: string
  readonly target: Row['target']
  readonly start: (system: System) => unknown
  readonly ifMissed?: string
}[] = [
  { what: 'nobody', target: { atMost: 0 }, start: () => {} },
  {
    what: 'a worker',
    target: { atMost: 0 },
    start: (system) => system.backgroundTasks.work(handlers),
    ifMissed:
      'a worker looks every five seconds, behind its notifications, since one of them may be lost: a claim, and a sweep of three reads. With a longer `pollMs` it does not, which is the next row.',
  },
  {
    what: 'a worker with `pollMs` of a day',
    target: { atMost: 0 },
    start: (system) => system.backgroundTasks.work(handlers, { pollMs: { min: DAY, max: DAY } }),
  },
  {
    what: '`start()`',
    target: { atMost: 0 },
    start: (system) => system.start(),
    ifMissed:
      'it sweeps every five seconds, for what another process has made due without telling: leases, locks, timers and schedules. With a longer `pollMs` it does not, which is the next row.',
  },
  {
    what: '`start()` with `pollMs` of a day',
    target: { atMost: 0 },
    start: (system) => system.start({ pollMs: DAY }),
  },
]

export async function queueIdle(): Promise<Group> {
  await using server = await startPostgres()
  const rows = await Promise.all(residents.map((resident) => idle(server, resident)))
  return {
    title: 'Jobs, with nothing due',
    method: `Statements on the wire in ${SECONDS} seconds, from ${SETTLE_MS / 1000} seconds after the start; a database each, all at the same time. A database that is to sleep does so after five minutes without one.`,
    rows,
  }
}

async function idle(
  server: Awaited<ReturnType<typeof startPostgres>>,
  { what, target, start, ifMissed }: (typeof residents)[number],
): Promise<Row> {
  await using wire = await startWire({ host: '127.0.0.1', port: server.port })
  const url = new URL(
    await server.createDatabase(`idle_${residents.findIndex((each) => each.what === what)}`),
  )
  url.port = String(wire.port)
  await using system = await openPostgres(url.href)
  await createWorkspace(system)
  start(system)
  await sleep(SETTLE_MS)
  wire.reset()
  await sleep(SECONDS * 1000)
  return {
    work: `idle: ${what}`,
    unit: `statements in ${SECONDS} s`,
    target,
    measured: exactly(wire.statements().executed),
    ...(ifMissed && { ifMissed }),
  }
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
