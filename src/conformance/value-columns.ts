/** Every column takes its own kind of value, by its own name, and has its default. */

import assert from 'node:assert/strict'
import { tasks } from '../schema/tasks.ts'
import { workspaces } from '../schema/workspaces.ts'
import { everything, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { newTask } from './value-fixtures.ts'

/** A role in which everything but what is given has its default. */
const role = (more: object) => ({ name: 'R', ...more }) as { name: string }

export const valueColumnScenarios: readonly Scenario[] = [
  {
    id: 'values.kinds',
    guarantee: 'A value of another kind than its column is refused by column, never converted',
    async run({ system }) {
      const { id } = await newTask({ system })
      const before = await everything(system.engine)
      const wrong: Record<string, readonly unknown[]> = {
        objective: [7, true, {}, ['a'], new Date(0), null],
        priority: ['1', true, null, 1n, {}, new Date(0)],
        archived: [0, 1, 'true', null],
        startedAt: ['2026-01-01T00:00:00.000Z', 0, {}],
        pausedFrom: ['Waiting', '', 7, {}, 'nobody'],
        acceptanceCriteria: [null],
      }
      for (const [column, values] of Object.entries(wrong)) {
        for (const value of values) {
          const change = system.engine.update(tasks, { where: { id }, set: { [column]: value } })
          await refused('VALIDATION', change, { table: 'tasks', column })
        }
      }
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'values.unknown-columns',
    guarantee:
      'A column that a table does not have, or keeps to itself, is refused by name wherever it is named',
    async run({ system }) {
      const { id, workspaceId } = await newTask({ system })
      const before = await everything(system.engine)
      const unknown = [
        'nonsense',
        'titleFolded',
        'title_folded',
        'Title',
        '',
        'constructor',
        'toString',
        'hasOwnProperty',
      ]
      for (const column of [...unknown, '__proto__']) {
        // Parsed, because a literal's __proto__ is no property.
        const extra = JSON.parse(`{${JSON.stringify(column)}:"x"}`) as object
        const wrong = { table: 'tasks', column }
        await refused(
          'VALIDATION',
          system.tasks.create({ workspaceId, title: 'T', ...JSON.parse(JSON.stringify(extra)) }),
          wrong,
        )
        await refused('VALIDATION', system.tasks.update(id, extra), wrong)
        await refused('VALIDATION', system.tasks.list(extra), wrong)
        await refused('VALIDATION', system.tasks.count(extra), wrong)
        const order = JSON.parse(`{${JSON.stringify(column)}:"asc"}`) as object
        await refused('VALIDATION', system.tasks.list({}, { order }), wrong)
        await refused('VALIDATION', system.engine.update(tasks, { where: extra, set: { title: 'X' } }), wrong)
        await refused('VALIDATION', system.engine.aggregate(tasks, { groupBy: [column as 'title'] }), wrong)
      }
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'values.kept-columns',
    guarantee:
      'What the library keeps itself, such as ids, versions and times, cannot be changed by an update',
    async run({ system }) {
      const { id } = await newTask({ system })
      const before = await everything(system.engine)
      const kept = {
        id: 'other',
        workspaceId: 'other',
        version: 7,
        createdAt: new Date(0),
        updatedAt: new Date(0),
      }
      for (const [column, value] of Object.entries({
        ...kept,
        status: 'done',
        key: 'other',
        dependents: 1,
      })) {
        await refused('VALIDATION', system.tasks.update(id, { [column]: value }), { table: 'tasks', column })
      }
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'values.required',
    guarantee: 'A column that must have a value is refused when it is left out or null, and none is written',
    async run({ system }) {
      const { id } = await system.roles.create({ name: 'R' })
      await refused('VALIDATION', system.roles.create({} as { name: string }), {
        table: 'roles',
        column: 'name',
      })
      for (const column of ['name', 'description', 'color', 'builtIn']) {
        await refused('VALIDATION', system.roles.create(role({ [column]: null })), { table: 'roles', column })
        if (column !== 'builtIn')
          await refused('VALIDATION', system.roles.update(id, { [column]: null }), { column })
      }
      assert.equal(await system.roles.count(), 1)
    },
  },
  {
    id: 'values.defaults',
    guarantee: 'What is left out, or undefined, has its default, and what may be null is null',
    async run({ system, clock }) {
      const { id, ...row } = await system.roles.create(role({ model: undefined, icon: undefined }))
      const now = clock()
      assert.deepEqual(row, {
        workspaceId: null,
        name: 'R',
        description: '',
        systemPrompt: '',
        color: '#888',
        icon: '🤖',
        model: null,
        builtIn: false,
        version: 1,
        createdAt: now,
        updatedAt: now,
      })
      assert.deepEqual(await system.roles.get(id), { id, ...row })
    },
  },
  {
    id: 'values.one-bad-row',
    guarantee:
      'When one of many rows is refused, none is written, and other calls of the same moment are not harmed',
    async run({ system }) {
      const now = system.engine.now()
      const row = (id: string, title: string) => ({ id, slug: id, title, createdAt: now, updatedAt: now })
      const batch = system.engine.insert(workspaces, [row('a', 'A'), row('b', ''), row('c', 'C')])
      const calls = [batch, ...['x', 'y', '', 'z'].map((title) => system.workspaces.create({ title }))]
      const outcomes = await Promise.allSettled(calls)
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['rejected', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
      )
      assert.deepEqual(
        (await system.workspaces.list({}, { order: { title: 'asc' } })).items.map(({ title }) => title),
        ['x', 'y', 'z'],
      )
    },
  },
]
