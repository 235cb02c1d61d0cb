/**
 * When a cron expression comes round, in the local time of a zone.
 *
 * Where a clock is put forward, a fixed time that is skipped comes right after the gap; where it is put back, a
 * fixed time comes once. Intervals (`*` and steps) go on as real time does.
 */

import { Cron } from 'croner'
import { ValidationError } from '../errors.ts'
import { show } from '../schema/dsl/values.ts'
import { schedules } from '../schema/schedules.ts'

/** Reading an expression costs ten times what a step costs. */
const known = new Map<string, Cron>()
const MOST_KNOWN = 500

export interface Rhythm {
  readonly cron: string
  readonly timeZone: string
}

/**
 * The first time after a moment. Throws `ValidationError` for an expression or a zone that there is not, or that never
 * comes round.
 */
export function firstTick(rhythm: Rhythm, after: Date): Date {
  const { cron, timeZone } = rhythm
  const refuse = (column: string, reason: string) =>
    new ValidationError(`schedules.${column} ${reason}`, schedules.name, column)
  if (typeof timeZone !== 'string' || !isZone(timeZone)) {
    throw refuse('timeZone', `must be a time zone such as Europe/Berlin, not ${show(timeZone)}`)
  }
  // The library also takes a single moment for an expression.
  if (typeof cron !== 'string' || !/^@\w+$|^(\S+\s+){4,5}\S+$/.test(cron.trim())) {
    throw refuse('cron', `must be a cron expression of five fields, or six with seconds, not ${show(cron)}`)
  }
  try {
    parse(rhythm)
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error)
    throw refuse('cron', `is no cron expression: ${show(cron)}: ${why}`)
  }
  const [first] = ticksAfter(rhythm, after, 1)
  if (first === undefined) throw refuse('cron', `never comes round: ${show(cron)}`)
  return first
}

/** The next times after a moment, at most `count`. */
export function ticksAfter(rhythm: Rhythm, moment: Date, count: number): Date[] {
  return parse(rhythm).nextRuns(count, moment)
}

/** The last time that is not after a moment, or null. */
export function tickUpTo(rhythm: Rhythm, moment: Date): Date | null {
  // Those before a moment do not include it.
  const [tick] = parse(rhythm).previousRuns(1, new Date(moment.getTime() + 1))
  return tick ?? null
}

function parse({ cron, timeZone }: Rhythm): Cron {
  const key = `${timeZone} ${cron}`
  let parsed = known.get(key)
  if (parsed === undefined) {
    parsed = new Cron(cron, {
      // Where there is no summer time, an offset is ten times as fast as a zone.
      ...(timeZone === 'UTC' ? { utcOffset: 0 } : { timezone: timeZone }),
      mode: '5-or-6-parts',
      // A list of hours is a list of fixed times.
      fixedTimeRule: 'no-wildcard',
      paused: true,
    })
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(key, parsed)
  }
  return parsed
}

function isZone(timeZone: string): boolean {
  // Offsets are no zones: they know no summer time, and have no name.
  if (/^[+-]/.test(timeZone)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone })
    return true
  } catch {
    return false
  }
}
