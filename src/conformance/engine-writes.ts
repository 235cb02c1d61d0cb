/** A guarded change of one row, and the changes elsewhere that go with it: all of them, or none. */

import assert from 'node:assert/strict'
import type { Write } from '../engine/engine.ts'
import { gt, increment, inTable, ref } from '../engine/query.ts'
import { agents } from '../schema/agents.ts'
import { conversations } from '../schema/conversations.ts'
import { messages } from '../schema/messages.ts'
import { roles } from '../schema/roles.ts'
import { settings } from '../schema/settings.ts'
import { tasks } from '../schema/tasks.ts'
import { teams } from '../schema/teams.ts'
import { workspaces } from '../schema/workspaces.ts'
import { newRoles, newTasks, numbered, role, times } from './engine-fixtures.ts'
import { allRefused, everything, many, newWorkspace, range, refused, settled } from './expect.ts'
import type { Scenario } from './scenario.ts'

export const engineWriteScenarios: readonly Scenario[] = [
  {
    id: 'engine.write-guarded',
    guarantee: 'When its head’s guard matches no row, a write answers null and does nothing',
    async run({ system: { engine }, system }) {
      const talk = await system.conversations.create({ workspaceId: await newWorkspace(system) })
      const before = await everything(engine)
      for (const where of [
        { id: 'nobody' },
        { id: talk.id, archived: true },
        { id: talk.id, lastSeq: gt(0) },
      ]) {
        const { steps } = numbered(engine, talk.id, 'm')
        const remove = { remove: roles, where: {} }
        const head = { update: conversations, where, set: { lastSeq: increment() } }
        assert.equal(await engine.write({ head, steps: [...steps, remove] }), null)
      }
      assert.deepEqual(await everything(engine), before)
    },
  },
  {
    id: 'engine.write-refs',
    guarantee: 'Steps of a write refer to the head’s new row, in values and in conditions',
    async run({ system: { engine }, system }) {
      const workspaceId = await newTasks(system, [10, 11, 12])
      const talk = await system.conversations.create({ workspaceId })
      const row = await engine.write({
        head: {
          update: conversations,
          where: { id: talk.id },
          set: { lastSeq: increment(10), title: 'New' },
        },
        steps: [
          {
            insert: messages,
            rows: range(2).map((i) => ({
              id: `m${i}`,
              workspaceId: ref('workspaceId'),
              conversationId: ref('id'),
              seq: ref('lastSeq', i - 1),
              role: 'user',
              content: ref('title'),
              createdAt: ref('updatedAt'),
            })),
          },
          {
            update: tasks,
            where: { priority: ref('lastSeq', 1) },
            set: { objective: ref('title'), priority: ref('lastSeq', 90) },
          },
          { remove: roles, where: { name: ref('title') } },
          { remove: workspaces, where: { title: ref('id') } },
        ],
      })
      assert.deepEqual([row?.lastSeq, row?.title, row?.version], [10, 'New', 1])
      const said = await engine.find(messages)
      assert.deepEqual(
        said.map(({ seq, content }) => [seq, content]),
        [
          [9, 'New'],
          [10, 'New'],
        ],
      )
      assert.deepEqual(said[0]?.createdAt, talk.updatedAt)
      const changed = await engine.find(tasks, { orderBy: [['priority', 'asc']] })
      assert.deepEqual(
        changed.map(({ priority, objective }) => [priority, objective]),
        [
          [10, ''],
          [12, ''],
          [100, 'New'],
        ],
      )
    },
  },
  {
    id: 'engine.write-gapless',
    guarantee:
      'Numbers given by a write’s head are without gaps, with 50 callers over two connections, refused ones included',
    async run({ system, second }) {
      const systems = [system, await second()]
      const talk = await system.conversations.create({ workspaceId: await newWorkspace(system) })
      // Every other caller brings an id that another has already.
      const say = (i: number) => {
        const { engine } = systems[i % 2]!
        return engine.write(numbered(engine, talk.id, `m${i % 4 < 2 ? i : 0}`) as Write & { head: never })
      }
      const { values, codes } = await settled(many(50, say))
      assert.deepEqual(new Set(codes), new Set(['ALREADY_EXISTS']))
      const seqs = (await system.engine.find(messages)).map(({ seq }) => seq).sort((a, b) => a - b)
      assert.deepEqual(
        seqs,
        range(values.length).map((i) => i + 1),
      )
      assert.deepEqual([values.length, codes.length], [26, 24])
      assert.equal((await system.conversations.get(talk.id))?.lastSeq, 26)
    },
  },
  {
    id: 'engine.write-undone',
    guarantee: 'When a step of a write is refused, its head and all other steps are undone',
    async run({ system: { engine }, system }) {
      const workspaceId = await newTasks(system, [2 ** 53 - 1])
      const talk = await system.conversations.create({ workspaceId })
      await engine.write(numbered(engine, talk.id, 'taken') as Write & { head: never })
      await newRoles(system, ['r'])
      const before = await everything(engine)
      const good = numbered(engine, talk.id, 'new')
      const remove = { remove: roles, where: {} }
      const agent = { id: 'a', workspaceId, name: 'A', role: 'r', teamId: 'nobody', ...times(engine) }
      const bad: [string, Write['steps']][] = [
        ['ALREADY_EXISTS', numbered(engine, talk.id, 'taken').steps],
        ['REFERENCE', [...good.steps, { insert: agents, rows: [agent] }]],
        ['VALIDATION', [...good.steps, { update: tasks, where: {}, set: { priority: increment() } }]],
        [
          'VALIDATION',
          [...good.steps, { insert: teams, rows: [{ id: 't', workspaceId, name: '', ...times(engine) }] }],
        ],
      ]
      for (const [code, steps] of bad) {
        const write = engine.write({ head: good.head as never, steps: [remove, ...steps] })
        await refused(code as 'VALIDATION', write)
        assert.deepEqual(await everything(engine), before)
      }
    },
  },
  {
    id: 'engine.write-inserting-head',
    guarantee:
      'A head may insert a row; when that gives way to another, a write answers null and does nothing',
    async run({ system: { engine }, system }) {
      await newRoles(system, ['old'])
      const put = (id: string, set?: object) =>
        engine.write({
          head: {
            insert: roles,
            row: role(engine, id),
            onConflict: { columns: ['id'], ...(set && { set }) },
          },
          steps: [
            {
              insert: settings,
              rows: [{ scope: ref('name'), key: id, value: 1, updatedAt: ref('createdAt') }],
            },
          ],
        })
      assert.equal((await put('new'))?.name, 'new')
      assert.equal(await put('old'), null)
      assert.deepEqual(
        (await engine.find(settings)).map(({ scope }) => scope),
        ['new'],
      )
      assert.equal((await put('old', { name: 'changed' }))?.name, 'changed')
      assert.equal(await system.settings.get('changed', 'old'), 1)
    },
  },
  {
    id: 'engine.write-same-table',
    guarantee: 'A step on the head’s own table changes every row that matches but the head’s',
    async run({ system: { engine }, system }) {
      await newTasks(system, [1, 2, 3])
      const [first] = await engine.find(tasks)
      const head = { update: tasks, where: { id: first!.id }, set: { priority: 7 } } as const
      const where = { workspaceId: ref('workspaceId') }
      await engine.write({ head, steps: [{ update: tasks, where, set: { priority: ref('priority', 1) } }] })
      assert.deepEqual(
        (await engine.find(tasks)).map(({ priority }) => priority),
        [7, 8, 8],
      )
    },
  },
  {
    id: 'engine.write-refused',
    guarantee: 'A write that would mean one thing here and another there is refused',
    async run({ system: { engine }, system }) {
      await newTasks(system, [1, 2])
      const [task] = await engine.find(tasks)
      const before = await everything(engine)
      const head = { update: tasks, where: { id: task!.id }, set: { priority: 3 } } as const
      const among = inTable(tasks, 'title', { priority: 3 })
      const setting = (scope: unknown, key: string) => ({ scope, key, value: 1, updatedAt: engine.now() })
      const wrong: Promise<unknown>[] = [
        engine.write({
          head,
          steps: [
            { remove: roles, where: {} },
            { insert: roles, rows: [] },
          ],
        }),
        engine.write({ head, steps: [{ remove: roles, where: { name: among } }] }),
        engine.write({ head, steps: [{ remove: tasks, where: {} }] }),
        engine.write({ head: { ...head, where: {} }, steps: [] }),
        engine.write({ head: { ...head, where: { workspaceId: task!.workspaceId } }, steps: [] }),
        engine.write({ head: { ...head, where: [{ id: task!.id }, { title: 'x' }] }, steps: [] }),
        engine.write({ head, steps: [{ remove: roles, where: { name: ref('nonsense') } }] }),
        engine.write({
          head,
          steps: [{ insert: settings, rows: [setting(ref('title'), 'a'), setting('s', 'b')] }],
        }),
        engine.write({ head, steps: [{ insert: settings, rows: [setting(ref('priority'), 'a')] }] }),
        engine.write({ head: { ...head, set: {} }, steps: [] }),
      ]
      await allRefused('VALIDATION', wrong)
      assert.deepEqual(await everything(engine), before)
    },
  },
]
