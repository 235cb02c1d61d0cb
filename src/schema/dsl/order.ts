/** The one order of values on every tier. */

export type Scalar = string | number | boolean | Date | null

/**
 * Text by code point, as `COLLATE "C"` and SQLite's BINARY have it. JavaScript's `<` compares UTF-16 units,
 * which puts U+FF5E after an emoji.
 */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) {
      // A surrogate stands for a code point above every other unit.
      const xs = x >= 0xd800 && x <= 0xdfff
      const ys = y >= 0xd800 && y <= 0xdfff
      return xs === ys ? x - y : xs ? 1 : -1
    }
  }
  return a.length - b.length
}

/** Ascending, nulls last; negate it for descending, nulls first. */
export function compareScalars(a: Scalar, b: Scalar): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  if (typeof a === 'string') return compareText(a, b as string)
  return Number(a) - Number(b)
}
