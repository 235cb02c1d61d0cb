/** Several processes on one SQLite file, and on one Postgres database: nothing is lost, nothing done twice. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrations } from '../../src/migrations/generated.ts'
import { createSystem, type System, type SystemOptions } from '../../src/system.ts'
import { type Child, startChild } from '../support/child.ts'
import { createTestDatabase } from '../support/databases.ts'
import { tempDir } from '../support/temp.ts'
import { selectedTiers } from '../support/tiers.ts'
import type { Place } from './worker.ts'

const worker = new URL('./worker.ts', import.meta.url)

interface Database extends AsyncDisposable {
  readonly options: SystemOptions
}

const databases = {
  async sqlite(): Promise<Database> {
    const folder = await tempDir()
    return {
      options: { driver: 'sqlite', path: `${folder.path}/several.db` },
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    }
  },
  async postgres(): Promise<Database> {
    const { url, drop } = await createTestDatabase()
    return { options: { url, driver: 'pg' }, [Symbol.asyncDispose]: drop }
  },
}

const open = (options: SystemOptions) => createSystem({ env: {}, ...options })

/** Processes with open Systems, which begin when told. */
async function startWorkers(count: number, task: string, options: SystemOptions, input: object = {}) {
  const args = [task, JSON.stringify(options), JSON.stringify(input)]
  const workers = Array.from({ length: count }, () => startChild(worker, { args }))
  for (const each of workers) expect(await each.line()).toBe('ready')
  return workers
}

async function endOf(workers: readonly Child[]): Promise<void> {
  for (const { ended } of workers) expect(await ended).toEqual({ code: 0, signal: null, stderr: '' })
}

for (const tier of ['sqlite', 'postgres'] as const) {
  describe.runIf(selectedTiers().includes(tier))(`several processes on ${tier}`, () => {
    let database: Database
    let system: System
    let place: Place

    beforeAll(async () => {
      database = await databases[tier]()
      system = await open(database.options)
      const { id: workspaceId } = await system.workspaces.create({ title: 'Several' })
      const { id: conversationId } = await system.conversations.create({ workspaceId })
      place = { workspaceId, conversationId }
    })

    afterAll(async () => {
      await system.close()
      await database[Symbol.asyncDispose]()
    })

    test('lose nothing: every write is there, and messages are numbered without a gap', async () => {
      const [processes, rounds] = [4, 25]
      const workers = await startWorkers(processes, 'work', database.options, { ...place, rounds })
      for (const each of workers) each.say('go')
      for (const each of workers) expect(await each.line()).toBe('done')
      await endOf(workers)

      const { workspaceId, conversationId } = place
      const total = 2 * processes * rounds
      const seqs = (await system.messages.range(conversationId, 1, 1000)).map(({ seq }) => seq)
      expect(seqs).toEqual(Array.from({ length: total }, (_, i) => i + 1))
      expect(await system.tasks.count({ workspaceId })).toBe(total)
      // Each transaction counted the agents and named its own by that: no two saw the same number.
      const { items } = await system.agents.list({ workspaceId }, { limit: 1000 })
      const names = Array.from({ length: processes * rounds }, (_, i) => `agent ${i}`)
      expect(items.map(({ name }) => name).sort()).toEqual(names.sort())
    })

    test('have one starter for each task', async () => {
      const { workspaceId } = place
      const tasks = await Promise.all(
        Array.from({ length: 40 }, (_, i) => system.tasks.create({ workspaceId, title: `race ${i}` })),
      )
      const ids = tasks.map(({ id }) => id)
      const workers = await startWorkers(3, 'start', database.options, { ids })
      for (const each of workers) each.say('go')
      const started = await Promise.all(workers.map(async (each) => JSON.parse(await each.line())))
      await endOf(workers)
      expect(started.flat().sort()).toEqual(ids.sort())
    })

    test('that are killed in the middle of a write leave all that was acknowledged, and no half', async () => {
      const { id: conversationId } = await system.conversations.create({ workspaceId: place.workspaceId })
      const acknowledged: number[] = []
      for (let round = 0; round < 4; round++) {
        const workers = await startWorkers(2, 'append', database.options, { conversationId })
        for (const each of workers) each.say('go')
        for (const each of workers) {
          for (let i = 0; i < 10; i++) await each.line().then((line) => acknowledged.push(...numbersIn(line)))
        }
        for (const each of workers) each.kill('SIGKILL')
        for (const each of workers) {
          expect(await each.ended).toMatchObject({ signal: 'SIGKILL' })
          for (const line of each.lines) acknowledged.push(...numbersIn(line))
        }
      }
      // One more than were acknowledged may have been committed by each, and always three together.
      const seqs: number[] = []
      for (let from = 1; ; from += 1000) {
        const page = await system.messages.range(conversationId, from, from + 999)
        if (page.length === 0) break
        seqs.push(...page.map(({ seq }) => seq))
      }
      expect(seqs).toEqual(seqs.map((_, i) => i + 1))
      expect(seqs.length % 3).toBe(0)
      expect(new Set(acknowledged).size).toBe(acknowledged.length)
      expect(seqs).toEqual(expect.arrayContaining(acknowledged))
      expect(await system.conversations.get(conversationId)).toMatchObject({ lastSeq: seqs.length })
      if (tier === 'sqlite') {
        const { database: raw } = (await system.engine.unwrap()) as { database: { pragma(sql: string): unknown } }
        expect(raw.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }])
      }
    })

    test('that start together on an empty database migrate it once, and all of them open', async () => {
      await using empty = await databases[tier]()
      const workers = await startWorkers(4, 'health', empty.options)
      for (const each of workers) each.say('go')
      const newest = migrations[tier].at(-1)!.tag
      for (const each of workers) {
        expect(JSON.parse(await each.line())).toMatchObject({ status: 'ok', tier, schema: newest })
      }
      await endOf(workers)
    })
  })
}

function numbersIn(line: string): number[] {
  return line.split(' ').map(Number)
}
