/** Measures one group, in this process, and keeps its figures: `node bench/group.ts sqlite`. */

import { selectGroups } from './groups.ts'
import { describeMachine } from './machine.ts'
import { quick } from './measure.ts'
import { figure, targetText } from './report.ts'
import { keepResult } from './results.ts'
import { isMet } from './row.ts'

const [entry] = selectGroups(process.argv.slice(2, 3))
const machine = describeMachine()
const measure = await entry!.load()
const group = await measure()
keepResult(entry!.name, { date: new Date().toISOString(), quick, machine, ...group })
for (const row of group.rows) {
  const mark = { true: 'met   ', false: 'MISSED', undefined: '      ' }[String(isMet(row))]
  console.log(`${mark} ${row.work}: ${figure(row)} (${targetText(row)})`)
}
