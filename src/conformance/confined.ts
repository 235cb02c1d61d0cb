/** A System confined to a workspace: nothing of any other is seen through it, and nothing is changed. */

import assert from 'node:assert/strict'
import { TerraceError } from '../errors.ts'
import { teams } from '../schema/teams.ts'
import type { Scope } from '../system.ts'
import { allRefused, everything, newWorkspace, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { everyCall, LIVE_VERBS, namedCalls, seed } from './verbs.ts'

/** What a read answers that finds nothing, and a delete. */
const NOTHING = new Set([null, false, 0, [], { items: [], next: null }].map((value) => JSON.stringify(value)))

/** What became of a call: its error's code, or what it answered. */
async function outcomeOf(call: () => Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await call())
  } catch (error) {
    assert.ok(error instanceof TerraceError, String(error))
    return error.code
  }
}

/** Calls every verb on another's rows; each finds nothing, or is refused because of where they are. */
async function reachOut(calls: readonly (readonly [string, () => Promise<unknown>])[]): Promise<void> {
  for (const [name, call] of calls) {
    const outcome = await outcomeOf(call)
    assert.ok(
      NOTHING.has(outcome) || outcome === 'NOT_FOUND' || outcome === 'REFERENCE',
      `${name}: ${outcome}`,
    )
  }
}

export const confinedScenarios: readonly Scenario[] = [
  {
    id: 'confined.every-verb',
    guarantee:
      'Every verb of every store, called on the rows of another workspace, finds nothing or is refused, and changes nothing',
    async run({ system }) {
      const [at, other] = [await seed(system, 'Mine'), await seed(system, 'Theirs')]
      const before = await everything(system.engine)
      await reachOut(namedCalls(everyCall(system.in(at.workspaceId), other)))
      await reachOut(namedCalls(everyCall(system.in('nobody'), other)))
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'confined.every-verb-in-transactions',
    guarantee: 'In transactions of a confined System nothing of another workspace is found or changed either',
    async run({ system }) {
      const [at, other] = [await seed(system, 'Mine'), await seed(system, 'Theirs')]
      const mine = system.in(at.workspaceId)
      const before = await everything(system.engine)
      const names = namedCalls(everyCall(mine, other)).map(([name]) => name)
      const calls = names.map((name, i) => {
        const call = () => mine.transaction((tx) => namedCalls(everyCall(tx, other))[i]![1]())
        return [name, call] as const
      })
      await reachOut(calls.filter(([name]) => !LIVE_VERBS.has(name)))
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'confined.at-home',
    guarantee: 'In its own workspace a confined System does what the whole one does, but make workspaces',
    async run({ system, clock }) {
      const [whole, part] = [await seed(system), await seed(system)]
      const mine = system.in(part.workspaceId)
      const kind = (outcome: string) => (/^[A-Z_]+$/.test(outcome) ? outcome : typeof JSON.parse(outcome))
      const [ofWhole, ofPart] = [namedCalls(everyCall(system, whole)), namedCalls(everyCall(mine, part))]
      for (const [i, [name, call]] of ofWhole.entries()) {
        // Its own workspace is deleted last.
        if (/^workspaces\.(create|ensureDefault|delete)$/.test(name)) continue
        if (name === 'agents.upsert') await system.agents.delete('upserted')
        const expected = kind(await outcomeOf(call))
        if (name === 'agents.upsert') await system.agents.delete('upserted')
        assert.equal(kind(await outcomeOf(ofPart[i]![1])), expected, name)
      }
      clock.advance(1)
      assert.equal(await mine.workspaces.delete(part.workspaceId), true)
      assert.deepEqual(
        (await system.workspaces.list()).items.map(({ id }) => id),
        [whole.workspaceId],
      )
    },
  },
  {
    id: 'confined.lists',
    guarantee:
      'Lists and counts without a filter are of the own workspace alone, and filters do not widen them',
    async run({ system }) {
      const [at, other] = [await seed(system, 'Mine'), await seed(system, 'Theirs')]
      await system.roles.create({ name: 'Everybody’s' })
      const mine = system.in(at.workspaceId)
      const { workspaceId } = other
      for (const store of [
        mine.teams,
        mine.codebases,
        mine.agents,
        mine.roles,
        mine.conversations,
        mine.tasks,
      ]) {
        const { items } = await store.list()
        assert.ok(items.length > 0 && items.every((row) => row.workspaceId === at.workspaceId))
        assert.equal(await store.count(), items.length)
        assert.equal(await store.count({ workspaceId: [workspaceId, at.workspaceId] }), items.length)
        assert.equal(await store.count({ workspaceId }), 0)
        assert.equal(await store.count({ workspaceId: null as never }), 0)
      }
      assert.deepEqual(
        (await mine.workspaces.list()).items.map(({ title }) => title),
        ['Mine'],
      )
      assert.equal(await mine.workspaces.count({ includeArchived: true }), 1)
    },
  },
  {
    id: 'confined.pages',
    guarantee: 'A cursor from outside does not lead a confined System to other rows than its own',
    async run({ system }) {
      const [a, b] = [await newWorkspace(system), await newWorkspace(system)]
      for (const workspaceId of [a, b, a, b]) await system.teams.create({ workspaceId, name: workspaceId })
      const { next } = await system.teams.list({}, { limit: 1 })
      const { items } = await system.in(a).teams.list({}, { after: next })
      assert.deepEqual(
        items.map(({ name }) => name),
        [a],
      )
    },
  },
  {
    id: 'confined.references',
    guarantee: 'Own rows cannot be made to refer to another workspace’s, nor its rows to them',
    async run({ system }) {
      const [at, other] = [await seed(system, 'Mine'), await seed(system, 'Theirs')]
      const mine = system.in(at.workspaceId)
      const before = await everything(system.engine)
      const { workspaceId } = at
      const agent = { workspaceId, name: 'A', role: 'r' }
      const task = { workspaceId, title: 'T' }
      const tries = [
        mine.agents.create({ ...agent, teamId: other.teamId }),
        mine.agents.update(at.agentId, { parentId: other.agentId }),
        mine.tasks.create({ ...task, assigneeId: other.agentId }),
        mine.tasks.create({ ...task, dependsOn: [other.taskId] }),
        mine.tasks.declareBatch(workspaceId, [{ key: 'k', title: 'T', dependsOn: [other.taskId] }]),
        mine.tasks.addDependency(at.waitingId, other.taskId),
        mine.tasks.assign(at.taskId, other.agentId),
        mine.tasks.start(at.taskId, { agentId: other.agentId }),
        mine.conversations.create({ workspaceId, taskId: other.taskId }),
        mine.conversations.update(at.conversationId, { codebaseId: other.codebaseId }),
      ]
      await allRefused('REFERENCE', tries)
      await refused('NOT_FOUND', mine.tasks.addDependency(other.waitingId, at.taskId))
      await refused('NOT_FOUND', mine.tasks.removeDependency(other.waitingId, other.taskId))
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'confined.workspaces',
    guarantee: 'A confined System sees and changes its own workspace, and makes no other',
    async run({ system }) {
      const [a, b] = [await newWorkspace(system), await newWorkspace(system)]
      const mine = system.in(a)
      await refused('REFERENCE', mine.workspaces.create({ title: 'New' }), { table: 'workspaces' })
      await refused('REFERENCE', mine.workspaces.create({ id: a, title: 'New' }))
      await refused('REFERENCE', mine.workspaces.ensureDefault())
      assert.deepEqual(
        (await mine.workspaces.getMany([b, a])).map(({ id }) => id),
        [a],
      )
      assert.equal((await mine.workspaces.update(a, { title: 'Mine' })).title, 'Mine')
      assert.equal((await mine.workspaces.archive(a)).status, 'archived')
      assert.equal(await mine.workspaces.count(), 0)
      assert.equal((await system.workspaces.get(b))?.title, 'W')
      assert.equal(await system.workspaces.count({ includeArchived: true }), 2)
    },
  },
  {
    id: 'confined.settings',
    guarantee: 'A confined System has the settings of its own workspace’s scopes, and no others',
    async run({ system }) {
      const [a, b] = [await newWorkspace(system), await newWorkspace(system)]
      const mine = system.in(a)
      for (const scope of [
        'global',
        `workspace:${b}`,
        `workspace:${b}:deep`,
        `Workspace:${a}`,
        `workspace:${a}x`,
        'workspace:',
        a,
      ]) {
        await system.settings.set(scope, 'k', 'theirs')
        assert.equal(await mine.settings.get(scope, 'k'), null)
        assert.equal(await mine.settings.delete(scope, 'k'), false)
        assert.equal(await mine.settings.set(scope, 'k', null), null)
        await refused('REFERENCE', mine.settings.set(scope, 'k', 'mine'), { table: 'settings' })
        await refused('REFERENCE', mine.settings.merge(scope, 'k', { mine: true }))
        assert.equal(await mine.settings.count(scope), 0)
        assert.equal(await system.settings.get(scope, 'k'), 'theirs')
      }
      for (const scope of [`workspace:${a}`, `workspace:${a}:deep:er`]) {
        await system.settings.set(scope, 'k', { a: 1 })
        assert.deepEqual(await mine.settings.merge(scope, 'k', { b: 2 }), { a: 1, b: 2 })
        assert.equal((await mine.settings.list(scope)).items.length, 1)
      }
    },
  },
  {
    id: 'confined.everybodys-roles',
    guarantee: 'A role without a workspace is not the confined System’s: it is neither seen nor changed',
    async run({ system }) {
      const mine = system.in(await newWorkspace(system))
      const role = await system.roles.create({ name: 'R' })
      assert.equal(await mine.roles.get(role.id), null)
      await refused('NOT_FOUND', mine.roles.update(role.id, { name: 'S' }))
      assert.equal(await mine.roles.delete(role.id), false)
      await refused('REFERENCE', mine.roles.create({ name: 'S', workspaceId: null }))
      const own = await mine.roles.create({ name: 'S' })
      assert.deepEqual(await mine.roles.list(), { items: [own], next: null })
      assert.deepEqual(await system.roles.get(role.id), role)
    },
  },
  {
    id: 'confined.ids-taken-elsewhere',
    guarantee:
      'An id or key that another workspace has is refused where it must be unique, and its row stays as it is',
    async run({ system }) {
      const [at, other] = [await seed(system, 'Mine'), await seed(system, 'Theirs')]
      const mine = system.in(at.workspaceId)
      const before = await everything(system.engine)
      const { workspaceId } = at
      const agent = { id: other.agentId, workspaceId, name: 'A', role: 'r' }
      await refused('ALREADY_EXISTS', mine.agents.create(agent), { table: 'agents', columns: ['id'] })
      await refused('ALREADY_EXISTS', mine.agents.upsert(agent), { table: 'agents', columns: ['id'] })
      await refused('ALREADY_EXISTS', mine.teams.create({ id: other.teamId, workspaceId, name: 'T' }))
      const said = { id: other.messageId, role: 'user', content: 'Hi' } as const
      await refused('ALREADY_EXISTS', mine.messages.append(at.conversationId, said), { table: 'messages' })
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'confined.refusals-doom',
    guarantee:
      'In a transaction of a confined System, what confinement refuses fails all of it, caught or not, awaited or not',
    async run({ system }) {
      const [at, other] = [await seed(system, 'Mine'), await seed(system, 'Theirs')]
      const mine = system.in(at.workspaceId)
      const before = await everything(system.engine)
      const team = { workspaceId: other.workspaceId, name: 'Theirs' }
      const refusals: ((tx: Scope) => Promise<unknown>)[] = [
        (tx) => tx.teams.create(team),
        (tx) => tx.workspaces.create({ title: 'W' }),
        (tx) => tx.settings.set(other.scope, 'theme', 'theirs'),
        (tx) =>
          tx.engine.insert(teams, [
            { id: 't', ...team, createdAt: tx.engine.now(), updatedAt: tx.engine.now() },
          ]),
      ]
      for (const refusal of refusals) {
        let first: unknown
        let then: unknown
        const caught = mine.transaction(async (tx) => {
          await tx.teams.create({ workspaceId: at.workspaceId, name: 'Before' })
          first = await refusal(tx).catch((error: unknown) => error)
          then = await tx.roles.count().catch((error: unknown) => error)
          return 'all is well'
        })
        assert.equal(await caught.catch((error: unknown) => error), first)
        assert.ok(first instanceof TerraceError)
        assert.equal(then, first)
        const unawaited = mine.transaction(async (tx) => {
          await tx.teams.create({ workspaceId: at.workspaceId, name: 'Before' })
          refusal(tx).catch(() => {})
        })
        await refused(first.code, unawaited)
        assert.deepEqual(await everything(system.engine), before)
      }
      // Nor does one that nobody looks after end the process, as a rejection that goes unhandled would.
      const times = { createdAt: system.engine.now(), updatedAt: system.engine.now() }
      const alone = mine.transaction(async (tx) => {
        void tx.engine.insert(teams, [{ id: 't', ...team, ...times }])
      })
      await refused('REFERENCE', alone, { table: 'teams' })
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'confined.no-way-out',
    guarantee: 'A confined System, and a transaction of it, have nothing that leads to the whole',
    async run({ system }) {
      const mine = system.in(await newWorkspace(system))
      const ways = ['in', 'close', 'unwrap', 'ping', Symbol.asyncDispose]
      await mine.transaction(async (tx) => {
        for (const way of ways) {
          for (const scope of [mine, mine.engine, tx, tx.engine]) assert.ok(!(way in scope), String(way))
        }
      })
      for (const bad of [undefined, null, 7, {}])
        assert.throws(() => system.in(bad as unknown as string), TerraceError)
    },
  },
]
