/**
 * Requests of strangers, by the thousand: whatever they are, the answer is no mistake of the server's, and what is of
 * another workspace stays as it is. The same ones each time, unless
 * TERRACE_SEED says otherwise; `TERRACE_RUNS=100000` sends more of them.
 */

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { everything } from '../../src/conformance/expect.ts'
import { type Seed, seed } from '../../src/conformance/verbs.ts'
import { createHandler } from '../../src/server/index.ts'
import type { System } from '../../src/system.ts'
import { createTestClock } from '../../src/testing/clock.ts'
import { createHarness, type TierHarness } from '../support/harness.ts'
import { selectedTiers } from '../support/tiers.ts'
import { requestOf, requests, type Sent } from './requests.ts'

const runs = Number(process.env.TERRACE_RUNS ?? 1500)
const start = Number(process.env.TERRACE_SEED ?? 1)

/** Statuses that a stranger may see. The server is neither busy nor broken here, so none of its own is among them. */
const FINE = [200, 204, 304, 400, 401, 403, 404, 405, 409, 413, 415, 422, 501]

const rejections: unknown[] = []
const onRejection = (reason: unknown) => rejections.push(reason)
beforeAll(() => void process.on('unhandledRejection', onRejection))
afterAll(() => void process.off('unhandledRejection', onRejection))

describe.each(selectedTiers().filter((tier) => ['memory', 'sqlite', 'postgres'].includes(tier)))(
  'on %s',
  (tier) => {
    let harness: TierHarness
    beforeAll(async () => {
      harness = await createHarness(tier)
    })
    afterAll(() => harness.stop())

    async function open(): Promise<{ system: System; mine: Seed; theirs: Seed }> {
      const system = await harness.open({ clock: createTestClock() })
      return { system, mine: await seed(system, 'Mine'), theirs: await seed(system, 'Theirs') }
    }

    const few = tier === 'postgres' ? Math.ceil(runs / 5) : runs

    test('a caller who may do everything finds no mistake of ours', { timeout: 3_600_000 }, async () => {
      const { system, mine, theirs } = await open()
      await using _system = system
      await send(system, () => ({ everything: true, write: true }), [mine, theirs], few, tier)
    })

    test('a caller of one workspace changes nothing of another', { timeout: 3_600_000 }, async () => {
      const { system, mine, theirs } = await open()
      await using _system = system
      const before = await rowsOf(system, theirs)
      const own = () => ({ workspaceId: mine.workspaceId, write: true })
      await send(system, own, [mine, theirs], few, tier)
      expect(await rowsOf(system, theirs)).toEqual(before)
    })
  },
)

async function send(
  system: System,
  authorize: NonNullable<Parameters<typeof createHandler>[0]['authorize']>,
  at: readonly Seed[],
  numRuns: number,
  tier: string,
): Promise<void> {
  const errors: unknown[] = []
  await using handler = createHandler({
    system,
    authorize,
    cronSecret: 's3cret',
    limits: { bodyBytes: 300_000 },
    onError: (error) => errors.push(error),
  })
  const statuses = new Map<number, number>()
  console.log(`${tier}: ${numRuns} requests, TERRACE_SEED=${start}`)
  await fc.assert(
    fc.asyncProperty(requests(at), async (sent) => {
      const status = await answered(handler, sent)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (errors.length > 0) throw errors.splice(0)[0]
      if (rejections.length > 0) throw rejections.splice(0)[0]
      expect(FINE).toContain(status)
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    }),
    // A smaller request would meet other rows.
    { numRuns, seed: start, endOnFailure: true },
  )
  const counted = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status} ${count}×`)
  console.log(`${tier}: ${counted.join(', ')}`)
  // Most of them got further than the door.
  if (numRuns >= 300) expect(statuses.get(200) ?? 0).toBeGreaterThan(numRuns / 20)
}

/** The status, once the answer is read. A stream is left. */
async function answered(handler: ReturnType<typeof createHandler>, sent: Sent): Promise<number> {
  const response = await handler.fetch(requestOf(sent))
  const { status, headers, body } = response
  if (headers.get('content-type')?.includes('event-stream')) await body?.cancel()
  else if (headers.get('content-type')?.includes('json') && sent.method !== 'HEAD') await response.json()
  else await response.arrayBuffer()
  return status
}

async function rowsOf({ engine }: System, { workspaceId }: Seed): Promise<unknown> {
  const tables = Object.entries(await everything(engine))
  const isTheirs = (row: object) => Object.values(row).includes(workspaceId)
  return tables.map(([table, rows]) => [table, (rows as object[]).filter(isTheirs)])
}
