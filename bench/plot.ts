/**
 * A group as a bar chart: each row as a multiple of its target, on a logarithmic scale, so that whatever
 * reaches the line is met. For targets of "at most", less is more. Rows without a target are left out.
 */

import { type Group, isMet, type Row } from './row.ts'

const WIDTH = 860
const LABEL = 330
const BAR = 16
const LINE = 26
const TOP = 44
const RIGHT = 110

export function plot({ title, rows }: Group): string {
  const bars = rows.flatMap((row) => {
    const reached = reachedOf(row)
    return reached === undefined ? [] : [{ row, ...reached }]
  })
  const height = TOP + bars.length * LINE + 28
  const most = Math.max(2, ...bars.map(({ high }) => high))
  const least = Math.min(0.5, ...bars.map(({ low }) => low))
  const span = Math.log(most) - Math.log(least)
  const x = (value: number) => LABEL + ((Math.log(value) - Math.log(least)) / span) * (WIDTH - LABEL - RIGHT)
  const line = x(1).toFixed(1)
  const lines = bars.map(({ row, value, low, high }, i) => {
    const y = TOP + i * LINE
    const middle = y + BAR / 2
    const [from, to] = [Math.min(x(value), x(1)), Math.max(x(value), x(1))]
    return `<g class="${isMet(row) ? 'met' : 'missed'}">
<text x="${LABEL - 10}" y="${middle + 4}" text-anchor="end">${escaped(row.work)}</text>
<rect x="${from.toFixed(1)}" y="${y}" width="${Math.max(1, to - from).toFixed(1)}" height="${BAR}" rx="2"/>
<path d="M${x(low).toFixed(1)} ${middle}H${x(high).toFixed(1)}"/>
<text x="${(Math.max(x(high), x(1)) + 8).toFixed(1)}" y="${middle + 4}" class="value">${label(row)}</text>
</g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
<style>
text { font: 12px system-ui, sans-serif; fill: #333 }
.title { font-weight: 600; font-size: 14px }
.met rect { fill: #4c9f70 } .missed rect { fill: #d1603d }
path { stroke: #333; stroke-width: 1.5 }
.target { stroke: #333; stroke-dasharray: 4 3 }
.value { fill: #555 }
</style>
<rect width="100%" height="100%" fill="#fff"/>
<text class="title" x="12" y="22">${escaped(title)}: how far beyond its target</text>
${lines.join('\n')}
<path class="target" d="M${line} ${TOP - 8}V${height - 22}"/>
<text x="${line}" y="${height - 8}" text-anchor="middle">target</text>
</svg>
`
}

/** How many times its target a row reached; more is better. Undefined without a target, or with one of 0. */
function reachedOf({ target, measured: { median, min, max } }: Row) {
  if (target === null) return undefined
  if ('atLeast' in target) {
    const goal = target.atLeast
    return { value: median / goal, low: min / goal, high: max / goal }
  }
  const goal = target.atMost
  return goal === 0 || min === 0 ? undefined : { value: goal / median, low: goal / max, high: goal / min }
}

function label({ measured, target }: Row): string {
  const goal = target === null ? '' : 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`
  return `${Number(measured.median.toPrecision(3))} (${escaped(goal)})`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
