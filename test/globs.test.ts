/** What file locks take for an overlap, against a library that says what a glob matches: none may be missed. */

import fc from 'fast-check'
import picomatch from 'picomatch'
import { describe, expect, test } from 'vitest'
import { fileLocks } from '../src/schema/file-locks.ts'
import { normalizeGlob, overlap } from '../src/stores/globs.ts'

/** Few letters, so that patterns and paths meet. */
const letter = fc.constantFrom('a', 'b', '.')
const name = fc.string({ unit: letter, minLength: 1, maxLength: 3 }).filter((text) => !/^\.+$/.test(text))
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'))
const part = fc.oneof(
  { weight: 4, arbitrary: letter },
  fc.constantFrom('*', '?', '[ab]', '[!a]', '[^b]', '[a-b]', '{a,b}', '{a,b.,ab}'),
)
const segment = fc.oneof(
  { weight: 1, arbitrary: fc.constant('**') },
  { weight: 4, arbitrary: fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')) },
)
const glob = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .map((segments) => segments.join('/'))
  .filter((pattern) => !/(^|\/)\.+(\/|$)/.test(pattern))

const matches = (candidate: string, pattern: string) => picomatch.isMatch(candidate, pattern, { dot: true })

describe('globs', () => {
  test('a path overlaps with a glob that matches it', () => {
    let matched = 0
    const property = fc.property(path, glob, (candidate, pattern) => {
      if (!matches(candidate, pattern)) return
      matched++
      expect(overlap(candidate, pattern)).toBe(true)
      expect(overlap(pattern, candidate)).toBe(true)
    })
    fc.assert(property, { numRuns: 5000 })
    expect(matched).toBeGreaterThan(200)
  })

  test('two globs that match one path overlap', () => {
    let matched = 0
    const property = fc.property(path, glob, glob, (candidate, a, b) => {
      if (!matches(candidate, a) || !matches(candidate, b)) return
      matched++
      expect(overlap(a, b)).toBe(true)
      expect(overlap(b, a)).toBe(true)
    })
    fc.assert(property, { numRuns: 6000 })
    expect(matched).toBeGreaterThan(30)
  })

  test('a spelling is kept once it has been chosen', () => {
    const property = fc.property(glob, (pattern) => {
      const normalized = normalizeGlob(fileLocks, pattern)
      expect(normalizeGlob(fileLocks, `.//${normalized}`)).toBe(normalized)
      expect(overlap(pattern, normalized)).toBe(true)
    })
    fc.assert(property, { numRuns: 1000 })
  })
})
