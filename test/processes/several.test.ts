/** Several processes on one SQLite file, and on one Postgres database: nothing is lost, nothing done twice. */

import type BetterSqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrations } from '../../src/migrations/generated.ts'
import { createSystem, type System, type SystemOptions } from '../../src/system.ts'
import { type Child, startChild } from '../support/child.ts'
import { createTestDatabase } from '../support/databases.ts'
import { tempDir } from '../support/temp.ts'
import { selectedTiers } from '../support/tiers.ts'
import type { Order } from './worker.ts'

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

async function startWorkers(count: number, options: SystemOptions): Promise<Child[]> {
  const workers = Array.from({ length: count }, () => startChild(worker, { args: [JSON.stringify(options)] }))
  for (const each of workers) healths.push(await answerOf(each))
  return workers
}

const order = (child: Child, what: Order) => child.say(JSON.stringify(what))
const answerOf = async (child: Child) => JSON.parse(await child.line())

/** What each worker said of its System when it had opened. */
const healths: unknown[] = []

for (const tier of ['sqlite', 'postgres'] as const) {
  describe.runIf(selectedTiers().includes(tier))(`several processes on ${tier}`, () => {
    let database: Database
    let workers: Child[]
    let system: System
    let workspaceId: string
    let conversationId: string

    beforeAll(async () => {
      database = await databases[tier]()
      healths.length = 0
      workers = await startWorkers(4, database.options)
      system = await createSystem({ env: {}, ...database.options })
      workspaceId = (await system.workspaces.create({ title: 'Several' })).id
      conversationId = (await system.conversations.create({ workspaceId })).id
    })

    afterAll(async () => {
      for (const each of workers) await each[Symbol.asyncDispose]()
      await system.close()
      await database[Symbol.asyncDispose]()
    })

    test('that start together on an empty database migrate it once, and all of them open', async () => {
      const schema = migrations[tier].at(-1)!.tag
      expect(healths).toEqual(Array(4).fill(expect.objectContaining({ status: 'ok', tier, schema })))
    })

    test('lose nothing: every write is there, and messages are numbered without a gap', async () => {
      const rounds = 25
      for (const each of workers) order(each, { task: 'work', workspaceId, conversationId, rounds })
      for (const each of workers) expect(await answerOf(each)).toBeNull()

      const total = 2 * workers.length * rounds
      expect(await seqsOf(conversationId)).toEqual(Array.from({ length: total }, (_, i) => i + 1))
      expect(await system.tasks.count({ workspaceId })).toBe(total)
      // Each transaction counted the agents and named its own by that: no two saw the same number.
      const { items } = await system.agents.list({ workspaceId }, { limit: 1000 })
      const names = Array.from({ length: workers.length * rounds }, (_, i) => `agent ${i}`)
      expect(items.map(({ name }) => name).sort()).toEqual(names.sort())
    })

    test('have one starter for each task', async () => {
      const tasks = await Promise.all(
        Array.from({ length: 60 }, (_, i) => system.tasks.create({ workspaceId, title: `race ${i}` })),
      )
      const ids = tasks.map(({ id }) => id)
      for (const each of workers) order(each, { task: 'start', ids })
      const started = await Promise.all(workers.map(answerOf))
      expect(started.flat().sort()).toEqual(ids.sort())
    })

    test('that are killed in the middle of a write leave all that was acknowledged, and no half', async () => {
      const { id } = await system.conversations.create({ workspaceId })
      const acknowledged: number[] = []
      for (let round = 0; round < 2; round++) {
        for (const each of workers) order(each, { task: 'append', conversationId: id })
        for (const each of workers) {
          for (let i = 0; i < 10; i++) acknowledged.push(...(await answerOf(each)))
        }
        for (const each of workers) each.kill('SIGKILL')
        for (const each of workers) {
          expect(await each.ended).toMatchObject({ signal: 'SIGKILL' })
          for (const line of each.lines) acknowledged.push(...JSON.parse(line))
        }
        workers = round === 0 ? await startWorkers(2, database.options) : []
      }
      // More than were acknowledged may have been committed, three at a time.
      const seqs = await seqsOf(id)
      expect(seqs).toEqual(seqs.map((_, i) => i + 1))
      expect(seqs.length % 3).toBe(0)
      expect(new Set(acknowledged).size).toBe(acknowledged.length)
      expect(seqs).toEqual(expect.arrayContaining(acknowledged))
      expect(await system.conversations.get(id)).toMatchObject({ lastSeq: seqs.length })
    })

    async function seqsOf(id: string): Promise<number[]> {
      const seqs: number[] = []
      for (;;) {
        const page = await system.messages.range(id, seqs.length + 1, seqs.length + 1000)
        if (page.length === 0) return seqs
        seqs.push(...page.map(({ seq }) => seq))
      }
    }

    test.runIf(tier === 'sqlite')('leave a file in which SQLite finds no fault', async () => {
      const { database: file } = (await system.engine.unwrap()) as { database: BetterSqlite.Database }
      expect(file.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }])
      expect(file.pragma('foreign_key_check')).toEqual([])
    })
  })
}
