/** Times: exact to the millisecond, or refused before anything is written. */

import assert from 'node:assert/strict'
import { agents } from '../schema/agents.ts'
import { newWorkspace, refused } from './expect.ts'
import type { Scenario } from './scenario.ts'

/** The first millisecond of the year 1, the last of 9999, and what lies between, some of it hard. */
const TIMES = [
  '0001-01-01T00:00:00.000Z',
  '0001-12-31T23:59:59.999Z',
  '0050-06-01T12:00:00.001Z',
  '0099-12-31T23:59:59.999Z',
  '0100-01-01T00:00:00.000Z',
  '1582-10-10T00:00:00.000Z',
  '1883-11-18T12:03:58.123Z',
  '1969-12-31T23:59:59.999Z',
  '1970-01-01T00:00:00.000Z',
  '2000-02-29T23:59:59.010Z',
  '2026-03-29T01:30:00.100Z',
  '2038-01-19T03:14:08.007Z',
  '9999-12-31T23:59:59.999Z',
]

export const valueTimeScenarios: readonly Scenario[] = [
  {
    id: 'values.times-exact',
    guarantee:
      'Times of the years 1 to 9999 come back as Dates, to the millisecond, and are found and ordered by it',
    async run({ system, second }) {
      const workspaceId = await newWorkspace(system)
      const moment = (text: string) => new Date(text)
      const rows = TIMES.map((time, i) => {
        const createdAt = moment(time)
        return {
          id: `a${i}`,
          workspaceId,
          name: 'A',
          role: 'r',
          lastSeenAt: createdAt,
          createdAt,
          updatedAt: createdAt,
        }
      })
      const other = await second()
      await system.engine.insert(agents, rows.slice(1))
      await system.engine.insert(agents, [rows[0]!])
      const listed = await other.agents.list({}, { order: { lastSeenAt: 'asc' } })
      assert.deepEqual(
        listed.items.map(({ lastSeenAt }) => lastSeenAt?.toISOString()),
        TIMES,
      )
      for (const [i, time] of TIMES.entries()) {
        const row = await other.agents.get(`a${i}`)
        assert.ok(row?.createdAt instanceof Date)
        assert.equal(row.createdAt.getTime(), moment(time).getTime())
        const found = await system.agents.list({ lastSeenAt: moment(time), createdAt: [moment(time)] })
        assert.deepEqual(
          found.items.map(({ id }) => id),
          [`a${i}`],
        )
        const beyond = { where: { id: 'a0' }, set: { lastSeenAt: moment(time) } }
        assert.deepEqual((await system.engine.update(agents, beyond))[0]?.lastSeenAt, moment(time))
        await system.engine.update(agents, { ...beyond, set: { lastSeenAt: moment(TIMES[0]!) } })
      }
    },
  },
  {
    id: 'values.times-refused',
    guarantee: 'A date that is invalid, before the year 1 or after 9999 is refused by column',
    async run({ system }) {
      const { id } = await system.agents.create({
        workspaceId: await newWorkspace(system),
        name: 'A',
        role: 'r',
      })
      const bad = [
        '',
        '0000-12-31T23:59:59.999Z',
        '-000001-01-01T00:00:00.000Z',
        '+010000-01-01T00:00:00.000Z',
      ]
      for (const time of bad) {
        const change = system.engine.update(agents, { where: { id }, set: { lastSeenAt: new Date(time) } })
        await refused('VALIDATION', change, { table: 'agents', column: 'lastSeenAt' })
        await refused('VALIDATION', system.agents.list({ lastSeenAt: new Date(time) }), {
          column: 'lastSeenAt',
        })
      }
      assert.equal((await system.agents.get(id))?.lastSeenAt, null)
    },
  },
  {
    id: 'values.clock',
    guarantee: 'Every time is the injected clock’s, to the millisecond, also when that is set back',
    async run({ system, clock }) {
      for (const time of [
        '2031-05-06T07:08:09.123Z',
        '2031-05-06T07:08:09.001Z',
        '1999-12-31T23:59:59.999Z',
      ]) {
        clock.set(time)
        const { id, createdAt, updatedAt } = await system.workspaces.create({ title: 'W' })
        assert.deepEqual([createdAt.toISOString(), updatedAt.toISOString()], [time, time])
        clock.advance(1001)
        const changed = await system.workspaces.update(id, { title: 'V' })
        assert.equal(changed.createdAt.toISOString(), time)
        assert.equal(changed.updatedAt.getTime(), new Date(time).getTime() + 1001)
      }
    },
  },
]
