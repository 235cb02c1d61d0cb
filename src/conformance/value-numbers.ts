/** Integers, sums and booleans: exact, or refused before anything is written. */

import assert from 'node:assert/strict'
import { increment } from '../engine/query.ts'
import { tasks } from '../schema/tasks.ts'
import { everything, newWorkspace, range, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { MOST, newTask } from './value-fixtures.ts'

export const valueNumberScenarios: readonly Scenario[] = [
  {
    id: 'values.integers',
    guarantee:
      'Integers are kept exactly up to 2^53 − 1 either way, as JavaScript numbers; anything else is refused',
    async run({ system }) {
      const { id, workspaceId } = await newTask({ system })
      for (const priority of [MOST, -MOST, 0, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32]) {
        assert.equal((await system.tasks.update(id, { priority })).priority, priority)
        assert.equal((await system.tasks.list({ priority })).items[0]?.priority, priority)
        assert.equal(await system.tasks.count({ priority: [priority, 17] }), 1)
      }
      assert.ok(Object.is((await system.tasks.update(id, { priority: -0 })).priority, 0))
      assert.equal(await system.tasks.count({ priority: -0 }), 1)
      for (const priority of [MOST + 1, -MOST - 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
        const bad = { table: 'tasks', column: 'priority' }
        await refused('VALIDATION', system.tasks.update(id, { priority }), bad)
        await refused('VALIDATION', system.tasks.create({ workspaceId, title: 'T', priority }), bad)
        await refused('VALIDATION', system.tasks.list({ priority }), bad)
      }
      assert.equal(await system.tasks.count(), 1)
    },
  },
  {
    id: 'values.increments-stay-safe',
    guarantee: 'An increment that would leave the safe integers is refused, and changes no row at all',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      for (const priority of [0, MOST - 1, -MOST])
        await system.tasks.create({ workspaceId, title: 'T', priority })
      const before = await everything(system.engine)
      for (const by of [2, MOST, -1, -MOST]) {
        const change = system.engine.update(tasks, { where: {}, set: { priority: increment(by) } })
        await refused('VALIDATION', change, { table: 'tasks', column: 'priority' })
      }
      for (const by of [1.5, Number.NaN, MOST + 1, '1' as unknown as number]) {
        await refused(
          'VALIDATION',
          system.engine.update(tasks, { where: {}, set: { priority: increment(by) } }),
        )
      }
      assert.deepEqual(await everything(system.engine), before)
      const changed = await system.engine.update(tasks, { where: {}, set: { priority: increment(1) } })
      assert.deepEqual(
        changed.map(({ priority }) => priority),
        [1, MOST, 1 - MOST],
      )
    },
  },
  {
    id: 'values.sums-exact',
    guarantee: 'Sums are exact whatever passes through them, and one that is no safe integer is refused',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const now = system.engine.now()
      const insert = (crew: string, priorities: readonly number[]) =>
        system.engine.insert(
          tasks,
          priorities.map((priority, i) => {
            const key = `${crew} ${i}`
            return { id: key, key, crew, workspaceId, title: 'T', priority, createdAt: now, updatedAt: now }
          }),
        )
      await insert('through', [MOST, MOST, MOST, 1, 1, -MOST, -MOST, -MOST])
      await insert('two', [MOST, 1])
      // Beyond even 64 bits.
      await insert(
        'huge',
        range(1100).map(() => MOST),
      )
      const sum = (crew: string) => system.engine.aggregate(tasks, { where: { crew }, sum: ['priority'] })
      assert.deepEqual(await sum('through'), [{ group: {}, count: 8, sum: { priority: 2 }, max: {} }])
      await refused('VALIDATION', sum('two'), { table: 'tasks', column: 'priority' })
      await refused('VALIDATION', sum('huge'), { table: 'tasks', column: 'priority' })
    },
  },
  {
    id: 'values.booleans',
    guarantee: 'Booleans come back as booleans, and filters tell them apart',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      for (const archived of [true, false]) {
        const { id } = await system.tasks.create({ workspaceId, title: 'T', archived })
        assert.equal((await system.tasks.get(id))?.archived, archived)
        assert.deepEqual(
          (await system.tasks.list({ archived })).items.map((row) => row.id),
          [id],
        )
      }
      assert.equal(await system.tasks.count({ archived: [true, false] }), 2)
      assert.equal(await system.tasks.count({ archived: [true] }), 1)
    },
  },
]
