/**
 * Paths and globs under a root, and whether two of them can mean one file.
 *
 * A pattern is read twice: as a glob (`*`, `?`, `[a-z]`, `{a,b}`, and `**` for any number of folders) and as the
 * path that it spells, because `[id].tsx` is a file, too. Two patterns overlap when some path fits a reading of each;
 * that is decided by walking both at once, segment by segment and character by character, so that no overlap is
 * missed and no path has to exist.
 *
 * Nobody looks whether a path is a folder. One without an extension may be, and stands for what is beneath it as well;
 * so does any, where the other pattern names something beneath it.
 */

import { expand } from 'brace-expansion'
import { ValidationError } from '../errors.ts'
import type { Table } from '../schema/dsl/table.ts'

/** More alternatives than this in one pattern are refused. */
const MOST_ALTERNATIVES = 256

/**
 * The pattern with forward slashes, without empty segments, `.` and `..`; letters keep their case. A folder, `src/`, is
 * `src/**`. Throws `ValidationError` for one that is empty, absolute or leads out of the root, and for globs that are
 * negated or extended.
 */
export function normalizeGlob(table: Table, path: unknown): string {
  const refuse = (reason: string) => new ValidationError(`${table.name}.path ${reason}`, table.name, 'path')
  if (typeof path !== 'string') throw refuse('must be text')
  if (path.length > table.columns.path!.max * 2) throw refuse('is too long')
  const slashed = path.replaceAll('\\', '/')
  if (slashed.startsWith('/') || /^[A-Za-z]:/.test(slashed)) {
    throw refuse('must be relative to the root of the workspace')
  }
  if (slashed.startsWith('!') || /[!?*+@]\(/.test(slashed)) {
    throw refuse('may not be a negated or extended glob; say what is meant with *, ?, [] and {}')
  }
  const segments: string[] = []
  for (const segment of slashed.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') segments.push(segment)
    else if (segments.length === 0) throw refuse('may not lead out of the root of the workspace')
    // What goes up from a glob could go up from anything.
    else if (isGlob(segments.pop()!)) throw refuse('may not go up from a glob with ".."')
  }
  if (segments.length === 0) throw refuse('may not be the root itself; lock ** for all that is in it')
  if (slashed.endsWith('/') && segments.at(-1) !== '**') segments.push('**')
  const normalized = segments.join('/')
  readingsOf(normalized, refuse)
  return normalized
}

/** Whether some path fits both. Both are normalised. */
export function overlap(a: string, b: string): boolean {
  const others = readingsOf(b)
  return readingsOf(a).some((reading) =>
    others.some(
      (other) => meet(reading.segments, other.segments) || within(reading, other) || within(other, reading),
    ),
  )
}

// ---------------------------------------------------------------- readings

/** Ranges of code points, both ends included, in order and apart. */
type CharacterSet = readonly (readonly [from: number, to: number])[]
type Token = '*' | CharacterSet
/** What a segment may be; `**` is any number of segments. */
type Segment = '**' | readonly Token[]
interface Reading {
  readonly segments: readonly Segment[]
  /** The folders it names, or all of it if it is a path; with a slash at the end. */
  readonly named: string
  readonly isPath: boolean
}

/** All but the slash, which no segment has. */
const ANY: CharacterSet = [
  [0, 46],
  [48, 0x10ffff],
]

function isGlob(segment: string): boolean {
  return /[*?[\]{}]/.test(segment)
}

const known = new Map<string, readonly Reading[]>()
/** Patterns come again: each is compared with every other of its workspace. */
const MOST_KNOWN = 1000

function readingsOf(pattern: string, refuse?: (reason: string) => ValidationError): readonly Reading[] {
  const before = known.get(pattern)
  if (before !== undefined) return before
  const readings = [asPath(pattern)]
  if (isGlob(pattern)) {
    const alternatives = expand(pattern, { max: MOST_ALTERNATIVES + 1 })
    if (alternatives.length > MOST_ALTERNATIVES && refuse !== undefined) {
      throw refuse(`has more than ${MOST_ALTERNATIVES} alternatives`)
    }
    for (const alternative of alternatives) {
      const segments = alternative.split('/').filter((segment) => segment !== '')
      if (refuse !== undefined && segments.some((segment) => segment === '..' || segment === '.')) {
        throw refuse('may not have "." or ".." among its alternatives')
      }
      readings.push(/[*?[]/.test(alternative) ? asGlob(segments) : asPath(segments.join('/')))
    }
  }
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(pattern, readings)
  return readings
}

function asPath(path: string): Reading {
  const segments: Segment[] = path.split('/').map(literally)
  const hasExtension = /[^/.][^/]*\.[^/.]+$/.test(path)
  return { segments: hasExtension ? segments : [...segments, '**'], named: `${path}/`, isPath: true }
}

function asGlob(segments: readonly string[]): Reading {
  const named = segments.slice(
    0,
    segments.findIndex((segment) => /[*?[]/.test(segment)),
  )
  return {
    segments: segments.map(globSegment),
    named: named.map((segment) => `${segment}/`).join(''),
    isPath: false,
  }
}

function literally(segment: string): readonly Token[] {
  return [...segment].map(one)
}

function one(character: string): CharacterSet {
  const point = character.codePointAt(0)!
  return [[point, point]]
}

function globSegment(segment: string): Segment {
  if (segment === '**') return '**'
  const tokens: Token[] = []
  const characters = [...segment]
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!
    if (character === '*') {
      if (tokens.at(-1) !== '*') tokens.push('*')
    } else if (character === '?') tokens.push(ANY)
    else if (character === '[') {
      const end = endOfClass(characters, i)
      if (end === undefined) tokens.push(one('['))
      else {
        tokens.push(classOf(characters.slice(i + 1, end)))
        i = end
      }
    } else tokens.push(one(character))
  }
  return tokens
}

/** Where the class that begins here ends; a bracket that comes first is one of its members. */
function endOfClass(characters: readonly string[], start: number): number | undefined {
  const isNegated = characters[start + 1] === '!' || characters[start + 1] === '^'
  const end = characters.indexOf(']', start + (isNegated ? 3 : 2))
  return end < 0 ? undefined : end
}

function classOf(members: readonly string[]): CharacterSet {
  // Named classes, and `[!a]`, which not all take for `[^a]`, stand for any: rather a conflict too many than too few.
  if (members.includes('[') || members[0] === '!') return ANY
  const isNegated = members[0] === '^'
  const listed = isNegated ? members.slice(1) : members
  const ranges: [number, number][] = []
  for (let i = 0; i < listed.length; i++) {
    const from = listed[i]!.codePointAt(0)!
    if (listed[i + 1] === '-' && i + 2 < listed.length) {
      ranges.push([from, listed[i + 2]!.codePointAt(0)!])
      i += 2
    } else ranges.push([from, from])
  }
  // A range that is upside down means nothing to anyone; here it means anything.
  if (ranges.some(([from, to]) => to < from)) return ANY
  return isNegated ? complement(ranges) : ranges
}

function complement(ranges: readonly (readonly [number, number])[]): CharacterSet {
  const rest: [number, number][] = []
  let next = 0
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (from > next) rest.push([next, from - 1])
    next = Math.max(next, to + 1)
  }
  if (next <= 0x10ffff) rest.push([next, 0x10ffff])
  return rest
}

// ---------------------------------------------------------------- both at once

/** Whether this is a path, and the other names something beneath it. */
function within(path: Reading, other: Reading): boolean {
  return path.isPath && other.named.startsWith(path.named)
}

/** Whether some path fits both. */
function meet(a: readonly Segment[], b: readonly Segment[]): boolean {
  return together(a, b, '**', (x, y) => x !== '**' && y !== '**' && together(x, y, '*', shareCharacter))
}

/**
 * Whether two sequences can be the same one, where `wild` is any number of elements. Backwards from both ends: what
 * is left of one and what is left of the other agree, or they do not.
 */
function together<T>(a: readonly T[], b: readonly T[], wild: T, agree: (x: T, y: T) => boolean): boolean {
  let below: boolean[] = []
  for (let i = a.length; i >= 0; i--) {
    const row: boolean[] = []
    for (let j = b.length; j >= 0; j--) {
      const x = a[i]
      const y = b[j]
      if (i === a.length && j === b.length) row[j] = true
      else if (i < a.length && x === wild) row[j] = below[j]! || (j < b.length && row[j + 1]!)
      else if (j < b.length && y === wild) row[j] = row[j + 1]! || (i < a.length && below[j]!)
      else row[j] = i < a.length && j < b.length && agree(x!, y!) && below[j + 1]!
    }
    below = row
  }
  return below[0]!
}

function shareCharacter(x: Token, y: Token): boolean {
  if (x === '*' || y === '*') return false
  return x.some(([from, to]) => y.some(([first, last]) => from <= last && first <= to))
}
