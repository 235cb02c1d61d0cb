/** Writes `RESULTS.md` and the plots from whatever was measured last, group by group. */

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { groups } from './groups.ts'
import { plot } from './plot.ts'
import { type Result, readResult, resultFile } from './results.ts'
import { isMet, type Row } from './row.ts'

const INTRODUCTION = `# How fast, and against whom

Made by \`npm run bench\`; not to be edited. Every figure is a ratio from one run on one machine: the sides take
turns in short slices, and each row shows the median of the rounds with their minimum and maximum. Absolute
times are for orientation only.`

export function writeReport(): void {
  const results = groups.flatMap(({ name }) => {
    const result = readResult(name)
    return result === undefined ? [] : [{ name, result }]
  })
  const sections = results.map(({ name, result }) => {
    writeFileSync(resultFile(`${name}.svg`), plot(result))
    return section(name, result)
  })
  const text = [INTRODUCTION, summary(results.map(({ result }) => result)), ...sections].join('\n\n')
  writeFileSync(fileURLToPath(new URL('RESULTS.md', import.meta.url)), `${text}\n`)
}

/** `1.07 × raw (0.98–1.12)` */
export function figure({ measured: { median, min, max }, unit }: Row): string {
  const range = min === max ? '' : ` (${short(min)}–${short(max)})`
  return `${short(median)} ${unit}${range}`
}

export function targetText({ target }: Row): string {
  if (target === null) return 'no target'
  return 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`
}

function summary(results: readonly Result[]): string {
  const judged = results.flatMap(({ rows }) => rows).filter((row) => row.target !== null)
  const met = judged.filter((row) => isMet(row))
  const lines = [`${met.length} of ${judged.length} targets are met.`]
  if (results.some(({ quick }) => quick)) {
    lines.push('Some of it is of a quick run (`BENCH_QUICK=1`), which says little.')
  }
  return lines.join(' ')
}

function section(name: string, result: Result): string {
  const { title, method, rows, date, machine, quick } = result
  const parts = [
    `## ${title}`,
    method,
    `![${title}: what was measured, as a multiple of its target](results/${name}.svg)`,
    table(rows),
  ]
  const missed = rows.filter((row) => isMet(row) === false)
  if (missed.length > 0) {
    parts.push(missed.map((row) => `- **${row.work}** (${figure(row)}): ${whyMissed(row)}`).join('\n'))
  }
  const versions = Object.entries(machine.versions).map(([package_, version]) => `${package_} ${version}`)
  parts.push(
    `<sub>${date.slice(0, 10)}${quick ? ', quick' : ''} · ${machine.processor} · ${machine.system} · load ${machine.load} · ${versions.join(' · ')}</sub>`,
  )
  return parts.join('\n\n')
}

function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const verdict = { true: 'met', false: '**missed**', undefined: '' }[String(isMet(row))]
    const times = row.absolute?.map(({ name, microseconds }) => `${name} ${time(microseconds)}`).join(', ')
    const target = row.target === null ? '–' : targetText(row)
    return `| ${row.work} | ${target} | ${figure(row)} | ${[times, row.note].filter(Boolean).join('; ')} | ${verdict} |`
  })
  return [
    '| work | target | measured, median (min–max) | for orientation | |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}

function whyMissed({ ifMissed }: Row): string {
  return ifMissed ?? 'no reason is known; repeat it on an idle machine.'
}

function time(microseconds: number): string {
  if (microseconds >= 10_000) return `${short(microseconds / 1000)} ms`
  return `${short(microseconds)} µs`
}

/** Three digits that count. */
function short(value: number): string {
  if (value === 0 || Math.abs(value) >= 100) return String(Math.round(value))
  return String(Number(value.toPrecision(3)))
}
