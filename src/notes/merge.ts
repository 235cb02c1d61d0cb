/**
 * Three versions of a text: a base, and two that came of it. What one of them did to the base is done to the
 * other: only what the base had is ever removed, so nothing that others wrote since is lost.
 */

import diff from 'fast-diff'
import { snap } from './characters.ts'

/** Replaces `[at, at + remove)` by `insert`. */
export interface Splice {
  readonly at: number
  readonly remove: number
  readonly insert: string
}

/**
 * What turns `from` into `to`, in ascending order, without cutting a character in two. Lines that were added stay
 * whole: among lines that are alike, characters alone would find a place in the middle of somebody else's.
 */
export function splices(from: string, to: string): Splice[] {
  const found = lineDifferences(from, to).flatMap((lines) => {
    if (lines.remove === 0 || lines.insert === '') return [lines]
    const within = differences(from.slice(lines.at, lines.at + lines.remove), lines.insert)
    return within.map((splice) => ({ ...splice, at: lines.at + splice.at }))
  })
  return wholeCharacters(from, found)
}

/** By characters; what is adjacent is one. */
function differences(from: string, to: string): Splice[] {
  const found: Splice[] = []
  let at = 0
  for (const [kind, text] of diff(from, to)) {
    if (kind === diff.EQUAL) {
      at += text.length
      continue
    }
    const last = found.at(-1)
    const adjacent = last !== undefined && last.at + last.remove === at
    const before = adjacent ? found.pop()! : { at, remove: 0, insert: '' }
    if (kind === diff.DELETE) {
      found.push({ ...before, remove: before.remove + text.length })
      at += text.length
    } else {
      found.push({ ...before, insert: before.insert + text })
    }
  }
  return found
}

/** By whole lines, of which each that is different is given a character of its own. */
function lineDifferences(from: string, to: string): Splice[] {
  const [before, after] = [linesOf(from), linesOf(to)]
  const different = [...new Set([...before, ...after])]
  // More lines than there are characters of one unit.
  if (different.length > 0xd800) return differences(from, to)
  const codes = new Map(different.map((line, i) => [line, String.fromCharCode(i)]))
  const encoded = (lines: readonly string[]) => lines.map((line) => codes.get(line)).join('')
  const starts = [0]
  for (const line of before) starts.push(starts.at(-1)! + line.length)
  return differences(encoded(before), encoded(after)).map(({ at, remove, insert }) => ({
    at: starts[at]!,
    remove: starts[at + remove]! - starts[at]!,
    insert: Array.from(insert, (code) => different[code.charCodeAt(0)]).join(''),
  }))
}

/** Each with its end; the last may have none. */
const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

/** What turns `current` into a text in which the changes from `base` to `wanted` have been made, too. */
export function threeWay(base: string, wanted: string, current: string): Splice[] {
  const mine = splices(base, wanted)
  if (base === current) return mine
  const theirs = splices(base, current)
  const result: Splice[] = []
  for (const splice of mine) {
    // Both did the same: once is enough.
    if (theirs.some((other) => same(other, splice))) continue
    const kept = keptWithin(theirs, splice.at, splice.at + splice.remove)
    const [first] = kept
    const at = first?.at ?? placeOf(theirs, splice.at)
    if (kept.length === 0) {
      if (splice.insert !== '') result.push({ at, remove: 0, insert: splice.insert })
      continue
    }
    for (const [i, range] of kept.entries()) result.push({ ...range, insert: i === 0 ? splice.insert : '' })
  }
  return result.sort((a, b) => a.at - b.at)
}

export function applySplices(text: string, changes: readonly Splice[]): string {
  let result = ''
  let at = 0
  for (const splice of changes) {
    result += text.slice(at, splice.at) + splice.insert
    at = splice.at + splice.remove
  }
  return result + text.slice(at)
}

const same = (a: Splice, b: Splice) => a.at === b.at && a.remove === b.remove && a.insert === b.insert

/** Splices grown to whole characters of what they replace; those that then touch one character are one. */
function wholeCharacters(text: string, found: readonly Splice[]): Splice[] {
  const raw: Splice[] = []
  for (const splice of found) {
    const last = raw.at(-1)
    if (last === undefined || snap(text, last.at + last.remove, 1) <= snap(text, splice.at, -1)) {
      raw.push(splice)
      continue
    }
    const between = text.slice(last.at + last.remove, splice.at)
    raw[raw.length - 1] = {
      at: last.at,
      remove: splice.at + splice.remove - last.at,
      insert: last.insert + between + splice.insert,
    }
  }
  return raw.map(({ at, remove, insert }) => {
    const from = snap(text, at, -1)
    const to = snap(text, at + remove, 1)
    return {
      at: from,
      remove: to - from,
      insert: text.slice(from, at) + insert + text.slice(at + remove, to),
    }
  })
}

/** The parts of a stretch of the base that are still there, where they are now. */
function keptWithin(theirs: readonly Splice[], from: number, to: number): { at: number; remove: number }[] {
  const kept: { at: number; remove: number }[] = []
  let shift = 0
  let start = from
  const keep = (until: number) => {
    if (until > start) kept.push({ at: start + shift, remove: until - start })
  }
  for (const { at, remove, insert } of theirs) {
    if (at >= to) break
    if (at + remove > from || (remove === 0 && at > from)) {
      keep(Math.max(Math.min(at, to), start))
      start = Math.max(start, Math.min(at + remove, to))
    }
    shift += insert.length - remove
  }
  keep(to)
  return kept
}

/** Where a place of the base is now: behind what others have put there. */
function placeOf(theirs: readonly Splice[], place: number): number {
  let shift = 0
  for (const { at, remove, insert } of theirs) {
    if (at > place) break
    if (at + remove > place) return at + shift + insert.length
    shift += insert.length - remove
  }
  return place + shift
}
