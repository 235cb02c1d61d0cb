/** Tasks that are declared together, with what they wait for: all of them, or none. */

import assert from 'node:assert/strict'
import type { DeclaredTask } from '../stores/tasks.ts'
import { everything, newWorkspace, range, refused, settled } from './expect.ts'
import { allTasks, assertRecount, aTask, idsOf, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

export const taskBatchScenarios: readonly Scenario[] = [
  {
    id: 'tasks.batch',
    guarantee:
      'A batch is stored in one go and answered in its order; its tasks wait for one another, and for others, by key or id',
    async run({ system, clock }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const crew = { crew: 'red' }
      const old = await tasks.create({ workspaceId, ...crew, key: 'old', title: 'Old' })
      const elsewhere = await tasks.create({ workspaceId, crew: 'blue', key: 'b', title: 'Of another crew' })
      const failed = await aTask(system, workspaceId, 'failed')
      const batch: DeclaredTask[] = [
        { key: 'd', title: 'D', dependsOn: ['b', 'c', 'b'] },
        { key: 'c', title: 'C', dependsOn: ['id-of-a', 'old'] },
        { key: 'b', title: 'B', dependsOn: ['a', elsewhere.id] },
        { key: 'a', id: 'id-of-a', title: 'A', priority: 3 },
        { key: 'e', title: 'E', dependsOn: ['a', failed.id] },
      ]
      const made = await tasks.declareBatch(workspaceId, batch, crew)
      assert.deepEqual(await tasks.getMany(idsOf(made)), made)
      assert.deepEqual(
        made.map((task) =>
          [task.key, task.crew, task.status, task.openDependencies, task.dependents].join(' '),
        ),
        [
          'd red pending 2 0',
          'c red pending 2 1',
          'b red pending 2 1',
          'a red ready 0 3',
          'e red blocked 2 0',
        ],
      )
      assert.deepEqual([made[3]!.id, made[3]!.priority, made[3]!.createdAt], ['id-of-a', 3, clock()])
      const [d, c, b] = made
      assert.deepEqual(new Set(idsOf(await tasks.dependencies(d!.id))), new Set([b!.id, c!.id]))
      assert.deepEqual(new Set(idsOf(await tasks.dependencies(c!.id))), new Set(['id-of-a', old.id]))
      assert.deepEqual(new Set(idsOf(await tasks.dependencies(b!.id))), new Set(['id-of-a', elsewhere.id]))
      await assertRecount(system, workspaceId)
      assert.deepEqual(await tasks.declareBatch(workspaceId, []), [])
    },
  },
  {
    id: 'tasks.batch-keys-first',
    guarantee: 'Where a name is a key of the batch or the crew and somebody’s id, the key is meant',
    async run({ system }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      await tasks.create({ workspaceId, id: 'a', key: 'other', title: 'Has the id' })
      const named = await tasks.create({ workspaceId, key: 'k', title: 'Has the key' })
      await tasks.create({ workspaceId, id: 'k', key: 'another', title: 'Has the id' })
      const made = await tasks.declareBatch(workspaceId, [
        { key: 'a', title: 'A' },
        { key: 'b', title: 'B', dependsOn: ['a', 'k'] },
      ])
      assert.deepEqual(
        new Set(idsOf(await tasks.dependencies(made[1]!.id))),
        new Set([named.id, made[0]!.id]),
      )
    },
  },
  {
    id: 'tasks.batch-all-or-nothing',
    guarantee:
      'A batch with a duplicate, an unknown name, a circle, a key that is taken or a bad value stores nothing at all',
    async run({ system }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const old = await tasks.create({ workspaceId, key: 'taken', title: 'Old' })
      const good: DeclaredTask[] = [
        { key: 'a', title: 'A', dependsOn: [old.id] },
        { key: 'b', title: 'B', dependsOn: ['a'] },
      ]
      const bad: [code: Parameters<typeof refused>[0], fields: object, more: DeclaredTask[]][] = [
        ['ALREADY_EXISTS', { columns: ['workspaceId', 'crew', 'key'] }, [{ key: 'a', title: 'Again' }]],
        ['ALREADY_EXISTS', { columns: ['workspaceId', 'crew', 'key'] }, [{ key: 'taken', title: 'Taken' }]],
        ['ALREADY_EXISTS', { columns: ['id'] }, [{ key: 'c', id: old.id, title: 'Taken' }]],
        ['REFERENCE', {}, [{ key: 'c', title: 'C', dependsOn: ['a', 'nobody'] }]],
        ['REFERENCE', {}, [{ key: 'c', title: 'C', assigneeId: UNKNOWN }]],
        ['VALIDATION', {}, [{ key: 'c', title: 'C', dependsOn: ['c'] }]],
        [
          'VALIDATION',
          {},
          [
            { key: 'c', title: 'C', dependsOn: ['d'] },
            { key: 'd', title: 'D', dependsOn: ['c'] },
          ],
        ],
        ['VALIDATION', { column: 'title' }, [{ key: 'c', title: '' }]],
        ['VALIDATION', { column: 'key' }, [{ key: '', title: 'C' }]],
        ['VALIDATION', { column: 'key' }, [{ title: 'C' } as DeclaredTask]],
        ['VALIDATION', { column: 'status' }, [{ key: 'c', title: 'C', status: 'done' } as DeclaredTask]],
        ['VALIDATION', {}, range(999).map((n) => ({ key: `k${n}`, title: 'T' }))],
      ]
      const before = await everything(system.engine)
      for (const [code, fields, more] of bad) {
        await refused(code, tasks.declareBatch(workspaceId, [...good, ...more]), {
          table: 'tasks',
          ...fields,
        })
        await refused(code, tasks.declareBatch(workspaceId, [...more, ...good]), {
          table: 'tasks',
          ...fields,
        })
      }
      await refused('REFERENCE', tasks.declareBatch(UNKNOWN, good.slice(1)), { table: 'tasks' })
      assert.deepEqual(await everything(system.engine), before)
      assert.equal((await tasks.declareBatch(workspaceId, good)).length, 2)
    },
  },
  {
    id: 'tasks.batch-circle-of-three',
    guarantee:
      'A circle within a batch is found however long it is, and by whatever names; a diamond is none',
    async run({ system }) {
      const { tasks } = system
      const workspaceId = await newWorkspace(system)
      const chain = range(50).map((n) => ({
        key: `k${n}`,
        id: `i${n}`,
        title: 'T',
        dependsOn: [`${n % 2 ? 'i' : 'k'}${(n + 1) % 50}`],
      }))
      await refused('VALIDATION', tasks.declareBatch(workspaceId, chain), { table: 'tasks' })
      assert.deepEqual(await allTasks(system, workspaceId), [])
      const diamond: DeclaredTask[] = [
        { key: 'bottom', title: 'T', dependsOn: ['left', 'right'] },
        { key: 'left', title: 'T', dependsOn: ['top'] },
        { key: 'right', title: 'T', dependsOn: ['top'] },
        { key: 'top', title: 'T' },
      ]
      const made = await tasks.declareBatch(workspaceId, diamond)
      assert.deepEqual(
        made.map(({ dependents }) => dependents),
        [0, 1, 1, 2],
      )
    },
  },
  {
    id: 'tasks.batch-race',
    guarantee: 'Of batches with one key in common that are declared at once, one is stored, whole',
    async run({ system, second }) {
      const workspaceId = await newWorkspace(system)
      const { id: old } = await aTask(system, workspaceId)
      const calls = race(6, [system, await second()], (each, i) =>
        each.tasks.declareBatch(workspaceId, [
          { key: `own-${i}`, title: `${i}`, dependsOn: [old] },
          { key: 'common', title: `${i}`, dependsOn: [`own-${i}`] },
        ]),
      )
      const { values, codes } = await settled(calls)
      assert.deepEqual([values.length, codes], [1, Array(5).fill('ALREADY_EXISTS')])
      assert.deepEqual(
        new Set(idsOf(await allTasks(system, workspaceId))),
        new Set([old, ...idsOf(values[0]!)]),
      )
      await assertRecount(system, workspaceId)
    },
  },
]
