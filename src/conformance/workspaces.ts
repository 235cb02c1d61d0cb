import assert from 'node:assert/strict'
import { many, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'

export const workspaceScenarios: readonly Scenario[] = [
  {
    id: 'workspaces.slug-unique',
    guarantee: 'Two workspaces never have the same slug, also when they are made at once by two connections',
    async run({ system, second }) {
      const other = await second()
      const outcomes = await Promise.allSettled(
        many(8, (i) => (i % 2 ? system : other).workspaces.create({ title: 'W', slug: 'same' })),
      )
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
      await refused('ALREADY_EXISTS', system.workspaces.create({ title: 'W', slug: 'same' }), {
        table: 'workspaces',
        columns: ['slug'],
      })
    },
  },
]
