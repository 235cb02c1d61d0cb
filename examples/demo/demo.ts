/** `npm run demo`: one program on memory, on a SQLite file and on a real Postgres, and what each answered. */

import type { SystemOptions } from '../../src/index.ts'
import { startPostgres } from '../../test/support/postgres-server.ts'
import { tempDir } from '../../test/support/temp.ts'
import { type NoteReport, writeTogether } from './note.ts'
import { type Report, runProgram } from './program.ts'
import { drainQueue, type QueueReport } from './queue.ts'

type Chapters = readonly [crew: Report, note: NoteReport, queue: QueueReport]

/** All chapters, one after the other, on one database. */
async function run(options: SystemOptions, persists: boolean): Promise<Chapters> {
  return [
    await runProgram(options, persists),
    await writeTogether(options, persists),
    await drainQueue(options, persists),
  ]
}

const tiers = {
  memory: () => run({ env: {} }, false),
  SQLite: async () => {
    await using folder = await tempDir()
    return await run({ env: {}, driver: 'sqlite', path: `${folder.path}/demo.db` }, true)
  },
  Postgres: async () => {
    await using server = await startPostgres()
    return await run({ env: { DATABASE_URL: server.url() } }, true)
  },
} satisfies Record<string, () => Promise<Chapters>>

const reports: [name: string, ...chapters: Chapters][] = []
for (const [name, play] of Object.entries(tiers)) {
  process.stdout.write(`Running on ${name} … `)
  const startedAt = performance.now()
  const chapters = await play()
  const seconds = (performance.now() - startedAt) / 1000
  reports.push([name, ...chapters])
  console.log(`${seconds.toFixed(1)} s, ${chapters[0].target}`)
}

const [, reference] = reports[0]!
const rows = [
  ['', ...reports.map(([name]) => name)],
  ...['agents', 'messages', 'of 8 that started one task'].map((what) => [
    what,
    ...reports.map(([, { kept }]) => kept[what]!),
  ]),
  ['after closing and opening', ...reports.map(([, { reopened }]) => reopened ?? 'gone, as it says')],
  ...reference.refused.map(({ what }, i) => [
    `refused: ${what}`,
    ...reports.map(([, { refused }]) => refused[i]?.code ?? 'NOT REFUSED'),
  ]),
]
console.log(`\n${table(rows)}\n\nTasks: ${reference.kept.tasks}`)

const noteRows = [
  ['one note, written by an agent and two people', ...reports.map(([name]) => name)],
  ['processes', ...reports.map(([, , note]) => note.processes)],
  ['lines', ...reports.map(([, , note]) => note.lines)],
]
console.log(`\n${table(noteRows)}`)

const queueRows = [
  ['thirty jobs, drained by a crew of three', ...reports.map(([name]) => name)],
  ['the crew', ...reports.map(([, , , queue]) => queue.crew)],
  ['jobs', ...reports.map(([, , , queue]) => queue.jobs)],
]
console.log(`\n${table(queueRows)}`)

const transcriptOf = ([, ...chapters]: (typeof reports)[number]) =>
  chapters.flatMap(({ transcript }) => transcript)
const answers = transcriptOf(reports[0]!)
let different = 0
for (const report of reports) {
  const transcript = transcriptOf(report)
  for (const [i, line] of answers.entries()) {
    if (transcript[i] === line) continue
    different++
    const [name] = report
    console.error(
      `\n${name} differs:\n  ${reports[0]![0]}: ${excerpt(line, transcript[i])}\n  ${name}: ${excerpt(transcript[i], line)}`,
    )
  }
}
const incomplete = reports.flatMap(([name, , note, queue]) => [
  ...(note.lines.endsWith('none missing') ? [] : [`${name}: ${note.lines}`]),
  ...(queue.isComplete ? [] : [`${name}: ${queue.jobs}`]),
])
for (const complaint of incomplete) console.error(`\n${complaint}`)
if (different > 0 || incomplete.length > 0) {
  console.error(`\n${different} answers differ.`)
  process.exitCode = 1
} else {
  console.log(`\nAll ${answers.length} answers are equal on the three tiers, word for word.`)
}

/** What there is to see around the first difference. */
function excerpt(text = '', other = ''): string {
  let at = 0
  while (at < text.length && text[at] === other[at]) at++
  return `…${text.slice(Math.max(0, at - 60), at + 60)}…`
}

function table(cells: readonly (readonly string[])[]): string {
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const lines = cells.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  )
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '))
  return lines.join('\n')
}
