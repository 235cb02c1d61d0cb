/** Transactions whose callback has to run again: everything is done once. */

import assert from 'node:assert/strict'
import type { Scenario } from './scenario.ts'
import { seed } from './verbs.ts'

export const transactionRerunScenarios: readonly Scenario[] = [
  {
    id: 'transactions.rerun',
    guarantee:
      'A transaction whose callback has to run again does everything once, and answers for the last run',
    async run({ rerunning, system }) {
      const again = await rerunning()
      const at = await seed(system)
      let runs = 0
      const answer = await again.transaction(async (tx) => {
        runs++
        await tx.roles.create({ name: `${runs}` })
        await tx.tasks.start(at.taskId)
        await tx.messages.append(at.conversationId, { role: 'user', content: `${runs}` })
        await tx.settings.merge(at.scope, 'theme', { [`run ${runs}`]: true })
        return runs
      })
      assert.deepEqual([answer, runs], [2, 2])
      assert.deepEqual(
        (await system.roles.list({ name: ['1', '2'] })).items.map(({ name }) => name),
        ['2'],
      )
      const [, message] = await system.messages.last(at.conversationId, 5)
      assert.deepEqual([message?.seq, message?.content], [2, '2'])
      assert.deepEqual(await system.settings.get(at.scope, 'theme'), { dark: true, 'run 2': true })
      assert.equal((await system.tasks.get(at.taskId))?.version, 2)
    },
  },
  {
    id: 'transactions.rerun-verbs',
    guarantee: 'Verbs that are transactions by themselves come to the same when they have to run again',
    async run({ rerunning, system }) {
      const again = await rerunning()
      const { workspaceId, taskId, agentId, codebaseId } = await seed(system)
      const batch = [
        { key: 'a', title: 'A' },
        { key: 'b', title: 'B', dependsOn: ['a', taskId] },
      ]
      const [a, b] = await again.tasks.declareBatch(workspaceId, batch)
      const c = await again.tasks.create({ workspaceId, title: 'C', dependsOn: [a!.id] })
      assert.equal((await again.tasks.addDependency(c.id, taskId)).openDependencies, 2)
      assert.equal((await again.tasks.removeDependency(b!.id, taskId)).openDependencies, 1)
      assert.equal((await system.tasks.get(taskId))?.dependents, 2)
      assert.equal((await system.tasks.get(a!.id))?.dependents, 2)
      assert.equal((await again.agents.update(agentId, { parentId: null })).version, 3)
      const child = await again.agents.upsert({
        id: 'x',
        workspaceId,
        name: 'X',
        role: 'r',
        parentId: agentId,
      })
      assert.deepEqual([child.version, child.parentId], [1, agentId])
      assert.equal((await again.codebases.setDefault(codebaseId)).version, 2)
      assert.equal(await again.tasks.delete(a!.id), true)
      assert.equal((await system.tasks.get(c.id))?.openDependencies, 1)
      assert.equal(await again.workspaces.delete(workspaceId), true)
      assert.equal(await system.workspaces.count({ includeArchived: true }), 0)
    },
  },
]
