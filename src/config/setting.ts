/** A value together with its name, so that whatever is wrong with it is said about the right variable. */

import { ConfigError } from '../errors.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** `name` is where a person set it, such as `DATABASE_URL` or `options.url`. */
export interface Setting<V extends string = string> {
  readonly name: string
  readonly value: V
}

/** Undefined for what counts as unset: absent, empty, or nothing but space. */
export function setting(name: string, value: unknown): Setting | undefined {
  if (value !== undefined && value !== null && typeof value !== 'string') {
    throw new ConfigError(`${name} has to be text, not ${Array.isArray(value) ? 'a list' : typeof value}.`)
  }
  const trimmed = value?.trim()
  return trimmed ? { name, value: trimmed } : undefined
}

export function variable(env: Env, name: string): Setting | undefined {
  return setting(name, env[name])
}

/** The setting, if its value is one of these; letter case does not matter. */
export function oneOf<V extends string>({ name, value }: Setting, known: readonly V[]): Setting<V> {
  const folded = value.toLowerCase()
  const found = known.find((candidate) => candidate === folded)
  if (found) return { name, value: found }
  const near = known.find((candidate) => distance(folded, candidate) <= Math.min(2, candidate.length / 2))
  throw new ConfigError(
    `${name} is ${shown(value)}${near ? `; did you mean ${near}?` : '.'} Known values: ${known.join(', ')}.`,
  )
}

export function wholeNumber({ name, value }: Setting): number {
  const number = Number(value)
  if (/^\d+$/.test(value) && Number.isSafeInteger(number)) return number
  throw new ConfigError(`${name} is ${shown(value)}; it has to be a whole number.`)
}

/** The value, if it can be the name of one file or folder on every system. */
export function plainName({ name, value }: Setting): string {
  if (typeof value === 'string' && /^[\p{L}\p{N}_](?:[\p{L}\p{N} ._-]*[\p{L}\p{N}_-])?$/u.test(value))
    return value
  throw new ConfigError(
    `${name} has to be a plain name: letters, digits, spaces and . _ - only, and no path separators.`,
  )
}

/** The percent-decoded part of a URL. */
export function decoded(name: string, part: string): string {
  let text: string
  try {
    text = decodeURIComponent(part)
  } catch {
    throw new ConfigError(`${name} is not percent-encoded correctly; a plain % in a URL is written %25.`)
  }
  return text
}

/** Refuses what would break lines in a log, or end a path early. */
export function printable(name: string, text: string): string {
  if (/\p{Cc}/u.test(text)) throw new ConfigError(`${name} has a control character in it.`)
  return text
}

/** Only a short word is repeated in an error: anything else may be a URL in the wrong variable. */
function shown(value: string): string {
  return /^[\w.-]{1,20}$/.test(value) ? JSON.stringify(value) : 'not one word'
}

/** How many letters have to be added, dropped or changed to make one word of the other. */
function distance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [row, letter] of [...from].entries()) {
    const current = [row + 1]
    for (const [column, other] of [...to].entries()) {
      const change = (previous[column] ?? 0) + (letter === other ? 0 : 1)
      current.push(Math.min(change, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1))
    }
    previous = current
  }
  return previous[to.length] ?? 0
}
