/** What goes in and what comes out are copies: whatever becomes of them, the store is not touched. */

import assert from 'node:assert/strict'
import { agents } from '../schema/agents.ts'
import type { JsonObject } from '../schema/dsl/json.ts'
import { roles } from '../schema/roles.ts'
import type { System } from '../system.ts'
import { everything, keepBusy, many, newWorkspace } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { everyCall, namedCalls, type Seed, seed } from './verbs.ts'

/** Ruins every object, list and date in a value. */
function ruin(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  if (value instanceof Date) {
    value.setTime(0)
    return
  }
  for (const item of Object.values(value)) ruin(item)
  if (Array.isArray(value)) value.push('ruined')
  else Object.assign(value, { id: 'ruined', title: 'ruined', ruined: true })
}

const snapshot = async ({ engine }: Pick<System, 'engine'>) => JSON.stringify(await everything(engine))

/** Nested, so that a shallow copy is found out. */
const nested = (): JsonObject => ({ list: [{ a: 1 }], object: { b: { c: 2 } } })

/** What every verb answers but those that delete; the last ones are of rows as they stay. */
async function everyAnswer(system: System, at: Seed): Promise<unknown[]> {
  const answers: unknown[] = []
  for (let round = 0; round < 2; round++) {
    for (const [name, call] of namedCalls(everyCall(system, at))) {
      // Some transitions are not possible after those before; of a rejection there is no copy.
      if (!name.endsWith('.delete')) answers.push(await call().catch(() => null))
    }
  }
  return answers
}

export const copyScenarios: readonly Scenario[] = [
  {
    id: 'copies.out',
    guarantee: 'Whatever is done to what any verb answers, the store stays as it is',
    async run({ system }) {
      const answers = await everyAnswer(system, await seed(system))
      const before = await snapshot(system)
      ruin(answers)
      assert.equal(await snapshot(system), before)
    },
  },
  {
    id: 'copies.out-of-the-engine',
    guarantee:
      'Whatever is done to rows that the engine answers, found, inserted, updated or removed, the store stays as it is',
    async run({ system }) {
      const { engine } = system
      const workspaceId = await newWorkspace(system)
      const createdAt = engine.now()
      const row = (id: string) => ({
        id,
        workspaceId,
        name: 'A',
        role: 'r',
        metadata: nested(),
        createdAt,
        updatedAt: createdAt,
      })
      const inserted = await engine.insert(agents, [row('a'), row('b'), row('c')])
      const updated = await engine.update(agents, {
        where: { id: 'a' },
        set: { lastSeenAt: createdAt, plan: [nested()] },
      })
      const groups = await engine.aggregate(agents, { groupBy: ['createdAt'], max: ['createdAt'] })
      const before = await snapshot(system)
      ruin([inserted, updated, groups, await engine.find(agents), await engine.get(agents, 'a')])
      ruin(await engine.remove(agents, { where: { id: 'nobody' } }))
      ruin([engine.now(), createdAt])
      assert.equal(await snapshot(system), before)
    },
  },
  {
    id: 'copies.in',
    guarantee:
      'What is given counts as it is when the call is made: changing it right afterwards changes nothing',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const parent = await system.agents.create({ workspaceId, name: 'P', role: 'r' })
      const waited = await system.tasks.create({ workspaceId, title: 'T' })
      const talk = await system.conversations.create({ workspaceId })
      const metadata = nested()
      const agent = { workspaceId, name: 'A', role: 'r', metadata }
      const task = { title: 'T', metadata, files: ['kept'] }
      const call = { name: 'tool', input: metadata }
      const calls = [
        system.workspaces.create({ title: 'W', metadata }),
        system.agents.create(agent),
        system.agents.create({ ...agent, parentId: parent.id }),
        system.agents.upsert({ ...agent, id: 'a', parentId: parent.id }),
        system.agents.update(parent.id, { metadata, parentId: null }),
        system.tasks.create({ ...task, workspaceId }),
        system.tasks.create({ ...task, workspaceId, dependsOn: [waited.id] }),
        system.tasks.declareBatch(workspaceId, [{ ...task, key: 'b' }]).then(([first]) => first!),
        system.tasks.update(waited.id, { metadata }),
      ]
      const said = system.messages.append(talk.id, { role: 'tool', content: '', toolCall: call })
      const setting = system.settings.set('s', 'k', metadata)
      ruin(metadata)
      task.files.push('ruined')
      for (const row of await Promise.all(calls)) assert.deepEqual(row.metadata, nested())
      assert.deepEqual((await said).toolCall?.input, nested())
      assert.deepEqual(await setting, nested())
      const { items } = await system.tasks.list()
      assert.deepEqual(
        items.flatMap(({ files }) => files),
        ['kept', 'kept', 'kept'],
      )
    },
  },
  {
    id: 'copies.in-when-busy',
    guarantee: 'What a call was given counts as it was then, also in a process that has been busy for long',
    async run({ system, clock }) {
      const row = { id: 'a', name: 'given', createdAt: clock(), updatedAt: clock() }
      const where = { id: 'a' }
      const set = { name: 'changed' }
      const first = system.roles.count()
      keepBusy()
      const stored = system.engine.insert(roles, [row])
      row.name = 'later'
      const [kept] = await stored
      assert.equal(kept?.name, 'given')
      const second = system.roles.count()
      keepBusy()
      const updated = system.engine.update(roles, { where, set })
      where.id = 'b'
      set.name = 'later'
      assert.deepEqual(
        (await updated).map(({ name }) => name),
        ['changed'],
      )
      await Promise.all([first, second])
    },
  },
  {
    id: 'copies.of-questions',
    guarantee: 'A filter, an order and a list of ids count as they are when the call is made',
    async run({ system }) {
      for (const name of ['a', 'b', 'c']) await system.roles.create({ id: name, name })
      const names = ['a', 'b']
      const order: { name?: 'asc' | 'desc' } = { name: 'desc' }
      const ids = ['b', 'c']
      const listed = system.roles.list({ name: names }, { order })
      const counted = system.roles.count({ name: names })
      const found = system.roles.getMany(ids)
      names.push('c')
      ids.reverse()
      order.name = 'asc'
      assert.deepEqual(
        (await listed).items.map(({ name }) => name),
        ['b', 'a'],
      )
      assert.equal(await counted, 2)
      assert.deepEqual(
        (await found).map(({ name }) => name),
        ['b', 'c'],
      )
    },
  },
  {
    id: 'copies.shared-reads',
    guarantee: 'Those who read one row at the same moment get a copy each',
    async run({ system }) {
      const { id } = await system.workspaces.create({ title: 'W', metadata: nested() })
      const rows = await Promise.all(many(6, () => system.workspaces.get(id)))
      ruin(rows[0])
      ruin(rows[3])
      for (const i of [1, 2, 4, 5]) {
        assert.deepEqual(rows[i]?.metadata, nested())
        assert.equal(rows[i].createdAt.toISOString(), '2026-01-01T00:00:00.000Z')
      }
    },
  },
  {
    id: 'copies.defaults',
    guarantee: 'Rows do not share their defaults',
    async run({ system }) {
      const first = await system.tasks.create({ workspaceId: await newWorkspace(system), title: 'T' })
      ruin(first)
      const { acceptanceCriteria, files, metadata } = await system.tasks.create({
        workspaceId: await newWorkspace(system),
        title: 'T',
      })
      assert.deepEqual([acceptanceCriteria, files, metadata], [[], [], {}])
    },
  },
  {
    id: 'copies.in-transactions',
    guarantee: 'Whatever is done inside a transaction to what it answered, something else is not committed',
    async run({ system }) {
      const title = 'W'
      const { id } = await system.workspaces.create({ title, metadata: nested() })
      await system.transaction(async (tx) => {
        ruin(await tx.workspaces.get(id))
        ruin(await tx.workspaces.update(id, { description: 'Changed' }))
        ruin(await tx.workspaces.list())
        const metadata = nested()
        const created = tx.workspaces.create({ id: 'new', title, metadata })
        ruin(metadata)
        ruin(await created)
      })
      for (const row of [await system.workspaces.get(id), await system.workspaces.get('new')]) {
        assert.deepEqual([row?.title, row?.metadata], [title, nested()])
      }
    },
  },
]
