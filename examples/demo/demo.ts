/** `npm run demo`: one program on memory, on a SQLite file and on a real Postgres, and what each answered. */

import { startPostgres } from '../../test/support/postgres-server.ts'
import { tempDir } from '../../test/support/temp.ts'
import { type Report, runProgram } from './program.ts'

const tiers = {
  memory: () => runProgram({ env: {} }, false),
  SQLite: async () => {
    await using folder = await tempDir()
    return await runProgram({ env: {}, driver: 'sqlite', path: `${folder.path}/demo.db` }, true)
  },
  Postgres: async () => {
    await using server = await startPostgres()
    return await runProgram({ env: { DATABASE_URL: server.url() } }, true)
  },
} satisfies Record<string, () => Promise<Report>>

const reports: [name: string, report: Report, seconds: number][] = []
for (const [name, run] of Object.entries(tiers)) {
  process.stdout.write(`Running on ${name} … `)
  const startedAt = performance.now()
  const report = await run()
  const seconds = (performance.now() - startedAt) / 1000
  reports.push([name, report, seconds])
  console.log(`${seconds.toFixed(1)} s, ${report.target}`)
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

let different = 0
for (const [name, { transcript }] of reports) {
  for (const [i, line] of reference.transcript.entries()) {
    if (transcript[i] === line) continue
    different++
    console.error(
      `\n${name} differs:\n  ${reports[0]![0]}: ${excerpt(line, transcript[i])}\n  ${name}: ${excerpt(transcript[i], line)}`,
    )
  }
}
if (different > 0) {
  console.error(`\n${different} answers differ.`)
  process.exitCode = 1
} else {
  console.log(`\nAll ${reference.transcript.length} answers are equal on the three tiers, word for word.`)
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
