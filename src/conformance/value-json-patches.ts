/** Changing JSON that is there: by key where it is an object, and whole where it is not. */

import assert from 'node:assert/strict'
import type { JsonValue } from '../schema/dsl/json.ts'
import { many, newWorkspace, range, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'

export const valueJsonPatchScenarios: readonly Scenario[] = [
  {
    id: 'values.json-patch',
    guarantee:
      'A patch replaces top-level keys of an object whole, null removes one, undefined leaves one, nulls within stay',
    async run({ system }) {
      const start = { gone: 1, kept: { x: null, y: [1] }, whole: { a: 1, b: { c: 2 } }, 10: 'ten' }
      const { id } = await system.workspaces.create({ title: 'W', metadata: start })
      const patch = {
        gone: null,
        absent: null,
        kept: undefined,
        whole: { b: { d: null } },
        9: 'nine',
        bb: [null],
        é: '',
      }
      const expected =
        '{"9":"nine","10":"ten","bb":[null],"é":"","kept":{"x":null,"y":[1]},"whole":{"b":{"d":null}}}'
      const { metadata } = await system.workspaces.update(id, { metadata: patch })
      assert.equal(JSON.stringify(metadata), expected)
      assert.equal(JSON.stringify((await system.workspaces.get(id))?.metadata), expected)
      assert.equal((await system.workspaces.update(id, { metadata: {} })).version, 3)
      assert.equal(JSON.stringify((await system.workspaces.get(id))?.metadata), expected)
      await refused('VALIDATION', system.workspaces.update(id, { metadata: null as never }), {
        column: 'metadata',
      })
    },
  },
  {
    id: 'values.json-replaced',
    guarantee:
      'Where no object is yet, a patch makes one; lists and plain values are replaced whole, and null clears',
    async run({ system }) {
      const workspaceId = await newWorkspace(system)
      const { id } = await system.agents.create({ workspaceId, name: 'A', role: 'r' })
      const plan = async (value: JsonValue) => {
        await system.agents.update(id, { plan: value })
        return (await system.agents.get(id))?.plan
      }
      assert.deepEqual(await plan({ a: 1, b: null }), { a: 1 })
      assert.deepEqual(await plan([1, 2]), [1, 2])
      assert.deepEqual(await plan([3]), [3])
      assert.deepEqual(await plan({ c: { d: 1 } }), { c: { d: 1 } })
      assert.equal(await plan('null'), 'null')
      assert.deepEqual(await plan({ e: 1 }), { e: 1 })
      assert.equal(await plan(null), null)
      assert.deepEqual(
        (await system.agents.list({ plan: null } as object)).items.map((row) => row.id),
        [id],
      )
    },
  },
  {
    id: 'values.json-patches-race',
    guarantee: 'Patches of different keys that race, over two connections, are all kept',
    async run({ system, second }) {
      const systems = [system, await second()]
      const { id } = await system.workspaces.create({ title: 'W', metadata: { start: 0 } })
      await Promise.all(
        many(16, (i) => systems[i % 2]!.workspaces.update(id, { metadata: { [`key ${i}`]: i } })),
      )
      const row = await system.workspaces.get(id)
      assert.deepEqual(
        row?.metadata,
        Object.fromEntries([['start', 0], ...range(16).map((i) => [`key ${i}`, i])]),
      )
      assert.equal(row?.version, 17)
    },
  },
]
