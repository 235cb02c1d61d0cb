/** The verbs that all stores share, as scenarios for one store that gives a sample of its rows. */

import assert from 'node:assert/strict'
import type { Scope } from '../system.ts'
import { newWorkspace, range, refused, settled } from './expect.ts'
import { idsOf, race, UNKNOWN } from './fixtures.ts'
import type { Scenario } from './scenario.ts'

export interface Sample<N extends object, P extends object> {
  /** The store's name, which begins the ids of its scenarios. */
  readonly name: string
  readonly verbs: (scope: Scope) => SharedVerbs<N, P>
  /** Whether rows belong to a workspace: all do, but for workspaces. */
  readonly inWorkspace: boolean
  /** What has to be given; `n` tells rows apart where they must differ. */
  readonly least: (workspaceId: string, n: number) => N
  /** What such a row has besides, and besides its version and times. */
  readonly defaults: (id: string, now: Date) => object
  /** Everything that can be given, an `id` included, and what the row keeps otherwise or besides. */
  readonly whole: (scope: Scope, workspaceId: string, now: Date) => Promise<{ given: N; kept?: object }>
  /** A change of that row: with `undefined`, `null`, and a JSON object, where it can. */
  readonly patch: P
  readonly patched: object
  /** Columns that a new row may not be given, with a value that would do. */
  readonly owned: Readonly<Record<string, unknown>>
  /** Columns, beyond those, that an update may not change. */
  readonly fixed: Readonly<Record<string, unknown>>
  /** Values that no row may have. */
  readonly bad: Readonly<Record<string, readonly unknown[]>>
  /** What rows refer to beside their workspace, and lose when it is deleted. */
  readonly refers: Readonly<Record<string, Referent>>
  readonly newestFirst?: boolean
}

export interface Referent {
  make(scope: Scope, workspaceId: string): Promise<{ readonly id: string }>
  remove(scope: Scope, id: string): Promise<unknown>
}

interface SharedVerbs<N, P> {
  create(input: N): Promise<SharedRow>
  get(id: string): Promise<SharedRow | null>
  getMany(ids: readonly string[]): Promise<SharedRow[]>
  list(
    filter?: object,
    options?: { readonly limit?: number; readonly after?: string | null },
  ): Promise<{ readonly items: SharedRow[]; readonly next: string | null }>
  count(filter?: object): Promise<number>
  update(id: string, patch: P, options?: { readonly ifVersion?: number }): Promise<SharedRow>
  delete(id: string): Promise<boolean>
}

interface SharedRow {
  readonly id: string
  readonly version: number
}

const COLUMNS_OF_ALL = { version: 2, createdAt: new Date(0), updatedAt: new Date(0) }

export function storeVerbScenarios<N extends object, P extends object>(
  sample: Sample<N, P>,
): readonly Scenario[] {
  const { name, verbs, least, inWorkspace } = sample
  const place = async (scope: Scope) => (inWorkspace ? newWorkspace(scope) : '')
  const within = (workspaceId: string) => (inWorkspace ? { workspaceId } : {})
  // The casts: some of these are what the types forbid.
  const newWith = (workspaceId: string, columns: object) => ({ ...least(workspaceId, 0), ...columns }) as N
  const patchOf = (columns: object) => columns as P

  return [
    {
      id: `${name}.defaults`,
      guarantee: `What is left out of a new row of ${name} has its documented default, and its times are the clock's`,
      async run({ system, clock }) {
        const given = least(await place(system), 0)
        const row = await verbs(system).create(given)
        const { id } = row
        const times = { version: 1, createdAt: clock(), updatedAt: clock() }
        assert.deepEqual(row, { id, ...given, ...sample.defaults(id, clock()), ...times })
        assert.deepEqual(await verbs(system).get(id), row)
      },
    },
    {
      id: `${name}.keeps-what-is-given`,
      guarantee: `Everything given for a new row of ${name} is kept exactly, its id included`,
      async run({ system, clock }) {
        const { given, kept } = await sample.whole(system, await place(system), clock())
        const row = await verbs(system).create(given)
        const times = { version: 1, createdAt: clock(), updatedAt: clock() }
        assert.deepEqual(row, { ...given, ...kept, ...times })
        assert.deepEqual(await verbs(system).get(row.id), row)
      },
    },
    {
      id: `${name}.id-unique`,
      guarantee: `Of many rows of ${name} that are made with one id at once, one is stored`,
      async run({ system, second }) {
        const workspaceId = await place(system)
        const systems = [system, await second()]
        const calls = race(8, systems, (each, i) =>
          verbs(each).create({ ...least(workspaceId, i), id: 'chosen' }),
        )
        const { values, codes } = await settled(calls)
        assert.deepEqual([values.length, codes], [1, Array(7).fill('ALREADY_EXISTS')])
        assert.deepEqual(await verbs(system).get('chosen'), values[0])
        const again = { ...least(workspaceId, 9), id: 'chosen' }
        await refused('ALREADY_EXISTS', verbs(system).create(again), { table: name, columns: ['id'] })
      },
    },
    {
      id: `${name}.list`,
      guarantee: `Lists of ${name} have every row once, in one order, and pages together make the whole`,
      async run({ system, clock }) {
        const workspaceId = await place(system)
        const store = verbs(system)
        const made: SharedRow[] = []
        for (const n of range(5)) {
          // Two at a time are of one moment, so that only the id tells them apart.
          if (n % 2 === 0) clock.advance(1)
          made.push(await store.create(least(workspaceId, n)))
        }
        if (sample.newestFirst) made.reverse()
        const filter = within(workspaceId)
        assert.deepEqual(await store.list(filter), { items: made, next: null })
        const pages: string[][] = []
        for (let after: string | null | undefined; after !== null; ) {
          const page = await store.list(filter, { limit: 2, ...(after && { after }) })
          pages.push(idsOf(page.items))
          after = page.next
        }
        const [a, b, c, d, e] = idsOf(made)
        assert.deepEqual(pages, [[a, b], [c, d], [e]])
        assert.equal(await store.count(filter), 5)
        assert.equal(await store.count({ ...filter, id: [a, e, UNKNOWN] }), 2)
        assert.deepEqual(idsOf((await store.list({ ...filter, id: c })).items), [c])
        assert.deepEqual(idsOf(await store.getMany([d!, UNKNOWN, a!, d!])), [d, a])
      },
    },
    {
      id: `${name}.update`,
      guarantee: `An update of ${name} changes what it names, leaves what is undefined, clears what is null, and replaces top-level keys of objects`,
      async run({ system, clock }) {
        const store = verbs(system)
        const { given, kept } = await sample.whole(system, await place(system), clock())
        const { id } = await store.create(given)
        const createdAt = clock()
        clock.advance(60_000)
        const expected = { ...given, ...kept, ...sample.patched, version: 2, createdAt, updatedAt: clock() }
        assert.deepEqual(await store.update(id, sample.patch), expected)
        assert.deepEqual(await store.get(id), expected)
        clock.advance(60_000)
        assert.deepEqual(await store.update(id, patchOf({})), expected)
        assert.deepEqual(await store.get(id), expected)
      },
    },
    {
      id: `${name}.if-version`,
      guarantee: `Of many updates of ${name} that insist on one version, one changes the row, and the others learn the current version`,
      async run({ system, second, clock }) {
        const store = verbs(system)
        const { given } = await sample.whole(system, await place(system), clock())
        const { id } = await store.create(given)
        const systems = [system, await second()]
        const calls = race(8, systems, (each) => verbs(each).update(id, sample.patch, { ifVersion: 1 }))
        const { values, codes } = await settled(calls)
        assert.deepEqual(codes, Array(7).fill('VERSION_CONFLICT'))
        assert.deepEqual(await store.get(id), values[0])
        for (const patch of [sample.patch, patchOf({})]) {
          await refused('VERSION_CONFLICT', store.update(id, patch, { ifVersion: 1 }), {
            table: name,
            id,
            expected: 1,
            current: 2,
          })
        }
        assert.deepEqual(await store.get(id), values[0])
        assert.equal((await store.update(id, sample.patch, { ifVersion: 2 })).version, 3)
      },
    },
    {
      id: `${name}.delete`,
      guarantee: `A deleted row of ${name} is gone: it is not found, not listed, and not changed any more`,
      async run({ system }) {
        const workspaceId = await place(system)
        const store = verbs(system)
        const row = await store.create(least(workspaceId, 1))
        const other = await store.create(least(workspaceId, 2))
        assert.equal(await store.delete(row.id), true)
        assert.equal(await store.delete(row.id), false)
        assert.equal(await store.delete(UNKNOWN), false)
        assert.equal(await store.get(row.id), null)
        assert.deepEqual((await store.list(within(workspaceId))).items, [other])
        const gone = { table: name, id: row.id }
        await refused('NOT_FOUND', store.update(row.id, sample.patch), gone)
        await refused('NOT_FOUND', store.update(row.id, sample.patch, { ifVersion: 1 }), gone)
        await refused('NOT_FOUND', store.update(row.id, patchOf({})), gone)
      },
    },
    {
      id: `${name}.closed-columns`,
      guarantee: `Columns of ${name} that are its own, fixed or unknown are refused by name, and nothing is written`,
      async run({ system }) {
        const workspaceId = await place(system)
        const store = verbs(system)
        const row = await store.create(least(workspaceId, 1))
        const owned = { ...COLUMNS_OF_ALL, ...sample.owned, nonsense: 1 }
        for (const [column, value] of Object.entries(owned)) {
          const call = store.create(newWith(workspaceId, { [column]: value }))
          await refused('VALIDATION', call, { table: name, column })
        }
        const closed = { ...owned, ...sample.fixed, id: 'other', workspaceId }
        for (const [column, value] of Object.entries(closed)) {
          const call = store.update(row.id, patchOf({ ...sample.patch, [column]: value }))
          await refused('VALIDATION', call, { table: name, column })
        }
        assert.deepEqual((await store.list(within(workspaceId))).items, [row])
      },
    },
    {
      id: `${name}.bad-values`,
      guarantee: `Values that ${name} may not have are refused by column, and nothing is written`,
      async run({ system }) {
        const workspaceId = await place(system)
        const store = verbs(system)
        const row = await store.create(least(workspaceId, 1))
        for (const [column, values] of Object.entries(sample.bad)) {
          for (const value of values) {
            const fields = { table: name, column }
            await refused('VALIDATION', store.create(newWith(workspaceId, { [column]: value })), fields)
            if (column === 'id' || column in sample.fixed) continue
            await refused('VALIDATION', store.update(row.id, patchOf({ [column]: value })), fields)
          }
        }
        assert.deepEqual((await store.list(within(workspaceId))).items, [row])
      },
    },
    ...(inWorkspace ? workspaceScenarios(sample) : []),
    ...Object.entries(sample.refers).map(([column, referent]) => referenceScenario(sample, column, referent)),
  ]
}

function workspaceScenarios<N extends object, P extends object>(sample: Sample<N, P>): Scenario[] {
  const { name, verbs, least } = sample
  return [
    {
      id: `${name}.of-a-workspace`,
      guarantee: `Rows of ${name} belong to a workspace that exists`,
      async run({ system }) {
        await refused('REFERENCE', verbs(system).create(least(UNKNOWN, 0)), { table: name })
        assert.deepEqual((await verbs(system).list()).items, [])
      },
    },
    {
      id: `${name}.workspace-deleted-meanwhile`,
      guarantee: `No row of ${name} outlives a workspace that is deleted while it is being made`,
      async run({ system, second }) {
        const other = await second()
        for (let round = 0; round < 5; round++) {
          const id = await newWorkspace(system)
          const calls = race(6, [system, other], (each, i) => verbs(each).create(least(id, i)))
          const [deleted, { codes }] = await Promise.all([other.workspaces.delete(id), settled(calls)])
          assert.equal(deleted, true)
          assert.deepEqual(
            [...new Set(codes)].filter((code) => code !== 'REFERENCE'),
            [],
          )
          assert.deepEqual((await verbs(system).list()).items, [])
        }
      },
    },
  ]
}

function referenceScenario<N extends object, P extends object>(
  { name, verbs, least }: Sample<N, P>,
  column: string,
  { make, remove }: Referent,
): Scenario {
  return {
    id: `${name}.reference-${column}`,
    guarantee: `${name}.${column} names what is there in the same workspace, and is cleared, alone, when that is deleted`,
    async run({ system, clock }) {
      const store = verbs(system)
      const workspaceId = await newWorkspace(system)
      const foreign = await make(system, await newWorkspace(system))
      // The casts: the column is the store's, but not every store's.
      const withId = (id: string) => ({ ...least(workspaceId, 1), [column]: id }) as N
      const own = await make(system, workspaceId)
      const row = await store.create(withId(own.id))
      const before = await store.count()
      for (const id of [UNKNOWN, foreign.id]) {
        await refused('REFERENCE', store.create(withId(id)), { table: name })
        await refused('REFERENCE', store.update(row.id, { [column]: id } as P), { table: name })
      }
      assert.equal(await store.count(), before)
      assert.deepEqual(await store.get(row.id), row)
      clock.advance(1)
      await remove(system, own.id)
      assert.deepEqual(await store.get(row.id), { ...row, [column]: null })
    },
  }
}
