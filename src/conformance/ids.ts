/** Ids are text: the library's or the caller's, and any text may be looked up. */

import assert from 'node:assert/strict'
import { everything, many, newWorkspace, range, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'
import { everyCall, namedCalls, type Seed, seed } from './verbs.ts'

/** Texts that name no row, some of which no database could even keep. */
const STRANGE_IDS = [
  '',
  'unknown',
  '%',
  "' or 1=1 --",
  'null',
  '\0',
  'a\0b',
  '\ud800',
  'x'.repeat(10_000),
  '00000000-0000-7000-8000-000000000000',
]

/** A seed whose every row is the one with this id. */
const everyId = (id: string) => new Proxy({}, { get: () => id }) as Seed

const READS =
  /^(get|getMany|count|list|listByParent|listDead|last|range|ready|dependencies|dependentsOf|edges|reconcile|search|watch|inspect|check)$/

export const idScenarios: readonly Scenario[] = [
  {
    id: 'ids.made-by-the-library',
    guarantee: 'Ids made by the library are UUIDv7 of the injected clock, and rise in the order of creation',
    async run({ system, clock }) {
      const ids: string[] = []
      for (const step of [0, 0, 5, -1000, 0]) {
        clock.advance(step)
        ids.push(await newWorkspace(system))
      }
      for (const id of ids)
        assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      assert.deepEqual(ids.toSorted(), ids)
      assert.equal(new Set(ids).size, ids.length)
      const time = Number.parseInt(ids[0]!.replace('-', '').slice(0, 12), 16)
      assert.equal(new Date(time).toISOString(), '2026-01-01T00:00:00.000Z')
    },
  },
  {
    id: 'ids.distinct-under-load',
    guarantee: 'Two rows never get the same id, also when two connections make many at the same millisecond',
    async run({ system, second }) {
      const systems = [system, await second()]
      const rows = await Promise.all(many(60, (i) => systems[i % 2]!.roles.create({ name: `${i}` })))
      assert.equal(new Set(rows.map(({ id }) => id)).size, 60)
      assert.equal(await system.roles.count(), 60)
    },
  },
  {
    id: 'ids.given',
    guarantee: 'An id that is given is kept to the letter, and finds its row and no other',
    async run({ system }) {
      const ids = [
        ' ',
        'a',
        'A',
        'é',
        'e\u0301',
        '1',
        '01',
        'a/b:c?d#e',
        `'"\\$1`,
        '{"a":1}',
        '🤖'.repeat(128),
      ]
      await Promise.all(ids.map((id) => system.roles.create({ id, name: `role ${id}` })))
      for (const id of ids) {
        const row = await system.roles.get(id)
        assert.equal(row?.id, id)
        assert.equal(row.name, `role ${id}`)
      }
      const found = await Promise.all(ids.map((id) => system.roles.get(id)))
      assert.deepEqual(
        found.map((row) => row?.id),
        ids,
      )
    },
  },
  {
    id: 'ids.refused',
    guarantee:
      'An id that is empty, longer than 128 characters, not text or not storable is refused for a new row',
    async run({ system }) {
      for (const id of ['', 'x'.repeat(129), '🤖'.repeat(129), 'a\0', '\udc00', null, 7, {}, ['a']]) {
        await refused('VALIDATION', system.roles.create({ id: id as string, name: 'R' }), {
          table: 'roles',
          column: 'id',
        })
      }
      assert.equal(await system.roles.count(), 0)
    },
  },
  {
    id: 'ids.taken',
    guarantee:
      'An id that is taken is refused, also by another workspace, and the row that has it is left alone',
    async run({ system }) {
      const [mine, theirs] = [await newWorkspace(system), await newWorkspace(system)]
      const first = await system.teams.create({ id: 't', workspaceId: mine, name: 'First' })
      const taken = { table: 'teams', columns: ['id'] }
      await refused(
        'ALREADY_EXISTS',
        system.teams.create({ id: 't', workspaceId: mine, name: 'Second' }),
        taken,
      )
      await refused(
        'ALREADY_EXISTS',
        system.teams.create({ id: 't', workspaceId: theirs, name: 'Third' }),
        taken,
      )
      assert.deepEqual(await system.teams.list(), { items: [first], next: null })
    },
  },
  {
    id: 'ids.unknown-is-found-nowhere',
    guarantee: 'Reading by any text at all that names no row finds nothing, and is no error',
    async run({ system }) {
      await seed(system)
      const empty = [null, [], 0, { items: [], next: null }].map((value) => JSON.stringify(value))
      for (const id of STRANGE_IDS) {
        const reads = namedCalls(everyCall(system, everyId(id))).filter(([name]) =>
          READS.test(name.split('.')[1]!),
        )
        for (const [name, read] of reads) {
          const found = JSON.stringify(await read())
          assert.ok(empty.includes(found), `${name} of ${JSON.stringify(id).slice(0, 40)} found ${found}`)
        }
      }
    },
  },
  {
    id: 'ids.unknown-is-not-found',
    guarantee:
      'Changing the row of an id that names none is NOT_FOUND, deleting it answers false, and nothing happens',
    async run({ system }) {
      const at = await seed(system)
      const before = await everything(system.engine)
      for (const id of STRANGE_IDS) {
        const calls = namedCalls(everyCall(system, everyId(id)))
        // Those that name a row to change by its id alone.
        const changes = calls.filter(([name]) => !READS.test(name.split('.')[1]!) && !CREATES.has(name))
        await Promise.all(
          changes.map(async ([name, change]) => {
            if (NOTHING_TO_DO.has(name)) assert.deepEqual(await change(), [], name)
            else if (REMOVES.test(name)) assert.equal(await change(), false, name)
            else await refused('NOT_FOUND', change(), { id })
          }),
        )
      }
      assert.deepEqual(await everything(system.engine), before)
      assert.equal((await system.tasks.get(at.taskId))?.status, 'ready')
    },
  },
  {
    id: 'ids.undefined-is-no-id',
    guarantee: 'A missing id changes nothing: it is refused, and never taken to mean every row',
    async run({ system }) {
      await seed(system)
      const before = await everything(system.engine)
      for (const id of [undefined, null, 7, {}]) {
        const calls = namedCalls(everyCall(system, everyId(id as unknown as string)))
        for (const [name, call] of calls) {
          if (!READS.test(name.split('.')[1]!) && !CREATES.has(name)) await refused('VALIDATION', call())
        }
      }
      assert.deepEqual(await everything(system.engine), before)
    },
  },
  {
    id: 'ids.many',
    guarantee:
      'getMany answers each row once, in the order in which the ids first name it, and leaves out what is not there',
    async run({ system }) {
      const ids = range(5).map((i) => `role ${i}`)
      for (const id of ids) await system.roles.create({ id, name: id })
      const asked = [
        'role 3',
        'nobody',
        'role 0',
        'role 3',
        '\0',
        'role 4',
        '',
        ...range(2000).map((i) => `x${i}`),
      ]
      const rows = await system.roles.getMany(asked)
      assert.deepEqual(
        rows.map(({ id }) => id),
        ['role 3', 'role 0', 'role 4'],
      )
      assert.deepEqual(await system.roles.getMany([]), [])
    },
  },
]

/** Verbs that answer whether they removed something, or what. */
const REMOVES = /\.delete$|^(timers\.cancel|fileLocks\.release)$/
const NOTHING_TO_DO = new Set(['fileLocks.releaseAll', 'mailbox.claim', 'mailbox.drain'])

/** Verbs that take no id of a row to change. */
const CREATES = new Set([
  ...['workspaces', 'teams', 'codebases', 'agents', 'roles', 'conversations', 'tasks', 'notes'].map(
    (s) => `${s}.create`,
  ),
  'workspaces.ensureDefault',
  'codebases.register',
  'codebases.findByPath',
  'agents.upsert',
  'conversations.getOrCreate',
  'tasks.declareBatch',
  'settings.set',
  'settings.merge',
  'notes.ensureSpec',
  'backgroundTasks.enqueue',
  'backgroundTasks.enqueueMany',
  'backgroundTasks.claim',
  'backgroundTasks.purge',
  ...['acquire', 'steal', 'reap'].map((verb) => `leases.${verb}`),
  ...['acquire', 'reap'].map((verb) => `fileLocks.${verb}`),
  ...['claimDue', 'deliverDue'].map((verb) => `timers.${verb}`),
  'mailbox.purge',
  'delegations.delegate',
  ...['create', 'claimDue'].map((verb) => `schedules.${verb}`),
])
