/** Updates, claims and removals: each one atomic, each answering the rows it changed. */

import assert from 'node:assert/strict'
import { choose, gt, gte, increment, lte, merge, ne } from '../engine/query.ts'
import type { TerraceError } from '../errors.ts'
import { agents } from '../schema/agents.ts'
import { roles } from '../schema/roles.ts'
import { tasks } from '../schema/tasks.ts'
import { namesOf, newRoles, newTasks } from './engine-fixtures.ts'
import { allRefused, everything, many, newWorkspace, range, refused } from './expect.ts'
import { ascending } from './fixtures.ts'
import type { Scenario } from './scenario.ts'
import { seed } from './verbs.ts'

export const engineUpdateScenarios: readonly Scenario[] = [
  {
    id: 'engine.update',
    guarantee:
      'An update changes every row that matches, and answers those as they are then, by key or as ordered',
    async run({ system: { engine }, system }) {
      await newTasks(system, [1, 3, 2, 3])
      const raise = (more: object) =>
        engine.update(tasks, { where: { priority: gt(1) }, set: { objective: 'x' }, ...more })
      assert.deepEqual(
        (await raise({})).map(({ title, objective }) => title + objective),
        ['1x', '2x', '3x'],
      )
      const ordered = await raise({
        orderBy: [
          ['priority', 'desc'],
          ['title', 'desc'],
        ],
      })
      assert.deepEqual(
        ordered.map(({ title }) => title),
        ['3', '1', '2'],
      )
      assert.deepEqual(await engine.update(tasks, { where: { title: 'none' }, set: { priority: 9 } }), [])
      assert.equal((await engine.find(tasks, { where: { objective: 'x' } })).length, 3)
    },
  },
  {
    id: 'engine.update-old-values',
    guarantee: 'What an update sets is computed from the row as it was, whatever else it sets',
    async run({ system: { engine }, system }) {
      await newTasks(system, [4, 5])
      const rows = await engine.update(tasks, {
        where: {},
        set: {
          priority: increment(),
          openDependencies: choose<typeof tasks>(
            [{ when: { priority: lte(4) }, to: increment(2) }],
            increment(-1),
          ),
          status: choose<typeof tasks>([
            { when: { priority: gte(5) }, to: 'running' },
            { when: {}, to: 'paused' },
          ]),
          role: choose<typeof tasks>(
            [
              { when: { priority: 5 }, to: null },
              { when: { status: 'ready' }, to: 'r' },
            ],
            'none',
          ),
          model: choose<typeof tasks>([{ when: { status: 'running' }, to: 'never' }]),
        },
      })
      assert.deepEqual(
        rows.map((row) => [row.priority, row.openDependencies, row.status, row.role, row.model]),
        [
          [5, 2, 'paused', 'r', null],
          [6, -1, 'running', null, null],
        ],
      )
    },
  },
  {
    id: 'engine.updates-at-once',
    guarantee:
      'Of many updates made at once, over two connections, each changes its own row or none, and has its own error',
    async run({ system, second }) {
      const engines = [system.engine, (await second()).engine]
      const { workspaceId, agentId } = await seed(system)
      const store = system.agents
      const made = await Promise.all(
        many(30, (i) => store.create({ workspaceId, name: `${i}`, role: 'r', metadata: { kept: i } })),
      )
      // A third is meant for what the row is not, and a third refers to nobody.
      const outcomes = await Promise.allSettled(
        made.map(({ id }, i) =>
          engines[Math.floor(i / 3) % 2]!.update(agents, {
            where: { id, role: i % 3 === 0 ? 'other' : 'r' },
            set: {
              name: `${i} changed`,
              parentId: i % 3 === 1 ? 'nobody' : agentId,
              metadata: merge({ at: i }),
              version: increment(i),
            },
          }),
        ),
      )
      for (const [i, outcome] of outcomes.entries()) {
        if (outcome.status === 'rejected') {
          assert.deepEqual([i % 3, (outcome.reason as TerraceError).code], [1, 'REFERENCE'])
          assert.deepEqual(await store.get(made[i]!.id), made[i])
          continue
        }
        const changed = { name: `${i} changed`, parentId: agentId, metadata: { kept: i, at: i } }
        assert.deepEqual(outcome.value, i % 3 === 0 ? [] : [{ ...made[i]!, ...changed, version: i + 1 }])
        assert.deepEqual(await store.get(made[i]!.id), outcome.value[0] ?? made[i])
      }
      // One row by many, with another in between.
      const [{ id }, between] = [made[0]!, made[3]!]
      const raised = await Promise.all(
        many(20, (i) =>
          engines[i % 2]!.update(agents, {
            where: { id: i % 4 === 0 ? between.id : id },
            set: { version: increment() },
          }),
        ),
      )
      const versions = (of: string) =>
        raised
          .flat()
          .filter((row) => row.id === of)
          .map(({ version }) => version)
      assert.deepEqual(
        ascending(versions(id)),
        range(15).map((i) => i + 2),
      )
      assert.deepEqual(
        ascending(versions(between.id)),
        range(5).map((i) => i + 2),
      )
    },
  },
  {
    id: 'engine.claims-disjoint',
    guarantee:
      'Many who claim the first few of what is there, over two connections, get each row once, first ones first',
    async run({ system, second }) {
      const engines = [system.engine, (await second()).engine]
      for (const skipLocked of [false, true]) {
        const priorities = range(30).map((i) => (i * 7) % 10)
        const workspaceId = await newTasks(system, priorities)
        const claim = (i: number) =>
          engines[i % 2]!.update(tasks, {
            where: { workspaceId, status: 'ready' },
            set: { status: 'running', role: `claimer ${i}` },
            orderBy: [
              ['priority', 'desc'],
              ['id', 'asc'],
            ],
            limit: 4,
            skipLocked,
          })
        const claims = await Promise.all(many(6, claim))
        for (const claimed of claims) {
          assert.ok(claimed.length <= 4)
          const ordered = claimed.toSorted((a, b) => b.priority - a.priority || (a.id < b.id ? -1 : 1))
          assert.deepEqual(claimed, ordered)
        }
        while (claims.at(-1)!.length > 0) claims.push(await claim(9))
        const ids = claims.flat().map(({ id }) => id)
        assert.deepEqual([ids.length, new Set(ids).size], [30, 30])
      }
    },
  },
  {
    id: 'engine.claims-in-order',
    guarantee: 'A claim takes the first rows in its order, and leaves the others alone',
    async run({ system: { engine }, system }) {
      const workspaceId = await newTasks(system, [2, 9, 4, 9, 1])
      const claim = (limit: number) =>
        engine.update(tasks, {
          where: { workspaceId, status: 'ready' },
          set: { status: 'running' },
          orderBy: [['priority', 'desc']],
          limit,
        })
      assert.deepEqual(await claim(0), [])
      assert.deepEqual(
        (await claim(3)).map(({ title }) => title),
        ['3', '1', '2'],
      )
      const left = await engine.find(tasks, { where: { status: 'ready' }, orderBy: [['priority', 'asc']] })
      assert.deepEqual(
        left.map(({ title }) => title),
        ['4', '0'],
      )
      for (const limit of [-1, 1.5, Number.NaN]) await refused('VALIDATION', claim(limit), { table: 'tasks' })
    },
  },
  {
    id: 'engine.remove',
    guarantee: 'Removing answers the rows that were removed, whole and by key, and nothing for none',
    async run({ system: { engine }, system }) {
      const rows = await newRoles(system, ['c', 'a', 'b'])
      const removed = await engine.remove(roles, { where: { name: ne('b') } })
      assert.deepEqual(removed, [rows[1], rows[0]])
      assert.deepEqual(await engine.remove(roles, { where: { name: 'a' } }), [])
      assert.deepEqual(await engine.find(roles), [rows[2]])
    },
  },
  {
    id: 'engine.removed-once',
    guarantee: 'Of many who remove the same rows at once, over two connections, each row is answered to one',
    async run({ system, second }) {
      const engines = [system.engine, (await second()).engine]
      await newRoles(system, range(10).map(String))
      const removed = await Promise.all(many(8, (i) => engines[i % 2]!.remove(roles, { where: {} })))
      assert.deepEqual(namesOf(removed.flat()).sort(), range(10).map(String))
    },
  },
  {
    id: 'engine.stays-in-workspace',
    guarantee: 'No change moves a row to another workspace, where its references would lead elsewhere',
    async run({ system: { engine }, system }) {
      const [{ taskId }, other] = [await seed(system, 'Here'), await newWorkspace(system, 'There')]
      const before = await everything(engine)
      const row = (await engine.get(tasks, taskId))!
      const [where, set] = [{ id: taskId }, { workspaceId: other }]
      await allRefused('VALIDATION', [
        engine.update(tasks, { where, set }),
        engine.update(tasks, { where, set: { workspaceId: row.workspaceId } }),
        engine.update(tasks, { where, set: { workspaceId: choose([], other) } }),
        engine.write({ head: { update: tasks, where, set }, steps: [] }),
        engine.insert(tasks, [row], { onConflict: { columns: ['id'], set } }),
      ])
      assert.deepEqual(await everything(engine), before)
    },
  },
]
